"""TrAdaBoost's mushroom experiment and TrAdaBoost.R2's on concrete, paired with adapt.

    python benchmarks/classical/tradaboost.py --repeats 30 --peer-python /path/to/adapt/bin/python

*Mushroom* (Dai et al. 2007, section 4): the source are the mushrooms whose stalk tapers, the target those whose stalk
enlarges; the target's training rows are 1%, 2% or 5% of the source's, drawn anew in each repeat, the other target rows
test. Columns are one-hot, without the stalk's shape; base learners are a linear support vector machine, as there, and
logistic regression. *Concrete* (Pardoe & Stone 2010, section 5): the rows are cut in thirds by the amount of cement,
which is then removed; each third in turn is the target, with 25 training rows, and the other two are the source, whose
numbers are first brought to the target's range by their linear transformation. The base learner is a regression tree
of depth 6. Each repeat is the same rows for everybody. Differences are ours minus adapt's, with 95% intervals over the
repeats.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.ensemble import AdaBoostRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

from headstart import Source, TrAdaBoostClassifier, TrAdaBoostRegressor, TwoStageTrAdaBoostRegressor

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("HEADSTART_TEST_DATA", HERE.parents[2] / "shared" / "data"))
RATIOS = (0.01, 0.02, 0.05)
N_TARGET = 25
Task = dict[str, Any]


def mushroom(repeats: int) -> Iterator[Task]:
    """Tasks of every ratio and repeat."""
    table = pd.read_csv(DATA / "mushroom" / "mushroom.csv", dtype=str, keep_default_na=False)
    y = (table["class"] == "p").to_numpy().astype(int)
    tapering = (table["stalk-shape"] == "t").to_numpy()
    X = pd.get_dummies(table.drop(columns=["class", "stalk-shape"])).to_numpy(dtype=float)
    Xs, ys, Xt, yt = X[tapering], y[tapering], X[~tapering], y[~tapering]
    for ratio in RATIOS:
        for repeat in range(repeats):
            order = np.random.default_rng(repeat).permutation(len(yt))
            train, test = np.split(order, [round(ratio * len(ys))])
            yield {
                "kind": "classes",
                "group": f"mushroom {ratio:.0%} ({len(train)} rows)",
                "Xs": Xs,
                "ys": ys,
                "Xt": Xt[train],
                "yt": yt[train],
                "X_test": Xt[test],
                "y_test": yt[test],
            }


def concrete(repeats: int) -> Iterator[Task]:
    """Tasks of every third and repeat."""
    table = pd.read_csv(DATA / "concrete" / "concrete.csv").sort_values("cement", kind="stable")
    y, X = table["strength_mpa"].to_numpy(), table.drop(columns=["strength_mpa", "cement"]).to_numpy(dtype=float)
    thirds = np.array_split(np.arange(len(y)), 3)
    for k, name in enumerate(("little cement", "some cement", "much cement")):
        others = [third for j, third in enumerate(thirds) if j != k]
        for repeat in range(repeats):
            order = np.random.default_rng(repeat).permutation(thirds[k])
            train, test = order[:N_TARGET], order[N_TARGET:]
            yield {
                "kind": "numbers",
                "group": f"concrete, {name}",
                "Xs": X[np.concatenate(others)],
                "ys": np.concatenate([to_range(X[other], y[other], X[train], y[train]) for other in others]),
                "Xt": X[train],
                "yt": y[train],
                "X_test": X[test],
                "y_test": y[test],
            }


def to_range(Xs: np.ndarray, ys: np.ndarray, Xt: np.ndarray, yt: np.ndarray) -> np.ndarray:
    """The source's numbers under the linear transformation that fits a source expert best to the target's rows."""
    expert = DecisionTreeRegressor(max_depth=6, random_state=0).fit(Xs, ys)
    slope, level = np.polyfit(expert.predict(Xt), yt, 1)
    return slope * ys + level


def ours(options: argparse.Namespace) -> dict[str, dict[str, Callable[[Task], Any]]]:
    """Models by kind of task and name."""
    svm, logistic = LinearSVC(random_state=0), LogisticRegression(max_iter=1000)
    tree = DecisionTreeRegressor(max_depth=6, random_state=0)
    boosts = {"n_estimators": options.rounds, "random_state": 0}
    stages = {"n_steps": options.steps, "n_estimators": options.stage_rounds, "cv": options.cv, "random_state": 0}
    return {
        "classes": {
            "svm": lambda source: TrAdaBoostClassifier(svm, source=source, **boosts),
            "logistic": lambda source: TrAdaBoostClassifier(logistic, confidence=True, source=source, **boosts),
        },
        "numbers": {
            "R2": lambda source: TrAdaBoostRegressor(tree, source=source, **boosts),
            "two-stage": lambda source: TwoStageTrAdaBoostRegressor(tree, source=source, **stages),
        },
    }


def baselines(task: Task) -> dict[str, np.ndarray]:
    """Predictions without transfer, and of all rows thrown together, by method."""
    both, labels = np.vstack([task["Xs"], task["Xt"]]), np.concatenate([task["ys"], task["yt"]])
    if task["kind"] == "classes":
        learners: dict[str, Any] = {"svm": LinearSVC(random_state=0), "logistic": LogisticRegression(max_iter=1000)}
    else:
        boosted = AdaBoostRegressor(DecisionTreeRegressor(max_depth=6, random_state=0), random_state=0)
        learners = {"R2": boosted, "two-stage": boosted}
    found = {}
    for name, learner in learners.items():
        found[f"{name}/alone"] = learner.fit(task["Xt"], task["yt"]).predict(task["X_test"])
        found[f"{name}/pooled"] = learner.fit(both, labels).predict(task["X_test"])
    return found


def score(task: Task, said: np.ndarray) -> float:
    """Error rate in %, or root mean squared error."""
    if task["kind"] == "classes":
        return 100.0 * float(np.mean(said != task["y_test"]))
    return float(np.sqrt(np.mean((said - task["y_test"]) ** 2)))


def peer_answers(tasks: list[Task], python: str | None, options: argparse.Namespace) -> dict[str, np.ndarray]:
    """adapt's predictions; none, with a word, where it is not there."""
    if python is None:
        print("adapt is left out: give --peer-python the Python of an environment that has it (pip install adapt)")
        return {}
    arrays = {f"{i}/{key}": np.asarray(value) for i, task in enumerate(tasks) for key, value in task.items()}
    arrays["options"] = np.array([options.rounds, options.steps, options.stage_rounds, options.cv])
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as room:
        given, taken = Path(room) / "tasks.npz", Path(room) / "answers.npz"
        np.savez(given, n_tasks=len(tasks), **arrays)
        command = [python, str(HERE / "tradaboost_adapt.py"), str(given), str(taken)]
        outcome = subprocess.run(command, env={**os.environ, **quiet}, capture_output=True, text=True)
        if outcome.returncode:
            print("adapt is left out, it failed:", outcome.stderr.strip().splitlines()[-1:])
            return {}
        with np.load(taken) as file:
            return dict(file)


def main() -> None:
    """Print one row for each group of tasks and method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--stage-rounds", type=int, default=10)
    parser.add_argument("--cv", type=int, default=5)
    parser.add_argument("--peer-python")
    parser.add_argument("--only", choices=("mushroom", "concrete"))
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"real data not found at {DATA}; set HEADSTART_TEST_DATA")
    warnings.simplefilter("ignore")
    tasks = [] if options.only == "concrete" else list(mushroom(options.repeats))
    tasks += [] if options.only == "mushroom" else list(concrete(options.repeats))
    theirs = peer_answers(tasks, options.peer_python, options)
    rows: dict[tuple[str, str], list[dict[str, float]]] = {}
    for i, task in enumerate(tasks):
        base = baselines(task)
        for name, make in ours(options)[task["kind"]].items():
            started = time.process_time()
            model = make(Source(task["Xs"], task["ys"])).fit(task["Xt"], task["yt"])
            found = {"ours": score(task, model.predict(task["X_test"])), "seconds": time.process_time() - started}
            found |= {what: score(task, base[f"{name}/{what}"]) for what in ("alone", "pooled")}
            if theirs:
                found |= {"adapt": score(task, theirs[f"{i}/{name}"])}
                found |= {"adapt seconds": float(theirs[f"{i}/{name}/seconds"])}
            rows.setdefault((task["group"], name), []).append(found)
    write(rows, options)


def write(rows: dict[tuple[str, str], list[dict[str, float]]], options: argparse.Namespace) -> None:
    """The table, in Markdown."""
    print(f"{options.repeats} repeats, {options.rounds} rounds; error in % (mushroom), RMSE in MPa (concrete)\n")
    print(
        "| task | base or method | target alone | pooled | ours | adapt | ours - adapt [95%] | better/same/worse | s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for (group, name), found in rows.items():
        mean = {key: np.mean([entry[key] for entry in found]) for key in found[0]}
        cells = [group, name, f"{mean['alone']:.2f}", f"{mean['pooled']:.2f}", f"{mean['ours']:.2f}"]
        seconds = f"{mean['seconds']:.2f}"
        if "adapt" in mean:
            gaps = np.array([entry["ours"] - entry["adapt"] for entry in found])
            half = stats.t.ppf(0.975, max(len(gaps) - 1, 1)) * gaps.std(ddof=1) / np.sqrt(len(gaps))
            cells += [
                f"{mean['adapt']:.2f}",
                f"{gaps.mean():+.2f} [{gaps.mean() - half:+.2f}, {gaps.mean() + half:+.2f}]",
            ]
            cells += [f"{(gaps < 0).sum()}/{(gaps == 0).sum()}/{(gaps > 0).sum()}"]
            seconds += f" / {mean['adapt seconds']:.2f}"
        else:
            cells += ["-", "-", "-"]
        print(f"| {' | '.join(cells)} | {seconds} |")


if __name__ == "__main__":
    main()

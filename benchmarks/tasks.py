"""One task in many groups, and tasks beside a target: what sharing gives, and whether what hurts is refused.

    python benchmarks/tasks.py [--repeats 10] [--rows schools limits target digits gaps bodies helping command]

`schools`: explained variance of exam scores in 139 schools from 5 or 10 rows a school, or from three quarters of all;
the share of schools that do worse than ridge regression of the school alone. `limits`: the same of scores made by the
model that was fitted, beside what its true coefficients say. `target`: one school with 10 or 40 rows,
all rows of the other ones beside it. `digits`: spoken digits, 3 clips a class, as features of the starter for speech;
beside them speakers, shuffled labels, and parity, of the same clips and of 1,000 others. `gaps`: five labels of spoken
digits, and five of wines, of which 70% of the cells are missing: as many of each, or nearly all of the digit. `bodies`:
a network's last block trained by two tasks of handwritten digits, and what each way to weigh them costs. `helping`:
digits with few labels beside coarser questions that many pictures answer, or whose answers were shuffled. `command`:
what `headstart fit --target` makes of spoken digits, 3 clips a class, beside the same questions of 400 clips, and
without them.
Ridge regressions have a penalty by leave-one-out, logistic ones one by cross-validation where it is said.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from domain_rows import SPEAKERS, _speakers
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import headstart
from common import DATA, digits, need_data, parser
from headstart import (
    AuxiliaryTaskClassifier,
    AuxiliaryTaskRegressor,
    Clips,
    MultiTaskClassifier,
    PartialPoolingRegressor,
    Source,
    TransferClassifier,
)
from headstart.errors import MissingExtra

_PENALTIES = np.logspace(-3, 4, 15)
Found = dict[str, list[float]]


def tuned() -> Any:
    """Ridge regression on standardised columns with a penalty by leave-one-out."""
    return make_pipeline(StandardScaler(), RidgeCV(_PENALTIES))


def schools() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns (n, 28), exam scores and schools."""
    file = np.load(DATA / "school_multitask" / "school.npz")
    return file["x"].astype(float), file["y"].astype(float).ravel(), file["task"].ravel()


def drawn(g: np.ndarray, each: int | float, seed: int, of_each: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from, so many (or such a part) of each school or of all rows together, and the others."""
    rng = np.random.default_rng(seed)
    if not of_each:
        train, test = np.split(rng.permutation(len(g)), [int(each * len(g))])
        return train, test
    train, test = [], []
    for school in np.unique(g):
        rows = rng.permutation(np.flatnonzero(g == school))
        n = int(each) if each >= 1 else round(each * len(rows))
        train.append(rows[:n])
        test.append(rows[n:])
    return np.concatenate(train), np.concatenate(test)


def each_alone(X: np.ndarray, y: np.ndarray, g: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """What ridge regression of each school alone says of the test rows."""
    said = np.zeros(len(test))
    for school in np.unique(g):
        own, asked = train[g[train] == school], g[test] == school
        said[asked] = tuned().fit(X[own], y[own]).predict(X[test[asked]])
    return said


def judged(said: dict[str, np.ndarray], y: np.ndarray, g: np.ndarray, found: Found) -> None:
    """Explained variance in % of each way, and in how many schools it is worse than alone."""
    errors = {name: (values - y) ** 2 for name, values in said.items()}
    alone = np.array([errors["alone"][g == s].mean() for s in np.unique(g)])
    for name, error in errors.items():
        found.setdefault(name, []).append(100 * (1 - error.mean() / y.var()))
        own = np.array([error[g == s].mean() for s in np.unique(g)])
        if name != "alone":
            found.setdefault(f"{name}: schools worse than alone", []).append(100 * (own > alone).mean())


def of_schools(repeats: int) -> None:
    """Explained variance in %, and the share of schools that are worse than alone."""
    X, y, g = schools()
    with_school = np.column_stack([g, X])
    for each, of_each in ((5, True), (10, True), (0.75, True), (0.75, False)):
        found: Found = {}
        for seed in range(repeats):
            train, test = drawn(g, each, seed, of_each)
            said = {"alone": each_alone(X, y, g, train, test)}
            said["pooled"] = tuned().fit(X[train], y[train]).predict(X[test])
            dummies = OneHotEncoder(sparse_output=False).fit(g[:, None])
            wide = np.hstack([StandardScaler().fit(X[train]).transform(X), dummies.transform(g[:, None])])
            said["pooled, school as columns"] = RidgeCV(_PENALTIES).fit(wide[train], y[train]).predict(wide[test])
            began = time.process_time()
            model = PartialPoolingRegressor(group=0).fit(with_school[train], y[train])
            found.setdefault("CPU seconds", []).append(time.process_time() - began)
            said["partial pooling"] = model.predict(with_school[test])
            found.setdefault("named as made worse", []).append(len(model.worse_groups_))
            judged(said, y[test], g[test], found)
        told(f"schools, {each:g} {'rows' if each >= 1 else 'of the rows'} of {'each' if of_each else 'all'}", found)


def pure_noise(X: np.ndarray, y: np.ndarray, g: np.ndarray) -> float:
    """Variance of the scores of pupils of one school who are alike in all columns."""
    alike = np.unique(np.column_stack([g, X]), axis=0, return_inverse=True)[1].ravel()
    times = np.bincount(alike)
    means = np.bincount(alike, y) / times
    return float(((y - means[alike]) ** 2).sum() / (len(y) - len(times)))


def of_limits(repeats: int) -> None:
    """Scores drawn from a fitted model, three quarters to learn from: how far what made them is ahead."""
    X, y, g = schools()
    with_school, codes = np.column_stack([g, X]), np.unique(g, return_inverse=True)[1]
    noise, found = pure_noise(X, y, g), Found()
    print(f"\nvariance of scores {y.var():.1f}, of pupils who are alike in all columns {noise:.1f}")
    for seed in range(repeats):
        train, test = drawn(g, 0.75, seed)
        model = PartialPoolingRegressor(group=0).fit(with_school[train], y[train])
        [one] = model.poolings_
        rng = np.random.default_rng(seed)
        own = rng.multivariate_normal(np.zeros(len(one.coef)), noise * one.covariance, size=len(model.groups_))
        rows = np.column_stack([np.ones(len(y)), (X - model.shift_) / model.scale_])
        # groups_ are sorted as text; which of the drawn schools has which name does not matter
        truth = np.einsum("ij,ij->i", rows, one.coef + own[codes])
        made = truth + np.sqrt(noise) * rng.normal(size=len(y))
        again = PartialPoolingRegressor(group=0).fit(with_school[train], made[train])
        said = {
            "alone": each_alone(X, made, g, train, test),
            "partial pooling": again.predict(with_school[test]),
            "what made them": truth[test],
        }
        judged(said, made[test], g[test], found)
    told("scores drawn from the model, 0.75 of the rows of each school", found)


def of_target(repeats: int, some: int = 5) -> None:
    """Root of the mean squared error of one school, with the others beside it, over so many schools a draw."""
    X, y, g = schools()
    with_school = np.column_stack([g, X])
    for n in (10, 40):
        found: Found = {}
        for seed in range(repeats):
            rng = np.random.default_rng(seed)
            able = [s for s in np.unique(g) if (g == s).sum() >= n + 20]
            for school in rng.permutation(able)[:some]:
                rows = rng.permutation(np.flatnonzero(g == school))
                few, test, others = rows[:n], rows[n:], g != school
                model = PartialPoolingRegressor(group=0, source=Source(with_school[others], y[others]))
                said = {
                    "alone": tuned().fit(X[few], y[few]).predict(X[test]),
                    "the others' model": tuned().fit(X[others], y[others]).predict(X[test]),
                    "partial pooling": model.fit(with_school[few], y[few]).predict(with_school[test]),
                }
                errors = {name: float(np.sqrt(((values - y[test]) ** 2).mean())) for name, values in said.items()}
                for name, error in errors.items():
                    found.setdefault(name, []).append(error)
                found.setdefault("worse than alone, %", []).append(
                    100.0 * (errors["partial pooling"] > errors["alone"])
                )
        told(f"one school with {n} rows, RMSE", found)


def spoken() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of spoken digits, the digits and the speakers."""
    parts = [_speakers((name,)) for name in SPEAKERS]
    X, digit = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    return X.astype(float), digit, np.repeat(np.array(SPEAKERS), [len(part[1]) for part in parts])


def of_digits(repeats: int) -> None:
    """Accuracy in % with a task beside the digits, and how often it was refused."""
    X, digit, speaker = spoken()
    X = StandardScaler().fit_transform(X)
    found: Found = {}
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(digit))
        few = np.concatenate([order[digit[order] == k][:3] for k in range(10)])
        rest = np.setdiff1d(order, few)
        rng.shuffle(rest)
        others, test = rest[:1000], rest[1000:]
        alone = LogisticRegression(max_iter=1000).fit(X[few], digit[few])
        found.setdefault("alone", []).append(100 * alone.score(X[test], digit[test]))
        grid = LogisticRegressionCV(Cs=10, cv=3, max_iter=300).fit(X[few], digit[few])
        found.setdefault("alone, penalty by cross-validation", []).append(100 * grid.score(X[test], digit[test]))
        labels = {"speaker": speaker, "shuffled labels": rng.permutation(digit), "parity": digit % 2}
        for name, label in labels.items():
            for words, rows in (("the same clips", few), ("1,000 others", others)):
                model = AuxiliaryTaskClassifier(auxiliary=Source(X[rows], label[rows], name=name))
                score = 100 * model.fit(X[few], digit[few]).score(X[test], digit[test])
                found.setdefault(f"+ {name} of {words}", []).append(score)
                found.setdefault(f"+ {name} of {words}: refused, %", []).append(100.0 * len(model.refused_))
    told("spoken digits, 3 clips a class, accuracy", found)


def of_gaps(repeats: int) -> None:
    """Accuracy or R^2 in % of each task, of whose cells 70% are missing: alone, and with the others."""
    X, digit, speaker = spoken()
    wine = load_wine()
    kept = [wine.feature_names.index(name) for name in ("alcohol", "proline", "color_intensity", "flavanoids")]
    said = {
        "digit": digit,
        "speaker": speaker,
        "parity": digit % 2,
        "above 4": digit > 4,
        "digit of three": digit % 3,
    }
    vintage = {"cultivar": wine.target} | {wine.feature_names[k]: wine.data[:, k] for k in kept}
    rare = {"digit": 0.06} | dict.fromkeys(list(said)[1:], 0.36)
    # rows, tasks, how many rows to learn from, and the share of each task's cells that is there
    sets: dict[str, tuple[np.ndarray, dict[str, np.ndarray], int, dict[str, float]]] = {
        "spoken digits": (X, said, 300, dict.fromkeys(said, 0.3)),
        "spoken digits, few of them named": (X, said, 500, rare),
        "wines": (np.delete(wine.data, kept, axis=1), vintage, len(wine.data) // 2, dict.fromkeys(vintage, 0.3)),
    }
    for name, (rows, tasks, n, shares) in sets.items():
        found: Found = {}
        for seed in range(repeats):
            rng = np.random.default_rng(seed)
            order = rng.permutation(len(rows))
            train, test = order[:n], order[len(order) // 2 :]
            Z = StandardScaler().fit(rows[train]).transform(rows)
            there = {task: train[rng.random(n) < shares[task]] for task in tasks}
            found.setdefault("rows with all labels", []).append(
                len(set.intersection(*(set(own.tolist()) for own in there.values())))
            )
            means: dict[str, list[float]] = {"alone": [], "with the others": []}
            for task, label in tasks.items():
                own, numbers = there[task], label.dtype.kind == "f"
                beside = [Source(Z[there[o]], tasks[o][there[o]], name=o) for o in tasks if o != task]
                inner: Any = RidgeCV(_PENALTIES) if numbers else LogisticRegression(max_iter=1000)
                kind: Callable[..., Any] = AuxiliaryTaskRegressor if numbers else AuxiliaryTaskClassifier
                for way, auxiliary in (("alone", None), ("with the others", beside)):
                    model = kind(inner, auxiliary=auxiliary).fit(Z[own], label[own])
                    score = 100 * float(model.score(Z[test], label[test]))
                    found.setdefault(f"{task}, {way}", []).append(score)
                    means[way].append(score)
                found.setdefault(f"{task}, gain", []).append(means["with the others"][-1] - means["alone"][-1])
            for way, scores in means.items():
                found.setdefault(f"mean, {way}", []).append(float(np.mean(scores)))
            gain = found["mean, with the others"][-1] - found["mean, alone"][-1]
            found.setdefault("mean, gain", []).append(gain)
        told(f"{name}, 70% of the cells missing", found)


def three_a_class(label: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of the digits: 300 to learn from, 700 to ask about, and the first three of each class of the 300."""
    order = rng.permutation(len(label))
    train, test = order[:300], order[300:1000]
    return train, test, np.concatenate([train[label[train] == k][:3] for k in range(10)])


def of_bodies(repeats: int) -> None:
    """Handwritten digits, 3 labels a class, and of 300 pictures whether the digit is odd: one body for both."""
    pictures, label = digits(2000)
    found: Found = {}
    for seed in range(repeats):
        train, test, few = three_a_class(label, np.random.default_rng(seed))
        known = np.isin(train, few)
        Y = pd.DataFrame({"digit": np.where(known, label[train], np.nan), "odd": label[train] % 2})
        common: dict[str, Any] = {"epochs": 20, "random_state": seed, "early_stopping": False}
        for words, how in (("trained", "last:1"), ("frozen", "head")):
            alone = TransferClassifier("starter:pictures", train=how, head="linear", augment=None, **common)
            score = 100 * alone.fit(pictures[few], label[few]).score(pictures[test], label[test])
            found.setdefault(f"digit alone, body {words}", []).append(score)
        for weighting in ("equal", "uncertainty", "pcgrad", "upgrad"):
            began = time.process_time()
            try:
                both = MultiTaskClassifier("starter:pictures", weighting=weighting, train="last:1", **common)
                both.fit(pictures[train], Y)
            except MissingExtra as error:
                if not seed:
                    print(f"  {error}")
                continue
            found.setdefault(f"{weighting}: CPU seconds", []).append(time.process_time() - began)
            said = both.predict(pictures[test])
            found.setdefault(f"digit with odd, {weighting}", []).append(
                100 * float((said["digit"] == label[test]).mean())
            )
    told("handwritten digits, 3 labels a class, with 300 labels of odd and even, accuracy", found)


def of_helping(repeats: int) -> None:
    """Handwritten digits, 3 labels a class, beside three coarser questions of 300 pictures, or the same shuffled."""
    pictures, label = digits(2000)
    found: Found = {}
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        train, test, few = three_a_class(label, rng)
        own = pd.Series(np.where(np.isin(train, few), label[train], np.nan))
        common: dict[str, Any] = {"train": "last:1", "random_state": seed, "early_stopping": False}
        alone = TransferClassifier("starter:pictures", head="linear", augment=None, **common)
        found.setdefault("digit alone", []).append(
            100 * alone.fit(pictures[few], label[few]).score(pictures[test], label[test])
        )
        coarse = {"odd": label[train] % 2, "above": label[train] > 4, "of three": label[train] % 3}
        truth = pd.DataFrame({"digit": label[test]})
        for words, place in (("", np.arange(len(train))), (", shuffled", rng.permutation(len(train)))):
            Y = pd.DataFrame({"digit": own, **{name: values[place] for name, values in coarse.items()}})
            both = MultiTaskClassifier("starter:pictures", target="digit", **common).fit(pictures[train], Y)
            found.setdefault(f"with three questions{words}", []).append(100 * both.score(pictures[test], truth))
            found.setdefault(f"with three questions{words}: gain in nats", []).append(both.gain_.gain)
            found.setdefault(f"with three questions{words}: refused, %", []).append(100.0 * (not both.gain_.helps))
        print(seed, {name: round(values[-1], 2) for name, values in found.items()}, flush=True)
    told("handwritten digits, 3 labels a class, the last block trained, accuracy", found)


def of_command(repeats: int) -> None:
    """Spoken digits, 3 clips a class, beside three coarser questions of 400 clips, through `headstart.fit`."""
    files = sorted(path for path in (DATA / "spoken_digits").glob("*.flac"))
    label = np.array([int(path.name[0]) for path in files])
    found: Found = {}
    for seed in range(repeats):
        order = np.random.default_rng(seed).permutation(len(files))
        train, test = order[:400], order[400:1100]
        few = np.concatenate([train[label[train] == k][:3] for k in range(10)])
        answers = {"odd": label % 2, "above": (label > 4).astype(int), "of three": label % 3}
        frame = pd.DataFrame({"clip": [str(files[i]) for i in train]})
        frame["digit"] = [str(label[i]) if i in few else "" for i in train]
        with tempfile.TemporaryDirectory() as place:
            frame.assign(**{name: own[train] for name, own in answers.items()}).to_csv(f"{place}/with.csv", index=False)
            frame.to_csv(f"{place}/alone.csv", index=False)
            how: dict[str, Any] = {"budget": 7200, "n_splits": 3, "random_state": seed}
            alone = headstart.fit(f"{place}/alone.csv", label="digit", task="classification", **how)
            both = headstart.fit(f"{place}/with.csv", label=["digit", *answers], target="digit", **how)
        asked = Clips([files[i] for i in test])
        for words, model in (("alone", alone), ("with three questions", both)):
            right = np.asarray(model.predict(asked)).astype(int) == label[test]
            found.setdefault(f"{words}, what the guard hands over", []).append(100 * float(right.mean()))
        told_of = both.evidence["auxiliary"]
        if told_of["gain"] is not None:  # not where they were so far behind that they were stopped
            found.setdefault("gain in nats against the same blocks without them", []).append(told_of["gain"])
        found.setdefault("taken by the guard, %", []).append(100.0 * (not told_of["refused"]))
        print(seed, {name: round(values[-1], 2) for name, values in found.items()}, told_of["word"], flush=True)
    told("spoken digits, 3 clips a class, through the command, accuracy", found)


def told(title: str, found: Found) -> None:
    """Print means over draws, with standard errors."""
    print(f"\n{title}")
    for name, values in found.items():
        error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
        print(f"  {name:52s} {np.mean(values):8.2f} ({error:.2f})", flush=True)


ROWS: dict[str, Callable[[int], None]] = {
    "schools": of_schools,
    "limits": of_limits,
    "target": of_target,
    "digits": of_digits,
    "gaps": of_gaps,
    "bodies": of_bodies,
    "helping": of_helping,
    "command": of_command,
}


def main() -> None:
    """Run what is asked for."""
    need_data()
    arguments = parser("Tasks and groups.", 10)
    arguments.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    asked = arguments.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in asked.rows:
            ROWS[name](asked.repeats)


if __name__ == "__main__":
    main()

"""What alibi-detect, evidently and nannyml say of the batches that `headstart check` is judged on.

    python benchmarks/drift_peers.py [--alibi PYTHON] [--evidently PYTHON] [--nannyml PYTHON] [--repeats 2]

Each in a Python of its own (default: this one); one that is not installed is left out, and that is said. All see what
a model of headstart keeps: at most 1,000 reference rows of 64 numbers, the probabilities that held-out heads gave
them, their labels; and of a batch of 200 rows the same 64 numbers, probabilities and answers. Settings are the
defaults at a level of 5%, unless said here. alibi-detect: Kolmogorov-Smirnov on each number with Bonferroni's
correction, a classifier (logistic), and its MMD where its Python has torch. evidently: DataDriftPreset (drift of the
data: half of the columns), which takes seconds a batch. nannyml: reconstruction by components, and CBPE, which expects
an accuracy and alarms on it; both have chunks of 200 rows, of half the reference where it is smaller.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from drift import FITTED, JUDGED, Learned, draws
from peers import missing

from common import need_data
from headstart.drift.compared import INVALID, MUCH, VALID, compared

ROWS = 200
_READ = """
import json, logging, sys, warnings
from pathlib import Path
import numpy as np
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
everything = []
for i in range(len(list(Path(sys.argv[1]).glob("*.npz")))):
    task, found = np.load(Path(sys.argv[1]) / f"{i}.npz"), {}
    old, held, codes = task["old"], task["held"], task["codes"]
    batches = [{key: task[f"{i} {key}"] for key in ("rows", "said", "answers")} for i in range(int(task["n"]))]
"""
_WRITE = """
    everything.append(found)
json.dump(everything, open(sys.argv[2], "w"))
"""
ALIBI = """
from importlib.util import find_spec
from alibi_detect.cd import ClassifierDrift, KSDrift, MMDDrift
from sklearn.linear_model import LogisticRegression
ways = {"alibi-detect KSDrift": KSDrift(old, p_val=0.05)}
model = LogisticRegression(max_iter=1000)
ways["alibi-detect ClassifierDrift"] = ClassifierDrift(old, model, backend="sklearn", p_val=0.05, preds_type="probs")
if find_spec("torch"):
    ways["alibi-detect MMDDrift"] = MMDDrift(old, backend="pytorch", p_val=0.05)
for name, way in ways.items():
    found[name] = [[int(way.predict(one["rows"])["data"]["is_drift"]), None] for one in batches]
"""
EVIDENTLY = """
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
names = [f"x{i}" for i in range(old.shape[1])]
told = []
for one in batches:
    report = Report([DataDriftPreset()]).run(pd.DataFrame(one["rows"], columns=names), pd.DataFrame(old, columns=names))
    share = next(m["value"]["share"] for m in report.dict()["metrics"] if isinstance(m["value"], dict))
    told.append([int(share >= 0.5), None])
found["evidently DataDriftPreset"] = told
"""
NANNYML = """
import pandas as pd
import nannyml as nml
names = [f"x{i}" for i in range(old.shape[1])]
K, size = held.shape[1], min(200, len(old) // 2)
def frame(rows, p, answers, truth=None):
    table = pd.DataFrame(rows, columns=names)
    if K > 2:
        table = table.assign(**{f"p{k}": p[:, k] for k in range(K)}, y_pred=[f"c{a}" for a in answers])
    else:
        table = table.assign(p1=p[:, 1], y_pred=answers)
    if truth is not None:
        table["y_true"] = [f"c{t}" for t in truth] if K > 2 else truth
    return table
reference = frame(old, held, held.argmax(axis=1), codes)
new = [frame(one["rows"], one["said"], one["answers"]) for one in batches]
rebuilt = nml.DataReconstructionDriftCalculator(column_names=names, chunk_size=size).fit(reference)
cbpe = nml.CBPE(
    y_pred="y_pred", y_true="y_true", metrics=["accuracy"], chunk_size=size,
    y_pred_proba={f"c{k}": f"p{k}" for k in range(K)} if K > 2 else "p1",
    problem_type="classification_multiclass" if K > 2 else "classification_binary",
).fit(reference)
def last(result, metric, column):
    table = result.filter(period="analysis").to_df()
    return table[metric][column]
told = [last(rebuilt.calculate(one), "reconstruction_error", "alert") for one in new]
found["nannyml reconstruction"] = [[int(alerts.any()), None] for alerts in told]
told = [cbpe.estimate(one) for one in new]
found["nannyml CBPE"] = [
    [int(last(one, "accuracy", "alert").any()), float(last(one, "accuracy", "value").mean())] for one in told
]
"""
PEERS = {"alibi": ("alibi_detect", ALIBI), "evidently": ("evidently", EVIDENTLY), "nannyml": ("nannyml", NANNYML)}


def batches_of(
    made: Learned, X: np.ndarray, y: np.ndarray, spoiled: dict[str, Any], seed: int, honest: int
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """How, rows and labels of batches of 200: ``honest`` of the set as it is, and one of each way of spoiling."""
    rng = np.random.default_rng(seed)
    pools = [("honest", X, y)] * (honest if len(X) >= ROWS / 0.7 else 0)
    pools += [(how, A, b) for how, (A, b) in spoiled.items() if len(A) >= ROWS]
    found = []
    for how, A, b in pools:
        at = rng.permutation(len(A))[:ROWS]
        found.append((how, A[at], b[at]))
    return found


def write(place: Path, made: Learned, batches: list[tuple[str, np.ndarray, np.ndarray]]) -> None:
    """What all see of a model and its batches."""
    kept = made.reference
    task = {"old": kept.rows.astype(np.float64), "held": kept.held.astype(np.float64), "codes": kept.codes}
    for i, (_, X, _) in enumerate(batches):
        seen = made.seen(X)
        task |= {f"{i} rows": kept.projected(seen), f"{i} said": kept.confidence(seen), f"{i} answers": made.answers(X)}
    np.savez(place, n=len(batches), **task)


def ask(python: str, script: str, tasks: Path) -> list[dict[str, Any]]:
    """What each way of a peer says of the batches of each model: [alarm, expected accuracy or None] each."""
    body = "".join(f"    {line}\n" for line in script.strip().splitlines())
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "found.json"
        command = [python, "-c", _READ + body + _WRITE, str(tasks), str(answer)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip()[-500:])
        return list(json.loads(answer.read_text()))


def ours(made: Learned, batches: list[tuple[str, np.ndarray, np.ndarray]], seed: int) -> dict[str, list[Any]]:
    """The same of `headstart check`."""
    said: dict[str, list[Any]] = {"headstart, differ": [], "headstart, not valid": [], "headstart, invalid": []}
    for _, A, _ in batches:
        found = compared(made.reference, made.seen(A), made.answers(A), made.promised, random_state=seed)
        assert found.expected is not None
        verdict = found.verdict(made.promised)
        said["headstart, differ"].append([int(found.differs), found.expected.value])
        said["headstart, not valid"].append([int(verdict != VALID), None])
        said["headstart, invalid"].append([int(verdict == INVALID), None])
    return said


def records(names: tuple[str, ...], pythons: dict[str, str], repeats: int, honest: int) -> list[dict[str, Any]]:
    """What was said of every batch by everybody, and what is true."""
    known: list[list[dict[str, Any]]] = []
    said: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            for made, X, y, spoiled, seed in draws(name, repeats):
                usual = float((made.classes[made.answers(X)] == y).mean())
                batches = batches_of(made, X, y, spoiled, seed, honest)
                if not batches:
                    continue
                write(Path(folder) / f"{len(said)}.npz", made, batches)
                said.append(ours(made, batches, seed))
                true = [float((made.classes[made.answers(A)] == b).mean()) for _, A, b in batches]
                told = zip(batches, true, strict=True)
                known.append([{"how": how, "fall": usual - right, "true": right} for (how, _, _), right in told])
            print(f"{name}: {len(said)} models so far", flush=True)
        for peer, python in pythons.items():
            for mine, theirs in zip(said, ask(python, PEERS[peer][1], Path(folder)), strict=True):
                mine |= theirs
            print(f"{peer}: asked", flush=True)
    rows = []
    for each, facts in zip(said, known, strict=True):
        for way, answers in each.items():
            for fact, (alarm, expected) in zip(facts, answers, strict=True):
                rows.append(fact | {"way": way, "alarm": alarm, "expected": expected})
    return rows


def table(rows: list[dict[str, Any]]) -> None:
    """Alarms of each way by what was true."""
    print(
        "| way | honest: alarms | fell 10 or more: no alarm | spoiled, fell under 3: alarms | error of the accuracy |"
    )
    print("| --- | --- | --- | --- | --- |")
    for way in dict.fromkeys(row["way"] for row in rows):
        mine = [row for row in rows if row["way"] == way]
        new = [row for row in mine if row["how"] != "honest"]
        groups = [[row for row in mine if row["how"] == "honest"], [row for row in new if row["fall"] >= MUCH]]
        groups.append([row for row in new if row["fall"] < 0.03])
        alarms = [100 * float(np.mean([row["alarm"] for row in group] or [np.nan])) for group in groups]
        told = [abs(row["expected"] - row["true"]) for row in new if row["expected"] is not None]
        error = f"{100 * np.mean(told):.1f}" if told else "-"
        sizes = [len(group) for group in groups]
        print(
            f"| {way} | {alarms[0]:.1f}% of {sizes[0]} | {100 - alarms[1]:.1f}% of {sizes[1]} | "
            f"{alarms[2]:.0f}% of {sizes[2]} | {error} |"
        )


def main() -> None:
    """One table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, (package, _) in PEERS.items():
        asked.add_argument(f"--{name}", default=sys.executable, help=f"a Python that has {package}")
    asked.add_argument("--repeats", type=int, default=2, help="models a set")
    asked.add_argument("--honest", type=int, default=8, help="honest batches a model")
    asked.add_argument("--sets", default=",".join((*FITTED, *JUDGED)))
    told = asked.parse_args()
    need_data()
    pythons = {}
    for name, (package, _) in PEERS.items():
        reason = missing(getattr(told, name), package)
        print(reason, end="\n" if reason else "")
        pythons |= {} if reason else {name: getattr(told, name)}
    table(records(tuple(told.sets.split(",")), pythons, told.repeats, told.honest))


if __name__ == "__main__":
    main()

"""What tasks of no use beside a target cost where the body trains, and whether they are left out.

    python benchmarks/useless_tasks.py [--repeats 5] [--sets digits spoken photos] [--wrong 0.2 0.35]

A target with few labels (3 a class; of photos 5) beside three coarser questions that 400 examples answer, the last two
blocks of a starter trained by all. Added to them: two tasks of shuffled labels; or one that is easily told but has
nothing to do with the target (of pictures whether they are brighter than most, of spoken digits who speaks). Each is
learned with as if nothing were left out, then with what `useless_tasks` leaves of all of them. What trains on the same
tasks is trained once. `--wrong`: the questions alone too, with so large a share of their answers wrong.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import numpy as np

from common import DATA, digits, need_data, parser
from headstart import Clips, TransferClassifier
from headstart.data.inputs.inputs import as_inputs
from headstart.data.sets.labels import read_labels
from headstart.data.sets.other_tasks import OtherTasks
from headstart.networks.reading.loading import load_network
from headstart.parameters.beside import BesideClassifier
from headstart.parameters.heads.targets import task_targets
from headstart.parameters.tuning.together import TaskRows
from headstart.parameters.tuning.useless_tasks import useless_tasks

#: Labels a class, and examples to ask about.
FEW = {"digits": (3, 1000), "spoken": (3, 700), "photos": (5, 1000)}


def pictures_of(which: str) -> tuple[Any, np.ndarray]:
    """Handwritten digits, or small photos, and their classes."""
    if which == "digits":
        return digits(2000)
    kept = np.load(DATA / "cifar10_subset" / "cifar10_subset.npz")
    return np.r_[kept["x_train"], kept["x_test"]], np.r_[kept["y_train"], kept["y_test"]].ravel().astype(int)


def examples(which: str) -> tuple[Any, np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray], str]:
    """Inputs, the target, three questions, what has nothing to do with the target, and the network."""
    if which == "spoken":
        files = sorted((DATA / "spoken_digits").glob("*.flac"))
        y = np.array([int(path.name[0]) for path in files])
        beside = {"speaker": np.unique([path.stem.split("_")[1] for path in files], return_inverse=True)[1]}
        inputs, network = as_inputs(Clips(files)), "starter:speech"
    else:
        X, y = pictures_of(which)
        light = X.reshape(len(X), -1).mean(axis=1)
        beside = {"bright": (light > np.median(light)).astype(int)}
        inputs, network = as_inputs(X), "starter:pictures"
    first = np.isin(y, range(2, 8)) if which == "photos" else y % 2  # animals, or odd numbers
    return inputs, y, {"first": first.astype(int), "above": (y > 4).astype(int), "of three": y % 3}, beside, network


def partly_wrong(questions: dict[str, np.ndarray], shares: Sequence[float], seed: int) -> dict[str, np.ndarray]:
    """The questions again for each share of answers that are wrong; of three answers the new one may be the old."""
    rng, found = np.random.default_rng(seed + 100), dict[str, np.ndarray]()
    for share in shares:
        for name, right in questions.items():
            wrong = rng.random(len(right)) < share
            other = rng.integers(0, 3, len(right)) if right.max() > 1 else 1 - right
            found[f"{name}, {share:g} wrong"] = np.where(wrong, other, right)
    return found


def learned(source: str, others: OtherTasks | None, few: Any, test: Any, seed: int) -> tuple[float, float]:
    """Accuracy and log-loss on examples to ask about, of the target alone or with all of the other tasks."""
    how: dict[str, Any] = {"train": "last:2", "random_state": seed}
    model: Any = TransferClassifier(source, head="linear", **how)
    if others is not None:
        model = BesideClassifier(source, beside=others, **how)
    with patch("headstart.parameters.beside.useless_tasks", return_value={}):
        p = model.fit(*few).predict_proba(test[0])
    right = np.maximum(p[np.arange(len(p)), test[1]], 1e-6)
    return 100 * float((p.argmax(axis=1) == test[1]).mean()), float(-np.log(right).mean())


def of_set(which: str, repeats: int, shares: Sequence[float]) -> None:
    """Accuracy and log-loss of the target beside each list of tasks, and what was left out."""
    inputs, y, questions, beside, source = examples(which)
    a_class, n_test = FEW[which]
    network, found, left = load_network(source), dict[str, list[tuple[float, float]]](), dict[str, list[float]]()
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(y))
        rows, test = order[:400], order[400 : 400 + n_test]
        few = np.concatenate([rows[y[rows] == k][:a_class] for k in np.unique(y)])
        kinds = questions["of three"], y
        shuffled = {f"shuffled {i}": kind[rng.permutation(len(y))] for i, kind in enumerate(kinds)}
        tasks = {**questions, **shuffled, **beside}
        some = inputs[rows]
        wrong = partly_wrong(questions, shares, seed)
        every = {**tasks, **wrong}
        labels = {name: read_labels([str(k) for k in own[rows]], some.names) for name, own in every.items()}
        own = np.isin(rows, few)
        mine = TaskRows(task_targets(y[rows[own]], "classification"), np.flatnonzero(own))
        parts = {name: task_targets(labels[name].y, "classification") for name in tasks}
        asked = {name: TaskRows(part, np.arange(len(rows))) for name, part in parts.items()}
        began = time.process_time()
        out = useless_tasks(network, some, mine, asked, seed=seed)
        left.setdefault("CPU seconds of telling", []).append(time.process_time() - began)
        known: dict[tuple[str, ...], tuple[float, float]] = {}

        ways = {
            "alone": [],
            "with three questions": [*questions],
            "and shuffled labels": [*questions, *shuffled],
            "and what is beside the point": [*questions, *beside],
            "of all, what is left": [name for name in tasks if name not in out],
        }
        ways |= {f"questions, {share:g} wrong": [f"{name}, {share:g} wrong" for name in questions] for share in shares}
        for words, names in ways.items():
            if tuple(names) not in known:
                beside_it = {name: labels[name] for name in names}
                others = OtherTasks(some, beside_it, own, np.full(len(rows), "")) if names else None
                known[tuple(names)] = learned(source, others, (inputs[few], y[few]), (inputs[test], y[test]), seed)
            found.setdefault(words, []).append(known[tuple(names)])
        for name in tasks:
            left.setdefault(f"{name}: left out, %", []).append(100.0 * (name in out))
        print(seed, {words: tuple(round(one, 2) for one in each[-1]) for words, each in found.items()}, flush=True)
    told(which, found, left)


def told(title: str, found: dict[str, list[tuple[float, float]]], left: dict[str, list[float]]) -> None:
    """Print means over draws, and how far they are from those with the three questions, with standard errors."""
    print(f"\n{title}: accuracy, log-loss; less those with three questions")
    base = np.array(found["with three questions"])
    for words, each in found.items():
        values = np.array(each)
        more = values - base
        error = more.std(axis=0, ddof=1) / np.sqrt(len(more)) if len(more) > 1 else np.zeros(2)
        (score, loss), (gain, change) = values.mean(axis=0), more.mean(axis=0)
        less = f"{gain:+.2f} ({error[0]:.2f}) {change:+.3f} ({error[1]:.3f})"
        print(f"  {words:34s} {score:8.2f} {loss:8.3f}   {less}")
    for words, shares in left.items():
        print(f"  {words:34s} {np.mean(shares):8.2f}", flush=True)


def main() -> None:
    """Run what is asked for."""
    need_data()
    arguments = parser("Tasks of no use beside a target.", 5)
    arguments.add_argument("--sets", nargs="*", default=list(FEW), choices=list(FEW))
    arguments.add_argument("--wrong", nargs="*", type=float, default=[])
    asked = arguments.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for which in asked.sets:
            of_set(which, asked.repeats, asked.wrong)


if __name__ == "__main__":
    main()

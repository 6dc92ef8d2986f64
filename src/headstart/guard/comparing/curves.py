"""How the score grows with the number of labels, with transfer and without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.guard.candidates.for_inputs import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.deadline import Deadline, OutOfTime, within
from headstart.guard.comparing.out_of_fold import Split, fit_on, predict_on

_SIZES = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


def sizes(n_train: int, n_classes: int | None) -> list[int]:
    """Numbers of labels to try: 10, 20, 50, ... with three a class at least, up to all.

    Examples
    --------
    >>> sizes(195, 2), sizes(195, 10), sizes(8, 2)
    ([10, 20, 50, 100, 195], [50, 100, 195], [8])
    """
    fewest = 3 * (n_classes or 1)
    return [n for n in _SIZES if fewest <= n < 0.8 * n_train] + [n_train]


def nested_order(target: np.ndarray, task: str, rng: np.random.Generator) -> np.ndarray:
    """An order of examples of which every beginning is balanced; two of each class come first.

    Parameters
    ----------
    target : array
        Class numbers (n,), or anything of length n.
    task : str
    rng : numpy.random.Generator

    Returns
    -------
    array of int, shape (n,)

    Examples
    --------
    >>> order = nested_order(np.array([0] * 8 + [1] * 4), "classification", np.random.default_rng(0))
    >>> sorted(np.array([0] * 8 + [1] * 4)[order[:4]].tolist())
    [0, 0, 1, 1]
    """
    n = len(target)
    if task != "classification":
        return rng.permutation(n)
    place = np.empty(n)
    for label in np.unique(target):
        members = rng.permutation(np.flatnonzero(target == label))
        place[members] = (np.arange(len(members)) + rng.random()) / len(members)
        place[members[:2]] = -1.0
    return np.lexsort((rng.random(n), place))


def learning_curve(
    candidate: Candidate,
    material: Material,
    splits: Sequence[Split],
    *,
    n_folds: int | None = None,
    deadline: Deadline | None = None,
    keep: float = 0.0,
    random_state: int = 0,
) -> dict[str, Any] | None:
    """Score on held-out folds of a cheap candidate that was fitted to more and more labels.

    Parameters
    ----------
    candidate : Candidate
    material : Material
    splits : sequence of (train, test)
        One repeat each.
    n_folds : int, optional
        How many of them are used. Default: all.
    deadline : Deadline, optional
        Fewer are used when time is over.
    keep : float, default=0.0
        Seconds that are kept for what comes after.
    random_state : int, default=0
        Seed of the order in which labels are added.

    Returns
    -------
    dict or None
        ``name``, ``transfer``, ``n_splits`` (folds used), ``n``, ``score``, ``low`` and ``high`` (95% interval over
        the held-out examples); None when there was no time for two folds.
    """
    n_train = min(len(train) for train, _ in splits)
    steps = sizes(n_train, None if material.classes is None else len(material.classes))
    scores: list[list[np.ndarray]] = []
    wanted = splits[:n_folds]
    told = material.progress or (lambda what, done, total: None)
    for f, (train, test) in enumerate(wanted):
        rng = np.random.default_rng([random_state, f])
        order = train[nested_order(material.target[train], material.task, rng)]
        try:
            with within(None if deadline is None else deadline.left(keep)):
                found = [_scores(candidate, material, np.sort(order[:n]), test) for n in steps]
        except OutOfTime:
            break
        scores.append(found)
        told(f"learning curve of {candidate.name}", f + 1, len(wanted))
    told(f"learning curve of {candidate.name}", len(wanted), len(wanted))
    if len(scores) < min(2, len(splits)):
        return None
    pooled = [np.concatenate([repeat[k] for repeat in scores]) for k in range(len(steps))]
    ends = [material.measured.around(values) for values in pooled]
    return {
        "name": candidate.name,
        "transfer": candidate.transfer,
        "n_splits": len(scores),
        "n": steps,
        "score": [float(values.mean()) for values in pooled],
        "low": [low for low, _ in ends],
        "high": [high for _, high in ends],
    }


def _scores(candidate: Candidate, material: Material, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    estimator = fit_on(candidate, material, train)
    prediction = predict_on(estimator, candidate, material, test)
    measured = material.measured
    weight = None if material.weight is None else material.weight[test]
    return measured.sign * measured.gains(material.target[test], prediction, weight)

"""How the score grows with the number of labels, with transfer and without."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.crew import Crew
from headstart.guard.comparing.deadline import Deadline, OutOfTime, within
from headstart.guard.comparing.out_of_fold import Split, crew_for, held_out

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


def affordable(steps: Sequence[int], n_splits: int, fits: int | None) -> tuple[list[int], int]:
    """Sizes and number of folds for about so many fits; the last size takes none. For fewer than four, one size.

    Examples
    --------
    >>> affordable([10, 20, 50, 100, 200, 500, 800], 5, 15), affordable([10, 20, 50, 100, 200], 5, 5)
    (([10, 50, 500, 800], 5), ([10, 100, 200], 2))
    >>> affordable([10, 20, 50, 100, 200, 500, 800], 5, 2)
    ([50, 800], 2)
    """
    fitted = list(steps[:-1])
    if fits is None or not fitted:
        return list(steps), n_splits
    kept = min(len(fitted), max(2, fits // n_splits) if fits >= 4 else 1)
    last = len(fitted) - 1
    places = (np.linspace(0, last, kept) if kept > 1 else np.array([last / 2])).round().astype(int)
    return [*(fitted[place] for place in places), steps[-1]], min(n_splits, max(2, fits // kept))


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
    whole: np.ndarray | None = None,
    n_folds: int | None = None,
    fits: int | None = None,
    deadline: Deadline | None = None,
    keep: float = 0.0,
    random_state: int = 0,
    crew: Crew | None = None,
    known: Sequence[Any] = (),
) -> dict[str, Any] | None:
    """Score on held-out folds of a cheap candidate that was fitted to more and more labels.

    Parameters
    ----------
    candidate : Candidate
    material : Material
    splits : sequence of (train, test)
        One repeat each.
    whole : array, optional
        What was predicted for all examples in these folds: the end of the curve, for which nothing is fitted then.
    n_folds : int, optional
        How many of the folds are used. Default: all.
    fits : int, optional
        How often it may be fitted, about: with fewer sizes, and then with fewer folds, but two of each. Default: as
        often as it takes.
    deadline : Deadline, optional
        Fewer are used when time is over.
    keep : float, default=0.0
        Seconds that are kept for what comes after.
    random_state : int, default=0
        Seed of the order in which labels are added.
    crew : Crew, optional
        Who computes it. Default: this process.
    known : sequence, optional
        What was chosen in each of the folds, with all their labels; with fewer it is taken too: as a penalty stands
        beside a sum of losses, the best one hardly depends on how many there are.

    Returns
    -------
    dict or None
        ``name``, ``transfer``, ``n_splits`` (folds used), ``n``, ``score``, ``low`` and ``high`` (95% interval over
        the held-out examples); None when there was no time for two folds.
    """
    n_train = min(len(train) for train, _ in splits)
    steps = sizes(n_train, None if material.classes is None else len(material.classes))
    scores: list[list[np.ndarray]] = []
    steps, most = affordable(steps, len(splits), fits)
    wanted = splits[:n_folds][:most]
    told = material.progress or (lambda what, done, total: None)
    fitted = steps if whole is None else steps[:-1]
    tasks: dict[Hashable, tuple[Any, ...]] = {}
    for f, (train, test) in enumerate(wanted):
        rng = np.random.default_rng([random_state, f])
        order = train[nested_order(material.target[train], material.task, rng)]
        chosen = known[f] if f < len(known) else None
        tasks |= {(f, n): (candidate.name, np.sort(order[:n]), test, None, chosen) for n in fitted}
    with (crew or crew_for(material, [candidate])).ahead(held_out, tasks) as ahead:
        for f, (_, test) in enumerate(wanted):
            try:
                with within(None if deadline is None else deadline.left(keep), ahead.again):
                    found = [ahead.get((f, n))[0] for n in fitted]
            except OutOfTime:
                break
            found += [] if whole is None else [whole[test]]
            scores.append([_scores(material, test, prediction) for prediction in found])
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


def _scores(material: Material, test: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    measured = material.measured
    weight = None if material.weight is None else material.weight[test]
    return measured.sign * measured.gains(material.target[test], prediction, weight)

"""Splits that keep classes in proportion and groups together."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np

from headstart.data.sets.assign import assign_groups, deal, deal_alike
from headstart.data.sets.task import TASKS
from headstart.data.sets.task import task_of as task_of
from headstart.errors import DataError, ParameterError

Split = tuple[np.ndarray, np.ndarray]


def folds(y: Any, task: str, *, groups: Any = None, n_splits: int = 5, random_state: int | None = 0) -> list[Split]:
    """Divide rows into folds for cross-validation.

    Every row is in exactly one test fold. Classes (labels, for multilabel; ranges of the target, for regression) are
    spread evenly over the folds, a group is never on both sides of a split, and a class with two groups or more is in
    every training part wherever the groups allow it. Classes of equally many examples lose equally many to every fold,
    so that what is held out cannot be told from what is rare in training.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, L)
        Labels, or targets.
    task : {"classification", "multilabel", "regression"}
    groups : array-like of shape (n,), optional
        Rows of one group stay together.
    n_splits : int, default=5
        Number of folds, at least 2; fewer are made where there are fewer rows or groups, or fewer in every class.
    random_state : int or None, default=0
        Seed of the shuffle.

    Returns
    -------
    list of (train, test)
        Positions of rows, ascending.

    Raises
    ------
    DataError
        With fewer than two rows or groups.

    Examples
    --------
    >>> [test.tolist() for _, test in folds(["a", "a", "b", "b"], "classification", n_splits=2, random_state=1)]
    [[0, 2], [1, 3]]
    """
    if n_splits < 2:
        raise ParameterError(f"Expected n_splits of at least 2, found {n_splits}.")
    target, codes = _checked(y, task, groups)
    rng = np.random.default_rng(random_state)
    fold = _assign(target, task, codes, n_splits, rng, alike=task == "classification")
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(int(fold.max()) + 1)]


def telling_folds(
    y: Any,
    task: str,
    *,
    groups: Any = None,
    n_splits: int = 5,
    random_state: int | None = 0,
    repeats: int = 1,
    lent: Any = None,
) -> list[Split]:
    """Folds by which a choice is made between ways to learn; none where there are too few rows or groups.

    A row whose class nothing in the training part has says nothing about how to learn that class: whatever was seldom
    learned from is then preferred. Such rows are not held out, and folds that train on one class alone are left out.

    Parameters
    ----------
    y, task, groups, n_splits, random_state
        As in `folds`.
    repeats : int, default=1
        Times that rows are divided, each with another seed.
    lent : array-like of shape (m,) or (m, L), optional
        Labels of further rows, which come after those of y: they are in every training part and never held out.

    Examples
    --------
    >>> [(train.tolist(), test.tolist()) for train, test in telling_folds(list("aabbc"), "classification", n_splits=2)]
    [([1, 3], [0, 2]), ([0, 2, 4], [1, 3])]
    >>> telling_folds(list("abc"), "classification")
    []
    """
    seed, n = 0 if random_state is None else random_state, len(y)
    try:
        every = [folds(y, task, groups=groups, n_splits=n_splits, random_state=seed + r) for r in range(repeats)]
    except DataError:
        return []
    if lent is not None:
        y = np.concatenate([np.asarray(y), np.asarray(lent)])
    more = np.arange(n, len(y))
    parts = [(np.concatenate([train, more]), test) for found in every for train, test in found]
    if task != "classification":
        return parts
    labels = np.asarray(y)
    known = ((train, test[np.isin(labels[test], labels[train])]) for train, test in parts)
    return [(train, test) for train, test in known if len(test) and len(np.unique(labels[train])) > 1]


def one_of_each(y: Any, *, groups: Any = None) -> np.ndarray:
    """In which round each row is left out, where a round leaves out one row (or one group) of every class.

    Leaving one row out alone makes its class the rarest of all: with two labels a class nothing would be right.

    Parameters
    ----------
    y : array-like of shape (n,)
        Classes.
    groups : array-like of shape (n,), optional
        Rows of one group are left out together.

    Returns
    -------
    ndarray of shape (n,), int

    Examples
    --------
    >>> one_of_each(["a", "a", "b", "b", "b"]).tolist()
    [2, 0, 2, 1, 0]
    """
    if len(np.unique(np.arange(len(y)) if groups is None else np.asarray(groups).astype(str))) < 2:
        return np.zeros(len(y), dtype=np.intp)
    target, codes = _checked(y, "classification", groups)
    return _assign(target, "classification", codes, len(target), np.random.default_rng(0), alike=True)


def holdout(y: Any, task: str, *, groups: Any = None, fraction: float = 0.2, random_state: int | None = 0) -> Split:
    """Set a part of the rows aside, as evenly and as strictly as :func:`folds` does.

    Parameters
    ----------
    y, task, groups, random_state
        As in :func:`folds`.
    fraction : float, default=0.2
        Share of the rows to set aside, above 0 and below 1. Groups that must stay whole may make it larger or smaller.

    Returns
    -------
    (train, held_out)
        Positions of rows, ascending; neither is empty.

    Examples
    --------
    >>> train, held_out = holdout(["a"] * 10 + ["b"] * 5, "classification", fraction=0.2)
    >>> len(train), len(held_out)
    (12, 3)
    """
    if not 0 < fraction < 1:
        raise ParameterError(f"Expected a fraction above 0 and below 1, found {fraction}.")
    target, codes = _checked(y, task, groups)
    rng = np.random.default_rng(random_state)
    small = min(fraction, 1 - fraction)
    pieces = Fraction(small).limit_denominator(10).denominator if small >= 0.1 else round(1 / small)
    fold = _assign(target, task, codes, max(2, pieces), rng)
    counts = np.zeros((int(fold.max()) + 1, _counts(target, task, len(fold)).shape[1]))
    np.add.at(counts, fold, _counts(target, task, len(fold)))
    sizes = np.bincount(fold) / len(fold)
    n_aside = min(len(sizes) - 1, max(1, round(fraction * len(sizes))))
    present = counts.sum(axis=0) > 0

    def price(aside: tuple[int, ...]) -> tuple[int, float, tuple[int, ...]]:
        kept = counts.sum(axis=0) - counts[list(aside)].sum(axis=0)
        return int(np.sum(present & (kept <= 0))), round(abs(sizes[list(aside)].sum() - fraction), 9), aside

    best = min(combinations(range(len(sizes)), n_aside), key=price)
    chosen = np.isin(fold, best)
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def _checked(y: Any, task: str, groups: Any) -> Split:
    """Labels as an array, and each row's group as a number from 0 up."""
    target = np.asarray(y)
    if task not in TASKS:
        raise ParameterError(f"Expected a task of {', '.join(TASKS)}; found {task!r}.")
    n = len(target)
    if groups is None:
        codes = np.arange(n)
    else:
        if len(groups) != n:
            raise DataError(f"Expected a group for each of {n} rows, found {len(groups)}.")
        codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1].reshape(-1)
    if len(np.unique(codes)) < 2:
        what = "groups" if groups is not None else "rows"
        raise DataError(f"Expected at least two {what} to split, found {len(np.unique(codes))}.")
    return target, codes


def _assign(
    target: np.ndarray, task: str, codes: np.ndarray, n_splits: int, rng: np.random.Generator, *, alike: bool = False
) -> np.ndarray:
    """Fold of every row, (n,), numbered from 0 without gaps."""
    n, n_groups = len(codes), int(codes.max()) + 1
    n_splits = min(n_splits, n_groups)
    if n_groups == n and task != "multilabel":
        strata = _strata(target, task, n)
        return (
            deal_alike(strata, n_splits, rng) if alike else deal(strata, n_splits, rng, continuous=task == "regression")
        )
    return assign_groups(codes, _counts(target, task, n), n_splits, rng, alike=alike)


def _strata(target: np.ndarray, task: str, n: int) -> np.ndarray:
    """Rank of every row: rows of one class, or of near targets, are neighbours."""
    if task == "classification":
        return np.unique(target, return_inverse=True)[1].reshape(-1)
    values = target.reshape(n, -1).astype(np.float64)
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled.mean(axis=1)


def _counts(target: np.ndarray, task: str, n: int) -> np.ndarray:
    """What is to be spread evenly, (n, L): one column a class, a label or a fifth of the targets."""
    if task == "multilabel":
        labels = target.reshape(n, -1).astype(np.float64)
        return np.column_stack([labels, np.ones(n)])
    ranks = _strata(target, task, n)
    if task == "regression":
        ranks = np.searchsorted(np.quantile(ranks, [0.2, 0.4, 0.6, 0.8]), ranks, side="left")
    codes = np.unique(ranks, return_inverse=True)[1].reshape(-1)
    return np.eye(int(codes.max()) + 1)[codes]

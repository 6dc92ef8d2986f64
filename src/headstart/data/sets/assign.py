"""Which fold a row or a group goes to."""

from __future__ import annotations

import numpy as np

ATTEMPTS = 20


def deal(strata: np.ndarray, n_splits: int, rng: np.random.Generator, *, continuous: bool = False) -> np.ndarray:
    """Deal rows out to folds like cards, after sorting them by stratum.

    The sizes of the folds, and the counts of any stratum in them, differ by at most one; two rows of a stratum are
    never in one fold while another fold has none of it.

    Parameters
    ----------
    strata : ndarray of shape (n,)
        Class code, or the number that decides which rows are alike.
    n_splits : int
        Number of folds, at most n.
    rng : numpy.random.Generator
        Orders rows within a stratum and the folds among themselves.
    continuous : bool, default=False
        Deal every ``n_splits`` neighbours out in an order of their own, so that no fold always gets the smaller ones.

    Returns
    -------
    ndarray of shape (n,), int
        Fold of each row, 0 to n_splits - 1.
    """
    n, order = len(strata), _by_stratum(strata, rng)
    fold = np.empty(n, dtype=np.intp)
    if continuous:
        for start in range(0, n, n_splits):
            block = order[start : start + n_splits]
            fold[block] = rng.permutation(n_splits)[: len(block)]
        return fold
    fold[order] = rng.permutation(n_splits)[np.arange(n) % n_splits]
    return fold


def deal_alike(strata: np.ndarray, n_splits: int, rng: np.random.Generator) -> np.ndarray:
    """Deal the rows of every stratum out to the same folds, so that those of any training part keep their shares.

    A fold that holds one of two examples of a class and none of another's teaches that this class is rare, which is
    what it is then asked for: with two labels a class nothing is right, whatever was learned. So strata of equal size
    lose equally many rows to every fold, and there are no more folds than the largest stratum has rows. The sizes of
    the folds differ by up to the number of strata; rows that are alone in theirs are dealt out as `deal` does.

    Parameters
    ----------
    strata, n_splits, rng
        As in `deal`.

    Returns
    -------
    ndarray of shape (n,), int
        Fold of each row, numbered from 0 without gaps.

    Examples
    --------
    >>> fold = deal_alike(np.array([0, 0, 1, 1, 2, 2]), 5, np.random.default_rng(0))
    >>> [sorted(fold[start : start + 2].tolist()) for start in (0, 2, 4)]
    [[0, 1], [0, 1], [0, 1]]
    """
    order = _by_stratum(strata, rng)
    _, start, counts = np.unique(strata[order], return_index=True, return_counts=True)
    place = np.arange(len(order)) - np.repeat(start, counts)
    alone = np.repeat(counts, counts) == 1
    place[alone] = np.arange(alone.sum())
    n_folds = min(n_splits, int(counts.max())) if not alone.all() else n_splits
    fold = np.empty(len(order), dtype=np.intp)
    fold[order] = rng.permutation(n_folds)[place % n_folds]
    return fold


def _by_stratum(strata: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions of the rows, (n,), by stratum and within each by chance."""
    shuffled = rng.permutation(len(strata))
    return shuffled[np.argsort(strata[shuffled], kind="stable")]


def assign_groups(
    codes: np.ndarray, counts: np.ndarray, n_splits: int, rng: np.random.Generator, *, alike: bool = False
) -> np.ndarray:
    """Give whole groups to folds so that every column of ``counts`` is spread as evenly as can be.

    Greedy, as scikit-learn's ``StratifiedGroupKFold``: groups that are hard to place come first, each goes where the
    squared shares of the columns grow least. Different from it: no fold is left empty, and afterwards a column whose
    groups all landed in one fold gets one of them moved, so that every training part has it; where that fails, other
    orders are tried.

    Parameters
    ----------
    codes : ndarray of shape (n,), int
        Group of each row, numbered from 0 without gaps.
    counts : ndarray of shape (n, L)
        What each row adds to each column (classes one-hot, or labels).
    n_splits : int
        Number of folds, at most the number of groups.
    rng : numpy.random.Generator
        Breaks ties.
    alike : bool, default=False
        Whether training parts are to keep the columns' shares, as those of `deal_alike` do, rather than folds their
        size. There are no more folds then than the column with most groups has.

    Returns
    -------
    ndarray of shape (n,), int
        Fold of each row, 0 to n_splits - 1.
    """
    n_groups = int(codes.max()) + 1
    totals = np.zeros((n_groups, counts.shape[1]))
    np.add.at(totals, codes, counts)
    sizes = np.bincount(codes, minlength=n_groups)
    if alike:
        most = int((totals > 0).sum(axis=0).max())
        n_splits = n_splits if most < 2 else min(n_splits, most)
    best, fewest = np.zeros(n_groups, dtype=np.intp), np.inf
    for _ in range(ATTEMPTS):
        fold_of = _greedy(totals, sizes, n_splits, rng, alike)
        _fill_empty(fold_of, sizes, n_splits)
        _spread_columns(fold_of, totals, sizes, n_splits)
        confined = len(_confined(fold_of, totals, n_splits))
        if confined < fewest:
            best, fewest = fold_of, confined
        if fewest == 0:
            break
    return best[codes]


def _greedy(totals: np.ndarray, sizes: np.ndarray, n_splits: int, rng: np.random.Generator, alike: bool) -> np.ndarray:
    """Fold of each group, (n_groups,): one after the other, hard ones first, where what is uneven grows least.

    That is the columns' squares, or where they are to be ``alike`` the squares of how far their shares in a fold are
    from its share of all rows, and of that share.
    """
    shares = totals / np.maximum(totals.sum(axis=0), 1)
    rows_share = sizes / sizes.sum()
    shuffled = rng.permutation(len(sizes))
    hardness = shares.max(axis=1) + rows_share
    fold_of = np.empty(len(sizes), dtype=np.intp)
    load = np.zeros((n_splits, totals.shape[1]))
    rows = np.zeros(n_splits)
    for group in shuffled[np.argsort(-hardness[shuffled], kind="stable")]:
        if alike:
            apart = (load - rows[:, None]) @ (shares[group] - rows_share[group])
            fold = int(np.argmin(apart + rows * rows_share[group]))
        else:
            fold = int(np.argmin(2 * load @ shares[group] + 1e-3 * rows))
        fold_of[group] = fold
        load[fold] += shares[group]
        rows[fold] += rows_share[group]
    return fold_of


def _fill_empty(fold_of: np.ndarray, sizes: np.ndarray, n_splits: int) -> None:
    """Give every empty fold the smallest group of the fold that has most groups."""
    for fold in range(n_splits):
        held = np.bincount(fold_of, minlength=n_splits)
        if held[fold] == 0:
            candidates = np.flatnonzero(fold_of == np.argmax(held))
            fold_of[candidates[np.argmin(sizes[candidates])]] = fold


def _spread_columns(fold_of: np.ndarray, totals: np.ndarray, sizes: np.ndarray, n_splits: int) -> None:
    """Move one group of each column that sits in a single fold although it has several groups."""
    confined = _confined(fold_of, totals, n_splits)
    for column in confined:
        members = np.flatnonzero(totals[:, column] > 0)
        home = fold_of[members[0]]
        if np.any(fold_of[members] != home):
            continue
        before = len(_confined(fold_of, totals, n_splits))
        rows = np.bincount(fold_of, weights=sizes, minlength=n_splits)
        rows[home] = np.inf
        for group in members[np.argsort(sizes[members], kind="stable")]:
            fold_of[group] = np.argmin(rows)
            if np.any(fold_of == home) and len(_confined(fold_of, totals, n_splits)) < before:
                break
            fold_of[group] = home


def _confined(fold_of: np.ndarray, totals: np.ndarray, n_splits: int) -> np.ndarray:
    """Columns with two groups or more, all of them in one fold."""
    present = totals > 0
    per_fold = np.zeros((n_splits, totals.shape[1]), dtype=np.intp)
    np.add.at(per_fold, fold_of, present)
    return np.flatnonzero((present.sum(axis=0) > 1) & ((per_fold > 0).sum(axis=0) == 1))

"""Rows in many groups at once: their means, and the places at which a column can part each group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Summary:
    """What the rows of each of n groups are like.

    Attributes
    ----------
    mass : ndarray of shape (n,)
        Their weight.
    mean : ndarray of shape (n, K) or (n, 1)
        Shares of classes, or the mean of a number.
    error : ndarray of shape (n,)
        Misclassified weight, or squared error, of a leaf that answers with the mean.
    mixed : ndarray of bool, shape (n,)
        Whether they have more than one class or number.
    """

    mass: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    mixed: np.ndarray


def summarise(group: np.ndarray, y: np.ndarray, weight: np.ndarray, n: int) -> Summary:
    """Mean, error and variety of each group.

    Parameters
    ----------
    group : ndarray of int, shape (p,)
        Group of each row, from 0; none of the n is empty.
    y : ndarray of shape (p, K) or (p, 1)
        One-hot classes, or numbers.
    weight : ndarray of shape (p,)
    n : int

    Examples
    --------
    >>> found = summarise(np.array([0, 0, 1]), np.array([[1.0], [3.0], [5.0]]), np.ones(3), 2)
    >>> found.mean.ravel().tolist(), found.error.tolist(), found.mixed.tolist()
    ([2.0, 5.0], [2.0, 0.0], [True, False])
    """
    mass = np.bincount(group, weight, n)
    total = np.column_stack([np.bincount(group, weight * column, n) for column in y.T])
    mean = total / mass[:, None]
    one = np.empty(n, dtype=np.int64)
    one[group] = np.arange(len(group))  # any row of the group
    mixed = np.bincount(group, (y != y[one[group]]).any(axis=1), n) > 0
    if y.shape[1] > 1:
        return Summary(mass, mean, mass - total.max(axis=1), mixed)
    return Summary(mass, mean, np.bincount(group, weight * (y[:, 0] - mean[group, 0]) ** 2, n), mixed)


@dataclass(frozen=True)
class Places:
    """Places between distinct neighbouring values of a column, group by group, the smallest value first.

    Attributes
    ----------
    of : ndarray of int, shape (c,)
        Group of each place, ascending.
    threshold : ndarray of shape (c,)
    mass : (ndarray of shape (c,), ndarray of shape (c,))
        Weight on the left and on the right.
    total : (ndarray of shape (c, K), ndarray of shape (c, K))
        Weighted sums of what the rows have, on the left and on the right.
    """

    of: np.ndarray
    threshold: np.ndarray
    mass: tuple[np.ndarray, np.ndarray]
    total: tuple[np.ndarray, np.ndarray]


def places_between(group: np.ndarray, column: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Places:
    """All places at which a threshold can stand.

    Parameters
    ----------
    group : ndarray of int, shape (p,)
    column : ndarray of shape (p,)
    y : ndarray of shape (p, K)
        What is summed on both sides.
    weight : ndarray of shape (p,)

    Examples
    --------
    >>> found = places_between(np.array([0, 0, 1, 1]), np.array([3.0, 1.0, 5.0, 5.0]), np.eye(4), np.ones(4))
    >>> found.of.tolist(), found.threshold.tolist(), found.total[0].tolist()
    ([0], [2.0], [[0.0, 1.0, 0.0, 0.0]])
    """
    order = np.lexsort((column, group))
    g, x = group[order], column[order].astype(np.float64)
    sums = np.cumsum(np.column_stack([weight, weight[:, None] * y])[order], axis=0)
    same = g[:-1] == g[1:]
    at = np.flatnonzero(same & (x[:-1] < x[1:]))
    last = np.flatnonzero(np.append(~same, True))[: len(g)]
    ends = sums[last]
    before = np.vstack([np.zeros((1, sums.shape[1])), ends[:-1]])
    block = np.searchsorted(last, at)
    left, right = sums[at] - before[block], ends[block] - sums[at]
    threshold = 0.5 * (x[at] + x[at + 1])
    return Places(g[at], threshold, (left[:, 0], right[:, 0]), (left[:, 1:], right[:, 1:]))


def first_best(of: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Place of the first greatest score of each group; groups ascend.

    Examples
    --------
    >>> first_best(np.array([2, 2, 2, 5]), np.array([1.0, 3.0, 3.0, 0.0])).tolist()
    [1, 3]
    """
    if not len(of):
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
    sizes = np.diff(np.append(starts, len(of)))
    best = np.flatnonzero(score == np.repeat(np.maximum.reduceat(score, starts), sizes))
    return best[np.searchsorted(best, starts)]


def children(parted: np.ndarray, n: int, made: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers of the left and right child of each of n nodes of a level, and the place of each among the parted ones.

    Parameters
    ----------
    parted : ndarray of int
        Nodes of the level that are parted; the others are leaves, and have -1 everywhere.
    n, made : int
        Nodes of the level, and nodes up to it: the children come next, two by two.

    Examples
    --------
    >>> [part.tolist() for part in children(np.array([0, 2]), 3, 10)]
    [[10, -1, 12], [11, -1, 13], [0, -1, 1]]
    """
    left, right, place = (np.full(n, -1) for _ in range(3))
    place[parted] = np.arange(len(parted))
    left[parted] = made + 2 * place[parted]
    right[parted] = left[parted] + 1
    return left, right, place

"""Boosting with several sources: the best of one hypothesis a source each round, or a choice among ready-made ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headstart.math.ensembles.tradaboost import Boosting, log_weights, shares, source_rate, target_error, vote_of

#: Fits a hypothesis for one source and the target: (source k, distribution (N,), round) -> misses of all rows (N,).
LearnOne = Callable[[int, np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class MultiSourceBoosting(Boosting):
    """A run with several sources; in ``use``, 1 is one row among equals of its round, and 0 a source not taken.

    Attributes
    ----------
    chosen : ndarray of int, shape (T,)
        The source whose hypothesis each round took.
    """

    chosen: np.ndarray


@dataclass(frozen=True)
class Selection:
    """Ready-made hypotheses taken for the target.

    Attributes
    ----------
    chosen : ndarray of int, shape (T,)
        Numbers of the hypotheses, in the order in which they were taken; none twice.
    votes : ndarray of shape (T,)
        Their votes, positive.
    turned : ndarray of bool, shape (T,)
        Whether a hypothesis is taken with its answer turned round (two classes only).
    errors : ndarray of shape (T,)
        Weighted errors on the target, after turning.
    """

    chosen: np.ndarray
    votes: np.ndarray
    turned: np.ndarray
    errors: np.ndarray


def multi_source_tradaboost(
    learn: LearnOne,
    sizes: tuple[int, ...],
    n_target: int,
    n_rounds: int,
    *,
    n_classes: int = 2,
    weight: np.ndarray | None = None,
) -> MultiSourceBoosting:
    r"""Each round fits one hypothesis a source on that source and the target, and keeps the best on the target.

    The kept one, with error :math:`\epsilon_t` on the target, votes with
    :math:`\alpha_t = \ln((1-\epsilon_t)/\epsilon_t)`; target rows that it misses get :math:`e^{\alpha_t}` more weight,
    source rows that it misses lose the factor :math:`1 + \sqrt{2\ln n_S/M}`, with :math:`n_S` the rows of all
    sources. All M rounds vote.

    Parameters
    ----------
    learn : callable
        (k, distribution (N,), round) -> misses (N,); the distribution is 0 on the rows of other sources.
    sizes : tuple of int
        Rows of each source; they come first, in this order.
    n_target, n_rounds : int
        At least 1.
    n_classes : int, default=2
    weight : ndarray of shape (N,), optional
        Initial weights.

    Notes
    -----
    Yao and Doretto (2010), Boosting for transfer learning with multiple sources, Algorithm 1. Their labels -1, +1 and
    their factors 1/2 in both rates give these updates. More than two classes, hypotheses no better than chance and
    small errors: as in :func:`~headstart.math.ensembles.tradaboost.tradaboost`.
    """
    n_source = sum(sizes)
    size, ends = n_source + n_target, np.cumsum(sizes)
    of_row = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), np.full(n_target, -1)])
    log_weight = log_weights(weight, size)
    loss_of_source = source_rate(n_source, n_rounds)
    votes, errors = np.zeros(n_rounds), np.zeros(n_rounds)
    chosen, use = np.zeros(n_rounds, dtype=np.int64), np.zeros(size)
    for t in range(n_rounds):
        best_error, best_miss, best_p = np.inf, np.zeros(0), np.zeros(0)
        for k in range(len(ends)):
            p = shares(np.where((of_row == k) | (of_row < 0), log_weight, -np.inf))
            miss = np.asarray(learn(k, p, t), dtype=np.float64)
            error = target_error(log_weight[n_source:], miss[n_source:])
            if error < best_error:
                best_error, best_miss, best_p, chosen[t] = error, miss, p, k
        errors[t], votes[t] = best_error, vote_of(best_error, n_target, n_classes)
        used = int((best_p > 0).sum())
        use += votes[t] * best_p * used / size
        log_weight[:n_source] -= loss_of_source * best_miss[:n_source]
        log_weight[n_source:] += votes[t] * best_miss[n_source:]
    total = votes.sum()
    return MultiSourceBoosting(votes, errors, use * size / total if total > 0 else use, chosen)


def adaboost(
    learn: Callable[[np.ndarray, int], np.ndarray],
    size: int,
    n_rounds: int,
    *,
    n_classes: int = 2,
    weight: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """AdaBoost (SAMME) on one source: votes (T,) and the distribution of every round (T, n).

    It stops before a hypothesis that is no better than chance, and after one without any miss.

    Parameters
    ----------
    learn : callable
        (distribution (n,), round) -> misses (n,).
    size, n_rounds : int
    n_classes : int, default=2
    weight : ndarray of shape (n,), optional

    Returns
    -------
    votes : ndarray of shape (T,)
    distributions : ndarray of shape (T, n)

    Notes
    -----
    Phase I of TaskTrAdaBoost: Yao and Doretto (2010), Algorithm 2.
    """
    log_weight = log_weights(weight, size)
    votes: list[float] = []
    seen: list[np.ndarray] = []
    for t in range(n_rounds):
        p = shares(log_weight)
        miss = np.asarray(learn(p, t), dtype=np.float64)
        vote = vote_of(float(p @ miss), size, n_classes)
        if vote <= 0:
            break
        votes.append(vote)
        seen.append(p)
        if not miss[p > 0].any():
            break
        log_weight += vote * miss
    return np.array(votes), np.array(seen).reshape(len(votes), size)


def choose_hypotheses(
    misses: np.ndarray, n_rounds: int, *, n_classes: int = 2, weight: np.ndarray | None = None
) -> Selection:
    r"""Boost on the target by choosing among hypotheses that the sources have made.

    Each round takes the hypothesis with the least weighted error on the target and removes it from the pool; with two
    classes one that is wrong more often than right is turned round. It votes with
    :math:`\ln((1-\epsilon)/\epsilon)`, and missed target rows gain weight as in AdaBoost.

    Parameters
    ----------
    misses : ndarray of shape (H, m)
        1 where hypothesis h is wrong on target row i.
    n_rounds : int
        At most this many are taken.
    n_classes : int, default=2
    weight : ndarray of shape (m,), optional

    Returns
    -------
    Selection
        Empty when none is better than chance.

    Notes
    -----
    Yao and Doretto (2010), Algorithm 3 (TaskTrAdaBoost, phase II). With more than two classes nothing is turned.

    Examples
    --------
    >>> taken = choose_hypotheses(np.array([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 0, 1]]), 2)
    >>> taken.chosen.tolist(), taken.turned.tolist()
    ([0], [True])
    """
    table = np.asarray(misses, dtype=np.float64)
    log_weight = log_weights(weight, table.shape[1])
    open_ = np.ones(len(table), dtype=bool)
    taken: list[tuple[int, float, bool, float]] = []
    for _ in range(min(n_rounds, len(table))):
        error = table @ shares(log_weight)
        turn = (error > 0.5) & (n_classes == 2)
        error = np.where(turn, 1.0 - error, error)
        best = int(np.argmin(np.where(open_, error, np.inf)))
        vote = vote_of(float(error[best]), table.shape[1], n_classes)
        if vote <= 0:
            break
        miss = 1.0 - table[best] if turn[best] else table[best]
        taken.append((best, vote, bool(turn[best]), float(error[best])))
        open_[best] = False
        if not miss.any():
            break
        log_weight += vote * miss
    chosen, votes, turned, errors = (np.array([record[i] for record in taken]) for i in range(4))
    return Selection(chosen.astype(np.int64), votes.astype(float), turned.astype(bool), errors.astype(float))

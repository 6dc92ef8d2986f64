"""TrAdaBoost for classes: the target's rows are boosted, the source's rows are weeded out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: Fits a hypothesis: (distribution over all rows (N,), round) -> how wrong it is on each row (N,): misses in [0, 1] for
#: classes, residuals for numbers. The source's rows come first, then the target's.
Learn = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class Boosting:
    """What a run of boosting leaves behind.

    Attributes
    ----------
    votes : ndarray of shape (T,)
        Weight of each round's hypothesis in the final vote; 0 where it has none.
    errors : ndarray of shape (T,)
        Weighted error of each hypothesis on the target's rows, as measured.
    use : ndarray of shape (N,)
        Mean training weight of every row over the rounds that vote, weighted by their votes; its own mean is 1, so
        that 1 is one row among equals.
    """

    votes: np.ndarray
    errors: np.ndarray
    use: np.ndarray


def tradaboost(
    learn: Learn,
    n_source: int,
    n_target: int,
    n_rounds: int,
    *,
    n_classes: int = 2,
    weight: np.ndarray | None = None,
) -> Boosting:
    r"""Boost on the target's rows while source rows that contradict them lose weight.

    With :math:`p^t = w^t/\sum w^t`, misses :math:`m_i = |h_t(x_i) - y_i|` and the error
    :math:`\epsilon_t = \sum_{target} w_i^t m_i / \sum_{target} w_i^t` the weights become

    .. math:: w_i^{t+1} = w_i^t\,\beta^{m_i} \;(\text{source}), \quad
       w_i^{t+1} = w_i^t\,\beta_t^{-m_i} \;(\text{target})

    with :math:`\beta = 1/(1+\sqrt{2\ln n/N})` and :math:`\beta_t = \epsilon_t/(1-\epsilon_t)`,
    and rounds :math:`\lceil N/2\rceil \dots N` vote, each with :math:`\ln 1/\beta_t`.

    Parameters
    ----------
    learn : callable
        (distribution (N,), round from 0) -> misses (N,): 0 or 1, or 1 minus the probability of the true class.
    n_source, n_target : int
        Rows of either side, at least 1; N is their sum, the source's rows come first.
    n_rounds : int
        Rounds N, at least 1.
    n_classes : int, default=2
        K.
    weight : ndarray of shape (N,), optional
        Initial weights, not negative; the paper leaves them to the user. Default: all equal.

    Notes
    -----
    Dai, Yang, Xue and Yu (2007), Boosting for transfer learning, Algorithm 1. Where the paper is silent: with K > 2
    the logarithm of K - 1 is added to the vote and to the target's update, as in SAMME (Zhu et al. 2009), which is the
    same algorithm at K = 2. A hypothesis that is no better than chance has no vote and leaves the target's weights
    alone, while the source goes on losing what it gets wrong. An error under half a row, 1/(2m), counts as half a
    row, so no vote is infinite. When a hypothesis gets every row right nothing would move any more: it stands for all
    rounds that remain. Weights are kept as logarithms.

    Examples
    --------
    >>> misses = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0])  # the second source row contradicts the target
    >>> run = tradaboost(lambda p, t: misses, n_source=4, n_target=2, n_rounds=6)
    >>> bool(run.use[1] < run.use[0]), run.votes[:2].tolist()
    (True, [0.0, 0.0])
    """
    size, first = n_source + n_target, (n_rounds + 1) // 2 - 1
    log_weight = log_weights(weight, size)
    loss_of_source = source_rate(n_source, n_rounds)
    votes, errors, use = np.zeros(n_rounds), np.zeros(n_rounds), np.zeros(size)
    rounds = n_rounds
    for t in range(n_rounds):
        p = shares(log_weight)
        miss = np.asarray(learn(p, t), dtype=np.float64)
        errors[t] = target_error(log_weight[n_source:], miss[n_source:])
        vote = vote_of(errors[t], n_target, n_classes)
        copies = 1
        if not miss[p > 0].any():
            copies, rounds = n_rounds - max(first, t), t + 1
        if t >= first or copies > 1:
            votes[t] = vote * copies
            use += votes[t] * p
        if rounds == t + 1:
            break
        log_weight[:n_source] -= loss_of_source * miss[:n_source]
        log_weight[n_source:] += vote * miss[n_source:]
    total = votes.sum()
    return Boosting(votes[:rounds], errors[:rounds], use * size / total if total > 0 else use)


def source_rate(n_source: int, n_rounds: int) -> float:
    """What a source row loses, as a logarithm, each time it is wrong: ``ln(1 + sqrt(2 ln n / N))``."""
    return float(np.log1p(np.sqrt(2.0 * np.log(max(n_source, 1)) / n_rounds)))


def vote_of(error: float, n_target: int, n_classes: int = 2) -> float:
    """``ln((1 - e)/e) + ln(K - 1)``, 0 where e is no better than chance; e is at least half a row."""
    error = max(error, 0.5 / n_target)
    if error >= 1.0 - 1.0 / n_classes:
        return 0.0
    return float(np.log((1.0 - error) / error) + np.log(n_classes - 1.0))


def log_weights(weight: np.ndarray | None, size: int) -> np.ndarray:
    """Logarithms of initial weights; minus infinity where a weight is 0."""
    if weight is None:
        return np.zeros(size)
    with np.errstate(divide="ignore"):
        return np.log(np.asarray(weight, dtype=np.float64))


def shares(log_weight: np.ndarray) -> np.ndarray:
    """Weights that sum to 1."""
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def target_error(log_weight: np.ndarray, miss: np.ndarray) -> float:
    """Weighted share of the target's rows that are missed (or mean of their adjusted errors)."""
    return float(shares(log_weight) @ miss)

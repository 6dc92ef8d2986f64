"""TrAdaBoost.R2 and its two-stage form: boosting for numbers with borrowed rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headstart.math.ensembles.tradaboost import Boosting, Learn, log_weights, shares, source_rate, target_error

#: Adjusted errors that AdaBoost.R2 knows.
LOSSES = ("linear", "square", "exponential")

#: No mean adjusted error counts as less than this, so no vote is infinite.
LEAST_ERROR = 1e-3


def adjusted_errors(residuals: np.ndarray, loss: str = "linear", counted: np.ndarray | None = None) -> np.ndarray:
    r"""Errors on a scale from 0 to 1: :math:`e_i = |r_i|/D`, its square, or :math:`1-\exp(-|r_i|/D)`.

    Parameters
    ----------
    residuals : ndarray of shape (N,)
        True minus predicted values.
    loss : {"linear", "square", "exponential"}
    counted : ndarray of bool, shape (N,), optional
        Rows among which the largest error D is sought: those with weight. Errors of other rows are cut at 1.

    Returns
    -------
    ndarray of shape (N,), values in [0, 1]

    Notes
    -----
    Drucker (1997), Improving regressors using boosting techniques; step 2 of AdaBoost.R2.

    Examples
    --------
    >>> adjusted_errors(np.array([0.0, -1.0, 4.0])).tolist()
    [0.0, 0.25, 1.0]
    """
    size = np.abs(residuals)
    largest = size.max() if counted is None else size[counted].max()
    if largest <= 0:
        return np.zeros_like(size)
    scaled = np.minimum(size / largest, 1.0)
    if loss == "square":
        return scaled**2
    return 1.0 - np.exp(-scaled) if loss == "exponential" else scaled


def tradaboost_r2(
    learn: Learn,
    n_source: int,
    n_target: int,
    n_rounds: int,
    *,
    loss: str = "linear",
    weight: np.ndarray | None = None,
) -> Boosting:
    r"""TrAdaBoost with the adjusted errors of AdaBoost.R2 in place of misses.

    With :math:`\epsilon_t = \sum_{target} w_i^t e_i^t/\sum_{target} w_i^t`, :math:`\beta_t=\epsilon_t/(1-\epsilon_t)`
    and :math:`\beta = 1/(1+\sqrt{2\ln n/N})`: source rows get :math:`w_i\beta^{e_i}`, target rows
    :math:`w_i\beta_t^{-e_i}`. It stops at the first :math:`\epsilon_t \ge 1/2`; the second half of the rounds that were
    made votes, by a median weighted with :math:`\ln 1/\beta_t` (:func:`weighted_median`).

    Parameters
    ----------
    learn : callable
        (distribution (N,), round) -> residuals of all rows (N,).
    n_source, n_target, n_rounds : int
        At least 1; N is the sum of the first two, the source's rows come first.
    loss : {"linear", "square", "exponential"}
    weight : ndarray of shape (N,), optional
        Initial weights.

    Returns
    -------
    Boosting
        With no rounds when the first error is 1/2 or more.

    Notes
    -----
    Pardoe and Stone (2010), Boosting for regression transfer, section 4.1. An error under 0.001 counts as 0.001; a
    hypothesis without any error ends the run.
    """
    size = n_source + n_target
    log_weight = log_weights(weight, size)
    loss_of_source = source_rate(n_source, n_rounds)
    votes: list[float] = []
    errors: list[float] = []
    seen: list[np.ndarray] = []
    for t in range(n_rounds):
        p = shares(log_weight)
        e = adjusted_errors(learn(p, t), loss, p > 0)
        error = target_error(log_weight[n_source:], e[n_source:])
        if error >= 0.5:
            break
        errors.append(error)
        votes.append(_vote(error))
        seen.append(p.astype(np.float32))
        if not e.any():
            break
        log_weight[:n_source] -= loss_of_source * e[:n_source]
        log_weight[n_source:] += votes[-1] * e[n_source:]
    kept = np.array(votes)
    kept[: max((len(votes) + 1) // 2 - 1, 0)] = 0.0
    return Boosting(kept, np.array(errors), _mean_use(kept, seen, size))


def adaboost_r2_frozen_source(
    learn: Learn,
    n_source: int,
    n_target: int,
    n_rounds: int,
    *,
    loss: str = "linear",
    weight: np.ndarray | None = None,
) -> Boosting:
    r"""AdaBoost.R2', which never changes the weights of the source's rows.

    Each round: :math:`\epsilon_t=\sum_i w_i e_i` over all rows (the weights sum to 1), stop at
    :math:`\epsilon_t\ge 1/2`, :math:`\beta_t=\epsilon_t/(1-\epsilon_t)`, and target rows get
    :math:`w_i\beta_t^{1-e_i}`, normalised so that the target keeps its share. All rounds vote.

    Parameters
    ----------
    learn, n_source, n_target, n_rounds, loss, weight
        As in :func:`tradaboost_r2`.

    Returns
    -------
    Boosting
        Its first hypothesis is kept whatever its error, as there is no other; ``errors`` are over all rows.

    Notes
    -----
    Pardoe and Stone (2010), Algorithm 3, step 1.
    """
    size = n_source + n_target
    p = shares(log_weights(weight, size))
    share = p[n_source:].sum()
    votes: list[float] = []
    errors: list[float] = []
    seen: list[np.ndarray] = []
    for t in range(n_rounds):
        e = adjusted_errors(learn(p, t), loss, p > 0)
        error = float(p @ e)
        if error >= 0.5 and votes:
            break
        errors.append(error)
        votes.append(_vote(error) if error < 0.5 else 1.0)
        seen.append(p.astype(np.float32))
        if error >= 0.5 or not e[p > 0].any():
            break
        target = p[n_source:] * np.exp(-votes[-1] * (1.0 - e[n_source:]))
        p = np.concatenate([p[:n_source], share * target / target.sum()])
    kept = np.array(votes)
    return Boosting(kept, np.array(errors), _mean_use(kept, seen, size))


def stage_weights(
    learn: Learn,
    n_source: int,
    n_target: int,
    n_steps: int,
    *,
    loss: str = "linear",
    weight: np.ndarray | None = None,
) -> np.ndarray:
    r"""Weights of the first stage: the source is phased out row by row until the target stands alone.

    In step t a hypothesis is fitted with :math:`w^t`; source rows then get :math:`w_i^t \beta_t^{e_i}`, with the
    :math:`\beta_t` at which the target's share of all weight is

    .. math:: \frac{m}{n+m} + \frac{t}{S-1}\Bigl(1-\frac{m}{n+m}\Bigr)

    Parameters
    ----------
    learn, n_source, n_target, loss, weight
        As in :func:`tradaboost_r2`. With initial weights, m/(n+m) is the share that they give the target.
    n_steps : int
        S, at least 2.

    Returns
    -------
    ndarray of shape (S, N)
        Each row sums to 1; in the last the source has none.

    Notes
    -----
    Pardoe and Stone (2010), Algorithm 3, steps 2 to 4; :math:`\beta_t` by :func:`shift_to_target`.
    """
    p = shares(log_weights(weight, n_source + n_target))
    start = p[n_source:].sum()
    steps = [p]
    for t in range(1, n_steps):
        if t == n_steps - 1:
            p = np.concatenate([np.zeros(n_source), p[n_source:] / p[n_source:].sum()])
        else:
            e = adjusted_errors(learn(p, t - 1), loss, p > 0)
            p, _ = shift_to_target(p, e, n_source, start + t / (n_steps - 1) * (1.0 - start))
        steps.append(p)
    return np.array(steps)


def shift_to_target(p: np.ndarray, e: np.ndarray, n_source: int, share: float) -> tuple[np.ndarray, float]:
    r"""Lower the source's weights by :math:`\beta^{e_i}` until the target has the wanted share; a binary search.

    Parameters
    ----------
    p : ndarray of shape (N,)
        Weights, the source's first.
    e : ndarray of shape (N,)
        Adjusted errors, in [0, 1].
    n_source : int
    share : float
        Share of the target afterwards, at least its present one, under 1.

    Returns
    -------
    weights : ndarray of shape (N,)
        They sum to 1, and ``weights[n_source:].sum()`` is ``share``. Where rows without error leave too much to the
        source at every beta, the whole source is scaled down after them.
    beta : float
        In [0, 1].

    Examples
    --------
    >>> w, beta = shift_to_target(np.full(4, 0.25), np.array([0.0, 1.0, 0.0, 0.0]), 2, 2 / 3 - 1e-12)
    >>> round(beta, 6), w.round(3).tolist()
    (0.0, [0.333, 0.0, 0.333, 0.333])
    """
    source, target = p[:n_source], p[n_source:]
    wanted = target.sum() * (1.0 - share) / share
    low, high = 0.0, 1.0  # of -ln beta
    while source @ np.exp(-high * e[:n_source]) > wanted and high < 1e12:
        low, high = high, 2.0 * high
    for _ in range(100):
        middle = 0.5 * (low + high)
        if source @ np.exp(-middle * e[:n_source]) > wanted:
            low = middle
        else:
            high = middle
    left = source * np.exp(-high * e[:n_source])
    if left.sum() > 0:
        left = left * (wanted / left.sum())
    moved = np.concatenate([left, target])
    return moved / moved.sum(), float(np.exp(-high))


def weighted_median(predictions: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """Smallest prediction at which half of the votes are reached, for each row.

    Parameters
    ----------
    predictions : ndarray of shape (n, T)
    votes : ndarray of shape (T,)
        Not negative, one of them positive.

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    >>> weighted_median(np.array([[1.0, 5.0, 2.0]]), np.array([1.0, 1.0, 1.0])).tolist()
    [2.0]
    """
    order = np.argsort(predictions, axis=1, kind="stable")
    reached = np.cumsum(np.asarray(votes)[order], axis=1)
    place = (reached >= 0.5 * reached[:, -1:] * (1.0 - 1e-12)).argmax(axis=1)
    rows = np.arange(len(predictions))
    return predictions[rows, order[rows, place]]


def _vote(error: float) -> float:
    error = max(error, LEAST_ERROR)
    return float(np.log((1.0 - error) / error))


def _mean_use(votes: np.ndarray, seen: Sequence[np.ndarray], size: int) -> np.ndarray:
    """Vote-weighted mean of the rounds' distributions, with mean 1; zeros without votes."""
    use = np.zeros(size)
    for vote, p in zip(votes, seen, strict=True):
        if vote > 0:
            use += vote * p
    total = float(votes.sum())
    return use * size / total if total > 0 else use

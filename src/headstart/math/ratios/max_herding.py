"""Which few rows stand best for many: each row by the nearest of those that are chosen."""

from __future__ import annotations

import numpy as np

from headstart.math.ratios.gaussian import exponents, median_width

#: Rows that are to be stood for, at most, and rows whose gain is told anew at once.
_SAMPLE, _AT_ONCE = 5000, 64


def max_herding(
    X: np.ndarray, n: int, taken: np.ndarray | None = None, *, width: float = 1.0, random_state: int = 0
) -> np.ndarray:
    r"""Rows that, together with those taken already, leave the fewest rows far from all of them.

    One after the other the row is chosen that adds most to how well every row is stood for by the most similar one,

    .. math:: x_{t+1} = \arg\max_x \; \frac1m \sum_{x'} \max\bigl(0,\, k(x', x) - \max_{i \le t} k(x', x_i)\bigr)

    with a Gaussian kernel. What a row adds never grows, so a row is looked at again only while what it added before is
    more than what the best adds now.

    Parameters
    ----------
    X : ndarray of shape (m, d)
        The rows to choose from. Memory is linear in m; of more than 5,000 so many are drawn to be stood for.
    n : int from 1 to m
    taken : ndarray of shape (t, d), optional
        Rows that are chosen already.
    width : float, default=1.0
        Of the kernel, above 0, as a multiple of the median distance.
    random_state : int, default=0
        Seed of the sample and of the width.

    Returns
    -------
    ndarray of int, shape (n,)
        Positions, in the order in which they were chosen.

    References
    ----------
    Bae, Noh and Sutherland (2024), Generalized coverage for more robust low-budget active learning, algorithm 1.

    Examples
    --------
    >>> X = np.array([[0.0], [0.1], [0.2], [5.0], [5.1]])
    >>> max_herding(X, 2, width=0.35).tolist()[0] in (0, 1, 2), max_herding(X, 2, width=0.35).tolist()[1] in (3, 4)
    (True, True)
    >>> max_herding(X, 1, np.array([[0.1]])).tolist()[0] in (3, 4)
    True
    """
    X = np.asarray(X, dtype=np.float64)
    rng = np.random.default_rng(random_state)
    sample = X if len(X) <= _SAMPLE else X[rng.choice(len(X), _SAMPLE, replace=False)]
    width *= median_width(sample, rng=rng) or 1.0
    met = np.zeros(len(sample))
    for _, block in exponents(np.zeros((0, X.shape[1])) if taken is None else np.asarray(taken), sample, width):
        met = np.maximum(met, np.exp(block).max(axis=0))
    adds = _added(X, sample, met, width)
    chosen: list[int] = []
    for _ in range(min(n, len(X))):
        known = np.zeros(len(X), dtype=bool)
        while not known[best := int(np.argmax(adds))]:
            again = np.argpartition(-adds, min(_AT_ONCE, len(X)) - 1)[:_AT_ONCE]
            again = np.append(again[~known[again] & np.isfinite(adds[again])], best)
            adds[again] = _added(X[again], sample, met, width)
            known[again] = True
        chosen.append(best)
        adds[best] = -np.inf
        for _, block in exponents(X[best : best + 1], sample, width):
            met = np.maximum(met, np.exp(block[0]))
    return np.array(chosen, dtype=np.int64)


def _added(X: np.ndarray, sample: np.ndarray, met: np.ndarray, width: float) -> np.ndarray:
    """How much nearer the rows of a sample (s, d) come on average to what is chosen with each row of X, (m,)."""
    found = np.empty(len(X))
    for rows, block in exponents(X, sample, width):
        found[rows] = np.maximum(np.exp(block, out=block) - met, 0.0).mean(axis=1)
    return found

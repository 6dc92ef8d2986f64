"""Which few rows stand best for many: kernel herding."""

from __future__ import annotations

import numpy as np

from headstart.math.ratios.gaussian import kernel_row_sums, median_width

#: Rows that the density is told from, at most.
_SAMPLE = 5000


def kernel_herding(X: np.ndarray, n: int, taken: np.ndarray | None = None, *, random_state: int = 0) -> np.ndarray:
    r"""Rows that, together with those taken already, are distributed as all rows are.

    One after the other the row is chosen that is in a dense place and far from what was chosen before,

    .. math:: x_{t+1} = \arg\max_x \; \frac1m \sum_{x'} k(x, x') - \frac{1}{t+1} \sum_{i \le t} k(x, x_i)

    with a Gaussian kernel as wide as the median distance.

    Parameters
    ----------
    X : ndarray of shape (m, d)
        The rows to choose from. Memory is linear in m; the density is told from 5,000 of them at most.
    n : int from 1 to m
    taken : ndarray of shape (t, d), optional
        Rows that are chosen already.
    random_state : int, default=0
        Seed of the sample and of the width.

    Returns
    -------
    ndarray of int, shape (n,)
        Positions, in the order in which they were chosen.

    References
    ----------
    Chen, Welling and Smola (2010), Super-samples from kernel herding, equation 8.

    Examples
    --------
    >>> X = np.array([[0.0], [0.1], [0.2], [5.0], [5.1]])
    >>> sorted(kernel_herding(X, 2).tolist())[0] in (0, 1, 2), sorted(kernel_herding(X, 2).tolist())[1] in (3, 4)
    (True, True)
    >>> kernel_herding(X, 1, np.array([[0.1]])).tolist()[0] in (3, 4)
    True
    """
    X = np.asarray(X, dtype=np.float64)
    rng = np.random.default_rng(random_state)
    sample = X if len(X) <= _SAMPLE else X[rng.choice(len(X), _SAMPLE, replace=False)]
    width = median_width(sample, rng=rng) or 1.0
    density = kernel_row_sums(X, sample, width) / len(sample)
    met = np.zeros(len(X)) if taken is None or not len(taken) else kernel_row_sums(X, np.asarray(taken), width)
    t = 0 if taken is None else len(taken)
    free, chosen = np.ones(len(X), dtype=bool), []
    for _ in range(min(n, len(X))):
        gain = density - met / (t + 1)
        best = int(np.argmax(np.where(free, gain, -np.inf)))
        chosen.append(best)
        free[best] = False
        met = met + kernel_row_sums(X, X[best : best + 1], width)
        t += 1
    return np.array(chosen, dtype=np.int64)

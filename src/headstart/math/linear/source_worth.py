"""What each of several sources is worth by itself: ridge regression on the target with it and without, on folds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

#: Penalty, as a share of the number of rows.
_PENALTY = 0.1
#: Standard errors above which a gain is in one of 20 cases where there is none.
CLEAR = float(stats.norm.isf(0.05))
Fold = tuple[np.ndarray, np.ndarray]
Rows = tuple[np.ndarray, np.ndarray]


def answers_with_each(X: np.ndarray, Y: np.ndarray, sources: Sequence[Rows], folds: Sequence[Fold]) -> np.ndarray:
    r"""Held-out answers of ridge regression on the target alone, and on the target pooled with each source.

    Both sides of a pool weigh the same in total. All pools of a fold are solved from the sums of products of each side,
    so that a source's rows are passed over once:

    .. math:: W_s = \Big(A_t + \tfrac{n_t}{n_s} A_s + 0.2\, n_t D\Big)^{-1} \Big(B_t + \tfrac{n_t}{n_s} B_s\Big)

    with :math:`A = X^T X`, :math:`B = X^T Y`, a column of ones for the intercept, and D the variances of the target's
    columns, 0 for that one.

    Parameters
    ----------
    X : array of shape (n, d)
    Y : array of shape (n, c)
        Numbers, or 0 and 1 for each class.
    sources : S pairs of arrays of shape (m, d), (m, c)
    folds : sequence of (train, test)
        Every row is in one test part.

    Returns
    -------
    array of shape (2 S + 2, n, c)
        The target alone, the S pools, the mean of the target, the S sources alone.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 8)[:, None]
    >>> halves = [(np.arange(0, 8, 2), np.arange(1, 8, 2)), (np.arange(1, 8, 2), np.arange(0, 8, 2))]
    >>> found = answers_with_each(X, 2 * X, [(X, -2 * X)], halves)
    >>> found.shape, bool(abs(found[1]).max() < 0.3 < found[0].max())
    ((4, 8, 1), True)
    """
    rows = _with_ones(X)
    penalty = np.diag(np.append(np.maximum(X.var(axis=0), 1e-12), 1e-9))
    sums = [(_with_ones(S).T @ _with_ones(S) / len(S), _with_ones(S).T @ T / len(S)) for S, T in sources]
    pools, means, alone = np.empty((len(sources) + 1, *Y.shape)), np.empty((1, *Y.shape)), []
    for train, test in folds:
        n, A, B = len(train), rows[train].T @ rows[train], rows[train].T @ Y[train]
        pools[0, test] = rows[test] @ solved(A + _PENALTY * n * penalty, B)
        means[0, test] = Y[train].mean(axis=0)
        for s, (more, answers) in enumerate(sums, 1):
            whole = A + n * more + 2 * _PENALTY * n * penalty
            pools[s, test] = rows[test] @ solved(whole, B + n * answers)
    alone = [rows @ solved(more + _PENALTY * penalty, answers) for more, answers in sums]
    return np.concatenate([pools, means, np.reshape(alone, (len(sources), *Y.shape))])


def solved(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """The solution of A X = B for a matrix of sums of products, where a constant column may be the intercept again.

    Examples
    --------
    >>> constant = np.column_stack([np.full(4, 500.0), np.ones(4)])
    >>> found = constant @ solved(constant.T @ constant, constant.T @ np.ones(4))
    >>> bool(np.allclose(found, 1))
    True
    """
    found: np.ndarray = np.linalg.solve(A + 1e-9 * np.diag(A.diagonal()), B)
    return found


def worthy(gains: np.ndarray, likeness: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    r"""Which of S sources help, told from the luckiest of S useless ones.

    Either its gain, or how far it alone is ahead of the target's mean, has to be above :math:`\sqrt{2 \ln S}` standard
    errors, and above one; and there has to be a gain. A source that is told to be of the same kind needs no further
    proof, since a gain over a target that has learned something is small beside its error.

    Parameters
    ----------
    gains, likeness : array of shape (S, n)
        Of each source on each row: by how much the error with it is below that without, and the error of the source
        alone below that of the mean.
    groups : array of shape (n,), optional
        Rows of a group count as one.

    Returns
    -------
    array of bool, shape (S,)

    References
    ----------
    Donoho and Johnstone (1994), Ideal spatial adaptation by wavelet shrinkage, for the threshold.

    Examples
    --------
    >>> gains = np.array([[0.5, 0.6, 0.4, 0.5], [0.5, -0.6, 0.4, -0.3]])
    >>> worthy(gains, gains).tolist()
    [True, False]
    """
    least = max(1.0, np.sqrt(2 * np.log(len(gains))))
    (gain, error), (ahead, its_error) = mean_and_error(gains, groups), mean_and_error(likeness, groups)
    return np.asarray((gain > least * error) | ((gain > 0) & (ahead > least * its_error)))


def mean_and_error(gains: np.ndarray, groups: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each row of an array (S, n), and its standard error with whole groups as units."""
    n, mean = gains.shape[1], gains.mean(axis=1)
    apart = gains - mean[:, None]
    if groups is not None:
        codes = np.unique(groups, return_inverse=True)[1].reshape(-1)
        apart = np.stack([np.bincount(codes, weights=row) for row in apart])
    units = apart.shape[1]
    return mean, np.sqrt((apart**2).sum(axis=1) * units / max(units - 1, 1)) / n


def clearly(lower: np.ndarray, groups: np.ndarray | None = None) -> tuple[float, float, bool]:
    """Mean of what is gained on each row, (n,), its standard error, and whether it is more than chance (one-sided, 5%).

    Examples
    --------
    >>> clearly(np.array([0.5, 0.6, 0.4, 0.5]))[2], clearly(np.array([0.5, -0.6, 0.4, -0.3]))[2]
    (True, False)
    """
    (gain,), (error,) = mean_and_error(lower[None, :], groups)
    return float(gain), float(error), bool(gain > max(CLEAR * error, 0.0))


def follows(y: np.ndarray, answers: np.ndarray) -> tuple[float, float, float]:
    """How answers follow numbers, wherever they lie: correlation, its standard errors from 0, how many times too large.

    A model from elsewhere can be right of what is more and what is less, and off in its level or its unit.

    Parameters
    ----------
    y, answers : arrays of shape (n,)

    Returns
    -------
    correlation : float
        0 where either is constant.
    certain : float
        The correlation in standard errors, negative where answers fall as the numbers rise.
    times : float
        The slope of the line from answers to numbers, upside down.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 3.0, 4.0])
    >>> [round(number, 3) for number in follows(y, 1000.0 * y + 5.0)]
    [1.0, 2.0, 1000.0]
    """
    spread = float(answers.std())
    if len(y) < 3 or spread <= 1e-12 * max(float(np.abs(answers).max()), 1e-300) or y.std() == 0:
        return 0.0, 0.0, 1.0
    r = float(np.corrcoef(y, answers)[0, 1])
    return r, r * float(np.sqrt(len(y))), spread / (r * float(y.std())) if r else np.inf


def _with_ones(X: np.ndarray) -> np.ndarray:
    return np.column_stack([X, np.ones(len(X))])

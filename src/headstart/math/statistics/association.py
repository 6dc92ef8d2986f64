"""Whether two sets of columns of the same rows have to do with each other, told by permutations."""

from __future__ import annotations

import numpy as np


def association(A: np.ndarray, B: np.ndarray, *, permutations: int = 999, random_state: int = 0) -> tuple[float, float]:
    r"""Sum of squared canonical correlations of two sets of columns, and how often chance gives as much.

    .. math:: V = \operatorname{tr}\big(P_A P_B\big)

    with the projections on the centred columns of each. Of two sets of classes, one-hot, n V is Pearson's chi-squared;
    of a column each V is the squared correlation. The p-value counts permutations of the rows of B, so it holds for few
    rows too, where the table of chi-squared does not.

    Parameters
    ----------
    A : ndarray of shape (n, a)
    B : ndarray of shape (n, b)
    permutations : int, default=999
    random_state : int, default=0

    Returns
    -------
    (float, float)
        V, and the p-value; 0 and 1 where one of them says the same of all rows.

    References
    ----------
    Pillai (1955), "Some new test criteria in multivariate analysis".

    Examples
    --------
    >>> digit = np.arange(30) % 10
    >>> value, p = association(np.eye(10)[digit], np.eye(2)[digit % 2])
    >>> round(value, 6), p
    (1.0, 0.001)
    >>> association(np.eye(10)[digit], np.eye(2)[np.arange(30) // 15])[1] > 0.5
    True
    """
    a, b = _basis(A), _basis(B)
    if not a.shape[1] or not b.shape[1]:
        return 0.0, 1.0
    rng = np.random.default_rng(random_state)
    value = float(((a.T @ b) ** 2).sum())
    by_chance = [float(((a.T @ b[rng.permutation(len(b))]) ** 2).sum()) for _ in range(permutations)]
    return value, float((1 + np.sum(np.array(by_chance) >= value - 1e-9)) / (permutations + 1))


def _basis(M: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the centred columns."""
    left, singular, _ = np.linalg.svd(np.asarray(M, dtype=np.float64) - np.mean(M, axis=0), full_matrices=False)
    return np.asarray(left[:, singular > 1e-9 * max(1.0, float(singular.max(initial=0.0)))])

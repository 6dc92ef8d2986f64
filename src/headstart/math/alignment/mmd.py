"""Maximum mean discrepancy as a handful of directions: between the domains, and between their classes."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array


def class_means(F: np.ndarray, codes: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each class (n_classes, r) and number of its rows; codes below zero are passed over, empty classes are 0.

    Examples
    --------
    >>> means, counts = class_means(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, -1]), 2)
    >>> means.tolist(), counts.tolist()
    ([[2.0], [0.0]], [2.0, 0.0])
    """
    rows = np.flatnonzero(codes >= 0)
    ones = np.ones(len(rows))
    member = csr_array((ones, (codes[rows], rows)), shape=(n_classes, len(F)))
    counts = np.bincount(codes[rows], minlength=n_classes).astype(np.float64)
    return np.asarray(member @ F, dtype=np.float64) / np.maximum(counts, 1.0)[:, None], counts


def marginal_direction(mean_source: np.ndarray, mean_target: np.ndarray, n_source: int, n_target: int) -> np.ndarray:
    r"""The one direction of the MMD between two domains, shape (r, 1).

    The MMD matrix is :math:`L = ee^\top` with :math:`e_i = 1/n_s` on the source and :math:`-1/n_t` on the target, so
    :math:`F^\top L F = dd^\top` with :math:`d = \bar f_s-\bar f_t`. It is divided by its Frobenius norm
    :math:`\|L\|_F = 1/n_s+1/n_t`, so that a penalty means the same for any number of rows.
    """
    return (mean_source - mean_target)[:, None] / np.sqrt(1.0 / n_source + 1.0 / n_target)


def joint_directions(
    means: tuple[np.ndarray, np.ndarray],
    class_source: tuple[np.ndarray, np.ndarray],
    class_target: tuple[np.ndarray, np.ndarray],
    sizes: tuple[int, int],
    *,
    balance: float | None = None,
    weighted: bool = False,
) -> np.ndarray:
    r"""Directions of the MMD between domains and between classes, divided by its Frobenius norm.

    .. math:: M = a_0 M_0 + \sum_c a_c M_c = EE^\top,\qquad F^\top M F/\|M\|_F = DD^\top

    with :math:`a_0 = C, a_c = 1` (joint distribution adaptation, in its authors' code) or
    :math:`a_0 = (1-\mu)C, a_c = \mu` (balanced). A class that one side lacks has no term.

    Parameters
    ----------
    means : (source, target) means, each of shape (r,)
    class_source, class_target : (means (C, r), counts (C,)) as from :func:`class_means`
    sizes : (n_source, n_target)
    balance : float, optional
        Mu in 0..1; None: every term counts once.
    weighted : bool, default=False
        Weigh the class means by the class shares of their side: :math:`\sqrt{P(c)}` each (Wang et al. 2017).

    Returns
    -------
    ndarray of shape (r, 1 + number of shared classes)
    """
    (mu_s, n_s), (mu_t, n_t) = class_source, class_target
    shared = np.flatnonzero((n_s > 0) & (n_t > 0))
    first, rest = (1.0, 1.0) if balance is None else (1.0 - balance, balance)
    first *= int((n_s > 0).sum())
    share_s = np.sqrt(n_s / n_s.sum())[shared] if weighted else np.ones(len(shared))
    share_t = np.sqrt(n_t / max(n_t.sum(), 1.0))[shared] if weighted else np.ones(len(shared))
    inner = np.zeros((len(shared) + 1, len(shared) + 1))  # products of the columns of E
    inner[0, 0] = 1.0 / sizes[0] + 1.0 / sizes[1]
    inner[0, 1:] = inner[1:, 0] = share_s / sizes[0] + share_t / sizes[1]
    np.fill_diagonal(inner[1:, 1:], share_s**2 / n_s[shared] + share_t**2 / n_t[shared])
    scale = np.sqrt(np.r_[first, np.full(len(shared), rest)])
    norm = np.sqrt(np.sum((inner * np.outer(scale, scale)) ** 2))
    D = np.column_stack([means[0] - means[1], (share_s[:, None] * mu_s[shared] - share_t[:, None] * mu_t[shared]).T])
    return D * scale / np.sqrt(max(norm, 1e-300))

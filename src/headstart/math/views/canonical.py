"""Generalised canonical correlation: what several views of the same objects say alike, in a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from headstart.math.linear.row_space import row_space


@dataclass(frozen=True, eq=False)
class CanonicalViews:
    """Maps from each view to the scores that all share.

    Attributes
    ----------
    coefs : tuple of ndarray of shape (d, p)
        One a view, of scaled rows.
    agreement : ndarray of shape (p,)
        How far the views agree on each score in the rows that were fitted to, in 0 to 1, descending. In-sample: with
        more columns than rows it is 1 whatever they hold; see `view_correlations` for rows that were held out.
    """

    coefs: tuple[np.ndarray, ...]
    agreement: np.ndarray

    def each(self, views: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The scores by each view alone, (n, p) each."""
        return [X @ coef for X, coef in zip(views, self.coefs, strict=True)]

    def scores(self, views: Sequence[np.ndarray], present: np.ndarray) -> np.ndarray:
        """The shared scores of rows, (n, p): the mean over the views that are there; zeros where none is."""
        total = sum(
            np.where(there[:, None], part, 0.0) for part, there in zip(self.each(views), present.T, strict=True)
        )
        return np.asarray(total / np.maximum(present.sum(axis=1), 1)[:, None])


def canonical_views(
    views: Sequence[np.ndarray], present: np.ndarray, n_components: int, *, ridge: float = 0.1
) -> CanonicalViews:
    r"""MAXVAR generalised canonical correlation with a ridge, where views may be missing.

    .. math::
        \min_{G, W}\; \sum_v \| K_v (X_v W_v - G) \|_F^2 + \lambda_v \|W_v\|_F^2
        \quad\text{with}\quad G^\top K G = I,\; K = \sum_v K_v,

    where :math:`K_v` is diagonal, 1 where view v is there. The solution: with :math:`P_v = K_v X_v (X_v^\top K_v X_v +
    \lambda_v I)^{-1} X_v^\top K_v`, :math:`G = K^{-1/2} U` where U holds the leading eigenvectors of
    :math:`K^{-1/2} \sum_v P_v K^{-1/2}`, and the eigenvalues tell the agreement. No n x n matrix is formed: the sum is
    :math:`A A^\top` with A as wide as all views together.

    Parameters
    ----------
    views : sequence of V ndarray of shape (n, d)
        Scaled to mean 0, see `headstart.math.views.scaling.equal_variance`.
    present : ndarray of bool, shape (n, V)
    n_components : int
        At most so many, 1 or more.
    ridge : float, default=0.1
        Above 0: :math:`\lambda_v` in terms of the largest eigenvalue of :math:`X_v^\top K_v X_v`.

    Returns
    -------
    CanonicalViews

    References
    ----------
    Kettenring (1971), "Canonical analysis of several sets of variables", MAXVAR; van de Velden and Takane (2012),
    "Generalized canonical correlation analysis with missing values", section 3; Rastogi, Van Durme and Arora (2015),
    "Multiview LSA", section 3 (ridge and missing views together). Where we differ: the ridge is in terms of each
    view's own largest eigenvalue, so that it means the same for views of any width.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(300, 1))
    >>> views = [np.hstack([shared, rng.normal(size=(300, 2))]) @ rng.normal(size=(3, 3)) for _ in range(3)]
    >>> found = canonical_views([X - X.mean(axis=0) for X in views], np.ones((300, 3), bool), 2, ridge=1e-6)
    >>> bool(found.agreement[0] > 0.99), bool(found.agreement[1] < 0.6)
    (True, True)
    """
    counts = np.maximum(present.sum(axis=1), 1)
    spaces, halves = [], []
    for X, there in zip(views, present.T, strict=True):
        rows = np.flatnonzero(there)
        space = row_space(X[rows])
        shrunk = space.singular**2 + ridge * float((space.singular**2).max(initial=0.0)) + 1e-12
        half = np.zeros((len(X), len(space.singular)))
        half[rows] = space.left * (space.singular / np.sqrt(shrunk))
        spaces.append((space, shrunk, rows))
        halves.append(half / np.sqrt(counts)[:, None])
    A = np.concatenate(halves, axis=1)
    values, vectors = np.linalg.eigh(A.T @ A)
    order = np.argsort(-values)[: min(n_components, int((values > 1e-10).sum()))]
    agreement = np.minimum(values[order], 1.0)
    shared = A @ (vectors[:, order] / np.sqrt(values[order])) / np.sqrt(counts)[:, None]
    size = np.sqrt(len(A))  # scores of variance about 1 over the views, in the place of length 1
    coefs = tuple(
        space.back((space.singular / shrunk)[:, None] * (space.left.T @ (size * shared[rows])))
        for space, shrunk, rows in spaces
    )
    joined = np.concatenate(coefs)  # an eigenvector's sign is arbitrary: the largest coefficient is positive
    flip = np.where(joined[np.abs(joined).argmax(axis=0), np.arange(joined.shape[1])] < 0, -1.0, 1.0)
    return CanonicalViews(tuple(coef * flip for coef in coefs), agreement)


def view_correlations(parts: Sequence[np.ndarray], present: np.ndarray) -> np.ndarray:
    """Correlation of the scores of two views, averaged over all pairs of views, (p,), on rows that have both.

    Give it rows that were not fitted to: in-sample correlations of wide views are near 1 whatever they hold.

    Parameters
    ----------
    parts : sequence of V ndarray of shape (n, p)
        As `CanonicalViews.each` gives them.
    present : ndarray of bool, shape (n, V)

    Returns
    -------
    ndarray of shape (p,)
        NaN where no two views are ever together in three rows.

    Examples
    --------
    >>> a = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> view_correlations([a, -a], np.ones((4, 2), bool)).round(6).tolist()
    [-1.0]
    """
    found = []
    for a, b in combinations(range(len(parts)), 2):
        both = present[:, a] & present[:, b]
        if both.sum() < 3:
            continue
        one, other = (part[both] - part[both].mean(axis=0) for part in (parts[a], parts[b]))
        lengths = np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))
        found.append((one * other).sum(axis=0) / np.maximum(lengths, 1e-12))
    return np.mean(found, axis=0) if found else np.full(parts[0].shape[1], np.nan)

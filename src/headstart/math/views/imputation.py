"""A view that is missing in some rows, predicted from the views that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headstart.math.linear.row_space import row_space

#: Principal components of a view that others are predicted from.
_COMPONENTS = 128


@dataclass(frozen=True, eq=False)
class ViewImputer:
    """Ridge maps to each view from all others.

    Attributes
    ----------
    bases : tuple of ndarray of shape (d, p)
        Of each view, the directions that others are predicted from.
    maps : tuple of ndarray of shape (q, d)
        To each view, from the components of all others, in order.
    rounds : int
    """

    bases: tuple[np.ndarray, ...]
    maps: tuple[np.ndarray, ...]
    rounds: int = 5

    def fill(self, views: Sequence[np.ndarray], present: np.ndarray) -> list[np.ndarray]:
        """Views with their missing rows filled in, as new arrays where there are any.

        Parameters
        ----------
        views : sequence of V ndarray of shape (n, d)
            Scaled; what stands in missing rows is not read.
        present : ndarray of bool, shape (n, V)
        """
        filled, parts = _started(views, present, self.bases)
        if present.all():
            return filled
        for _ in range(self.rounds):
            for v, to in enumerate(self.maps):
                gone = ~present[:, v]
                filled[v][gone] = _others(parts, v)[gone] @ to
                parts[v][gone] = filled[v][gone] @ self.bases[v]
        return filled


def impute_views(
    views: Sequence[np.ndarray], present: np.ndarray, *, penalty: float = 0.05, rounds: int = 5
) -> ViewImputer:
    r"""Learn to predict each view from the others, by ridge regression in turn.

    .. math:: B_v = \arg\min_B \sum_{i: v \text{ there}} \|x_i^v - B^\top z_i^{-v}\|^2 + \lambda \bar s_v \|B\|_F^2

    where z holds the (at most 128) principal components of the other views, themselves predicted where they are
    missing, and :math:`\bar s_v` is their mean squared length. Five rounds over the views settle what is predicted
    from predictions. No label is looked at, so rows without labels serve too, and they are what makes it good: a
    missing view is then no zero but the mean of what goes with the views that are there.

    Parameters
    ----------
    views : sequence of V ndarray of shape (n, d)
        Scaled to mean 0, see `headstart.math.views.scaling.equal_variance`.
    present : ndarray of bool, shape (n, V)
    penalty : float, default=0.05
        Above 0; 1 is as strong as the rows are long.
    rounds : int, default=5
        1 or more.

    Returns
    -------
    ViewImputer

    References
    ----------
    Van Buuren and Groothuis-Oudshoorn (2011), "mice: multivariate imputation by chained equations". Where
    we differ: whole views in the place of single columns, ridge regression, and means in the place of draws.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> Z = rng.normal(size=(200, 2))
    >>> views, present = [Z @ rng.normal(size=(2, 3)), Z @ rng.normal(size=(2, 4))], np.ones((200, 2), bool)
    >>> present[:50, 1] = False
    >>> filled = impute_views(views, present, penalty=1e-6).fill(views, present)
    >>> bool(np.abs(filled[1] - views[1]).max() < 1e-3)
    True
    """
    bases = tuple(_basis(X[there]) for X, there in zip(views, present.T, strict=True))
    filled, parts = _started(views, present, bases)
    maps: list[np.ndarray] = [np.zeros((0, 0))] * len(views)
    for _ in range(1 if present.all() else rounds):
        for v, there in enumerate(present.T):
            rows = _others(parts, v)
            maps[v] = _ridge(rows[there], views[v][there], penalty)
            filled[v][~there] = rows[~there] @ maps[v]
            parts[v][~there] = filled[v][~there] @ bases[v]
    return ViewImputer(bases, tuple(maps), rounds)


def _started(
    views: Sequence[np.ndarray], present: np.ndarray, bases: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Views with zeros, which are their means, where they are missing, and their components."""
    filled = [np.where(there[:, None], X, 0.0) for X, there in zip(views, present.T, strict=True)]
    return filled, [X @ basis for X, basis in zip(filled, bases, strict=True)]


def _others(parts: Sequence[np.ndarray], v: int) -> np.ndarray:
    """Components of all views but one, (n, q)."""
    rest = [part for k, part in enumerate(parts) if k != v]
    return np.concatenate(rest, axis=1) if rest else np.zeros((len(parts[v]), 0))


def _basis(X: np.ndarray) -> np.ndarray:
    """Directions of the strongest principal components, (d, p); all columns where they are few."""
    d = X.shape[1]
    if d <= _COMPONENTS:
        return np.eye(d)
    space = row_space(X)
    first = np.argsort(-space.singular)[:_COMPONENTS]
    return space.back(np.eye(len(space.singular))[:, first])


def _ridge(rows: np.ndarray, wanted: np.ndarray, penalty: float) -> np.ndarray:
    gram = rows.T @ rows
    strength = penalty * float(np.trace(gram)) / max(len(rows), 1) + 1e-12
    return np.linalg.solve(gram + strength * np.eye(len(gram)), rows.T @ wanted)

"""Ways to join what several views say: heads that are multiplied, one head on all, one view, a discriminant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import log_softmax
from sklearn.preprocessing import normalize

from headstart.data.sets.splits import folds
from headstart.math.linear.discriminant import discriminant_by_em
from headstart.math.linear.logistic import solve_logistic
from headstart.math.linear.ridge import solve_ridge
from headstart.math.views.imputation import ViewImputer, impute_views
from headstart.math.views.products import product_of_classes, product_of_numbers
from headstart.math.views.scaling import ViewScale, equal_variance

#: Penalty of a head on a handful of labels, where none can be chosen; rows of a class from which one is.
_FEW, _ENOUGH = 0.2, 10


@dataclass(frozen=True, eq=False)
class ReadyViews:
    """How views are brought to one scale, and filled in where they are missing.

    Attributes
    ----------
    scales : tuple of ViewScale
    imputer : ViewImputer
    """

    scales: tuple[ViewScale, ...]
    imputer: ViewImputer

    def scaled(self, views: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Views to equal variance, (n, d) each."""
        return [scale(X) for scale, X in zip(self.scales, views, strict=True)]

    def __call__(self, views: Sequence[np.ndarray], present: np.ndarray) -> list[np.ndarray]:
        """Scaled views, filled in where they are missing."""
        return self.imputer.fill(self.scaled(views), present)


def ready_views(views: Sequence[np.ndarray], present: np.ndarray) -> ReadyViews:
    """Learn scales, and each view from the others, from all rows there are; no label is looked at."""
    scales = tuple(equal_variance(X[there]) for X, there in zip(views, present.T, strict=True))
    scaled = [scale(X) for scale, X in zip(scales, views, strict=True)]
    return ReadyViews(scales, impute_views(scaled, present))


@dataclass(frozen=True, eq=False)
class ViewHead:
    """A linear map from the rows of a view, or of several side by side.

    Attributes
    ----------
    coef : ndarray of shape (d, K)
    intercept : ndarray of shape (K,)
    error : ndarray of shape (t,)
        Of numbers: the mean squared error on rows that were left out. Of classes zeros.
    """

    coef: np.ndarray
    intercept: np.ndarray
    error: np.ndarray

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Scores, (n, K)."""
        return np.asarray(X @ self.coef + self.intercept)


def solve_head(
    X: np.ndarray, Y: np.ndarray, numbers: bool, groups: np.ndarray | None = None, *, choose: bool = True
) -> ViewHead:
    """A ridge or logistic head; its penalty is chosen by rows left out, of classes where each has ten or more.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    Y : ndarray of shape (n, K)
        One-hot classes, or numbers.
    numbers : bool
    groups : ndarray of shape (n,), optional
    choose : bool, default=True
        False: the penalty for few labels.
    """
    if numbers:
        solved = solve_ridge(X, Y)
        assert solved.out_of_fold is not None
        return ViewHead(solved.coef, solved.intercept, ((Y - solved.out_of_fold) ** 2).mean(axis=0))
    codes = Y.argmax(axis=1)
    if not choose or np.bincount(codes).min() < _ENOUGH or (groups is not None and len(np.unique(groups)) < _ENOUGH):
        solved = solve_logistic(X, Y, penalties=[_FEW])
    else:
        apart = folds(codes, "classification", groups=groups, n_splits=3)
        solved = solve_logistic(X, Y, folds=apart)
    return ViewHead(solved.coef, solved.intercept, np.zeros(Y.shape[1]))


@dataclass(frozen=True, eq=False)
class FusedViews:
    """What was learned from several views.

    Attributes
    ----------
    fusion : {"product", "joint", "discriminant", "one"}
    heads : tuple of ViewHead
        One a view for a product, else a single one.
    view : int
        Of "one": which; else -1.
    prior, spread : ndarray of shape (K,)
        Of classes the logarithms of their shares, and zeros; of numbers mean and variance.
    coef, intercept : ndarray or None
        Of a discriminant, for joined views of length 1.
    """

    fusion: str
    heads: tuple[ViewHead, ...]
    view: int
    prior: np.ndarray
    spread: np.ndarray
    coef: np.ndarray | None = None
    intercept: np.ndarray | None = None

    def scores(self, views: Sequence[np.ndarray]) -> np.ndarray:
        """Log-probabilities, (n, K), or numbers, (n, t), of views that are ready."""
        numbers, n = bool(self.spread.any()), len(views[0])
        if self.fusion == "product":
            said, there = [head(X) for head, X in zip(self.heads, views, strict=True)], np.ones((n, len(views)), bool)
            if numbers:
                return product_of_numbers(said, [head.error for head in self.heads], there, self.prior, self.spread)
            return product_of_classes([log_softmax(part, axis=1) for part in said], there, self.prior)
        rows = views[self.view] if self.fusion == "one" else np.concatenate(views, axis=1)
        found = self.heads[0](rows)
        if numbers:
            return found
        if self.coef is not None and self.intercept is not None:
            found = log_softmax(found, axis=1) + normalize(rows) @ self.coef + self.intercept
        return np.asarray(log_softmax(found, axis=1))


def fuse(
    fusion: str,
    views: Sequence[np.ndarray],
    Y: np.ndarray,
    *,
    numbers: bool,
    view: int = -1,
    groups: np.ndarray | None = None,
    more: Sequence[np.ndarray] | None = None,
) -> FusedViews:
    r"""Learn from several views that are ready, see `ready_views`.

    "product": a head a view, multiplied (`headstart.math.views.products`). "joint": one head on all views side by side,
    each of equal variance. "one": a head on one view. "discriminant": the joint head and a semi-supervised discriminant
    of the joined views, which learns from ``more`` too
    (`headstart.math.linear.discriminant.discriminant_by_em`).

    Parameters
    ----------
    fusion : {"product", "joint", "discriminant", "one"}
    views : sequence of V ndarray of shape (n, d)
    Y : ndarray of shape (n, K)
        One-hot classes, or numbers.
    numbers : bool
    view : int, default=-1
        Of "one": which.
    groups : ndarray of shape (n,), optional
    more : sequence of V ndarray of shape (m, d), optional
        Views of rows without labels.

    Examples
    --------
    >>> views = [np.array([[1.0], [0.9], [-1.0], [-1.1]]), np.array([[0.1], [0.0], [0.0], [-0.1]])]
    >>> fuse("product", views, np.eye(2)[[0, 0, 1, 1]], numbers=False).scores(views).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    if numbers:
        prior, spread = Y.mean(axis=0), np.maximum(Y.var(axis=0), 1e-12)
    else:
        prior, spread = np.log(np.maximum(Y.mean(axis=0), 1e-12)), np.zeros(Y.shape[1])
    if fusion == "product":
        heads = tuple(solve_head(X, Y, numbers, groups) for X in views)
        return FusedViews(fusion, heads, -1, prior, spread)
    rows = views[view] if fusion == "one" else np.concatenate(views, axis=1)
    head = solve_head(rows, Y, numbers, groups)
    found = FusedViews(fusion, (head,), view, prior, spread)
    if fusion != "discriminant" or more is None:
        return found
    both = np.concatenate([rows, np.concatenate(more, axis=1)])
    known = np.concatenate([Y.argmax(axis=1), np.full(len(both) - len(rows), -1)])
    by_all = discriminant_by_em(normalize(both), known, Y.shape[1], prior=log_softmax(head(both), axis=1))
    head = replace(head, coef=by_all.weight * head.coef, intercept=by_all.weight * head.intercept)
    return FusedViews(fusion, (head,), view, prior, spread, by_all.coef, by_all.intercept)

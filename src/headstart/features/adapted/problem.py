"""What an adaptation is given: rows of both domains in a few common coordinates, and the head solved on the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.contract.domains import Side
from headstart.contract.weighted_fit import fit_weighted
from headstart.data.sets.splits import folds
from headstart.errors import ParameterError
from headstart.features.adapted.components import common_components
from headstart.math.linear.logistic import solve_logistic

#: A column whose spread is below this share of the widest one's is not divided by it.
_FLAT = 1e-6
_FOLDS = 3
_NO_ROWS = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Coordinates of target rows: ``(x - shift) @ axes``.

    Attributes
    ----------
    shift : ndarray of shape (d,)
    axes : ndarray of shape (d, r)
        Standardisation of the target's columns, if there is any, is part of them.
    """

    shift: np.ndarray
    axes: np.ndarray

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Rows (n, d) as float32 (n, r), without another copy of them."""
        axes = self.axes.astype(X.dtype)
        return np.asarray(X @ axes - (self.shift @ self.axes).astype(X.dtype), dtype=np.float32)

    def folded(self, coef: np.ndarray, intercept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A head on the coordinates as one on rows as they were given: (d, K) and (K,)."""
        whole = self.axes @ coef
        return whole, intercept - self.shift @ whole


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows of both domains in common coordinates, and a head to start from.

    Attributes
    ----------
    source : ndarray of shape (n, r), float32
    y : ndarray of shape (n,)
        Class codes below K.
    weight : ndarray of shape (n,)
        Of the source rows.
    target : ndarray of shape (m, r), float32
    known : ndarray of shape (m,)
        Codes of the target's rows, -1 where there is no label.
    coef : ndarray of shape (r, K)
        Of the head that is solved on all rows with labels.
    intercept : ndarray of shape (K,)
    penalty : float
        Of the logistic head; later heads keep it.
    estimator : linear classifier or None
        What solves a head; None is penalised logistic regression, its penalty chosen by held-out loss.
    seed : int
    """

    source: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    target: np.ndarray
    known: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray
    penalty: float
    estimator: Any
    seed: int

    @property
    def n_classes(self) -> int:
        """K."""
        return int(self.coef.shape[1])

    def solved(
        self, source: np.ndarray, rows: np.ndarray = _NO_ROWS, codes: np.ndarray = _NO_ROWS
    ) -> tuple[np.ndarray, np.ndarray]:
        """A head on other coordinates of the source, the labelled target, and target rows that are believed."""
        labelled = np.flatnonzero(self.known >= 0)
        X = np.concatenate([source, self.target[labelled], self.target[rows]])
        y = np.concatenate([self.y, self.known[labelled], codes])
        weight = np.concatenate([self.weight, np.ones(len(labelled) + len(rows))])
        return solved_head(self.estimator, X, y, weight, self.n_classes, self.penalty)[:2]


def standardising(rows: np.ndarray, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the columns, (d,) each; a flat column has 1."""
    share = np.full(len(rows), 1 / len(rows)) if weight is None else weight / weight.sum()
    mean = share @ rows
    scale = np.sqrt(np.maximum(share @ np.square(rows, dtype=np.float64) - mean**2, 0.0))
    return mean, np.where(scale > _FLAT * max(float(scale.max()), 1e-300), scale, 1.0)


def common_coordinates(
    sources: Sequence[Side], target: np.ndarray, n_components: int, standardise: bool
) -> tuple[list[Coordinates], Coordinates]:
    """Coordinates of each source and of the target, in the same principal components.

    Both domains count the same, however many rows they have. With ``standardise`` every domain's columns have mean 0
    and deviation 1 of their own; without it all are moved by the same mean. The source's mean squared coordinate is 1.
    """
    d = target.shape[1]
    weights = [side.sample_weight for side in sources]
    if standardise:
        given = [*((side.X, side.sample_weight) for side in sources), (target, None)]
        steps = [standardising(*one) for one in given]
    else:
        mass = [side.weights.sum() for side in sources]
        own = [np.average(side.X, axis=0, weights=side.sample_weight) for side in sources]
        middle = 0.5 * (np.average(own, axis=0, weights=mass) + target.mean(axis=0))
        steps = [(np.asarray(middle, dtype=np.float64), np.ones(d))] * (len(sources) + 1)
    sides = [(side.X, *step, weight) for side, step, weight in zip(sources, steps, weights, strict=False)]
    joined = _as_one(sides) if len(sides) > 1 else sides
    axes = common_components([*joined, (target, *steps[-1], None)], n_components)
    found = [Coordinates(shift, axes / scale[:, None]) for shift, scale in steps]
    squares = [(place(side.X) ** 2).mean() for place, side in zip(found, sources, strict=False)]
    unit = np.sqrt(max(float(np.average(squares, weights=[len(side) for side in sources])), 1e-300))
    found = [Coordinates(place.shift, place.axes / unit) for place in found]
    return found[:-1], found[-1]


def _as_one(
    sides: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]],
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]]:
    """Several sources as one side, so that each row counts the same whichever source it is of."""
    rows = np.concatenate([(X - shift) / scale for X, shift, scale, _ in sides])
    weight = np.concatenate([np.ones(len(X)) if one is None else one for X, _, _, one in sides])
    d = rows.shape[1]
    return [(rows, np.zeros(d), np.ones(d), weight)]


def solved_head(
    estimator: Any, X: np.ndarray, y: np.ndarray, weight: np.ndarray, n_classes: int, penalty: float | None = None
) -> tuple[np.ndarray, np.ndarray, float]:
    """A linear head (r, K), (K,) on rows, each class with rows of its own, and its penalty.

    Raises
    ------
    ParameterError
        If the estimator is not linear.
    """
    if estimator is None:
        options: dict[str, Any] = {"penalties": [penalty]}
        if penalty is None:
            options = {"folds": folds(y, "classification", n_splits=_FOLDS, random_state=0)}
        found = solve_logistic(X, np.eye(n_classes)[y], sample_weight=weight, **options)
        return found.coef, np.asarray(found.intercept), found.penalty
    fitted = fit_weighted(estimator, X, y, None if (weight == 1).all() else weight)
    coef = getattr(fitted, "coef_", None)
    if coef is None or np.ndim(coef) != 2 or np.shape(coef)[1] != X.shape[1]:
        raise ParameterError(
            f"Expected a linear classifier with coef_ and intercept_, found {type(estimator).__name__}.",
            "For instance LogisticRegression() or LinearSVC(); a residual map in front of it keeps the model linear.",
        )
    rows, offset = np.asarray(coef).T, np.broadcast_to(fitted.intercept_, (len(coef),))
    if rows.shape[1] == 1:
        return np.column_stack([-0.5 * rows, 0.5 * rows]), np.array([-0.5, 0.5]) * offset[0], 0.0
    return rows, np.array(offset), 0.0

"""Optimal transport mapping: every source row goes where its mass goes."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np

from headstart.contract.domains import Domains, Side
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.errors import DataError, TransferWarning
from headstart.features.mappings.mapping import Mapping
from headstart.math.transport.class_plan import entropic_objective, group_lasso_transport, square_root_transport
from headstart.math.transport.exact_plan import exact_plan
from headstart.math.transport.sinkhorn import sinkhorn
from headstart.math.transport.squared_distances import squared_distances
from headstart.math.transport.transport_map import (
    barycentric_images,
    nearest_displacement,
    potential_map,
    smooth_displacement,
)

METHODS = ("exact", "entropic", "lp-l1", "group lasso")
BY_CLASS = ("lp-l1", "group lasso")
NORMALISE = (None, "mean", "median", "max")


@estimator_class
class OptimalTransportMapping(Mapping):
    r"""Send every source row to the mean of the target rows that its mass is carried to.

    .. math:: x_i \mapsto \sum_j P_{ij}\, x'_j \Big/ \sum_j P_{ij}, \qquad
        P = \arg\min_P\; \langle P, C\rangle + \varepsilon \sum P \log P + \eta\, \Omega(P), \quad
        C_{ij} = \|x_i - x'_j\|^2

    "exact" has neither term, "entropic" the first; "lp-l1" and "group lasso" keep source rows of one class together by
    :math:`\Omega = \sum_{jc} (\sum_{i \in I_c} P_{ij})^{1/2}` or :math:`\sum_{jc} \|P_{I_c j}\|_2`. For clouds that are
    bent against each other, where a linear map cannot help. It does harm where the two sides hold their classes in
    different shares, since all mass must arrive.

    Parameters
    ----------
    method : {"exact", "entropic", "lp-l1", "group lasso"}, default="entropic"
        The last two need labels of the source; target rows with a label then take mass from their own class.
    reg : float, default=0.02
        Epsilon, above 0, in units of the normalised cost. Small: close to exact; large: rows are drawn to the middle.
    class_reg : float, default=0.1
        Eta, 0 or more, for the last two methods.
    normalise : {"mean", "median", "max", None}, default="mean"
        What squared distances are divided by.
    out_of_sample : {"nearest", "barycentric"}, default="nearest"
        How source rows that were not fitted move: as the nearest fitted row does, or by an average with a kernel: over
        the target rows by the plan's potential where the plan is entropic, over displacements of the fitted rows
        around them elsewhere.
    source : Source, list of Source or None, default=None
        Rows to map; weights are their mass. None: the identity.

    Attributes
    ----------
    plan_ : csr_array or ndarray of shape (n_source, n_target)
        Rows in the order of the stacked sources, columns in the order of the target's rows, then the unlabelled ones.
    images_ : ndarray of shape (n_source, d)
        Where the source rows go.
    potential_ : ndarray of shape (n_target,)
        Of the target rows.
    scale_ : float
        What squared distances were divided by.
    cost_ : float
        ``<plan, C>`` in the unit of squared distances.

    Raises
    ------
    ParameterError
        If an option is outside its range.
    DataError
        If a class-regularised method finds no classes in the source.

    References
    ----------
    Courty, Flamary, Tuia and Rakotomamonjy (2017), "Optimal transport for domain adaptation", IEEE PAMI 39, sections 3
    to 5. Where we differ: costs of labelled target rows are raised by the largest cost, not to infinity.

    Examples
    --------
    >>> from headstart import OptimalTransportMapping, Source
    >>> books = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    >>> mapping = OptimalTransportMapping("exact", source=Source(books)).fit(books[::-1] + [0.0, 7.0])
    >>> mapping.transform_source().round(6).tolist()
    [[0.0, 7.0], [1.0, 7.0], [2.0, 7.0]]
    """

    method: str = "entropic"
    reg: float = 0.02
    class_reg: float = 0.1
    normalise: str | None = "mean"
    out_of_sample: str = "nearest"

    _keeps_columns: ClassVar[bool] = True

    @property
    def _task(self) -> str | None:
        return "classification" if self.method in BY_CLASS else None

    def _fit_mapping(self, domains: Domains) -> None:
        check_option("method", self.method, METHODS)
        check_option("normalise", self.normalise, NORMALISE)
        check_option("out_of_sample", self.out_of_sample, ("nearest", "barycentric"))
        check_number("reg", self.reg, 0, open_low=True)
        check_number("class_reg", self.class_reg, 0)
        side, target = domains.source, domains.target_rows
        cost = squared_distances(side.X, target)
        self.scale_ = _scale(cost, self.normalise)
        cost /= cost.dtype.type(self.scale_)
        a, b = side.mass, np.full(len(target), 1 / len(target))
        self.plan_, self.potential_ = self._plan(cost, a, b, side, domains)
        self.source_rows_ = side.X
        self.target_rows_ = target if self._by_potential() else None
        self.images_ = barycentric_images(self.plan_, target)
        self.cost_ = self.scale_ * entropic_objective(cost, self.plan_, 0.0)

    def _plan(self, cost: np.ndarray, a: np.ndarray, b: np.ndarray, side: Side, domains: Domains) -> tuple[Any, Any]:
        if self.method == "exact":
            exact = exact_plan(cost, a, b)
            return exact.plan, exact.g
        if self.method == "entropic":
            found = sinkhorn(cost, a, b, float(self.reg))
        else:
            labels = self._labels(side)
            cost = _keep_classes(cost, labels, domains.target.y)
            solve = square_root_transport if self.method == "lp-l1" else group_lasso_transport
            found = solve(cost, a, b, labels, float(self.reg), float(self.class_reg))
        if found.error > 0.01:
            warnings.warn(
                f"The transport plan has not converged: {100 * found.error:.1f}% of the mass is at the wrong target "
                f"rows with reg={self.reg:g}. Raise reg, or take method='exact'.",
                TransferWarning,
                stacklevel=4,
            )
        return found.plan, found.g

    def _labels(self, side: Side) -> np.ndarray:
        if side.y is None or side.y.dtype.kind == "f":
            found = "none" if side.y is None else "numbers"
            raise DataError(
                f"Expected classes of every source row for method={self.method!r}, found {found}.",
                "Give Source(X, y) with classes, or take method='entropic' or 'exact'.",
            )
        return side.y

    def _by_potential(self) -> bool:
        return self.method == "entropic" and self.out_of_sample == "barycentric"

    def _map_source(self, X: Any) -> np.ndarray:
        known = self.source_rows_
        if X is known or (X.shape == known.shape and np.array_equal(X, known)):
            return self.images_.copy()
        X = X.astype(known.dtype, copy=False)
        if self.target_rows_ is not None:
            return potential_map(X, self.target_rows_, self.potential_, float(self.reg), self.scale_)
        move = nearest_displacement if self.out_of_sample == "nearest" else smooth_displacement
        return move(X, known, self.images_)


def _scale(cost: np.ndarray, normalise: str | None) -> float:
    if normalise is None:
        return 1.0
    found = float(cost.max() if normalise == "max" else np.median(cost) if normalise == "median" else cost.mean())
    return found if found > 0 else 1.0


def _keep_classes(cost: np.ndarray, labels: np.ndarray, known: np.ndarray | None) -> np.ndarray:
    """Costs, raised by the largest between source rows and target rows of another class that the source has."""
    if known is None:
        return cost
    wrong = labels[:, None] != known[None, :]
    wrong[:, ~np.isin(known, labels)] = False
    raised = cost.copy()
    raised[:, : len(known)][wrong] += cost.max()
    return raised

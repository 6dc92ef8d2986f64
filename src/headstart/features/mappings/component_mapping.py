"""The base of the mappings on components: which there are, in which kernel's space, and how rows get there."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from dataclasses import KW_ONLY
from typing import Any, ClassVar

import numpy as np

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.features.mappings.component_options import (
    EXACT_ROWS,
    check_rows_differ,
    components_to_find,
    landmark_count,
)
from headstart.features.mappings.mapping import Mapping
from headstart.math.alignment.components import Components
from headstart.math.alignment.kernels import unit_rows
from headstart.math.alignment.tca import Projection

#: Rows of a side that tell how large components are.
_ENOUGH = 2000


@estimator_class
class ComponentMapping(Mapping):
    """A subclass finds its projection in `_find`, and checks the options of its own in `_check`.

    All components are multiplied by one number, so that their mean variance is 1: the papers' constraints leave them at
    any size, and a penalised model behind them would see nothing. Distances keep their order.

    Parameters
    ----------
    n_components : int, optional
        None: 30, or fewer where rows and columns allow no more.
    kernel : {"linear", "primal", "rbf", "laplacian"}, default="linear"
        "primal" is the linear one with the penalty on the map's coefficients instead of the kernel form's.
    gamma : float, optional
        Inverse squared width of "rbf" and "laplacian". None: one over the mean squared distance between rows.
    penalty : float, default=1.0
        Lambda, > 0; meant for rows of about unit length.
    unit_length : bool, default=False
        Whether rows of components are scaled to unit length, as in most published tables. Not for few components.
    landmarks : int, "auto" or None, default="auto"
        For "rbf" and "laplacian": Nystroem features of so many rows; None: the exact kernel; "auto": exact up to 2,000
        rows, then 800 landmarks.
    random_state : int, RandomState or None, default=None
        Draws the landmarks; None is 0.

    Attributes
    ----------
    projection_ : Projection
        Features and coefficients; ``projection_.coef`` of shape (d, k) for the linear kernels.
    n_components_ : int

    Raises
    ------
    ParameterError
        If an option is outside its range, or more components are asked for than there can be.
    DataError
        If all rows are the same.
    """

    n_components: int | None = None
    kernel: str = "linear"
    gamma: float | None = None
    penalty: float = 1.0
    _: KW_ONLY
    unit_length: bool = False
    landmarks: int | str | None = "auto"
    random_state: Any = None

    _kernels: ClassVar[tuple[str, ...]] = ("linear", "primal", "rbf", "laplacian")
    _exact_rows: ClassVar[int] = EXACT_ROWS

    @abstractmethod
    def _check(self) -> None:
        """Refuse options of the method's own that are outside their range."""

    @abstractmethod
    def _find(self, domains: Domains, components: Components) -> Projection:
        """The projection, with the options that all share checked and counted."""

    def _fit_mapping(self, domains: Domains) -> None:
        check_option("kernel", self.kernel, self._kernels)
        check_number("gamma", self.gamma, 0, open_low=True, optional=True)
        check_number("penalty", self.penalty, 0, open_low=True)
        check_option("unit_length", self.unit_length, (True, False))
        self._check()
        source, target = domains.source.X, domains.target_rows
        check_rows_differ(source, target)
        n, d = len(source) + len(target), source.shape[1]
        most = n - 1 if self.kernel in ("rbf", "laplacian") else min(n - 1, d)
        components = Components(
            components_to_find(self.n_components, most, 30),
            self.kernel,
            self.gamma,
            float(self.penalty),
            landmark_count(self.landmarks, n, self._exact_rows),
        )
        found = self._find(domains, components)
        self.projection_ = dataclasses.replace(found, coef=found.coef / _spread(found, source, target))
        self.n_components_ = len(self.projection_.values)

    def _map_target(self, X: Any) -> np.ndarray:
        Z = self.projection_(X)
        return unit_rows(Z) if self.unit_length else Z


def _spread(projection: Projection, *sides: np.ndarray) -> float:
    """Root mean variance of the components of some thousand rows."""
    rows = np.vstack([side[:: 1 + len(side) // _ENOUGH] for side in sides])
    return float(np.sqrt(projection(rows).var(axis=0).mean())) or 1.0

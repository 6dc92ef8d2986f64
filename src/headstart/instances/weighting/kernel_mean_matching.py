"""Kernel mean matching as a weighting."""

from __future__ import annotations

import warnings
from dataclasses import KW_ONLY
from typing import Any

import numpy as np

from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.errors import TransferWarning
from headstart.instances.weighting.base import Weighting
from headstart.math.ratios.kernel_mean_matching import SOLVERS, kernel_mean_matching


@estimator_class
class KernelMeanMatching(Weighting):
    r"""Weights that bring the source's mean in a kernel space as near as possible to the target's.

    .. math:: \min_w \Bigl\| \frac1{n_s} \sum_i w_i \phi(x_i) - \frac1{n_t} \sum_j \phi(z_j) \Bigr\|^2
        \quad\text{with}\quad 0 \le w_i \le B,\; |\bar w - 1| \le \epsilon

    Use it where inputs shift and the rule from inputs to labels stays, with up to some tens of columns. It puts all
    weight on few rows where the target lies at the source's edge: then lower ``bound``, or take `RULSIF`.

    Parameters
    ----------
    width : "median" or float > 0, default="median"
        Width of the Gaussian kernel, :math:`\exp(-\|x-z\|^2/(2\sigma^2))`; the median distance of pooled rows.
    bound : float > 0, default=1000
        The B of the formula. Weights are scaled to mean 1 afterwards.
    epsilon : float >= 0, optional
        Default: :math:`(\sqrt{n_s}-1)/\sqrt{n_s}`.
    solver : {"auto", "exact", "nystroem"}, default="auto"
        "exact" holds the n_source x n_source kernel matrix; "nystroem" needs ``n_landmarks`` numbers a row and stops at
        a stated gap; "auto" is exact up to 400 rows, and above solves for the few rows that carry weight, to that gap,
        where the kernels of different rows are far from dependent (many columns or a narrow width), else "nystroem".
    n_landmarks : int >= 1, optional
        Default: a thirtieth of the source rows, at least 100 and at most 300; 500 beyond 4e9 kernel values.
    tolerance : float > 0, default=0.02
        Largest relative gap of the objective; a bound, usually ten times what is lost.
    random_state : int or None, default=None
        Draws landmarks, and rows for the median.

    Attributes
    ----------
    objective_ : float
        Value of the quadratic program in :func:`headstart.math.ratios.kernel_mean_matching.kernel_mean_matching`.
    gap_ : float
        What a perfect solver could gain at most, as a share of the objective's size.
    certified_ : bool
        Whether these two were computed with the kernel itself, rather than its approximation (beyond 4e9 values).
    width_ : float

    Raises
    ------
    ParameterError
        For an option out of its range, and for bounds that no weights can meet (``bound < 1 - epsilon``).

    References
    ----------
    Huang, Smola, Gretton, Borgwardt & Schoelkopf 2006, equation 12; Gretton et al. 2009.

    Examples
    --------
    >>> from headstart import KernelMeanMatching
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 1, (200, 2)), rng.normal(0.5, 0.8, (100, 2))
    >>> matched = KernelMeanMatching(bound=10, random_state=0).fit(source, target)
    >>> bool(np.average(source[:, 0], weights=matched.weights_) > 0.3)
    True
    """

    _: KW_ONLY
    width: str | float = "median"
    bound: float = 1000.0
    epsilon: float | None = None
    solver: str = "auto"
    n_landmarks: int | None = None
    tolerance: float = 0.02
    random_state: int | None = None

    def _ratio(self, source: Any, target: Any, y: np.ndarray | None) -> np.ndarray:
        check_option("solver", self.solver, SOLVERS)
        check_number("bound", self.bound, 0, open_low=True)
        check_number("n_landmarks", self.n_landmarks, 1, whole=True, optional=True)
        check_number("tolerance", self.tolerance, 0, open_low=True)
        check_number("epsilon", self.epsilon, 0, optional=True)
        found = kernel_mean_matching(source, target, **self._options())
        self.objective_, self.gap_, self.width_ = found.objective, found.gap, found.width
        self.certified_ = found.certified
        if found.gap > self.tolerance:
            warnings.warn(
                f"Kernel mean matching stopped at a relative gap of {found.gap:.2g}, above the tolerance "
                f"{self.tolerance:g}. Raise n_landmarks or the tolerance.",
                TransferWarning,
                stacklevel=4,
            )
        return found.weights

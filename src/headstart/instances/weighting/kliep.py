"""KLIEP as a weighting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from typing import Any

import numpy as np

from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.instances.weighting.base import Weighting
from headstart.math.ratios.kliep import kliep


@estimator_class
class KLIEP(Weighting):
    r"""Weights under which the target's rows are most likely (Kullback-Leibler importance estimation procedure).

    The ratio is a sum of Gaussian kernels at rows of the target with non-negative coefficients; those with the highest
    likelihood of the target are found by a concave program with a stated gap, the width by held-out likelihood.

    Use it where inputs shift and the rule from inputs to labels stays. Its weights are bounded by nothing: where the
    target lies outside of the source, `RULSIF` is the safer choice.

    Parameters
    ----------
    widths : sequence of float > 0, optional
        Kernel widths to choose from. Default: 0.3, 0.5, 0.7, 1 and 1.5 times the median distance.
    n_centres : int >= 1, default=100
        Rows of the target at which kernels stand.
    n_folds : int >= 2, default=5
        Folds of the target's rows for choosing the width.
    tolerance : float > 0, default=1e-4
        Of the mean log-ratio.
    random_state : int or None, default=None
        Draws centres, folds, and rows for the median.

    Attributes
    ----------
    width_ : float
    scores_ : ndarray of shape (n_widths,)
        Held-out mean log-ratio.
    objective_, gap_ : float
        Mean log-ratio that was reached, and how much higher the best one is at most.

    References
    ----------
    Sugiyama et al. 2008, figure 1. We solve the same program by Newton steps instead of gradient ascent.

    Examples
    --------
    >>> from headstart import KLIEP
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 1, (300, 2)), rng.normal(0.5, 0.8, (200, 2))
    >>> bool(KLIEP(random_state=0).fit(source, target).weights_[source[:, 0] > 1].mean() > 1)
    True
    """

    _: KW_ONLY
    widths: Sequence[float] | None = None
    n_centres: int = 100
    n_folds: int = 5
    tolerance: float = 1e-4
    random_state: int | None = None

    def _ratio(self, source: Any, target: Any, y: np.ndarray | None) -> np.ndarray:
        check_number("n_centres", self.n_centres, 1, whole=True)
        check_number("n_folds", self.n_folds, 2, whole=True)
        check_number("tolerance", self.tolerance, 0, open_low=True)
        found = kliep(source, target, **self._options())
        self.width_, self.scores_ = found.width, found.scores
        self.objective_, self.gap_ = found.objective, found.gap
        return found.weights

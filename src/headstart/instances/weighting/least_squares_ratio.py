"""uLSIF and RuLSIF as weightings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from typing import Any

import numpy as np

from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.instances.weighting.base import Weighting
from headstart.math.ratios.least_squares import PENALTIES, least_squares_ratio


@estimator_class
class BaseLeastSquares(Weighting):
    """What both have in common.

    Parameters
    ----------
    widths : sequence of float > 0, optional
        Kernel widths to choose from. Default: 0.4, 0.6, 0.8, 1 and 1.5 times the median distance.
    penalties : sequence of float > 0, default=(0.001, 0.01, 0.1, 1)
        Ridge penalties to choose from.
    n_centres : int >= 1, default=100
        Rows of the target at which kernels stand.
    random_state : int or None, default=None
        Draws centres, pairs to leave out, and rows for the median.

    Attributes
    ----------
    width_, penalty_ : float
        The chosen ones.
    scores_ : ndarray of shape (n_widths, n_penalties)
        Leave-one-out losses.
    """

    _: KW_ONLY
    widths: Sequence[float] | None = None
    penalties: Sequence[float] = PENALTIES
    n_centres: int = 100
    random_state: int | None = None

    def _ratio(self, source: Any, target: Any, y: np.ndarray | None) -> np.ndarray:
        check_number("n_centres", self.n_centres, 1, whole=True)
        found = least_squares_ratio(source, target, **self._options())
        self.width_, self.penalty_, self.scores_ = found.width, found.penalty, found.scores
        return found.weights


@estimator_class
class ULSIF(BaseLeastSquares):
    r"""Density ratio by least squares, in closed form (unconstrained least-squares importance fitting).

    The ratio is a sum of Gaussian kernels at rows of the target, fitted by a ridge-like system. Every pair of width and
    penalty is judged by its exact leave-one-out loss.

    Use it as a quick weighting with no option to set. Its ratio is unbounded: where the target lies at the source's
    edge take `RULSIF`.

    References
    ----------
    Kanamori, Hido & Sugiyama 2009, figure 2.

    Examples
    --------
    >>> from headstart import ULSIF
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 1, (300, 2)), rng.normal(0.5, 0.8, (200, 2))
    >>> bool(ULSIF(random_state=0).fit(source, target).weights_[source[:, 0] > 1].mean() > 1)
    True
    """


@estimator_class
class RULSIF(BaseLeastSquares):
    r"""Relative density ratio by least squares: bounded weights, in closed form.

    It estimates :math:`p_t / (\alpha p_t + (1-\alpha) p_s)`, which never exceeds :math:`1/\alpha`: rows that are
    typical of the target do not drown all others. With ``alpha=0`` it is `ULSIF`.

    Use it first among the weightings.

    Parameters
    ----------
    alpha : float in [0, 1), default=0.1
        Share of the target in the denominator; the nearer to 1, the more equal the weights.

    References
    ----------
    Yamada, Suzuki, Kanamori, Hachiya & Sugiyama 2011, equations 5 to 8; they choose by folds, we by leave-one-out.

    Examples
    --------
    >>> from headstart import RULSIF
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 1, (300, 2)), rng.normal(2, 0.5, (200, 2))
    >>> found = RULSIF(alpha=0.5, random_state=0).fit(source, target)
    >>> bool(found.weights_.argmax() in np.argsort(source.sum(axis=1))[-60:])
    True
    """

    _: KW_ONLY
    alpha: float = 0.1

    def _ratio(self, source: Any, target: Any, y: np.ndarray | None) -> np.ndarray:
        check_number("alpha", self.alpha, 0, 1, open_high=True)
        return super()._ratio(source, target, y)

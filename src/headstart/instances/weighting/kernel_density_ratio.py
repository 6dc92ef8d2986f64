"""The ratio of two kernel densities as a weighting."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np

from headstart.contract.estimator_class import estimator_class
from headstart.instances.weighting.base import Weighting
from headstart.math.ratios.kernel_density import log_density_ratio
from headstart.math.ratios.odds import from_logs


@estimator_class
class KernelDensityRatio(Weighting):
    """Weights from two Gaussian kernel densities, one divided by the other, in logarithms.

    Use it with few columns, where densities can be estimated at all. With many columns the weights are finite and
    point the right way, and they collapse on a few rows: `RULSIF` and `DiscriminatorRatio` never estimate a density.

    Parameters
    ----------
    bandwidth : {"scott", "silverman", "likelihood"} or float > 0, default="scott"
        A rule, in units of each column's standard deviation; "likelihood" chooses a multiple of Scott's factor by
        leave-one-out likelihood, for each side; a number is the bandwidth of every column.
    leave_one_out : bool, default=True
        Leave a row's own kernel out of the source's density.
    random_state : int or None, default=None
        Draws the rows for "likelihood".

    Attributes
    ----------
    log_ratio_ : ndarray of shape (n_source,)
        Logarithm of the ratio, not scaled.

    References
    ----------
    Sugiyama & Mueller 2005. Leaving out the row's own kernel is ours.

    Examples
    --------
    >>> from headstart import KernelDensityRatio
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 1, (300, 2)), rng.normal(0.5, 0.8, (200, 2))
    >>> bool(KernelDensityRatio().fit(source, target).weights_[source[:, 0] > 1].mean() > 1)
    True
    """

    _: KW_ONLY
    bandwidth: str | float = "scott"
    leave_one_out: bool = True
    random_state: int | None = None

    def _ratio(self, source: Any, target: Any, y: np.ndarray | None) -> np.ndarray:
        self.log_ratio_ = log_density_ratio(source, target, **self._options())
        return from_logs(self.log_ratio_)

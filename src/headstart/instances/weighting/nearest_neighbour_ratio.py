"""Neighbour counts as a weighting."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np

from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.instances.weighting.base import Weighting
from headstart.math.ratios.neighbours import ball_ratio, voronoi_ratio


@estimator_class
class NearestNeighbourRatio(Weighting):
    r"""Weights by counting: how many rows of the target lie nearest to each row of the source, smoothed.

    Without ``n_neighbors`` the weight is proportional to :math:`c_i + s`, with :math:`c_i` the target's rows in the
    Voronoi cell of source row i (Loog). With ``n_neighbors=k`` the target's rows are counted in the ball that reaches
    to the row's k-th neighbour in the source (Kremer et al.), which is smoother.

    Use it where there is nothing to tune with, and few columns. With smoothing every row keeps some weight.

    Parameters
    ----------
    n_neighbors : int >= 1, optional
        None counts in Voronoi cells.
    smoothing : float >= 0, default=1
        The s of Laplace's smoothing.

    References
    ----------
    Loog 2012, section 2.2; Kremer et al. 2015, equation 5, which we smooth. Equal source rows share their count.

    Examples
    --------
    >>> from headstart import NearestNeighbourRatio
    >>> NearestNeighbourRatio().fit(np.array([[0.0], [10.0]]), np.array([[1.0], [2.0]])).weights_.tolist()
    [1.5, 0.5]
    """

    _: KW_ONLY
    n_neighbors: int | None = None
    smoothing: float = 1.0

    def _ratio(self, source: Any, target: Any, y: np.ndarray | None) -> np.ndarray:
        check_number("smoothing", self.smoothing, 0)
        if self.n_neighbors is None:
            return voronoi_ratio(source, target, smoothing=self.smoothing)
        check_number("n_neighbors", self.n_neighbors, 1, whole=True)
        return ball_ratio(source, target, n_neighbors=int(self.n_neighbors), smoothing=self.smoothing)

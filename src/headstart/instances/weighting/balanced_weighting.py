"""The balance of the source's loss and the target's, as a weighting."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from sklearn.base import clone

from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.errors import ParameterError
from headstart.instances.weighting.base import Weighting


@estimator_class
class BalancedWeighting(Weighting):
    r"""Give the target's labelled rows a set share of all weight, however few they are.

    .. math:: \min_f\; \frac{\gamma}{n_t} \sum_j \ell(f(z_j), y_j) + \frac{1-\gamma}{n_s} \sum_i w_i\, \ell(f(x_i), y_i)

    Use it with a few labelled rows of the target, which in a plain pool would drown in the source's; choose ``gamma``
    by cross-validation. Without labels of the target the source counts whole. ``gamma=1`` is the target alone, up to
    rows of weight 0.

    Parameters
    ----------
    gamma : float in [0, 1], default=0.5
        The target's share.
    weighting : Weighting, optional
        How the source's rows are weighed among themselves. None: all alike.

    Attributes
    ----------
    target_share_ : float
        ``gamma``, which `ImportanceWeightedClassifier` and `ImportanceWeightedRegressor` heed.
    weighting_ : Weighting or None
        Fitted.

    References
    ----------
    Wu & Dietterich 2004, "Improving SVM accuracy by training on auxiliary data sources", equation 2, for any loss.

    Examples
    --------
    >>> from headstart import BalancedWeighting
    >>> balanced = BalancedWeighting(gamma=0.8).fit(np.ones((4, 1)), np.zeros((2, 1)))
    >>> balanced.weights_.tolist(), balanced.target_share_
    ([1.0, 1.0, 1.0, 1.0], 0.8)
    """

    _: KW_ONLY
    gamma: float = 0.5
    weighting: Any = None

    def fit(self, X_source: Any, X_target: Any, y_source: Any = None) -> BalancedWeighting:
        """Weigh the source's rows; see `Weighting.fit`.

        Parameters
        ----------
        X_source : array-like or CSR matrix of shape (n_source, d)
        X_target : array-like or CSR matrix of shape (n_target, d)
        y_source : array-like of shape (n_source,), optional

        Returns
        -------
        self
        """
        check_number("gamma", self.gamma, 0, 1)
        if self.weighting is not None and not isinstance(self.weighting, Weighting):
            raise ParameterError(f"Expected a weighting such as RULSIF() or None, found {self.weighting!r}.")
        super().fit(X_source, X_target, y_source)
        self.target_share_ = float(self.gamma)
        return self

    def _needs_classes(self) -> bool:
        return self.weighting is not None and self.weighting._needs_classes()

    def _ratio(self, source: Any, target: Any, y: np.ndarray | None) -> np.ndarray:
        self.weighting_ = None
        if self.weighting is None:
            return np.ones(source.shape[0])
        self.weighting_ = clone(self.weighting).fit(source, target, y)
        return self.weighting_.weights_

    def _warn_if_collapsed(self) -> None:
        """The inner weighting has warned already."""

"""Self-training with soft labels whose class shares are held."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.contract.delegating import DelegatingMixin
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.math.linear.soft_labels import as_weighted_rows, brought_to
from headstart.semisupervised.base import UnlabelledLearner


@estimator_class
class BalancedSelfTrainingClassifier(UnlabelledLearner, DelegatingMixin):
    r"""A classifier that learns in rounds from its own probabilities of the unlabelled rows, brought to class shares.

    In round r of R the probabilities of the unlabelled rows are sharpened and scaled towards the class shares
    (`headstart.math.linear.soft_labels.brought_to`); the classifier is fitted to them and the labelled rows, the
    unlabelled rows of one weight that together is r / R of the labelled ones'. Plain self-training takes hard labels
    by its own confidence, so a classifier that leans to one class leans further; here it cannot.

    It gains little and risks little: where the classifier knows nothing, its own labels add nothing.

    Parameters
    ----------
    rounds : int, default=5
        1 or more.
    temperature : float, default=0.5
        Probabilities are raised to its inverse, above 0; below 1 sharpens them.

    Attributes
    ----------
    soft_labels_ : ndarray of shape (m, K) or None
        Of the unlabelled rows in the last round.

    References
    ----------
    Berthelot et al. (2020), "ReMixMatch", section 3.2.1 (distribution alignment); Zou et al. (2018), "Unsupervised
    domain adaptation via class-balanced self-training". Where we differ: soft labels, all rows, shares half way.

    Examples
    --------
    >>> from headstart import BalancedSelfTrainingClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=200)
    >>> X = rng.normal(0, 0.5, (200, 3)) + np.array([[0.0, 3, 0], [0, 0, 3]])[y]
    >>> model = BalancedSelfTrainingClassifier(unlabelled=X[20:]).fit(X[:20], y[:20])
    >>> bool(model.score(X, y) > 0.97)
    True
    """

    rounds: int = 5
    temperature: float = 0.5

    def _check(self) -> None:
        check_number("rounds", self.rounds, 1, whole=True)
        check_number("temperature", self.temperature, 0, open_low=True)

    def _start(self) -> None:
        self.soft_labels_: np.ndarray | None = None

    def _learn_more(self, X: np.ndarray, y: np.ndarray, unlabelled: np.ndarray, shares: Any) -> np.ndarray:
        for r in range(int(self.rounds)):
            soft = brought_to(self.estimator_.predict_proba(unlabelled), shares, float(self.temperature))
            rows, codes, weights = as_weighted_rows(soft)
            each = (r + 1) / int(self.rounds) * len(y) / len(unlabelled)
            self._refit(X, y, unlabelled, (rows, codes, each * weights))
        self.soft_labels_ = soft
        return np.asarray(soft.mean(axis=0))

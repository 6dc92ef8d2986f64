"""What an estimator has learned: it answers as that does, without loading how it is fitted, nor torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # scikit-learn takes longer to load than one picture to predict, and rows of a table need no torch
    from headstart.parameters.heads.fitted import Fitted
    from headstart.parameters.transfer import BaseTransfer


@dataclass(frozen=True, eq=False)
class Learned:
    """A fitted estimator that was read from a folder.

    Attributes
    ----------
    fitted_ : Fitted
    kind : {"TransferClassifier", "TransferRegressor"}
    parameters : dict
        Of the estimator.
    """

    fitted_: Fitted
    kind: str
    parameters: dict[str, Any]

    @property
    def device(self) -> str:
        """Where its network runs."""
        return str(self.parameters["device"])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class of inputs, shape (n, K); for several labels that of each label."""
        return self.fitted_.probabilities(self.fitted_.scores(self.fitted_.exact(X, self.device)))

    def predict(self, X: Any) -> np.ndarray:
        """Labels, or numbers, of inputs, as the estimator gives them."""
        return self.fitted_.answers(self.fitted_.scores(self.fitted_.exact(X, self.device)))

    def estimator(self) -> BaseTransfer:
        """As the estimator that it was."""
        from headstart.parameters import transfer

        estimator: BaseTransfer = getattr(transfer, self.kind)(**self.parameters)
        estimator.fitted_ = self.fitted_
        if self.fitted_.targets.classes is not None:
            estimator.classes_ = self.fitted_.targets.classes
        if self.fitted_.network is None:
            estimator.n_features_in_ = len(self.fitted_.shift)
        return estimator

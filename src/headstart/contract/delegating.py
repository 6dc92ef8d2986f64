"""Predicting by an inner estimator that was fitted on prepared rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted


def inner_has(name: str, fitted: str = "estimator_") -> Any:
    """A check for `available_if`: that the inner estimator, ``fitted`` or still to be, has a method of this name."""

    def check(outer: Any) -> bool:
        getattr(getattr(outer, fitted) if hasattr(outer, fitted) else outer._unfitted(), name)
        return True

    return check


class DelegatingMixin:
    """`predict`, and `predict_proba` and `decision_function` where the inner estimator has them.

    The class sets ``estimator_`` in `fit`, says in `_unfitted` which estimator that will be, and prepares rows of the
    target in `_final_rows`.
    """

    estimator_: Any

    def _unfitted(self) -> Any:
        """The estimator that will be fitted."""
        return self.estimator  # type: ignore[attr-defined]

    def _final_rows(self, X: Any) -> Any:
        """Rows of the target as the inner estimator wants them."""
        return self._rows(X)  # type: ignore[attr-defined]

    def predict(self, X: Any) -> np.ndarray:
        """Predict rows of the target.

        Parameters
        ----------
        X : array-like of shape (n, d)

        Returns
        -------
        ndarray of shape (n,)
        """
        check_is_fitted(self)
        return self.estimator_.predict(self._final_rows(X))

    @available_if(inner_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes in ``classes_``, (n, K); 0 for a class that the inner estimator never met."""
        check_is_fitted(self)
        shares = self.estimator_.predict_proba(self._final_rows(X))
        return for_all_classes(shares, self.estimator_, self, 0.0)

    @available_if(inner_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """The inner estimator's scores, (n,) or (n, K); below all others for a class that it never met."""
        check_is_fitted(self)
        scores = self.estimator_.decision_function(self._final_rows(X))
        return for_all_classes(scores, self.estimator_, self, None)


def for_all_classes(values: np.ndarray, inner: Any, outer: Any, missing: float | None) -> np.ndarray:
    """Columns of the inner estimator's classes where ``classes_`` has them; None: one below the row's least."""
    mine, theirs = getattr(outer, "classes_", None), getattr(inner, "classes_", None)
    if mine is None or theirs is None or len(mine) == len(theirs):
        return values
    columns = np.stack([-values, values], axis=1) if values.ndim == 1 else values
    fill = columns.min(axis=1, keepdims=True) - 1 if missing is None else np.full((len(columns), 1), missing)
    spread = np.repeat(fill.astype(columns.dtype), len(mine), axis=1)
    spread[:, np.searchsorted(mine, theirs)] = columns
    return spread

"""What any fitted estimator says, in one form: probabilities of all classes, of each label, or numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax

from headstart.errors import ParameterError


def predicted(estimator: Any, X: Any, task: str, classes: np.ndarray | None) -> np.ndarray:
    """Predictions of any fitted estimator in one form.

    Parameters
    ----------
    estimator : fitted estimator
    X : inputs of m examples
    task : {"classification", "multilabel", "regression"}
    classes : array (K,) or None
        All class labels in sorted order; those that the estimator does not know get probability 0.

    Returns
    -------
    array
        Probabilities (m, K) or (m, L), or numbers (m,) or (m, t).
    """
    if task == "regression":
        return np.asarray(estimator.predict(X), dtype=np.float64)
    if task == "multilabel":
        return _label_probabilities(estimator, X)
    assert classes is not None
    known = np.asarray(estimator.classes_)
    found = _class_probabilities(estimator, X, len(known))
    result = np.zeros((len(found), len(classes)))
    result[:, np.searchsorted(classes, known)] = found
    return result


def _class_probabilities(estimator: Any, X: Any, n_classes: int) -> np.ndarray:
    if hasattr(estimator, "predict_proba") or hasattr(estimator, "decision_function"):
        return probabilities_of(estimator, X)
    hard = np.searchsorted(estimator.classes_, estimator.predict(X))
    return 0.98 * np.eye(n_classes)[hard] + 0.02 / n_classes


def _label_probabilities(estimator: Any, X: Any) -> np.ndarray:
    if not hasattr(estimator, "predict_proba"):
        return 0.01 + 0.98 * np.asarray(estimator.predict(X), dtype=np.float64)
    found = estimator.predict_proba(X)
    if isinstance(found, list):  # scikit-learn's forests and neighbours: one (m, 2) array for each label
        found = [
            part[:, 1] if part.shape[1] == 2 else part[:, 0] * known[0] for part, known in _pairs(estimator, found)
        ]
        return np.column_stack(found).astype(np.float64)
    return np.asarray(found, dtype=np.float64)


def _pairs(estimator: Any, found: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(zip(found, (np.asarray(known) for known in estimator.classes_), strict=True))


def probabilities_of(estimator: Any, X: Any) -> np.ndarray:
    """Probabilities of a classifier, or the softmax of its scores.

    Raises
    ------
    ParameterError
        If it has neither.
    """
    if hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict_proba(X), dtype=np.float64)
    if hasattr(estimator, "decision_function"):
        scores = np.asarray(estimator.decision_function(X), dtype=np.float64)
        return softmax(np.column_stack([np.zeros_like(scores), scores]) if scores.ndim == 1 else scores, axis=1)
    raise ParameterError(
        f"Expected a classifier with predict_proba or decision_function, found {type(estimator).__name__}.",
        "Use CircularValidation, which needs labels alone.",
    )

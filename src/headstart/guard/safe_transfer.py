"""SafeTransfer: estimators that measure whether borrowing helps, and never hand over what hurts."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    assert_all_finite,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from headstart.contract.answers import predicted
from headstart.contract.estimator_class import estimator_class
from headstart.data.base.kinds import things
from headstart.data.inputs.inputs import inputs_in
from headstart.data.tables.rows import dense, is_frame
from headstart.errors import DataError
from headstart.guard.base_safe import BaseSafeTransfer
from headstart.math.statistics.probability import logits, probabilities


@estimator_class
class SafeTransferClassifier(ClassifierMixin, BaseSafeTransfer):
    """Learns with what was borrowed and without on the same folds, keeps what is best, and says whether it helped.

    The standard candidates for pictures and clips are: without transfer a linear model on simple features (edges,
    colours and pixels; mel cepstra), output layers on the same network with random weights, and that network trained
    from scratch; with transfer new output layers on frozen features, the last blocks, and all layers. Cheap candidates
    run in repeated stratified (grouped) cross-validation, those that train in epochs as the budget allows. The winner
    is taken by out-of-fold predictions and fitted to all examples; transfer is used only if it is not worse than
    learning without.

    For tables and arrays with ``source=Source(X, y)`` the candidates are those of
    `headstart.guard.candidates.for_tables.table_candidates`, and a mixture of all of them, weighted by how likely each
    made rows that it had not seen; the mixture is the model unless a single candidate is clearly better.

    Attributes
    ----------
    classes_ : array of shape (K,)
        Class labels in sorted order; label numbers for multi-label.
    temperature_ : float
        What the logits of ``best_estimator_`` are divided by, fitted on out-of-fold predictions.

    Raises
    ------
    DataError
        For fewer than two classes or four examples.

    References
    ----------
    McNemar (1947) for the verdict; Tsamardinos, Greasidou and Borboudakis (2018) for the estimate; Guo et al. (2017)
    for the temperature.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = SafeTransferClassifier().fit(X, y)
    >>> model.verdict_, bool(model.evidence_["estimate"]["value"] > 0.9)
    ('cannot tell', True)
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: Any, y: Any, groups: Any = None, sample_weight: Any = None) -> SafeTransferClassifier:
        """Measure, choose, and fit.

        Parameters
        ----------
        X : pictures (paths, arrays, PIL pictures, Pictures), clips (paths, Clips), texts (strings) or array (n, d)
            The target's examples.
        y : array-like, shape (n,) or (n, L) of 0/1
            Labels.
        groups : array-like, shape (n,), optional
            Examples of one group (patient, speaker) never straddle a split.
        sample_weight : array-like, shape (n,), optional
            Weights of the examples, 0 or more: in learning, where a candidate takes them, and in what is measured.
        """
        if y is None:
            raise ValueError("This SafeTransferClassifier estimator requires y to be passed, but the target y is None.")
        rows, labels = self._checked(X, y)
        if labels.ndim == 2:
            self.classes_ = np.arange(labels.shape[1])
            self._guard(rows, labels.astype(int), "multilabel", groups, self.classes_.tolist(), sample_weight)
            return self
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            raise DataError(
                f"Expected two classes or more, found one class: {self.classes_[0]!r}.",
                "Add examples of another class.",
            )
        self._guard(rows, labels, "classification", groups, self.classes_.tolist(), sample_weight)
        return self

    def _checked(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        if is_frame(X):
            rows = self._rows(X, reset=True)
            labels = np.asarray(y if _several(y) else column_or_1d(y, warn=True))
            assert_all_finite(labels, input_name="y")
            check_consistent_length(rows.frame, labels)
            return rows, labels
        found = inputs_in(X)
        if found is not None:
            rows = self._rows(found, reset=True)
            labels = np.asarray(y)
            if len(labels) != len(rows):
                kind = things(self.input_type_)
                raise DataError(f"Expected a label for each of {len(rows)} {kind}, found {len(labels)}.")
            return rows, labels
        self._rows(np.zeros((1, 1)), reset=True)
        return validate_data(self, dense(X), y, dtype="numeric", multi_output=_several(y))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probabilities, (n, K); for multi-label that of each label."""
        inputs = self._inputs(X)
        task = self.evidence_["data"]["task"]
        raw = predicted(self.best_estimator_, inputs, task, self.classes_)
        multilabel = task == "multilabel"
        return probabilities(logits(raw, multilabel=multilabel) / self.temperature_, multilabel=multilabel)

    def decision_function(self, X: Any) -> np.ndarray:
        """Log-odds of the second of two classes, (n,); logarithms of probabilities, (n, K); of each label log-odds."""
        check_is_fitted(self, "best_estimator_")
        multilabel = self.evidence_["data"]["task"] == "multilabel"
        scores = logits(self.predict_proba(X), multilabel=multilabel)
        return scores[:, 1] - scores[:, 0] if not multilabel and scores.shape[1] == 2 else scores

    def predict(self, X: Any) -> np.ndarray:
        """Labels, (n,); or 0/1, (n, L)."""
        p = self.predict_proba(X)
        if self.evidence_["data"]["task"] == "multilabel":
            return (p > 0.5).astype(int)
        return self.classes_[p.argmax(axis=1)]


@estimator_class
class SafeTransferRegressor(RegressorMixin, BaseSafeTransfer):
    """Predicts numbers; measures whether borrowing helps and keeps what is best. See `SafeTransferClassifier`.

    Candidates are compared by R^2, or what ``metric`` says; the verdict is a paired sign-flip test on its shares.

    Raises
    ------
    DataError
        For fewer than four examples.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = SafeTransferRegressor(n_splits=3).fit(X, y)
    >>> bool(0.35 < model.evidence_["estimate"]["value"] < 0.6)
    True
    """

    def fit(self, X: Any, y: Any, groups: Any = None, sample_weight: Any = None) -> SafeTransferRegressor:
        """Measure, choose, and fit to numbers ``y``, (n,) or (n, t), with weights (n,) where they are given."""
        if y is None:
            raise ValueError("This SafeTransferRegressor estimator requires y to be passed, but the target y is None.")
        given = X if is_frame(X) else inputs_in(X)
        if given is not None:
            rows, values = self._rows(given, reset=True), np.asarray(y, dtype=np.float64)
            if len(values) != len(rows):
                kind = things(self.input_type_)
                raise DataError(f"Expected a number for each of {len(rows)} {kind}, found {len(values)}.")
            if not np.isfinite(values).all():
                raise DataError("Expected finite numbers as targets, found NaN or infinity.", "Remove those rows.")
        else:
            self._rows(np.zeros((1, 1)), reset=True)
            rows, values = validate_data(self, dense(X), y, dtype="numeric", multi_output=_several(y), y_numeric=True)
        self._guard(rows, values.astype(np.float64), "regression", groups, None, sample_weight)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Numbers, (n,) or (n, t)."""
        check_is_fitted(self, "best_estimator_")
        return np.asarray(self.best_estimator_.predict(self._inputs(X)))


def _several(y: Any) -> bool:
    """Whether there are several targets for each row."""
    shape = np.asarray(y).shape
    return len(shape) == 2 and shape[1] > 1

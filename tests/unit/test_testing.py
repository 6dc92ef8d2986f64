"""Each of the public checks sees the fault that it is there for: a faulty method fails it, a sound one passes."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.linear_model import LogisticRegression

from headstart import CORAL, AlignedClassifier, AlignedRegressor, Source
from headstart.contract.card import MethodCard
from headstart.testing import check_transfer_estimator, transfer_checks


class WritesToLabels(AlignedClassifier):
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        self.source.y[0] = self.source.y[0] if self.source is not None else 0
        return super().fit(X, y)


class ChangesAParameter(AlignedClassifier):
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        self.estimator = LogisticRegression()
        return super().fit(X, y)


class SeedsNumPy(AlignedClassifier):
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        np.random.seed(0)
        return super().fit(X, y)


class SeedsPython(AlignedClassifier):
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        random.seed(0)
        return super().fit(X, y)


class SwitchesRoutingOn(AlignedClassifier):
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        sklearn.set_config(enable_metadata_routing=True)
        return super().fit(X, y)


class Draws(AlignedClassifier):
    def predict_proba(self, X: Any) -> Any:
        return super().predict_proba(X) * np.random.default_rng().uniform(0.9, 1.1)


class CopiesItsSource(AlignedClassifier):
    def __sklearn_clone__(self) -> Any:
        twin = super().__sklearn_clone__()
        if isinstance(self.source, list):
            twin.source = [Source(s.X.copy(), s.y, s.name) for s in self.source]
        return twin


class LooksAtTheFirstSource(AlignedClassifier):
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        fitted = super().fit(X, y)
        first = self.source[0] if isinstance(self.source, list) else self.source
        if first is not None:
            self.estimator_.intercept_ = self.estimator_.intercept_ + float(np.asarray(first.X).mean())
        return fitted


class SortsRows(AlignedClassifier):
    def predict_proba(self, X: Any) -> Any:
        found = super().predict_proba(X)
        return found[np.argsort(found[:, 0])]


class AnswersByCompany(AlignedClassifier):
    def predict_proba(self, X: Any) -> Any:
        return super().predict_proba(np.asarray(X) - np.mean(X, axis=0))


class UsesLabels(AlignedClassifier):
    card = MethodCard("features", "none", "needed", ("classification",), "O(n)", "none", "Claims to need no labels.")


class ForgetsTheBaseline(AlignedClassifier):
    def _unfitted(self) -> Any:
        return LogisticRegression(C=1.0 if self.source is None or not hasattr(self, "estimator_") else 0.5)

    def predict(self, X: Any) -> Any:
        found = super().predict(X)
        return found if self.source is not None else found[::-1]


class TakesLabelsForNumbers(AlignedClassifier):
    def predict(self, X: Any) -> Any:
        return (super().predict_proba(X)[:, 1] > 0.5).astype(int)


class DropsAClass(AlignedClassifier):
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        fitted = super().fit(X, y)
        self.classes_ = self.classes_[:2]
        return fitted


class ReordersItsSource(CORAL):
    def _map_source(self, X: Any) -> Any:
        return super()._map_source(X)[np.argsort(np.asarray(X)[:, 0])]


class IsNeverTheIdentity(CORAL):
    def transform(self, X: Any) -> Any:
        return 2 * np.asarray(super().transform(X))


class WidensFloats(CORAL):
    def _map_target(self, X: Any) -> Any:
        return X.astype(np.float64)


class SaysNothingOfColumns(CORAL):
    def fit(self, X: Any, y: Any = None) -> Any:
        if self.source is not None and self.source.X.shape[1] != np.shape(X)[1]:
            self.source, kept = None, self.source
            super().fit(X)
            self.source = kept
            return self
        return super().fit(X, y)

    def transform_source(self, X: Any = None) -> Any:
        return self.transform(np.zeros((1, self.n_features_in_))) if self.identity_ else super().transform_source(X)


@pytest.mark.parametrize(
    ("faulty", "check"),
    [
        (WritesToLabels, "parameters_and_arrays_stay"),
        (ChangesAParameter, "parameters_and_arrays_stay"),
        (SeedsNumPy, "global_state_stays"),
        (SeedsPython, "global_state_stays"),
        (SwitchesRoutingOn, "global_state_stays"),
        (Draws, "same_seed_same_answer"),
        (CopiesItsSource, "clones_share_the_source"),
        (LooksAtTheFirstSource, "order_of_sources_is_irrelevant"),
        (SortsRows, "rows_keep_their_order"),
        (AnswersByCompany, "rows_keep_their_order"),
        (UsesLabels, "labels_of_the_target_do_not_leak"),
        (ForgetsTheBaseline, "without_a_source_it_is_its_baseline"),
        (TakesLabelsForNumbers, "labels_of_any_kind"),
        (DropsAClass, "classes_are_those_of_both_sides"),
        (ReordersItsSource, "fit_transform_keeps_rows"),
        (IsNeverTheIdentity, "is_the_identity_without_a_source"),
        (WidensFloats, "takes_float32"),
        (SaysNothingOfColumns, "odd_data_are_handled_or_refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_fault_is_seen(faulty: Any, check: str) -> None:
    method = faulty()
    with sklearn.config_context(), pytest.raises((AssertionError, ValueError)):
        dict(transfer_checks(method))[check](method)


def test_sound_methods_pass_and_checks_can_be_left_out() -> None:
    check_transfer_estimator(AlignedRegressor())
    check_transfer_estimator(CORAL())
    with sklearn.config_context(), pytest.raises(AssertionError, match="SeedsNumPy fails global_state_stays: a global"):
        check_transfer_estimator(SeedsNumPy())
    check_transfer_estimator(SeedsNumPy(), skip=("global_state_stays",))

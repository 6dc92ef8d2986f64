"""The component mappings and MEDA as estimators: options in words, what is used, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from headstart import (
    AlignedClassifier,
    BalancedDistributionAdaptation,
    GeodesicFlowKernel,
    JointDistributionAdaptation,
    ManifoldEmbeddedAlignment,
    Source,
    SubspaceAlignment,
    TransferComponentAnalysis,
    TransferJointMatching,
)
from headstart.errors import DataError, ParameterError
from headstart.features.mappings.component_options import generator

RNG = np.random.default_rng(0)
CENTRES = RNG.normal(size=(3, 6)) * 3
YS, YT = np.arange(60) % 3, np.arange(45) % 3
XS = CENTRES[YS] + RNG.normal(size=(60, 6))
XT = CENTRES[YT] + RNG.normal(size=(45, 6)) + [2, 0, 0, 0, 0, 0]
WORDS = np.array(["ant", "bee", "cat"])
SOURCE = Source(XS, WORDS[YS], name="other")
KERNEL = [TransferComponentAnalysis, JointDistributionAdaptation, BalancedDistributionAdaptation, TransferJointMatching]
EVERY = [*KERNEL, SubspaceAlignment, GeodesicFlowKernel, ManifoldEmbeddedAlignment]


def name_of(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else str(value)


BAD = [
    *[(method, {"n_components": 7}, "at most 6") for method in EVERY],
    *[(method, {"n_components": 0}, "n_components") for method in EVERY],
    *[(method, {"kernel": "rfb"}, "'rbf'") for method in KERNEL],
    *[(method, {"penalty": 0.0}, "above 0") for method in KERNEL],
    *[(method, {"gamma": -1.0}, "gamma") for method in KERNEL],
    *[(method, {"landmarks": "some", "kernel": "rbf"}, "'auto'") for method in KERNEL],
    *[(method, {"unit_length": "yes"}, "unit_length") for method in KERNEL],
    *[(method, {"rounds": 0}, "at least 1") for method in (*KERNEL[1:], ManifoldEmbeddedAlignment)],
    (TransferComponentAnalysis, {"lengths": "unit"}, "'constraint', 'coefficients'"),
    (TransferJointMatching, {"tolerance": -1.0}, "tolerance"),
    (JointDistributionAdaptation, {"labelling": "greedy"}, "'separate', 'nearest-first'"),
    (BalancedDistributionAdaptation, {"balance": 1.5}, "at most 1"),
    (BalancedDistributionAdaptation, {"balance": "automatic"}, "'auto'"),
    (BalancedDistributionAdaptation, {"class_weighted": 1}, "True, False"),
    (GeodesicFlowKernel, {"n_components": "most"}, "'auto'"),
    (ManifoldEmbeddedAlignment, {"ridge": 0.0}, "ridge"),
    (ManifoldEmbeddedAlignment, {"alignment": -1.0}, "alignment"),
    (ManifoldEmbeddedAlignment, {"smoothness": -1.0}, "smoothness"),
    (ManifoldEmbeddedAlignment, {"neighbours": 0}, "neighbours"),
    (ManifoldEmbeddedAlignment, {"balance": 2.0}, "at most 1"),
]


@pytest.mark.parametrize(
    ("method", "options", "words"), BAD, ids=[f"{m.__name__}-{next(iter(o))}-{i}" for i, (m, o, _) in enumerate(BAD)]
)
def test_options_outside_their_range_are_refused_in_words(method: Any, options: dict, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        method(**options, source=SOURCE).fit(XT)


@pytest.mark.parametrize("method", KERNEL, ids=name_of)
def test_rows_that_are_all_the_same_are_refused_in_words(method: Any) -> None:
    for level in (1.0, 0.1, 0.0):
        source = Source(np.full((6, 3), level), np.arange(6) % 2)
        with pytest.raises(DataError, match="rows that differ"):
            method(source=source).fit(np.full((5, 3), level))


@pytest.mark.parametrize("method", KERNEL, ids=name_of)
@pytest.mark.parametrize("kernel", ["linear", "rbf", "laplacian"])
def test_every_kernel_maps_both_sides(method: Any, kernel: str) -> None:
    mapping = method(2, kernel=kernel, source=SOURCE).fit(XT)
    assert mapping.transform(XT).shape == (45, 2) and mapping.transform_source().shape == (60, 2)
    assert np.allclose(mapping.transform(XT[3:5]), mapping.transform(XT)[3:5])
    assert list(mapping.get_feature_names_out()) == [f"{method.__name__.lower()}{i}" for i in range(2)]


@pytest.mark.parametrize("method", KERNEL, ids=name_of)
def test_unit_length_and_landmarks(method: Any) -> None:
    mapping = method(3, kernel="rbf", landmarks=30, unit_length=True, source=SOURCE, random_state=0).fit(XT)
    assert np.allclose(np.linalg.norm(mapping.transform(XT), axis=1), 1)
    again = clone(mapping).fit(XT)
    other = clone(mapping).set_params(random_state=1).fit(XT)
    assert np.array_equal(mapping.transform(XT), again.transform(XT))
    assert not np.array_equal(mapping.transform(XT), other.transform(XT))


def test_default_sizes_shrink_with_the_data() -> None:
    for method in EVERY[:-1]:
        assert method(source=SOURCE).fit(XT).n_components_ <= 6


def test_means_agree_after_subspaces_and_flow() -> None:
    for method in (SubspaceAlignment, GeodesicFlowKernel):
        mapping = method(3, source=SOURCE).fit(XT)
        assert np.allclose(mapping.transform(XT).mean(0), 0) and np.allclose(mapping.transform_source().mean(0), 0)


def test_flow_size_by_disagreement_is_within_half_of_what_there_is() -> None:
    assert 1 <= GeodesicFlowKernel("auto", source=SOURCE).fit(XT).n_components_ <= 3


@pytest.mark.parametrize("method", KERNEL[1:3], ids=name_of)
def test_pseudo_labels_are_the_users_words_and_given_labels_are_kept(method: Any) -> None:
    free = method(3, source=SOURCE).fit(XT)
    assert np.mean(free.pseudo_labels_ == WORDS[YT]) > 0.9
    wrong = WORDS[(YT + 1) % 3]
    held = method(3, source=SOURCE, unlabelled=XT[:4]).fit(XT, wrong)
    assert np.array_equal(held.pseudo_labels_[:45], wrong) and len(held.pseudo_labels_) == 49


def test_any_classifier_makes_the_pseudo_labels() -> None:
    inner = LogisticRegression()
    mapping = JointDistributionAdaptation(3, estimator=inner, source=SOURCE).fit(XT)
    assert not hasattr(inner, "coef_") and np.mean(mapping.pseudo_labels_ == WORDS[YT]) > 0.9


def test_joint_matching_says_what_it_did() -> None:
    mapping = TransferJointMatching(2, source=SOURCE).fit(XT)
    assert mapping.n_iter_ == len(mapping.objective_) - 1 >= 2 and mapping.relevance_.shape == (60,)
    assert TransferJointMatching(2, rounds=1, source=SOURCE).fit(XT).n_iter_ == 1


def test_meda_learns_without_labels_and_is_its_estimator_without_a_source() -> None:
    meda = ManifoldEmbeddedAlignment(3, source=SOURCE).fit(XT)
    assert meda.score(XT, WORDS[YT]) > 0.9 and meda.decision_function(XT).shape == (45, 3)
    assert np.array_equal(meda.classes_[meda.decision_function(XT).argmax(1)], meda.predict(XT))
    assert np.array_equal(meda.predict(XT[::-1]), meda.predict(XT)[::-1])
    alone = ManifoldEmbeddedAlignment().fit(XT, WORDS[YT])
    assert np.array_equal(alone.predict(XS), KNeighborsClassifier(1).fit(XT, WORDS[YT]).predict(XS))
    assert not hasattr(alone, "decision_function")
    with pytest.raises(DataError, match="requires y"):
        ManifoldEmbeddedAlignment().fit(XT)


def test_meda_with_two_classes_scores_in_one_column() -> None:
    keep_s, keep_t = YS < 2, YT < 2
    meda = ManifoldEmbeddedAlignment(2, source=Source(XS[keep_s], WORDS[YS[keep_s]])).fit(XT[keep_t])
    scores = meda.decision_function(XT[keep_t])
    assert scores.ndim == 1
    assert np.array_equal(np.where(scores > 0, "bee", "ant"), meda.predict(XT[keep_t]))


def test_meda_learns_a_class_that_only_the_target_has() -> None:
    far = XT.copy()
    far[YT == 2] += 40 * np.eye(6)[5]
    source = Source(XS[YS < 2], WORDS[YS[YS < 2]])
    meda = ManifoldEmbeddedAlignment(3, source=source).fit(far, WORDS[YT])
    assert meda.classes_.tolist() == WORDS.tolist() and meda.score(far, WORDS[YT]) > 0.9


def test_a_shift_that_breaks_the_source_is_undone() -> None:
    plain = KNeighborsClassifier(1).fit(XS, WORDS[YS])
    moved = XT + 6 * np.eye(6)[0]
    for mapping in (TransferComponentAnalysis(3, penalty=0.01), JointDistributionAdaptation(3, penalty=0.01)):
        adapted = AlignedClassifier(mapping, KNeighborsClassifier(1), source=SOURCE).fit(moved)
        assert adapted.score(moved, WORDS[YT]) > 0.9 > plain.score(moved, WORDS[YT])


def test_generators_come_from_seeds_states_and_generators() -> None:
    own = np.random.default_rng(3)
    assert generator(own) is own
    assert generator(None).random() == generator(0).random() != generator(1).random()
    state = np.random.RandomState(0)
    assert generator(state).random() != generator(state).random()


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("method", [TransferComponentAnalysis, TransferJointMatching])
def test_a_penalised_model_behind_components_sees_them_whatever_the_units(method: Any, size: float) -> None:
    rng = np.random.default_rng(3)
    y = np.arange(120) % 3
    books = rng.normal(0, 0.3, (120, 8)) + np.eye(8)[y]
    films = rng.normal(0, 0.3, (120, 8)) + np.eye(8)[y] + 0.4
    mapping = method(3, penalty=0.01)
    aligned = AlignedClassifier(mapping, LogisticRegression(), source=Source(size * books, y)).fit(size * films)
    assert aligned.score(size * films, y) > 0.95

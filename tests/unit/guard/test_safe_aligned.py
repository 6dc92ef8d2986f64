"""The safe choice among mappings: takes what is clearly better, falls back where the evidence is thin."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OutputCodeClassifier
from sklearn.neighbors import KNeighborsClassifier

from headstart import (
    CORAL,
    AlignedClassifier,
    GradualSelfTrainingClassifier,
    RegularTransferRegressor,
    SafeAlignedClassifier,
    SafeAlignedRegressor,
    Source,
    SubspaceAlignment,
)
from headstart.errors import DataError, ParameterError
from headstart.math.statistics.comparison import mcnemar_exact


def domains(seed: int = 0, n: int = 240) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two bundles; the target's are stretched, so that a threshold of the source is wrong for them."""
    rng = np.random.default_rng(seed)
    y, z = np.arange(n) % 2, rng.permutation(np.arange(n) % 2)
    X = rng.normal(size=(n, 2)) * [1.0, 1.0] + 4.0 * y[:, None] * [1.0, 0.0]
    target = rng.normal(size=(n, 2)) + 4.0 * z[:, None] * [1.0, 0.0]
    return X, np.array(["no", "yes"])[y], target * [1.0, 5.0] + [9.0, 0.0], np.array(["no", "yes"])[z]


def topics(seed: int, right: bool) -> tuple[np.ndarray, ...]:
    """Texts of 160 topics, each of one class; the source knows none of them, only five words that both sides share.

    Few topics are among the 160 labelled rows of the target; 2,000 rows have no labels. Where the source's words mean
    the opposite (``right=False``), teaching oneself from it is teaching oneself what is wrong.
    """
    rng = np.random.default_rng(seed)
    topic, kind = rng.integers(160, size=2160), rng.permutation(np.arange(160) % 2)
    y_source, y = np.arange(400) % 2, kind[topic]
    words = rng.normal(size=(400, 5)) + (0.4 if right else -0.4) * (2 * y_source - 1)[:, None]
    here = rng.normal(size=(2160, 5)) + 0.4 * (2 * y - 1)[:, None]
    rows = np.hstack([here, 8.0 * np.eye(160)[topic]])
    return np.hstack([words, np.zeros((400, 160))]), y_source, rows[:160], y[:160], rows[160:], y[160:]


def test_self_training_is_taken_where_it_wins() -> None:
    X, y, target, labels, unlabelled, truth = topics(0, right=True)
    safe = SafeAlignedClassifier(source=Source(X, y), unlabelled=unlabelled).fit(target, labels)
    names = [row["name"] for row in safe.evidence_]
    assert names[:4] == ["no transfer", "source alone", "pooled", "balanced pool"]
    assert names[4:9] == ["linear Monge", "CORAL", "subspace alignment", "JDA", "self-training"]
    assert names[9:] == ["mSDA", "feature augmentation", "PRED"]
    assert safe.chosen_ == "self-training" and isinstance(safe.best_estimator_, GradualSelfTrainingClassifier)
    assert safe.evidence_[8]["gain"] > 0.05 and safe.evidence_[8]["p_value"] < 0.01
    assert [row["name"] for row in safe.evidence_ if row["weight"] > 0] == ["self-training"]
    pooled = LogisticRegression(max_iter=1000).fit(np.vstack([X, target]), np.concatenate([y, labels]))
    assert safe.score(unlabelled, truth) > pooled.score(unlabelled, truth) + 0.03


def test_self_training_is_not_taken_where_it_would_hurt() -> None:
    X, y, target, labels, unlabelled, truth = topics(0, right=False)
    borrowed = {"source": Source(X, y), "unlabelled": unlabelled}
    safe = SafeAlignedClassifier(**borrowed).fit(target, labels)
    row = safe.evidence_[8]
    assert row["name"] == "self-training" and row["weight"] == 0.0 and row["gain"] < -0.1 and not row["accepted"]
    assert safe.evidence_[0]["name"] == "no transfer" and safe.evidence_[0]["weight"] > 0.8
    hurt = GradualSelfTrainingClassifier(LogisticRegression(max_iter=1000), **borrowed).fit(target, labels)
    assert safe.score(unlabelled, truth) > hurt.score(unlabelled, truth) + 0.1


def test_self_training_needs_an_estimator_that_says_how_sure_it_is() -> None:
    X, y, target, truth = domains(8)
    silent = OutputCodeClassifier(LogisticRegression(), random_state=0)
    safe = SafeAlignedClassifier(silent, source=Source(X, y)).fit(target[:60], truth[:60])
    assert "self-training" not in {row["name"] for row in safe.evidence_}
    assert len(safe.evidence_) == 10 and "balanced pool" not in {row["name"] for row in safe.evidence_}


def test_methods_that_predict_may_be_listed_with_mappings() -> None:
    X, y, target, truth = domains(9)
    own = GradualSelfTrainingClassifier(LogisticRegression(C=3.0), rounds=2)
    listed = {"mine": own, "with the estimator": GradualSelfTrainingClassifier(), "CORAL": CORAL(regularisation=0.0)}
    safe = SafeAlignedClassifier(mappings=listed, source=Source(X, y)).fit(target)
    built = safe._candidates(False, safe.source)
    assert built["mine"].estimator.C == 3.0 and built["mine"].rounds == 2 and built["mine"].source is safe.source
    assert built["with the estimator"].estimator.C == 1.0 and own.source is None
    assert len(safe.evidence_) == 4 and safe.chosen_ == "CORAL" and safe.score(target, truth) > 0.9
    rng = np.random.default_rng(9)
    rows = rng.normal(size=(60, 2))
    numbers = SafeAlignedRegressor(
        mappings=[RegularTransferRegressor()], source=Source(rows[20:], rows[20:].sum(axis=1))
    )
    assert numbers.fit(rows[:20], rows[:20].sum(axis=1)).evidence_[-1]["name"] == "RegularTransferRegressor"


def test_a_mapping_that_brings_the_labels_back_is_taken() -> None:
    X, y, target, truth = domains()
    safe = SafeAlignedClassifier(mappings=[CORAL(regularisation=0.0)], source=Source(X, y)).fit(target)
    assert safe.chosen_ == "CORAL" and safe.score(target, truth) > 0.9
    plain, row = safe.evidence_
    assert not plain["accepted"] and row["accepted"] and row["gain"] > 0.3 and row["p_value"] < 1e-6


def test_the_evidence_is_an_exact_test_on_the_same_rows() -> None:
    X, y, target, _ = domains(1)
    safe = SafeAlignedClassifier(mappings={"a": CORAL(), "b": SubspaceAlignment(1)}, source=Source(X, y)).fit(target)
    said, truth = safe._circular(safe._candidates(False, safe.source), target)
    right = {name: answers == truth for name, answers in said.items()}
    for row in safe.evidence_[1:]:
        expected = min(1.0, 2 * mcnemar_exact(right[row["name"]], right["no transfer"]))
        assert row["p_value"] == pytest.approx(expected)


def test_without_evidence_nothing_is_transferred() -> None:
    X, y, _, _ = domains(2)
    safe = SafeAlignedClassifier(source=Source(X, y)).fit(X + 0.01)
    assert safe.chosen_ == "no transfer"
    plain = LogisticRegression(max_iter=1000).fit(X, y)
    assert np.array_equal(safe.predict(X), plain.predict(X))
    assert np.allclose(safe.predict_proba(X), plain.predict_proba(X))


def test_a_few_labels_of_the_target_are_compared_on_its_folds() -> None:
    X, y, target, truth = domains(3)
    safe = SafeAlignedClassifier(source=Source(X, y)).fit(target[:60], truth[:60])
    assert {"no transfer", "source alone", "pooled", "CORAL"} <= {row["name"] for row in safe.evidence_}
    assert safe.chosen_ == "no transfer" and safe.score(target[60:], truth[60:]) > 0.9
    few = SafeAlignedClassifier(source=Source(target[60:], truth[60:])).fit(target[:10], truth[:10])
    assert few.chosen_ == "mixture" and few.score(target[60:], truth[60:]) > 0.9
    assert sum(row["weight"] for row in few.evidence_ if row["plain"]) > 0.9


def test_numbers() -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(150, 2))
    y = X @ [1.0, 2.0]
    safe = SafeAlignedRegressor(source=Source(X, y)).fit(X[:40] + 0.1, y[:40])
    assert safe.score(X + 0.1, y) > 0.95 and safe.evidence_[0]["score"] > 0.9


def test_the_mixture_is_the_weighted_mean_of_its_parts() -> None:
    X, _, target, truth = domains(3)
    few = SafeAlignedClassifier(source=Source(target[60:], truth[60:])).fit(target[:10], truth[:10])
    mixture, weights = few.best_estimator_, np.array([row["weight"] for row in few.evidence_])
    assert weights.sum() == pytest.approx(1.0) and np.array_equal(mixture.weights, weights[weights > 0])
    chances = np.zeros((len(X), 2))
    for part, weight, heat in zip(mixture.parts, mixture.weights, mixture.temperatures, strict=True):
        even = 0.98 * part.predict_proba(X) + 0.01
        warm = even ** (1 / heat)
        chances += weight * warm / warm.sum(axis=1, keepdims=True)
    assert np.allclose(few.predict_proba(X), chances)
    assert np.array_equal(few.predict(X), few.classes_[chances.argmax(axis=1)])
    again = pickle.loads(pickle.dumps(few))
    assert np.array_equal(again.predict_proba(X), few.predict_proba(X))


def test_numbers_that_neither_side_gets_right_are_averaged() -> None:
    rng = np.random.default_rng(10)
    X, here = rng.normal(size=(200, 3)), rng.normal(size=(12, 3))
    y, values = X @ [1.0, 2.0, 0.0], here @ [1.0, 2.0, 1.0] + rng.normal(size=12)
    safe = SafeAlignedRegressor(source=Source(X, y)).fit(here, values)
    mixture = safe.best_estimator_
    assert safe.chosen_ == "mixture" and mixture.weights.sum() == pytest.approx(1.0)
    said = sum(w * part.predict(X) for w, part in zip(mixture.weights, mixture.parts, strict=True))
    assert np.allclose(safe.predict(X), said)


def test_no_source_is_the_estimator_alone() -> None:
    X, y, _, _ = domains(5)
    safe = SafeAlignedClassifier().fit(X, y)
    assert safe.chosen_ == "no transfer" and safe.evidence_ == []
    assert np.allclose(safe.predict_proba(X), LogisticRegression(max_iter=1000).fit(X, y).predict_proba(X))


def test_frames_and_preprocessing_reach_every_candidate() -> None:
    from sklearn.preprocessing import StandardScaler

    X, y, target, truth = domains(6)
    frame, other = (pd.DataFrame(rows, columns=["a", "b"]) for rows in (X, target))
    settings = {"preprocess": StandardScaler(), "preprocess_scope": "per-domain"}
    safe = SafeAlignedClassifier(mappings=[SubspaceAlignment(1)], source=Source(frame, y), **settings).fit(other)
    assert safe.feature_names_in_.tolist() == ["a", "b"] and safe.score(other, truth) > 0.9


def test_what_is_no_list_of_mappings_is_refused() -> None:
    X, y, target, _ = domains(7)
    for wrong in ([LogisticRegression()], [CORAL(), CORAL()], {"pooled": CORAL()}, {"source alone": CORAL()}):
        with pytest.raises(ParameterError, match="Expected mappings, each with its own name"):
            SafeAlignedClassifier(mappings=wrong, source=Source(X, y)).fit(target)
    with pytest.raises(ParameterError, match="where they are for classification"):
        SafeAlignedClassifier(mappings=[RegularTransferRegressor()], source=Source(X, y)).fit(target)
    with pytest.raises(ParameterError, match="Expected source as an argument of the safe choice"):
        SafeAlignedClassifier(mappings=[CORAL(source=Source(X, y))], source=Source(X, y)).fit(target)
    with pytest.raises(ParameterError, match="Expected level"):
        SafeAlignedClassifier(level=2.0, source=Source(X, y)).fit(target)
    assert AlignedClassifier(CORAL(), source=Source(X, y)).fit(target).score(target, y) >= 0


def test_a_handful_a_class_is_not_judged_by_folds_that_lack_a_row_of_the_class_asked_for() -> None:
    """Ten classes with three rows each in many dimensions, and a source that knows half as much."""
    differences = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        means = 1.3 * rng.normal(size=(10, 30))
        other = 0.5 * means + 1.0 * rng.normal(size=(10, 30))

        def rows(centres: np.ndarray, a_class: int, rng: np.random.Generator = rng) -> tuple[np.ndarray, np.ndarray]:
            y = np.arange(10).repeat(a_class)
            return centres[y] + 2.0 * rng.normal(size=(len(y), 30)), y

        (X, y), (new, truth), source = rows(means, 3), rows(means, 60), Source(*rows(other, 15))
        safe = SafeAlignedClassifier(mappings=[], source=source).fit(X, y)
        assert safe._n_folds(y) == 3
        differences.append(safe.score(new, truth) - LogisticRegression(max_iter=1000).fit(X, y).score(new, truth))
    assert np.mean(differences) > -0.01 and min(differences) > -0.06


def drawn(seed: int = 0, n: int = 30) -> tuple[np.ndarray, np.ndarray, Source]:
    """Rows of a target, their labels, and a source that knows part of it."""
    rng = np.random.default_rng(seed)
    y, z = np.arange(n) % 2, np.arange(80) % 2
    X, other = (rng.normal(size=(len(c), 3)) + 1.5 * c[:, None] * [1.0, 0.5, 0.0] for c in (y, z))
    return X, y, Source(other + np.array([0.5, 0.0, 0.0]), z)


@pytest.mark.parametrize("make", [SafeAlignedClassifier, SafeAlignedRegressor])
def test_weights_of_one_are_no_weights_and_a_row_of_weight_0_is_left_out(make: type) -> None:
    X, y, source = drawn()
    y = y if make is SafeAlignedClassifier else X @ [1.0, 2.0, 3.0]
    source = source if make is SafeAlignedClassifier else Source(source.X, source.X @ [1.0, 2.0, 2.0])
    plain = make(source=source).fit(X, y)
    ones = make(source=source).fit(X, y, sample_weight=[1] * len(X))
    assert ones.evidence_ == plain.evidence_ and np.array_equal(ones.predict(X), plain.predict(X))
    some = np.where(np.arange(len(X)) % 5 == 0, 0.0, 1.0)
    left_out = make(source=source).fit(X[some > 0], y[some > 0])
    zeros = make(source=source).fit(pd.DataFrame(X).to_numpy(), y, some)
    assert zeros.evidence_ == left_out.evidence_ and np.array_equal(zeros.predict(X), left_out.predict(X))
    assert make().fit(pd.DataFrame(X, columns=list("abc")), y, some).n_features_in_ == 3


def test_weights_steer_what_is_learned_and_what_is_compared() -> None:
    """A third of the rows are of another kind, where the answer is the opposite: who weighs more is who is right."""
    X, y, source = drawn(1, 60)
    y = np.where(np.arange(60) % 3 == 0, 1 - y, y)
    heavy = np.where(np.arange(60) % 3 == 0, 40.0, 1.0)
    right = [
        np.average(SafeAlignedClassifier(source=source).fit(X, y, weight).predict(X) == y, weights=heavy)
        for weight in (None, heavy)
    ]
    assert right[0] < 0.4 < 0.7 < right[1]
    scores = {row["name"]: row["score"] for row in SafeAlignedClassifier(source=source).fit(X, y, heavy).evidence_}
    alone = LogisticRegression(max_iter=1000).fit(source.X, source.y)
    assert scores["source alone"] == pytest.approx(np.average(alone.predict(X) == y, weights=heavy))
    assert scores["source alone"] < 0.5 < scores["no transfer"]


def test_the_scale_of_weights_is_that_of_the_source() -> None:
    """Rows that weigh nothing beside the source leave the source alone in the pool; heavy ones the target alone."""
    X, y, source = drawn(2)
    pooled = {}
    for scale in (1e-6, 1e6):
        safe = SafeAlignedClassifier(source=source).fit(X, 1 - y, np.full(len(X), scale))
        pooled[scale] = {row["name"]: row["score"] for row in safe.evidence_}["pooled"]
    assert pooled[1e-6] < 0.4 and pooled[1e6] > 0.6


def test_candidates_that_take_no_weights_learn_without_and_are_named() -> None:
    X, y, source = drawn(3)
    weight = np.linspace(1, 2, len(X))
    safe = SafeAlignedClassifier(source=source).fit(X, y, weight)
    assert safe.notes_ == ("These take no weights and learned without them: self-training.",)
    near = SafeAlignedClassifier(KNeighborsClassifier(3), source=source, mappings=[CORAL()]).fit(X, y, weight)
    assert near.notes_ == ("These take no weights and learned without them: no transfer, pooled, CORAL.",)
    assert SafeAlignedClassifier(source=source).fit(X, y).notes_ == ()


def test_weights_that_cannot_be_used_are_refused_in_words() -> None:
    X, y, source = drawn(4)
    safe = SafeAlignedClassifier(source=source)
    with pytest.raises(
        DataError, match=r"Expected labels y with sample_weight, found y=None\. Leave sample_weight out"
    ):
        safe.fit(X, sample_weight=np.ones(len(X)))
    with pytest.raises(DataError, match="Expected a weight for each of 30 rows, found an array of shape"):
        safe.fit(X, y, np.ones(29))
    for wrong in (-1.0, np.nan, np.inf):
        with pytest.raises(DataError, match="Expected weights of rows of zero or more, not all zero"):
            safe.fit(X, y, np.r_[wrong, np.ones(29)])
    with pytest.raises(DataError, match="not all zero"):
        safe.fit(X, y, np.zeros(30))

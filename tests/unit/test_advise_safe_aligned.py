"""The safe choice among mappings: takes what is clearly better, falls back where the evidence is thin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from headstart import CORAL, AlignedClassifier, SafeAlignedClassifier, SafeAlignedRegressor, Source, SubspaceAlignment
from headstart.errors import ParameterError
from headstart.math.comparison import mcnemar_exact


def domains(seed: int = 0, n: int = 240) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two bundles; the target's are stretched, so that a threshold of the source is wrong for them."""
    rng = np.random.default_rng(seed)
    y, z = np.arange(n) % 2, rng.permutation(np.arange(n) % 2)
    X = rng.normal(size=(n, 2)) * [1.0, 1.0] + 4.0 * y[:, None] * [1.0, 0.0]
    target = rng.normal(size=(n, 2)) + 4.0 * z[:, None] * [1.0, 0.0]
    return X, np.array(["no", "yes"])[y], target * [1.0, 5.0] + [9.0, 0.0], np.array(["no", "yes"])[z]


def test_a_mapping_that_brings_the_labels_back_is_taken() -> None:
    X, y, target, truth = domains()
    safe = SafeAlignedClassifier(mappings=[CORAL(regularisation=0.0)], source=Source(X, y)).fit(target)
    assert safe.chosen_ == "CORAL" and safe.score(target, truth) > 0.9
    plain, row = safe.evidence_
    assert not plain["accepted"] and row["accepted"] and row["gain"] > 0.3 and row["p_value"] < 1e-6


def test_the_evidence_is_an_exact_test_on_the_same_rows() -> None:
    X, y, target, _ = domains(1)
    safe = SafeAlignedClassifier(mappings={"a": CORAL(), "b": SubspaceAlignment(1)}, source=Source(X, y)).fit(target)
    said, truth = safe._circular(safe._candidates(False, True), target)
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
    assert few.chosen_ in ("no transfer", "source alone", "pooled")


def test_numbers() -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(150, 2))
    y = X @ [1.0, 2.0]
    safe = SafeAlignedRegressor(source=Source(X, y)).fit(X[:40] + 0.1, y[:40])
    assert safe.score(X + 0.1, y) > 0.95 and safe.evidence_[0]["score"] > 0.9


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
    for wrong in ([LogisticRegression()], [CORAL(), CORAL()], {"pooled": CORAL()}):
        with pytest.raises(ParameterError, match="Expected mappings, each with its own name"):
            SafeAlignedClassifier(mappings=wrong, source=Source(X, y)).fit(target)
    with pytest.raises(ParameterError, match="Expected level"):
        SafeAlignedClassifier(level=2.0, source=Source(X, y)).fit(target)
    assert AlignedClassifier(CORAL(), source=Source(X, y)).fit(target).score(target, y) >= 0

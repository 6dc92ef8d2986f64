"""Who is measured again, what the mixture is made of, and what is not fitted twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from headstart import SafeTransferClassifier, Source
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.pooling import PooledClassifier
from headstart.guard.comparing.curves import learning_curve
from headstart.guard.comparing.journal import Journal
from headstart.guard.comparing.out_of_fold import out_of_fold


def rows(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    return X, (X[:, 0] + X[:, 1] + 0.5 * rng.normal(size=n) > 0).astype(int)


def safe(n: int, **options: Any) -> SafeTransferClassifier:
    source, guess = Source(*rows(200, 1)), DummyClassifier(strategy="prior")
    candidates = {
        "alone": LogisticRegression(),
        "guess": guess,
        "pooled": PooledClassifier(source=source),
        "pooled guess": PooledClassifier(guess, source=source),
        "pooled, few columns": PooledClassifier(LogisticRegression(C=1e-6), source=source),
    }
    return SafeTransferClassifier(source, candidates=candidates, n_splits=3, **options).fit(*rows(n, 2))


def ran(model: SafeTransferClassifier) -> dict[str, Any]:
    """The plan as it was carried out, but for what of it was timed."""
    return {key: value for key, value in model.evidence_["plan"].items() if key != "floor"}


def test_who_cannot_win_is_measured_once_and_is_no_part_of_the_mixture() -> None:
    model = safe(90)
    found = {row["name"]: row["n_repeats"] for row in model.evidence_["candidates"]}
    assert found["alone"] == found["pooled"] == found["blend"] == 2
    assert found["guess"] == found["pooled guess"] == 1
    words = next(row["words"] for row in model.evidence_["candidates"] if row["name"] == "blend")
    assert "pooled" in words and "guess" not in words
    again, repeated = safe(90), safe(90, plan=model.evidence_["plan"])
    new = rows(50, 3)[0]
    assert repeated.evidence_["plan"] == model.evidence_["plan"]
    for other in (again, repeated):
        assert ran(other) == ran(model)
        assert np.array_equal(other.predict_proba(new), model.predict_proba(new))


def test_of_many_rows_one_cross_validation_tells_and_who_is_behind_stops() -> None:
    model = safe(520)
    assert {row["n_repeats"] for row in model.evidence_["candidates"]} == {1}
    words = {entry["name"]: entry["words"] for entry in model.evidence_["left_out"]}
    assert (
        "stopped after 1 of 3 folds" in words["pooled guess"]
        and "behind pooled on the same examples" in words["pooled guess"]
    )
    repeated = safe(520, plan=model.evidence_["plan"])
    assert repeated.evidence_["plan"] == model.evidence_["plan"] and ran(safe(520)) == ran(model)


@pytest.mark.parametrize("fits", [None, 4])
def test_the_end_of_a_curve_is_known_already(fits: int | None) -> None:
    X, y = rows(60, 4)
    given = Material(X, y, "classification")
    candidate = Candidate("line", LogisticRegression(), False, "a line")
    splits = [(np.setdiff1d(np.arange(60), np.arange(f, 60, 3)), np.arange(f, 60, 3)) for f in range(3)]
    whole, _ = out_of_fold(candidate, given, splits, Journal(), name="line")
    known = learning_curve(candidate, given, splits, whole=whole, fits=fits)
    assert known == learning_curve(candidate, given, splits, fits=fits)
    assert known is not None and known["n"] == [10, 20, 40] and known["n_splits"] == (3 if fits is None else 2)

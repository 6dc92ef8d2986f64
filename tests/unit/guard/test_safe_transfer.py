"""The guard on pictures, tables, several labels and numbers; its errors; what it leaves out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from tiny_pictures import pictures, source

from headstart.errors import DataError, ParameterError, SourceError
from headstart.guard.safe_transfer import SafeTransferClassifier, SafeTransferRegressor
from headstart.parameters.transfer import TransferClassifier


@pytest.fixture(scope="module")
def fitted() -> SafeTransferClassifier:
    X, y = pictures(40)
    candidates = {
        "head": TransferClassifier(source(), head="linear", random_state=0),
        "all": TransferClassifier(source(), train="all", epochs=2, random_state=0),
        "neighbours": KNeighborsClassifier(3),
        "silly": DummyClassifier(),
    }
    return SafeTransferClassifier(source(), candidates=candidates, n_splits=3).fit(X, y)


def test_predictions(fitted: SafeTransferClassifier) -> None:
    X, y = pictures(20, seed=1)
    assert fitted.classes_.tolist() == ["blue", "red"]
    p = fitted.predict_proba(X)
    assert p.shape == (20, 2) and p.sum(axis=1) == pytest.approx(1)
    assert np.array_equal(fitted.predict(X), fitted.classes_[p.argmax(axis=1)])
    assert fitted.score(X, y) > 0.8


def test_evidence_is_plain_and_complete(fitted: SafeTransferClassifier) -> None:
    evidence = json.loads(json.dumps(fitted.evidence_, allow_nan=False))
    assert evidence == fitted.evidence_
    assert {c["name"] for c in evidence["candidates"]} == {"head", "all", "neighbours", "silly"}
    assert sum(c["chosen"] for c in evidence["candidates"]) == 1
    assert evidence["data"]["n_per_class"] == {"blue": 20, "red": 20}
    assert evidence["source"]["name"] == "tiny"
    assert np.sum(evidence["confusion"]["matrix"]) == 40
    assert evidence["metrics"]["temperature"] == pytest.approx(fitted.temperature_)
    low, high = evidence["estimate"]["interval"]
    assert low <= evidence["estimate"]["value"] <= high
    assert evidence["verdict"]["word"] == fitted.verdict_


def test_scikit_learns_estimators_get_the_networks_features(fitted: SafeTransferClassifier) -> None:
    rows = {c["name"]: c for c in fitted.evidence_["candidates"]}
    assert rows["neighbours"]["transfer"] and rows["head"]["transfer"]
    assert rows["silly"]["score"] < rows["neighbours"]["score"]


def test_without_a_source_they_get_simple_picture_features() -> None:
    X, y = pictures(24)
    model = SafeTransferClassifier(candidates=[("c", LogisticRegression())], n_splits=2).fit(X, y)
    assert not model.evidence_["candidates"][0]["transfer"]
    assert model.verdict_ == "cannot tell"
    assert model.score(X, y) > 0.9


def test_what_does_not_fit_is_left_out_with_its_price() -> None:
    X, y = pictures(24)
    slow = TransferClassifier(source(), train="all", epochs=100_000)
    model = SafeTransferClassifier(source(), candidates={"head": TransferClassifier(source()), "slow": slow}, budget=20)
    left = model.fit(X, y).evidence_["left_out"]
    assert [entry["name"] for entry in left] == ["slow"]
    assert left[0]["seconds"] > 20 and "--budget" in left[0]["words"]


def test_the_standard_list_runs_within_a_small_budget() -> None:
    X, y = pictures(30)
    model = SafeTransferClassifier(source(n_examples=10), budget=15, n_splits=2).fit(X, y)
    names = {c["name"] for c in model.evidence_["candidates"]} | {c["name"] for c in model.evidence_["left_out"]}
    assert {"edges and colours", "random features", "head", "linear head", "all layers", "from scratch"} <= names
    checks = {f["check"]: f["verdict"] for f in model.evidence_["before"]["findings"]}
    assert checks["size of the source"] == "against"
    assert model.evidence_["before"]["words"].startswith("No gain is to be expected from this source")
    outcome = model.evidence_["before"]["outcome"]
    assert outcome.startswith("Before: no gain is to be expected from this source. It came out as: ")


def test_several_labels() -> None:
    X, y = pictures(40)
    Y = np.column_stack([y == "red", np.arange(40) < 20]).astype(int)
    X[:20] = X[:20] // 3
    model = SafeTransferClassifier(
        source(), candidates={"head": TransferClassifier(source()), "k": KNeighborsClassifier(3)}, n_splits=2
    ).fit(X, Y)
    assert model.predict(X).shape == (40, 2) and model.predict_proba(X).shape == (40, 2)
    assert model.evidence_["estimate"]["metric"] == "example_f1"
    assert {"exact_match", "macro_f1", "average_precision"} <= model.evidence_["metrics"].keys()
    assert model.evidence_["metrics"]["example_f1"] > 0.8


def test_numbers() -> None:
    rng = np.random.default_rng(0)
    y = rng.random(40)
    X = (rng.integers(0, 60, (40, 32, 32, 3)) + 180 * y[:, None, None, None]).astype(np.uint8)
    model = SafeTransferRegressor(source(), candidates={"ridge": Ridge(1e-3)}, n_splits=2).fit(X[:30], y[:30])
    assert model.score(X[30:], y[30:]) > 0.8
    assert {"r2", "mae", "rmse"} == model.evidence_["metrics"].keys()
    assert model.evidence_["mistakes"][0]["probability"] is None


def test_tables_and_cross_validation() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 4))
    y = np.where(X[:, 0] + 0.3 * rng.normal(size=80) > 0, "a", "b")
    model = SafeTransferClassifier(n_splits=3)
    assert cross_val_score(model, X, y, cv=2).mean() > 0.8
    assert clone(SafeTransferClassifier(source())).source is not None


def test_groups_stay_together(monkeypatch: pytest.MonkeyPatch) -> None:
    from headstart.guard.comparing import run

    seen = []
    original = run.out_of_fold

    def spy(candidate, material, splits, *rest, **named):  # type: ignore[no-untyped-def]
        seen.extend((set(material.groups[a]) & set(material.groups[b])) for a, b in splits)
        return original(candidate, material, splits, *rest, **named)

    monkeypatch.setattr(run, "out_of_fold", spy)
    X, y = pictures(48)
    groups = np.array([f"patient {k}" for k in np.arange(48) // 4])
    model = SafeTransferClassifier(candidates={"k": KNeighborsClassifier(3)}, n_splits=3).fit(X, y, groups=groups)
    assert seen and not any(seen)
    assert model.evidence_["data"]["n_groups"] == 12


def test_the_same_seed_gives_the_same_model() -> None:
    X, y = pictures(24)
    made = [
        SafeTransferClassifier(source(), candidates={"h": TransferClassifier(source(), random_state=0)}, n_splits=2)
        for _ in range(2)
    ]
    first, second = (model.fit(X, y).predict_proba(X) for model in made)
    assert np.array_equal(first, second)


def test_a_run_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = pictures(24)
    folder = tmp_path / "progress"

    def model() -> SafeTransferClassifier:
        candidates = {"h": TransferClassifier(source(), random_state=0), "k": KNeighborsClassifier(3)}
        return SafeTransferClassifier(source(), candidates=candidates, n_splits=2, checkpoint=folder)

    whole = SafeTransferClassifier(
        source(),
        candidates={"h": TransferClassifier(source(), random_state=0), "k": KNeighborsClassifier(3)},
        n_splits=2,
    ).fit(X, y)
    from headstart.guard.comparing import out_of_fold as evaluate

    original, calls = evaluate.fit_on, []

    def stops(*args, **named):  # type: ignore[no-untyped-def]
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return original(*args, **named)

    monkeypatch.setattr(evaluate, "fit_on", stops)
    with pytest.raises(KeyboardInterrupt):
        model().fit(X, y)
    assert len(list(folder.glob("*.npz"))) == 3
    again = model().fit(X, y)
    assert np.array_equal(again.predict_proba(X), whole.predict_proba(X))
    assert [c["score"] for c in again.evidence_["candidates"]] == [c["score"] for c in whole.evidence_["candidates"]]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"budget": 0}, "Expected budget to be a number above 0, found 0"),
        ({"n_splits": 1}, "Expected n_splits to be a whole number of at least 2, found 1"),
        ({"candidates": []}, "Expected one candidate or more"),
        ({"candidates": ["head"]}, "Expected candidates as a dict or list of (name, estimator), found 'head'"),
    ],
)
def test_wrong_arguments(settings: dict[str, object], words: str) -> None:
    X, y = pictures(12)
    with pytest.raises(ParameterError) as error:
        SafeTransferClassifier(**settings).fit(X, y)  # type: ignore[arg-type]
    assert words in str(error.value)


def test_wrong_data() -> None:
    X, y = pictures(12)
    with pytest.raises(DataError, match="Expected two classes or more, found one class"):
        SafeTransferClassifier().fit(X, ["a"] * 12)
    with pytest.raises(DataError, match="Expected a label for each of 12 pictures, found 5"):
        SafeTransferClassifier().fit(X, y[:5])
    with pytest.raises(DataError, match="Expected 4 labelled examples or more"):
        SafeTransferClassifier().fit(X[:3], y[:3])
    with pytest.raises(SourceError, match="Expected pictures, because the source takes pictures"):
        SafeTransferClassifier(source()).fit(np.zeros((12, 4)), y)
    with pytest.raises(DataError, match="Expected finite numbers as targets"):
        SafeTransferRegressor().fit(X, np.full(12, np.nan))
    model = SafeTransferClassifier(n_splits=2).fit(np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2)
    with pytest.raises(DataError, match="Expected rows of numbers, as in fit"):
        model.predict(X)


def test_the_price_holds_all_that_is_learned_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from headstart.data.pictures.pictures import as_pictures
    from headstart.guard.candidates.candidate import Candidate
    from headstart.guard.candidates.material import Material
    from headstart.guard.comparing import pricing
    from headstart.guard.comparing.journal import Journal

    X, y = pictures(60)
    material = Material(as_pictures(X), y, "classification")
    tuned = TransferClassifier(source(), train="last:1")
    monkeypatch.setattr("headstart.parameters.tuning.price.predict_parts", lambda estimator, n, *_: (n / 4, n / 2))
    plain = pricing.price_of(Candidate("one", tuned, True, "one", dear=True), material, 5, 600.0, Journal())
    assert (plain.once, plain.fold, plain.refit) == pytest.approx((60 / 4, 48 / 2, 60 / 2))
    assert plain.folds(5) == pytest.approx(60 / 4 + 5 * 48 / 2)
    more = Candidate("more", tuned, True, "more", dear=True, final_rows=4.0, final_fits=3.0)
    assert pricing.price_of(more, material, 5, 600.0, Journal()).refit == pytest.approx(3 * 60 / 4 + 3 * 240 / 2)


def test_a_hopeless_candidate_is_not_even_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    from headstart.data.pictures.pictures import as_pictures
    from headstart.guard.candidates.candidate import named_candidates
    from headstart.guard.candidates.material import Material
    from headstart.guard.comparing import pricing
    from headstart.guard.comparing.journal import Journal

    X, y = pictures(12)
    material = Material(as_pictures(X), y, "classification")
    slow = {"slow": TransferClassifier(source(), train="all", epochs=10**7)}
    monkeypatch.setattr("headstart.parameters.tuning.price.predict_parts", None)
    price = pricing.price_of(named_candidates(slow, features_borrowed=True)[0], material, 5, 60.0, Journal())
    assert price.folds(5) > 240 and price.refit > price.fold
    assert pricing.rough_seconds(TransferClassifier(source(), train="last:1"), 100, material) == 0.0


def test_in_a_hurry_prices_are_rough(monkeypatch: pytest.MonkeyPatch) -> None:
    from headstart.data.pictures.pictures import as_pictures
    from headstart.guard.candidates.candidate import Candidate
    from headstart.guard.candidates.material import Material
    from headstart.guard.comparing import pricing
    from headstart.guard.comparing.journal import Journal

    X, y = pictures(12)
    material = Material(as_pictures(X), y, "classification")
    part = Candidate("part", TransferClassifier(source(), train="last:1"), True, "part", dear=True)
    monkeypatch.setattr("headstart.parameters.tuning.price.predict_parts", None)  # no training step is timed
    assert pricing.price_of(part, material, 5, 20.0, Journal(spent=15.0)).fold > 0

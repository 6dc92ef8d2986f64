"""Tables through the guard: what is borrowed, what is chosen, what is saved, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from safetensors.numpy import load_file
from sklearn.linear_model import Ridge

import headstart
from headstart import SafeTransferClassifier, SafeTransferRegressor, Source
from headstart.errors import DataError, ParameterError, SourceError
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.pooling import PooledClassifier, PooledRegressor
from headstart.guard.comparing.blend import BlendedClassifier, BlendedRegressor, blended_outcome
from headstart.guard.comparing.out_of_fold import Outcome
from headstart.math.statistics.stacking import mixture_weights, posterior_weights
from headstart.models.saving.tables import ARRAYS, STRUCTURE
from headstart.report.write import render


def table(n: int, shift: float, seed: int) -> pd.DataFrame:
    """Patients whose age, pressure and habits tell whether they are ill."""
    rng = np.random.default_rng(seed)
    age, pressure = rng.normal(50 + shift, 12, n).round(0), rng.normal(120, 15, n).round(1)
    smoker, town = rng.choice(["yes", "no"], n), rng.choice(["Ulm", "Bonn", "Kiel"], n)
    risk = 0.08 * (age - 50 - shift) + 0.05 * (pressure - 120) + 1.5 * (smoker == "yes") - 0.7
    frame = pd.DataFrame({"patient_id": seed * 1000 + np.arange(n), "age": age, "pressure": pressure})
    frame = frame.assign(smoker=smoker, town=town, y=np.where(risk > 0, "ill", "well"), risk=risk)
    frame.loc[rng.random(n) < 0.1, "pressure"] = np.nan
    return frame


HERE, THERE, MORE = table(40, 0, 1), table(200, 8, 2), table(60, 0, 3)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's folder, fitted from files."""
    folder = tmp_path_factory.mktemp("tables")
    HERE.drop(columns="risk").to_csv(folder / "here.csv", index=False)
    THERE.drop(columns=["risk", "town"]).assign(ward="A").to_parquet(folder / "there.parquet", index=False)
    MORE.drop(columns=["risk", "y"]).to_excel(folder / "more.xlsx", index=False)
    headstart.fit(
        folder / "here.csv",
        folder / "there.parquet",
        label="y",
        unlabelled=folder / "more.xlsx",
        n_splits=3,
        out=folder / "model",
    )
    return folder


def test_files_become_a_model_with_proof(fitted: Path) -> None:
    model = headstart.load(fitted / "model")
    evidence = model.evidence
    assert model.input_type == "table" and model.classes_.tolist() == ["ill", "well"]
    said = " ".join(evidence["data"]["notes"])
    assert "'patient_id' numbers its rows" in said
    assert "there.parquet lacks the column 'town'" in said and "lacks the column 'ward'" in said
    assert evidence["source"]["sources"] == [{"name": "there.parquet", "n": 200}]
    assert evidence["source"]["n_unlabelled"] >= 58  # of 60, some of which are near labelled ones by chance
    names = {row["name"] for row in evidence["candidates"]}
    assert {"target alone", "trees alone", "source alone", "pooled", "balanced pool", "blend"} <= names
    checks = {finding["check"] for finding in evidence["before"]["findings"]}
    assert {"size of the source", "relatedness", "likeness", "classes"} <= checks
    assert evidence["verdict"]["word"] in ("helps", "no evidence either way", "hurts")
    command = evidence["reproduce"]["command"]
    assert "--label y" in command and "there.parquet" in command and "--unlabelled" in command
    new = table(300, 0, 9)
    assert (model.predict(new) == new["y"]).mean() > 0.75
    assert np.allclose(model.predict_proba(new).sum(axis=1), 1)


def test_the_folder_holds_no_pickle_and_nobody_elses_rows(fitted: Path) -> None:
    held = {path.name for path in (fitted / "model").iterdir()}
    assert held >= {"headstart.json", "evidence.json", STRUCTURE, ARRAYS, "README.md"}
    shapes = [array.shape for array in load_file(fitted / "model" / ARRAYS).values()]
    assert all(shape[:1] != (200,) or len(shape) < 2 for shape in shapes)
    assert "headstart.load" in (fitted / "model" / "README.md").read_text()


def test_the_report_shows_rows_and_what_was_borrowed(fitted: Path) -> None:
    page = render(json.loads((fitted / "model" / "evidence.json").read_text()))
    assert "Labelled rows of other tables." in page and "there.parquet" in page and "<th>age</th>" in page
    assert "The network that transfer starts from" not in page and "rows" in page


def test_frames_and_arrays_in_python() -> None:
    columns = ["age", "pressure", "smoker"]
    model = headstart.fit(
        pl.DataFrame(HERE[[*columns, "y"]].to_dict("list")),
        Source(THERE[columns], THERE["y"], name="there"),
        label="y",
        budget=4,
    )
    assert model.evidence["source"]["name"] == "there" and model.predict(MORE[columns]).shape == (60,)
    with pytest.raises(DataError, match="found none of the name 'pressure'"):
        model.predict(MORE[["age", "smoker"]])
    rng = np.random.default_rng(0)
    X, Xs = rng.normal(size=(30, 3)), rng.normal(size=(90, 3))
    numbers = headstart.fit((X, X @ [1.0, 2, 3]), Source(Xs, Xs @ [1.0, 2, 3]), budget=3)
    assert numbers.task == "regression" and np.corrcoef(numbers.predict(Xs), Xs @ [1.0, 2, 3])[0, 1] > 0.95
    assert numbers.predict([{"x0": 0.0, "x1": 0.0, "x2": 0.0}]).shape == (1,)


def test_a_part_for_the_test_and_groups(tmp_path: Path) -> None:
    frame = HERE.drop(columns="risk").assign(split=["train"] * 30 + ["test"] * 10, who=np.arange(40) // 2)
    model = headstart.fit(frame, None, label="y", group_by="who", budget=3)
    assert model.evidence["test"]["n"] == 10 and model.evidence["data"]["n_groups"] == 15
    assert model.verdict == "cannot tell" and model.evidence["source"] is None


def bad(**changes: Any) -> dict[str, Any]:
    return {"data": HERE.drop(columns="risk"), "source": None, "label": "y"} | changes


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (bad(label="z"), DataError, "Expected a column 'z' with the labels, found the columns 'patient_id'"),
        (bad(data=HERE.assign(y="ill")), DataError, "Expected at least two classes, found one"),
        (bad(data=HERE.assign(y=np.nan)), DataError, "label"),
        (bad(source=THERE.drop(columns="y")), SourceError, "Expected the column 'y' with labels in source 1"),
        (bad(source="starter:pictures"), SourceError, "Expected a table .*found nothing at starter:pictures"),
        (bad(source=3), SourceError, "Expected a table to borrow rows from, found 3"),
        (bad(source=THERE.assign(y="healthy")), SourceError, "Expected classes of the target in .*'healthy'"),
        (bad(data=(np.eye(4), [0, 1, 0, 1])), ParameterError, "Expected label= and group_by= with a table"),
        (bad(unlabelled="none.csv"), SourceError, "found nothing at none.csv"),
    ],
    ids=["label", "one class", "nan", "no labels", "network", "number", "classes", "arrays", "unlabelled"],
)
def test_what_cannot_be_used_is_refused_in_words(arguments: dict[str, Any], kind: type, words: str) -> None:
    with pytest.raises(kind, match=words):
        headstart.fit(arguments.pop("data"), arguments.pop("source"), budget=5, **arguments)


def test_rows_of_other_classes_are_left_out_and_said() -> None:
    source = THERE.assign(y=np.where(np.arange(200) < 20, "unsure", THERE["y"]))
    columns = ["age", "pressure"]
    safe = SafeTransferClassifier(Source(source[columns], source["y"]), budget=3, n_splits=2)
    safe.fit(HERE[columns], HERE["y"])
    assert safe.classes_.tolist() == ["ill", "well"]
    assert "20 rows of the source have classes that the target lacks ('unsure')" in safe.evidence_["data"]["notes"][0]


def test_shuffled_labels_of_a_source_do_no_harm() -> None:
    rng = np.random.default_rng(4)
    X, Xs = rng.normal(size=(60, 4)), rng.normal(size=(300, 4))
    y, new = (X[:, 0] > 0).astype(int), rng.normal(size=(400, 4))
    safe = SafeTransferClassifier(Source(Xs, rng.permutation((Xs[:, 0] > 0).astype(int))), budget=5).fit(X, y)
    alone = SafeTransferClassifier(None, budget=3).fit(X, y)
    truth = (new[:, 0] > 0).astype(int)
    assert safe.score(new, truth) > alone.score(new, truth) - 0.03
    assert safe.verdict_ != "helps"


def test_numbers_with_units_of_their_own_are_standardised_and_plain_ones_are_not() -> None:
    rng = np.random.default_rng(5)
    X, there = rng.normal(size=(2, 30, 3))
    y = X @ [1.0, 1, 1]
    settings = {"candidates": {"plain": Ridge()}, "budget": 3, "n_splits": 2}
    assert SafeTransferRegressor(Source(there, y), **settings).fit(X, y).encoder_ is None
    units = [1, 1, 1000]
    assert SafeTransferRegressor(Source(there * units, y), **settings).fit(X * units, y).encoder_ is not None


def test_pools_are_weighted_as_they_say() -> None:
    source = Source(np.array([[0.0], [1.0]] * 4), np.array([0, 1] * 4))
    X, y = np.array([[0.0], [1.0]]), np.array([1, 0])
    assert PooledClassifier(source=source, target_share=0).fit(X, y).predict(X).tolist() == [0, 1]
    assert PooledClassifier(source=source, target_share=1).fit(X, y).predict_proba(X)[0, 1] > 0.5
    assert np.allclose(PooledClassifier(source=source, target_share=0.5).fit(X, y).predict_proba(X), 0.5)
    numbers = PooledRegressor(source=Source(np.zeros((3, 1)), np.zeros(3)), target_share=0.5)
    assert np.allclose(numbers.fit(np.zeros((1, 1)), [4.0]).predict(np.zeros((1, 1))), 2.0)
    assert np.allclose(PooledRegressor(source=numbers.source).fit(np.zeros((1, 1)), [4.0]).predict([[0.0]]), 1.0)


def test_mixture_weights_are_the_maximum_of_their_objective() -> None:
    rng = np.random.default_rng(6)
    likely = rng.normal(size=(3, 25))

    def value(w: np.ndarray) -> float:
        return float(np.log(w @ np.exp(likely)).sum() + 2.0 / 3 * np.log(w).sum())

    best = mixture_weights(likely, rounds=5000)
    grid = rng.dirichlet(np.ones(3), 4000)
    assert np.isclose(best.sum(), 1) and value(best) >= max(value(w) for w in grid) - 1e-4
    with pytest.raises(DataError, match="finite log-likelihoods"):
        mixture_weights(np.array([[np.nan]]))


def test_held_out_predictions_of_the_mixture_use_no_weight_from_their_own_fold() -> None:
    y, fold = np.array([0, 1, 0, 1, 0, 1]), np.array([0, 0, 1, 1, 2, 2])
    right, wrong = np.eye(2)[y] * 0.8 + 0.1, np.eye(2)[1 - y] * 0.8 + 0.1
    outcomes = [Outcome(Candidate(name, None, False, name), [p]) for name, p in (("a", right), ("b", wrong))]
    before = blended_outcome(outcomes, "classification", y, [fold]).predictions[0]
    flipped = np.where(fold == 0, 1 - y, y)
    after = blended_outcome(outcomes, "classification", flipped, [fold]).predictions[0]
    assert np.allclose(before[:2], after[:2]) and not np.allclose(before[2:], after[2:])
    assert blended_outcome(outcomes[:1], "classification", y, [fold]) is None


def test_mixtures_are_weighted_means() -> None:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    X = np.zeros((4, 1))
    parts = [("a", DummyRegressor(strategy="constant", constant=v)) for v in (1.0, 3.0)]
    assert np.allclose(BlendedRegressor(parts, [3, 1]).fit(X, np.arange(4.0)).predict(X), 1.5)
    classes = [("a", DummyClassifier(strategy="constant", constant=v)) for v in ("x", "y")]
    found = BlendedClassifier(classes, [1, 3]).fit(X, list("xyxy"))
    assert found.predict_proba(X)[0].tolist() == [0.25, 0.75] and found.predict(X)[0] == "y"
    with pytest.raises(ParameterError, match="Expected weights"):
        BlendedClassifier(classes, [-1, 3]).fit(X, list("xyxy"))


def test_a_source_of_one_class_leaves_out_what_cannot_use_it_and_says_so() -> None:
    rng = np.random.default_rng(7)
    X, Xs = rng.normal(size=(24, 3)), rng.normal(size=(40, 3))
    y = (X[:, 0] > 0).astype(int)
    safe = SafeTransferClassifier(Source(Xs, np.zeros(40, dtype=int)), budget=4, n_splits=2).fit(X, y)
    words = {entry["name"]: entry["words"] for entry in safe.evidence_["left_out"]}
    assert "it cannot be used here" in words["source alone"] and safe.score(X, y) > 0.7


def test_posterior_weights_follow_the_prior_and_the_product_of_likelihoods() -> None:
    likely = np.log([[0.5, 0.5], [0.25, 0.5]])
    assert np.allclose(posterior_weights(likely), [2 / 3, 1 / 3])
    assert np.allclose(posterior_weights(likely, prior=np.array([0.2, 0.8])), [1 / 3, 2 / 3])


def test_whole_weights_of_examples_are_repeated_examples_in_a_mixture() -> None:
    rng = np.random.default_rng(12)
    likely, worth = rng.normal(size=(3, 20)), rng.integers(1, 4, size=20)
    expected = mixture_weights(likely.repeat(worth, axis=1))
    assert np.allclose(mixture_weights(likely, sample_weight=worth), expected, atol=1e-6)

"""What guessing gives, and what is said of a model that is hardly better or never gives an answer."""

from __future__ import annotations

import json

import numpy as np
import pytest

from headstart.errors import DataError, GuessingWarning, ParameterError
from headstart.guard.candidates.material import Material
from headstart.guard.evidence.guessing import against_guessing, never_answered, trivial_answer, trivial_evidence
from headstart.guard.evidence.lead import lead
from headstart.guard.safe_transfer import SafeTransferClassifier, SafeTransferRegressor
from headstart.math.statistics.named_metrics import METRICS, metrics_of

Y = np.repeat([0, 1, 2], [50, 30, 20])
SCORES = {
    "accuracy": 0.5,
    "balanced_accuracy": 1 / 3,
    "macro_f1": 2 / 9,
    "auc": 0.5,
    "average_precision": 1 / 3,
    "log_loss": -(0.5 * np.log(0.5) + 0.3 * np.log(0.3) + 0.2 * np.log(0.2)),
    "brier": (1 - 0.25 - 0.09 - 0.04) / 2,
}


@pytest.mark.parametrize("name", metrics_of("classification"))
def test_guessing_classes_by_each_metric(name: str) -> None:
    material = Material(np.zeros((100, 1)), np.array(["a", "b", "c"])[Y], "classification", metric=name)
    found = trivial_evidence(material, ["a", "b", "c"])
    assert found["score"] == pytest.approx(SCORES[name]) and found["metric"] == name
    assert found["words"] == {
        "auc": "ranking by chance",
        "average_precision": "ranking by chance",
        "log_loss": "the share of each class, always",
        "brier": "the share of each class, always",
    }.get(name, "always 'a'")


def test_guessing_numbers() -> None:
    y = np.array([1.0, 2.0, 9.0])
    for name, score, words in (
        ("r2", 0.0, "always the mean, 4"),
        ("rmse", np.sqrt(38 / 3), "always the mean, 4"),
        ("mae", 8 / 3, "always the median, 2"),
    ):
        said, answer = trivial_answer(METRICS[name], "regression", y)
        assert said == words and METRICS[name].value(y, answer) == pytest.approx(score)


def test_guessing_several_labels_takes_as_many_as_score_best() -> None:
    y = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1], [1, 1, 0]])
    words, answer = trivial_answer(METRICS["example_f1"], "multilabel", y, ["x", "y", "z"])
    assert words == "always 'x', 'y'" and answer[0].tolist() == [1, 1, 0]
    assert trivial_answer(METRICS["exact_match"], "multilabel", np.zeros((4, 2), dtype=int))[0] == "never a label"


@pytest.mark.parametrize(
    ("name", "score", "value", "interval", "opening"),
    [
        ("accuracy", 0.952, 0.992, [0.975, 0.997], ""),
        ("accuracy", 0.952, 0.96, [0.93, 0.98], "Not shown to be better than guessing"),
        ("accuracy", 0.952, 0.93, [0.9, 0.96], "Worse than guessing"),
        ("r2", 0.0, -0.29, [-0.6, -0.05], "Worse than guessing"),
        ("log_loss", 0.69, 0.3, [0.2, 0.4], ""),
        ("log_loss", 0.69, 0.6, [0.5, 0.8], "Not shown to be better than guessing"),
        ("mae", 2.0, 2.5, [2.1, 3.0], "Worse than guessing"),
    ],
)
def test_better_than_guessing_is_shown_by_the_interval(
    name: str, score: float, value: float, interval: list[float], opening: str
) -> None:
    trivial = {"words": "always the same", "score": score}
    better, words = against_guessing(trivial, {"value": value, "interval": interval}, METRICS[name])
    assert better == (not opening) and words.startswith(opening)


def test_answers_that_are_never_given_are_named_with_the_remedy() -> None:
    material = Material(np.zeros((100, 1)), Y, "classification")
    always = np.eye(3)[np.zeros(100, dtype=int)]
    words = never_answered(material, always, ["well", "ill", "rare"])
    assert words.startswith(
        "The model answers 'well' for every one of 100 held-out rows of numbers, though 30 are 'ill', 20 are"
    )
    assert "--metric balanced_accuracy" in words and "class_weight='balanced'" in words
    some = np.eye(3)[np.arange(100) % 2]
    assert "answers none with 'rare', though 20 are 'rare'" in never_answered(material, some, ["well", "ill", "rare"])
    assert never_answered(material, np.eye(3)[Y], None) == ""


def test_the_first_sentence() -> None:
    guess = {"words": "always 'normal'", "score": 0.952}
    found = lead({"metric": "accuracy", "value": 0.992, "interval": [0.975, 0.998]}, guess, "pictures")
    assert found["words"] == "Right for about 992 of 1,000 new pictures (guessing: 952)."
    assert found["detail"].startswith("With 95% confidence between 975 and 998 of 1,000. Guessing is always 'normal'.")
    none = {"words": "always the mean, 4", "score": 0.0}
    assert lead({"metric": "r2", "value": -0.29, "interval": [-0.5, 0.0]}, none, "rows")["words"] == (
        "R² of about -0.290 on new rows (guessing: 0.000)."
    )
    loss = lead({"metric": "mae", "value": 2.1, "interval": [1.8, 2.4]}, {"words": "x", "score": 4.0}, "clips")
    assert loss["words"] == "Off on average by about 2.100 on new clips (guessing: 4.000)."
    assert loss["detail"].endswith("The smaller, the better.")


def test_noise_is_handed_over_with_a_warning_and_stands_in_the_evidence() -> None:
    rng = np.random.default_rng(0)
    with pytest.warns(GuessingWarning, match="guessing: always the mean"):
        numbers = SafeTransferRegressor(n_splits=3, budget=30).fit(rng.normal(size=(60, 5)), rng.normal(size=60))
    assert numbers.evidence_["trivial"]["better"] is False and numbers.evidence_["warnings"]
    rare = np.where(rng.random(120) < 0.08, "positive", "negative")
    with pytest.warns(GuessingWarning, match="answers 'negative' for every one of 120"):
        classes = SafeTransferClassifier(n_splits=3, budget=30).fit(rng.normal(size=(120, 3)), rare)
    json.dumps(classes.evidence_, allow_nan=False)


def test_what_is_measured_drives_choice_verdict_and_estimate() -> None:
    rng = np.random.default_rng(1)
    y = np.where(rng.random(200) < 0.15, "ill", "well")
    X = rng.normal(size=(200, 4)) + 1.2 * (y == "ill")[:, None]
    usual = SafeTransferClassifier(n_splits=3, budget=30).fit(X, y)
    model = SafeTransferClassifier(n_splits=3, budget=30, metric="balanced_accuracy", class_weight="balanced").fit(X, y)
    evidence = model.evidence_
    assert evidence["estimate"]["metric"] == evidence["verdict"]["metric"] == "balanced_accuracy"
    assert all(row["score"] == pytest.approx(row["balanced_accuracy"]) for row in evidence["candidates"])
    assert evidence["trivial"]["score"] == pytest.approx(0.5)
    assert evidence["metrics"]["balanced_accuracy"] > usual.evidence_["metrics"]["balanced_accuracy"] + 0.03


def test_weights_reach_learning_and_score() -> None:
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(150, 2)), rng.integers(0, 2, 150)
    weight = np.where(np.arange(150) < 40, 1.0, 0.0)
    y[40:] = X[40:, 0] > 0  # easy, and without weight
    model = SafeTransferClassifier(n_splits=3, budget=30, metric="log_loss").fit(X, y, sample_weight=weight)
    plain = SafeTransferClassifier(n_splits=3, budget=30, metric="log_loss").fit(X, y)
    assert model.evidence_["estimate"]["value"] > plain.evidence_["estimate"]["value"] + 0.05


def test_bad_metrics_and_weights_are_refused_at_once() -> None:
    X, y = np.zeros((20, 2)), np.arange(20) % 2
    with pytest.raises(ParameterError, match="Expected a metric for classes, found 'rmse'"):
        SafeTransferClassifier(metric="rmse").fit(X, y)
    with pytest.raises(ParameterError, match="found the unknown class 7"):
        SafeTransferClassifier(class_weight={7: 2.0}).fit(X, y)
    with pytest.raises(ParameterError, match="Expected class_weight None for numbers"):
        SafeTransferRegressor(class_weight="balanced").fit(X, y.astype(float))
    with pytest.raises(ParameterError, match="weights of classes of 0 or more"):
        SafeTransferClassifier(class_weight={0: -1.0}).fit(X, y)
    with pytest.raises(DataError, match="Expected weights of rows of zero or more, not all zero"):
        SafeTransferClassifier().fit(X, y, sample_weight=np.zeros(20))

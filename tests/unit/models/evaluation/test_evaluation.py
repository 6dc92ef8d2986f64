"""A finished model on labelled data: figures, the promise, what it learned from, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from boxed_pictures import scenes
from PIL import Image
from tiny_pictures import pictures

import headstart
from headstart import Boxes, Model
from headstart.errors import DataError, ParameterError
from headstart.guard.baselines.texts import TextBaselineClassifier, TextBaselineRegressor
from headstart.math.statistics.comparison import wilson_interval
from headstart.models.detection_model import DetectionModel
from headstart.models.evaluation.learned import near_ones
from headstart.models.evaluation.promise import kept_promise
from headstart.models.saving.task_models import SeveralTasks
from headstart.report.write import render, write_evidence


def table(n: int, seed: int, *, turned: float = 0.0) -> pd.DataFrame:
    """Rows whose two columns tell the class; of ``turned`` of them the label is the other one."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.4
    X = rng.normal(size=(n, 3)) + 1.6 * y[:, None]
    y = np.where(rng.random(n) < turned, ~y, y)
    return pd.DataFrame(X.round(6), columns=["a", "b", "c"]).assign(
        ward=np.arange(n) // 4, outcome=np.where(y, "ill", "well")
    )


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A model of a table and where it lies."""
    place = tmp_path_factory.mktemp("rows")
    table(160, 0).to_csv(place / "here.csv", index=False)
    model = headstart.fit(place / "here.csv", None, label="outcome", group_by="ward", budget=4, out=place / "model")
    return model, place


@pytest.fixture(scope="module")
def seen() -> Any:
    """A model of pictures."""
    return headstart.fit(pictures(60), None, budget=3)


def test_a_promise_that_holds_is_said_to(rows: tuple[Any, Path]) -> None:
    model, _ = rows
    found = model.evaluate(table(400, 7))
    told = found.evidence["evaluation"]
    assert found.verdict in ("held", "better than promised") and told["n"] == 400
    assert told["promised"]["value"] == model.evidence["estimate"]["value"]
    assert told["interval"][0] < told["value"] < told["interval"][1] and told["low"] < told["difference"] < told["high"]
    assert found.evidence["metrics"]["accuracy"] == pytest.approx(
        (model.predict(table(400, 7)) == table(400, 7)["outcome"]).mean()
    )
    assert {row["name"] for row in told["scores"]} >= {"accuracy", "auc", "log_loss", "brier"}
    assert found.evidence["data"]["n_groups"] == 100  # as where it was fitted
    assert "The promise held" in render(found.evidence) or "Better than promised" in render(found.evidence)


def test_a_promise_that_does_not_hold_is_said_to(rows: tuple[Any, Path]) -> None:
    found = rows[0].evaluate(table(300, 7, turned=0.3))
    assert found.verdict == "did not hold" and found.sentence.startswith("The promise did not hold: accuracy ")
    assert found.evidence["evaluation"]["high"] < 0
    few = rows[0].evaluate(table(12, 7))
    assert few.verdict == "cannot tell" and "12 rows of 3 groups are too few" in few.sentence


def test_what_it_learned_from_is_left_out(rows: tuple[Any, Path]) -> None:
    model, place = rows
    both = pd.concat([table(160, 0).iloc[:50], table(100, 5)], ignore_index=True)
    found = headstart.evaluate(place / "model", both)  # as saved
    assert found.evidence["evaluation"]["overlap"]["n"] == 50 and found.evidence["evaluation"]["n"] == 100
    assert any("50 rows are among what the model learned from" in words for words in found.words)
    alone = model.evaluate(table(100, 5))
    assert found.evidence["metrics"] == alone.evidence["metrics"]
    with pytest.raises(DataError, match=r"did not learn from, found all 160 among what it learned from. Give others"):
        model.evaluate(place / "here.csv")


def test_rows_that_are_equal_by_nature_are_no_copies() -> None:
    rng = np.random.default_rng(0)
    few = pd.DataFrame(rng.integers(0, 2, (200, 4)), columns=list("abcd"))
    y = np.where(few.sum(axis=1) + rng.normal(size=200) > 2, "yes", "no")
    model = headstart.fit(few.assign(y=y), None, label="y", budget=3)
    found = model.evaluate(few.assign(y=y).iloc[:80])
    assert found.evidence["evaluation"]["n"] == 80
    assert any("such rows are no copies, and count" in words for words in found.words)


def test_copies_of_pictures_are_found_and_groups_widen_the_interval(seen: Any) -> None:
    X, y = pictures(60)
    new, of = pictures(80, seed=5)
    found = seen.evaluate((np.concatenate([X[:20], new]), np.concatenate([y[:20], of])))
    assert found.evidence["evaluation"]["overlap"]["n"] == 20 and found.evidence["evaluation"]["n"] == 80
    right = seen.predict(new) == of
    groups = np.char.add(np.where(right, "r", "w"), (np.arange(80) // 8).astype(str))
    alone, grouped = (seen.evaluate((new, of, *more)) for more in ((), (groups,)))
    spans = [np.ptp(one.evidence["evaluation"]["interval"]) for one in (alone, grouped)]
    assert right.all() or spans[1] > spans[0]


def test_near_copies_are_told_by_features() -> None:
    kept = np.random.default_rng(0).normal(size=(100, 64))
    new = np.random.default_rng(1).normal(size=(50, 64))
    assert len(near_ones(new, kept)) == 0
    assert near_ones(np.vstack([kept[3] + 0.05, new]), kept).tolist() == [0]
    assert len(near_ones(new, kept[:5])) == 0


def test_the_threshold_of_the_fit_is_measured_here(rows: tuple[Any, Path]) -> None:
    model, new = rows[0], table(400, 7)
    found = model.evaluate(new, sensitivity=0.9, prevalence=0.02)
    side = found.evidence["evaluation"]["operating"]
    p = model.predict_proba(new)[:, 0]
    ill = (new["outcome"] == "ill").to_numpy()
    assert side["positive"] == "ill" and side["sensitivity"]["promised"][0] >= 0.9
    assert side["sensitivity"]["measured"][0] == pytest.approx((p[ill] >= side["threshold"]).mean())
    assert side["specificity"]["measured"][0] == pytest.approx((p[~ill] < side["threshold"]).mean())
    assert found.evidence["use"]["prevalence"] == 0.02


def test_rows_without_a_label_are_counted_and_take_no_part(rows: tuple[Any, Path]) -> None:
    new = table(60, 3)
    new.loc[:9, "outcome"] = ""
    found = rows[0].evaluate(new)
    assert found.evidence["evaluation"]["n"] == 50 and found.evidence["data"]["unlabelled"] == 10
    assert any("10 of 60 rows have no label" in words for words in found.evidence["data"]["notes"])
    new["outcome"] = ""
    with pytest.raises(DataError, match=r"Expected rows with their labels to evaluate on, found rows without any"):
        rows[0].evaluate(new)


def test_classes_that_it_does_not_know_are_refused_by_name(rows: tuple[Any, Path]) -> None:
    model, new = rows[0], table(60, 3)
    with pytest.raises(DataError, match=r"Expected the classes that the model knows \(ill, well\), found 'dead' \(5"):
        model.evaluate(new.assign(outcome=[*["dead"] * 5, *new["outcome"][5:]]))
    with pytest.raises(DataError, match=r"found 'Ill' .* too. If 'Ill' is 'ill', write it so"):
        model.evaluate(new.assign(outcome=new["outcome"].replace("ill", "Ill")))
    with pytest.raises(DataError, match=r"Expected the labels in the column 'outcome', as the model learned them"):
        model.evaluate(new.rename(columns={"outcome": "result"}))
    assert model.evaluate(new.rename(columns={"outcome": "result"}), label="result").evidence["data"]["n"] == 60
    lacking = model.evaluate(new[new["outcome"] == "well"])
    assert any("There is no 'ill' among the rows" in words for words in lacking.words)
    assert lacking.evidence["use"] is None


def test_groups_that_are_not_there_are_said(rows: tuple[Any, Path]) -> None:
    found = rows[0].evaluate(table(60, 3).drop(columns="ward"))
    words = " ".join(found.evidence["data"]["notes"])
    assert "The model was fitted with groups by 'ward', which has no such column" in words


def test_options_that_cannot_be_are_refused_before_anything_is_read(rows: tuple[Any, Path]) -> None:
    with pytest.raises(
        ParameterError, match=r"Expected options of evaluate, found labels. Did you mean 'label'. Known are boxes"
    ):
        rows[0].evaluate("nowhere.csv", labels="outcome")
    with pytest.raises(ParameterError, match=r"Expected a sensitivity between 0 and 1, found 95"):
        rows[0].evaluate("nowhere.csv", sensitivity=95)
    with pytest.raises(ParameterError, match=r"found 'sick'"):
        rows[0].evaluate("nowhere.csv", positive="sick")


def test_broken_pictures_are_refused_or_left_out(seen: Any, tmp_path: Path) -> None:
    X, y = pictures(40, seed=9)
    for i, (picture, label) in enumerate(zip(X, y, strict=True)):
        (tmp_path / "d" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "d" / label / f"{i}.png")
    (tmp_path / "d" / "red" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(DataError, match=r"bad\.png"):
        seen.evaluate(tmp_path / "d")
    found = seen.evaluate(tmp_path / "d", skip_bad=True)
    assert found.evidence["evaluation"]["n"] == 40 and len(found.evidence["data"]["dropped"]) == 1
    page = write_evidence(found.evidence, tmp_path / "out" / "page.html").read_text(encoding="utf-8")
    assert 'href="../d/' in page  # leads to the files


def test_numbers_and_several_tasks() -> None:
    said = [f"it was {word} and {other}" for word in ("good", "bad") for other in ("quick", "slow", "warm", "cold")] * 5
    stars, tone = np.array([5.0] * 4 + [1.0] * 4), np.array(["pro"] * 4 + ["con"] * 4)
    learned = {"data": {"columns": ["said"]}, "estimate": {"metric": "r2", "value": 0.9, "interval": [0.8, 0.95]}}
    kinds: dict[str, Any] = {
        "stars": Model(
            TextBaselineRegressor().fit(said, np.tile(stars, 5)), learned, task="regression", classes=None,
            input_type="text",
        ),
        "tone": Model(
            TextBaselineClassifier().fit(said, np.tile(tone, 5)), {"data": {"columns": ["said"]}},
            task="classification", classes=["con", "pro"], input_type="text",
        ),
    }  # fmt: skip
    model = SeveralTasks(kinds, {})
    new = pd.DataFrame({"said": said, "stars": np.tile(stars, 5) + np.arange(40) % 3 / 9, "tone": np.tile(tone, 5)})
    found = headstart.evaluate(model, new)
    assert set(found.tasks) == {"stars", "tone"} and found.sentence.startswith("stars: ")
    size = found.tasks["stars"].evidence
    assert size["evaluation"]["metric"] == "r2" and {"mae", "rmse", "r2"} <= set(size["intervals"])
    assert size["trivial"]["score"] == 0 and "R²" in render(size)
    assert found.tasks["tone"].verdict == "cannot tell"  # nothing was promised
    with pytest.raises(ParameterError, match=r"Expected no label with several tasks \(stars, tone\)"):
        model.evaluate(new, label="stars")


class _Finder:
    """Stands in for a fitted detector: finds every second thing, and one that is none in each picture."""

    classes_ = np.array(["disc", "square"])

    def __init__(self, boxes: list[Boxes]) -> None:
        wrong = np.array([[40.0, 30.0, 60.0, 46.0]])
        self.found = [
            Boxes(
                np.concatenate([one.corners[::2], wrong]),
                np.array([*one.labels[::2], "disc"], object),
                np.array([0.9] * len(one.corners[::2]) + [0.6]),
            )
            for one in boxes
        ]

    def predict(self, pictures: Any) -> list[Boxes]:
        return self.found


def test_things_in_pictures() -> None:
    drawn, boxes = scenes(16, seed=3)
    model = DetectionModel(_Finder(boxes), {})
    found = model.evaluate((drawn, boxes))
    score = found.evidence["evaluation"]
    assert score["metric"] == "ap50" and 0 < score["value"] < 1 and score["interval"][0] < score["interval"][1]
    assert [row["class"] for row in found.evidence["detection"]["classes"]] == ["disc", "square"]
    assert any("keeps nothing of its data" in words for words in found.words)
    assert "What it finds, class by class" in render(found.evidence)
    other = [Boxes(one.corners, np.where(one.labels == "disc", "ring", one.labels)) for one in boxes]
    renamed = model.evaluate((drawn, other))
    assert any("Boxes of classes that the model does not find took no part: ring" in words for words in renamed.words)
    with pytest.raises(ParameterError, match=r"with a model of two classes, found one that finds things"):
        model.evaluate((drawn, boxes), prevalence=0.1)


def test_false_alarms_of_the_promise_are_rare() -> None:
    rng, broken = np.random.default_rng(0), 0
    for _ in range(400):
        a, b = rng.binomial(150, 0.85) / 150, rng.binomial(200, 0.85) / 200
        told = {"estimate": {"metric": "accuracy", "value": a, "interval": wilson_interval(150 * a, 150)}}
        broken += kept_promise(told, "accuracy", b, wilson_interval(200 * b, 200), 200, "rows").word == "did not hold"
    assert broken <= 20  # 2.5% are expected

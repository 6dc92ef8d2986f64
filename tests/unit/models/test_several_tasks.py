"""Several tasks through `fit`: a model each, gaps, a target with others beside it, groups, saved and loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import headstart
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.errors import DataError, NoLabels, ParameterError, SourceError
from headstart.models.saving.task_models import SeveralTasks
from headstart.models.several_tasks import _lend, _lent, told_of_tasks
from headstart.report.tasks import tasks_page
from headstart.report.write import write_report


def table(n: int = 120, seed: int = 0) -> pd.DataFrame:
    """Size tells all but the coin; labels have gaps."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    size = X[:, 0] + X[:, 1] + 0.3 * rng.normal(size=n)
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"]).round(4)
    frame["size"] = np.where(rng.random(n) < 0.3, np.nan, size.round(3))
    frame["big"] = np.where(rng.random(n) < 0.5, "", np.where(size > 0, "yes", "no"))
    frame["coin"] = np.where(rng.random(n) < 0.1, "", rng.choice(["heads", "tails"], n))
    return frame


LABELS = ["size", "big", "coin"]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    place = tmp_path_factory.mktemp("tasks")
    table().to_csv(place / "table.csv", index=False)
    model = headstart.fit(place / "table.csv", label=LABELS, budget=20, n_splits=2, out=place / "m")
    return model, place


def test_each_task_has_a_model_of_the_rows_with_its_label(fitted: tuple[Any, Path]) -> None:
    model, _ = fitted
    assert isinstance(model, SeveralTasks) and list(model.models) == LABELS
    rows = {one["name"]: one for one in model.evidence["tasks"]}
    frame = table()
    assert rows["big"]["n"] == (frame["big"] != "").sum() and rows["size"]["n"] == frame["size"].notna().sum()
    assert rows["size"]["metric"] == "r2" and rows["size"]["value"] > 0.7
    assert "coin" in rows["size"]["refused"] and "coin" in rows["big"]["refused"]


def test_it_answers_a_column_a_task(fitted: tuple[Any, Path]) -> None:
    model, _ = fitted
    new = table(30, seed=1)
    said = model.predict(new)
    assert said.columns.tolist() == LABELS and len(said) == 30 and set(said["big"]) <= {"yes", "no"}
    shares = model.predict_proba(new)
    assert shares[0] is None and shares[1].shape == (30, 2)
    assert np.corrcoef(said["size"], new["a"] + new["b"])[0, 1] > 0.9


def test_it_is_saved_whole_and_loaded(fitted: tuple[Any, Path]) -> None:
    model, place = fitted
    found, new = headstart.load(place / "m"), table(10, seed=2)
    pd.testing.assert_frame_equal(found.predict(new), model.predict(new))
    one = headstart.load(place / "m" / "task-2")
    assert one.predict(new).tolist() == found.predict(new)["big"].tolist()
    assert not list((place / "m").rglob("*.pkl"))


def test_the_report_has_a_row_a_task_and_leads_to_each(fitted: tuple[Any, Path]) -> None:
    _, place = fitted
    html = write_report(place / "m").read_text(encoding="utf-8")
    assert all(f"<b>{name}</b></a>" in html and f"task-{i + 1}/report.html" in html for i, name in enumerate(LABELS))
    inner = (place / "m" / "task-1" / "report.html").read_text(encoding="utf-8")
    assert "Other tasks beside the target" in inner and "does not help" in inner


def test_the_command_that_repeats_it_is_the_users(fitted: tuple[Any, Path]) -> None:
    model, _ = fitted
    command = model.evidence["reproduce"]["command"]
    assert "--label size --label big --label coin" in command and "auto" not in command


def test_what_is_asked_of_one_task_names_the_folders(fitted: tuple[Any, Path]) -> None:
    _, place = fitted
    with pytest.raises(DataError, match=r"Expected a model of one task, found models of several: size \(task-1\), big"):
        headstart.check(place / "m", table(30, seed=4), adapt=place / "adapted")


def test_each_task_is_checked_and_the_worst_verdict_counts(fitted: tuple[Any, Path]) -> None:
    _, place = fitted
    new = table(60, seed=4)
    found = headstart.check(place / "m", new.drop(columns=LABELS))
    assert list(found.tasks) == LABELS and all(one.verdict in found.sentence for one in found.tasks.values())
    assert found.tasks["size"] == headstart.check(place / "m" / "task-1", new.drop(columns=LABELS))
    moved = headstart.check(place / "m", new.assign(a=new["a"] + 9).drop(columns=LABELS))
    order = ["valid", "cannot tell", "doubtful", "invalid"]
    assert moved.verdict == max((one.verdict for one in moved.tasks.values()), key=order.index) != "valid"
    measured = headstart.check(place / "m", new, labels="big")
    assert "labelled rows" in measured.tasks["big"].sentence and "r2" not in measured.tasks["size"].numbers
    with pytest.raises(
        ParameterError, match=r"one of the tasks 'size', 'big', 'coin', found 'bg'\. Did you mean 'big'"
    ):
        headstart.check(place / "m", new, labels="bg")


def test_each_answer_is_explained(fitted: tuple[Any, Path]) -> None:
    model, _ = fitted
    new = table(3, seed=5)
    told = model.explain(new, {"big": "no"})
    assert list(told) == LABELS and all(len(one) == 3 for one in told.values())
    assert told["big"][0].answer == "no" and told["size"][0].answer == model.predict(new)["size"][0]
    with pytest.raises(ParameterError, match=r"Expected answers by task \(size, big, coin\), found 'no'"):
        model.explain(new, "no")


def test_a_task_without_labels_is_named_and_the_others_are_measured(fitted: tuple[Any, Path]) -> None:
    model, _ = fitted
    new = table(60, seed=4)
    for bare in (new.drop(columns="coin"), new.assign(coin="")):
        found = headstart.evaluate(model, bare)
        assert list(found.tasks) == ["size", "big"] and "No label of coin is there" in found.words[-1]
    with pytest.raises(NoLabels, match="Expected rows with their labels to evaluate on"):
        headstart.evaluate(model, new.drop(columns=LABELS))


@pytest.mark.parametrize(
    ("changed", "options", "words"),
    [
        ({"coin": ""}, {}, r"^coin: Expected labels, found none: all 120 rows are without one"),
        ({"coin": ""}, {"target": "big"}, r"^coin: Expected labels, found none"),
        ({}, {"group_by": "big"}, "a column of its own for the groups, found 'big', which holds labels too"),
        ({}, {"split_column": "Big"}, "a column of its own for the parts, found 'Big', which holds labels too"),
        ({}, {"text_column": "coin", "target": "big"}, "a column of its own for the texts, found 'coin'"),
    ],
)
def test_what_is_wrong_with_one_of_the_columns_is_said_of_it(changed: Any, options: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        headstart.fit(table().assign(**changed), label=LABELS, budget=5, **options)


def test_what_is_measured_on_names_no_features_that_the_model_never_saw(
    fitted: tuple[Any, Path], caplog: pytest.LogCaptureFixture
) -> None:
    model, _ = fitted
    new = table(60, seed=4).assign(copied=lambda frame: frame["size"], ward="north")
    with caplog.at_level("INFO", "headstart"):
        found = headstart.evaluate(model, new)
        headstart.evaluate(model.models["size"], (new.drop(columns="size").iloc[:30], new["a"].iloc[:30]))
    told = [line.removeprefix("Column feature ") for line in caplog.messages if line.startswith("Column feature")]
    assert told == ["'a': numbers", "'b': numbers", "'c': numbers", "'d': numbers"] * 4
    assert caplog.messages.count("Sizes: 4 columns") == 4 and not found.tasks["size"].words
    with pytest.raises(DataError, match=r"found none of the name 'd' .* Its 'D' may be 'd'"):  # not left out unseen
        headstart.evaluate(model, new.rename(columns={"d": "D"}))


def test_a_changed_folder_is_refused(fitted: tuple[Any, Path], tmp_path: Path) -> None:
    import shutil

    shutil.copytree(fitted[1] / "m", tmp_path / "m")
    (tmp_path / "m" / "task-1" / "table.json").write_text("{}")
    with pytest.raises(SourceError, match=r"task-1/table.json in .* as it was written"):
        headstart.load(tmp_path / "m")
    shutil.copytree(fitted[1] / "m", tmp_path / "n")
    manifest = json.loads((tmp_path / "n" / "headstart.json").read_text())
    del manifest["sha256"]
    manifest["tasks"][0]["folder"] = "../m/task-1"
    (tmp_path / "n" / "headstart.json").write_text(json.dumps(manifest))
    with pytest.raises(SourceError, match="the place of a file in the folder"):
        headstart.load(tmp_path / "n")


def test_a_target_is_learned_with_the_others_beside_it() -> None:
    model = headstart.fit(table(), label=LABELS, target="big", budget=20, n_splits=2)
    assert model.task == "classification" and set(model.classes_.tolist()) == {"yes", "no"}
    beside = {one["name"]: one for one in model.evidence["auxiliary"]["tasks"]}
    assert set(beside) == {"size", "coin"} and "coin" in model.evidence["auxiliary"]["refused"]
    assert beside["size"]["gain"] > beside["coin"]["gain"]
    assert model.predict(table(20, seed=3)).shape == (20,)


def test_a_task_of_several_labels_stands_beside_others(caplog: pytest.LogCaptureFixture) -> None:
    frame = table()
    frame["tags"] = np.where(
        frame["a"] > 0, np.where(frame["b"] > 0, "up;left", "up"), np.where(frame["b"] > 0, "left", "")
    )
    model = headstart.fit(frame, label=["big", "tags"], budget=8, n_splits=2)
    assert model.models["tags"].task == "multilabel" and model.models["tags"].classes_.tolist() == ["left", "up"]
    assert set(model.predict(table(5, seed=3)).columns) == {"big", "tags"}
    with caplog.at_level("INFO", "headstart"):
        headstart.fit(frame, label=["big", "tags"], target="tags", budget=4, n_splits=2)
    assert "several labels of rows of values are learned without other tasks" in caplog.text


def test_what_any_task_keeps_for_the_test_is_lent_to_none() -> None:
    frame = pd.DataFrame({"x": np.arange(12.0), "part": ["train"] * 6 + ["val"] * 3 + ["test"] * 3})
    frame["a"] = ["u", "v"] * 4 + ["u", None, None, None]  # its test is the part named val
    frame["b"] = ["y", "z"] * 6
    lent = _lent(recognise(frame, Reading(label=("a", "b"), target="a", split_column="part")))
    assert [len(lent[name].y) for name in ("a", "b")] == [6, 6]


def test_partial_pooling_names_its_groups(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    school = np.repeat(np.arange(12), 10)
    x = rng.normal(size=120)
    y = 3 * rng.normal(size=12)[school] + x + rng.normal(size=120)
    frame = pd.DataFrame({"x": x, "school": [f"school {i}" for i in school], "y": y})
    model = headstart.fit(frame, label="y", partial_pooling="school", budget=30, n_splits=3, out=tmp_path / "m")
    pooling = model.evidence["pooling"]
    assert (
        pooling["column"] == "school" and pooling["n_groups"] == 12 and pooling["groups"][0]["group"][:7] == "school "
    )
    assert next(one for one in model.evidence["candidates"] if one["name"] == "partial pooling")["transfer"]
    found = headstart.load(tmp_path / "m")
    new = frame.assign(school="elsewhere")
    assert np.allclose(found.predict(frame), model.predict(frame)) and np.isfinite(found.predict(new)).all()
    html = write_report(tmp_path / "m").read_text(encoding="utf-8")
    assert "Groups that share a model" in html


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"label": LABELS, "resume": True, "out": "m"}, "Expected resume with one task, found 3: size, big, coin"),
        ({"label": LABELS, "target": "weight"}, "Expected the target 'weight' and other tasks.*--label"),
        ({"label": "size", "target": "size"}, "Expected the target 'size' and other tasks"),
        ({"label": "big", "partial_pooling": "town"}, "Expected a column 'town' of groups in the table"),
        ({"label": ["size", "a"], "task": "regression", "partial_pooling": "c"}, "Expected one label or number a row"),
        ({"label": "big", "partial_pooling": "big"}, "found 'big', which is a label too.*a column of its own"),
        ({"label": LABELS, "partial_pooling": "coin"}, "found 'coin', which is a label too"),
        (
            {"label": ["big", "one"]},
            "^one: Expected at least two classes, found one: 'x'.*out --label one, or",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(
    options: dict[str, Any], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Exception, match=words):
        headstart.fit(table().assign(one="x"), budget=10, n_splits=2, **options)


def test_a_target_of_arrays_is_refused() -> None:
    with pytest.raises(ParameterError, match="Expected the target 'a' and other tasks among the label columns"):
        headstart.fit((np.eye(8), np.arange(8) % 2), target="a")
    pictures = np.zeros((8, 8, 8), dtype=np.uint8)
    with pytest.raises(ParameterError, match="Expected a table with several label columns for the target 'a'"):
        headstart.fit((pictures, np.arange(8) % 2), target="a")


def test_rows_with_other_tasks_go_with_tables_alone() -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (8, 8, 8)).astype(np.uint8)
    with pytest.raises(ParameterError, match="Expected rows of a table for partial pooling, found pictures"):
        headstart.fit((pictures, np.arange(8) % 2), None, partial_pooling="a", budget=5)


def test_what_texts_lend_each_other_is_said() -> None:
    found = recognise(
        pd.DataFrame(
            {
                "review": [f"number {i} was {['fine', 'bad'][i % 2]} enough to be told of" for i in range(12)],
                "mood": ["up", "down"] * 6,
                "shop": ["north", "north", "south"] * 4,
            }
        ),
        Reading(label=("mood", "shop"), target="mood", text_column="review"),
    )
    assert told_of_tasks(found, lend=False).endswith(
        "The target is mood; the others are left out, for no network is borrowed whose last blocks they could train."
    )
    assert told_of_tasks(found, lend=True).endswith("the others are learned from where they help it.")
    assert [_lend(found, source) for source in ("auto", None, "org/network")] == [False, False, True]
    row = {"task": "classification", "n": 12, "metric": "accuracy", "value": 0.9, "interval": [0.8, 1.0]}
    row |= {"chosen": "head", "word": "helps", "difference": 0.1, "span": [0.0, 0.2]}
    alone = tasks_page({"tasks": [{"name": "mood", "helped_by": [], "refused": [], **row}]})
    assert "do not learn from each other" in alone["lead"] and alone["tasks"][0]["sentence"].startswith("borrowing")
    beside = tasks_page({"tasks": [{"name": "mood", "helped_by": ["shop"], "refused": [], **row}]})
    assert "whether what the other tasks say" in beside["lead"] and beside["tasks"][0]["refused"] == "none"

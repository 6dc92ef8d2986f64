"""What to label next, for pictures, texts and tables, and the sheet that comes back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import headstart
from headstart.adviser.next_labels import next_labels
from headstart.cli.label_next import command
from headstart.data.sets.sheet import COVERS, RANDOM, UNSURE, unsure_of
from headstart.errors import DataError, ParameterError
from headstart.math.ratios.gaussian import gaussian_kernel, median_width
from headstart.math.ratios.max_herding import max_herding


@pytest.mark.parametrize(("width", "n_taken"), [(1.0, 0), (0.35, 0), (0.7, 5)])
def test_herding_is_the_papers_greedy_choice_written_out(width: float, n_taken: int) -> None:
    rng = np.random.default_rng(0)
    X, taken = rng.normal(size=(200, 3)), rng.normal(size=(n_taken, 3))
    wide = width * median_width(X, rng=np.random.default_rng(0))
    K, met = gaussian_kernel(X, X, wide), np.zeros(len(X))
    if n_taken:
        met = gaussian_kernel(X, taken, wide).max(axis=1)
    chosen: list[int] = []
    for _ in range(12):
        score = np.maximum(K - met[:, None], 0).sum(axis=0)
        score[chosen] = -np.inf
        chosen.append(int(score.argmax()))
        met = np.maximum(met, K[:, chosen[-1]])
    assert max_herding(X, 12, taken, width=width).tolist() == chosen


def test_herding_takes_all_rows_once_where_all_are_asked_for() -> None:
    X = np.repeat(np.arange(3.0)[:, None], 4, axis=0)
    assert sorted(max_herding(X, 12).tolist()) == list(range(12))


@settings(max_examples=25)
@given(st.integers(1, 30), st.floats(0, 1), st.integers(0, 5))
def test_as_many_as_asked_each_once_and_as_many_by_chance(n: int, by_chance: float, seed: int) -> None:
    pool = np.random.default_rng(seed).normal(size=(30, 4))
    found = next_labels(pool, n, by_chance=by_chance, random_state=seed)
    assert len(set(found.rows.tolist())) == n == len(found.reasons)
    assert found.reasons.count(RANDOM) in (round(by_chance * n), max(round(by_chance * n), 1))
    again = next_labels(pool, n, by_chance=by_chance, random_state=seed)
    assert (found.rows == again.rows).all()


def test_more_classes_are_met_than_by_chance() -> None:
    rng = np.random.default_rng(0)
    centres = 1.2 * rng.normal(size=(10, 30))
    met = []
    for _ in range(5):
        y = rng.integers(10, size=600)
        found = next_labels(centres[y] + rng.normal(size=(600, 30)), 12)
        met.append(len(set(y[found.rows].tolist())))
    assert np.mean(met) > 8  # by chance 7.2 of 10


def test_doubt_has_a_say_once_each_class_has_three_labels() -> None:
    rng = np.random.default_rng(1)
    pool, held = rng.normal(size=(80, 2)), np.array([[3.0, 0.0]] * 3 + [[0.0, 3.0]] * 3)
    y = np.repeat(["a", "b"], 3)
    assert UNSURE not in next_labels(pool, 8, labelled=held[:5], y=y[:5]).reasons
    found = next_labels(pool, 8, labelled=held, y=y)
    rows = [row for row, why in zip(found.rows, found.reasons, strict=True) if why == UNSURE]
    unit = pool / np.linalg.norm(pool, axis=1, keepdims=True)
    gap = np.abs(unit @ [1.0, -1.0])
    assert len(rows) >= 2 and gap[rows].max() < np.quantile(gap, 0.35)
    assert COVERS in found.reasons


def test_pictures_from_a_folder_to_a_sheet_and_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pool = tmp_path / "pool"
    pool.mkdir()
    for i in range(30):
        shade = 40 + 150 * (i % 2)
        Image.fromarray((rng.random((24, 24)) * 40 + shade).astype(np.uint8)).save(pool / f"p{i:02d}.png")
    ran = CliRunner().invoke(command, [str(pool), "-n", "12", "--out", str(tmp_path / "next.csv"), "--json"])
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["reasons"].count(RANDOM) == 3
    sheet = pd.read_csv(tmp_path / "next.csv")
    assert list(sheet.columns) == ["path", "label", "reason"]
    sheet["label"] = [("dark", "light")[int(Path(path).stem[1:]) % 2] for path in sheet["path"]]
    sheet.to_csv(tmp_path / "filled.csv", index=False)
    model = headstart.fit(tmp_path / "filled.csv", budget=30, unlabelled=pool, out=tmp_path / "model")
    assert model.classes_.tolist() == ["dark", "light"]
    more = headstart.label_next(pool, n=6, model=tmp_path / "model", labelled=tmp_path / "filled.csv")
    taken = {int(Path(path).stem[1:]) for path in sheet["path"]}
    assert not taken & set(more.rows.tolist()) and UNSURE in more.reasons
    told = ["--model", str(tmp_path / "model"), "--labelled", str(tmp_path / "filled.csv"), "-n", "6"]
    said = CliRunner().invoke(command, [str(pool), *told, "--out", str(tmp_path / "more.csv")])
    assert f"{more.reasons.count(UNSURE)} that the model is unsure of" in said.stdout
    refused = CliRunner().invoke(command, [str(pool), "--out", str(tmp_path / "next.csv")])
    assert isinstance(refused.exception, ParameterError) and "it may hold labels" in str(refused.exception)


def test_a_sheet_in_a_new_folder_without_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "pool").mkdir()
    for i, picture in enumerate(np.random.default_rng(0).integers(0, 255, (8, 16, 16), dtype=np.uint8)):
        Image.fromarray(picture).save(tmp_path / "pool" / f"p{i}.png")
    (tmp_path / "pool" / "broken.png").write_text("no picture")
    found = headstart.label_next(tmp_path / "pool", n=8, out=tmp_path / "sheets" / "next.csv")
    assert [name.endswith("broken.png") for name, _ in found.failed] == [True]
    said = CliRunner().invoke(command, [str(tmp_path / "pool"), "-n", "8", "--out", str(tmp_path / "n.csv"), "--json"])
    assert "broken.png: " in said.stderr and [one["reason"] for one in json.loads(said.stdout)["failed"]] == [
        found.failed[0][1]
    ]
    paths = pd.read_csv(tmp_path / "sheets" / "next.csv")["path"]
    assert sorted(Path(path).name for path in paths) == [f"p{i}.png" for i in range(8)]


def test_a_table_and_texts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.normal(40, 10, 50), "sex": rng.choice(["f", "m"], 50)})
    frame.to_csv(tmp_path / "pool.csv", index=False)
    labelled = frame.iloc[:8].assign(ill=["no", "yes"] * 4)
    found = headstart.label_next(tmp_path / "pool.csv", n=10, labelled=labelled, label="ill", out=tmp_path / "next.csv")
    assert found.rows.min() >= 8
    assert list(pd.read_csv(tmp_path / "next.csv").columns) == ["age", "sex", "ill", "reason"]
    found = headstart.label_next(["rain and wind today", "the match was lost"] * 10, n=4)  # no network is bundled
    assert sorted(set((found.rows % 2).tolist())) == [0, 1]
    with pytest.raises(DataError, match="Expected 60 examples or more to choose from, found 50"):
        headstart.label_next(frame, n=60)


def part_labelled(n: int = 30, filled: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    blanks = ["", "nan", "NA", " "]
    ill = [("no", "yes")[i % 2] if i < filled else blanks[i % 4] for i in range(n)]
    texts = [" ".join(rng.choice(["rain", "wind", "goal", "team", "cloud"], 4)) + f" {i}" for i in range(n)]
    return pd.DataFrame({"age": rng.normal(40, 10, n), "ill": ill, "text": texts})


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl", "frame", "texts"])
def test_rows_that_have_a_label_already_are_passed_over_and_count_as_labelled(tmp_path: Path, form: str) -> None:
    frame = part_labelled().drop(columns=[] if form == "texts" else "text")
    pool: object = frame if form in ("frame", "texts") else tmp_path / f"pool.{form}"
    if form == "csv":
        frame.to_csv(str(pool), index=False)
    if form == "xlsx":
        frame.to_excel(str(pool), index=False)
    if form == "jsonl":
        frame.to_json(str(pool), orient="records", lines=True)
    told = {"text_column": "text"} if form == "texts" else {}
    found = headstart.label_next(pool, n=22, label="Ill", out=tmp_path / "next.csv", **told)
    assert sorted(found.rows.tolist()) == list(range(8, 30))
    sheet = pd.read_csv(tmp_path / "next.csv")
    assert list(sheet.columns) == (["text"] if form == "texts" else ["age"]) + ["ill", "reason"]
    assert sheet["ill"].isna().all()
    with pytest.raises(DataError, match="found 22 of 30: 8 are labelled already"):
        headstart.label_next(pool, n=23, label="ill", **told)


def test_the_column_of_labels_is_the_one_that_the_model_learned(tmp_path: Path) -> None:
    frame = part_labelled().drop(columns="text")
    model = headstart.fit(part_labelled(30, 30).drop(columns="text"), label="ill", budget=2)
    assert headstart.label_next(frame, n=22, model=model).rows.min() == 8
    headstart.label_next(frame.drop(columns="ill"), n=3, model=model, out=tmp_path / "next.csv")
    assert list(pd.read_csv(tmp_path / "next.csv").columns) == ["age", "ill", "reason"]
    with pytest.raises(DataError, match="without a label to choose from, found a label for all 30"):
        headstart.label_next(frame.assign(ill="no"), n=3, model=model)


@pytest.mark.parametrize("known", ["pool", "labelled"])
def test_the_column_of_labels_is_the_one_that_is_there(tmp_path: Path, known: str) -> None:
    frame = part_labelled().rename(columns={"ill": "y"}).drop(columns="text")
    told = {} if known == "pool" else {"labelled": frame.iloc[:8]}
    pool = frame if known == "pool" else frame.iloc[8:].drop(columns="y")
    headstart.label_next(pool, n=12, out=tmp_path / "next.csv", **told)
    sheet = pd.read_csv(tmp_path / "next.csv", dtype=str)
    assert list(sheet.columns) == ["age", "y", "reason"] and sheet["y"].isna().all()
    sheet.assign(y=["no", "yes"] * 6).to_csv(tmp_path / "filled.csv", index=False)
    assert headstart.read_dataset(tmp_path / "filled.csv").classes == ("no", "yes")


def test_a_column_that_may_be_a_feature_is_not_taken_for_labels(tmp_path: Path) -> None:
    pool = part_labelled().drop(columns=["text", "ill"]).assign(**{"class": ["first", "second", "third"] * 10})
    headstart.label_next(pool, n=5, out=tmp_path / "next.csv")
    assert list(pd.read_csv(tmp_path / "next.csv").columns) == ["age", "class", "label", "reason"]


def two_tasks(n: int = 60) -> pd.DataFrame:
    """Rows of two tasks: the first ten have both labels, the next ten the first, the next ten the second."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, n)).round(4)
    side, size = np.where(a > 0, "left", "right"), np.where(b > 0, "big", "small")
    rows = np.arange(n)
    return pd.DataFrame({"a": a, "b": b}).assign(
        side=np.where(rows < 20, side, ""), size=np.where((rows < 10) | (rows // 10 == 2), size, None)
    )


@pytest.mark.parametrize("known", ["model", "labels"])
def test_several_tasks_share_a_sheet_and_each_has_its_say(tmp_path: Path, known: str) -> None:
    frame, names = two_tasks(), ["side", "size"]
    frame.to_csv(tmp_path / "pool.csv", index=False)
    model = headstart.fit(tmp_path / "pool.csv", label=names, budget=5, n_splits=2, out=tmp_path / "m")
    asked = ["--model", str(tmp_path / "m")] if known == "model" else ["--label", "side", "--label", "size"]
    ask = [str(tmp_path / "pool.csv"), "-n", "20", *asked, "--out", str(tmp_path / "next.csv"), "--json"]
    ran = CliRunner().invoke(command, ask)
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    rows, reasons = np.array(told["rows"]), told["reasons"]
    assert rows.min() >= 10 and len(set(told["rows"])) == 20 and reasons.count(RANDOM) == 5
    mine = {"side": rows[[why == unsure_of("side") for why in reasons]]}
    mine["size"] = rows[[why == unsure_of("size") for why in reasons]]
    assert all(len(one) >= 2 for one in mine.values())
    assert not set(mine["side"]) & set(range(10, 20)) and not set(mine["size"]) & set(range(20, 30))
    if known == "model":
        gap = {name: np.abs(2 * one.predict_proba(frame)[:, 0] - 1) for name, one in model.models.items()}
        assert all(gap[name][mine[name]].max() < np.median(gap[name]) for name in names)
    sheet = pd.read_csv(tmp_path / "next.csv", dtype=str)
    assert list(sheet.columns) == ["a", "b", "side", "size", "reason"]
    kept = frame.iloc[rows].replace("", None)[names].reset_index(drop=True)
    pd.testing.assert_frame_equal(sheet[names].notna(), kept.notna())  # a label that is known stays
    full = sheet.assign(side=["left", "right"] * 10, size=["big", "small"] * 10)
    full.to_csv(tmp_path / "filled.csv", index=False)
    again = headstart.fit(tmp_path / "filled.csv", label=names, budget=3, n_splits=2)
    assert again.models["side"].encoder.get_feature_names_out().tolist() == ["a", "b"]
    ran = CliRunner().invoke(command, [*ask[:-3], "--out", str(tmp_path / "more.csv"), "--seed", "1"])
    assert "that the model of size is unsure of" in ran.output


def test_what_several_tasks_refuse_and_pass_over(tmp_path: Path) -> None:
    frame, names = two_tasks(), ["side", "size"]
    with pytest.raises(DataError, match="found 50 of 60: 10 are labelled already"):
        headstart.label_next(frame, n=51, label=names)
    assert headstart.label_next(frame[["a", "b"]], n=50, label=names, labelled=frame).rows.min() >= 10
    only = headstart.label_next(frame[["a", "b"]], n=50, label=names, labelled=frame.assign(size=None).iloc[:20])
    assert set(range(20)) & set(only.rows.tolist())  # these lack a size
    model = headstart.fit(frame, label=names, budget=5, n_splits=2)
    with pytest.raises(ParameterError, match=r"Expected no label with several tasks \(side, size\), found 'side'"):
        headstart.label_next(frame, n=5, model=model, label="side")


def test_several_labels_of_one_task_get_a_column_each(tmp_path: Path) -> None:
    frame = two_tasks().assign(side=lambda one: one["side"].map({"left": 1, "right": 0}))
    frame["size"] = frame["size"].map({"big": 1, "small": 0})
    model = headstart.fit(frame.dropna(), label=["side", "size"], budget=3, n_splits=2)
    assert model.task == "multilabel"
    headstart.label_next(frame, n=12, model=model, out=tmp_path / "next.csv")
    assert list(pd.read_csv(tmp_path / "next.csv").columns) == ["a", "b", "side", "size", "reason"]

"""Several views on the command line: fit, inspect, predict rows with gaps, load, and the words of what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import headstart
from headstart.cli.main import exit_code


def insects(place: Path, n: int, seed: int) -> pd.DataFrame:
    """A table of small pictures, dark or light by class, with columns that tell something too, and gaps in both."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    (place / "pictures").mkdir(exist_ok=True)
    names = []
    for i in range(n):
        value = np.clip(rng.normal(80 + 80 * y[i], 30, (24, 24)), 0, 255).astype(np.uint8)
        names.append(f"pictures/{seed}-{i}.png")
        Image.fromarray(value).save(place / names[-1])
    frame = pd.DataFrame(
        {"photo": names, "wing": (3 + y + rng.normal(0, 0.5, n)).round(2), "legs": 6 - (rng.random(n) < 0.2)}
    )
    frame.loc[::6, "photo"] = None
    frame.loc[1::6, ["wing", "legs"]] = None
    return frame.assign(kind=np.array(["ant", "bee"])[y])


VIEWS = ["--view", "picture=photo", "--view", "body=wing,legs"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables, and a model fitted on them by the command."""
    place = tmp_path_factory.mktemp("insects")
    here = insects(place, 48, 1)
    here.loc[40:, "kind"] = None  # rows without a label
    here.to_csv(place / "here.csv", index=False)
    insects(place, 12, 2).drop(columns="kind").to_csv(place / "new.csv", index=False)
    words = ["fit", str(place / "here.csv"), "--label", "kind", *VIEWS, "--unlabelled", str(place / "new.csv")]
    assert exit_code([*words, "--out", str(place / "m")]) == 0
    return place


def test_what_each_view_is_worth_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evidence = json.loads((folder / "m" / "evidence.json").read_text())
    rows = {row["view"]: row for row in evidence["views"]["rows"]}
    assert list(rows) == ["picture", "body"] and evidence["views"]["n_unlabelled"] == 20
    assert rows["picture"]["holds"] == "pictures" and rows["body"]["columns"] == ["wing", "legs"]
    assert evidence["source"]["name"] == "starter:pictures"
    assert any("View picture" in finding["words"] for finding in evidence["before"]["findings"])
    assert all(0.5 < rows[view][figure] <= 1 for view in rows for figure in ("alone", "left_out", "missing"))
    assert evidence["estimate"]["value"] > 0.7
    page = (folder / "m" / "report.html").read_text()
    assert "What each view is worth" in page
    for one in evidence["right"]:  # a picture is shown where there is one, and an empty cell is none
        photo = one["cells"]["photo"]
        assert "/" not in photo and [part["view"] for part in one.get("seen", [])] == (["picture"] if photo else [])
    seen = [part for one in evidence["right"] for part in one.get("seen", [])]
    assert seen and all(part["thumbnail"] in page for part in seen) and 'alt="picture of row' in page
    known = {
        entry["name"] for entry in (*evidence["candidates"], *evidence["left_out"])
    }  # a slow machine leaves some out
    assert {"discriminant", "product", "picture without networks"} <= known
    command = evidence["reproduce"]["command"]
    assert (
        "--view picture=photo --view body=wing,legs" in command
        and "'body': ['wing', 'legs']" in evidence["reproduce"]["code"]
    )
    assert exit_code(["report", str(folder / "m"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["views"]["metric"] == "accuracy"


def test_rows_with_gaps_are_predicted_as_the_loaded_model_does(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["predict", str(folder / "m"), str(folder / "new.csv"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["predictions"]
    model = headstart.load(folder / "m")
    assert list(model.encoder.columns_) == ["picture", "body"] and model.encoder.source is None
    assert np.allclose([row["probability"] for row in said], model.predict_proba(str(folder / "new.csv")).max(axis=1))
    truth = np.array(["ant", "bee"])[np.arange(12) % 2]
    assert np.mean([row["label"] == label for row, label in zip(said, truth, strict=True)]) > 0.7
    frame = pd.read_csv(folder / "new.csv").assign(photo=None)[1:2]
    with pytest.raises(
        headstart.errors.DataError, match="Expected one view or more in every row, found none of picture"
    ):
        model.predict(frame.assign(wing=None, legs=None))


def test_inspect_says_the_views(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["inspect", str(folder / "here.csv"), "--label", "kind", *VIEWS]) == 0
    told = capsys.readouterr().out
    assert "a table of several views" in told and "Sizes: 2 views, 3 columns" in told
    assert "Column view 'photo': picture, names of pictures, none in 8 of 48 rows" in told


@pytest.mark.parametrize(
    ("views", "words"),
    [
        (["picture=foto"], "Expected the column 'foto' of the view 'picture' in the table"),
        (["picture=photo", "other=photo"], "Expected each column in one view, found 'photo' in 'picture' and 'other'"),
        (["body=wing,kind"], "Expected the column 'kind' with the labels outside the views"),
        (["body=same"], "Expected values that differ in the view 'body', found '7' in all 40 rows that have it"),
        (["body=none"], "Expected one view or more in every row, found none of body in 48: row 1, row 2"),
        (
            ["picture=away", "body=wing"],
            "Expected pictures at the paths of the view 'picture', found none of the 48 there",
        ),
        (["picture"], "Expected a view with its columns, as picture=photo or lab=age,sex, found 'picture'"),
        (["a=wing", "a=legs"], "Expected different views, found one name twice"),
    ],
)
def test_views_that_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], views: list[str], words: str
) -> None:
    frame = pd.read_csv(folder / "here.csv").assign(same=7, none="", away=[f"gone/{i}.png" for i in range(48)])
    frame.to_csv(tmp_path / "table.csv", index=False)
    named = [word for view in views for word in ("--view", view)]
    out = str(tmp_path / "m")
    assert exit_code(["fit", str(tmp_path / "table.csv"), "--label", "kind", *named, "--out", out]) != 0
    assert words in " ".join(capsys.readouterr().err.split())
    assert not Path(out).exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            ["--source", "starter:pictures"],
            "Expected a source for one of the views picture, body, found 'starter:pictures'",
        ),
        (["--class-weight", "balanced"], "Expected class_weight left at its default with several views"),
        (["--views", "4"], "Expected views left at its default with several views, found 4"),
        (["--text-column", "wing"], "Expected views alone, found text_column beside them"),
    ],
)
def test_options_that_do_not_go_with_views(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    asked = ["fit", str(folder / "here.csv"), "--label", "kind", *VIEWS, *more, "--out", str(tmp_path / "m")]
    assert exit_code(asked) != 0
    assert words in " ".join(capsys.readouterr().err.split())


def test_views_of_a_folder_are_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["fit", str(folder / "pictures"), *VIEWS, "--out", str(tmp_path / "m")]) != 0
    assert "Expected a table whose columns are the views, found" in " ".join(capsys.readouterr().err.split())


def test_broken_files_are_named_or_count_as_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.read_csv(folder / "here.csv")
    (folder / "pictures" / "broken.png").write_bytes(b"no picture")
    frame.loc[2, "photo"] = "pictures/broken.png"
    frame.loc[8, "photo"] = frame.loc[9, "photo"]  # one picture in two rows: they stay in one fold
    frame.to_csv(folder / "broken.csv", index=False)
    how = {"label": "kind", "view": {"picture": "photo", "body": ["wing", "legs"]}, "budget": 60}
    with pytest.raises(headstart.errors.BadInputs, match=r"broken\.png"):
        headstart.fit(folder / "broken.csv", None, **how)
    model = headstart.fit(folder / "broken.csv", None, skip_bad=True, **how)
    assert model.evidence["data"]["dropped"][0]["reason"].endswith("the view picture counts as missing there")
    assert model.evidence["data"]["duplicates"] == [["row 9", "row 10"]]
    assert model.evidence["source"] is None and model.evidence["data"]["n_groups"] == 39


def test_numbers_from_views_with_a_test_part(folder: Path) -> None:
    frame = insects(folder, 60, 3)
    frame["age"] = (frame["kind"] == "bee") * 2.0 + np.random.default_rng(0).normal(0, 0.2, 60)
    frame["split"] = np.where(np.arange(60) < 45, "train", "test")
    frame.drop(columns="kind").to_csv(folder / "ages.csv", index=False)
    model = headstart.fit(
        folder / "ages.csv",
        {"picture": None},
        label="age",
        view={"picture": "photo", "body": ["wing", "legs"]},
        budget=60,
    )
    assert model.task == "regression" and model.evidence["test"]["n"] == 15 and model.evidence["test"]["r2"] > 0.3
    again = headstart.load(model.save(folder / "ages"))
    rows = frame.drop(columns=["kind", "age", "split"])
    rows.attrs["path"] = str(folder / "ages.csv")
    assert np.allclose(again.predict(rows), model.predict(rows))


def test_a_model_of_views_is_checked_by_labels(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    insects(folder, 30, 3).to_csv(folder / "later.csv", index=False)
    asked = ["check", str(folder / "m"), str(folder / "later.csv"), "--labels", "kind"]
    assert exit_code([*asked, "--json"]) in (0, 3, 4)
    assert json.loads(capsys.readouterr().out)["verdict"] == "valid"
    assert exit_code([*asked, "--adapt", str(tmp_path / "adapted")]) == 1
    assert "Expected a model of one view to adapt, found one of several" in " ".join(capsys.readouterr().err.split())


def test_what_a_row_with_one_cell_went_by_is_told(folder: Path) -> None:
    model = headstart.load(folder / "m")
    rows = pd.read_csv(folder / "new.csv")[1:3].assign(photo=None)
    rows.loc[1, ["wing", "legs"]] = [None, 6.0]  # nothing is left where that cell is hidden
    found = model.explain(rows)
    assert all(np.isfinite(one.values).all() for one in found) and found[0].values[0] == found[0].values[1] == 0
    with pytest.raises(headstart.errors.DataError, match="Expected one view or more"):  # elsewhere as before
        model.predict(rows.assign(wing=None, legs=None))


def test_advice_is_for_one_view(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["advise", str(folder / "here.csv"), "--label", "kind", *VIEWS]) == 1
    assert "Expected data that are seen in one way, found several views" in " ".join(capsys.readouterr().err.split())


def test_rows_that_cannot_be_answered_are_named_and_the_others_answered(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = pd.read_csv(folder / "new.csv")
    new.loc[[2, 5], "photo"] = "pictures/gone.png"
    new.loc[3, ["photo", "wing", "legs"]] = None
    new.assign(number=range(12)).to_csv(folder / "broken.csv", index=False)
    assert exit_code(["predict", str(folder / "m"), str(folder / "new.csv"), "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)["predictions"]
    assert exit_code(["predict", str(folder / "m"), str(folder / "broken.csv"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [one["file"].rsplit(" ")[-1] for one in told["failed"]] == ["3", "4", "6"]
    assert "there is no such file" in told["failed"][0]["reason"] and "none of the views" in told["failed"][1]["reason"]
    kept = [one for i, one in enumerate(whole) if i not in (2, 3, 5)]
    for one, same in zip(told["predictions"], kept, strict=True):
        assert one["file"].replace("broken", "new") == same["file"] and one["label"] == same["label"]
        assert one["probability"] == pytest.approx(same["probability"])
    new.drop(columns="photo").to_csv(folder / "lacking.csv", index=False)
    assert exit_code(["predict", str(folder / "m"), str(folder / "lacking.csv")]) == 1
    assert "Expected the column 'photo' of the view 'picture'" in capsys.readouterr().err


def test_a_check_names_gaps_and_sets_aside_what_a_prediction_does(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = insects(folder, 40, 8).drop(columns="kind")
    new.loc[6:, "photo"] = None
    new.loc[6:, "wing"] = new.loc[6:, "wing"].fillna(3.0)
    new.loc[1, "photo"] = "pictures/gone.png"
    new.loc[2, "photo"] = "a word"
    new.loc[3, ["photo", "wing", "legs"]] = None
    new.assign(number=range(40)).to_csv(folder / "gaps.csv", index=False)
    exit_code(["check", str(folder / "m"), str(folder / "gaps.csv"), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [name for name, _ in told["left_out"]] == ["row 2", "row 3", "row 4"] and told["n"] <= 37
    before, after = told["missing"]["picture"]
    assert 0.1 < before < 0.2 and after > 0.8
    words = f"What differs: picture missing in {100 * after:.0f}% of the rows ({100 * before:.0f}% of those learned"
    assert any(words in line for line in told["words"])


@pytest.mark.parametrize("command", ["predict", "check", "evaluate", "fit"])
@pytest.mark.parametrize(
    ("cells", "found"),
    [("a large fly that sits", "words in all 30"), (7, "values in all 30"), ("a.wav", "clips in all")],
)
def test_a_view_that_holds_another_kind_than_it_did_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, cells: Any, found: str
) -> None:
    new = insects(folder, 30, 9).assign(photo=cells)
    other = folder / "other.csv"
    (folder / "a.wav").touch()
    new.to_csv(other, index=False)
    asked = [command, str(folder / "m"), str(other)]
    if command == "fit":
        asked = ["fit", str(folder / "here.csv"), "--label", "kind", *VIEWS, "--unlabelled", str(other)]
        asked += ["--out", str(tmp_path / "other")]
    assert exit_code(asked) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert (
        f"Expected pictures in the column 'photo' of the view 'picture', as it was learned from, found {found}" in told
    )


def test_labelled_rows_may_lack_a_view_or_hold_one_value_of_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = insects(folder, 30, 9)
    whole = new.assign(wing=new["wing"].fillna(3.0))
    for cells in ({"photo": None}, {"wing": 3.0, "legs": 6.0}, {"legs": None}):
        whole.assign(**cells).to_csv(folder / "lacks.csv", index=False)
        for asked in (["evaluate"], ["check", "--labels", "kind"]):
            assert exit_code([asked[0], str(folder / "m"), str(folder / "lacks.csv"), *asked[1:], "--json"]) in (
                0,
                3,
                4,
            )
            assert '"verdict"' in capsys.readouterr().out


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("gone", [[], ["photo"], ["wing", "legs"], ["legs"]])
def test_what_to_label_next_goes_by_the_views_that_are_there(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], gone: list[str]
) -> None:
    pool = insects(folder, 40, 8).drop(columns="kind")
    pool.loc[1:, "photo"] = pool["photo"].mask(pool.index == 2, "pictures/gone.png")
    pool.loc[3, ["photo", "wing", "legs"]] = None
    pool[gone] = None
    pool.assign(number=range(40)).to_csv(folder / "pool.csv", index=False)
    asked = ["label-next", str(folder / "pool.csv"), "--model", str(folder / "m"), "-n", "8"]
    labelled = ["--labelled", str(folder / "here.csv")] if len(gone) == 1 else []
    out = tmp_path / "sheets" / "s.csv"
    assert exit_code([*asked, *labelled, "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    left_out = [one["file"] for one in told["failed"]]
    assert ("row 4" in left_out) and ("photo" in gone or "row 3" in left_out)
    known = headstart.load(folder / "m")
    sheet = pd.read_csv(out)
    assert len(sheet) == 8 and not set(sheet["number"] + 1) & {int(name.split()[1]) for name in left_out}
    assert "kind" in sheet and sheet["reason"].nunique() > 1
    there = [cell for cell in sheet["photo"] if isinstance(cell, str)]
    assert all((out.parent / cell).is_file() and not Path(cell).is_absolute() for cell in there)
    again = sheet.assign(kind=["ant", "bee"] * 4)
    again.to_csv(out, index=False)
    if not gone:
        known.evaluate(out)  # the sheet leads to its files
        again = pool.drop(index=[2, 3]).assign(kind=["ant", "bee"] * 4 + [None] * 30)
        again.to_csv(folder / "part.csv", index=False)
        assert not set(headstart.label_next(folder / "part.csv", n=6, model=known).rows) & set(range(8))


def test_labelled_rows_without_any_view_are_left_out_and_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = insects(folder, 30, 9)
    new.loc[[3, 7], ["photo", "wing", "legs"]] = None
    new.to_csv(folder / "bare.csv", index=False)
    bare, why = str(folder / "bare.csv"), "it has none of the views picture, body"
    assert exit_code(["evaluate", str(folder / "m"), bare]) in (0, 3)
    said = capsys.readouterr()
    assert f"Left out: 2 (row 4: {why}; row 8: {why})" in said.err and " 28 rows are too few" in said.out
    assert exit_code(["check", str(folder / "m"), bare, "--labels", "kind"]) in (0, 3, 4)
    assert f"Left out, since 2 rows cannot be read: row 4: {why}; row 8: {why}." in capsys.readouterr().out
    assert exit_code(["inspect", bare, "--label", "kind", *VIEWS]) == 0
    assert f"Left out: 2 (row 4: {why}" in capsys.readouterr().out
    assert exit_code(["predict", str(folder / "m"), bare, "--explain", str(folder / "went")]) == 1
    told = json.loads((folder / "went" / "explanations.json").read_text())
    assert len(told) == 28 and "row 4" not in json.dumps(told)

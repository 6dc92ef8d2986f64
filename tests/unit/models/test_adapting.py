"""Data without labels, learned from labelled sets of another domain; and the sheet that turns it into a test."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

import headstart
from headstart import Pictures
from headstart.cli.fit import command
from headstart.errors import DataError, NoLabels, ParameterError, SourceError
from headstart.report.page import build
from headstart.report.write import write_report

STARTER = "starter:pictures"


def pictures(n: int, seed: int, dark: float = 0.0, kinds: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % kinds
    wave = 60 * (np.sin(np.arange(32) * 1.2) > 0)
    shown = np.stack([np.broadcast_to(wave, (32, 32)), np.broadcast_to(wave[:, None], (32, 32)), np.full((32, 32), 25)])
    noisy = np.clip(shown[y] + 60 - dark + rng.normal(0, 25, (n, 32, 32)), 0, 255)
    return noisy.astype(np.uint8), np.array(["across", "along", "flat"])[y]


def loose(place: Path, n: int, seed: int, dark: float, kinds: int = 2) -> tuple[Path, np.ndarray]:
    X, y = pictures(n, seed, dark, kinds)
    place.mkdir(parents=True)
    for i, one in enumerate(X):
        Image.fromarray(one).save(place / f"p{i:03d}.png")
    return place, y


def labelled(place: Path, n: int, seed: int, kinds: int = 2) -> Path:
    X, y = pictures(n, seed, 0.0, kinds)
    for i, (one, label) in enumerate(zip(X, y, strict=True)):
        (place / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(one).save(place / label / f"q{i}.png")
    return place


def test_what_is_given_twice_counts_once_and_classes_spelled_alike_are_named(tmp_path: Path) -> None:
    here, _ = loose(tmp_path / "here", 30, 1, dark=45)
    sheet = tmp_path / "sheet.csv"
    pd.DataFrame({"path": [str(path) for path in sorted(here.iterdir())[:12]], "label": ""}).to_csv(sheet, index=False)
    there, other = labelled(tmp_path / "there", 40, 0), labelled(tmp_path / "other", 40, 5)
    (other / "along").rename(other / "Along")
    model = headstart.fit(sheet, [STARTER, there, other], unlabelled=[here, here])
    assert model.evidence["data"]["n"] == 30
    assert any("'Along' and 'along' of the labelled sets" in note for note in model.evidence["data"]["notes"])


def test_pictures_without_labels_become_a_model_that_claims_nothing(tmp_path: Path) -> None:
    here, _ = loose(tmp_path / "here", 40, 1, dark=45)
    (here / "broken.png").write_bytes(b"")
    there = labelled(tmp_path / "there", 60, 0)
    with pytest.raises(headstart.errors.BadPictures, match=r"broken\.png"):
        headstart.fit(here, [STARTER, there])
    model = headstart.fit(here, [STARTER, there], out=tmp_path / "model", ask=30, skip_bad=True)
    assert model.verdict in ("not proven", "nothing to adapt")
    assert "cannot be told" in model.evidence["lead"]["words"]
    assert model.evidence["data"]["n"] == 40 and model.evidence["data"]["labelled"] is False
    assert "estimate" not in model.evidence and not model.evidence["candidates"]
    assert any("1 of 41 pictures cannot be read" in note for note in model.evidence["data"]["notes"])
    loaded = headstart.load(tmp_path / "model")
    X, y = pictures(40, 1, 45)
    assert (loaded.predict(X) == y).mean() > 0.8
    assert np.allclose(loaded.predict_proba(X), model.predict_proba(X), atol=1e-5)
    page = write_report(tmp_path / "model").read_text(encoding="utf-8")
    assert "cannot be told" in page and "What it answers" in page and "pictures without labels" in page
    sheet = pd.read_csv(tmp_path / "model-to-label.csv", dtype=str)
    assert list(sheet.columns) == ["path", "label"] and len(sheet) == 30 and sheet["label"].isna().all()
    assert all((tmp_path / path).is_file() for path in sheet["path"])


def test_the_sheet_filled_in_gives_a_tested_verdict(tmp_path: Path) -> None:
    here, truth = loose(tmp_path / "here", 60, 1, dark=45)
    there = labelled(tmp_path / "there", 60, 0)
    headstart.fit(here, [STARTER, there], out=tmp_path / "model", ask=30)
    place = tmp_path / "model-to-label.csv"
    sheet = pd.read_csv(place)
    sheet["label"] = [truth[int(Path(path).stem[1:])] for path in sheet["path"]]
    sheet.to_csv(place, index=False)
    tested = headstart.fit(place, [STARTER, there], unlabelled=here, budget=30)
    names = {row["name"] for row in tested.evidence["candidates"]}
    assert {"head, with sets", "adapted head"} <= names
    assert tested.evidence["estimate"]["value"] > 0.7
    assert any("are among the labelled ones" in n or "copies" in n for n in tested.evidence["data"]["notes"])
    with pytest.raises(ParameterError, match="found a file there"):
        headstart.fit(here, [STARTER, there], out=tmp_path / "model", ask=30)


def test_classes_that_the_data_have_are_said(tmp_path: Path) -> None:
    here, _ = loose(tmp_path / "here", 30, 1, dark=30)
    there = labelled(tmp_path / "there", 60, 0, kinds=3)
    stated = headstart.fit(here, [STARTER, there], classes=["across", "along"])
    assert stated.classes_.tolist() == ["across", "along"]
    unstated = headstart.fit(here, [STARTER, there])
    assert unstated.classes_.tolist() == ["across", "along", "flat"]
    assert any("cannot be told without labels" in note for note in unstated.evidence["data"]["notes"])
    with pytest.raises(ParameterError, match="two or more of the classes 'across', 'along', 'flat', found 'round'"):
        headstart.fit(here, [STARTER, there], classes=["across", "round"])


def test_a_table_without_its_labels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def frame(n: int, shift: float) -> pd.DataFrame:
        y = rng.integers(2, size=n)
        rows = {"age": rng.normal(40 + 15 * y + shift, 5), "dose": rng.normal(3 - y, 0.5) + shift / 20}
        return pd.DataFrame({**rows, "ill": np.array(["no", "yes"])[y]})

    there, here = frame(200, 0), frame(120, 6)
    there.to_csv(tmp_path / "there.csv", index=False)
    here.drop(columns="ill").to_csv(tmp_path / "here.csv", index=False)
    how = {"label": "ill", "out": tmp_path / "model", "ask": 20}
    model = headstart.fit(tmp_path / "here.csv", tmp_path / "there.csv", **how)
    assert (model.predict(here.drop(columns="ill")) == here["ill"]).mean() > 0.85
    again = headstart.load(tmp_path / "model")
    assert (again.predict(here.drop(columns="ill")) == model.predict(here.drop(columns="ill"))).all()
    sheet = pd.read_csv(tmp_path / "model-to-label.csv")
    assert list(sheet.columns) == ["age", "dose", "ill"] and len(sheet) == 20 and sheet["ill"].isna().all()
    sheet["ill"] = ["no"] * 6 + ["yes"] + [None] * 13
    sheet.to_csv(tmp_path / "filled.csv", index=False)
    with pytest.raises(DataError, match=r"found 'yes' \(1 row\).* headstart evaluate measures such a model"):
        headstart.fit(tmp_path / "filled.csv", tmp_path / "there.csv", label="ill")
    assert headstart.evaluate(tmp_path / "model", tmp_path / "filled.csv", label="ill").evidence["data"]["n"] == 7
    with pytest.raises(DataError, match=r"could not be tested\.$"):
        headstart.fit(tmp_path / "filled.csv", label="ill")


NAMES = np.array(["02", "Bär, groß"])


@pytest.mark.parametrize("blank", [False, True])
@pytest.mark.parametrize("form", ["rows", "paths", "texts"])
def test_the_sheet_has_the_columns_that_the_same_words_read(
    form: str, blank: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A label column that is all blank is the one to be filled in; classes stay what they are: 02, commas, umlauts."""
    rng = np.random.default_rng(0)
    said: dict[str, str] = {}

    def frame(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
        y = np.arange(n) % 2
        if form == "rows":
            return pd.DataFrame({"größe": rng.normal(4 * y, 1).round(6), "b": rng.normal(-4 * y, 1).round(6)}), NAMES[y]
        if form == "paths":
            place, _ = loose(tmp_path / f"p{seed}", n, seed, 0.0)
            return pd.DataFrame({"Datei": [str(path) for path in sorted(place.iterdir())]}), NAMES[y]
        words = np.array(["invoice, refund", 'crash "screen"'])[y]
        return pd.DataFrame({"satz": [f"{word}\nof {i + seed}" for i, word in enumerate(words)]}), NAMES[y]

    there, y = frame(60, 0)
    here, truth = frame(40, 1000)
    there.assign(Befund=y).to_csv(tmp_path / "there.csv", index=False)
    (here.assign(Befund="") if blank else here).to_csv(tmp_path / "here.csv", index=False)
    sources = [str(tmp_path / "there.csv")]
    if form == "rows":
        said["label"] = "befund"
    else:
        said["path_column" if form == "paths" else "text_column"] = here.columns[0]
        sources.insert(0, STARTER if form == "paths" else str(request.getfixturevalue("minilm")))
    headstart.fit(tmp_path / "here.csv", sources, out=tmp_path / "m", ask=20, **said)
    sheet = pd.read_csv(tmp_path / "m-to-label.csv", dtype=str)
    column = "befund" if form == "rows" and not blank else "Befund"
    assert list(sheet.columns) == [*here.columns, column] and sheet[column].isna().all()
    if form == "paths":
        known = {Path(path).name: label for path, label in zip(here["Datei"], truth, strict=True)}
        sheet[column] = [known[Path(path).name] for path in sheet["Datei"]]
    else:
        key = here.columns[0]
        sheet[column] = [dict(zip(here[key].astype(str), truth, strict=True))[one] for one in sheet[key]]
    sheet.to_csv(tmp_path / "m-to-label.csv", index=False)
    how = {"unlabelled": tmp_path / "here.csv", "budget": 5, **said}
    model = headstart.fit(tmp_path / "m-to-label.csv", sources, **how)
    assert sorted(model.classes_) == sorted(NAMES) and model.evidence["data"]["n"] == 20


def test_a_fit_that_is_stopped_at_its_end_leaves_no_sheet_without_its_model(tmp_path: Path) -> None:
    here, there = loose(tmp_path / "here", 30, 1, dark=20)[0], labelled(tmp_path / "there", 40, 0)

    def stop(folder: Path) -> None:
        assert (folder / "evidence.json").is_file() and (tmp_path / "model-to-label.csv").is_file()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        headstart.fit(here, [STARTER, there], out=tmp_path / "model", ask=5, also=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "there"]


def test_rows_and_pictures_in_memory() -> None:
    X, y = pictures(60, 0)
    Xt, yt = pictures(40, 1, 45)
    model = headstart.fit(Pictures(list(Xt)), [STARTER, (X, y)])
    assert (model.predict(Xt) == yt).mean() > 0.8
    with pytest.raises(NoLabels, match="found pictures alone"):
        headstart.fit(Pictures(list(Xt)), STARTER)


def test_it_is_refused_where_nothing_has_labels(tmp_path: Path) -> None:
    here, _ = loose(tmp_path / "here", 12, 1, dark=0)
    with pytest.raises(DataError, match="Expected a folder for each class"):
        headstart.fit(here, STARTER)
    with pytest.raises(ParameterError, match="with out="):
        headstart.fit(here, [STARTER, (pictures(8, 0))], ask=5)
    with pytest.raises(SourceError, match="Expected classes in set 1 for data without labels, found numbers"):
        headstart.fit(here, [STARTER, (pictures(8, 0)[0], np.linspace(0, 1, 8))], task="regression")
    few, _ = loose(tmp_path / "few", 4, 1, dark=0)
    with pytest.raises(DataError, match="Expected 10 pictures or more without labels, found 4"):
        headstart.fit(few, [STARTER, pictures(8, 0)])
    with pytest.raises(ParameterError, match="Expected classes and ask with data without labels"):
        headstart.fit(pictures(8, 0), STARTER, classes=["across"])


def test_the_command_says_it_and_names_the_sheet(tmp_path: Path) -> None:
    here, _ = loose(tmp_path / "here", 20, 1, dark=45)
    there = labelled(tmp_path / "there", 30, 0)
    given = [str(here), "--source", STARTER, "--source", str(there), "--classes", "across, along", "--ask", "10"]
    ran = CliRunner().invoke(command, [*given, "--out", str(tmp_path / "model"), "--json"])
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert said["sheet"] == {"path": str(tmp_path / "model-to-label.csv"), "n": 10}
    assert said["reproduce"]["command"].endswith(f"--classes across,along --ask 10 --out {tmp_path / 'model'}")
    assert build(said)["verdict"]["badge"] in ("Not proven", "Nothing to adapt")
    again = CliRunner().invoke(command, [*given[:-2], "--out", str(tmp_path / "model2")])
    assert "cannot be told" in again.stdout and "Taken:" in again.stdout

"""``headstart look`` and ``predict --explain``: pages that stand alone, and words for what cannot be looked at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import tiny_pictures
from PIL import Image
from sklearn.linear_model import LinearRegression
from tiny_pictures import pictures

from headstart import Model, TransferClassifier
from headstart.cli.main import exit_code
from headstart.data.tables.encoder import TableEncoder
from headstart.guard.baselines.classical import BaselineClassifier


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("look")
    X, y = pictures(12)
    (place / "new").mkdir()
    for i in range(2):
        Image.fromarray(X[i]).save(place / "new" / f"<b>{i}.png")
    fitted = TransferClassifier("starter:pictures", head="linear", random_state=0).fit(X, y)
    Model(fitted, {}, task="classification", classes=list(fitted.classes_)).save(place / "linear")
    shutil.copy(tiny_pictures.__file__, place / "mine.py")
    plain = BaselineClassifier().fit(X, y)
    Model(plain, {}, task="classification", classes=list(plain.classes_)).save(place / "plain")
    return place


def test_a_network_is_looked_at_on_one_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert exit_code(["look", "mine.py:source", "new", "--out", "page.html", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["n"] == 2
    assert [depth["block"] for depth in said["depths"]] == said["preferences"]["blocks"]
    page = (folder / "page.html").read_text()
    assert "Edges, then corners and curves?" in page
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert "<b>0.png" not in page and "&lt;b&gt;0.png" in page


@pytest.mark.parametrize(("name", "way"), [("linear", "class activation map"), ("plain", "occlusion")])
def test_predictions_are_explained_in_a_folder(
    folder: Path, name: str, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / f"explained-{name}"
    assert exit_code(["predict", str(folder / name), str(folder / "new"), "--explain", str(out)]) == 0
    assert "index.html" in capsys.readouterr().err
    found = json.loads((out / "explanations.json").read_text())
    assert [one["way"] for one in found] == [way, way]
    for one in found:
        assert Image.open(out / one["picture"]).size == (32, 32)
    page = (out / "index.html").read_text()
    assert "<script" not in page and "<b>0.png" not in page


def test_rows_are_explained_cell_by_cell(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pandas as pd

    frame = pd.DataFrame({"age": [30.0, 20, 50, 70, 40, 35] * 2, "sex": ["f", "m"] * 6})
    encoder = TableEncoder().fit(frame)
    fitted = LinearRegression().fit(encoder.transform(frame), frame["age"])
    frame.head(2).to_csv(folder / "rows.csv", index=False)
    from headstart.models.explaining.explain import explain

    model = Model(fitted, {}, task="regression", classes=None, input_type="table", encoder=encoder)
    from headstart.report.explained import write_explanations

    page = write_explanations(folder / "of-rows", explain(model, str(folder / "rows.csv"))).read_text()
    assert "age = 30" in page and "speaks for the answer," not in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["look", "{}/plain"], "runs no network"),
        (["look", "{}/nothing"], "found nothing"),
        (["look", "starter:pictures", "{}/nothing"], "found nothing"),
        (["look", "starter:speech", "{}/new"], "found none"),
        (["look", "starter:pictures", "{}/linear/headstart.json"], "cannot be read"),
        (
            ["look", "starter:pictures", "{}/new", "--out", "{}/linear/headstart.json/x.html"],
            "Choose another place (--out)",
        ),
        (
            ["predict", "{}/linear", "{}/new", "--explain", "{}/linear/headstart.json"],
            "Choose another place (--explain)",
        ),
    ],
)
def test_what_cannot_be_done_is_said(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code([word.format(folder) for word in words]) in (1, 2)
    told = capsys.readouterr().err
    assert "Traceback" not in told and "fault in headstart" not in told
    assert "Expected" in told and said in told

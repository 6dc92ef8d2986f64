"""``headstart evaluate``, and a threshold and a file in ``headstart predict``."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import headstart
from headstart.cli.main import exit_code


def table(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.4
    X = rng.normal(size=(n, 3)) + 1.5 * y[:, None]
    return pd.DataFrame(X, columns=["a", "b", "c"]).assign(outcome=np.where(y, "ill", "well"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model, labelled rows and others without labels."""
    folder = tmp_path_factory.mktemp("wards")
    headstart.fit(table(150, 0), None, label="outcome", budget=4, positive="well", prevalence=0.9, out=folder / "model")
    table(200, 1).to_csv(folder / "new.csv", index=False)
    table(40, 2).drop(columns="outcome").to_csv(folder / "open.csv", index=False)
    return folder


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    found = capsys.readouterr()
    return found.out, found.err


def test_it_prints_the_promise_and_writes_a_page(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = place / "pages" / "page.html"
    command = ["evaluate", str(place / "model"), str(place / "new.csv"), "--label", "outcome", "--out", str(page)]
    assert exit_code(command) == 0
    out, err = said(capsys)
    assert out.splitlines()[0].startswith(("The promise held", "Better than", "The promise did not", "Cannot tell"))
    assert "out of fold at fit" in out and "PPV" in out and f"Page: {page}" in err
    text = page.read_text(encoding="utf-8")
    assert "Every score, here and at the fit" in text and "<script" not in text
    assert "Did transfer" not in text and "How the chosen model was trained" not in text


def test_json_is_one_object(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--label", "outcome", "--sensitivity", "0.9", "--positive", "ill", "--json"]
    assert exit_code(["evaluate", str(place / "model"), str(place / "new.csv"), *asked]) == 0
    found = json.loads(said(capsys)[0])
    assert found["verdict"] in ("held", "better than promised", "did not hold", "cannot tell")
    assert found["evaluation"]["operating"]["positive"] == "ill" and found["use"]["positive"] == "ill"
    assert "held_out" not in found and "thumbnail" not in json.dumps(found)


def test_what_was_stated_at_the_fit_counts_later(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["evaluate", str(place / "model"), str(place / "new.csv"), "--json"]) == 0
    use = json.loads(said(capsys)[0])["use"]
    assert (use["positive"], use["prevalence"]) == ("well", 0.9)
    again = (place / "model" / "evidence.json").read_text(encoding="utf-8")
    assert "--positive well --prevalence 0.9" in again or json.loads(again)["reproduce"]["command"] == ""
    page = place / "other.html"
    command = ["report", str(place / "model"), "--out", str(page), "--positive", "ill", "--prevalence", "0.02"]
    assert exit_code(command) == 0
    assert "where 2.0% are ill" in page.read_text(encoding="utf-8")


def test_predict_decides_by_a_threshold_and_says_what_it_finds(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def answered(*options: str) -> tuple[list[str], str]:
        assert exit_code(["predict", str(place / "model"), str(place / "open.csv"), "--json", *options]) == 0
        out, err = said(capsys)
        return [row["label"] for row in json.loads(out)["predictions"]], err

    usual, _ = answered()
    many, words = answered("--positive", "ill", "--sensitivity", "0.95")
    few, _ = answered("--positive", "ill", "--threshold", "0.999999")
    assert few.count("ill") <= usual.count("ill") <= many.count("ill") and many.count("ill") > 0
    assert "Answered ill where its probability is" in words and "held out: sensitivity" in words
    assert answered("--positive", "ill", "--cost-miss", "1")[0] == usual
    assert exit_code(["predict", str(place / "model"), str(place / "open.csv"), "--positive", "ill"]) == 2
    assert exit_code(["predict", str(place / "model"), str(place / "open.csv"), "--threshold", "7"]) == 1
    assert "Expected a threshold from 0 to 1, found 7" in said(capsys)[1]


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet"])
def test_answers_are_written_into_a_file(place: Path, ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = place / "answers" / f"a.{ending}"
    assert exit_code(["predict", str(place / "model"), str(place / "open.csv"), "--out", str(out)]) == 0
    printed, err = said(capsys)
    assert printed == "" and f"Written: 40 rows to {out}" in err
    if ending == "csv":
        rows = list(csv.DictReader(out.open(encoding="utf-8")))
        assert len(rows) == 40 and set(rows[0]) == {"file", "label", "p(ill)", "p(well)", "error"}
    elif ending == "parquet":
        assert pd.read_parquet(out)["label"].isin(["ill", "well"]).all()
    elif ending == "json":
        assert len(json.loads(out.read_text(encoding="utf-8"))["predictions"]) == 40
    else:
        assert len([json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]) == 40
    assert [one.name for one in out.parent.iterdir() if one.name.startswith(".")] == []


def test_a_file_is_written_whole_or_not_at_all(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["predict", str(place / "model"), str(place / "open.csv"), "--out"]
    assert exit_code([*command, "answers.docx"]) == 1
    assert "Expected a file that ends in .csv, .json, .jsonl or .parquet, found answers.docx" in said(capsys)[1]
    kept = place / "kept.csv"
    kept.write_text("mine", encoding="utf-8")
    assert exit_code(["predict", str(place / "model"), str(place / "nothing.csv"), "--out", str(kept)]) == 1
    assert kept.read_text(encoding="utf-8") == "mine"
    said(capsys)
    (place / "file").write_text("", encoding="utf-8")
    assert exit_code([*command, str(place / "file" / "a.csv")]) == 1
    assert "a file in the place of one of its folders" in said(capsys)[1]
    (place / "folder.csv").mkdir()
    assert exit_code([*command, str(place / "folder.csv")]) == 1
    assert "Expected a file to write, found the folder" in said(capsys)[1]


def test_wrong_things_end_in_one_message(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {
        "Expected a file that ends in .html or .htm, found page.pdf": ["new.csv", "--out", "page.pdf"],
        "found nothing at": ["gone.csv"],
        "Name the column of labels (--label)": ["open.csv"],
        "Expected a prevalence between 0 and 1": ["new.csv", "--prevalence", "5"],
        "Expected one way to choose a threshold": ["new.csv", "--threshold", "0.2", "--specificity", "0.9"],
    }
    for words, (data, *options) in wrong.items():
        assert exit_code(["evaluate", str(place / "model"), str(place / data), *options]) == 1
        out, err = said(capsys)
        assert words in err and "Traceback" not in err and out == ""

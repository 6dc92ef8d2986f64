"""Names, classes, cells and errors that would steer a terminal, or run as a formula or HTML, are shown, not obeyed."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart import Model, load
from headstart.cli.main import exit_code
from headstart.guard.baselines.texts import TextBaselineClassifier, TextBaselineRegressor

STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\u2029]")
NASTY = "=cmd|' /C calc'!A1\x1b]0;owned\x07\x1b[2J\r\u202e<script>alert(1)</script>|`x`\x9b31m"
LABELS = [NASTY, "-plain"]


def saved(folder: Path) -> Path:
    """A model of two classes with such names."""
    fitted = TextBaselineClassifier().fit(["good film", "bad film"] * 6, LABELS * 6)
    evidence = {
        "data": {"input_type": "text", "n": 12, "name": NASTY, "task": "classification", "notes": [NASTY]}
        | {"n_per_class": dict.fromkeys(LABELS, 6), "classes": LABELS},
        "verdict": {"word": "cannot tell", "sentence": f"Nothing is known of {NASTY}."},
        "per_class": [{"class": NASTY, "n": 6, "precision": 1.0, "recall": 1.0, "f1": 1.0}],
    }
    classes = fitted.classes_.tolist()
    return Model(fitted, evidence, task="classification", classes=classes, input_type="text").save(folder / "model")


@pytest.mark.parametrize("more", [[], ["--json"], ["--csv"]])
def test_nothing_that_steers_reaches_the_terminal(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = saved(tmp_path)
    table = tmp_path / "a\x1b[31m.csv"
    pd.DataFrame({"text": ["good film", "bad film"]}).to_csv(table, index=False)
    assert exit_code(["predict", str(model), str(table), "--text-column", "text", *more]) == 0
    said = capsys.readouterr()
    assert not STEERS.search(said.out) and not STEERS.search(said.err)
    assert r"\u001b" in said.out
    if more == ["--json"]:
        assert json.loads(said.out)["predictions"][0]["label"] in LABELS


def test_a_spreadsheet_gets_no_formula_and_numbers_stay_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["predict", str(saved(tmp_path)), "--text", "good film", "--csv"]) == 0
    header, row = csv.reader(io.StringIO(capsys.readouterr().out))
    assert all(not part.startswith(("=", "+", "-", "@")) for part in (*header, *row))
    assert row[1].startswith(("'=cmd", "'-plain")) and 0 < float(row[2]) < 1
    numbers = TextBaselineRegressor().fit(["good film", "bad film"] * 6, [-5.0, -9.0] * 6)
    model = Model(numbers, {}, task="regression", classes=None, input_type="text").save(tmp_path / "numbers")
    assert exit_code(["predict", str(model), "--text", "good film", "--csv"]) == 0
    assert float(list(csv.reader(io.StringIO(capsys.readouterr().out)))[1][1]) < 0


@pytest.mark.parametrize(
    "words",
    [["predict", "no\x1b[2Jmodel", "x"], ["fit", "no\x07data", "--out", "o"], ["\x1b[31mno"], ["inspect", "\u202eno"]],
)
def test_errors_show_what_they_quote(words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert exit_code(words) != 0
    said = capsys.readouterr()
    assert not STEERS.search(said.out + said.err) and re.search(r"\\[ux]", said.out + said.err)


def test_card_and_report_escape(tmp_path: Path) -> None:
    model = saved(tmp_path)
    assert exit_code(["report", str(model)]) == 0
    card, page = ((model / name).read_text() for name in ("README.md", "report.html"))
    for text in (card, page):
        assert not STEERS.search(text) and "<script" not in text and "&lt;script" in text
    row = next(line for line in card.splitlines() if line.startswith("| =cmd"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 6 and "\\|" in row


def test_what_is_shown_is_not_what_is_kept(tmp_path: Path) -> None:
    assert set(load(saved(tmp_path)).classes_) == set(LABELS)
    assert np.isin(load(tmp_path / "model").predict(["good film"]), LABELS).all()

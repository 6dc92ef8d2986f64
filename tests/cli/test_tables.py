"""Tables on the command line: fit, predict, advise, report, and the words of what is refused."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart.cli.main import exit_code


def clinic(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.normal(50, 10, n).round(), "town": rng.choice(["Ulm", "Bonn"], n)})
    return frame.assign(y=np.where(frame["age"] + 5 * (frame["town"] == "Ulm") > 52, "ill", "well"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables, and a model fitted on them by the command."""
    place = tmp_path_factory.mktemp("clinics")
    for name, n, seed in (("here", 30, 1), ("there", 120, 2), ("new", 8, 3)):
        clinic(n, seed).to_csv(place / f"{name}.csv", index=False)
    words = ["fit", str(place / "here.csv"), "--label", "y", "--source", str(place / "there.csv")]
    assert (
        exit_code([*words, "--unlabelled", str(place / "new.csv"), "--budget", "10s", "--out", str(place / "m")]) == 0
    )
    return place


def test_fit_writes_a_model_and_a_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert {"headstart.json", "evidence.json", "table.json", "table.safetensors", "report.html"} <= {
        p.name for p in (folder / "m").iterdir()
    }
    assert exit_code(["report", str(folder / "m"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["data"]["input_type"] == "table" and told["source"]["n_unlabelled"] == 8


def test_predict_labels_every_row(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["predict", str(folder / "m"), str(folder / "new.csv"), "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 8 and rows[0]["file"].endswith("new.csv row 1")
    truth = clinic(8, 3)["y"].tolist()
    assert np.mean([row["label"] == label for row, label in zip(rows, truth, strict=True)]) > 0.6
    assert exit_code(["predict", str(folder / "m"), str(folder)]) == 1
    assert "Expected a table" in capsys.readouterr().err
    for command in ("predict", "check", "evaluate"):
        assert exit_code([command, str(folder / "m"), "-"]) == 1
        assert "found -: standard input is not read" in capsys.readouterr().err
    assert exit_code(["check", str(folder / "m"), str(folder / "none.csv")]) == 1
    assert "Expected a table, found nothing at" in capsys.readouterr().err


def test_what_new_rows_hold_that_was_never_seen_is_said(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic(40, 5).replace({"town": {"Ulm": "Trier", "Bonn": "BONN"}}).to_csv(tmp_path / "new.csv", index=False)
    for words in (["predict"], ["check"], ["evaluate"]):
        exit_code([*words, str(folder / "m"), str(tmp_path / "new.csv")])
        said = "".join(capsys.readouterr())
        assert "Unknown in 'town': 'Trier', in" in said and "BONN" not in said


def test_columns_are_left_out_of_all_tables(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("here", "there"):
        table = pd.read_csv(folder / f"{name}.csv")
        table.assign(code=table["y"].str.upper(), note="seen").to_csv(tmp_path / f"{name}.csv", index=False)
    words = [
        "fit",
        str(tmp_path / "here.csv"),
        "--label",
        "y",
        "--source",
        str(tmp_path / "there.csv"),
        "--budget",
        "8s",
    ]
    left = ["--leave-out", "Code", "--leave-out", "note"]
    assert exit_code([*words, *left, "--out", str(tmp_path / "m"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "--leave-out Code --leave-out note" in found["reproduce"]["command"]
    assert {c["name"]: c["role"] for c in found["data"]["read"]["columns"]} == {
        "age": "feature",
        "town": "feature",
        "y": "label",
    }
    assert "code" not in " ".join(found["data"]["notes"])
    assert exit_code(["predict", str(tmp_path / "m"), str(tmp_path / "here.csv")]) == 0
    assert exit_code(["evaluate", str(tmp_path / "m"), str(folder / "there.csv")]) == 0
    assert exit_code(["inspect", str(tmp_path / "here.csv"), "--label", "y"]) == 0
    assert "if it is not known beforehand: --leave-out code" in capsys.readouterr().out
    for wrong, said in (("cod", "Did you mean 'code'?"), ("y", "found 'y' among both")):
        assert exit_code([*words, "--leave-out", wrong, "--out", str(tmp_path / "n")]) == 1
        assert said in capsys.readouterr().err
    assert exit_code(["fit", str(tmp_path), "--leave-out", "code", "--out", str(tmp_path / "n")]) == 1
    assert "Expected leave_out only with a table" in capsys.readouterr().err


def test_advise_compares_the_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["advise", str(folder / "here.csv"), "--label", "y", "--source", str(folder / "there.csv")]
    assert exit_code(words) == 0
    assert "The source has 120 rows, the target has 30" in capsys.readouterr().out
    assert exit_code(["advise", str(folder / "here.csv"), "--label", "y"]) == 0
    assert "Nothing was offered to borrow from." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--label", "z"], "Expected a column 'z' with the labels"),
        (["--label", "y", "--source", "starter:pictures"], "found nothing at starter:pictures"),
        (["--label", "age", "--task", "classification", "--source", "none"], "Expected at least 2 examples of every"),
    ],
    ids=["label", "network", "classes"],
)
def test_what_cannot_be_used_is_one_message(
    folder: Path, tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["fit", str(folder / "here.csv"), *words, "--out", str(tmp_path / "m")]) == 1
    found = capsys.readouterr().err
    assert said in found and "Traceback" not in found and not (tmp_path / "m").exists()

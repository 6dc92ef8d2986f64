"""Several tasks and groups on the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart.cli.main import exit_code


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tasks")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).round(3)
    frame["size"] = np.where(rng.random(60) < 0.2, np.nan, (X[:, 0] + X[:, 1]).round(3))
    frame["kind"] = np.where(X[:, 0] > 0, "big", "small")
    frame.to_csv(place / "table.csv", index=False)
    words = ["fit", str(place / "table.csv"), "--label", "size", "--label", "kind", "--budget", "10s"]
    assert exit_code([*words, "--out", str(place / "m")]) == 0
    assert exit_code([*words, "--target", "kind", "--out", str(place / "t")]) == 0
    return place


def test_inspect_says_which_tasks_there_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["inspect", str(folder / "table.csv"), "--label", "size", "--label", "kind"]) == 0
    said = capsys.readouterr().out
    assert "One of several tasks: size" in said and "One of several tasks: kind" in said and "Task: regression" in said
    assert exit_code(["inspect", str(folder / "table.csv"), "--label", "size", "--label", "kind", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["label"] for one in told] == ["size", "kind"] and told[0]["unlabelled"] > 0


def test_predict_gives_a_column_a_task(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = ["predict", str(folder / "m"), str(folder / "table.csv")]
    assert exit_code([*ask, "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 60 and {"size", "kind", "p(kind=big)"} <= set(rows[0])
    assert exit_code([*ask, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["predictions"][0]["tasks"]
    assert isinstance(told["size"]["value"], float) and told["kind"]["label"] in ("big", "small")
    assert exit_code(ask) == 0 and "size" in capsys.readouterr().out
    assert exit_code([*ask, "--sets", "0.1"]) == 2 and "for one task" in capsys.readouterr().err


def test_report_and_evidence_have_a_row_a_task(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["report", str(folder / "m"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["tasks"]] == ["size", "kind"] and {"difference", "refused"} <= set(
        told["tasks"][0]
    )
    assert exit_code(["report", str(folder / "t"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["auxiliary"]["tasks"][0]["name"] == "size"


def test_wrong_inputs_are_refused_in_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit = ["fit", str(folder / "table.csv"), "--out", str(folder / "x"), "--budget", "5s"]
    assert exit_code([*fit, "--label", "size", "--label", "kind", "--target", "b"]) == 1
    assert (
        "Expected the target 'b' and other tasks among the label columns, found 'size', 'kind'"
        in capsys.readouterr().err
    )
    assert exit_code([*fit, "--label", "kind", "--partial-pooling", "school"]) == 1
    assert "Expected a column 'school' of groups in the table" in capsys.readouterr().err
    assert exit_code(["fit", str(folder), "--out", str(folder / "x"), "--target", "b"]) == 1
    assert "only with a table" in capsys.readouterr().err

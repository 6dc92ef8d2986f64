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


def test_unknown_categories_are_said_of_several_tasks_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=40).round(3), "place": ["north", "south"] * 20})
    frame = frame.assign(size=frame["a"] * 2, kind=np.where(frame["a"] > 0, "big", "small"))
    table, new, out = tmp_path / "table.csv", tmp_path / "new.csv", str(tmp_path / "m")
    frame.to_csv(table, index=False)
    frame.assign(place="mars").head(8).to_csv(new, index=False)
    assert exit_code(["fit", str(table), "--label", "size", "--label", "kind", "--budget", "5s", "--out", out]) == 0
    assert exit_code(["predict", out, str(new)]) == 0
    said = capsys.readouterr().err
    assert said.count("Unknown in 'place': 'mars', in 8 of 8 rows; learned were 'north', 'south'.") == 1


def test_labels_that_cannot_be_learned_are_refused_before_any_task_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=40).round(3), "kind": ["big", "small"] * 20})
    frame["name"] = [f"n{i}" for i in range(39)] + ["n0"]
    frame.to_csv(tmp_path / "table.csv", index=False)
    asked = ["fit", str(tmp_path / "table.csv"), "--label", "kind", "--label", "name", "--out", str(tmp_path / "m")]
    assert exit_code(asked) == 1
    said = capsys.readouterr().err
    assert "name: Expected at least 2 examples of every class, found 'n1' (1 row), 'n10' (1 row), " in said
    assert "and 28 more" in said and "Leave out --label name" in said and "done after" not in said
    assert exit_code([*asked, "--target", "kind", "--budget", "5s"]) == 0  # beside a target it may stand
    assert not [one for one in recwarn if "unique classes" in str(one.message)]


def test_empty_rows_between_others_are_said_and_do_not_shift_the_numbers(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (folder / "table.csv").read_text().splitlines()
    gaps = [lines[0], *lines[1:3], ",,,,", lines[3], "", " , ,,,", lines[4], ",,,,"]
    (folder / "gaps.csv").write_text("\n".join(gaps))
    assert exit_code(["predict", str(folder / "t"), str(folder / "gaps.csv"), "--json"]) == 0
    said = capsys.readouterr()
    told = [one["file"].rsplit(" ")[-1] for one in json.loads(said.out)["predictions"]]
    assert told == ["1", "2", "4", "7"] and "3 rows are empty (3, 5, 6) and were passed over" in said.err
    assert exit_code(["inspect", str(folder / "gaps.csv"), "--label", "size", "--task", "regression"]) == 0
    assert "3 rows are empty (3, 5, 6) and were passed over; the others keep their numbers." in capsys.readouterr().out

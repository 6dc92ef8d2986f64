"""Several sources in one ranking on the command line, and what is said of those that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_pictures import source

from headstart import advise
from headstart.cli.main import exit_code
from headstart.data.reading.options import Reading
from headstart.errors import ParameterError, SourceError
from headstart.models.advice import sources_in


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A table of 40 rows, and a folder of others: good, opposite, shuffled, written otherwise."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(440, 6)), columns=list("abcdef"))
    y = np.where(X.sum(axis=1) + rng.normal(size=440) > 0, "ill", "well")
    there, labels = X[35:], y[35:]  # five rows are the target's too
    (tmp_path / "src").mkdir()
    X[:40].assign(label=y[:40]).to_csv(tmp_path / "here.csv", index=False)
    made = {"good": labels, "opposite": np.where(labels == "ill", "well", "ill"), "shuffled": rng.permutation(labels)}
    for name, given in made.items():
        there.assign(label=given).to_csv(tmp_path / "src" / f"{name}.csv", index=False)
    there.assign(label=np.char.capitalize(labels.astype(str))).to_csv(tmp_path / "src" / "written.csv", index=False)
    return tmp_path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """30 dark or light pictures of noise."""
    rng = np.random.default_rng(0)
    for i in range(30):
        folder = tmp_path / "pictures" / ("dark", "light")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        noise = rng.integers(0, 120, (32, 32, 3)) + 100 * (i % 2)
        Image.fromarray(noise.astype(np.uint8)).save(folder / f"{i}.png")
    return tmp_path / "pictures"


def by_source(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["source"]: row for row in reversed(rows)}


def test_a_folder_of_tables_is_ranked_and_each_judged(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["advise", str(tables / "here.csv"), "--sources", str(tables / "src"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = by_source(found["ranking"])
    assert set(rows) == {"none", "good.csv", "opposite.csv", "shuffled.csv", "written.csv"}
    assert rows["none"]["expected"] is not None and rows["good.csv"]["verdict"] in ("help", "open")
    assert [rows[name]["verdict"] for name in ("opposite.csv", "shuffled.csv", "written.csv")] == ["refused"] * 3
    assert "look swapped: 'ill' there is 'well' here" in rows["opposite.csv"]["why"]
    assert "write both alike" in rows["written.csv"]["why"]
    assert any("5 rows of the source 'good.csv' are rows of the target too" in words for words in found["notes"])
    assert exit_code(["advise", str(tables / "here.csv"), "--sources", str(tables / "src")]) == 0
    said = capsys.readouterr().out
    assert "rank  source" in said and "Not borrowed: opposite.csv" in said and "What: " in said


def test_auto_beside_a_table_is_nothing(tables: Path) -> None:
    found = advise(tables / "here.csv", ["auto", tables / "src" / "good.csv"], label="label")
    assert set(by_source(found.ranking)) == {"none", "good.csv"}
    with pytest.raises(
        ParameterError,
        match=r"Expected options of advise, found lable\. Did you mean 'label'\? Known are boxes, .* label",
    ):
        advise(tables / "here.csv", tables / "src" / "good.csv", lable="label")


def test_a_second_source_that_is_not_there_is_an_error(
    tables: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [(tables / "here.csv", tables / "src" / "good.csv"), (pictures, "starter:pictures")]
    for data, first in given:
        assert exit_code(["advise", str(data), "--source", str(first), "--source", str(tables / "absent")]) == 1
        assert "found nothing at" in capsys.readouterr().err


def test_networks_of_another_kind_are_refused_beside_one_that_fits(pictures: Path) -> None:
    found = advise(pictures, ["starter:pictures", "starter:speech"])
    rows = by_source(found.ranking)
    assert rows["starter:speech"]["verdict"] == "refused" and "takes audio" in rows["starter:speech"]["why"]
    assert rows["starter:pictures"]["basis"] == "measured" and rows["none"]["basis"] == "measured"
    assert {row["what"] for row in found.ranking if row["source"] == "starter:pictures"} == {"parameters", "features"}
    assert found.n == 30 and json.loads(json.dumps(found.to_dict()))["words"] == found.words


def test_a_labelled_set_stands_beside_the_network(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "more" / "dark").mkdir(parents=True)
    (tmp_path / "more" / "light").mkdir()
    rng = np.random.default_rng(1)
    for i in range(20):
        noise = (rng.integers(0, 120, (32, 32, 3)) + 100 * (i % 2)).astype(np.uint8)
        Image.fromarray(noise).save(tmp_path / "more" / ("dark", "light")[i % 2] / f"{i}.png")
    found = advise(pictures, ["auto", tmp_path / "more"])  # auto is the starter beside others too
    rows = by_source(found.ranking)
    assert rows["starter:pictures + more"]["what"] == "instances"
    assert all(row["expected"] is None or 0 <= row["expected"] <= 1 for row in found.ranking)


def test_without_time_what_was_looked_at_is_measured_and_the_others_are_not(pictures: Path) -> None:
    found = advise(pictures, ["starter:pictures", source()], budget=1e-6)
    first, second = (row for row in found.ranking if row["source"] != "none")
    assert first["source"] == "starter:pictures" and first["basis"] == "measured" and first["expected"] is not None
    assert second["basis"] == "prior" and "the time was up" in second["why"]
    assert any("Nearest neighbours" in one["words"] for one in found.findings)


def test_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(340, 4)), columns=list("abcd"))
    X["y"] = X.sum(axis=1) + 0.1 * rng.normal(size=340)
    X[:40].to_csv(tmp_path / "here.csv", index=False)
    X[40:].to_csv(tmp_path / "there.csv", index=False)
    found = advise(tmp_path / "here.csv", tmp_path / "there.csv", Reading(label="y"))
    assert "R²" in found.words and found.ranking[0]["expected"] > 0.8


def test_a_folder_without_sources_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Expected a folder of networks, sets or tables, found an empty one"):
        sources_in(tmp_path)

"""A model that does not hold any more is adapted from what it learned from, or the words say what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

import headstart
from headstart.cli.check import command
from headstart.errors import OutputError, ParameterError, SourceError


def frame(n: int, seed: int, scale: float = 1.0, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    rows = {name: scale * rng.normal(3 * sign * y, 1.0) + shift for name, sign in (("a", 1), ("b", -1), ("c", 1))}
    return pd.DataFrame(rows | {"ill": np.array(["no", "yes"])[y]})


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("table")
    frame(160, 0).to_csv(folder / "old.csv", index=False)
    headstart.fit(folder / "old.csv", None, label="ill", budget=20, out=folder / "model")
    return folder


def test_rows_in_another_unit_are_adapted_to(table: Path, tmp_path: Path) -> None:
    new = frame(150, 1, 10.0, 5.0)
    new.drop(columns="ill").to_csv(tmp_path / "new.csv", index=False)
    ran = CliRunner().invoke(
        command, [str(table / "model"), str(tmp_path / "new.csv"), "--adapt", str(tmp_path / "out"), "--json"]
    )
    said = json.loads(ran.stdout)
    assert said["verdict"] in ("doubtful", "invalid")
    assert said["adapted"]["verdict"] == "not proven" and "Adapted, and saved in" in said["words"][-1]
    rows, truth = new.drop(columns="ill"), new["ill"].to_numpy()
    before = (headstart.load(table / "model").predict(rows) == truth).mean()
    after = (headstart.load(tmp_path / "out").predict(rows) == truth).mean()
    assert after > before + 0.15 and after > 0.9
    labelled = headstart.check(
        tmp_path / "out", new, labels="ill"
    )  # nothing was promised of a model that is not proven
    assert labelled.verdict == "cannot tell" and labelled.numbers["accuracy"] == after
    assert "handed over without a figure" in labelled.sentence
    assert any("rows are among what the model was adapted to" in words for words in labelled.words)


def test_with_labels_the_guard_measures(table: Path, tmp_path: Path) -> None:
    frame(80, 2, 10.0, 5.0).to_csv(tmp_path / "new.csv", index=False)
    found = headstart.check(table / "model", tmp_path / "new.csv", labels="ill", adapt=tmp_path / "out")
    assert found.verdict == "invalid"
    assert found.numbers["adapted"]["verdict"] in ("helps", "hurts", "no evidence either way")
    assert headstart.load(tmp_path / "out").evidence["metrics"]["accuracy"] > 0.8


def test_what_is_valid_is_left_alone(table: Path, tmp_path: Path) -> None:
    found = headstart.check(table / "model", frame(100, 3).drop(columns="ill"), adapt=tmp_path / "out")
    assert found.verdict == "valid" and "Nothing was adapted" in found.words[-1]
    assert not (tmp_path / "out").exists()


def test_pictures_are_adapted_from_a_folder_that_moved(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def folder(name: str, dark: float) -> Path:
        for i in range(60):
            stripes = 110 * (np.sin(np.arange(32) * 1.2) > 0)
            one = stripes[None, :] + np.zeros((32, 1)) if i % 2 else stripes[:, None] + np.zeros((1, 32))
            place = tmp_path / name / ("along" if i % 2 else "across")
            place.mkdir(parents=True, exist_ok=True)
            noisy = np.clip((one + 100) * dark + rng.normal(0, 20, (32, 32)), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(place / f"{i}.png")
        return tmp_path / name

    model = headstart.fit(folder("old", 1.0), "starter:pictures", budget=20, out=tmp_path / "model")
    given = model.evidence["reproduce"]["given"]
    assert given == {"data": str(tmp_path / "old"), "sources": ["starter:pictures"], "reading": {}}
    (tmp_path / "old").rename(tmp_path / "elsewhere")
    new = folder("new", 0.15)
    with pytest.raises(SourceError, match=r"old, as they were named then, found nothing there[\s\S]*--learned-from"):
        headstart.check(tmp_path / "model", new, adapt=tmp_path / "out")
    found = headstart.check(tmp_path / "model", new, adapt=tmp_path / "out", learned_from=tmp_path / "elsewhere")
    assert found.verdict in ("doubtful", "invalid")
    assert found.numbers["adapted"]["verdict"] == "not proven" and (tmp_path / "out" / "config.json").exists()
    again = headstart.check(tmp_path / "out", folder("newer", 0.15))  # what was adapted can be checked too
    assert again.verdict == "valid" and "never proven" in again.words[-1]
    there = headstart.check(tmp_path / "out", tmp_path / "elsewhere", adapt=tmp_path / "back", learned_from=new)
    assert there.verdict == "doubtful" and there.numbers["adapted"]["path"] == str(tmp_path / "back")


def test_a_model_that_was_adapted_names_its_labelled_set(table: Path, tmp_path: Path) -> None:
    frame(80, 7, 2.0).drop(columns="ill").to_csv(tmp_path / "here.csv", index=False)
    headstart.fit(tmp_path / "here.csv", table / "old.csv", label="ill", out=tmp_path / "model")
    new = frame(80, 8, 10.0, 5.0).drop(columns="ill")
    found = headstart.check(tmp_path / "model", new, adapt=tmp_path / "out")
    assert found.verdict == "doubtful" and found.numbers["adapted"]["path"] == str(tmp_path / "out")
    lean = headstart.fit(tmp_path / "here.csv", table / "old.csv", label="ill", reference=False)
    assert lean.reference is None and "--no-reference" in lean.evidence["reproduce"]["command"]


def test_texts_in_two_columns_are_read_as_before_and_a_verdict_outlives_what_cannot_be_adapted(tmp_path: Path) -> None:
    def texts(seed: int, words: tuple[str, str], n: int = 60) -> pd.DataFrame:
        said = np.random.default_rng(seed).choice(["the film", "a play", "this book", "our trip"], (n, 3))
        title, text = (list(map(" ".join, said[:, part])) for part in ([0, 1], [2]))
        return pd.DataFrame(
            {
                "title": title,
                "text": [f"{t} {i} {words[i % 2]}" for i, t in enumerate(text)],
                "y": ["no" if i % 2 else "yes" for i in range(n)],
            }
        )

    columns = {"label": "y", "text_column": ["title", "text"]}
    texts(0, ("lovely", "awful")).to_csv(tmp_path / "old.csv", index=False)
    headstart.fit(tmp_path / "old.csv", None, out=tmp_path / "model", budget=20, **columns)
    new = tmp_path / "new.csv"
    texts(1, ("awful", "lovely")).to_csv(new, index=False)
    found = headstart.check(tmp_path / "model", new, labels="y", adapt=tmp_path / "out")
    assert found.verdict == "invalid" and found.numbers["adapted"]["path"] is None and not (tmp_path / "out").exists()
    assert "Nothing was adapted: Expected a network" in found.words[-1]  # the columns were no question


def test_what_cannot_be_adapted_is_refused_before_anything_is_done(table: Path, tmp_path: Path) -> None:
    rows = frame(40, 4).drop(columns="ill")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError):
        headstart.check(table / "model", rows, adapt=tmp_path / "mine")
    in_memory = headstart.fit(frame(60, 5), None, label="ill", budget=10)
    with pytest.raises(SourceError, match=r"found a model that names none[\s\S]*learned_from"):
        headstart.check(in_memory, rows, adapt=tmp_path / "out")
    numbers = frame(60, 6).drop(columns="ill")
    model = headstart.fit(numbers, None, label="a", task="regression", budget=10)
    with pytest.raises(
        ParameterError, match="Expected a model of classes to adapt, found one of the task 'regression'"
    ):
        headstart.check(model, numbers, adapt=tmp_path / "out", learned_from=numbers)

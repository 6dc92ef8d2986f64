"""The columns of a new table that a model is asked about: those that it learned from, or others that are said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from tiny_pictures import pictures

import headstart
from headstart.cli.main import cli
from headstart.data.base.kinds import PICTURES, TEXTS
from headstart.data.reading.unlabelled import as_learned
from headstart.errors import DataError

SAID = [f"{'a lovely' if i % 2 else 'an awful'} stay of {i + 2} days" for i in range(60)]
REVIEWS = pd.DataFrame({"review": SAID, "mood": ["good" if i % 2 else "bad" for i in range(60)]})
TWO = pd.DataFrame({"comment": [f"{one} in May" for one in SAID], "title": [f"our trip {i}" for i in range(60)]})
LEARNED = {"text": ["review"]}


def test_the_column_of_the_same_name_is_taken_whatever_stands_beside_it() -> None:
    beside = TWO.assign(Review=SAID)
    found = as_learned(beside, None, TEXTS, LEARNED)
    assert found.texts == ("Review",) and found.notes == ()
    assert as_learned(beside, None, TEXTS, LEARNED, text_column="title").texts == ("title",)
    assert as_learned(REVIEWS[["review"]], None, TEXTS, {}).texts == ("review",)


def test_without_it_a_lone_column_is_taken_and_said_and_several_are_refused() -> None:
    found = as_learned(TWO[["comment"]].assign(stars=3), None, TEXTS, LEARNED)
    assert found.texts == ("comment",)
    words = "Texts were taken from the column 'comment': there is no 'review', which the model learned from."
    assert found.notes == (words,)
    expected = (
        r"Expected the texts in the column 'review' of the table, as the model learned from it, found the columns "
        r"'comment', 'title'. Name the column that holds them here \(--text-column, text_column=...\)."
    )
    with pytest.raises(DataError, match=expected):
        as_learned(TWO, None, TEXTS, LEARNED)
    with pytest.raises(DataError, match=r"in the column 'review'.* Did you mean 'reviews'"):
        as_learned(TWO.assign(reviews=SAID), None, TEXTS, LEARNED)
    with pytest.raises(DataError, match="in the column 'title'"):  # half of what was learned from is not the same
        as_learned(TWO[["comment"]], None, TEXTS, {"text": ["title", "comment"]})


def test_so_with_columns_of_files(tmp_path: Path) -> None:
    names = [f"{i}.png" for i in range(4)]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    table, both = tmp_path / "t.csv", pd.DataFrame({"image": names, "scan": names[::-1]})
    found = as_learned(both, table, PICTURES, {"path": ["scan"]})
    assert found.files is not None and found.files.column == "scan" and found.notes == ()
    found = as_learned(both[["image"]], table, PICTURES, {"path": ["scan"]})
    words = "Paths were taken from the column 'image': there is no 'scan', which the model learned from."
    assert found.notes == (words,)
    with pytest.raises(DataError, match=r"the paths in the column 'photo' of .*'image', 'scan'.*--path-column"):
        as_learned(both, table, PICTURES, {"path": ["photo"]})
    found = as_learned(both, table, PICTURES, {"path": ["photo"]}, path_column="scan")
    assert found.files is not None and found.files.column == "scan"
    found = as_learned(both, table, PICTURES, {})
    assert found.notes[0].startswith("Paths were taken from the column 'image', the first of 2 with pictures (--path")


def test_commands_on_texts_refuse_say_and_take_the_option(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "headstart")
    model, two, one = (str(tmp_path / name) for name in ("model", "two.csv", "one.csv"))
    headstart.fit(REVIEWS, None, label="mood", text_column="review", budget=5, out=model)
    labels = REVIEWS["mood"].iloc[:30]
    TWO[30:].assign(mood=labels.to_numpy()).to_csv(two, index=False)
    TWO[["comment"]][30:].assign(mood=labels.to_numpy()).to_csv(one, index=False)
    sheet = str(tmp_path / "sheet.csv")
    pool = str(tmp_path / "pool.csv")
    TWO.to_csv(pool, index=False)
    commands = (["check"], ["predict"], ["evaluate"], ["check", "--labels", "mood"])
    said = CliRunner()
    for name, *more in commands:
        found = said.invoke(cli, [name, model, two, *more])
        assert isinstance(found.exception, DataError) and "--text-column" in str(found.exception), (name, found.output)
        found = said.invoke(cli, [name, model, two, *more, "--text-column", "comment"])
        assert found.exception is None or isinstance(found.exception, SystemExit), (name, found.exception)
        found = said.invoke(cli, [name, model, one, *more])
        assert "Texts were taken from the column 'comment': there is no 'review'" in found.output + caplog.text, name
        caplog.clear()
    told = ["label-next", pool, "--model", model, "-n", "4", "--out", sheet]
    assert "--text-column" in str(said.invoke(cli, told).exception)
    assert said.invoke(cli, [*told, "--text-column", "comment"]).exit_code == 0


def test_commands_on_pictures_take_the_column_that_was_learned_from(tmp_path: Path) -> None:
    from PIL import Image

    X, y = pictures(40)
    for i, picture in enumerate(X):
        Image.fromarray(picture).save(tmp_path / f"{i}.png")
        Image.fromarray(np.zeros_like(picture)).save(tmp_path / f"dark{i}.png")
    frame = pd.DataFrame(
        {"image": [f"dark{i}.png" for i in range(40)], "shown": [f"{i}.png" for i in range(40)], "colour": y}
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    model = headstart.fit(tmp_path / "t.csv", None, label="colour", path_column="shown", budget=5, out=tmp_path / "m")
    frame[30:].drop(columns="colour").to_csv(tmp_path / "new.csv", index=False)
    asked = ["predict", str(tmp_path / "m"), str(tmp_path / "new.csv"), "--csv"]
    assert "30.png" in CliRunner().invoke(cli, asked).stdout and model.task == "classification"
    assert "dark30.png" not in CliRunner().invoke(cli, asked).stdout
    assert "dark30.png" in CliRunner().invoke(cli, [*asked, "--path-column", "image"]).stdout

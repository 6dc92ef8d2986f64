"""What is printed where: durations, JSON, tables."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from headstart.cli.console import print_json, print_table
from headstart.cli.running.duration import seconds_of
from headstart.data.base.plain import plain


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("10m", 600),
        ("1h", 3600),
        ("1h30m", 5400),
        ("1.5h", 5400),
        (" 2 M ", 120),
        ("0.5", 0.5),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "10 parsecs", "-5", "0", "0m", "1h-3m", "m", "nan", "inf", "1e3"])
def test_what_is_no_duration_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a duration .*found"):
        seconds_of(text)


def test_json_is_valid_whatever_numpy_puts_in(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": np.float32(0.5), "b": np.arange(2), "c": math.nan, 3: {"d": (np.int64(1), np.bool_(True), None)}})
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"a": 0.5, "b": [0, 1], "c": None, "3": {"d": [1, True, None]}}
    assert plain(np.array([math.inf])) == [None]


def test_tables_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "n"), [("ants", "7"), ("bees and wasps", "123")], right=(1,))
    assert capsys.readouterr().out == "name              n\nants              7\nbees and wasps  123\n"

"""JSON by the letter, and shapes that say file, key, expected and found."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.data.base.json_files import (
    FLAG,
    TEXT,
    Shape,
    checked,
    maybe,
    number,
    one_of,
    parsed,
    read_json,
    record,
    several,
    table_of,
    whole,
)
from headstart.errors import SourceError

SHAPE = record({"n": whole(1, 3)}, {"x": maybe(number(0, above=True)), "names": several(TEXT, 1, 2), "on": FLAG})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"n": 1, "n": 2}', "a name that is given twice"),
        (b'{"n": NaN}', "NaN, which is no JSON"),
        (b'{"n": 1e999}', "the number 1e999, which is not finite"),
        (b"\xff", "bytes that are not UTF-8"),
        (b"[" * 100_000, "Expected JSON in"),
        (b"[" * 70 + b"]" * 70, "more than 64 levels"),
        (b"[]", "Expected a JSON object with n in .*found a list of 0"),
        (b'{"n": true}', "a whole number from 1 to 3 as n in .*found true"),
        (b'{"n": 1, "x": 0}', "a number above 0 or null as x in"),
        (b'{"n": 1, "names": ["a", 2]}', "a text as names.1 in .*found 2"),
        (b'{"n": 1, "names": []}', "a list of 1 to 2 entries, each a text as names"),
    ],
)
def test_each_is_refused_with_file_and_key(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(SourceError, match=words) as error:
        read_json(tmp_path / "a.json", SHAPE, todo="Get it again.")
    assert "a.json" in str(error.value) and str(error.value).endswith("Get it again.")


def test_large_and_missing_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"n": 1}')
    with pytest.raises(SourceError, match="8 bytes; at most 4 are read"):
        read_json(tmp_path / "a.json", most=4)
    with pytest.raises(SourceError, match="Expected JSON in"):
        read_json(tmp_path / "b.json")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, st.sampled_from([SHAPE, table_of(TEXT), one_of("a", 1), number(-1, 1), several(SHAPE)]))
def test_any_value_passes_or_is_refused_in_words(value: Any, shape: Shape) -> None:
    try:
        assert checked(value, shape, "a.json") is value
    except SourceError as error:
        assert "a.json" in str(error)


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_a_value_error(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        parsed(content)

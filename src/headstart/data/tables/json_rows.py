"""The objects of JSON Lines, or of one JSON list, as rows of a frame."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from headstart.data.tables.header import keep_numbers


def frame_of_json(text: str) -> pd.DataFrame:
    """Objects as rows; their keys are the columns.

    Returns
    -------
    DataFrame
        Of type object; a value that a row does not have is None. Each row of JSON Lines is called by its line:
        ``attrs`` hold the empty ones in "gone", see `headstart.data.tables.records.row_names`.

    Raises
    ------
    ValueError
        If a line holds no object, or one that holds a name twice or objects as values; it names the line.

    Examples
    --------
    >>> frame_of_json('{"text": "good", "y": 1}\\n{"text": "bad"}').to_dict("list")
    {'text': ['good', 'bad'], 'y': [1, None]}
    """
    if text.lstrip().startswith("["):
        rows = _whole(text)
        numbers: Sequence[int] = range(1, len(rows) + 1)
    else:
        lines = {i: line for i, line in enumerate(text.split("\n"), 1) if line.strip()}
        rows = [_row(_json(line, f"line {i}"), f"line {i}") for i, line in lines.items()]
        numbers = list(lines)
    if len(rows) == 1 and rows[0] and all(isinstance(value, list) and len(value) > 1 for value in rows[0].values()):
        raise ValueError("it is one object of lists; write a list of objects, one for each row")
    columns = list(dict.fromkeys(str(key) for row in rows for key in row))
    data = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in columns}
    frame = pd.DataFrame(data, index=pd.RangeIndex(len(rows)))
    keep_numbers(frame, numbers)
    return frame


class _Twice(ValueError):
    """A name that stands twice in one object."""


def _whole(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its JSON is damaged ({error})") from error
    return [_row(row, f"entry {number}") for number, row in enumerate(found, start=1)]


def _json(line: str, where: str) -> Any:
    try:
        return json.loads(line, object_pairs_hook=_once)
    except _Twice as error:
        raise ValueError(f"in {where} {error}") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{where} holds no JSON ({error.msg} at column {error.colno})") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where} holds no JSON ({error})") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Twice(f"an object holds the name {twice!r} twice")
    return found


def _row(row: Any, where: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        verb = "holds" if where.startswith("line") else "is"
        raise ValueError(f"{where} {verb} no object with names and values")
    for name, value in row.items():
        if isinstance(value, dict):
            raise ValueError(
                f"{where} holds an object inside an object, in {name!r}; give each of its values a name of its own"
            )
    return row

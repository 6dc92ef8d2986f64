"""JSON Lines: a table with one object in each line, or a JSON file with a list of objects."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd


def frame_of_lines(text: str) -> pd.DataFrame:
    """The objects of JSON Lines, or of one JSON list, as rows; their keys are the columns.

    Parameters
    ----------
    text : str

    Returns
    -------
    DataFrame
        Of type object; a value that a row does not have is None.

    Raises
    ------
    ValueError
        If a line holds no object; it names the line.

    Examples
    --------
    >>> frame_of_lines('{"text": "good", "y": 1}\\n{"text": "bad"}').to_dict("list")
    {'text': ['good', 'bad'], 'y': [1, None]}
    """
    rows = _whole(text) if text.lstrip().startswith("[") else _lines(text)
    columns = list(dict.fromkeys(str(key) for row in rows for key in row))
    data = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in columns}
    return pd.DataFrame(data, index=pd.RangeIndex(len(rows)))


def _lines(text: str) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            rows.append(_object(line, f"line {number}"))
    return rows


def _whole(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its JSON is damaged ({error})") from error
    for number, row in enumerate(found, start=1):
        if not isinstance(row, dict):
            raise ValueError(f"entry {number} is no object with names and values")
    return list(found)


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where} holds no JSON ({error})") from error
    if not isinstance(row, dict):
        raise ValueError(f"{where} holds no object with names and values")
    return row

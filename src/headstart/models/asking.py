"""A sheet of examples to be labelled, drawn at random, in a form that `fit` reads back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.tables.rows import is_frame
from headstart.errors import ParameterError


def sheet_place(out: str | Path) -> Path:
    """Where the sheet of a model goes: ``name-to-label.csv`` beside its folder.

    Examples
    --------
    >>> sheet_place("models/cats").as_posix()
    'models/cats-to-label.csv'
    """
    target = Path(out).expanduser()
    return target.parent / f"{target.name}-to-label.csv"


def write_sheet(shown: Any, n: int, place: Path, *, label: str = "label", seed: int = 0) -> int:
    """Write n examples, drawn at random, with an empty column of labels.

    They are drawn at random and not chosen, so that a score on them is an honest estimate.

    Parameters
    ----------
    shown : Inputs or frame
        The examples as they were given: files, texts, or rows of a table.
    n : int
        How many; all where there are fewer.
    place : Path
        A file that is not there yet.
    label : str, default="label"
        Name of the column to be filled in.
    seed : int, default=0

    Returns
    -------
    int
        How many were written.

    Raises
    ------
    ParameterError
        If the examples are arrays in memory, which a table cannot name, or the file is there.
    """
    if place.exists():
        raise ParameterError(
            f"Expected to write a sheet to be labelled to {place}, found a file there.",
            "Move it away: it may hold labels.",
        )
    rows = np.sort(np.random.default_rng(seed).permutation(len(shown))[:n])
    if is_frame(shown):
        frame = shown.iloc[rows].assign(**{label: ""})
    else:
        column, cells = _cells(shown, rows, place)
        frame = pd.DataFrame({column: cells, label: ""})
    part = place.with_name(f".{place.name}.{os.getpid()}")
    frame.to_csv(part, index=False)
    part.replace(place)
    return len(rows)


def _cells(shown: Any, rows: np.ndarray, place: Path) -> tuple[str, list[str]]:
    """What names each example in a table: its text, or its path from where the table lies."""
    if shown.kind.typed:
        return "text", [str(shown.decode(i)) for i in rows.tolist()]
    items = [shown.items[i] for i in rows]
    if not all(isinstance(item, str | Path) for item in items):
        raise ParameterError(
            f"Expected {shown.kind.many} in files, or texts, to write a sheet of them, found arrays in memory.",
            "Leave ask out, and label some of them yourself.",
        )
    here = place.resolve().parent
    return "path", [os.path.relpath(Path(item).resolve(), here) for item in items]

"""A sheet of examples to be labelled, in a form that is read back as labelled data."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.base.whole import check_file, write_whole
from headstart.data.tables.gaps import absent
from headstart.data.tables.rows import is_frame
from headstart.errors import ParameterError

#: Column of a sheet that says why an example is in it, and all that may stand there (see `unsure_of`).
REASON = "reason"
RANDOM = "drawn at random"
COVERS = "like many others, unlike what is labelled"
UNSURE = "the model is unsure of it"
_REASONS = re.compile("|".join((RANDOM, COVERS, UNSURE.replace("model", "model( of .+)?"))), re.DOTALL)
#: Where a table without that column keeps which of its rows were drawn at random.
_DRAWN = "drawn"


def unsure_of(task: str) -> str:
    """The reason of an example that the model of one of several tasks is unsure of.

    Examples
    --------
    >>> unsure_of("colour")
    'the model of colour is unsure of it'
    """
    return UNSURE.replace("model", f"model of {task}")


def sheet_place(out: str | Path) -> Path:
    """Where the sheet of a model goes: ``name-to-label.csv`` beside its folder.

    Examples
    --------
    >>> sheet_place("models/cats").as_posix()
    'models/cats-to-label.csv'
    """
    target = Path(out).expanduser()
    return target.parent / f"{target.name}-to-label.csv"


def check_sheet(place: str | Path) -> Path:
    """Refuse, before anything is computed, a place that no sheet is written to; a file there may hold labels.

    Raises
    ------
    OutputError, ParameterError
    """
    found = check_file(place, endings=(".csv",))
    if found.exists():
        raise ParameterError(
            f"Expected to write a sheet to be labelled to {place}, found a file there.",
            "Move it away: it may hold labels.",
        )
    return found


def write_sheet(
    shown: Any,
    rows: Sequence[int],
    place: Path,
    *,
    label: str | Mapping[str, Sequence[Any]] = "label",
    named: Sequence[str] = (),
    reasons: Sequence[str] | None = None,
) -> None:
    """Write some examples with an empty column of labels, or several, whole or not at all.

    Parameters
    ----------
    shown : Inputs or frame
        The examples as they were given: files, texts, or rows of a table.
    rows : sequence of int
        Their positions.
    place : Path
        A file that is not there yet; its folder is made.
    label : str or mapping of str to sequence, default="label"
        Name of the column to be filled in; of several, what is known of each of the examples, and "" where it is not.
    named : sequence of str, optional
        Columns that the paths, or the texts, are looked for in when the sheet is read. Default: "path" or "text". Of a
        frame those of its columns that hold paths.
    reasons : sequence of str, optional
        Why each is there.

    Raises
    ------
    ParameterError
        If the examples are arrays in memory, which a table cannot name, or the file is there.
    OutputError
        If it cannot be written.
    """
    check_sheet(place)
    columns: dict[str, Any] = ({label: ""} if isinstance(label, str) else dict(label)) | (
        {} if reasons is None else {REASON: list(reasons)}
    )
    if is_frame(shown):
        files = {name: [_from(place, cell) for cell in shown[name].iloc[list(rows)]] for name in named}
        frame = shown.iloc[list(rows)].assign(**files, **columns)
    else:
        first, *others = named or ("text" if shown.kind.typed else "path",)
        cells: dict[str, Any] = {first: _cells(shown, rows, place)}
        frame = pd.DataFrame(cells | dict.fromkeys(others, "") | columns)  # texts of several columns are joined already
    write_whole(place, frame.to_csv(index=False).encode("utf-8"), "the sheet")


def known_cells(frame: pd.DataFrame | None, column: str, rows: Sequence[int]) -> list[Any]:
    """What a table says already of the labels of some of its rows; "" where it says nothing.

    Examples
    --------
    >>> known_cells(pd.DataFrame({"kind": ["ant", None, "bee"]}), "kind", [1, 2]), known_cells(None, "kind", [0])
    (['', 'bee'], [''])
    """
    if frame is None or column not in frame.columns:
        return [""] * len(rows)
    return ["" if absent(cell) else cell for cell in frame[column].iloc[list(rows)].tolist()]


def _cells(shown: Any, rows: Sequence[int], place: Path) -> list[str]:
    """What names each example in a table: its text, or its path from where the table lies."""
    if shown.kind.typed:
        return [str(shown.decode(int(i))) for i in rows]
    items = [shown.items[i] for i in rows]
    if not all(isinstance(item, str | Path) for item in items):
        raise ParameterError(
            f"Expected {shown.kind.many} in files, or texts, to write a sheet of them, found arrays in memory.",
            "Save them as files first, or use the positions that label_next gives.",
        )
    return [_from(place, item) for item in items]


def _from(place: Path, item: Any) -> Any:
    """The path of a file from where a table lies; a gap as it is."""
    return item if absent(item) else os.path.relpath(Path(item).resolve(), place.resolve().parent)


def without_reasons(frame: pd.DataFrame) -> pd.DataFrame:
    """A table without the column that says why each of its rows was to be labelled; `drawn_in` says what it held.

    It is known by its name and by holding nothing but such reasons.

    Examples
    --------
    >>> sheet = pd.DataFrame({"path": ["a.png"], "label": ["cat"], "reason": [RANDOM]})
    >>> found = without_reasons(sheet)
    >>> list(found.columns), drawn_in(found).tolist(), drawn_in(without_reasons(sheet.assign(reason="cold")))
    (['path', 'label'], [True], None)
    """
    if REASON not in frame.columns or not all(_REASONS.fullmatch(str(why)) for why in frame[REASON].tolist()):
        return frame
    found = frame.drop(columns=REASON)
    found.attrs[_DRAWN] = tuple((frame[REASON] == RANDOM).tolist())
    return found


def drawn_in(frame: pd.DataFrame) -> np.ndarray | None:
    """Which rows of a table were drawn at random to be labelled, (n,) of bool; None where it does not say."""
    found = frame.attrs.get(_DRAWN)
    return None if found is None or len(found) != len(frame) else np.array(found, dtype=bool)

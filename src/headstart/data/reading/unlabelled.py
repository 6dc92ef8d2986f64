"""Inputs without labels, wherever they lie: a folder, a list of paths, a table, or an array in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from headstart.data.base.files import list_inputs, printable, refuse_odd_file
from headstart.data.base.kinds import TEXTS, Kind, file_kinds
from headstart.data.inputs.inputs import as_inputs, inputs_of
from headstart.data.reading.npz import read_npz_pictures
from headstart.data.reading.roles import named_column
from headstart.data.reading.table import read_paths
from headstart.data.reading.text_columns import joined_texts
from headstart.data.tables.frame import TABLES, read_frame, table_suffix
from headstart.data.tables.records import row_names
from headstart.errors import DataError


def read_unlabelled(
    path: str | Path, path_column: str | None = None, kind: Kind | None = None, text_columns: Sequence[str] = ()
) -> Any:
    """All inputs of a folder and the folders below it, or that a file names; labels are passed over.

    Parameters
    ----------
    path : path-like
        A folder; a text file (``.txt``) with a path in each line, absolute or relative to it; a table (``.csv``,
        ``.tsv``, ``.parquet``) with a column of paths; an ``.npz`` file with arrays of pictures.
    path_column : str, optional
        Of a table. Default: told from its name or content.
    kind : Kind, optional
        What is looked for in a folder. Default: what is there; texts beside others are notes about them.
    text_columns : sequence of str, optional
        Columns that hold the texts of a table, one below the other.

    Returns
    -------
    Pictures, Clips, ...
        Not opened yet.

    Raises
    ------
    DataError
        If there are none, or several kinds; the words say what was found.
    """
    place = Path(path).expanduser()
    where, many = printable(str(place)), "pictures" if kind is None else kind.many
    if place.is_dir():
        return _of_folder(place, kind, where)
    if not place.exists():
        raise DataError(f"Expected a folder or file of {many}, found nothing at {where}.", "Check the path.")
    refuse_odd_file(place, f"a folder or a file of {many}")
    suffix = place.suffix.lower()
    if suffix == ".npz":
        return read_npz_pictures(place)
    if table_suffix(place) in TABLES and text_columns:
        return texts_in(read_frame(place), text_columns, where)
    if table_suffix(place) in TABLES:
        return read_paths(place, path_column)
    if suffix == ".txt":
        return _listed(place)
    raise DataError(
        f"Expected a folder, or a file that ends in .txt, .csv, .tsv, .parquet or .npz, found {where}.",
        "List the paths of the pictures in a .txt file, one in a line.",
    )


def _of_folder(place: Path, kind: Kind | None, where: str) -> Any:
    found, others = list_inputs(place)
    kinds = [one for one in file_kinds() if found[one] and not one.typed] if kind is None else [kind]
    if len(kinds) > 1:
        counts = " and ".join(str(len(found[one])) for one in kinds)
        raise DataError(
            f"Expected {' or '.join(one.many for one in kinds)} in {where}, found {counts}.",
            "Give a folder of the one or of the other.",
        )
    if not kinds or not found[kinds[0]]:
        n = len(others) + sum(len(paths) for one, paths in found.items() if one not in kinds)
        wanted = kind.many if kind is not None else "pictures"
        raise DataError(f"Expected {wanted} in {where}, found {n} other files.", "Give another folder.")
    paths = found[kinds[0]]
    return inputs_of(kinds[0], paths, [printable(file.relative_to(place).as_posix()) for file in paths])


def _listed(place: Path) -> Any:
    where = printable(str(place))
    try:
        lines = [line.strip() for line in place.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise DataError(f"Expected text in UTF-8 in {where}, found other bytes.", "Save it as UTF-8.") from error
    names = [line for line in lines if line and not line.startswith("#")]
    if not names:
        raise DataError(f"Expected a path in each line of {where}, found none.")
    paths = [place.resolve().parent / name for name in names]
    return inputs_of(as_inputs(paths).kind, paths, [printable(name) for name in names])


def texts_in(frame: pd.DataFrame, columns: Sequence[str], where: str = "") -> Any:
    """The texts of a table, of several columns joined.

    Raises
    ------
    DataError
        If a column is missing, or holds something else.
    """
    named = [named_column(frame, name, "texts", where) for name in columns]
    place = f"{Path(where).name} " if where else ""
    return inputs_of(TEXTS, joined_texts(frame, named), [f"{place}{row}" for row in row_names(frame)])

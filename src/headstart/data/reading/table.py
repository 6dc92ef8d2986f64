"""A table with the path of a picture, a clip of sound or a text file and its label in each row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.base.files import printable
from headstart.data.inputs.inputs import inputs_of
from headstart.data.reading.file_column import FileColumn, file_column, paths_expected
from headstart.data.reading.options import Reading
from headstart.data.reading.roles import Roles, listed
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import groups_of_files
from headstart.data.tables.frame import frame_notes, read_frame
from headstart.errors import DataError


def read_table(
    path: Path,
    reading: Reading | None = None,
    files: FileColumn | None = None,
    frame: pd.DataFrame | None = None,
) -> Dataset:
    """Read a table of pictures, clips or text files.

    Parameters
    ----------
    path : Path
    reading : Reading, optional
        See :func:`headstart.data.reading.read.read_dataset`.
    files : FileColumn, optional
        What `headstart.data.reading.file_column.file_column` found in it, if it was asked already.
    frame : DataFrame, optional
        The table, where it was read already.

    Raises
    ------
    DataError
        If it is no table, or a column is missing; the words name the columns that were found.
    """
    how = reading or Reading()
    frame = read_frame(path, how.encoding, how.sheet) if frame is None else frame
    files = files or file_column(frame, path, how.path_column)
    if files is None:
        raise paths_expected(frame, path)
    roles = Roles.of(frame, how, [files.column], list(files.names))
    inputs = inputs_of(files.kind, list(files.paths), [printable(name) for name in files.names])
    return roles.dataset(
        inputs,
        roles.read(),
        {files.column: ("path", f"paths of {files.kind.many}")},
        (*frame_notes(frame), *files.notes),
        groups=None if how.group_by is None or roles.group else _by_expression(frame, how.group_by, inputs),
        root=str(path),
        layout="a table of files",
    )


def read_paths(path: Path, path_column: str | None = None) -> Any:
    """The files of a table as inputs; whatever else is in it is passed over.

    Raises
    ------
    DataError
        As `read_table`.
    """
    frame = read_frame(path)
    files = file_column(frame, path, path_column)
    if files is None:
        raise paths_expected(frame, path)
    return inputs_of(files.kind, list(files.paths), [printable(name) for name in files.names])


def _by_expression(frame: pd.DataFrame, group_by: str, inputs: Any) -> np.ndarray:
    names = inputs.names
    if (
        group_by != inputs.owned_by
        and re.fullmatch(r"[\w ]+", group_by)
        and not any(group_by in name for name in names)
    ):
        raise DataError(
            f"Expected group_by={group_by!r} to be a column or a regular expression over the paths, found the columns "
            f"{listed(frame)} and no path that it matches."
        )
    return groups_of_files(group_by, inputs)

"""New examples without labels in the form that a model takes them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.base.address import brought
from headstart.data.base.files import printable
from headstart.data.inputs.inputs import as_inputs, inputs_of
from headstart.data.reading.roles import matching, named_column
from headstart.data.reading.text_columns import joined_texts
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.data.reading.view_table import unlabelled_views
from headstart.data.sets.groups import groups_from, groups_of_files
from headstart.data.tables.frame import TABLES, read_frame, table_suffix
from headstart.data.tables.records import row_names
from headstart.data.tables.rows import as_frame, is_frame, rows_of
from headstart.models.evaluation.columns import columns_like


def read_new(
    model: Any,
    data: Any,
    *,
    group_by: str | None = None,
    path_column: str | None = None,
    text_column: str | Sequence[str] | None = None,
) -> tuple[Any, list[str], np.ndarray | None, tuple[str, ...]]:
    """Read new examples as those were read that a model learned from; labels are passed over.

    Parameters
    ----------
    model : headstart.Model
    data : path, frame, pictures, clips or texts
        A table of values, of texts or of paths; otherwise as `headstart.data.reading.unlabelled.read_unlabelled`.
    group_by : str, optional
        A column, or an expression over paths.
    path_column, text_column : optional
        Of a table. Default: those that were learned from, see `headstart.data.reading.unlabelled.as_learned`.

    Returns
    -------
    inputs : DataFrame, Pictures, Clips or Texts
    names : list of str
    groups : ndarray of shape (n,) or None
    notes : tuple of str
        Which column of a table was taken in the place of the one that was learned from.

    Raises
    ------
    DataError
        For data that the model does not take, or a column that is not there.
    """
    data = brought(data)
    place = Path(data).expanduser() if isinstance(data, str | os.PathLike) else None
    frame = None if model.views is not None and group_by is None else _frame(data, place)  # views read it themselves
    notes: tuple[str, ...] = ()
    if model.views is not None:
        inputs: Any = unlabelled_views(data, model.views, model.encoder.input_types_, bare=True)
    elif model.kind.values:
        inputs = rows_of(data) if frame is None else frame
    elif frame is not None:
        inputs, notes = _of_frame(model, frame, place, path_column, text_column)
    else:
        inputs = as_inputs(data, model.input_type) if place is None else read_unlabelled(place, kind=model.kind)
    names = row_names(inputs) if is_frame(inputs) else list(inputs.names)
    if group_by is None:
        return inputs, names, None, notes
    if frame is not None and (model.kind.values or matching(frame, group_by) is not None):
        return inputs, names, groups_from(frame[named_column(frame, group_by, "groups")], names), notes
    return inputs, names, groups_of_files(group_by, inputs), notes


def _frame(data: Any, place: Path | None) -> pd.DataFrame | None:
    """The table that the data are, or that their file holds."""
    if place is None:
        return as_frame(data) if is_frame(data) else None
    return read_frame(place) if place.is_file() and table_suffix(place) in TABLES else None


def _of_frame(
    model: Any, frame: pd.DataFrame, place: Path | None, path_column: str | None, named: str | Sequence[str] | None
) -> tuple[Any, tuple[str, ...]]:
    """The texts of a table, or the files that it names, and which columns were taken in the place of others."""
    found = columns_like(model, frame, place, path_column, named)
    if found.files is not None:
        files = found.files
        return inputs_of(files.kind, list(files.paths), [printable(name) for name in files.names]), found.notes
    name = (place or Path("the table")).name
    names = [f"{printable(name)} {row}" for row in row_names(frame)]
    return inputs_of(model.kind, joined_texts(frame, found.texts), names), found.notes

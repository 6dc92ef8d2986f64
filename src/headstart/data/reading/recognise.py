"""What data are, whatever their form: told once, here, and never asked again."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.base.address import brought
from headstart.data.base.files import check_there, printable, refuse_odd_file
from headstart.data.base.kinds import PICTURES, ROWS, TEXTS, Kind, kind_of_suffix
from headstart.data.base.rows import held
from headstart.data.boxes.boxes import Boxes
from headstart.data.inputs.inputs import as_inputs, inputs_in
from headstart.data.pictures.pictures import as_pictures
from headstart.data.reading.boxes import read_boxes, with_boxes
from headstart.data.reading.file_column import FileColumn, file_column, paths_expected
from headstart.data.reading.folder import read_folder
from headstart.data.reading.npz import read_npz
from headstart.data.reading.options import Reading
from headstart.data.reading.roles import without_left_out
from headstart.data.reading.table import read_table
from headstart.data.reading.tasks import task_columns
from headstart.data.reading.text_columns import text_columns
from headstart.data.reading.texts import read_texts
from headstart.data.reading.values import Tables, read_values
from headstart.data.reading.view_table import read_views
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import groups_from
from headstart.data.sets.labelled import labelled
from headstart.data.sets.labels import read_labels
from headstart.data.sets.sheet import without_reasons
from headstart.data.sets.task import DETECTION, as_label_array
from headstart.data.tables.frame import TABLES, read_frame, table_suffix
from headstart.data.tables.rows import as_frame, is_frame, rows_of
from headstart.errors import DataError, NoLabels, ParameterError, of_task

Wanted = Callable[[], Kind | None]
_ARRAYS = ".npz"


@dataclass(frozen=True, eq=False)
class Recognised:
    """What data are and how they are read.

    Parameters
    ----------
    kind : Kind or None
        What the examples are; None for a folder, whose files tell it as they are listed.
    reading : Reading
        What the user said; of labels beside data in memory, the columns that they were put into.
    read : callable
        ``read(reading)``: the Dataset.
    frame : DataFrame or None
        Rows of a table of values, with their labels.
    tasks : dict of str to Recognised
        The same data for each column of labels, where these are a task each (`headstart.data.reading.tasks`): without
        the other ones, whose cells are no features.
    """

    kind: Kind | None
    reading: Reading
    read: Callable[[Reading], Dataset]
    frame: pd.DataFrame | None = None
    tasks: Mapping[str, Recognised] = field(default_factory=dict)

    @property
    def values(self) -> bool:
        """Whether each row of a table is an example, so that other rows can be borrowed."""
        return self.frame is not None

    def dataset(self) -> Dataset:
        """The labelled data."""
        found = self.read(self.reading)
        if self.reading.page is None:
            return found
        if found.kind.values:
            raise ParameterError("Expected page only with pictures, found a table of values.", "Leave it out.")
        rest, page = found.without_label, self.reading.page
        more = None if rest is None else rest.on_page(page)
        return dataclasses.replace(found, inputs=found.inputs.on_page(page), without_label=more)

    def tables(self, sources: Sequence[Any], unlabelled: Sequence[Any]) -> Tables:
        """The rows of a table of values, with those that are borrowed, and more without labels."""
        assert self.frame is not None, "only tables of values borrow rows"
        return read_values(self.frame, self.reading, sources=sources, unlabelled=unlabelled)


def recognise(
    data: Any, reading: Reading | None = None, *, wanted: Wanted | None = None, only: Kind | None = None
) -> Recognised:
    """Tell what data are, from their form, the names of files and columns, and what the user said.

    The rules. A folder holds a class in each of its folders, or parts (`headstart.data.reading.layout`). An ``.npz``
    file holds arrays of pictures. A table names files, where a column of paths is named or found
    (`headstart.data.reading.file_column`); else it holds texts, where a column of texts is named, or the only column
    beside the labels holds sentences, or one does and texts are wanted; else it holds values. In memory the type
    tells: see `headstart.data.inputs.inputs.inputs_in`; a frame is a table. Pictures of which the user says where boxes
    are written, or that come with `Boxes` in the place of labels, are for detection.

    Parameters
    ----------
    data : path, address, frame, Dataset, (X, y) or (X, y, groups)
        An address is one that fsspec knows, see `headstart.data.base.address.brought`. What was recognised stays.
    reading : Reading, optional
        What the user said.
    wanted : callable, optional
        Tells what the source takes; asked only where it decides.
    only : Kind, optional
        What the data have to be; a table then names files of that kind.

    Raises
    ------
    DataError
        If it is none of these; the words say what was found.
    ParameterError
        For options that do not go with what the data are.

    Examples
    --------
    >>> frame = pd.DataFrame({"said": ["a free prize", "see you at eight"], "y": ["spam", "ham"]})
    >>> recognise(frame).kind.many, recognise(frame.assign(n=[1, 2]), Reading(label="y")).kind.many
    ('texts', 'rows')
    """
    if isinstance(data, Recognised):
        return data
    how, data = reading or Reading(), brought(data)
    _check_view(data, how)
    if how.boxes is not None:
        return _boxed(data, how)
    if isinstance(data, Dataset):
        return _dataset(data, how)
    if isinstance(data, tuple) and len(data) in (2, 3):
        return _in_memory(data, how, wanted)
    if is_frame(data):
        frame = as_frame(data)
        assert frame is not None
        return _table(without_reasons(frame).reset_index(drop=True), None, how, wanted, only)
    if not isinstance(data, str | os.PathLike):
        inputs = as_inputs(data)
        raise NoLabels(
            f"Expected {inputs.kind.many} with their labels, as (X, y), found {inputs.kind.many} alone.",
            "Give the labels, or source= a labelled set of the same classes.",
        )
    place = Path(data).expanduser()
    if place.is_dir():
        return _folder(place, how)
    _check_file(place)
    if place.suffix.lower() == _ARRAYS:
        return Recognised(None, how, lambda told: read_npz(place, told.task))
    frame = without_reasons(read_frame(place, how.encoding, how.sheet))
    return _table(frame, place, how, wanted, only)


def _check_view(data: Any, how: Reading) -> None:
    """Refuse views of what is no table."""
    if how.view is None:
        return
    other = [name for name in ("path_column", "text_column", "page", "decimal") if getattr(how, name) is not None]
    if other:
        raise ParameterError(
            f"Expected views alone, found {other[0]} beside them.", "A view's own columns say what it holds."
        )
    table = data[0] if isinstance(data, tuple) and data else data
    file = isinstance(table, str | os.PathLike) and table_suffix(Path(table)) in TABLES
    if not is_frame(table) and not file and np.ndim(table) != 2:
        found = f"{printable(str(table))}" if isinstance(table, str | os.PathLike) else type(table).__name__
        raise ParameterError(
            f"Expected a table whose columns are the views, found {found}.",
            "Write a CSV file with a row an object: a column of paths for each view of files, and columns of values.",
        )


def holds_boxes(data: Any, reading: Reading) -> bool:
    """Whether data are for detection: boxes are named beside them, or stand in the place of labels.

    Examples
    --------
    >>> holds_boxes("pictures/", Reading(boxes="labels/")), holds_boxes("pictures/", Reading())
    (True, False)
    """
    if isinstance(data, Dataset):
        return data.task == DETECTION
    beside = isinstance(data, tuple) and len(data) in (2, 3) and _are_boxes(data[1])
    return reading.boxes is not None or beside


def _dataset(data: Dataset, how: Reading) -> Recognised:
    if not data.kind.values:
        return Recognised(data.kind, how, lambda told: data)
    labels = np.asarray(data.y)
    frame, told = _joined(data.inputs.frame, labels, data.groups, Reading(task=data.task))
    return Recognised(ROWS, told, lambda told: data, frame)


def _boxed(data: Any, how: Reading) -> Recognised:
    place = Path(data).expanduser() if isinstance(data, str | os.PathLike) else None
    if place is None or not place.is_dir():
        found = type(data).__name__ if place is None else printable(str(place))
        raise DataError(
            f"Expected a folder of pictures with the boxes of {printable(str(how.boxes))}, found {found}.",
            "In memory, give (pictures, boxes), with one Boxes a picture.",
        )
    return Recognised(PICTURES, how, lambda told: read_boxes(place, told))


def _folder(place: Path, how: Reading) -> Recognised:
    pattern = how.label[3:] if isinstance(how.label, str) and how.label.startswith("re:") else None
    table_only = ("path_column", "text_column", "split_column", "sheet", "decimal", "target", "leave_out")
    wrong = [name for name in how.said() if name in table_only or (name == "label" and pattern is None)]
    if wrong:
        raise ParameterError(
            f"Expected {' and '.join(wrong)} only with a table, found the folder {printable(str(place))}.",
            "In a folder the classes are the names of its folders, or what label='re:EXPRESSION' finds in paths.",
        )

    def read(told: Reading) -> Dataset:
        dataset = read_folder(place, told.group_by, pattern)
        if told.task not in (None, "classification"):
            raise ParameterError(
                f"Expected a table for task={told.task!r}, found the folder {printable(str(place))}.",
                f"Folders name one class a {dataset.kind.one}; give a CSV file with a path and labels or numbers.",
            )
        return dataset

    return Recognised(None, how, read)


def _table(
    frame: pd.DataFrame, place: Path | None, how: Reading, wanted: Wanted | None, only: Kind | None
) -> Recognised:
    """Whether a table names files, or holds texts or values, and whether several columns of labels are tasks."""
    frame = without_left_out(frame, how)
    columns = task_columns(frame, how)
    found = _one_table(frame, place, how, wanted, only)
    if not columns:
        return found
    parts = {}
    for name in columns:
        rest = frame.drop(columns=[other for other in columns if other != name])
        one = dataclasses.replace(how, label=name, target=None)
        part = _one_table(rest, place, one, wanted, only)
        parts[name] = dataclasses.replace(part, read=partial(_of_task, name, part.read))
    return dataclasses.replace(found, tasks=parts)


def _of_task(name: str, read: Callable[[Reading], Dataset], told: Reading) -> Dataset:
    with of_task(name):
        return read(told)


def _one_table(
    frame: pd.DataFrame, place: Path | None, how: Reading, wanted: Wanted | None, only: Kind | None
) -> Recognised:
    """Whether a table names files, or holds texts or values; or several of these, where views are named."""
    if how.view is not None:
        return Recognised(ROWS, how, lambda told: read_views(frame, place, told))
    if place is not None and how.text_column is None:
        files: FileColumn | None = file_column(frame, place, how.path_column)
        if files is not None:
            return Recognised(files.kind, how, lambda told: read_table(place, told, files, frame))
    if only is not None and place is not None:
        raise paths_expected(frame, place)
    texts = how.text_column is not None
    if not texts:
        offered = wanted() if wanted is not None else None
        others: dict[str, Any] = {"split_column": how.split_column, "group_by": how.group_by}
        where = "the table" if place is None else str(place)
        meant = offered is not None and offered.typed
        texts = bool(text_columns(frame, None, label=how.label, **others, wanted=meant, where=where))
    if texts:
        return Recognised(TEXTS, how, lambda told: _texts(frame, told))
    return Recognised(ROWS, how, lambda told: read_values(frame, told).target, frame)


def _texts(frame: pd.DataFrame, told: Reading) -> Dataset:
    dataset = read_texts(frame, told, wanted=True)
    assert dataset is not None
    return dataset


def _in_memory(data: tuple[Any, ...], how: Reading, wanted: Wanted | None) -> Recognised:
    X, y, groups = (held(one) for one in (*data, None)[:3])
    inputs = None if is_frame(X) else inputs_in(X)
    if inputs is None and not is_frame(X) and np.ndim(X) != 2:
        inputs = as_inputs(X)  # says what was expected
    if inputs is not None:
        if how.text_column is not None:
            raise ParameterError(
                "Expected text_column only with a table, found other data.",
                "Of a folder the texts are its .txt files; texts in memory are given as (texts, labels).",
            )
        return Recognised(inputs.kind, how, lambda told: from_arrays(inputs, y, groups=groups, task=told.task))
    frame, told = _joined(rows_of(X), y, groups, how)
    return _table(frame, None, told, wanted if is_frame(X) and isinstance(told.label, str) else None, None)


def _joined(rows: pd.DataFrame, y: Any, groups: Any, how: Reading) -> tuple[pd.DataFrame, Reading]:
    """Rows, labels and groups as one frame, and how to read it."""
    if how.label is not None or how.group_by is not None:
        raise ParameterError(
            "Expected label= and group_by= with a table that holds them, found them beside (X, y).", "Leave them out."
        )
    labels = as_label_array(y)
    if len(labels) != len(rows):
        raise ParameterError(f"Expected a label for each of {len(rows)} rows, found {len(labels)}.")
    labels = labels.reshape(len(labels), -1)
    one = next(name for name in ("label", "label of the row", "label_") if name not in rows.columns)
    names = [one] if labels.shape[1] == 1 else [f"label {i + 1}" for i in range(labels.shape[1])]
    whole = rows.reset_index(drop=True).assign(**dict(zip(names, labels.T, strict=True)))
    told = dataclasses.replace(how, label=one if labels.shape[1] == 1 else tuple(names))
    if groups is None:
        return whole, told
    grouped = "group of the row"
    return whole.assign(**{grouped: np.asarray(groups)}), dataclasses.replace(told, group_by=grouped)


def from_arrays(X: Any, y: Any, *, groups: Any = None, task: str | None = None) -> Dataset:
    """Make a Dataset of pictures, clips or texts, and labels, in memory.

    Parameters
    ----------
    X : whatever :func:`headstart.data.inputs.inputs.as_inputs` takes
    y : array-like of shape (n,) or (n, L), or a list of labels for each picture; or a `Boxes` for each
    groups : array-like of shape (n,), optional
        Rows of one group never straddle a split.
    task : {"classification", "multilabel", "regression"}, optional
        Default: told from ``y``.

    Examples
    --------
    >>> from_arrays(np.zeros((4, 8, 8)), ["ant", "bee", "ant", "bee"])
    Dataset(4 pictures, classification)
    """
    if _are_boxes(y):
        pictures = as_pictures(X)
        own = None if groups is None else groups_from(np.asarray(groups).tolist(), pictures.names)
        return with_boxes(pictures, list(y), groups=own)
    inputs = as_inputs(X)
    columns = list(y.columns) if hasattr(y, "columns") else None
    labels = read_labels(y, inputs.names, task, columns, inputs.kind.many)
    kept = None if groups is None else groups_from(np.asarray(groups).tolist(), inputs.names)
    return labelled(inputs, labels, groups=kept)


def _are_boxes(y: Any) -> bool:
    rows = isinstance(y, list | tuple) or (isinstance(y, np.ndarray) and y.ndim > 0)
    return rows and len(y) > 0 and all(isinstance(one, Boxes) for one in y)


def _check_file(place: Path) -> None:
    where = printable(str(place))
    check_there(place, "a folder or a table")
    refuse_odd_file(place, "a folder or a table")
    suffix = table_suffix(place)
    kind = kind_of_suffix(suffix)
    if kind is not None and (not kind.typed or suffix in kind.suffixes):
        raise DataError(
            f"Expected a folder or a table of {kind.many}, found the single {kind.one} {where}.",
            "Give the folder it is in.",
        )
    if suffix not in (*TABLES, _ARRAYS):
        raise DataError(
            f"Expected a folder, or a file that ends in .csv, .tsv, .parquet, .jsonl, .xlsx or .npz, found {where}.",
            "Unpack or convert it first.",
        )

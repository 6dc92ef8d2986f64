"""The one way in: whatever the user has, as a Dataset."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.base.files import printable, refuse_odd_file
from headstart.data.base.kinds import TEXTS, kind_of_suffix
from headstart.data.inputs.inputs import as_inputs
from headstart.data.reading.folder import read_folder
from headstart.data.reading.npz import read_npz
from headstart.data.reading.table import holds_paths, read_table
from headstart.data.reading.texts import read_texts
from headstart.data.reading.values import read_values
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import groups_from
from headstart.data.sets.labels import labels_from
from headstart.data.tables.frame import TABLES, read_frame, table_suffix
from headstart.errors import DataError, ParameterError


def read_dataset(
    path: str | os.PathLike[str],
    *,
    label: str | Sequence[str] | None = None,
    path_column: str | None = None,
    text_column: str | Sequence[str] | None = None,
    group_by: str | None = None,
    task: str | None = None,
    split_column: str | None = None,
) -> Dataset:
    r"""Read labelled pictures, clips of sound or texts from a folder or a table, or a table of values.

    Files are not opened yet; texts that stand in a table are read.

    Parameters
    ----------
    path : path-like
        A folder with a folder for each class, or with ``train/``, ``val/`` and ``test/`` folders of such; or a CSV
        (comma, semicolon or tab, UTF-8) or Parquet table with a path and a label in each row. Paths are
        absolute or relative to the table's folder. A table without a column of paths holds values: each row is an
        example, each column but the labels a feature; where the only such column holds sentences, the examples are
        texts. Tables of values and texts may be Excel or JSON Lines files too. Or an ``.npz`` file with arrays of
        pictures and labels (`headstart.data.reading.npz`).
    label : str or list of str, optional
        Of a folder: ``re:`` and a regular expression over the path inside it, whose first parenthesis is the class, as
        ``re:^(\d)_`` for ``0_ann_3.flac``; the folders then mean nothing, but for those of parts. Of a table: the
        column with the label; several columns are several labels (0 and 1) or several targets. Cells may hold several
        labels: ``a;b``, ``a|b``, or a JSON list. Default: a column of a usual name, or the only one left.
    path_column : str, optional
        Column with the paths. Default: a column of a usual name, or one that holds names of pictures or clips.
    text_column : str or list of str, optional
        Columns with texts; several are joined, one below the other.
    group_by : str, optional
        Rows that belong together and must never be on both sides of a split: a column, or a regular expression that
        is searched for in the path (its first parenthesis, or else the whole match, is the group).
    task : {"classification", "multilabel", "regression"}, optional
        Default: told from the labels.
    split_column : str, optional
        Column with train, val or test. Default: a column of a usual name that holds only these.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If there is nothing to read there, or it is not what was expected; the words say what was found.

    Examples
    --------
    >>> from PIL import Image
    >>> for name in ("ants", "bees"):
    ...     Path("insects", name).mkdir(parents=True)
    ...     for i in range(2):
    ...         Image.new("RGB", (8, 8), (i, 0, 0)).save(Path("insects", name, f"{i}.png"))
    >>> dataset = read_dataset("insects")
    >>> dataset.classes, len(dataset), dataset.inputs.names[0]
    (('ants', 'bees'), 4, 'ants/0.png')
    """
    place = Path(path)
    if place.is_dir():
        pattern = label[3:] if isinstance(label, str) and label.startswith("re:") else None
        other = label if pattern is None else None
        given = {"label": other, "path_column": path_column, "text_column": text_column, "split_column": split_column}
        wrong = [name for name, value in given.items() if value is not None]
        if wrong:
            raise ParameterError(
                f"Expected {' and '.join(wrong)} only with a table, found the folder {printable(str(place))}.",
                "In a folder the classes are the names of its folders, or what label='re:EXPRESSION' finds in paths.",
            )
        dataset = read_folder(place, group_by, pattern)
        if task not in (None, "classification"):
            raise ParameterError(
                f"Expected a table for task={task!r}, found the folder {printable(str(place))}.",
                f"Folders name one class a {dataset.kind.one}; give a CSV file with a path and labels or numbers.",
            )
        return dataset
    _check_table(place)
    if place.suffix.lower() == ".npz":
        return read_npz(place, task)
    if path_column is None and (text_column is not None or not holds_paths(read_frame(place), place)):
        reading: dict[str, Any] = {"label": label, "group_by": group_by, "task": task, "split_column": split_column}
        texts = read_texts(place, text_column, **reading)
        if texts is not None:
            return texts
        return read_values(place, **reading).target
    return read_table(
        place, label=label, path_column=path_column, group_by=group_by, task=task, split_column=split_column
    )


def from_arrays(X: Any, y: Any, *, groups: Any = None, task: str | None = None) -> Dataset:
    """Make a Dataset of pictures, clips or texts, and labels, in memory.

    Parameters
    ----------
    X : whatever :func:`headstart.data.inputs.inputs.as_inputs` takes
    y : array-like of shape (n,) or (n, L), or a list of labels for each picture
    groups : array-like of shape (n,), optional
        Rows of one group never straddle a split.
    task : {"classification", "multilabel", "regression"}, optional
        Default: told from ``y``.

    Returns
    -------
    Dataset

    Examples
    --------
    >>> from_arrays(np.zeros((4, 8, 8)), ["ant", "bee", "ant", "bee"])
    Dataset(4 pictures, classification)
    """
    inputs = as_inputs(X)
    columns = list(y.columns) if hasattr(y, "columns") else None
    labels, task, classes = labels_from(y, inputs.names, task, columns, inputs.kind.many)
    return Dataset(
        inputs=inputs,
        y=labels,
        task=task,
        classes=classes,
        groups=None if groups is None else groups_from(np.asarray(groups).tolist(), inputs.names),
    )


def _check_table(place: Path) -> None:
    where = printable(str(place))
    try:
        there = place.exists()
    except (OSError, ValueError) as error:
        raise DataError(f"Expected a folder or a table, found {where}: {error}.") from error
    if not there:
        try:
            beside = os.listdir(place.parent)
        except OSError:
            beside = []
        near = difflib.get_close_matches(place.name, beside, 1)
        raise DataError(
            f"Expected a folder or a table, found nothing at {where}.",
            f"Did you mean {printable(str(place.parent / near[0]))}?" if near else "Check the path.",
        )
    refuse_odd_file(place, "a folder or a table")
    suffix = table_suffix(place)
    kind = kind_of_suffix(suffix)
    if kind is not None and (kind is not TEXTS or suffix in kind.suffixes):
        raise DataError(
            f"Expected a folder or a table of {kind.many}, found the single {kind.one} {where}.",
            "Give the folder it is in.",
        )
    if suffix not in (*TABLES, ".npz"):
        raise DataError(
            f"Expected a folder, or a file that ends in .csv, .tsv, .parquet, .jsonl, .xlsx or .npz, found {where}.",
            "Unpack or convert it first.",
        )

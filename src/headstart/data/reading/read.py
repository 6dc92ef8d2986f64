"""The one way in: whatever the user has, as a Dataset."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.data.sets.dataset import Dataset
from headstart.errors import called_rightly


@called_rightly
def read_dataset(
    path: str | os.PathLike[str],
    *,
    label: str | Sequence[str] | None = None,
    path_column: str | None = None,
    text_column: str | Sequence[str] | None = None,
    group_by: str | None = None,
    task: str | None = None,
    split_column: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    sheet: str | None = None,
    page: int | str | None = None,
    view: Mapping[str, Any] | None = None,
    boxes: str | os.PathLike[str] | None = None,
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
    encoding : str, optional
        Of a table in text, as Python calls it. Default: told from its bytes, where that is certain.
    decimal : {".", ","}, optional
        What stands before the fraction of a number in text. Default: told from the cells.
    sheet : str, optional
        Of an Excel file. Default: the first that holds cells.
    page : int or str, optional
        Of files with several pictures: which one, from 1. Default: the first, of volumes the middle. Of volumes also
        "axial", "coronal" or "sagittal" by their own orientation, with the slice after a colon: "coronal:40".
    view : dict of str to columns, optional
        Of a table whose rows are seen in several ways: the columns of each view
        (`headstart.data.reading.view_table.read_views`).
    boxes : path-like, optional
        Of a folder of pictures: where the boxes of the things in them are written; labels are then one
        `headstart.Boxes` a picture (`headstart.data.reading.boxes.read_boxes`).

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
    >>> from pathlib import Path
    >>> for name in ("ants", "bees"):
    ...     Path("insects", name).mkdir(parents=True)
    ...     for i in range(2):
    ...         Image.new("RGB", (8, 8), (i, 0, 0)).save(Path("insects", name, f"{i}.png"))
    >>> dataset = read_dataset("insects")
    >>> dataset.classes, len(dataset), dataset.inputs.names[0]
    (('ants', 'bees'), 4, 'ants/0.png')
    """
    reading = Reading(
        label,
        path_column,
        text_column,
        split_column,
        group_by,
        task,
        encoding,
        decimal,
        sheet,
        page=page,
        view=view,
        boxes=boxes,
    )
    return recognise(path, reading).dataset()

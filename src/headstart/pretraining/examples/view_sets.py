"""What the user names, as sets of views."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from headstart.data.pictures.pictures import Pictures
from headstart.data.reading.read import read_dataset
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.errors import DataError
from headstart.networks.network import Network
from headstart.pretraining.examples.picture_views import FormulaViews, PictureViews, Views
from headstart.pretraining.formula.rendered import RenderedPictures

FORMULA = "formula:"


def picture_views(
    data: Sequence[str],
    teachers: Sequence[Network],
    *,
    n_views: int = 8,
    size: int = 64,
    classes: int = 500,
    per_class: int = 1000,
    flip: bool = True,
    seed: int = 0,
    labelled: bool = False,
    label: str | None = None,
    path_column: str | None = None,
) -> list[Views]:
    """Read the data that are to be shown to teachers.

    Parameters
    ----------
    data : sequence of str
        Each a folder, a list of paths, a table, an ``.npz`` file, or ``formula:NAME``.
    teachers : sequence of Network
        They say how large a view must be.
    n_views : int, default=8
        Of each picture that is not rendered.
    size : int, default=64
        Side of the student's pictures.
    classes, per_class : int
        Of formulas.
    flip : bool, default=True
        Whether views may be mirrored.
    seed : int, default=0
    labelled : bool, default=False
        Whether labels are read too; a ``test`` part is then left out.
    label, path_column : str, optional
        Columns of a table.

    Returns
    -------
    list of Views
    """
    side = max(max(teacher.preprocessing.size) for teacher in teachers)
    found: list[Views] = []
    for name in data:
        if name.startswith(FORMULA):
            rendered = RenderedPictures(name.removeprefix(FORMULA), classes, per_class, seed, size)
            found.append(FormulaViews(rendered))
            continue
        named = Path(name).name
        if not labelled:
            pictures = read_unlabelled(name, path_column)
            if not isinstance(pictures, Pictures):
                raise DataError(f"Expected pictures in {named}, found clips of sound.", "Give pictures.")
            words = f"{len(pictures):,} pictures from {named}"
            found.append(PictureViews(pictures, n_views, size, side, flip=flip, seed=seed, words=words))
            continue
        dataset = read_dataset(name, label=label, path_column=path_column)
        if dataset.parts is not None:
            dataset = dataset.part("train")
        if dataset.task != "classification" or dataset.classes is None:
            raise DataError(
                f"Expected one label a picture in {named}, found a task of type {dataset.task}.",
                "Leave the labels out (--label-weight 0).",
            )
        if not isinstance(dataset.inputs, Pictures):
            raise DataError(f"Expected pictures in {named}, found clips of sound.", "Give pictures.")
        labels = np.searchsorted(np.asarray(dataset.classes), dataset.y).astype(np.int64)
        found.append(
            PictureViews(
                dataset.inputs,
                n_views,
                size,
                side,
                flip=flip,
                seed=seed,
                words=f"{len(dataset):,} pictures of {len(dataset.classes)} classes from {named}",
                labels=labels,
                class_names=tuple(str(value) for value in dataset.classes),
            )
        )
    return found

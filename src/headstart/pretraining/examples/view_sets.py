"""What the user names, as sets of views."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.base.kinds import PICTURES
from headstart.data.reading.read import read_dataset
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.errors import DataError
from headstart.networks.network import Network
from headstart.pretraining.examples.given import FORMULA, Given
from headstart.pretraining.examples.material import refuse_others
from headstart.pretraining.examples.picture_views import FormulaViews, PictureViews, Views


def picture_views(
    given: Given, teachers: Sequence[Network], *, n_views: int = 8, labelled: bool = False
) -> list[Views]:
    """Read the pictures that are to be shown to teachers.

    Parameters
    ----------
    given : Given
        Without speech.
    teachers : sequence of Network
        They say how large a view must be.
    n_views : int, default=8
        Of each picture that is not rendered.
    labelled : bool, default=False
        Whether labels are read too; a ``test`` part is then left out.

    Returns
    -------
    list of Views
    """
    side = max(max(teacher.preprocessing.size) for teacher in teachers)
    found: list[Views] = []
    for name in given.data:
        if name.startswith(FORMULA):
            found.append(FormulaViews(given.rendered(name)))
            continue
        pictures, more = _labelled(name, given) if labelled else (read_unlabelled(name, given.path_column), {})
        named = Path(name).name
        refuse_others(pictures.kind, PICTURES, named)
        classes = more.get("class_names", ())
        words = f"{len(pictures):,} pictures {f'of {len(classes)} classes ' if classes else ''}from {named}"
        how: dict[str, Any] = {"flip": given.flip, "seed": given.seed, "words": words}
        found.append(PictureViews(pictures, n_views, given.size, side, **how, **more))
    return found


def _labelled(name: str, given: Given) -> tuple[Any, dict[str, Any]]:
    """Pictures to train on with their labels, and the names of these."""
    dataset = read_dataset(name, label=given.label, path_column=given.path_column)
    if dataset.parts is not None:
        dataset = dataset.part("train")
    if dataset.task != "classification" or dataset.classes is None:
        raise DataError(
            f"Expected one label a picture in {Path(name).name}, found a task of type {dataset.task}.",
            "Leave the labels out (--label-weight 0).",
        )
    labels = np.searchsorted(np.asarray(dataset.classes), dataset.y).astype(np.int64)
    return dataset.inputs, {"labels": labels, "class_names": tuple(str(value) for value in dataset.classes)}

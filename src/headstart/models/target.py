"""What a user gave to learn, whatever its form, and what is offered to borrow from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from headstart.data.inputs.registry import simple_of
from headstart.data.reading.read import from_arrays, read_dataset
from headstart.data.sets.checks import check_labels
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.screen import screen
from headstart.errors import ParameterError
from headstart.keywords.material import KEYWORD
from headstart.models.table_target import is_table, tables_of
from headstart.models.text_target import text_dataset
from headstart.networks.reading.loading import load_network
from headstart.networks.window import window_notes
from headstart.parameters.tuning.plan import source_with_windows

Progress = Callable[[str, int, int], None]
AUTO = "auto"


@dataclass(frozen=True)
class Target:
    """The data to learn and what goes with them.

    Parameters
    ----------
    dataset : Dataset
    source : anything
        What is borrowed from: a network's source, a list of `Source`, or None.
    named : anything
        The same as the user named it, for the command that repeats the run.
    more : dict
        Further arguments of the guard: rows without labels.
    """

    dataset: Dataset
    source: Any
    named: Any
    more: dict[str, Any] = field(default_factory=dict)


def read_target(
    data: Any,
    source: Any,
    reading: dict[str, Any],
    *,
    text_column: Any = None,
    path_column: str | None = None,
    unlabelled: Any = None,
    text_windows: int | None = None,
) -> Target:
    """Read texts, rows of a table, pictures or clips, and settle what they borrow from.

    Parameters
    ----------
    data, source, text_column, path_column, unlabelled, text_windows
        As in `headstart.fit`.
    reading : dict
        ``label``, ``group_by``, ``task``, ``split_column``.

    Returns
    -------
    Target

    Raises
    ------
    DataError, ParameterError
        If the data cannot be read so.
    """
    texts = text_dataset(data, source, text_column=text_column, path_column=path_column, **reading)
    words = reading["task"] == KEYWORD
    if texts is None and not words and is_table(data, path_column):
        tables = tables_of(data, source, unlabelled, **reading)
        check_labels(tables.target)
        return Target(tables.target, list(tables.sources) or None, source, {"unlabelled": tables.unlabelled})
    _refuse_rows(unlabelled)
    dataset = texts or _dataset(data, path_column, reading | {"task": None if words else reading["task"]})
    if isinstance(source, str) and source == AUTO:
        dataset, source = _bundled(dataset)
    return Target(dataset, source_with_windows(source, dataset.input_type, text_windows), source)


def screened(target: Target, skip_bad: bool, progress: Progress | None) -> Target:
    """The target with its pictures, clips or texts each looked at once; rows of a table stay as they are.

    Parameters
    ----------
    target : Target
    skip_bad : bool
        Leave out what cannot be read, instead of raising.
    progress : callable or None

    Raises
    ------
    BadInputs, DataError
        See `headstart.data.sets.screen.screen`.
    """
    dataset, input_type = target.dataset, target.dataset.input_type
    if dataset.kind.values:
        return target
    network = None if target.source is None else load_network(target.source, input_type=input_type)
    seen = simple_of(dataset.kind).preprocessing if network is None else network.preprocessing
    found = screen(dataset, seen, skip_bad=skip_bad, progress=progress)
    notes = (*found.notes, *window_notes(network, divided(found)[0].inputs))
    return dataclasses.replace(target, dataset=dataclasses.replace(found, notes=notes))


def divided(dataset: Dataset) -> tuple[Dataset, Dataset | None]:
    """The pool to learn from, and the part kept for the final score (None where the data are not divided)."""
    aside = dataset.held_out
    if aside is None or dataset.parts is None:
        return dataset, None
    rest = sorted(set(dataset.parts.tolist()) - {aside})
    return dataset.part(*rest), dataset.part(aside)


def _bundled(dataset: Dataset) -> tuple[Dataset, str | None]:
    """What is borrowed from where nothing is named; for texts no network is bundled, which is noted."""
    if dataset.kind.starter is not None:
        return dataset, dataset.kind.starter
    words = f"Nothing was borrowed: for {dataset.kind.many} no network is bundled. Name one (--source, source=...)."
    return dataclasses.replace(dataset, notes=(*dataset.notes, words)), None


def _refuse_rows(unlabelled: Any) -> None:
    if unlabelled is not None:
        raise ParameterError(
            "Expected unlabelled rows with a table of values, found pictures, clips or texts.",
            "headstart pretrain learns from pictures and clips without labels.",
        )


def _dataset(data: Any, path_column: str | None, reading: dict[str, Any]) -> Dataset:
    if isinstance(data, Dataset):
        return data
    if isinstance(data, tuple) and len(data) in (2, 3):
        return from_arrays(data[0], data[1], groups=data[2] if len(data) == 3 else None, task=reading["task"])
    return read_dataset(data, path_column=path_column, **reading)

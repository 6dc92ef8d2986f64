"""Labelled sets of pictures, clips or texts offered beside a network: read, matched with the target, screened."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from headstart.contract.network_rows import is_network
from headstart.data.base.files import list_inputs
from headstart.data.base.kinds import Kind, file_kinds
from headstart.data.inputs.canvases import Seen
from headstart.data.inputs.inputs import refuse_other_kind
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import Recognised, recognise
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import if_numbered
from headstart.data.sets.spelling import spelling_hints
from headstart.data.sets.unlabelled import apart_from
from headstart.data.tables.frame import TABLES, table_suffix
from headstart.data.tables.rows import is_frame
from headstart.errors import DataError, ParameterError, SourceError, about
from headstart.networks.reading.forms import refuse_absent
from headstart.progress import Progress
from headstart.source import Source

#: Files of which a folder of a network holds one.
_OF_NETWORKS = ("config.json", "headstart.json", "modules.json", "model.safetensors", "preprocessor_config.json")
AUTO, NONE = "auto", "none"


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """A labelled set that is borrowed from, as it was recognised and read."""

    name: str
    dataset: Dataset
    known: Recognised | None = None


def parted(source: Any) -> tuple[Any, list[Any]]:
    """What of the things offered is a network, and what are labelled sets.

    A folder with the files of a network is one; any other folder with pictures, clips or texts, a table and an
    ``.npz`` file are sets; so are a `Source`, a `Dataset`, a frame and (X, y). Where nothing names a network it is
    "auto".

    Parameters
    ----------
    source : anything, or a list

    Returns
    -------
    network : as it was named; None for "none"
    sets : list

    Raises
    ------
    ParameterError
        For more than one network.

    Examples
    --------
    >>> parted("starter:speech"), parted(["none", Source([[0.0]], [1], "a")]), parted(None)
    (('starter:speech', []), (None, [Source('a', 1 rows, labelled)]), (None, []))
    """
    if source is None:
        return None, []
    given = source if isinstance(source, list) else [source]
    sets = [one for one in given if is_set(one)]
    networks = [one for one in given if not is_set(one)]
    if len(networks) > 1:
        for one in networks:
            if isinstance(one, str | os.PathLike):
                refuse_absent(one)
        raise ParameterError(
            f"Expected one network to borrow from, found {len(networks)}: {', '.join(map(str, networks))}.",
            "Name one network; folders, tables and Source(X, y) with labels may stand beside it.",
        )
    network = networks[0] if networks else AUTO
    return (None if isinstance(network, str) and network.lower() == NONE else network), sets


def is_set(one: Any) -> bool:
    """Whether something offered is a labelled set, not a network."""
    if isinstance(one, Source | Dataset | tuple) or is_frame(one):
        return True
    if not isinstance(one, str | os.PathLike) or not is_network(one):
        return False
    place = Path(one).expanduser()
    if place.is_dir():
        if any((place / name).exists() for name in _OF_NETWORKS):
            return False
        found, _ = list_inputs(place)
        return any(found[kind] for kind in file_kinds())
    return place.is_file() and (table_suffix(place) in TABLES or place.suffix.lower() == ".npz")


def read_sets(sets: list[Any], dataset: Dataset | None, reading: Reading) -> list[LabelledSet]:
    """Read labelled sets and match them with the target: the same kind, task and classes.

    Parameters
    ----------
    sets : list
        As `parted` gives them.
    dataset : Dataset or None
        The target; None where it has no labels: then the first set says what they are.
    reading : Reading
        What was said of the target; where it goes with a set it holds there too.

    Raises
    ------
    SourceError
        If a set has another task, or no class in common with the target.
    DataError
        If it holds another kind of input, or cannot be read.
    """
    if dataset is None:
        return _alike(sets, reading)
    if sets and dataset.task == "multilabel":
        raise SourceError(
            "Expected one class or number an example where labelled sets are borrowed from, found several labels.",
            "Leave the sets out (--source, source=).",
        )
    found = []
    for i, one in enumerate(sets, 1):
        with about(one):
            found.append(_read(one, i, dataset, reading))
    return found


def _alike(sets: list[Any], reading: Reading) -> list[LabelledSet]:
    """Sets with classes, each of the kind of the first."""
    found: list[LabelledSet] = []
    for i, one in enumerate(sets, 1):
        name, given = _named(one, i)
        kind = found[0].dataset.kind if found else None
        with about(given):
            known = recognise(given, _reading_for(given, reading, None), wanted=_always(kind))
            dataset = known.dataset()
        if dataset.task != "classification":
            raise SourceError(
                f"Expected classes in {name} for data without labels, found {_words(dataset.task)}.",
                "Numbers and several labels cannot be carried over without labels: label some examples.",
            )
        if kind is not None and dataset.kind is not kind:
            refuse_other_kind(dataset.kind, kind, f"in {name} as in {found[0].name}")
        found.append(LabelledSet(name, dataset, known))
    return found


def _always(kind: Kind | None) -> Callable[[], Kind | None]:
    return lambda: kind


def _named(one: Any, number: int) -> tuple[str, Any]:
    """How messages call a set, and what is to be read."""
    if isinstance(one, Source):
        if one.X is None or one.y is None:
            raise SourceError(f"Expected labels in {one}, found none.", "Give Source(X, y).")
        return one.name or f"set {number}", (one.X, one.y)
    return (Path(one).name if isinstance(one, str | os.PathLike) else f"set {number}"), one


def _read(one: Any, number: int, target: Dataset, reading: Reading) -> LabelledSet:
    name, given = _named(one, number)
    found = _grouped(given, _reading_for(given, reading, target), target)
    if found.kind is not target.kind:
        refuse_other_kind(found.kind, target.kind, f"in {name} as in the target")
    if found.task != target.task:
        raise SourceError(
            f"Expected {_words(target.task)} in {name}, as in the target, found {_words(found.task)}.",
            "Say what the labels are (--task, task=), or leave it out.",
        )
    return LabelledSet(name, _of_other_groups(_of_known_classes(found, target, name), target, name))


def _grouped(given: Any, reading: Reading, target: Dataset) -> Dataset:
    """A set with its groups, where it has such as the target has."""
    told = dataclasses.replace(reading, group_by=None)
    if reading.group_by is not None:
        try:
            return recognise(given, reading, wanted=lambda: target.kind).dataset()
        except DataError:
            pass  # it has no such groups, or is read no better without them
    return recognise(given, told, wanted=lambda: target.kind).dataset()


def _words(task: str) -> str:
    return {"classification": "classes", "regression": "numbers"}.get(task, "several labels")


def _reading_for(given: Any, reading: Reading, target: Dataset | None) -> Reading:
    """What of the words about the target goes with a set: in memory nothing but the task, in a folder no columns."""
    task = reading.task if target is None else target.task
    if isinstance(given, tuple | Dataset):
        return Reading(task=task)
    if is_frame(given) or not Path(given).is_dir():
        return dataclasses.replace(reading, task=task, split_column=None)
    pattern = reading.label if isinstance(reading.label, str) and reading.label.startswith("re:") else None
    return Reading(label=pattern, encoding=reading.encoding, page=reading.page, group_by=reading.group_by)


def _of_known_classes(found: Dataset, target: Dataset, name: str) -> Dataset:
    """The examples of a set whose class the target has."""
    if target.task != "classification":
        return found
    known = np.isin(np.asarray(found.y).astype(str), np.asarray(target.y).astype(str))
    alike = " ".join(spelling_hints(found.y, target.y, name)[:3])
    if not known.any():
        mine, theirs = (sorted({str(label) for label in part.y})[:6] for part in (target, found))
        raise SourceError(
            f"Expected classes of the target ({', '.join(mine)}) in {name}, found {', '.join(theirs)}.",
            alike or "Rename its classes, or leave it out.",
        )
    if known.all():
        return found
    others = sorted({str(label) for label in found.y[~known]})
    shown = ", ".join(others[:6]) + (", ..." if len(others) > 6 else "")
    words = f"{int((~known).sum()):,} of {len(found):,} {found.kind.many} of {name} are of other classes ({shown})."
    return dataclasses.replace(
        found.select(known), notes=(*found.notes, f"{words} They were left out. {alike}".strip())
    )


def _of_other_groups(found: Dataset, target: Dataset, name: str) -> Dataset:
    """The examples of a set that are of no group of the target: those would tell what is held out."""
    if found.groups is None or target.groups is None:
        return found
    theirs = np.asarray(found.groups).astype(str)
    same = np.isin(theirs, np.asarray(target.groups).astype(str))
    if not same.any():
        return found
    words = f"{int(same.sum()):,} of {len(found):,} {found.kind.many} of {name} are of groups that the target has."
    words += f" They were left out.{if_numbered(theirs[same])}"
    return dataclasses.replace(found.select(~same), notes=(*found.notes, words))


def screened_sets(
    sets: list[LabelledSet], dataset: Dataset, seen: Seen, progress: Progress | None
) -> tuple[list[Source], tuple[str, ...]]:
    """Sets as sources, without what cannot be read and without copies of the target's examples; and what is said.

    Parameters
    ----------
    sets : list of LabelledSet
    dataset : Dataset
        The target, screened, its part for the test too.
    seen : Preprocessing or SoundPreprocessing
        Of the network that will be used.
    progress : callable or None

    Returns
    -------
    sources : list of Source
    notes : tuple of str
    """
    sources, notes = [], []
    for one in sets:
        inputs, y = one.dataset.inputs, np.asarray(one.dataset.y)
        kept, said = apart_from(dataset, inputs, seen, progress, who=f"of {one.name}")
        notes += [*one.dataset.notes, *said]
        labels = y[kept].astype(dataset.y.dtype) if dataset.task == "classification" else y[kept]
        if len(kept):
            sources.append(Source(inputs[kept], labels, one.name))
        else:
            notes.append(f"Nothing of {one.name} was borrowed.")
    return sources, tuple(notes)

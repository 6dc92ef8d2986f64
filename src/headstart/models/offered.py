"""What is offered to borrow from: networks of a kind, or tables of rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headstart.contract.network_rows import is_network
from headstart.data.base.files import check_there
from headstart.data.base.kinds import Kind, kind_of_suffix
from headstart.data.base.rows import Inputs
from headstart.data.inputs.inputs import as_inputs, joined_once, refuse_other_kind
from headstart.data.reading.table import read_paths
from headstart.data.reading.unlabelled import as_learned, read_unlabelled, texts_in
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.description import tell
from headstart.data.tables.frame import TABLES, read_frame, table_suffix
from headstart.data.tables.rows import is_frame, rows_of
from headstart.errors import HeadstartError, SourceError, about
from headstart.networks.reading.loading import load_network
from headstart.source import Source

_NOTHING = ("auto", "none")


def kind_offered(source: Any) -> Kind | None:
    """What an offered network takes; None where no network is offered, or none that can be read.

    Examples
    --------
    >>> kind_offered(None), kind_offered("other.csv"), kind_offered("starter:speech").many
    (None, None, 'clips')
    """
    networks = [one for one in listed(source) if is_network(one) and not _is_table(one)]
    if len(networks) != 1:
        return None
    try:
        return load_network(networks[0]).takes
    except (HeadstartError, OSError):
        return None


def _is_table(one: Any) -> bool:
    return isinstance(one, str | Path) and table_suffix(Path(one)) in TABLES


def listed(given: Any) -> list[Any]:
    """What is offered, one by one; "auto" and "none" are nothing, beside others too.

    Examples
    --------
    >>> listed("auto"), listed("a.csv"), listed(["a.csv", "auto", "b.csv"])
    ([], ['a.csv'], ['a.csv', 'b.csv'])
    """
    each = given if isinstance(given, list) else [] if given is None else [given]
    return [one for one in each if not (isinstance(one, str) and one.lower() in _NOTHING)]


def tables_offered(source: Any) -> list[Any]:
    """Tables with labels to borrow rows from, each as a path, a frame or a `Source` with a frame.

    Raises
    ------
    SourceError
        For a source that holds no table.
    """
    found = []
    for one in listed(source):
        given = Source(*one) if isinstance(one, tuple) and len(one) == 2 else one
        if isinstance(given, str | Path):
            _check_file(Path(given).expanduser())
        elif isinstance(given, Source):
            given = Source(rows_of(given.X), given.y, given.name, given.sample_weight)
        elif not is_frame(given):
            raise SourceError(
                f"Expected a table to borrow rows from, found {given!r}.",
                "For a table give paths of tables, frames or Source(X, y); networks take pictures and sounds.",
            )
        found.append(given)
    return found


def rows_offered(unlabelled: Any) -> Sequence[Any]:
    """Tables without labels, each as a path or a frame.

    Raises
    ------
    SourceError
        For a path that leads to no table.
    """
    found = []
    for one in unlabelled if isinstance(unlabelled, list) else listed(unlabelled):
        if isinstance(one, str | Path):
            _check_file(Path(one).expanduser())
            found.append(one)
        else:
            found.append(rows_of(one.X if isinstance(one, Source) else one))
    return found


def inputs_offered(unlabelled: Any, dataset: Dataset) -> Inputs | None:
    """Examples without labels for pictures, clips or texts: what was given, and those of the data whose label is blank.

    Parameters
    ----------
    unlabelled : path, list of paths or texts, or inputs
        A path as `headstart.data.reading.unlabelled.read_unlabelled` takes it; a table is read in the columns that the
        target was read in, see `headstart.data.reading.unlabelled.as_learned`. What is given twice counts once.
    dataset : Dataset
        The labelled data.

    Raises
    ------
    DataError
        For another kind of input, or a path that leads to none.
    """
    kind: Kind = dataset.kind
    found: list[Inputs] = [] if dataset.without_label is None else [dataset.without_label]
    for one in _parts(unlabelled, kind):
        if isinstance(one, str | Path):
            with about(one):
                found.append(_read(Path(one).expanduser(), dataset))
        else:
            found.append(as_inputs(one, dataset.input_type))
        if found[-1].kind is not kind:
            refuse_other_kind(found[-1].kind, kind, "without labels as with them")
    return joined_once(found) if found else None


def _read(place: Path, dataset: Dataset) -> Inputs:
    """Examples without labels; of a table those in the columns that the labelled ones are in, or in their place."""
    if not place.is_file() or table_suffix(place) not in TABLES:
        return read_unlabelled(place, kind=dataset.kind)
    frame = read_frame(place)
    paths = [one.name for one in dataset.columns if one.role == "path"]
    columns = as_learned(frame, place, dataset.kind, {"text": dataset.text_columns, "path": paths})
    tell(columns.notes)
    if columns.files is None:
        return texts_in(frame, columns.texts, str(place))
    return read_paths(place, columns.files.column)


def _parts(given: Any, kind: Kind) -> list[Any]:
    """Folders and lists to be read, and what is an example itself: a picture's file, a text (words with a space)."""
    if given is None:
        return []
    if isinstance(given, str | Path):
        return [given]
    if not isinstance(given, list | tuple) or not all(isinstance(one, str | Path) for one in given):
        return [given]
    own = [one for one in given if _is_example(one, kind)]
    return [*(one for one in given if not _is_example(one, kind)), *([own] if own else [])]


def _is_example(one: str | Path, kind: Kind) -> bool:
    if kind.typed:
        return isinstance(one, str) and len(one.split()) > 1 and not os.path.exists(one)
    return kind_of_suffix(Path(one).suffix) is kind


def _check_file(place: Path) -> None:
    expected = f"a table ({', '.join(TABLES)}) to go with the target's"
    todo = "Check the path; networks are for pictures and sounds."
    check_there(place, expected, SourceError, todo)
    if not place.is_file() or table_suffix(place) not in TABLES:
        found = "a folder" if place.is_dir() else "another kind of file"
        raise SourceError(f"Expected {expected}, found {found} at {place}.", todo)

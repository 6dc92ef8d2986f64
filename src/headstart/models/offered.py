"""What is offered to borrow from: networks of a kind, or tables of rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headstart.data.base.kinds import Kind
from headstart.data.tables.frame import TABLES, table_suffix
from headstart.data.tables.rows import is_frame, rows_of
from headstart.errors import HeadstartError, SourceError
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
    if not listed(source) or isinstance(source, Source | list | tuple) or is_frame(source):
        return None
    if isinstance(source, str | Path) and table_suffix(Path(source)) in TABLES:
        return None
    try:
        return load_network(source).takes
    except (HeadstartError, OSError):
        return None


def listed(given: Any) -> list[Any]:
    """What is offered, one by one; "auto" and "none" are nothing.

    Examples
    --------
    >>> listed("auto"), listed("a.csv"), listed(["a.csv", "b.csv"])
    ([], ['a.csv'], ['a.csv', 'b.csv'])
    """
    if given is None or (isinstance(given, str) and given.lower() in _NOTHING):
        return []
    return list(given) if isinstance(given, list) else [given]


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
    for one in listed(unlabelled):
        if isinstance(one, str | Path):
            _check_file(Path(one).expanduser())
            found.append(one)
        else:
            found.append(rows_of(one.X if isinstance(one, Source) else one))
    return found


def _check_file(place: Path) -> None:
    if not place.is_file() or table_suffix(place) not in TABLES:
        found = "nothing" if not place.exists() else "a folder" if place.is_dir() else "another kind of file"
        raise SourceError(
            f"Expected a table ({', '.join(TABLES)}) to go with the target's, found {found} at {place}.",
            "Check the path; networks are for pictures and sounds.",
        )

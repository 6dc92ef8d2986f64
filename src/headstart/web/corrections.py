"""Answers that a person has corrected, as a table that ``headstart fit`` reads: the files beside it, a row each."""

from __future__ import annotations

import csv
import io
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from headstart.data.base.content import digest_of
from headstart.visible import cell
from headstart.web.limits import Refused

TABLE, FILES = "corrections.csv", "files"
_SPARE = 1 << 30
_LOCK = threading.Lock()


def keep_file(folder: Path, content: bytes, suffix: str) -> str:
    """Keep a file under the hash of its content, whole or not at all; gives its path as the table names it.

    Parameters
    ----------
    folder : Path
        Made with the first correction.
    content : bytes
    suffix : str
        One that its kind of file has.
    """
    if shutil.disk_usage(_there(folder)).free < _SPARE:
        raise Refused(507, "Expected room on the disk for corrections, found less than 1 GB.", "Make room.")
    (folder / FILES).mkdir(parents=True, exist_ok=True)
    name = f"{FILES}/{digest_of(content)}{suffix}"
    target = folder / name
    if not target.exists():
        partial = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}.part")
        partial.write_bytes(content)
        os.replace(partial, target)
    return name


def append(folder: Path, row: Mapping[str, object]) -> Path:
    """Write one row at the end of the table, after those of other processes; gives the table.

    Text that a spreadsheet would take for a formula has an apostrophe before it.

    Raises
    ------
    Refused
        409 where the table has other columns.

    Examples
    --------
    >>> table = append(Path("corrections"), {"path": "files/a.png", "label": "=1+1"})
    >>> print(table.read_text().strip())
    path,label
    files/a.png,'=1+1
    """
    with _opened(folder) as file:
        known = _known(file, list(row))
        file.seek(0, os.SEEK_END)
        cut = _ends_inside(file)
        lines = [] if known else [list(row)]
        file.write((b"\n" if cut else b"") + _written([*lines, [_plain(value) for value in row.values()]]))
        file.flush()
        os.fsync(file.fileno())
    return folder / TABLE


def replace(folder: Path, rows: Sequence[Mapping[str, object]], by: str) -> Path:
    """Write rows at the end of the table, in place of those that say the same in the column ``by``; gives the table.

    The table is written anew, whole or not at all.

    Parameters
    ----------
    folder : Path
    rows : sequence of mapping
        One or more, of the same columns.
    by : str

    Raises
    ------
    Refused
        409 where the table has other columns.
    """
    names, said = list(rows[0]), {str(row[by]) for row in rows}
    with _opened(folder) as file:
        _known(file, names)
        file.seek(0)
        head, *old = [*csv.reader(io.StringIO(file.read().decode("utf-8", "replace"), newline=""))] or [names]
        kept = [row for row in old if len(row) == len(head) and row[head.index(by)] not in said]
        new = [[_plain(value) for value in row.values()] for row in rows]
        partial = folder / f".{TABLE}.part"
        partial.write_bytes(_written([head, *kept, *new]))
        os.replace(partial, folder / TABLE)
    return folder / TABLE


@contextmanager
def _opened(folder: Path) -> Iterator[io.BufferedRandom]:
    """The table, made where there is none, once nobody else writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    with _LOCK:
        while True:
            with (folder / TABLE).open("a+b") as file:
                _alone(file.fileno())
                if os.fstat(file.fileno()).st_ino == (folder / TABLE).stat().st_ino:  # not replaced meanwhile
                    yield file
                    return


def _known(file: io.BufferedRandom, names: list[str]) -> list[str]:
    """Columns of the table; none of an empty one."""
    file.seek(0)
    known = next(csv.reader([file.readline().decode("utf-8", "replace")]), [])
    if known and known != names:
        raise Refused(
            409,
            f"Expected a table of {', '.join(names)} in {TABLE}, found one of {', '.join(known)}.",
            "Start the server with another --corrections.",
        )
    return known


def _there(folder: Path) -> Path:
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())


def _plain(value: object) -> object:
    """A cell; numbers that came as text stay as they are."""
    try:
        float(str(value))
    except ValueError:
        return cell(value)
    return value


def _written(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8")


def _ends_inside(file: io.BufferedRandom) -> bool:
    """Whether the last line has no end."""
    if not file.tell():
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _alone(descriptor: int) -> None:
    """Wait until no other process writes; where the system has no such lock, threads alone wait for each other."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)

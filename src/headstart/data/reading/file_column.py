"""Which column of a table names files, and where they lie."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from headstart.data.base.files import kind_of_file, printable
from headstart.data.base.kinds import PICTURES, Kind, file_kinds, kind_of_suffix
from headstart.data.reading.roles import listed, named_column
from headstart.data.tables.gaps import absent
from headstart.errors import DataError

_THING = "path|file|image|img|picture|photo|audio|clip|sound|recording|wav"
_USUAL = re.compile(rf"(?:{_THING})s?|(?:file|image|img|audio)[ _-]?(?:name|path)", re.IGNORECASE)
_IDS = re.compile(
    rf"(?:{_THING})?[ _-]?(?:id|ids|name|key|nr|no|stem)|(?:{_THING})[ _-]?(?:id|name|key)", re.IGNORECASE
)
_URL = re.compile(r"[a-z][a-z0-9+]{1,9}://", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_SAMPLE, _MOST_FILES, _DEEPEST = 100, 200_000, 4


@dataclass(frozen=True, eq=False)
class FileColumn:
    """The column of a table that names a file in each row.

    Parameters
    ----------
    kind : Kind
        Of the files.
    paths : tuple of Path
        Where the files are looked for.
    names : tuple of str
        As the table has them.
    notes : tuple of str
        What was done to find them, and which are not there.
    """

    column: str
    kind: Kind
    paths: tuple[Path, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())


def file_column(frame: pd.DataFrame, table: Path, named: str | None = None) -> FileColumn | None:
    r"""The column of files of a table; None where it holds none, but values.

    The rule: the named column; else the first in which all cells end like pictures, clips or texts; else one of a
    usual name ("path", "image", ...) with cells that look like paths or name files that are there; else one of ids
    ("image_id", "id", or any of which no two cells are equal) of which at least half are names of files beside the
    table or in folders below, but for what stands behind their dot. Paths are absolute, or relative to the table's
    folder or else to the current one; ``\`` is ``/``; where only capitals differ the file is taken, and that is said.

    Parameters
    ----------
    frame : DataFrame
    table : Path
        Its file.
    named : str, optional
        What the user called the column.

    Raises
    ------
    DataError
        For web addresses, paths of another machine, cells without a path, files of two kinds, or where no file, or more
        than one, is found; the words say where was looked.
    """
    if named is not None:
        column = named_column(frame, named, "paths")
        return _with_suffixes(frame, column, table) or _by_ids(frame, [column], table) or _located(frame, column, table)
    names = sorted(frame.columns, key=lambda name: not _USUAL.fullmatch(name.strip()))
    for name in names:
        found = _with_suffixes(frame, name, table)
        if found is not None:
            return found
    for name in names:
        if _USUAL.fullmatch(name.strip()) and _looks_like_paths(frame[name].head(_SAMPLE).tolist(), table):
            return _located(frame, name, table)
    return _by_ids(frame, [name for name in frame.columns if _may_be_ids(frame[name], name)], table)


def is_file_name(name: str) -> bool:
    """Whether a column is called as one that names files, or their ids, is.

    Examples
    --------
    >>> is_file_name("image_id"), is_file_name("path"), is_file_name("message")
    (True, True, False)
    """
    return bool(
        _USUAL.fullmatch(name.strip()) or re.fullmatch(rf"(?:{_THING})[ _-]?(?:id|name|key)s?", name.strip(), re.I)
    )


def paths_expected(frame: pd.DataFrame, table: Path) -> DataError:
    """The error for a table in which no column names files."""
    return DataError(
        f"Expected a column with paths of pictures or clips in {printable(str(table))}, found the columns "
        f"{listed(frame)}.",
        "Name it (--path-column, path_column=...); the first line of a CSV file holds the columns' names.",
    )


def columns_of_files(frame: pd.DataFrame, kind: Kind) -> list[str]:
    """The columns whose cells end like files of a kind.

    Examples
    --------
    >>> columns_of_files(pd.DataFrame({"scan": ["a.png"], "said": ["a.txt"], "n": [1]}), PICTURES)
    ['scan']
    """
    return [name for name in frame.columns if kind in (_ends(frame[name]) or ())]


def _with_suffixes(frame: pd.DataFrame, name: str, table: Path) -> FileColumn | None:
    """The column, if its cells end like files that are learned from."""
    return _located(frame, name, table) if _ends(frame[name]) else None


def _ends(column: pd.Series) -> set[Kind] | None:
    """The kinds of files that the cells end like; None where some do not."""
    sample = [value for value in column.head(_SAMPLE).tolist() if not absent(value)]
    if not all(isinstance(value, str) and len(value) < 1000 for value in sample):
        return None
    kinds = {kind_of_suffix(_suffix(value)) for value in sample}
    return None if None in kinds else {kind for kind in kinds if kind is not None}


def _suffix(value: str) -> str:
    return Path(value.strip().replace("\\", "/")).suffix


def _looks_like_paths(sample: list[Any], table: Path) -> bool:
    texts = [value for value in sample if isinstance(value, str) and value.strip()]
    if len(texts) < len(sample) or not texts:
        return False
    if any(set(text) & set("/\\") or kind_of_suffix(_suffix(text)) for text in texts):
        return True
    return any(_exists(table.resolve().parent / text) for text in texts[:20])


def _may_be_ids(column: pd.Series, name: str) -> bool:
    values = [str(value).strip() for value in column.tolist() if not absent(value)]
    if len(values) < len(column) or len(set(values)) < len(values) or max(map(len, values), default=0) > 200:
        return False
    if _IDS.fullmatch(name.strip()) or _USUAL.fullmatch(name.strip()):
        return True
    return all(isinstance(value, str) for value in column.tolist()) and not any(
        value.isdigit() or " " in value for value in values
    )


def _by_ids(frame: pd.DataFrame, names: Sequence[str], table: Path) -> FileColumn | None:
    """The first column of ids of files, where half of them are there; one that is called so must be."""
    files = _files_below(table.resolve().parent, but=table.name) if names else []
    stems: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        stems[path.stem.casefold()].append(path)
    for name in names:
        ids = [str(value).strip() for value in frame[name].tolist()]
        found = [stems.get(Path(one.replace("\\", "/")).name.casefold(), []) for one in ids]
        counts = Counter(kind for paths in found for kind in {kind_of_suffix(path.suffix) for path in paths})
        kind = max((kind for kind in file_kinds() if counts[kind]), key=lambda kind: counts[kind], default=None)
        if kind is not None and 2 * counts[kind] >= len(ids) and counts[kind] > 1:
            return _of_ids(name, ids, found, kind, table)
        if is_file_name(name) and not counts and not all(map(str.isdigit, ids)):
            kinds = Counter(kind_of_suffix(path.suffix) for path in files)
            among = (
                " and ".join(kind.count(kinds[kind]) for kind in file_kinds() if kinds[kind]) or "no such files at all"
            )
            raise DataError(
                f"Expected files of the {len(ids)} names in column {name!r} of {printable(str(table))}, such as "
                f"{ids[0]!r}, found none of them beside the table and below, where there are {among}.",
                "Write their paths as they are; remove or rename the column if it names no files.",
            )
    return None


def _of_ids(name: str, ids: list[str], found: list[list[Path]], kind: Kind, table: Path) -> FileColumn:
    folder = table.resolve().parent
    paths = []
    for one, candidates in zip(ids, found, strict=True):
        own = [path for path in candidates if kind_of_suffix(path.suffix) is kind]
        own = [path for path in own if path.stem == Path(one).name] or own
        if len(own) > 1:
            shown = " and ".join(printable(os.path.relpath(path, folder)) for path in own[:3])
            raise DataError(
                f"Expected one {kind.one} called {one!r} beside {printable(str(table))} or below, found {shown}.",
                "Write the path of each file into the table.",
            )
        paths.append(own[0] if own else folder / one)
    here = os.path.relpath(next(path for path, own in zip(paths, found, strict=True) if own), folder)
    note = f"Files were found by the names in the column {name}, as in {printable(here)}."
    return FileColumn(name, kind, tuple(paths), tuple(ids), (note, *_missing(paths, ids, kind)))


def _located(frame: pd.DataFrame, name: str, table: Path) -> FileColumn:
    """The files of a column of paths."""
    names = _paths_in(frame[name], table, name)
    kind = _kind(names, table)
    folder = table.resolve().parent
    tidy = [_tidy(one, folder) for one in names]
    bases = [folder, Path.cwd()]
    base = next((base for base in bases if any(_exists(base / one) for one in tidy[:20])), None)
    if base is None and any(_exists(folder / one) for one in tidy):
        base = folder
    notes: list[str] = []
    if base is None or not all(_exists(base / one) for one in tidy):
        tidy, notes = _by_capitals(tidy, base or folder)
        if base is None and not any(_exists(folder / one) for one in tidy):
            raise _not_there(names, tidy, kind, table)
    paths = tuple((base or folder) / one for one in tidy)
    return FileColumn(name, kind, paths, tuple(names), (*notes, *_missing(paths, names, kind)))


def _paths_in(column: pd.Series, table: Path, name: str) -> list[str]:
    values = column.tolist()
    where = printable(str(table))
    missing = [i + 1 for i, value in enumerate(values) if absent(value)]
    if missing:
        raise DataError(
            f"Expected a path in every row of column {name!r} in {where}, found none in {len(missing)} rows, the first "
            f"of them row {missing[0]}."
        )
    names = [str(value).strip() for value in values]
    web = [one for one in names if _URL.match(one)]
    if web:
        raise DataError(
            f"Expected paths of files in column {name!r} of {where}, found {len(web)} web addresses, such as "
            f"{web[0]!r}.",
            "Download the files first, and write where they lie.",
        )
    return names


def _tidy(name: str, folder: Path) -> str:
    """A path with the separators of this machine."""
    return name if os.sep == "\\" or "\\" not in name or _exists(folder / name) else name.replace("\\", "/")


def _by_capitals(names: list[str], base: Path) -> tuple[list[str], list[str]]:
    """Paths of files that are there but for capitals, and a note on them."""
    lacking = [i for i, name in enumerate(names) if not _exists(base / name) and not os.path.isabs(name)]
    if not lacking:
        return names, []
    there: dict[str, list[str]] = defaultdict(list)
    for path in _files_below(base):
        relative = os.path.relpath(path, base)
        there[relative.casefold()].append(relative)
    found = list(names)
    for i in lacking:
        alike = there.get(os.path.normpath(names[i]).casefold(), [])
        found[i] = alike[0] if len(alike) == 1 else names[i]
    changed = [(old, new) for old, new in zip(names, found, strict=True) if old != new]
    if not changed:
        return names, []
    old, new = changed[0]
    return found, [
        f"{len(changed)} paths differ from files by capitals alone, as {old} from {new}; the files were taken."
    ]


def _not_there(names: Sequence[str], tidy: Sequence[str], kind: Kind, table: Path) -> DataError:
    folder, where = table.resolve().parent, printable(str(table))
    count = f"none of the {len(names)} there"
    if _DRIVE.match(names[0]) or os.path.isabs(names[0]):
        parts = re.split(r"[\\/]+", names[0])
        tails = ["/".join(parts[i:]) for i in range(1, len(parts))]
        found = next((tail for tail in tails if tail and _exists(folder / tail)), None)
        hint = f"Beside the table there is {printable(found)}: write paths so." if found else ""
        return DataError(
            f"Expected {kind.many} at the paths of {where}, found {count}; {printable(names[0])!r} is a path of "
            "another machine.",
            hint or "Write paths relative to the table's folder.",
        )
    return DataError(
        f"Expected {kind.many} at the paths of {where}, found {count}; the first one was looked for at "
        f"{printable(str(folder / tidy[0]))}.",
        "Paths are absolute, or relative to the table's folder.",
    )


def _missing(paths: Sequence[Path], names: Sequence[str], kind: Kind) -> tuple[str, ...]:
    """A note on the files that are not there."""
    gone = [name for path, name in zip(paths, names, strict=True) if not _exists(path)]
    if not gone:
        return ()
    shown = ", ".join(map(printable, gone[:5])) + (", ..." if len(gone) > 5 else "")
    return (f"{len(gone)} of {len(names)} {kind.many} are not where the table says: {shown}.",)


def _kind(names: Sequence[str], table: Path) -> Kind:
    """What the rows' files are: pictures or clips, by their suffixes, or else by how the first one starts."""
    first: dict[Kind, str] = {}
    for name in names:
        kind = kind_of_suffix(_suffix(name))
        if kind is not None:
            first.setdefault(kind, name)
    if len(first) > 1:
        shown = " and ".join(f"the {kind.one} {printable(name)}" for kind, name in first.items())
        wanted = "files of one kind"
        raise DataError(
            f"Expected {wanted} in {printable(str(table))}, found both: {shown}.",
            "Give each a table of its own.",
        )
    return next(iter(first), None) or kind_of_file(table.resolve().parent / names[0]) or PICTURES


def _files_below(folder: Path, but: str = "") -> list[Path]:
    """Files that are learned from, in a folder and four levels below, hidden ones passed over; at most 200,000."""
    found: list[Path] = []
    visited, depth = 0, len(folder.parts)
    for place, folders, files in os.walk(folder):
        visited += len(files) + len(folders)
        deep = len(Path(place).parts) - depth >= _DEEPEST
        folders[:] = [] if deep else sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and name != but and kind_of_suffix(os.path.splitext(name)[1]) is not None:
                found.append(Path(place, name))
        if visited > _MOST_FILES:
            break
    return found


def _exists(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:
        return False

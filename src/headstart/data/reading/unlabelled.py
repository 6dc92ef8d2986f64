"""Inputs without labels, wherever they lie (a folder, a list of paths, a table, an array), and in which columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from headstart.data.base.files import check_there, list_inputs, printable, refuse_odd_file
from headstart.data.base.kinds import TEXTS, Kind, file_kinds
from headstart.data.inputs.inputs import as_inputs, inputs_of
from headstart.data.reading.file_column import FileColumn, columns_of_files, file_column, paths_expected
from headstart.data.reading.npz import read_npz_pictures
from headstart.data.reading.roles import as_list, listed, matching, named_column
from headstart.data.reading.table import read_paths
from headstart.data.reading.text_columns import free_texts, joined_texts
from headstart.data.reading.text_columns import text_columns as columns_of_texts
from headstart.data.tables.frame import TABLES, read_frame, table_suffix
from headstart.data.tables.records import row_names
from headstart.errors import DataError, did_you_mean

_TEXTS, _PATHS = ("texts", "--text-column, text_column=..."), ("paths", "--path-column, path_column=...")


def read_unlabelled(
    path: str | Path, path_column: str | None = None, kind: Kind | None = None, text_columns: Sequence[str] = ()
) -> Any:
    """All inputs of a folder and the folders below it, or that a file names; labels are passed over.

    Parameters
    ----------
    path : path-like
        A folder; a text file (``.txt``) with a path in each line, absolute or relative to it; a table (``.csv``,
        ``.tsv``, ``.parquet``) with a column of paths; an ``.npz`` file with arrays of pictures.
    path_column : str, optional
        Of a table. Default: told from its name or content.
    kind : Kind, optional
        What is looked for in a folder. Default: what is there; texts beside others are notes about them.
    text_columns : sequence of str, optional
        Columns that hold the texts of a table, one below the other.

    Returns
    -------
    Pictures, Clips, ...
        Not opened yet.

    Raises
    ------
    DataError
        If there are none, or several kinds; the words say what was found.
    """
    place = Path(path).expanduser()
    where, many = printable(str(place)), "pictures" if kind is None else kind.many
    if place.is_dir():
        return _of_folder(place, kind, where)
    check_there(place, f"a folder or a file of {many}")
    refuse_odd_file(place, f"a folder or a file of {many}")
    suffix = place.suffix.lower()
    if suffix == ".npz":
        return read_npz_pictures(place)
    if table_suffix(place) in TABLES and text_columns:
        return texts_in(read_frame(place), text_columns, where)
    if table_suffix(place) in TABLES:
        return read_paths(place, path_column)
    if suffix == ".txt":
        return _listed(place)
    raise DataError(
        f"Expected a folder, or a file that ends in .txt, .csv, .tsv, .parquet or .npz, found {where}.",
        "List the paths of the pictures in a .txt file, one in a line.",
    )


def _of_folder(place: Path, kind: Kind | None, where: str) -> Any:
    found, others = list_inputs(place)
    kinds = [one for one in file_kinds() if found[one] and not one.typed] if kind is None else [kind]
    if len(kinds) > 1:
        counts = " and ".join(str(len(found[one])) for one in kinds)
        raise DataError(
            f"Expected {' or '.join(one.many for one in kinds)} in {where}, found {counts}.",
            "Give a folder of the one or of the other.",
        )
    if not kinds or not found[kinds[0]]:
        n = len(others) + sum(len(paths) for one, paths in found.items() if one not in kinds)
        wanted = kind.many if kind is not None else "pictures"
        raise DataError(f"Expected {wanted} in {where}, found {n} other files.", "Give another folder.")
    paths = found[kinds[0]]
    return inputs_of(kinds[0], paths, [printable(file.relative_to(place).as_posix()) for file in paths])


def _listed(place: Path) -> Any:
    where = printable(str(place))
    try:
        lines = [line.strip() for line in place.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise DataError(f"Expected text in UTF-8 in {where}, found other bytes.", "Save it as UTF-8.") from error
    names = [line for line in lines if line and not line.startswith("#")]
    if not names:
        raise DataError(f"Expected a path in each line of {where}, found none.")
    paths = [place.resolve().parent / name for name in names]
    return inputs_of(as_inputs(paths).kind, paths, [printable(name) for name in names])


def texts_in(frame: pd.DataFrame, columns: Sequence[str], where: str = "") -> Any:
    """The texts of a table, of several columns joined.

    Raises
    ------
    DataError
        If a column is missing, or holds something else.
    """
    named = [named_column(frame, name, "texts", where) for name in columns]
    place = f"{Path(where).name} " if where else ""
    return inputs_of(TEXTS, joined_texts(frame, named), [f"{place}{row}" for row in row_names(frame)])


@dataclass(frozen=True, eq=False)
class AsLearned:
    """Where a new table holds what a model takes: columns of texts, or a column of files; ``notes`` say of a guess."""

    texts: tuple[str, ...] = ()
    files: FileColumn | None = None
    notes: tuple[str, ...] = ()


def as_learned(
    frame: pd.DataFrame,
    table: Path | None,
    kind: Kind,
    learned: Mapping[str, Sequence[str]],
    *,
    path_column: str | None = None,
    text_column: str | Sequence[str] | None = None,
) -> AsLearned:
    """Find the columns of a new table that a model of pictures, clips or texts is to be asked about.

    The rule: what is named; else the columns that were learned from; else, where a single one was, the only column that
    can be meant in its place, which is said. Anything else is refused: another column would be judged in silence.

    Parameters
    ----------
    frame : DataFrame
    table : Path or None
        Its file; without one no column names files.
    kind : Kind
        What the model takes.
    learned : dict of str to sequence of str
        Columns that it learned from by role, "text" or "path"; none where it learned from a folder.
    path_column, text_column : optional
        What the user named.

    Raises
    ------
    DataError
        If no column, or more than one, can be meant; the words name those that are there, and the option.

    Examples
    --------
    >>> from headstart.data.base.kinds import TEXTS
    >>> old, new = pd.DataFrame({"review": ["so good"]}), pd.DataFrame({"comment": ["a very good one"], "stars": [5]})
    >>> as_learned(old, None, TEXTS, {"text": ["review"]}).texts
    ('review',)
    >>> as_learned(new, None, TEXTS, {"text": ["review"]}).notes[0]
    "Texts were taken from the column 'comment': there is no 'review', which the model learned from."
    """
    where = "the table" if table is None else str(table)
    before = [] if path_column is not None else list(learned.get("text") or ()) if kind.typed else []
    here = [matching(frame, name) for name in before]
    if text_column is not None or (before and None not in here):
        chosen = as_list(text_column) or [name for name in here if name is not None]
        return AsLearned(tuple(columns_of_texts(frame, chosen, where=where)))
    files = None if table is None else _files(frame, table, kind, learned, path_column)
    if files is not None and (files.files is None or files.files.kind is kind or not kind.typed):
        return files
    if not kind.typed:
        raise paths_expected(frame, Path(where))
    free = free_texts(frame)
    if not before:
        return AsLearned(tuple(free if len(free) == 1 else columns_of_texts(frame, None, wanted=True, where=where)))
    if len(before) > 1 or len(free) != 1:
        raise _missing(frame, before, _TEXTS, where)
    return AsLearned((free[0],), notes=(_instead("Texts", free[0], before[0]),))


def _files(
    frame: pd.DataFrame, table: Path, kind: Kind, learned: Mapping[str, Sequence[str]], named: str | None
) -> AsLearned | None:
    """The column of files; None where there is none."""
    before = next(iter(learned.get("path") or ()), None)
    known = named or (None if before is None else matching(frame, before))
    found = file_column(frame, table, known)
    if found is None or known is not None:
        return None if found is None else AsLearned(files=found)
    others = [name for name in columns_of_files(frame, kind) if name != found.column]
    if before is not None and others:
        raise _missing(frame, [before], _PATHS, str(table))
    if before is not None or others:
        words = f"Paths were taken from the column {found.column!r}"
        beside = f", the first of {len(others) + 1} with {kind.many} ({_PATHS[1]} names another)."
        return AsLearned(
            files=found, notes=(words + beside if before is None else _instead("Paths", found.column, before),)
        )
    texts = learned.get("text") if found.kind is kind else None
    return AsLearned(files=found, notes=(_instead("Paths", found.column, texts[0]),) if texts else ())


def _instead(what: str, taken: str, before: str) -> str:
    return f"{what} were taken from the column {taken!r}: there is no {before!r}, which the model learned from."


def _missing(frame: pd.DataFrame, before: Sequence[str], meant: tuple[str, str], where: str) -> DataError:
    """The error for a table without what was learned from, in which another column may or may not be meant."""
    gone = [name for name in before if matching(frame, name) is None]
    what, option = meant
    return DataError(
        f"Expected the {what} in the column {gone[0]!r} of {printable(where)}, as the model learned from it, found the "
        f"columns {listed(frame)}.",
        f"{did_you_mean(gone[0], frame.columns)} Name the column that holds them here ({option}).".lstrip(),
    )

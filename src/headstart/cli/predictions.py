"""What a model says about pictures, clips, texts or rows of tables, one line each, with the broken ones named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headstart.cli.answer_files import print_csv, write_answers
from headstart.cli.console import note, note_failed, print_json, print_table
from headstart.errors import DataError

_BOX_COLUMNS = ("file", "label", "score", "xmin", "ymin", "xmax", "ymax", "error")


def gather(model: Any, places: Sequence[Path], path_column: str | None = None) -> list[Path]:
    """The inputs at some places: files as they are, folders searched to their bottom, the files that tables name.

    Parameters
    ----------
    model : headstart.Model
        Its kind is what is looked for in folders, its evidence says from which column of a table it learned.
    places : sequence of Path
        Files, folders, tables with a column of paths. A file is taken whatever it is called; one that cannot be read
        is named as broken later.
    path_column : str, optional
        Of the tables. Default: the one that the model learned from.

    Returns
    -------
    list of Path
        In the order given, those of a folder sorted by name.

    Raises
    ------
    DataError
        If there is nothing at all.
    """
    from headstart.data.base.files import check_there, list_inputs
    from headstart.data.base.kinds import kind_named, kind_of_suffix

    kind = kind_named(model.input_type)
    found: list[Path] = []
    if len(places) == 1:  # of several, one that is not there is set aside like those that cannot be read
        check_there(places[0], kind.many)
    for place in places:
        if place.is_dir():
            found += list_inputs(place)[0][kind]
        else:  # what reads tables is loaded where there may be one
            known = kind_of_suffix(place.suffix) is kind or not place.is_file()
            listed = None if known else _listed(model, place, path_column)
            found += [place] if listed is None else listed
    if not found:
        shown = ", ".join(str(place) for place in places)
        raise DataError(f"Expected {kind.many} in {shown}, found none.", kind.formats)
    return found


def _listed(model: Any, place: Path, path_column: str | None) -> list[Path] | None:
    """The inputs that a table names; None of a file that is no table."""
    from headstart.data.base.kinds import kind_named
    from headstart.data.inputs.inputs import refuse_other_kind
    from headstart.data.tables.frame import TABLES, read_frame, table_suffix
    from headstart.models.evaluation.columns import columns_like

    if table_suffix(place) not in TABLES:
        return None
    found, kind = columns_like(model, read_frame(place), place, path_column), kind_named(model.input_type)
    assert found.files is not None
    if found.files.kind is not kind:
        refuse_other_kind(found.files.kind, kind, f"as the model learned from, in {place}")
    for words in found.notes:
        note(words)
    return list(found.files.paths)


def say_rows(model: Any, files: Sequence[Path], more: Any = None) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Ask a model of tables about every row of some tables.

    Parameters
    ----------
    model : headstart.Model
    files : sequence of Path
    more : Beside, optional
        What is said beside each answer.

    Returns
    -------
    rows, failed : list of dict
        As those of `say`; ``file`` is the table and the number of the row.

    Raises
    ------
    DataError
        If a table cannot be read or lacks a column.
    """
    from headstart.data.base.files import check_there, printable
    from headstart.data.tables.frame import TABLES, read_frame, table_suffix
    from headstart.data.tables.records import row_names
    from headstart.drift.answering import say_of_rows

    answers: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    for file in files:
        check_there(file, f"a table ({', '.join(TABLES)}), as the model learned from")
        if not file.is_file() or table_suffix(file) not in TABLES:
            raise DataError(
                f"Expected a table ({', '.join(TABLES)}), as the model learned from, found {printable(str(file))}.",
                "Check the path.",
            )
        frame = read_frame(file)
        found, broken, unknown = say_of_rows(model, frame, more)
        for words in (*frame.attrs["notes"], *unknown):
            note(words)
        called = [f"{printable(str(file))} {row}" for row in row_names(frame)]
        answers += [{"file": called[i], **answer} for i, answer in found.items()]
        failed += [{"file": called[i], "reason": broken[i]} for i in sorted(broken)]
    return answers, failed


def gather_texts(
    model: Any, places: Sequence[Path], texts: Sequence[str], path_column: str | None = None, text_column: Any = None
) -> tuple[list[Any], list[str]]:
    """Texts to label, and what to call them: of files, of folders, of each row of tables, and as they were typed.

    Parameters
    ----------
    model : headstart.Model
        Its evidence says from which columns it learned.
    places : sequence of Path
        Text files, folders that are searched to their bottom, tables.
    texts : sequence of str
        The texts themselves.
    path_column, text_column : optional
        Of the tables. Default: those the model learned from.

    Returns
    -------
    items : list of str or Path
    names : list of str

    Raises
    ------
    DataError
        If there is nothing, or a table has no such column.
    """
    typed = [f"text {i + 1}" for i in range(len(texts))]
    if not places:  # what reads tables takes longer to load than a text to answer
        return list(texts), typed
    from headstart.data.base.files import printable
    from headstart.data.reading.text_columns import joined_texts
    from headstart.data.tables.frame import TABLES, read_frame, table_suffix
    from headstart.data.tables.records import row_names
    from headstart.models.evaluation.columns import columns_like

    items: list[Any] = []
    names: list[str] = []
    for place in places:
        if place.is_dir() or table_suffix(place) not in TABLES:
            found: list[Any] = gather(model, [place])
            called = [printable(str(file)) for file in found]
        else:
            frame = read_frame(place)
            like = columns_like(model, frame, place, path_column, text_column)
            for words in (*frame.attrs["notes"], *like.notes):
                note(words)
            if like.files is not None:
                found, called = list(like.files.paths), [printable(name) for name in like.files.names]
            else:
                found = list(joined_texts(frame, like.texts))
                called = [f"{printable(str(place))} {row}" for row in row_names(frame)]
        items, names = [*items, *found], [*names, *called]
    return [*items, *texts], [*names, *typed]


def found_in(
    model: Any,
    places: Sequence[Path],
    draw: Path | None,
    least: float | None,
    form: str,
    out: Path | None = None,
) -> int:
    """Ask a model that finds things about pictures, and print what it finds; the exit code is 1 where some are broken.

    Parameters
    ----------
    model : DetectionModel
    places : sequence of Path
        Files, folders, tables of paths.
    draw : Path or None
        Folder to write pictures with boxes into.
    least : float or None
        Least score of a box; None: the threshold of each class, and in COCO's format every box.
    form : {"lines", "csv", "coco"}
        What is printed.
    out : Path, optional
        A .csv or .json (COCO's results) file to write, in the place of lines.
    """
    from headstart.progress import reporter
    from headstart.report.found import kept, look_through

    files = gather(model, places)
    with reporter() as progress:
        found, failed = look_through(model, files, draw, least, progress)
    note(f"Read: {model.kind.count(len(files))} to be looked through by {model!r}")
    if draw is not None:
        note(f"Drawn: {model.kind.count(len(found))} in {draw}")
    coco = _coco(model, found, least)
    sure = [(file, kept(model, boxes, least)) for _, file, boxes in found]
    cells = box_cells(sure, failed)
    if out is not None:
        write_answers(out, _BOX_COLUMNS, cells, coco, coco)
        note(f"Written: {model.kind.count(len(found))} to {out}")
    if form == "coco":
        print_json(coco)
    elif form == "csv":
        print_csv(_BOX_COLUMNS, cells)
    elif out is None:
        _print_found(sure)
    note_failed(failed)
    return 1 if failed else 0


def _coco(model: Any, found: Sequence[tuple[int, Path, Any]], least: float | None) -> list[dict[str, Any]]:
    """What was found in the format of COCO's results; every box unless a least score is said."""
    from headstart.data.boxes.results import coco_results
    from headstart.report.found import kept

    shown = [(i, file, boxes if least is None else kept(model, boxes, least)) for i, file, boxes in found]
    return coco_results(shown, [str(name) for name in model.classes_])


def _print_found(found: Sequence[tuple[Path, Any]]) -> None:
    """One line a picture: what was found in it."""
    rows = []
    for file, boxes in found:
        counts = Counter(map(str, boxes.labels.tolist())).most_common()
        surest = f"{100 * boxes.scores.max():.0f}%" if len(boxes) else ""
        rows.append((str(file), ", ".join(f"{n} {label}" for label, n in counts) or "nothing", surest))
    if rows:
        print_table(("file", "found", "surest"), rows, right=(2,))


def box_cells(found: Sequence[tuple[Path, Any]], failed: Sequence[dict[str, str]]) -> list[list[Any]]:
    """A row a box; a picture in which nothing was found has a row with its name alone."""
    cells: list[list[Any]] = []
    for file, boxes in found:
        for label, score, corners in zip(boxes.labels, boxes.scores, boxes.corners.round(2).tolist(), strict=True):
            cells.append([str(file), str(label), round(float(score), 4), *corners, ""])
        if not len(boxes):
            cells.append([str(file), *[""] * 7])
    return cells + [[entry["file"], *[""] * 6, entry["reason"]] for entry in failed]

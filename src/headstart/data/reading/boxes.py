"""Pictures of a folder, and boxes that are written elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.base.files import list_inputs, printable
from headstart.data.base.kinds import PICTURES
from headstart.data.boxes.boxes import Boxes
from headstart.data.boxes.locating import located
from headstart.data.boxes.placing import placed
from headstart.data.boxes.sheets import Sheet, listed, part_on
from headstart.data.pictures.pictures import Pictures
from headstart.data.pictures.turns import frame_of
from headstart.data.reading.box_forms import FORMS, sheets_in
from headstart.data.reading.options import Reading
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import groups_by_regex
from headstart.data.sets.task import DETECTION
from headstart.errors import DataError


def read_boxes(place: Path, how: Reading) -> Dataset:
    """Read the pictures of a folder with the boxes that ``how.boxes`` names.

    What the annotation is, its suffixes tell: COCO JSON (one file, or a folder of one a part), YOLO text (the folder
    of label files, one above it, or its ``data.yaml``), Pascal VOC XML (a folder), or a table. A picture is found by
    what the annotation calls it (`headstart.data.boxes.locating.located`). One of which nothing is written is not
    annotated, and takes no part; in YOLO's form, which has no file for it, it shows nothing, unless its whole folder
    is without. Parts are told by the annotation, else by the names of folders.

    Parameters
    ----------
    place : Path
        Folder of pictures.
    how : Reading
        ``boxes``, and perhaps ``group_by`` (an expression over paths) and ``encoding``; of a table also
        ``path_column``, ``label``, ``split_column`` and ``sheet``.

    Returns
    -------
    Dataset
        Of the task "detection": ``y`` holds `Boxes`, in pixels of the upright pictures. A picture that is named and
        not there stays in it, so that looking at the pictures names it.

    Raises
    ------
    DataError
        If an annotation cannot be read, or means no picture that is there.
    ParameterError
        For options that say nothing of boxes.
    """
    assert how.boxes is not None, "somebody asked for boxes"
    annotation = Path(how.boxes).expanduser()
    where = printable(str(annotation))
    paths = list_inputs(place)[0][PICTURES]
    if not paths:
        raise DataError(f"Expected pictures in {printable(str(place))}, found none.", PICTURES.formats)
    names = [path.relative_to(place).as_posix() for path in paths]
    sheets = sheets_in(annotation, how, {path.stem for path in paths})
    found = located(sheets.sheets, names)
    missing = [sheet for sheet, i in zip(sheets.sheets, found, strict=True) if i is None]
    _refuse_none(missing, len(found), names, place, where)
    own = _once(sheets.sheets, found, names)
    empty, unknown = _without_sheet(names, own, sheets.silent)
    rows = sorted([*own, *empty])
    chosen = [*(own.get(i, Sheet((names[i],), ())) for i in rows), *missing]
    items = [*(paths[i] for i in rows), *(_not_there(place, sheet) for sheet in missing)]
    called = [*(printable(names[i]) for i in rows), *(printable(sheet.names[-1]) for sheet in missing)]
    put = placed(chosen, called, [frame_of(item) for item in items])
    _refuse_sizes(put.reasons, called, where)
    parts, of_parts = _parts(chosen, called)
    without = [names[i] for i in empty]
    return with_boxes(
        Pictures(items, called),
        put.boxes,
        groups=None if how.group_by is None else groups_by_regex(how.group_by, called),
        parts=parts,
        notes=(*sheets.notes, *put.notes, *of_parts, *_empty_notes(without)),
        root=str(place),
        layout=f"boxes in {sheets.form}",
        form={"boxes": where},
        unlabelled=len(unknown),
        without_label=Pictures([paths[i] for i in unknown], [names[i] for i in unknown]) if unknown else None,
        listed_classes=sheets.classes,
    )


def with_boxes(pictures: Any, boxes: Sequence[Boxes], *, listed_classes: Sequence[str] = (), **more: Any) -> Dataset:
    """Pictures and their boxes as a Dataset; the classes are those of which there is a box around a single thing.

    Parameters
    ----------
    pictures : Pictures
        n of them.
    boxes : sequence of n Boxes
    listed_classes : sequence of str
        Those that the annotation speaks of; the ones without a box are told.
    **more
        Further fields of the `Dataset`.

    Raises
    ------
    DataError
        If there is no box at all, or not one `Boxes` a picture.

    Examples
    --------
    >>> pictures = Pictures([np.zeros((8, 8), np.uint8)] * 2)
    >>> dataset = with_boxes(pictures, [Boxes([[0, 0, 4, 4]], ["car"]), Boxes([], [])])
    >>> dataset, dataset.n_per_class()
    (Dataset(2 pictures, detection), {'car': 1})
    """
    if len(boxes) != len(pictures):
        raise DataError(f"Expected boxes for each of {len(pictures)} pictures, found {len(boxes)}.")
    classes = tuple(sorted({str(label) for one in boxes for label in one.labels[~one.crowd].tolist()}))
    crowds = sorted({str(label) for one in boxes for label in one.labels[one.crowd].tolist()} - {*classes})
    if not classes:
        raise DataError(
            f"Expected boxes, found {'crowds alone' if crowds else 'none'} in {len(pictures)} pictures.",
            "Pictures without things need others with some.",
        )
    unseen = [name for name in listed_classes if name not in (*classes, *crowds)]
    notes = tuple(more.pop("notes", ()))
    if crowds:
        notes += (f"Of {listed(crowds)} there are crowds alone, of which nothing is learned.",)
    if unseen:
        words = f"the listed class {unseen[0]}" if len(unseen) == 1 else f"{len(unseen)} listed classes"
        notes += (f"Of {words} there is no box{'' if len(unseen) == 1 else f': {listed(unseen)}'}.",)
    y = np.empty(len(boxes), dtype=object)
    y[:] = list(boxes)
    return Dataset(pictures, y, DETECTION, classes, notes=notes, **more)


def _refuse_none(missing: Sequence[Sheet], n: int, names: Sequence[str], place: Path, where: str) -> None:
    if not n:
        raise DataError(f"Expected boxes in {where}, found no picture annotated there.", FORMS)
    if len(missing) == n:
        raise DataError(
            f"Expected the pictures of {where} in {printable(str(place))}, found none of the {n} there: "
            f"{listed([printable(sheet.names[0]) for sheet in missing], 3)}; there are {listed(names, 3)}.",
            "Give the folder that holds these pictures.",
        )


def _refuse_sizes(reasons: dict[int, str], names: Sequence[str], where: str) -> None:
    if reasons:
        shown = "; ".join(f"{names[i]}: {reason}" for i, reason in list(reasons.items())[:5])
        raise DataError(
            f"Expected pictures of the sizes that {where} says, found {len(reasons)} of others: {shown}"
            f"{'; ...' if len(reasons) > 5 else ''}.",
            "Give the pictures that the boxes were drawn on, or write the sizes of these and resize the boxes with "
            "them.",
        )


def _not_there(place: Path, sheet: Sheet) -> Path:
    """Where a picture would be that is not there; inside the folder, whatever it is called."""
    return place.joinpath(*(word for word in sheet.names[-1].replace("\\", "/").split("/") if word not in ("..", "")))


def _empty_notes(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    verbs = ("has", "counts") if len(names) == 1 else ("have", "count")
    return [
        f"{PICTURES.count(len(names))} {verbs[0]} no label file, and {verbs[1]} as without things, as YOLO has it "
        f"({listed(names, 3)})."
    ]


def _once(sheets: Sequence[Sheet], found: Sequence[int | None], names: Sequence[str]) -> dict[int, Sheet]:
    """The sheet of each picture; two of one picture must say the same."""
    own: dict[int, Sheet] = {}
    for sheet, i in zip(sheets, found, strict=True):
        if i is None:
            continue
        other = own.setdefault(i, sheet)
        if {(one.label, one.corners) for one in other.drawn} != {(one.label, one.corners) for one in sheet.drawn}:
            raise DataError(
                f"Expected each picture once, found {names[i]} twice with different boxes: as {other.names[0]} "
                f"({other.place}) and {sheet.names[0]} ({sheet.place}).",
                "Join them, or remove the wrong one.",
            )
        if other.part != sheet.part:
            raise DataError(
                f"Expected each picture in one part, found {names[i]} in {other.part} ({other.place}) and {sheet.part} "
                f"({sheet.place}).",
                "Remove it from one of them.",
            )
    return own


def _without_sheet(names: Sequence[str], own: dict[int, Sheet], silent: bool) -> tuple[list[int], list[int]]:
    """Pictures of which nothing is written: those that show nothing, and those that are not annotated."""
    rest = [i for i in range(len(names)) if i not in own]
    if not silent:
        return [], rest
    annotated = {names[i].rpartition("/")[0] for i in own}
    inside = defaultdict(list)
    for i in rest:
        inside[names[i].rpartition("/")[0] in annotated].append(i)
    return inside[True], inside[False]


def _parts(sheets: Sequence[Sheet], names: Sequence[str]) -> tuple[np.ndarray | None, list[str]]:
    """The part of each picture, and a note where some are in none."""
    told = [sheet.part or part_on(name) for sheet, name in zip(sheets, names, strict=True)]
    counts = Counter(told)
    if len({part for part in told if part}) < 2 and not (counts[None] and set(counts) - {None, "train"}):
        return None, []
    notes = []
    if counts[None]:
        notes.append(f"{PICTURES.count(counts[None])} in no part of their own are taken for train.")
    return np.array([part or "train" for part in told], dtype=str), notes

"""In which form boxes are written in a file or folder, and what is written there."""

from __future__ import annotations

from pathlib import Path

from headstart.data.base.files import check_there, list_inputs, printable, refuse_odd_file
from headstart.data.base.kinds import TEXTS
from headstart.data.boxes.coco import read_coco
from headstart.data.boxes.sheets import Sheets, text_of
from headstart.data.boxes.table import read_box_table
from headstart.data.boxes.voc import read_voc
from headstart.data.boxes.yolo import LISTS, classes_near, looks_like_yolo, read_yolo
from headstart.data.reading.options import Reading
from headstart.data.tables.frame import TABLES, read_frame, table_suffix
from headstart.errors import DataError, ParameterError

FORMS = (
    "Boxes are COCO JSON files, a folder of YOLO text files with its data.yaml, a folder of Pascal VOC XML files, or a "
    "table with columns path, label, x, y, w, h."
)
_WITH_BOXES = ("boxes", "group_by", "encoding")
_OF_TABLES = ("path_column", "label", "split_column", "sheet")


def sheets_in(place: Path, how: Reading, stems: set[str]) -> Sheets:
    """What is written in a file or folder, in whichever form; its suffixes tell which.

    Parameters
    ----------
    place : Path
    how : Reading
    stems : set of str
        Names of the pictures without suffix: a text file called so holds boxes, or is broken.

    Raises
    ------
    DataError
        If it is none, or several forms are there.
    ParameterError
        For options that say nothing of boxes in this form.
    """
    where = printable(str(place))
    check_there(place, "a file or folder of boxes", todo="Check the path (--boxes).")
    if place.is_dir():
        form, files = _form_in(place, stems)
    else:
        refuse_odd_file(place, "a file of boxes")
        form, files = _form_of(place), [place]
    wrong = [name for name in how.said() if name not in (*_WITH_BOXES, *(_OF_TABLES if form == "columns" else ()))]
    if wrong:
        raise ParameterError(
            f"Expected boxes without {' and '.join(wrong)}, found {'it' if len(wrong) == 1 else 'them'} with {where}.",
            "Leave that out.",
        )
    if form == "yaml":
        root = place.parent
        return read_yolo(_label_files(root, stems), root, classes_near(root, place))
    if form == "yolo":
        return read_yolo(files, place, classes_near(place))
    if form == "voc":
        return read_voc(files, place if place.is_dir() else place.parent)
    if form == "coco":
        return read_coco(files)
    label = how.label if isinstance(how.label, str) or how.label is None else how.label[0]
    frame = read_frame(files[0], how.encoding, how.sheet)
    return read_box_table(frame, printable(str(files[0])), how.path_column, label, how.split_column)


def _form_of(file: Path) -> str:
    suffix = file.suffix.lower()
    form = {".json": "coco", ".xml": "voc", ".yaml": "yaml", ".yml": "yaml"}.get(suffix)
    if form is None and table_suffix(file) in TABLES:
        form = "columns"
    if form is None:
        raise DataError(f"Expected a file of boxes, found {printable(str(file))}.", FORMS)
    return form


def _form_in(place: Path, stems: set[str]) -> tuple[str, list[Path]]:
    """The one form of annotation that a folder holds, and its files."""
    others = list_inputs(place)[1]
    json = [file for file in others if file.suffix.lower() == ".json"]
    instances = [file for file in json if file.name.startswith("instances_")]
    forms = {
        "coco": instances or json,
        "voc": [file for file in others if file.suffix.lower() == ".xml"],
        "yolo": _label_files(place, stems),
        "columns": [file for file in others if table_suffix(file) in TABLES and file not in json],
    }
    there = {form: files for form, files in forms.items() if files}
    if len(there) > 1 and "columns" in there:
        del there["columns"]
    if len(there) != 1 or len(there.get("columns", ())) > 1:
        found = " and ".join(f"{len(files)} such as {printable(files[0].name)}" for files in there.values())
        raise DataError(f"Expected boxes in one form in {printable(str(place))}, found {found or 'none'}.", FORMS)
    return next(iter(there.items()))


def _label_files(place: Path, stems: set[str]) -> list[Path]:
    """The text files of a folder that hold boxes: those named after pictures, and others that look like it."""
    texts = [file for file in list_inputs(place)[0][TEXTS] if file.name.casefold() not in LISTS]
    return [file for file in texts if file.stem in stems or looks_like_yolo(text_of(file))]

"""Boxes in the form of the COCO data set: one JSON file with pictures, annotations and categories."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from headstart.data.base.files import printable
from headstart.data.base.json_files import TEXT, Shape, checked, maybe, number, parsed, record, several
from headstart.data.boxes.sheets import Drawn, Sheet, Sheets, check_names, listed, part_in, part_on, text_of
from headstart.errors import DataError, SourceError

_MOST = 50_000_000
_TODO = (
    "COCO's form is an object with images (id, file_name, width, height), annotations (image_id, category_id, bbox as "
    "x, y, width, height in pixels) and categories (id, name)."
)
_ID = Shape("a whole number or a text", lambda x: type(x) in (int, str))
_SIDE = maybe(number(0, 1e7))
_NUMBER = number(-1e9, 1e9)
_FORM = record(
    {
        "images": several(record({"id": _ID, "file_name": TEXT}, {"width": _SIDE, "height": _SIDE}), 0, _MOST),
        "annotations": several(
            record(
                {"image_id": _ID, "category_id": _ID, "bbox": several(_NUMBER, 4, 4)},
                {"iscrowd": Shape("0 or 1", lambda x: x in (0, 1))},
            ),
            0,
            _MOST,
        ),
        "categories": several(record({"id": _ID, "name": TEXT}), 0, _MOST),
    }
)


def read_coco(files: list[Path]) -> Sheets:
    """Read annotation files in COCO's form; the names of several say which parts they are.

    Ids are names and nothing else: 0 is one, gaps between them mean nothing. An annotation of a picture or a category
    that is not there is refused.

    Parameters
    ----------
    files : list of Path
        As ``train.json``, ``instances_val2017.json``, ``test/_annotations.coco.json``.

    Raises
    ------
    DataError
        For anything else than COCO's form, with the place in the file.
    """
    sheets: list[Sheet] = []
    classes: dict[str, None] = {}
    for file in files:
        found = _form_of(file)
        part = (part_in(file.name) or part_on(file.as_posix())) if len(files) > 1 else None
        names = _categories(found, file)
        classes |= dict.fromkeys(names.values())
        sheets += _sheets(found, names, file, part)
    return Sheets("COCO JSON", tuple(sheets), tuple(classes))


def _form_of(file: Path) -> dict[str, Any]:
    where = printable(str(file))
    try:
        found = parsed(text_of(file).encode())
    except (ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"Expected annotations as JSON in {where}, found: {error}.", _TODO) from error
    if isinstance(found, list) and found and isinstance(found[0], dict) and "score" in found[0]:
        raise DataError(
            f"Expected annotations in COCO's form in {where}, found a list of results with scores.",
            "Give the file that was drawn by hand; results are what a detector answered.",
        )
    try:
        checked(found, _FORM, where, todo=_TODO)
    except SourceError as error:
        raise DataError(error.message, error.todo) from error
    return dict(found)


def _categories(found: dict[str, Any], file: Path) -> dict[Any, str]:
    where = printable(str(file))
    names: dict[Any, str] = {}
    for one in found["categories"]:
        if one["id"] in names:
            raise DataError(f"Expected each category's id once in {where}, found {one['id']!r} twice.", _TODO)
        names[one["id"]] = one["name"].strip()
    used = {one["category_id"] for one in found["annotations"]}
    unknown = sorted(map(repr, used - set(names)))
    if unknown:
        raise DataError(
            f"Expected the category of every annotation among the categories of {where}, found {len(unknown)} that are "
            f"not: {listed(unknown)}.",
            "Add them with their names.",
        )
    check_names([name for key, name in names.items() if key in used or names[key]], where)
    return {key: name for key, name in names.items() if name}


def _sheets(found: dict[str, Any], names: dict[Any, str], file: Path, part: str | None) -> list[Sheet]:
    where = printable(str(file))
    boxes: dict[Any, list[Drawn]] = defaultdict(list)
    for k, one in enumerate(found["annotations"]):
        x, y, width, height = (float(value) for value in one["bbox"])
        drawn = Drawn(
            names[one["category_id"]],
            (x, y, x + width, y + height),
            bool(one.get("iscrowd", 0)),
            f"annotation {one.get('id', k)!r}",
        )
        boxes[one["image_id"]].append(drawn)
    images: dict[Any, Any] = {}
    for one in found["images"]:
        if one["id"] in images:
            raise DataError(
                f"Expected each picture's id once in {where}, found {one['id']!r} as {images[one['id']]['file_name']} "
                f"and {one['file_name']}.",
                "Give every picture an id of its own.",
            )
        images[one["id"]] = one
    unknown = [key for key in boxes if key not in images]
    if unknown:
        n = sum(len(boxes[key]) for key in unknown)
        raise DataError(
            f"Expected the picture of every annotation among the images of {where}, found {n} annotations of "
            f"{len(unknown)} pictures that are not: image_id {listed(sorted(map(repr, unknown)))}"
            f"{f'; ids there are such as {next(iter(images))!r}' if images else ''}.",
            "Add the pictures, or remove their annotations.",
        )
    return [
        Sheet((one["file_name"],), tuple(boxes[key]), _size(one), part=part, place=where) for key, one in images.items()
    ]


def _size(one: dict[str, Any]) -> tuple[int, int] | None:
    width, height = one.get("width"), one.get("height")
    return (round(width), round(height)) if width and height else None

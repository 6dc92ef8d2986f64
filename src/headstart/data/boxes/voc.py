"""Boxes in the form of Pascal VOC: one XML file a picture."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree.ElementTree import Element

from headstart.data.base.files import printable
from headstart.data.base.parts import part_of
from headstart.data.boxes.markup import read_xml
from headstart.data.boxes.sheets import Drawn, Sheet, Sheets, part_on, text_of
from headstart.errors import DataError

_SIDES = ("xmin", "ymin", "xmax", "ymax")
#: Elements that speak of a box.
_OF_BOXES = frozenset({"bndbox", *_SIDES, "polygon", "robndbox", "object"})
_TODO = (
    "Pascal VOC's form is an annotation with an object for each thing, which has a name and a bndbox of xmin, ymin, "
    "xmax and ymax in pixels."
)


def read_voc(files: list[Path], root: Path) -> Sheets:
    """Read annotation files in Pascal VOC's form.

    A file belongs to the picture of its own name; what it says in ``filename`` counts where there is none. Sizes of 0
    are none. Corners are taken as edges in pixels from 0; the 1 at which VOC's own files begin makes no more than a
    pixel. Lists in ``ImageSets/Main`` say the parts, else folders do.

    Parameters
    ----------
    files : list of Path
    root : Path
        The folder that they were found in.

    Raises
    ------
    DataError
        For anything else than VOC's form, with the place in the file.
    """
    parts = _image_sets(root)
    sheets, difficult = [], 0
    for file in files:
        tree = read_xml(file)
        where = printable(str(file))
        if tree.tag != "annotation":
            raise DataError(f"Expected an annotation in {where}, found the root {tree.tag[:60]!r}.", _TODO)
        things = tree.findall("object")
        _refuse_elsewhere(tree, things, where)
        drawn = tuple(_drawn(one, k, where) for k, one in enumerate(things))
        difficult += sum((one.findtext("difficult") or "").strip() == "1" for one in things)
        name = file.relative_to(root).with_suffix("").as_posix()
        inside = (tree.findtext("filename") or "").strip()
        part = parts.get(file.stem) or part_on(file.relative_to(root).as_posix())
        sheets.append(Sheet((name, inside) if inside else (name,), drawn, _size(tree, where), part=part, place=where))
    notes = () if not difficult else (f"Boxes marked as difficult: {difficult}. They count as the others do.",)
    return Sheets("Pascal VOC XML", tuple(sheets), notes=notes)


def _refuse_elsewhere(tree: Element, things: list[Element], where: str) -> None:
    """Refuse corners that stand in no object: the picture would seem to show less than it does."""
    inside = {id(part) for one in things for part in one.iter()}
    lost = next((part.tag for part in tree.iter() if part.tag in _OF_BOXES and id(part) not in inside), None)
    if lost is not None:
        raise DataError(f"Expected every box in an object of its own in {where}, found {lost} outside of one.", _TODO)


def _drawn(one: Element, k: int, where: str) -> Drawn:
    label, box = (one.findtext("name") or "").strip(), one.find("bndbox")
    if not label or box is None:
        found = ", ".join(sorted({part.tag for part in one})) or "nothing"
        lacking = "a name" if not label else "a bndbox"
        raise DataError(f"Expected {lacking} in object {k + 1} of {where}, found {found[:100]}.", _TODO)
    left, top, right, bottom = (_number(box, side, k, where) for side in _SIDES)
    return Drawn(label, (left, top, right, bottom), where=f"object {k + 1}")


def _number(box: Element, side: str, k: int, where: str) -> float:
    text = (box.findtext(side) or "").strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise DataError(f"Expected a number as {side} of object {k + 1} in {where}, found {text[:40]!r}.", _TODO)
    return value


def _size(tree: Element, where: str) -> tuple[int, int] | None:
    box = tree.find("size")
    if box is None:
        return None
    sides = []
    for side in ("width", "height"):
        text = (box.findtext(side) or "0").strip() or "0"
        try:
            sides.append(round(float(text)))
        except (ValueError, OverflowError) as error:
            raise DataError(f"Expected a number as {side} in {where}, found {text[:40]!r}.", _TODO) from error
    return (sides[0], sides[1]) if min(sides) > 0 else None


def _image_sets(root: Path) -> dict[str, str]:
    """The part of each picture by its name, from ``ImageSets/Main`` in the folder or beside it."""
    found: dict[str, str] = {}
    for folder in (root, root.parent):
        for file in sorted((folder / "ImageSets" / "Main").glob("*.txt")):
            part = part_of(file.stem)
            if part is None:
                continue
            for name in text_of(file).split():
                if found.setdefault(name, part) != part:
                    raise DataError(
                        f"Expected each picture in one part, found {name[:60]!r} in {found[name]} and {part} "
                        f"({printable(str(file))}).",
                        "Take it out of one of the lists.",
                    )
        if found:
            break
    return found

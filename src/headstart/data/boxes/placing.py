"""From what is written of pictures to boxes on the upright pictures, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from headstart.data.boxes.boxes import Boxes
from headstart.data.boxes.sheets import Drawn, Sheet
from headstart.data.pictures.turns import Frame
from headstart.errors import DataError

#: Share of boxes that may hold nothing; more of them are no slips.
_SLIPS = 0.05
#: Side below which a box holds nothing, in pixels.
_LEAST = 1e-3
#: How far the sides written may be from the picture's, by rounding.
_ROUNDED = 1


@dataclass
class Placed:
    """Boxes of each picture, and what was found out on the way.

    Parameters
    ----------
    boxes : list of Boxes
        Empty where ``reasons`` says why.
    reasons : dict of int to str
        By position, what makes a picture's boxes unusable.
    left_out : list of (str, str)
        Picture and what was wrong with a box of it.
    cut, doubled, stored : int
        Boxes cut at the picture's edge, boxes that were there twice, and pictures whose boxes were drawn before the
        turn that EXIF asks for.
    unsure : int
        Pictures of which it cannot be told whether the turn was carried out before boxes were drawn.
    beyond : (str, str)
        The first picture with a box that was cut, and that box.
    """

    boxes: list[Boxes] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    cut: int = 0
    doubled: int = 0
    stored: int = 0
    unsure: int = 0
    beyond: tuple[str, str] = ("", "")

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of it, in sentences."""
        said = []
        if self.left_out:
            first = "; ".join(f"{name}: {reason}" for name, reason in self.left_out[:3])
            more = "; ..." if len(self.left_out) > 3 else ""
            words = _worded(len(self.left_out), "box holds|boxes hold", "was|were")
            said.append(f"{words[0]} nothing of the picture and {words[1]} left out ({first}{more}).")
        if self.cut:
            words = _worded(self.cut, "box reaches|boxes reach", "its|their", "was|were")
            said.append(f"{words[0]} beyond {words[1]} picture and {words[2]} cut at its edge.")
        if self.doubled:
            words = _worded(self.doubled, "box was|boxes were", "counts|count")
            said.append(f"{words[0]} there twice in one picture, and {words[1]} once.")
        if self.stored:
            words = _worded(self.stored, "picture carries|pictures carry", "its|their")
            said.append(
                f"{words[0]} a turn (EXIF) that {words[1]} boxes were drawn without, by the sizes written; the boxes "
                "were turned too."
            )
        if self.unsure:
            words = _worded(self.unsure, "picture carries|pictures carry", "its|their")
            said.append(
                f"{words[0]} a turn (EXIF), and no size says whether {words[1]} boxes were drawn before it; they are "
                "taken as drawn on the upright picture, as viewers show it."
            )
        return tuple(said)


def placed(sheets: Sequence[Sheet], names: Sequence[str], frames: Sequence[Frame | None]) -> Placed:
    """Boxes in pixels of the upright pictures.

    A box that reaches beyond the picture is cut at its edge. One of no size, or outside the picture, holds nothing
    and is left out, as long as at most 5 % of all are such: else it is no slip, but another form of numbers. The size
    written must be the picture's. Of a picture with a turn in its EXIF it says whether boxes were drawn before or after
    it; where both have the same size, the other pictures of the same file decide, or else they are taken as drawn
    after it.

    Parameters
    ----------
    sheets : sequence of n Sheet
    names : sequence of n str
        What to call the pictures.
    frames : sequence of n Frame or None
        None of a picture that cannot be read; it gets no boxes, and decoding names it.

    Raises
    ------
    DataError
        Where too many boxes hold nothing, or most of them reach beyond their pictures.
    """
    found = Placed()
    drawn_stored = _drawn_stored(sheets, frames)
    for i, (sheet, frame) in enumerate(zip(sheets, frames, strict=True)):
        reason = "" if frame is None else _wrong_size(sheet, frame)
        if frame is None or reason:
            found.boxes.append(Boxes(np.zeros((0, 4)), np.zeros(0, object)))
            found.reasons |= {i: reason} if reason else {}
            continue
        stored = False
        if frame.turn > 1 and sheet.drawn:
            said = drawn_stored[i]
            stored, found.unsure = bool(said), found.unsure + (said is None)
            found.stored += stored
        found.boxes.append(_on_picture(sheet, frame, stored, names[i], found))
    _refuse_many(found, sum(len(sheet.drawn) for sheet in sheets))
    _refuse_beyond(found)
    return found


def _on_picture(sheet: Sheet, frame: Frame, stored: bool, name: str, found: Placed) -> Boxes:
    corners = np.array([one.corners for one in sheet.drawn], np.float64).reshape(-1, 4)
    width, height = frame.stored if stored else frame.upright
    if sheet.shares:
        corners = corners * (width, height, width, height)
    inside = np.clip(corners, 0, (width, height, width, height))
    keep = []
    seen: set[tuple[object, ...]] = set()
    for k, one in enumerate(sheet.drawn):
        reason = _holds_nothing(corners[k], inside[k], one)
        if reason:
            found.left_out.append((name, reason))
            continue
        key = (one.label, one.crowd, *inside[k].tolist())
        if key in seen:
            found.doubled += 1
            continue
        seen.add(key)
        keep.append(k)
    cut = [k for k in keep if np.abs(inside[k] - corners[k]).max() > _ROUNDED]
    if cut and not found.cut:
        box = ", ".join(f"{value:g}" for value in corners[cut[0]].round(1).tolist())
        found.beyond = (
            name,
            f"{sheet.drawn[cut[0]].where} from left, top to right, bottom is {box} in {width} x {height}",
        )
    found.cut += len(cut)
    kept = frame.to_upright(inside[keep]) if stored else inside[keep]
    labels = np.array([sheet.drawn[k].label for k in keep], dtype=object)
    return Boxes(kept, labels, crowd=np.array([sheet.drawn[k].crowd for k in keep], bool))


def _holds_nothing(corners: np.ndarray, inside: np.ndarray, one: Drawn) -> str:
    left, top, right, bottom = corners.tolist()
    if right - left <= 0 or bottom - top <= 0:
        return f"{one.where} is {right - left:g} wide and {bottom - top:g} high"
    if (inside[2:] - inside[:2]).min() < _LEAST:
        return f"{one.where} lies outside the picture: {left:g}, {top:g} to {right:g}, {bottom:g}"
    return ""


def _wrong_size(sheet: Sheet, frame: Frame) -> str:
    if sheet.size is None or _alike(sheet.size, frame.upright) or _alike(sheet.size, frame.stored):
        return ""
    width, height = frame.upright
    return (
        f"its boxes were drawn on a picture of {sheet.size[0]} x {sheet.size[1]} pixels ({sheet.place}), it has "
        f"{width} x {height}"
    )


def _drawn_stored(sheets: Sequence[Sheet], frames: Sequence[Frame | None]) -> list[bool | None]:
    """Whether boxes were drawn before the turn, by the sizes written; None where nothing tells."""
    own: list[bool | None] = []
    by_form: set[bool] = set()
    for sheet, frame in zip(sheets, frames, strict=True):
        told = None
        if frame is not None and sheet.size is not None and not _alike(frame.stored, frame.upright):
            told = _alike(sheet.size, frame.stored)
            by_form.add(told)
        own.append(told)
    others = by_form.pop() if len(by_form) == 1 else None
    return [others if told is None else told for told in own]


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1])) <= _ROUNDED


def _refuse_many(found: Placed, n: int) -> None:
    bad = len(found.left_out)
    if bad and (bad > _SLIPS * n and (bad > 2 or bad == n)):
        shown = "; ".join(f"{name}: {reason}" for name, reason in found.left_out[:5])
        raise DataError(
            f"Expected boxes that hold something of their picture, found {bad} of {n} that do not: {shown}"
            f"{'; ...' if bad > 5 else ''}.",
            "Corners are left, top, right, bottom in pixels; COCO and x, y, w, h hold width and height instead. Mend "
            "or remove these boxes.",
        )


def _refuse_beyond(found: Placed) -> None:
    n = sum(map(len, found.boxes))
    if found.cut > max(2, n / 2):
        first, reach = found.beyond
        raise DataError(
            f"Expected boxes inside their pictures, found {found.cut} of {n} that reach beyond: {first}: {reach}; ...",
            "COCO and x, y, w, h hold width and height, not the right lower corner; YOLO's form begins with the "
            "middle. Or the boxes belong to other pictures.",
        )


def _worded(n: int, counted: str, *others: str) -> list[str]:
    """So many of them, and other words, each in the number that goes with it."""
    chosen = [pair.split("|")[n != 1] for pair in (counted, *others)]
    return [f"{n:,} {chosen[0]}", *chosen[1:]]

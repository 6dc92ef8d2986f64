"""Corrected boxes as rows of a table that ``headstart fit --boxes`` reads: a box a row, in place of earlier ones."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headstart.data.pictures.pictures import Pictures
from headstart.detection.maps import sides_of
from headstart.web.corrected import LABEL, PATH, suffix_of
from headstart.web.corrections import keep_file, replace
from headstart.web.limits import Refused
from headstart.web.received import Received, shown

FIELD = "boxes"
#: Most boxes of a picture; least side of one, in pixels, and decimals that are kept.
_MOST, _LEAST, _DECIMALS = 1000, 2.0, 2
_FORM = 'A list of {"label": "...", "corners": [left, top, right, bottom]} in pixels of the upright picture.'


def append_boxes(job: Received, said: Mapping[str, Any], model: Any, folder: Path) -> Path:
    """Write the boxes of one picture into the table, in place of those that were kept of it before.

    Parameters
    ----------
    job : Received
        One picture, and in its field ``boxes`` all boxes of it as JSON; ``[]`` where nothing is in it.
    said : mapping
        What `headstart.web.described.described` says of the model.
    model : DetectionModel
    folder : Path
        Of corrections.

    Returns
    -------
    Path
        The table: ``path``, ``x``, ``y``, ``w``, ``h``, ``label``; of a picture without things the path alone.

    Raises
    ------
    Refused
        422 for boxes that are none, or of a class that the model does not know.
    """
    place = job.items[0]
    four = _boxes(job.fields.get(FIELD), said["tasks"][0]["classes"], sides_of(Pictures([place]), 0))
    kept = keep_file(folder, place.read_bytes(), suffix_of(job.names[0], model.kind.suffixes))
    names = ("x", "y", "w", "h")
    rows = [{PATH: kept, **dict(zip(names, sides, strict=True)), LABEL: label} for label, sides in four]
    return replace(folder, rows or [{PATH: kept, **dict.fromkeys(names, ""), LABEL: ""}], PATH)


def _boxes(said: str | None, classes: list[str], size: tuple[int, int]) -> list[tuple[str, list[float]]]:
    """Labels of boxes with left, top, width and height, cut at the edges of the picture."""
    try:
        found = json.loads(said or "", parse_constant=lambda words: None)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or len(found) > _MOST or not all(map(_is_box, found)):
        raise Refused(422, f"Expected the right boxes as {FIELD!r}, at most {_MOST}, found something else.", _FORM)
    unknown = next((one[LABEL] for one in found if one[LABEL] not in classes), None)
    if unknown is not None:
        raise Refused(422, f"Expected a box of {', '.join(classes[:20])}, found one of {shown(unknown)!r}.")
    rows = []
    for one in found:
        left, top, right, bottom = (
            round(min(max(float(side), 0.0), float(most)), _DECIMALS)
            for side, most in zip(one["corners"], size * 2, strict=True)
        )
        if right - left < _LEAST or bottom - top < _LEAST:
            raise Refused(
                422,
                f"Expected boxes of at least {_LEAST:g} pixels a side in a picture of {size[0]} x {size[1]}, found "
                f"one of {right - left:g} x {bottom - top:g}.",
            )
        rows.append((one[LABEL], [left, top, round(right - left, _DECIMALS), round(bottom - top, _DECIMALS)]))
    return rows


def _is_box(one: Any) -> bool:
    corners = one.get("corners") if isinstance(one, dict) else None
    return (
        isinstance(corners, list)
        and len(corners) == 4
        and all(type(side) in (int, float) and abs(side) < 1e9 and math.isfinite(side) for side in corners)
        and isinstance(one.get(LABEL), str)
    )

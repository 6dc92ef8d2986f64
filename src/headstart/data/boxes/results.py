"""Found boxes in COCO's result format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headstart.data.boxes.boxes import Boxes


def coco_results(found: Sequence[tuple[int, Path, Boxes]], classes: Sequence[str]) -> list[dict[str, Any]]:
    """A list with an object a box, as COCO's own program takes it.

    ``image_id`` is the number that the file is called by, where all files are called by different whole numbers, as
    COCO's are; else their place from 1. ``category_id`` counts the classes from 1. ``file`` and ``category`` say the
    same in words, which COCO's program passes over.

    Parameters
    ----------
    found : sequence of (int, Path, Boxes)
        Place, file and boxes with scores of each picture.
    classes : sequence of str
        In the model's order.

    Examples
    --------
    >>> one = Boxes([[10, 20, 40, 60]], ["car"], [0.875])
    >>> coco_results([(0, Path("pics/000000000139.jpg"), one)], ["bus", "car"])[0]["bbox"]
    [10.0, 20.0, 30.0, 40.0]
    >>> coco_results([(0, Path("pics/000000000139.jpg"), one)], ["bus", "car"])[0]["image_id"]
    139
    """
    stems = [file.stem for _, file, _ in found]
    numbered = all(stem.isascii() and stem.isdigit() for stem in stems) and len({int(stem) for stem in stems}) == len(
        stems
    )
    numbers = {name: k + 1 for k, name in enumerate(classes)}
    rows = []
    for i, file, boxes in found:
        assert boxes.scores is not None, "found boxes have scores"
        for label, score, (left, top, right, bottom) in zip(
            boxes.labels, boxes.scores.tolist(), boxes.corners.tolist(), strict=True
        ):
            rows.append(
                {
                    "image_id": int(file.stem) if numbered else i + 1,
                    "category_id": numbers[str(label)],
                    "bbox": [round(value, 2) for value in (left, top, right - left, bottom - top)],
                    "score": round(score, 5),
                    "file": str(file),
                    "category": str(label),
                }
            )
    return rows

"""Pictures with squares and discs on them, and their boxes in every form that is read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from headstart.data.boxes.boxes import Boxes

CLASSES = ("disc", "square")
FORMS = ("coco", "yolo", "voc", "table")


def scene(rng: np.random.Generator, size: tuple[int, int] = (64, 48), most: int = 3) -> tuple[Image.Image, Boxes]:
    """A noisy picture with up to ``most`` things, and where they stand."""
    width, height = size
    picture = Image.fromarray(rng.integers(60, 120, (height, width, 3), dtype=np.uint8))
    draw = ImageDraw.Draw(picture)
    corners, labels = [], []
    for _ in range(int(rng.integers(0, most + 1))):
        side = int(rng.integers(8, 20))
        left, top = int(rng.integers(0, width - side)), int(rng.integers(0, height - side))
        label = CLASSES[int(rng.integers(2))]
        shape = draw.ellipse if label == "disc" else draw.rectangle
        shape((left, top, left + side - 1, top + side - 1), fill=(250, 40, 40) if label == "disc" else (40, 40, 250))
        corners.append((left, top, left + side, top + side))
        labels.append(label)
    return picture, Boxes(np.array(corners, float).reshape(-1, 4), np.array(labels, object))


def scenes(n: int, seed: int = 0, **more: Any) -> tuple[list[Image.Image], list[Boxes]]:
    """So many pictures and their boxes; the first has some, the second none."""
    rng = np.random.default_rng(seed)
    found: list[tuple[Image.Image, Boxes]] = []
    while len(found) < n:
        one = scene(rng, **more)
        if len(found) > 1 or bool(len(one[1])) == (not found):
            found.append(one)
    return [picture for picture, _ in found], [boxes for _, boxes in found]


def write_pictures(root: Path, pictures: Sequence[Image.Image]) -> list[str]:
    """PNG files 000.png, 001.png, ... in a folder; their names."""
    root.mkdir(parents=True, exist_ok=True)
    names = [f"{i:03d}.png" for i in range(len(pictures))]
    for name, picture in zip(names, pictures, strict=True):
        picture.save(root / name)
    return names


def coco(names: Sequence[str], boxes: Sequence[Boxes], sizes: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """The annotation as COCO has it; its first annotation has the id 0, and ids of categories have gaps."""
    rows = [(i, one, k) for i, one in enumerate(boxes) for k in range(len(one))]
    return {
        "images": [
            {"id": i + 7, "file_name": name, "width": width, "height": height}
            for i, (name, (width, height)) in enumerate(zip(names, sizes, strict=True))
        ],
        "annotations": [
            {
                "id": number,
                "image_id": i + 7,
                "category_id": 3 + 10 * CLASSES.index(str(one.labels[k])),
                "bbox": [*one.corners[k, :2].tolist(), *(one.corners[k, 2:] - one.corners[k, :2]).tolist()],
                "iscrowd": int(one.crowd[k]) if one.crowd is not None else 0,
            }
            for number, (i, one, k) in enumerate(rows)
        ],
        "categories": [{"id": 3 + 10 * i, "name": name} for i, name in enumerate(CLASSES)],
    }


def yolo(boxes: Boxes, size: tuple[int, int]) -> str:
    """The lines of a label file, without a newline at the end."""
    lines = []
    for label, (left, top, right, bottom) in zip(boxes.labels, boxes.corners.tolist(), strict=True):
        width, height = size
        shares = ((left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width)
        lines.append(f"{CLASSES.index(label)} {' '.join(map(repr, shares))} {(bottom - top) / height!r}")
    return "\n".join(lines)


def voc(name: str, boxes: Boxes, size: tuple[int, int]) -> str:
    """The XML of one picture."""
    things = "".join(
        f"<object><name>{label}</name><difficult>0</difficult><bndbox><xmin>{a:g}</xmin><ymin>{b:g}</ymin>"
        f"<xmax>{c:g}</xmax><ymax>{d:g}</ymax></bndbox></object>"
        for label, (a, b, c, d) in zip(boxes.labels, boxes.corners.tolist(), strict=True)
    )
    width, height = size
    return (
        f"<annotation><filename>{name}</filename><size><width>{width}</width><height>{height}</height></size>"
        f"{things}</annotation>"
    )


def table(names: Sequence[str], boxes: Sequence[Boxes]) -> str:
    """CSV with a row a box, and one for each picture without."""
    lines = ["path,x,y,w,h,label"]
    for name, one in zip(names, boxes, strict=True):
        for label, (a, b, c, d) in zip(one.labels, one.corners.tolist(), strict=True):
            lines.append(f"{name},{a:g},{b:g},{c - a:g},{d - b:g},{label}")
        lines += [] if len(one) else [f"{name},,,,,"]
    return "\n".join(lines) + "\n"


def write(root: Path, form: str, pictures: Sequence[Image.Image], boxes: Sequence[Boxes]) -> Path:
    """Pictures into ``root/images``, their boxes in one of `FORMS` beside them; where those are."""
    names = write_pictures(root / "images", pictures)
    sizes = [picture.size for picture in pictures]
    if form == "coco":
        place = root / "boxes.json"
        place.write_text(json.dumps(coco(names, boxes, sizes)))
    elif form == "table":
        place = root / "boxes.csv"
        place.write_text(table(names, boxes))
    else:
        place = root / "labels"
        place.mkdir()
        for name, one, size in zip(names, boxes, sizes, strict=True):
            if form == "yolo":
                (place / name).with_suffix(".txt").write_text(yolo(one, size))
            else:
                (place / name).with_suffix(".xml").write_text(voc(name, one, size))
        if form == "yolo":
            (root / "data.yaml").write_text("names:\n  0: disc\n  1: square\n")
    return place

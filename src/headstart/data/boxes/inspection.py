"""What boxes are there: how many of each class, in how many pictures, of which sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.data.boxes.boxes import Boxes
from headstart.data.boxes.sheets import listed

_SMALL, _LARGE = 32, 96
_MOST = 20


def described_boxes(boxes: Sequence[Boxes], classes: Sequence[str]) -> dict[str, Any]:
    """Numbers of boxes and pictures of each class, sizes, and pictures without things, as plain values.

    Parameters
    ----------
    boxes : sequence of n Boxes
    classes : sequence of str

    Returns
    -------
    dict
        ``n``, ``pictures_without``, ``crowds``, ``most_in_a_picture``; ``classes``, by name ``boxes``, ``pictures`` and
        ``side`` (5, 50 and 95 % quantile of the square root of the area, in pixels); ``sizes``, how many are ``small``
        (below 32 x 32 pixels), ``medium`` and ``large`` (from 96 x 96).

    Examples
    --------
    >>> found = described_boxes([Boxes([[0, 0, 9, 9], [0, 0, 40, 40]], ["cell", "cell"]), Boxes([], [])], ["cell"])
    >>> found["n"], found["pictures_without"], found["sizes"], found["classes"]["cell"]["pictures"]
    (2, 1, {'small': 1, 'medium': 1, 'large': 0}, 1)
    """
    labels = np.concatenate([np.zeros(0, object), *(one.labels for one in boxes)])
    picture = np.repeat(np.arange(len(boxes)), [len(one) for one in boxes])
    sides = np.sqrt(np.concatenate([np.zeros(0), *(one.areas for one in boxes)]))
    by_class = {}
    for name in classes:
        own = labels == name
        quantiles = np.quantile(sides[own], [0.05, 0.5, 0.95]).round(1).tolist() if own.any() else []
        by_class[str(name)] = {"boxes": int(own.sum()), "pictures": len(np.unique(picture[own])), "side": quantiles}
    return {
        "n": len(labels),
        "pictures_without": sum(not len(one) for one in boxes),
        "crowds": int(sum(one.crowd.sum() for one in boxes)),
        "most_in_a_picture": max((len(one) for one in boxes), default=0),
        "classes": by_class,
        "sizes": {
            "small": int((sides < _SMALL).sum()),
            "medium": int(((sides >= _SMALL) & (sides < _LARGE)).sum()),
            "large": int((sides >= _LARGE).sum()),
        },
    }


def box_sentences(found: dict[str, Any]) -> list[str]:
    """The same in lines to be printed.

    Examples
    --------
    >>> boxes = [Boxes([[0, 0, 9, 9], [0, 0, 40, 40]], ["cell", "cell"]), Boxes([], [])]
    >>> print("\\n".join(box_sentences(described_boxes(boxes, ["cell"]))))
    Boxes: 2; 1 picture without any; at most 2 in one picture
    Sizes of boxes: 1 below 32 x 32 pixels, 1 up to 96 x 96, 0 larger
      cell: 2 boxes in 1 picture, sides of 10.6 to 38.4 pixels, half of them below 24.5
    """
    without, sizes = found["pictures_without"], found["sizes"]
    crowds = f"; {found['crowds']} hold a crowd" if found["crowds"] else ""
    lines = [
        f"Boxes: {found['n']:,}; {_pictures(without)} without any; at most {found['most_in_a_picture']} in one picture"
        + crowds,
        f"Sizes of boxes: {sizes['small']:,} below 32 x 32 pixels, {sizes['medium']:,} up to 96 x 96, "
        f"{sizes['large']:,} larger",
    ]
    rows = sorted(found["classes"].items(), key=lambda row: -row[1]["boxes"])
    for name, row in rows[:_MOST]:
        low, middle, high = row["side"] or (0, 0, 0)
        sides = f"sides of {low:g} to {high:g} pixels, half of them below {middle:g}"
        words = f"1 box of {middle:g} pixels" if row["boxes"] == 1 else f"{row['boxes']:,} boxes"
        words += f" in {_pictures(row['pictures'])}"
        lines.append(f"  {name}: {words}{'' if row['boxes'] == 1 else f', {sides}'}")
    return lines + ([f"  and {len(rows) - _MOST} more classes"] if len(rows) > _MOST else [])


def class_notes(boxes: Sequence[Boxes], classes: Sequence[str], learned: np.ndarray) -> list[str]:
    """What a reader should know of classes before a detector learns them.

    Parameters
    ----------
    boxes : sequence of n Boxes
    classes : sequence of str
    learned : array of bool of shape (n,)
        Which pictures are not kept for the final score.

    Examples
    --------
    >>> class_notes([Boxes([[0, 0, 9, 9]], ["cat"]), Boxes([], [])], ["cat"], np.array([True, True]))
    ['Classes in a single picture to learn from, of which no test can be made: cat.']
    """
    inside = {
        name: sum(bool((one.labels == name).any()) for one, used in zip(boxes, learned, strict=True) if used)
        for name in classes
    }
    notes = []
    for wanted, words in (
        (0, "Classes in the part for the final score alone, which cannot be learned"),
        (1, "Classes in a single picture to learn from, of which no test can be made"),
    ):
        names = [str(name) for name, n in inside.items() if n == wanted]
        if names:
            notes.append(f"{words}: {listed(names, _MOST)}.")
    return notes


def _pictures(n: int) -> str:
    return f"{n:,} picture" if n == 1 else f"{n:,} pictures"

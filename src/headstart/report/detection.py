"""What a detector finds, misses and miscounts, class by class, and the pictures where it goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from headstart.report.figures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, below, below_all, grid_line, svg
from headstart.report.mistakes import data_uri
from headstart.report.scale import linear
from headstart.report.wording import MINUS, amount, count, missing

#: Curves that are drawn; the classes with most boxes.
_CURVES = 6
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def detection(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """The section on a detector, from what the evidence holds of it.

    Parameters
    ----------
    found : dict or None
        ``classes``: ``class``, ``boxes``, ``pictures``, ``ap50``, ``ap75``, ``threshold``, ``recall``, ``precision``,
        and of counting ``mean``, ``error``, ``bias``; ``mistakes``: ``name``, ``thumbnail``, ``missed``, ``wrong``.

    Returns
    -------
    dict or None
        ``rows``, ``figure``, ``legend`` and ``cards``.
    """
    if not found or not found.get("classes"):
        return None
    classes = sorted(found["classes"], key=lambda row: -(row.get("boxes") or 0))
    drawn = [row for row in classes if len(row.get("recall") or []) > 1][:_CURVES]
    return {
        "rows": [_row(row) for row in classes],
        "legend": [{"name": row["class"], "colour": colour} for row, colour in zip(drawn, _COLOURS, strict=False)],
        "figure": precision_over_recall(drawn) if drawn else None,
        "more": max(0, sum(len(row.get("recall") or []) > 1 for row in classes) - len(drawn)),
        "cards": [_card(one) for one in found.get("mistakes") or []],
    }


def _row(row: dict[str, Any]) -> dict[str, str]:
    return {
        "name": str(row["class"]),
        "boxes": count(row.get("boxes")),
        "pictures": count(row.get("pictures")),
        "ap50": amount("ap50", row.get("ap50")),
        "ap75": amount("ap75", row.get("ap75")),
        "bar": "0" if missing(row.get("ap50")) else f"{100 * row['ap50']:.1f}",
        "least": amount("ap50", row.get("threshold")),
        "mean": _things(row.get("mean")),
        "error": _things(row.get("error")),
        "bias": _things(row.get("bias"), "+"),
    }


def _things(value: float | None, sign: str = "") -> str:
    """A mean number of things.

    Examples
    --------
    >>> _things(12.9), _things(-0.375, "+"), _things(0.0, "+"), _things(None)
    ('12.90', '−0.38', '+0.00', '–')
    """
    return "–" if value is None or missing(value) else f"{value + 0.0:{sign}.2f}".replace("-", MINUS)


def _card(one: dict[str, Any]) -> dict[str, str]:
    return {
        "name": str(one.get("name", "")),
        "thumbnail": data_uri(one.get("thumbnail")),
        "wrong": _counted(one.get("wrong") or []),
        "missed": _counted(one.get("missed") or []),
        "right": count(one.get("right") or 0),
    }


def _counted(labels: Sequence[str]) -> str:
    """Labels with their numbers.

    Examples
    --------
    >>> _counted(["car", "bus", "car"])
    '2 car, 1 bus'
    """
    counts: dict[str, int] = {}
    for label in labels:
        counts[str(label)] = counts.get(str(label), 0) + 1
    return ", ".join(f"{n} {label}" for label, n in sorted(counts.items(), key=lambda pair: -pair[1]))


def precision_over_recall(classes: Sequence[dict[str, Any]]) -> Markup:
    """How many boxes are right against how many things are found, a line a class.

    Parameters
    ----------
    classes : sequence of dict
        ``class``, ``recall`` and ``precision``, by falling score.

    Returns
    -------
    Markup
        One ``<svg>`` element.
    """
    across, up = linear(0, 1, LEFT + 8, WIDTH - RIGHT - 8), linear(0, 1, HEIGHT - BOTTOM, TOP)
    body = [grid_line(up(mark), f"{100 * mark:g}%") for mark in _MARKS]
    body += [below(across(mark), f"{100 * mark:g}%") for mark in _MARKS]
    body.append(below_all("things that are found (boxes that are right: upwards)"))
    for row, colour in zip(classes, _COLOURS, strict=False):
        points = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in zip(row["recall"], row["precision"], strict=True))
        line = '<polyline class="line" style="--kind:{}" points="{}"><title>{}</title></polyline>'
        body.append(Markup(line).format(colour, points, row["class"]))
    return svg(body, "Precision over recall of each class")

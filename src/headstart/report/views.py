"""What each view of the examples, or each column of a table, is worth, as the page and the terminal say it."""

from __future__ import annotations

from typing import Any

from headstart.report.method_names import plain_name
from headstart.report.wording import amount, count, gain, missing

#: Heads of the table's columns.
HEADS = ("alone", "adds", "cost where missing")
MOST_COLUMNS = 20


def views(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """The rows of the table of views; None where examples are seen in one way.

    Parameters
    ----------
    found : dict or None
        ``views`` of the evidence.

    Examples
    --------
    >>> row = {"view": "lab", "holds": "rows", "columns": ["age"], "network": None, "n": 8, "alone": 0.6,
    ...     "left_out": 0.7, "missing": 0.7, "with_it": 0.75}
    >>> said = views({"metric": "accuracy", "fusion": "product", "n": 10, "together": 0.8, "rows": [row]})
    >>> said["words"]
    'Together, as “all views, a head each”, the views reach 80.0%.'
    >>> views({"metric": "accuracy", "fusion": "lab", "n": 10, "together": 0.8, "rows": [row]})["words"]
    'The view lab alone is gone by, predicted from the others where it is missing: 80.0%.'
    >>> said["rows"][0]
    {'name': 'lab', 'holds': 'values of age', 'n': '8 of 10', 'figures': ['60.0%', '5.0 points', '5.0 points']}
    """
    if not found:
        return None
    metric, n = str(found["metric"]), found["n"]
    way, reached = str(found["fusion"]), amount(metric, found.get("together"))
    words = f"Together, as “{plain_name(way)}”, the views reach {reached}."
    if any(row["view"] == way for row in found.get("rows") or []):
        words = f"The view {way} alone is gone by, predicted from the others where it is missing: {reached}."
    if found.get("n_unlabelled"):
        words += f" {count(found['n_unlabelled'], 'row')} without labels helped to fill gaps."
    return {
        "words": words,
        "heads": list(HEADS),
        "rows": [
            {
                "name": str(row["view"]),
                "holds": _holds(row),
                "n": f"{row['n']:,} of {n:,}",
                "figures": [
                    amount(metric, row.get("alone")),
                    *(_gain(metric, row, way) for way in ("left_out", "missing")),
                ],
            }
            for row in found.get("rows") or []
        ],
    }


def _holds(row: dict[str, Any]) -> str:
    """What a view holds, and by which network."""
    if row.get("network"):
        return f"{row['holds']}, by {row['network']}"
    columns = [str(column) for column in row.get("columns") or []]
    shown = ", ".join(columns[:4]) + (", ..." if len(columns) > 4 else "")
    return f"values of {shown}" if str(row["holds"]).startswith("rows") else str(row["holds"])


def _gain(metric: str, row: dict[str, Any], way: str) -> str:
    """By how much the score with a view is above that of another way, on the same examples."""
    with_it, without = row.get("with_it"), row.get(way)
    if missing(with_it) or missing(without) or with_it is None or without is None:
        return "–"
    value = amount(metric, with_it - without)
    return value.replace("%", " points") if value.endswith("%") else value


def columns(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """What is lost without each column of a table, the dearest first; None where it was not measured.

    Parameters
    ----------
    found : dict or None
        ``columns`` of the evidence.

    Examples
    --------
    >>> row = {"column": "age", "lost": 0.12, "low": 0.05, "high": 0.19}
    >>> said = columns({"metric": "accuracy", "n": 80, "n_folds": 5, "exchanges": 5, "rows": [row]})
    >>> said["words"]
    'On 80 rows that were not learned from, in 5 folds, the values of each column changed places 5 times.'
    >>> said["rows"]
    [{'name': 'age', 'lost': '12.0 points', 'span': '5.0 to 19.0', 'bar': 100.0, 'some': True}]
    """
    if not found:
        return None
    metric, rows = str(found["metric"]), found["rows"]
    most = max((row["lost"] for row in rows), default=0.0)
    return {
        "words": f"On {count(found['n'], 'row')} that were not learned from, in {count(found['n_folds'], 'fold')}, the "
        f"values of each column changed places {found['exchanges']} times.",
        "rows": [
            {
                "name": str(row["column"]),
                "lost": _points(metric, row["lost"]),
                "span": f"{_points(metric, row['low'])} to {_points(metric, row['high'])}".replace(" points", ""),
                "bar": round(100 * max(row["lost"], 0.0) / most, 1) if most > 0 else 0.0,
                "some": row["low"] > 0,
            }
            for row in rows[:MOST_COLUMNS]
        ],
        "more": max(0, len(rows) - MOST_COLUMNS),
    }


def _points(metric: str, value: float) -> str:
    return gain(metric, value).removeprefix("+")

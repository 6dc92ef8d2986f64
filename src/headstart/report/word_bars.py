"""The words that speak for and against each class, as bars."""

from __future__ import annotations

from typing import Any

MOST_CLASSES = 24


def class_words(words: dict[str, Any] | None, task: str = "classification") -> dict[str, Any] | None:
    """The words of each class, ready to print.

    Parameters
    ----------
    words : dict or None
        ``n`` and ``classes`` with ``class``, ``for`` and ``against``, as in the evidence.
    task : str, default="classification"

    Returns
    -------
    dict or None
        ``chosen``, whether the weights are the model's own; ``rows`` with ``name`` and bars ``pro`` and ``contra``
        (``word``, ``bar`` in per cent); and ``more``, how many classes are not shown. With two classes what speaks
        against one speaks for the other, so ``contra`` is empty.

    Examples
    --------
    >>> found = {"class": "p", "for": [{"word": "good", "weight": 2.0}], "against": []}
    >>> class_words({"n": 4, "classes": [found]})["rows"]
    [{'name': 'p', 'pro': [{'word': 'good', 'bar': 100.0}], 'contra': []}]
    """
    classes = [one for one in (words or {}).get("classes") or [] if one.get("for") or one.get("against")]
    if not words or not classes:
        return None
    mirrored = task == "classification" and len(classes) == 2
    rows = []
    for one in classes[:MOST_CLASSES]:
        sides = {"pro": one.get("for") or [], "contra": [] if mirrored else one.get("against") or []}
        most = max([abs(entry["weight"]) for side in sides.values() for entry in side], default=1.0) or 1.0
        bars = {
            side: [
                {"word": str(entry["word"]), "bar": round(100 * abs(entry["weight"]) / most, 1)} for entry in entries
            ]
            for side, entries in sides.items()
        }
        rows.append({"name": str(one["class"]), **bars})
    return {
        "rows": rows,
        "mirrored": mirrored,
        "chosen": bool(words.get("chosen")),
        "more": max(0, len(classes) - MOST_CLASSES),
    }

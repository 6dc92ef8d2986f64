"""Where the model goes wrong: the confusion matrix, the classes, and the mistakes it was surest of."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from headstart.report.figures import heatmap
from headstart.report.wording import amount, count, missing, short_number, span

TABLE_LIMIT = 24
MOST_CELLS = 12
#: Examples of a class below which its figures are marked.
FEW = 20
FAINTEST = 0.02
"""Effect of a word on a probability that is fully shaded at least."""
KINDS = (
    ("/9j/", "image/jpeg"),
    ("iVBOR", "image/png"),
    ("UklGR", "audio/wav"),
    ("SUQz", "audio/mpeg"),
    ("//", "audio/mpeg"),
    ("T2dn", "audio/ogg"),
)
"""Kinds of files by how they begin in base64."""
BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}")


def confusion(evidence: dict[str, Any] | None) -> dict[str, Any] | None:
    """The confusion matrix as shaded cells, or as a drawing past 24 classes; with the commonest confusions.

    Parameters
    ----------
    evidence : dict or None
        ``labels`` and ``matrix`` (rows true, columns predicted).

    Returns
    -------
    dict or None
        ``labels``, ``rows`` of cells (``value``, ``shade`` 0..1, ``right``) or ``figure``, and ``pairs``.
    """
    if not evidence or not evidence.get("labels"):
        return None
    labels, matrix = [str(label) for label in evidence["labels"]], evidence["matrix"]
    pairs = sorted(
        (
            {"true": labels[i], "predicted": labels[j], "n": value, "share": f"{100 * value / (sum(row) or 1):.0f}%"}
            for i, row in enumerate(matrix)
            for j, value in enumerate(row)
            if i != j and value
        ),
        key=lambda pair: -pair["n"],
    )
    page: dict[str, Any] = {"labels": labels, "pairs": pairs[:8], "rows": None, "figure": None}
    longest = max(len(label) for label in labels)
    page["upright"] = longest > 12 or (len(labels) > 6 and longest > 4)
    if len(labels) > TABLE_LIMIT:
        page["figure"] = heatmap(matrix, labels)
        return page
    page["rows"] = [
        {
            "label": labels[i],
            "n": count(sum(row)),
            "cells": [
                {"value": value, "shade": round(value / (sum(row) or 1), 3), "right": i == j, "column": labels[j]}
                for j, value in enumerate(row)
            ],
        }
        for i, row in enumerate(matrix)
    ]
    return page


def class_rows(per_class: Sequence[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """One row a class: how many, recall and precision with their intervals, and F1.

    Parameters
    ----------
    per_class : sequence of dict or None
        ``class``, ``n``, ``precision``, ``recall``, ``f1``, and perhaps intervals.

    Returns
    -------
    list of dict
        Ready to print.
    """
    return [
        {
            "name": str(row["class"]),
            "n": count(row.get("n")),
            "few": 0 < (row.get("n") or 0) < FEW,
            "recall_span": span("accuracy", row.get("recall_interval")),
            "precision_span": span("accuracy", row.get("precision_interval")),
            "precision": amount("accuracy", row.get("precision")),
            "recall": amount("accuracy", row.get("recall") if row.get("n") else None),
            "f1": amount("accuracy", row.get("f1")),
            "bar": 0 if missing(row.get("f1")) else round(100 * row["f1"], 1),
        }
        for row in per_class or []
    ]


def surest(
    mistakes: Sequence[dict[str, Any]] | None, limit: int = 12, link: Callable[[str], str] | None = None
) -> list[dict[str, Any]]:
    """The mistakes as cards: something to see or hear, what it is, what the model said, how sure it was.

    Parameters
    ----------
    mistakes : sequence of dict or None
        ``name``, ``true``, ``predicted``, ``probability``, ``thumbnail`` (a JPEG or PNG in base64), and for clips
        ``sound`` (MP3 or WAV in base64) and ``seconds``; for texts ``text``, and ``effects`` of its words; for rows of
        several views ``seen``, with ``view``, ``thumbnail`` and ``sound`` of each file.
    limit : int, default=12
        How many at most.
    link : callable, optional
        The address of the file of a name; empty where there is none.

    Returns
    -------
    list of dict
        Ready to print; what is not base64 is left out.
    """
    cards = []
    for mistake in list(mistakes or [])[:limit]:
        probability = mistake.get("probability")
        cards.append(
            {
                "name": str(mistake.get("name", "")),
                "href": link(str(mistake.get("name", ""))) if link is not None else "",
                "wrong": mistake.get("true") != mistake.get("predicted"),
                "true": _said(mistake.get("true")),
                "predicted": _said(mistake.get("predicted")),
                "sure": "" if probability is None or missing(probability) else f"{100 * probability:.0f}%",
                "bar": 0 if probability is None or missing(probability) else round(100 * probability, 1),
                "thumbnail": data_uri(mistake.get("thumbnail")),
                "map": data_uri(mistake.get("map")),
                "sound": data_uri(mistake.get("sound")),
                "pieces": marked_words(mistake.get("text"), mistake.get("effects")),
                "marked": any(found.get("effects") for found in mistakes or []),
                "cells": [
                    (str(name), short_number(str(value))) for name, value in (mistake.get("cells") or {}).items()
                ][:MOST_CELLS],
                "seen": [
                    {
                        "view": str(part.get("view", "")),
                        **{name: data_uri(part.get(name)) for name in ("thumbnail", "sound")},
                    }
                    for part in mistake.get("seen") or []
                ],
                "length": "" if missing(mistake.get("seconds")) else f"{mistake['seconds']:.3g} s",
            }
        )
    return cards


def marked_words(text: str | None, effects: Sequence[float] | None) -> list[dict[str, Any]]:
    """The words of a text, each with the side that it takes and how strongly.

    Parameters
    ----------
    text : str or None
    effects : sequence of float or None
        What each of its first words adds to what the model said, of the probability.

    Returns
    -------
    list of dict
        ``word``, ``side`` ("pro", "contra" or empty), ``shade`` from 0 to 1 and ``title``.

    Examples
    --------
    >>> [(one["word"], one["side"], one["shade"]) for one in marked_words("a free lunch", [0.0, 0.2, -0.1])]
    [('a', '', 0.0), ('free', 'pro', 1.0), ('lunch', 'contra', 0.5)]
    """
    effects = list(effects or [])
    most = max([abs(effect) for effect in effects if not missing(effect)], default=0.0)
    found = []
    for i, word in enumerate((text or "").split()):
        effect = effects[i] if i < len(effects) and not missing(effects[i]) else 0.0
        shade = round(abs(effect) / max(most, FAINTEST), 3)
        side = "" if shade < 0.1 else "pro" if effect > 0 else "contra"
        found.append({"word": word, "side": side, "shade": shade, "title": f"{effect:+.3f}" if side else ""})
    return found


def data_uri(content: str | None) -> str:
    """A file in base64 as an address that holds it; empty where it is not base64 or of no known kind.

    Examples
    --------
    >>> data_uri("iVBORw0KGgo="), data_uri("<script>"), data_uri(None)
    ('data:image/png;base64,iVBORw0KGgo=', '', '')
    """
    if not content or not BASE64.fullmatch(content):
        return ""
    kind = next((kind for start, kind in KINDS if content.startswith(start)), "")
    return f"data:{kind};base64,{content}" if kind else ""


def _said(value: Any) -> str:
    """A label, a number or a list of labels, in print."""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(entry) for entry in value) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)

"""The report's part on a detector of words: missed words against false alarms an hour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from headstart.report.figures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, below, below_all, grid_line, svg
from headstart.report.scale import Place, linear, logarithmic, ticks
from headstart.report.wording import amount, count, span

_LEAST_TOP = 0.1


def listening(keyword: dict[str, Any] | None) -> dict[str, Any] | None:
    """What the page shows of a detector; None where the model is none.

    Parameters
    ----------
    keyword : dict or None
        As in the evidence: ``curve``, ``threshold``, ``per_word`` and what was counted.
    """
    if not keyword:
        return None
    noisy = f"in background, {keyword['noise_decibel']:g} dB above it"
    curve = keyword.get("curve") or []
    tiles = [
        ("Missed words", amount("accuracy", keyword["missed"]), span("accuracy", keyword["missed_interval"])),
        (f"Missed {noisy}", amount("accuracy", keyword["missed_noisy"]), ""),
        (
            "False alarms in background left out",
            count(keyword["alarms"]),
            f"in {hours(keyword['background_hours'])}; at most {keyword['alarms_at_most']:.2g} an hour (95%)",
        ),
        ("Threshold", f"{keyword['threshold']:.2f}", "log-odds of the word; listen --threshold changes it"),
    ]
    return {
        "sentence": keyword["sentence"],
        "tiles": [{"label": label, "value": value, "note": words} for label, value, words in tiles],
        "figure": missed_against_alarms(curve, keyword) if len(curve) > 1 else None,
        "dashed": any(not point["counted"] for point in curve),
        "legend": ["as recorded", noisy],
        "rows": [
            {
                "word": row["word"],
                "n": count(row["n"]),
                "missed": count(row["missed"]),
                "missed_noisy": count(row["missed_noisy"]),
            }
            for row in keyword.get("per_word") or []
        ],
        "noisy": noisy,
    }


def hours(length: float) -> str:
    """So many hours, minutes, or seconds.

    Examples
    --------
    >>> hours(0.005), hours(0.2), hours(3.5)
    ('18 s', '12 minutes', '3.5 hours')
    """
    if length < 1 / 30:
        return f"{3600 * length:.0f} s"
    return f"{60 * length:.0f} minutes" if length < 2 else f"{length:.1f} hours"


def missed_against_alarms(curve: Sequence[dict[str, Any]], keyword: dict[str, Any]) -> Markup:
    """Share of missed words against false alarms an hour, from few alarms to many; dashed where the tail is extended.

    Parameters
    ----------
    curve : sequence of dict
        ``false_alarms``, ``missed``, ``missed_noisy``, ``counted``.
    keyword : dict
        With the chosen point: ``expected_alarms``, ``missed``.
    """
    rates = [point["false_alarms"] for point in curve]
    across = logarithmic(min(rates), max(max(rates), min(rates) * 10), LEFT + 8, WIDTH - RIGHT - 8)
    top = max(_LEAST_TOP, *(point[key] for point in curve for key in ("missed", "missed_noisy")))
    marks = [mark for mark in ticks(0, top) if mark <= 1]
    up = linear(0, max(marks[-1], top), HEIGHT - BOTTOM, TOP)
    body = _axes(marks, up, across, min(rates), max(rates))
    for key, kind in (("missed_noisy", "noisy"), ("missed", "plain")):
        for counted in (True, False):
            body += _stretches(curve, key, kind, counted, across, up)
    at = min(max(keyword["expected_alarms"], min(rates)), max(rates))
    words = (
        f"chosen: {keyword['expected_alarms']:.2g} false alarms an hour expected, {100 * keyword['missed']:.1f}% missed"
    )
    body.append(
        Markup('<circle class="dot transfer" cx="{:.1f}" cy="{:.1f}" r="5"><title>{}</title></circle>').format(
            across(at), up(keyword["missed"]), words
        )
    )
    return svg(body, "Missed words against false alarms an hour")


def _axes(marks: Sequence[float], up: Place, across: Place, low: float, high: float) -> list[Markup]:
    shapes = [grid_line(up(mark), f"{100 * mark:.3g}%") for mark in marks]
    rates = [10.0**power for power in range(-2, 4) if low * 0.999 <= 10.0**power <= high * 1.001]
    return [
        *shapes,
        *(below(across(rate), f"{rate:g}") for rate in rates),
        below_all("false alarms an hour (missed words: upwards)"),
    ]


def _stretches(
    curve: Sequence[dict[str, Any]], key: str, kind: str, counted: bool, across: Place, up: Place
) -> list[Markup]:
    """Lines through neighbouring points of one sort; a dashed one joins the solid one."""
    shapes: list[Markup] = []
    points: list[str] = []
    for number, point in enumerate(curve):
        here = bool(point["counted"]) is counted
        joins = not counted and number + 1 < len(curve) and not curve[number + 1]["counted"]
        if here or joins:
            points.append(f"{across(point['false_alarms']):.1f},{up(point[key]):.1f}")
        if (not here and not joins) or number + 1 == len(curve):
            if len(points) > 1:
                dashed = "" if counted else ' stroke-dasharray="5 4"'
                side = "transfer" if kind == "plain" else "without"
                shapes.append(
                    Markup('<polyline class="line {}"' + dashed + ' points="{}"/>').format(side, " ".join(points))
                )
            points = []
    return shapes

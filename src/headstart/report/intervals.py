"""Scores with their intervals on a common axis, as shares of its width in per cent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headstart.data.base.kinds import thing
from headstart.report.method_names import plain_name
from headstart.report.scale import apart, linear, ticks
from headstart.report.wording import SMALLER_IS_BETTER, amount, count, duration, gain, is_share, missing, p_value, span


def candidate_rows(
    candidates: Sequence[dict[str, Any]], metric: str, sides: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Place every candidate's score and interval on one axis, the best first.

    Parameters
    ----------
    candidates : sequence of dict
        As in the evidence: ``name``, ``transfer``, ``score``, ``interval``, ``chosen`` and further metrics.
    metric : str
        What ``score`` measures.
    sides : sequence of dict
        The two that the verdict compares, as it has them: rows like the others.

    Returns
    -------
    dict
        ``rows`` with places ``at``, ``left``, ``width`` in per cent of the axis, ``ticks`` with ``at`` and ``text``.
    """
    scored = [c for c in [*candidates, *sides] if not missing(c.get("score"))]
    if not scored:
        return {"rows": [], "ticks": []}
    ends = [end for c in scored for end in [c["score"], *(c.get("interval") or [])] if not missing(end)]
    marks = ticks(min(ends), max(ends), 4)
    if is_share(metric):
        marks = [mark for mark in marks if -1e-9 <= mark <= 1 + 1e-9]
    place = linear(min(marks[0], *ends), max(marks[-1], *ends), 0.0, 100.0)
    rows = []
    for candidate in sorted(scored, key=lambda c: c["score"], reverse=metric not in SMALLER_IS_BETTER):
        low, high = _ends(candidate)
        rows.append(
            {
                "name": called(candidate),
                "words": candidate.get("words", ""),
                "code": candidate["name"] if candidate.get("words") else "",
                "transfer": bool(candidate.get("transfer")),
                "chosen": bool(candidate.get("chosen")),
                "value": amount(metric, candidate["score"]),
                "span": span(metric, candidate.get("interval")),
                "at": round(place(candidate["score"]), 2),
                "left": round(place(low), 2),
                "width": round(place(high) - place(low), 2),
                "log_loss": amount("log_loss", candidate.get("log_loss")),
                "balanced_accuracy": amount("balanced_accuracy", candidate.get("balanced_accuracy")),
                "macro_f1": amount("macro_f1", candidate.get("macro_f1")),
                "ap75": amount("ap75", candidate.get("ap75")),
                "ap": amount("ap", candidate.get("ap")),
                "folds": _folds(candidate),
                "seconds": duration(candidate.get("seconds")),
            }
        )
    shown = apart([place(mark) for mark in marks], 9)
    texts = [f"{100 * mark:.3g}%" if is_share(metric) else amount(metric, mark) for mark in marks]
    axis = [
        {"at": round(place(mark), 2), "text": text if show else ""}
        for mark, text, show in zip(marks, texts, shown, strict=True)
    ]
    return {"rows": rows, "ticks": axis}


def called(candidate: dict[str, Any]) -> str:
    """A candidate's name in plain words; that of a user's own stays as it is."""
    name = str(candidate["name"])
    return name if candidate.get("words") == name else plain_name(name)


def _ends(candidate: dict[str, Any]) -> tuple[float, float]:
    """The interval of a candidate; the score itself where there is none."""
    interval = candidate.get("interval")
    if interval is None or any(missing(end) for end in interval):
        return candidate["score"], candidate["score"]
    return interval[0], interval[1]


def _folds(candidate: dict[str, Any]) -> str:
    """How often a candidate was fitted."""
    splits, repeats = candidate.get("n_splits"), candidate.get("n_repeats") or 1
    if not splits:
        return "–"
    return f"{count(splits, 'fold')}" + (f" × {repeats}" if repeats > 1 else "")


def difference_axis(verdict: dict[str, Any], metric: str, kind: str = "image") -> dict[str, Any] | None:
    """Place the difference that transfer makes around zero, or None where it was not measured.

    Parameters
    ----------
    verdict : dict
        As in the evidence: ``difference``, ``interval``, ``p_value``, ``n``.
    metric : str
        What the difference is a difference of.
    kind : str, default="image"
        Kind of input that was compared on.

    Returns
    -------
    dict or None
        ``at``, ``left``, ``width``, ``zero`` in per cent of the axis, and the words to print at them.
    """
    difference, interval = verdict.get("difference"), verdict.get("interval")
    if difference is None or missing(difference) or interval is None or any(missing(end) for end in interval):
        return None
    reach = 1.15 * max(abs(difference), abs(interval[0]), abs(interval[1]), 0.02 if is_share(metric) else 1e-9)
    place = linear(-reach, reach, 0.0, 100.0)
    return {
        "at": round(place(difference), 2),
        "left": round(place(interval[0]), 2),
        "width": round(place(interval[1]) - place(interval[0]), 2),
        "value": gain(metric, difference),
        "low": gain(metric, interval[0]).removesuffix(" points"),
        "high": gain(metric, interval[1]).removesuffix(" points"),
        "p": p_value(verdict.get("p_value")),
        "n": count(verdict.get("n"), thing(kind)) if verdict.get("n") else "",
        "test": verdict.get("test") or "",
    }

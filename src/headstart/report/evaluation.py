"""What was measured on other data, beside what was promised."""

from __future__ import annotations

from typing import Any

from headstart.data.base.kinds import thing, things
from headstart.report.scale import linear, ticks
from headstart.report.wording import amount, count, gain, is_share, metric_name, missing, span

TONES = {"held": "good", "better than promised": "good", "did not hold": "bad"}
BADGES = {
    "held": "The promise held",
    "better than promised": "Better than promised",
    "did not hold": "The promise did not hold",
    "cannot tell": "Cannot tell",
}


def evaluation(evidence: dict[str, Any]) -> dict[str, Any] | None:
    """The section of a page on what was measured on other data; None where nothing was.

    Parameters
    ----------
    evidence : dict
        ``evaluation`` as `headstart.evaluate` gives it.

    Returns
    -------
    dict or None
        ``badge``, ``tone``, ``headline``, ``sentence``; ``bars``, places of the promised and of the measured score on
        one axis; ``scores``, a row a score; ``operating``, what a threshold finds and spares.
    """
    found = evidence.get("evaluation")
    if not found:
        return None
    metric, kind = str(found["metric"]), str((evidence.get("data") or {}).get("input_type") or "image")
    on, called = count(found["n"], f"new {thing(kind)}", f"new {things(kind)}"), metric_name(metric)
    return {
        "tone": TONES.get(found["word"], "open"),
        "badge": BADGES.get(found["word"], str(found["word"])),
        "headline": f"{called[:1].upper()}{called[1:]} {amount(metric, found['value'])} on {on}.",
        "sentence": found["sentence"],
        "model": str(found.get("model") or "a model"),
        "bars": _bars(found, metric),
        "gap": _gap(found, metric),
        "scores": [
            {
                "name": metric_name(row["name"]),
                "here": amount(row["name"], row["value"]),
                "span": span(row["name"], row.get("interval")),
                "before": amount(row["name"], row.get("promised")),
            }
            for row in found.get("scores") or []
        ],
        "operating": _operating(found.get("operating")),
        "overlap": str((found.get("overlap") or {}).get("words") or ""),
    }


def _gap(found: dict[str, Any], metric: str) -> str:
    if missing(found.get("difference")):
        return ""
    ends = " to ".join(gain(metric, found[end]).removesuffix(" points") for end in ("low", "high"))
    return f"Difference {gain(metric, found['difference'])}, 95% interval {ends}."


def _bars(found: dict[str, Any], metric: str) -> dict[str, Any]:
    """The two scores with their intervals on one axis, in per cent of its width."""
    rows = [("Measured here", "transfer", found["value"], found["interval"])]
    if found.get("promised"):
        rows.append(("Promised", "without", found["promised"]["value"], found["promised"]["interval"]))
    ends = [end for _, _, value, interval in rows for end in (value, *interval)]
    marks = ticks(min(ends), max(ends), 4)
    place = linear(min(marks[0], *ends), max(marks[-1], *ends), 0.0, 100.0)
    if is_share(metric):
        marks = [mark for mark in marks if -1e-9 <= mark <= 1 + 1e-9]
    texts = [f"{100 * mark:.3g}%" if is_share(metric) else amount(metric, mark) for mark in marks]
    return {
        "ticks": [{"at": round(place(mark), 2), "text": text} for mark, text in zip(marks, texts, strict=True)],
        "rows": [
            {
                "name": name,
                "side": side,
                "value": amount(metric, value),
                "span": span(metric, interval),
                "at": round(place(value), 2),
                "left": round(place(interval[0]), 2),
                "width": round(place(interval[1]) - place(interval[0]), 2),
            }
            for name, side, value, interval in rows
        ],
    }


def _operating(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a threshold that was chosen at the fit finds and spares here."""
    if not found:
        return None
    rows = [
        {
            "name": name,
            "here": "–" if side["measured"] is None else amount("accuracy", side["measured"][0]),
            "span": "" if side["measured"] is None else span("accuracy", side["measured"][1:]),
            "n": count(side["n"]),
            "before": amount("accuracy", side["promised"][0]),
            "before_span": span("accuracy", side["promised"][1:]),
        }
        for name, side in ((name, found[name]) for name in ("sensitivity", "specificity"))
    ]
    words = f"{found['positive']} is answered where its probability is {found['threshold']:.3g} or more."
    return {"words": words, "rows": rows}

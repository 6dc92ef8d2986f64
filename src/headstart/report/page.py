"""Evidence becomes what the page prints: every number in words, every place computed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from headstart.data.base.kinds import thing, things
from headstart.report.adaptation import adaptation
from headstart.report.borrowed import borrowed, both_sides, lead, used_rows
from headstart.report.detection import detection
from headstart.report.dropout import dropout
from headstart.report.figures import learning_curves, loss_history, reliability_curve
from headstart.report.intervals import called, candidate_rows, difference_axis
from headstart.report.listening import listening
from headstart.report.method_names import plain_name
from headstart.report.mistakes import class_rows, confusion, surest
from headstart.report.tasks import auxiliary_rows, pooled_groups
from headstart.report.use import evaluation, few_examples, first_class, next_step, referral, use
from headstart.report.views import columns, views
from headstart.report.word_bars import class_words
from headstart.report.wording import (
    SMALLER_IS_BETTER,
    amount,
    count,
    duration,
    metric_name,
    missing,
    more_labels_words,
    span,
)

TONES = {"helps": "good", "hurts": "bad"}
"""Of a verdict; any other word is open."""
BADGES = {
    "not proven": "Not proven",
    "nothing to adapt": "Nothing to adapt",
    "helps": "Transfer helps",
    "hurts": "Transfer hurts",
    "no evidence either way": "No evidence either way",
    "cannot tell": "Cannot tell",
}

_LEFT_OUT = ("left out in turn", "that it did not learn from")
BRACKETS = re.compile(r" \([^()]*\)(?=\.$)")
"""Figures at the end of a sentence that the drawing below it shows as well."""


def build(evidence: dict[str, Any], link: Callable[[str], str] | None = None) -> dict[str, Any]:
    """Turn a model's evidence into the variables of the page's template.

    Parameters
    ----------
    evidence : dict
        What ``evidence.json`` of a saved model holds. Parts that are missing or None are left out of the page.
    link : callable, optional
        The address of the file of a name; empty where there is none.

    Returns
    -------
    dict
        Strings, places and drawings for ``page.jinja``; holds no HTML but that of the drawings.
    """
    metric = _metric(evidence)
    data, verdict = evidence.get("data") or {}, evidence.get("verdict") or {}
    kind = input_type(evidence)
    return {
        "thing": thing(kind),
        "things": things(kind),
        "title": str(data.get("name") or "a model"),
        "subtitle": _subtitle(data, kind),
        "metric": metric_name(metric),
        "lead": evidence.get("lead") or {"words": "", "detail": ""},
        "warnings": [str(words) for words in evidence.get("warnings") or []],
        "verdict": _verdict(verdict, metric, evidence.get("candidates") or [], kind),
        "tiles": _tiles(evidence, metric),
        "candidates": candidate_rows(evidence.get("candidates") or [], metric, verdict.get("sides") or []),
        "sides": bool(verdict.get("sides")),
        "left_out": [_left_out(entry) for entry in evidence.get("left_out") or []],
        "adaptation": adaptation(evidence.get("adaptation")),
        "views": views(evidence.get("views")),
        "columns": columns(evidence.get("columns")),
        "listening": listening(evidence.get("keyword")),
        "before": _before(evidence.get("before")),
        "curves": _curves(evidence, metric, kind),
        "no_curves": _no_curves(evidence),
        "more_labels": more_labels_words(
            evidence.get("more_labels") or [], (evidence.get("data") or {}).get("left_for_time") or 0, kind
        ),
        "dropout": dropout(evidence.get("dropout"), things(kind)),
        "history": loss_history(history) if len(history := evidence.get("history") or []) > 1 else None,
        "reliability": _reliability(evidence),
        "confusion": confusion(evidence.get("confusion")),
        "per_class": class_rows(evidence.get("per_class")),
        "few": few_examples(evidence.get("per_class") or [], kind),
        "use": use(evidence, kind),
        "referral": referral(evidence.get("held_out"), kind),
        "next_step": next_step(evidence, metric, kind),
        "first_class": first_class(evidence, kind),
        "evaluation": evaluation(evidence),
        **{name: surest(evidence.get(name), link=link) for name in ("mistakes", "least_sure", "right")},
        "label_errors": surest(evidence.get("label_errors"), limit=50, link=link),
        "detection": detection(evidence.get("detection")),
        "words": class_words(evidence.get("words"), data.get("task", "classification")),
        "task": data.get("task", "classification"),
        "measured_on": f"{things(kind)} {_LEFT_OUT[bool(evidence.get('evaluation'))]}",
        "data": _data(data),
        "source": borrowed(evidence.get("source")),
        "borrowed": lead(evidence.get("source")),
        "used_rows": used_rows(evidence.get("source")),
        "both_sides": both_sides(evidence.get("domains"), kind),
        "auxiliary": auxiliary_rows(evidence.get("auxiliary")),
        "pooling": pooled_groups(evidence.get("pooling")),
        "further": _further(evidence),
        "estimate_method": (evidence.get("estimate") or {}).get("method", ""),
        "reproduce": _reproduce(evidence),
    }


def _left_out(entry: dict[str, Any]) -> dict[str, str]:
    """A candidate that did not run: its name, its price, and why."""
    return {"name": called(entry), "price": duration(entry.get("seconds")), "words": entry.get("words", "")}


def input_type(evidence: dict[str, Any]) -> str:
    """Kind of input that a model was learned from."""
    return str((evidence.get("data") or {}).get("input_type") or "image")


def _metric(evidence: dict[str, Any]) -> str:
    """What the scores measure: said by the estimate, otherwise by the task."""
    named = (evidence.get("estimate") or {}).get("metric")
    by_task = {"regression": "r2", "multilabel": "example_f1", "detection": "ap50"}
    return named or by_task.get((evidence.get("data") or {}).get("task", ""), "accuracy")


def _subtitle(data: dict[str, Any], kind: str) -> str:
    """How much data of what kind."""
    one, many = f"labelled {thing(kind)}", f"labelled {things(kind)}"
    if data.get("labelled") is False:
        one, many = f"{thing(kind)} without a label", f"{things(kind)} without labels"
    words = [count(data["n"], one, many)] if data.get("n") is not None else []
    if data.get("classes") and data.get("task") != "regression":
        noun = ("label", "labels") if data.get("task") == "multilabel" else ("class", "classes")
        words.append(count(len(data["classes"]), *noun))
    if data.get("n_groups"):
        words.append(count(data["n_groups"], "group"))
    return " · ".join(words)


def _verdict(verdict: dict[str, Any], metric: str, candidates: Sequence[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The verdict: its badge, its sentence (as a headline without the figures that are drawn), and what was done."""
    word = verdict.get("word", "cannot tell")
    used = verdict.get("transfer_used")
    chosen = next((called(c) for c in candidates if c.get("chosen")), None)
    done = f"The saved model is “{chosen}”. " if chosen else ""
    if used is not None and candidates:
        done += "It uses transfer." if used else "It was learned without transfer."
    sentence = verdict.get("sentence") or BADGES.get(word, word) + "."
    axis = difference_axis(verdict, metric, kind)
    return {
        "tone": TONES.get(word, "open"),
        "badge": BADGES.get(word, word),
        "sentence": sentence,
        "headline": BRACKETS.sub("", sentence) if axis else sentence,
        "done": done,
        "axis": axis,
    }


def _tiles(evidence: dict[str, Any], metric: str) -> list[dict[str, str]]:
    """The few figures that everyone asks for first."""
    estimate, test, metrics = (evidence.get(key) or {} for key in ("estimate", "test", "metrics"))
    tiles, kind = [], input_type(evidence)
    if not missing(estimate.get("value")):
        tiles.append(
            {
                "label": f"Expected {metric_name(metric)} on new {things(kind)}",
                "value": amount(metric, estimate["value"]),
                "note": f"95% interval {span(metric, estimate.get('interval'))}, corrected for the choosing",
            }
        )
    trivial = evidence.get("trivial") or {}
    if not missing(trivial.get("score")):
        tiles.append({"label": "Guessing", "value": amount(metric, trivial["score"]), "note": trivial["words"]})
    if not missing(test.get(metric)):
        part = f"the {test['part']} part" if test.get("part") else "the test part"
        size = f", {count(test['n'], thing(kind), things(kind))}" if test.get("n") else ""
        ends = span(metric, test.get("interval"))
        words = f"on {part}{size}, never used before" + (f"; 95% interval {ends}" if ends else "")
        tiles.append({"label": f"Measured {metric_name(metric)}", "value": amount(metric, test[metric]), "note": words})
    calibrated = metrics.get("ece_after")
    if calibrated is not None and not missing(calibrated):
        before = metrics.get("ece_before")
        scaled = not missing(before) and metrics.get("temperature") != 1.0
        words = f"{amount('accuracy', before)} before temperature scaling" if scaled else "not scaled"
        words = "" if evidence.get("evaluation") else words
        label = "Probabilities are off by, on average"
        tiles.append({"label": label, "value": amount("accuracy", calibrated), "note": words})
    if not missing(evidence.get("seconds")):
        budget = evidence.get("budget")
        note = f"of a budget of {duration(budget)}" if not missing(budget) else ""
        tiles.append({"label": "Time taken", "value": duration(evidence["seconds"]), "note": note})
    return tiles


def _before(before: dict[str, Any] | None) -> dict[str, Any] | None:
    """What was known before training."""
    if not before:
        return None
    signs = {"for": "+", "against": "\u2212", "neutral": "·"}
    findings = [
        {"sign": signs.get(f.get("verdict"), "·"), "verdict": f.get("verdict", "neutral"), "words": f.get("words", "")}
        for f in before.get("findings") or []
    ]
    return {"words": before.get("words", ""), "findings": findings, "outcome": before.get("outcome", "")}


def _curves(evidence: dict[str, Any], metric: str, kind: str) -> dict[str, Any] | None:
    """The learning curves and how they go on, and in words how many labels a transfer that helps saves."""
    curves = evidence.get("curves") or []
    usable = [curve for curve in curves if curve.get("n") and not any(missing(score) for score in curve["score"])]
    if not usable or len({n for curve in usable for n in curve["n"]}) < 2:
        return None
    legend = [
        {"name": plain_name(curve["name"]), "kind": "transfer" if curve["transfer"] else "without"} for curve in usable
    ]
    verdict, more = evidence.get("verdict") or {}, list(evidence.get("more_labels") or [])
    saved = labels_saved(usable, metric, kind) if verdict.get("word") == "helps" else ""
    estimate, ends = evidence.get("estimate") or {}, (evidence.get("estimate") or {}).get("interval")
    if more and ends:
        now = {"n": more[0]["n"] // more[0]["ratio"], "score": estimate["value"], "low": ends[0], "high": ends[1]}
        more = [now, *more]
    side = "transfer" if verdict.get("transfer_used") else "without"
    return {"figure": learning_curves(usable, metric, kind, more=more, side=side), "legend": legend, "words": saved}


def _no_curves(evidence: dict[str, Any]) -> str:
    """Why there are no learning curves; empty where there are some, or nothing was compared."""
    candidates = evidence.get("candidates") or []
    if evidence.get("curves") or not candidates:
        return ""
    if not any(one.get("transfer") for one in candidates):
        return "No learning curves were drawn: nothing was borrowed, so there are no two sides to compare."
    return "No learning curves were drawn: the budget left no time for them. Give more (--budget)."


def labels_saved(curves: Sequence[dict[str, Any]], metric: str, kind: str = "image") -> str:
    """How many labels transfer needs for what learning without it reaches with the most.

    Parameters
    ----------
    curves : sequence of dict
        As in the evidence.
    metric : str
        What the scores measure; the larger must be the better.
    kind : str, default="image"
        Kind of input that the labels are of.

    Returns
    -------
    str
        One sentence, read off the curves by interpolation between logarithms; empty where they do not say.
    """
    with_, without = ([c for c in curves if bool(c["transfer"]) is side] for side in (True, False))
    if not with_ or not without or metric in SMALLER_IS_BETTER:
        return ""
    best, other = (max(side, key=lambda c: c["score"][-1]) for side in (with_, without))
    goal, most = other["score"][-1], other["n"][-1]
    labels = count(most, f"labelled {thing(kind)}", f"labelled {things(kind)}")
    reached = f"Without transfer, {amount(metric, goal)} take {labels}"
    if best["score"][-1] < goal:
        return ""
    if best["score"][0] >= goal:
        return f"{reached}; with it, {count(best['n'][0])} already do better." if best["n"][0] < most else ""
    pairs = list(zip(best["n"], best["score"], strict=True))
    (n0, s0), (n1, s1) = next((a, b) for a, b in pairwise(pairs) if b[1] >= goal)
    share = (goal - s0) / ((s1 - s0) or 1.0)
    needed = round(math.exp(math.log(n0) + share * (math.log(n1) - math.log(n0))))
    return f"{reached}; with it, about {count(needed)} are enough." if needed < 0.9 * most else ""


def _data(data: dict[str, Any]) -> dict[str, Any]:
    """What was learned from, and what was set aside."""
    per_class = data.get("n_per_class") or {}
    most = max(per_class.values(), default=1) or 1
    return {
        "classes": [
            {"name": str(name), "n": count(n), "bar": round(100 * n / most, 1)} for name, n in per_class.items()
        ],
        "parts": [{"name": name, "n": count(n)} for name, n in (data.get("parts") or {}).items()],
        "groups": count(data["n_groups"], "group") if data.get("n_groups") else "",
        "dropped": [
            {"name": str(entry["name"]), "reason": str(entry["reason"])} for entry in data.get("dropped") or []
        ],
        "duplicates": [[str(name) for name in names] for names in data.get("duplicates") or []],
        "notes": [str(words) for words in data.get("notes") or []],
    }


def _reliability(evidence: dict[str, Any]) -> dict[str, Any] | None:
    """Whether probabilities mean what they say: a drawing and a sentence."""
    bins = evidence.get("reliability") or []
    metrics = evidence.get("metrics") or {}
    if len(bins) < 2 or missing(metrics.get("ece_after")):
        return None
    words = f"On average the model is off by {amount('accuracy', metrics['ece_after'])}. "
    if metrics.get("temperature") == 1.0:
        words += "Its probabilities are as they came: scaling them did not make them better on what was left out."
    else:
        words += f"Before its probabilities were scaled it was {amount('accuracy', metrics.get('ece_before'))}."
    return {"figure": reliability_curve(bins), "words": words}


def _further(evidence: dict[str, Any]) -> list[dict[str, str]]:
    """All further scores, out of fold and on the test part."""
    metrics, test = evidence.get("metrics") or {}, evidence.get("test") or {}
    names = [name for name in metrics if isinstance(metrics[name], (int, float))]
    names += [name for name in test if name not in ("n", "part", *names) and isinstance(test[name], (int, float))]
    return [
        {"name": metric_name(name), "folds": amount(name, metrics.get(name)), "test": amount(name, test.get(name))}
        for name in names
    ]


def _reproduce(evidence: dict[str, Any]) -> dict[str, Any]:
    """The command, the code and the versions."""
    reproduce = evidence.get("reproduce") or {}
    versions = ", ".join(f"{name} {version}" for name, version in (reproduce.get("versions") or {}).items())
    return {
        "command": reproduce.get("command") or "",
        "code": reproduce.get("code") or "",
        "versions": versions,
        "random_state": "" if reproduce.get("random_state") is None else str(reproduce["random_state"]),
    }

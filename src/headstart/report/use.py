"""What the model is good for: two classes at their thresholds, classes one by one, whom to refer, what to do next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from headstart.data.base.kinds import thing, things
from headstart.errors import ParameterError
from headstart.guard.evidence.use import ENOUGH, points_of
from headstart.math.statistics.comparison import wilson_interval
from headstart.math.statistics.two_classes import OperatingPoints, predictive_values
from headstart.report.figures import referral_curve, roc_curve
from headstart.report.scale import linear, ticks
from headstart.report.wording import amount, count, gain, is_share, left_for_time, metric_name, missing, span

_ASKED = (0.99, 0.95, 0.9)
_REFERRED = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
#: Points of a score that are worth a word, and by how much a class falls behind that is to be labelled first.
_WORTH, _BEHIND = 0.005, 0.03


def use(evidence: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """Two classes, one of which is looked for: sensitivity, specificity, predictive values, thresholds.

    Parameters
    ----------
    evidence : dict
        ``use`` as `headstart.guard.evidence.use.use_evidence` gives it.
    kind : str
        Kind of input.

    Returns
    -------
    dict or None
        ``words``, ``tiles``, ``rows`` of the table of thresholds, ``figure``, ``sentences`` for a terminal; None
        unless there are two classes.
    """
    found = evidence.get("use")
    if not found:
        return None
    points, stated = points_of(found), found.get("prevalence")
    n_positive, n_negative = points.n_positive, points.n_negative
    prevalence = stated if stated is not None else n_positive / (n_positive + n_negative)
    positive, negative = str(found["positive"]), str(found["negative"])
    where = f"where {amount('accuracy', prevalence)} are {positive}"
    where += "" if stated is not None else ", as among these"
    k = points.at(0.5)
    sides = [tuple(side[k].tolist()) for side in (points.sensitivity, points.specificity)]
    values = predictive_values(sides[0], sides[1], prevalence)
    tiles = [
        _tile(f"Sensitivity: of {positive}, found", sides[0], f"of {count(n_positive)}"),
        _tile(f"Specificity: of {negative}, spared", sides[1], f"of {count(n_negative)}"),
        _tile(f"An answer “{positive}” is right (PPV)", values[0], where),
        _tile(f"An answer “{negative}” is right (NPV)", values[1], where),
    ]
    auc = amount("auc", found["auc"]), span("auc", found["auc_interval"])
    groups = f" of {count(found['n_groups'], 'group')}" if found.get("n_groups") else ""
    of = f"{count(n_positive)} {positive} and {count(n_negative)} {negative}{groups}"
    held = "that the model did not learn from" if evidence.get("evaluation") else "each left out in turn"
    return {
        "positive": positive,
        "negative": negative,
        "words": f"{positive} is what is looked for; with --positive {negative} it is the other way round. Measured on "
        f"{of}, {held}.",
        "where": where,
        "tiles": tiles,
        "auc": f"Area under the curve {auc[0]}, 95% interval {auc[1]}.",
        "figure": roc_curve(points, k),
        "rows": _thresholds(points, prevalence),
        "sentences": [
            f"Of {positive} {_told(sides[0])} are found (sensitivity), of {negative} {_told(sides[1])} are spared "
            f"(specificity); area under the ROC curve {auc[0]} [{auc[1]}].",
            f"{where[:1].upper()}{where[1:]}, an answer {positive} is right in {_told(values[0])} (PPV), {negative} in "
            f"{_told(values[1])} (NPV).",
        ],
    }


def _tile(label: str, share: tuple[float, ...] | None, note: str) -> dict[str, str]:
    if share is None:
        return {"label": label, "value": "–", "note": "never answered so"}
    ends = f"95% interval {span('accuracy', share[1:])}"
    return {"label": label, "value": amount("accuracy", share[0]), "note": f"{ends}; {note}"}


def _told(share: tuple[float, ...] | None) -> str:
    return "unknown" if share is None else f"{amount('accuracy', share[0])} [{span('accuracy', share[1:])}]"


def _thresholds(points: OperatingPoints, prevalence: float) -> list[dict[str, str]]:
    """Thresholds worth knowing: as the model answers, and those that find or spare as much as is often asked for."""
    chosen: list[tuple[str, str, Callable[[], int]]] = [("as it answers", "", lambda: points.at(0.5))]
    for name, reach in (("sensitivity", points.finding), ("specificity", points.sparing)):
        for share in _ASKED if name == "sensitivity" else _ASKED[::-1]:
            words = f"{name} {100 * share:g}%"
            chosen.append((words, f"--{name} {share:g}", lambda reach=reach, share=share: reach(share)))  # type: ignore[misc]
    rows = []
    for words, flag, find in chosen:
        try:
            k = find()
        except ParameterError:
            continue  # so few examples cannot promise it
        found, spared = (tuple(side[k].tolist()) for side in (points.sensitivity, points.specificity))
        ppv, npv = predictive_values(found, spared, prevalence)
        threshold = 0.5 if not flag else float(points.threshold[k])
        rows.append(
            {
                "name": words,
                "flag": flag,
                "threshold": f"{threshold:.3g}",
                **{
                    name: "–" if share is None else amount("accuracy", share[0])
                    for name, share in (("sensitivity", found), ("specificity", spared), ("ppv", ppv), ("npv", npv))
                },
                "sensitivity_span": span("accuracy", found[1:]),
                "specificity_span": span("accuracy", spared[1:]),
            }
        )
    return rows


def few_examples(per_class: Sequence[dict[str, Any]], kind: str) -> str:
    """A warning of classes with so few examples that their figures say little; empty where there are none.

    Examples
    --------
    >>> few_examples([{"class": "covid", "n": 12}, {"class": "normal", "n": 200}], "image")
    'Fewer than 20 pictures of covid (12): its figures may be far off.'
    """
    few = [row for row in per_class if 0 < (row.get("n") or 0) < ENOUGH]
    if not few:
        return ""
    shown = ", ".join(f"{row['class']} ({row['n']})" for row in few[:8]) + (", ..." if len(few) > 8 else "")
    whose = "its figures" if len(few) == 1 else "their figures"
    return f"Fewer than {ENOUGH} {things(kind)} of {shown}: {whose} may be far off."


def referral(held: dict[str, Any] | None, kind: str) -> dict[str, Any] | None:
    """What referring the least sure ones to somebody else brings: a drawing, and rows for some shares.

    Parameters
    ----------
    held : dict or None
        ``of_label`` and ``of_answer``: probabilities of the label and of the answer of examples that were held out.
    kind : str
        Kind of input.

    Returns
    -------
    dict or None
        None with fewer than 20 examples, or where nothing was wrong.

    Examples
    --------
    >>> sure = np.linspace(0.5, 1, 100)
    >>> held = {"of_label": np.where(sure < 0.6, 1 - sure, sure).tolist(), "of_answer": sure.tolist()}
    >>> found = referral(held, "image")
    >>> found["rows"][0]["wrong"], found["rows"][3]["referred"], found["rows"][3]["wrong"]
    ('19.0%', '20%', '0.0%')
    """
    of_label, of_answer = (np.array((held or {}).get(key) or [], dtype=float) for key in ("of_label", "of_answer"))
    n = len(of_label)
    if n < ENOUGH or n != len(of_answer):
        return None
    order = np.argsort(-of_answer, kind="stable")
    wrong = np.cumsum((of_label < of_answer - 1e-9)[order])
    if not wrong[-1]:
        return None
    rows = []
    for share in _REFERRED:
        m = max(1, n - round(share * n))
        value = float(wrong[m - 1]) / m
        ends = wilson_interval(float(wrong[m - 1]), m)
        rows.append(
            {
                "referred": f"{100 * share:g}%",
                "wrong": amount("accuracy", value),
                "span": span("accuracy", ends),
                "least": amount("accuracy", float(of_answer[order][m - 1])),
            }
        )
    last = rows[2]
    return {
        "rows": rows,
        "figure": referral_curve(wrong / np.arange(1, n + 1)),
        "words": f"If the tenth of the {things(kind)} that it is least sure of goes to somebody else, "
        f"{last['wrong']} of the answers are wrong, instead of {rows[0]['wrong']}.",
    }


def next_step(evidence: dict[str, Any], metric: str, kind: str) -> str:
    """What would make the model better: how much more labels bring, and of which class; empty where nothing is known.

    Parameters
    ----------
    evidence : dict
        ``more_labels``, ``estimate`` and ``per_class``; ``left_for_time`` of its data are labelled already.
    metric : str
        What is measured.
    kind : str
        Kind of input.

    Examples
    --------
    >>> more = [{"ratio": 2, "n": 80, "score": 0.93, "low": 0.88, "high": 0.96}]
    >>> rows = [{"class": "ant", "n": 10, "recall": 0.7}, {"class": "bee", "n": 30, "recall": 0.97}]
    >>> next_step({"estimate": {"value": 0.9}, "more_labels": more}, "accuracy", "image")
    'Next: 40 more labelled pictures would bring about +3.0 points (93.0% [88.0 to 96.0%]).'
    >>> next_step({"per_class": rows}, "accuracy", "image")
    'Start with ant: of its 10 pictures 70.0% are recognised.'
    """
    more, value = evidence.get("more_labels") or [], (evidence.get("estimate") or {}).get("value")
    left = (evidence.get("data") or {}).get("left_for_time") or 0
    said = left_for_time(left, kind)
    if more and not missing(value):
        one = more[0]
        gained, new = one["score"] - value, one["n"] - one["n"] // one["ratio"]
        labels = count(new, f"more labelled {thing(kind)}", f"more labelled {things(kind)}")
        labels = f"{count(new)} of them" if new <= left else labels
        ends = f"{amount(metric, one['score'])} [{span(metric, (one['low'], one['high']))}]"
        brings = f"{labels} would bring about {100 * gained:+.1f} points ({ends})."
        if gained < _WORTH:
            brings = f"more labels would hardly help: {labels} lead to about {ends}."
        said = f"{said} {brings[:1].upper()}{brings[1:]}" if said else brings
    said = f"Next: {said}" if said else ""
    return " ".join(part for part in (said, first_class(evidence, kind)) if part)


def first_class(evidence: dict[str, Any], kind: str) -> str:
    """Of which class to label more first: the one that is recognised least, of equal ones the rarest.

    Nothing is to be labelled while labels that are there were left out for time.
    """
    if (evidence.get("data") or {}).get("left_for_time"):
        return ""
    rows = [row for row in evidence.get("per_class") or [] if row.get("n") and not missing(row.get("recall"))]
    if len(rows) < 2:
        return ""
    last = min(rows, key=lambda row: (round(row["recall"], 3), row["n"]))
    usual = sum(row["recall"] * row["n"] for row in rows) / sum(row["n"] for row in rows)
    if usual - last["recall"] < _BEHIND:
        return ""
    of = count(last["n"], thing(kind), things(kind))
    return f"Start with {last['class']}: of its {of} {amount('accuracy', last['recall'])} are recognised."


EVALUATION_TONES = {"held": "good", "better than promised": "good", "did not hold": "bad"}
EVALUATION_BADGES = {
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
        "tone": EVALUATION_TONES.get(found["word"], "open"),
        "badge": EVALUATION_BADGES.get(found["word"], str(found["word"])),
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
        "operating": _threshold_here(found.get("operating")),
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


def _threshold_here(found: dict[str, Any] | None) -> dict[str, Any] | None:
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

"""What guessing would give, and what has to be said of a model that is hardly better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.data.base.plain import plain
from headstart.guard.candidates.material import Material
from headstart.guard.choosing.guessing import trivial_answer
from headstart.guard.choosing.verdict import amount
from headstart.math.statistics.named_metrics import Metric


def trivial_evidence(material: Material, names: Sequence[Any] | None) -> dict[str, Any]:
    """The answer that needs no learning, with its score by the metric.

    Parameters
    ----------
    material : Material
        Its target, metric and weights are used.
    names : sequence or None
        Class or label names.

    Returns
    -------
    dict
        ``words``, ``score`` and ``metric``.
    """
    words, answer = trivial_answer(material.measured, material.task, material.target, names)
    score = material.measured.value(material.target, answer, material.weight)
    score = 0.0 if abs(score) < 1e-12 else score  # that of a mean, but for rounding
    return {"words": words, "score": score, "metric": material.measured.name}


def against_guessing(trivial: dict[str, Any], estimate: dict[str, Any], metric: Metric) -> tuple[bool, str]:
    """Whether the estimate's interval lies on the better side of what guessing gives; the words if it does not.

    Examples
    --------
    >>> from headstart.math.statistics.named_metrics import METRICS
    >>> accuracy = METRICS["accuracy"]
    >>> always = {"words": "always 'normal'", "score": 0.952}
    >>> against_guessing(always, {"value": 0.992, "interval": [0.971, 0.998]}, accuracy)
    (True, '')
    >>> print(against_guessing(always, {"value": 0.96, "interval": [0.94, 0.98]}, accuracy)[1])
    Not shown to be better than guessing: always 'normal' gives 95.2%, the model 96.0% (95% interval 94.0% to 98.0%).
    """
    low, high = estimate["interval"]
    worst = low if metric.larger_is_better else high
    if metric.sign * worst > metric.sign * trivial["score"]:
        return True, ""
    ends = " to ".join(amount(metric, end) for end in (low, high))
    worse = metric.sign * estimate["value"] < metric.sign * trivial["score"]
    opening = "Worse than guessing" if worse else "Not shown to be better than guessing"
    return False, (
        f"{opening}: {trivial['words']} gives {amount(metric, trivial['score'])}, "
        f"the model {amount(metric, estimate['value'])} (95% interval {ends})."
    )


def never_answered(material: Material, prediction: np.ndarray, names: Sequence[Any] | None) -> str:
    """Words for classes that a model never answers, though there are examples of them; empty where there are none.

    Parameters
    ----------
    material : Material
        Of classes.
    prediction : array of float, shape (n, K)
        Out of fold.
    names : sequence or None
        Class names.
    """
    if material.task != "classification":
        return ""
    said = np.bincount(prediction.argmax(axis=1), minlength=prediction.shape[1])
    called = [plain(name) for name in (range(len(said)) if names is None else names)]
    counts = np.bincount(material.target, minlength=len(said))
    missed = [k for k in np.flatnonzero(said == 0) if counts[k] > 0]
    if not missed:
        return ""
    n = len(material)
    if (said > 0).sum() == 1:
        only = called[int(said.argmax())]
        opening = f"The model answers '{only}' for every one of {n} held-out {material.kind.many}"
    else:
        opening = f"Of {n} held-out {material.kind.many} the model answers none with"
        opening += " " + ", ".join(f"'{called[k]}'" for k in missed[:5])
    rest = ", ".join(f"{counts[k]} are '{called[k]}'" for k in missed[:5])
    return (
        f"{opening}, though {rest}. Where these matter, measure what counts every class the same "
        "(--metric balanced_accuracy, metric='balanced_accuracy') and let every class weigh the same in learning "
        "(--class-weight balanced, class_weight='balanced')."
    )

"""The first sentence about a model: how often it will be right, and what guessing would give."""

from __future__ import annotations

from typing import Any

from headstart.guard.choosing.verdict import amount
from headstart.math.statistics.named_metrics import METRICS, Metric


def lead(estimate: dict[str, Any], trivial: dict[str, Any], things: str) -> dict[str, str]:
    """What to expect on new examples, in words for everybody.

    Parameters
    ----------
    estimate : dict
        ``metric``, ``value``, ``interval``.
    trivial : dict
        ``words`` and ``score`` of the answer that needs no learning.
    things : str
        What the examples are, such as "pictures".

    Returns
    -------
    dict of str
        ``words``, one sentence; and ``detail``: its interval, and what guessing is.

    Examples
    --------
    >>> guess = {"words": "always 'bees'", "score": 0.38}
    >>> found = lead({"metric": "accuracy", "value": 0.861, "interval": [0.79, 0.91]}, guess, "pictures")
    >>> found["words"]
    'Right for about 86 of 100 new pictures (guessing: 38).'
    >>> found["detail"]
    "With 95% confidence between 79 and 91 of 100. Guessing is always 'bees'."
    >>> lead({"metric": "r2", "value": 0.46, "interval": [0.35, 0.56]}, {"words": "", "score": 0.0}, "rows")["words"]
    'Explains about 46% of how the numbers differ between new rows (guessing: 0%).'
    """
    metric = METRICS[estimate["metric"]]
    low, high = estimate["interval"]
    value, base = estimate["value"], trivial["score"]
    if metric.name == "accuracy":
        of = 100 if max(value, base) < 0.985 else 1000
        words = f"Right for about {_of(value, of)} of {of:,} new {things} (guessing: {_of(base, of)})."
        between = f"between {_of(low, of)} and {_of(high, of)} of {of:,}"
    elif metric.name == "r2" and value > 0:
        words = f"Explains about {100 * value:.0f}% of how the numbers differ between new {things} (guessing: 0%)."
        between = f"between {100 * low:.0f} and {100 * high:.0f}%"
    else:
        words = f"{_called(metric)} about {amount(metric, value)} on new {things} (guessing: {amount(metric, base)})."
        between = f"between {amount(metric, low)} and {amount(metric, high)}"
    side = "" if metric.larger_is_better else " The smaller, the better."
    return {"words": words, "detail": f"With 95% confidence {between}. Guessing is {trivial['words']}.{side}"}


def _of(share: float, of: int) -> str:
    return f"{share * of:.0f}"


def _called(metric: Metric) -> str:
    plain = {
        "mae": "Off on average by",
        "rmse": "Off typically by",
        "r2": "R\u00b2 of",
        "auc": "Ranks right (area under the ROC curve):",
        "average_precision": "Average precision of",
        "log_loss": "Log-loss of",
    }
    return plain.get(metric.name, f"{metric.words[:1].upper()}{metric.words[1:]} of")

"""Numbers as people read them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from headstart.data.base.kinds import thing, things
from headstart.math.statistics.named_metrics import METRICS

MINUS = "\u2212"
SHARES = {
    **{metric.name: metric.words for metric in METRICS.values() if metric.percent},
    "mean_average_precision": "mean average precision",
    "ap50": "average precision (AP50)",
    "ap75": "average precision at three quarters (AP75)",
    "ap": "average precision over all overlaps (AP)",
    "ece_before": "calibration error before scaling",
    "ece_after": "calibration error",
}
NUMBERS = {
    **{metric.name: metric.words for metric in METRICS.values() if not metric.percent},
    "temperature": "temperature",
}
SMALLER_IS_BETTER = frozenset(metric.name for metric in METRICS.values() if not metric.larger_is_better)


def metric_name(metric: str) -> str:
    """What a metric is called in a sentence.

    Examples
    --------
    >>> metric_name("balanced_accuracy"), metric_name("unheard_of")
    ('balanced accuracy', 'unheard of')
    """
    return SHARES.get(metric) or NUMBERS.get(metric) or metric.replace("_", " ")


def is_share(metric: str) -> bool:
    """Whether a metric is a share of one, shown in per cent."""
    return metric in SHARES


def missing(value: Any) -> bool:
    """Whether there is no number to show."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def amount(metric: str, value: float | None) -> str:
    """A score in its own unit.

    Examples
    --------
    >>> amount("accuracy", 0.9415), amount("rmse", 12.3456), amount("accuracy", None), amount("r2", -5.1e-17)
    ('94.2%', '12.35', '–', '0')
    """
    if value is None or missing(value):
        return "–"
    if is_share(metric):
        return f"{100 * value:.1f}%".replace("-", MINUS)
    value = 0.0 if abs(value) < 1e-12 else value  # nothing, but for rounding
    digits = 3 if abs(value) < 1 else 4 if abs(value) < 100 else 5
    return f"{value:.{digits}g}".replace("-", MINUS)


def span(metric: str, interval: Sequence[float] | None) -> str:
    """An interval of scores.

    Examples
    --------
    >>> span("accuracy", (0.9, 0.955)), span("accuracy", None)
    ('90.0 to 95.5%', '')
    """
    if interval is None or any(missing(end) for end in interval):
        return ""
    low, high = (amount(metric, end) for end in interval)
    return f"{low.removesuffix('%')} to {high}"


def gain(metric: str, difference: float | None) -> str:
    """A difference of two scores, with its sign.

    Examples
    --------
    >>> gain("accuracy", 0.071), gain("accuracy", -0.004)
    ('+7.1 points', '−0.4 points')
    """
    if difference is None or missing(difference):
        return "–"
    sign = "+" if difference >= 0 else MINUS
    size = abs(difference)
    return f"{sign}{100 * size:.1f} points" if is_share(metric) else f"{sign}{size:.3g}"


def duration(seconds: float | None) -> str:
    """A duration, rounded as one would say it.

    Examples
    --------
    >>> duration(0.21), duration(42.3), duration(125), duration(1860), duration(7500)
    ('0.2 s', '42 s', '2 min 5 s', '31 min', '2 h 5 min')
    """
    if seconds is None or missing(seconds):
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def count(number: float | None, one: str = "", many: str = "") -> str:
    """A count with separators, and its noun in the right number.

    Examples
    --------
    >>> count(1, "picture"), count(12345, "picture"), count(2, "class", "classes"), count(11_200_000)
    ('1 picture', '12,345 pictures', '2 classes', '11,200,000')
    """
    if number is None or missing(number):
        return "unknown"
    noun = one if number == 1 else (many or f"{one}s")
    return f"{number:,.0f} {noun}" if one else f"{number:,.0f}"


def short_count(number: float | None) -> str:
    """A large count in thousands or millions.

    Examples
    --------
    >>> short_count(950), short_count(25_600), short_count(3_504_872)
    ('950', '25.6 thousand', '3.5 million')
    """
    if number is None or missing(number):
        return "unknown"
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e4, "thousand")):
        if number >= size:
            return f"{number / (1e3 if word == 'thousand' else size):.3g} {word}"
    return f"{number:,.0f}"


def short_number(text: str) -> str:
    """A number with more digits than anybody reads, to six of them; any other cell as it is.

    Examples
    --------
    >>> short_number("2.345808077"), short_number("12.5"), short_number("A-123456789"), short_number("123456789")
    ('2.34581', '12.5', 'A-123456789', '123456789')
    """
    found = re.fullmatch(r"-?\d+\.\d{5,}", text)
    return f"{float(text):.6g}" if found and abs(float(text)) < 1e6 else text


def p_value(value: float | None) -> str:
    """A p-value as papers print it.

    Examples
    --------
    >>> p_value(0.0312), p_value(0.00002)
    ('p = 0.031', 'p < 0.001')
    """
    if value is None or missing(value):
        return ""
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}" if value >= 0.1 else f"p = {value:.3f}"


def more_labels_words(more: Sequence[dict[str, Any]], left: int = 0, kind: str = "image") -> str:
    """What more labels would bring, of scores that are shares of one; empty where nothing is known.

    Parameters
    ----------
    more : sequence of dict
        ``evidence["more_labels"]``.
    left : int, default=0
        Labelled examples that were left out because the budget was short, which are the first to be taken.
    kind : str
        Kind of input.

    Examples
    --------
    >>> more = [{"ratio": 2, "n": 400, "score": 0.961, "low": 0.912, "high": 0.996}]
    >>> more_labels_words(more)
    '200 more labels: about 96% [91-99].'
    >>> more_labels_words(more, 1000)
    '1,000 labelled pictures were left out for time; a larger --budget uses them. 200 of them: about 96% [91-99].'
    """

    def whole(share: float) -> str:  # all right is not what 99.6% are
        return f"{min(round(100 * share), 99) if share < 1 else 100}"

    said = [
        f"{count(new)} {_more(new, left, place)}: about {whole(one['score'])}% "
        f"[{whole(one['low'])}-{whole(one['high'])}]"
        for place, one in enumerate(more)
        for new in [one["n"] - one["n"] // one["ratio"]]
    ]
    return " ".join(part for part in (left_for_time(left, kind), f"{'; '.join(said)}." if said else "") if part)


def _more(new: int, left: int, place: int) -> str:
    """Of which labels a number is: those that lie there, or more than these."""
    return "of them" if new <= left else "more labels" if place == 0 or left else "more"


def left_for_time(left: int, kind: str) -> str:
    """What a short budget left out; empty where it was long enough.

    Examples
    --------
    >>> left_for_time(1, "text"), left_for_time(0, "text")
    ('1 labelled text was left out for time; a larger --budget uses it.', '')
    """
    if not left:
        return ""
    verb, them = ("was", "it") if left == 1 else ("were", "them")
    named = count(left, f"labelled {thing(kind)}", f"labelled {things(kind)}")
    return f"{named} {verb} left out for time; a larger --budget uses {them}."

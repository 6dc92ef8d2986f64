"""What a model was handed over with, beside what was measured later: did the promise hold?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headstart.guard.choosing.verdict import amount
from headstart.math.statistics.intervals import unpaired_difference
from headstart.math.statistics.named_metrics import METRICS

HELD, BETTER, BROKEN, CANNOT_TELL = "held", "better than promised", "did not hold", "cannot tell"
#: Fewest examples that anything is said from; and a fall that must be excluded to say that a promise held.
FEWEST, MUCH = 20, 0.10
_PERCENT = frozenset({"ap50"})


@dataclass(frozen=True)
class Promise:
    """What was promised and what was measured.

    Attributes
    ----------
    word : {"held", "better than promised", "did not hold", "cannot tell"}
    sentence : str
    promised : dict or None
        ``value`` and ``interval``.
    difference, low, high : float or None
        Measured minus promised, with its 95% interval.
    """

    word: str
    sentence: str
    promised: dict[str, Any] | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None


def kept_promise(
    evidence: Mapping[str, Any], metric: str, value: float, interval: Sequence[float], n: int, many: str
) -> Promise:
    """Whether a model does as it was promised to.

    The difference of the two scores has an interval made of both of theirs
    (`headstart.math.statistics.intervals.unpaired_difference`), which respect groups. The promise did not hold where
    all of it is on the worse side. It held where it is not, and a fall by ten points is excluded.

    Parameters
    ----------
    evidence : mapping
        Of the model.
    metric : str
        What was measured.
    value : float
    interval : (float, float)
        95%.
    n : int
        Examples that it was measured on.
    many : str
        What they are.

    Examples
    --------
    >>> model = {"estimate": {"metric": "accuracy", "value": 0.95, "interval": [0.92, 0.97]}}
    >>> found = kept_promise(model, "accuracy", 0.80, (0.74, 0.85), 200, "pictures")
    >>> found.word, found.sentence[:73]
    ('did not hold', 'The promise did not hold: accuracy 80.0% on 200 new pictures [74.0-85.0%]')
    """
    estimate = evidence.get("estimate") or {}
    said = f"{_called(metric)} {_amount(metric, value)} on {n:,} new {many} {_span(metric, interval)}"
    if estimate.get("metric") != metric or estimate.get("value") is None or not estimate.get("interval"):
        return Promise(CANNOT_TELL, f"{said[:1].upper()}{said[1:]}; the model was handed over without such a figure.")
    promised: dict[str, Any] = {
        "value": float(estimate["value"]),
        "interval": [float(end) for end in estimate["interval"]],
    }
    low, high = unpaired_difference(value, interval, promised["value"], promised["interval"])
    sign = METRICS[metric].sign if metric in METRICS else 1.0
    worst, best = (low, high) if sign > 0 else (-high, -low)
    share = metric in _PERCENT or (metric in METRICS and METRICS[metric].low == 0 and METRICS[metric].high == 1)
    few = n < FEWEST
    word = CANNOT_TELL if few or (share and worst <= -MUCH) else HELD
    word = BROKEN if best < 0 and not few else BETTER if worst > 0 and not few else word
    of = f"{said}, promised {_amount(metric, promised['value'])} {_span(metric, promised['interval'])}"
    ends = " to ".join(_gain(metric, end).removesuffix(" points") for end in (low, high))
    sides = f"difference {_gain(metric, value - promised['value'])}, 95% interval {ends}"
    opening = {
        HELD: "The promise held",
        BETTER: "Better than promised",
        BROKEN: "The promise did not hold",
        CANNOT_TELL: f"Cannot tell whether the promise held: {n:,} {many} are too few"
        if few or best >= 0
        else "Cannot tell whether the promise held",
    }[word]
    return Promise(word, f"{opening}: {of} ({sides}).", promised, value - promised["value"], low, high)


def _called(metric: str) -> str:
    return METRICS[metric].words if metric in METRICS else "average precision (AP50)"


def _percent(metric: str) -> bool:
    return metric in _PERCENT or (metric in METRICS and METRICS[metric].percent)


def _amount(metric: str, value: float) -> str:
    return amount(METRICS[metric], value) if metric in METRICS else f"{100 * value:.1f}%"


def _span(metric: str, interval: Sequence[float]) -> str:
    low, high = (_amount(metric, end) for end in interval)
    return f"[{low.removesuffix('%')}-{high}]"


def _gain(metric: str, difference: float) -> str:
    return f"{100 * difference:+.1f} points" if _percent(metric) else f"{difference:+.3g}"

"""What more labels would bring, in plain values: from the estimate and the curve of what was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.math.statistics.more_labels import MOST, slope_of, with_more_labels
from headstart.math.statistics.named_metrics import METRICS

#: Times as many labels that are spoken of, and the part that learned where nothing else is known.
RATIOS, _LEARNED = (2, int(MOST)), 0.8


def more_labels(
    n: int, estimate: dict[str, Any], curves: Sequence[dict[str, Any]], transfer: bool
) -> list[dict[str, Any]]:
    """The score to expect with two and four times the labels.

    Parameters
    ----------
    n : int
        Labelled examples.
    estimate : dict
        ``metric``, ``value`` and ``interval``.
    curves : sequence of dict
        Learning curves, as in the evidence.
    transfer : bool
        Whether what was chosen borrows.

    Returns
    -------
    list of dict
        ``ratio``, ``n`` (labels in all), ``score``, ``low`` and ``high``; empty for scores that are no share of one.

    Examples
    --------
    >>> said = more_labels(100, {"metric": "accuracy", "value": 0.9, "interval": [0.8, 0.95]}, [], True)
    >>> [(one["ratio"], one["n"], round(one["score"], 2)) for one in said]
    [(2, 200, 0.93), (4, 400, 0.94)]
    >>> more_labels(100, {"metric": "rmse", "value": 3.0, "interval": [2.0, 4.0]}, [], True)
    []
    """
    metric, value, ends = METRICS.get(estimate.get("metric") or ""), estimate.get("value"), estimate.get("interval")
    shares = metric is not None and metric.percent and metric.larger_is_better
    if not shares or value is None or ends is None or not np.isfinite([value, *ends]).all():
        return []
    curve = next((one for one in curves if bool(one["transfer"]) is transfer and len(one["n"]) > 1), None)
    points = [] if curve is None else [curve[key] for key in ("n", "score", "low", "high")]
    usable = len(points) > 0 and bool(np.isfinite(np.array(points, dtype=float)).all())
    parts = np.array(points, dtype=float) if usable else np.zeros((4, 0))
    learned = min(n, max(_LEARNED * n, parts[0, -1] if usable else 0))
    found = []
    for ratio in RATIOS:
        told = with_more_labels(value, tuple(ends), ratio * n / learned, slope_of(*parts))
        found.append({"ratio": ratio, "n": ratio * n, "score": told.value, "low": told.low, "high": told.high})
    return found

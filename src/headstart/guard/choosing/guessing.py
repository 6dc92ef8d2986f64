"""The best answer that needs no learning, because it is the same for every example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.data.base.plain import plain
from headstart.math.statistics.named_metrics import Metric, guess

_MOST_LABELS = 20


def trivial_answer(
    metric: Metric, task: str, target: np.ndarray, names: Sequence[Any] | None = None
) -> tuple[str, np.ndarray]:
    """The best answer that is the same for every example, in words and as a prediction.

    The commonest class; where the metric judges probabilities, the share of each class (for a ranking, chance); the
    commonest labels, as many as score best; the mean, for absolute errors the median.

    Parameters
    ----------
    metric : Metric
    task : {"classification", "multilabel", "regression"}
    target : array
        Class numbers (n,), 0/1 (n, L), or numbers (n,) or (n, t).
    names : sequence, optional
        Class or label names. Default: their numbers.

    Examples
    --------
    >>> from headstart.math.statistics.named_metrics import METRICS
    >>> words, answer = trivial_answer(METRICS["accuracy"], "classification", np.array([0, 1, 1]))
    >>> words, answer.argmax(axis=1).tolist()
    ("always '1'", [1, 1, 1])
    >>> trivial_answer(METRICS["mae"], "regression", np.array([1.0, 2.0, 9.0]))[0]
    'always the median, 2'
    """
    if task == "regression":
        median = metric.name == "mae"
        value = np.median(target, axis=0) if median else target.mean(axis=0)
        said = f", {float(value):.4g}" if np.ndim(value) == 0 or np.size(value) == 1 else ""
        words = f"always the {'median' if median else 'mean'}{said}"
        return words, np.broadcast_to(value, target.shape).astype(np.float64)
    several = task == "multilabel"
    n_columns = target.shape[1] if several else int(target.max()) + 1
    called = list(range(n_columns)) if names is None else list(names)
    n_columns = max(n_columns, len(called))
    shares = guess(target, np.zeros((len(target), n_columns)))
    if metric.probabilities:
        if metric.by_class:
            return "ranking by chance", shares
        return f"the share of each {'label' if several else 'class'}, always", shares
    order = np.argsort(-shares[0], kind="stable")
    if not several:
        return f"always '{plain(called[order[0]])}'", np.eye(n_columns)[np.full(len(target), order[0])]
    best = max(
        (_labels(order[:m], len(target), n_columns) for m in range(min(n_columns, _MOST_LABELS) + 1)),
        key=lambda answer: metric.value(target, answer),
    )
    given = [f"'{plain(called[k])}'" for k in order if best[0, k] > 0]
    return f"always {', '.join(given)}" if given else "never a label", best


def _labels(which: np.ndarray, n: int, n_labels: int) -> np.ndarray:
    answer = np.zeros((n, n_labels))
    answer[:, which] = 1.0
    return answer

"""What guessing would give, and what has to be said of a model that is hardly better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.data.base.plain import plain
from headstart.guard.candidates.material import Material
from headstart.guard.choosing.verdict import amount
from headstart.math.statistics.named_metrics import Metric, guess

_MOST_LABELS = 20


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
    return {"words": words, "score": score, "metric": material.measured.name}


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
    >>> words, answer = trivial_answer(metric_named(None, "classification"), "classification", np.array([0, 1, 1]))
    >>> words, answer.argmax(axis=1).tolist()
    ("always '1'", [1, 1, 1])
    >>> trivial_answer(metric_named("mae", "regression"), "regression", np.array([1.0, 2.0, 9.0]))[0]
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


def against_guessing(trivial: dict[str, Any], estimate: dict[str, Any], metric: Metric) -> tuple[bool, str]:
    """Whether the estimate's interval lies on the better side of what guessing gives; the words if it does not.

    Examples
    --------
    >>> accuracy = metric_named(None, "classification")
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

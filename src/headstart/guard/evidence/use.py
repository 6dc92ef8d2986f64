"""What a model of two classes is good for: sensitivity and specificity at each threshold, and deciding by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.errors import DataError, ParameterError
from headstart.guard.candidates.material import Material
from headstart.math.statistics.named_metrics import METRICS
from headstart.math.statistics.two_classes import OperatingPoints, check_prevalence, operating_points

#: What an answer out of fold is worth at a threshold: the finished model learned from more rows, and its probabilities
#: stand a little elsewhere. Without this the intervals held the truth in 84 to 93% of draws (benchmarks/thresholds.py).
OUT_OF_FOLD = 0.5
#: Fewest examples of a class whose figures say much.
ENOUGH = 20
_SIDES = ("sensitivity", "specificity")


def use_evidence(
    material: Material, probabilities: np.ndarray, labels: list[Any] | None, worth: float = 1.0
) -> dict[str, Any] | None:
    """What each threshold finds and spares on examples that were held out; None unless there are two classes.

    Parameters
    ----------
    material : Material
    probabilities : array (n, 2)
        Calibrated, of examples that were not learned from.
    labels : list or None
        Class names.
    worth : float, default=1
        What part of an answer each is worth; `OUT_OF_FOLD` where the models of folds answered.

    Returns
    -------
    dict or None
        ``positive``, the class looked for: the rarer, of two equal ones the second; ``negative``; ``n`` of each;
        ``n_groups``; ``auc`` and ``auc_interval``; ``threshold``; ``sensitivity`` and ``specificity``, each with
        ``_low`` and ``_high``.
    """
    if material.task != "classification" or labels is None or len(labels) != 2:
        return None
    counts = np.bincount(material.target, minlength=2)
    if not counts.all():
        return None
    looked_for = int(counts[1] <= counts[0])
    points = operating_points(probabilities[:, looked_for], material.target == looked_for, material.groups, worth)
    auc = METRICS["auc"]
    return {
        "positive": str(labels[looked_for]),
        "negative": str(labels[1 - looked_for]),
        "n": [points.n_positive, points.n_negative],
        "n_groups": None if material.groups is None else len(np.unique(material.groups)),
        "auc": auc.value(material.target, probabilities),
        "auc_interval": list(auc.interval(material.target, [probabilities], groups=material.groups)),
        "prevalence": None,
        **_written(points),
    }


def _written(points: OperatingPoints) -> dict[str, list[float]]:
    found = {"threshold": points.threshold.tolist()}
    for name in _SIDES:
        ends = getattr(points, name).round(6).T.tolist()
        found |= dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
    return found


def points_of(use: Mapping[str, Any]) -> OperatingPoints:
    """The points that evidence holds.

    Raises
    ------
    DataError
        If they do not go together.
    """
    columns = [np.array(use["threshold"], dtype=float)]
    columns += [np.array([use[f"{name}{end}"] for end in ("", "_low", "_high")], dtype=float).T for name in _SIDES]
    if len({len(column) for column in columns}) != 1 or not len(columns[0]) or (np.diff(columns[0]) <= 0).any():
        raise DataError(
            "Expected thresholds that rise, each with what it finds and spares, found others.", "Fit again."
        )
    n_positive, n_negative = (int(n) for n in use["n"])
    return OperatingPoints(columns[0], columns[1], columns[2], n_positive, n_negative)


def looking_for(use: Mapping[str, Any], positive: str | None) -> dict[str, Any]:
    """The same evidence where the named class is looked for.

    Raises
    ------
    ParameterError
        For a class that is none of the two.

    Examples
    --------
    >>> looking_for({"positive": "ill", "negative": "well"}, "sick")
    Traceback (most recent call last):
    headstart.errors.ParameterError: Expected one of the classes ill and well as positive, found 'sick'. ...
    """
    if positive is None or positive == use["positive"]:
        return dict(use)
    if positive != use["negative"]:
        raise ParameterError(
            f"Expected one of the classes {use['positive']} and {use['negative']} as positive, found {positive!r}.",
            "Name one of them (--positive).",
        )
    points = points_of(use).turned()
    sides = {"positive": use["negative"], "negative": use["positive"], "n": [points.n_positive, points.n_negative]}
    turned = None if use.get("prevalence") is None else 1.0 - use["prevalence"]
    return {**use, **sides, "prevalence": turned, **_written(points)}


def stated(evidence: dict[str, Any], positive: str | None, prevalence: float | None) -> None:
    """Put into evidence which class is looked for, and how common it is where the model is used.

    Raises
    ------
    DataError
        If the evidence is not of a model of two classes.
    ParameterError
        For another class, or what is no prevalence.
    """
    if positive is None and prevalence is None:
        return
    use = two_class_use(evidence, "positive and prevalence")
    if prevalence is not None:
        check_prevalence(prevalence)
    evidence["use"] = looking_for(use, positive) | ({} if prevalence is None else {"prevalence": float(prevalence)})


def check_stated(classes: Sequence[Any] | None, positive: str | None, prevalence: float | None) -> None:
    """Refuse, before anything is learned, what `stated` would refuse.

    Raises
    ------
    ParameterError
    """
    if positive is None and prevalence is None:
        return
    names = [str(name) for name in classes or ()]
    if len(names) != 2:
        raise ParameterError(
            f"Expected positive and prevalence with two classes, found {len(names)}.",
            "Leave them out (--positive, --prevalence).",
        )
    if positive is not None and positive not in names:
        looking_for({"positive": names[0], "negative": names[1]}, positive)
    if prevalence is not None:
        check_prevalence(prevalence)


def two_class_use(evidence: Mapping[str, Any], what: str) -> dict[str, Any]:
    """What evidence holds of a model of two classes.

    Raises
    ------
    DataError
        If it holds nothing.
    """
    found: dict[str, Any] | None = evidence.get("use")
    if not found:
        task = str((evidence.get("data") or {}).get("task") or "an unknown task")
        n = len((evidence.get("data") or {}).get("classes") or ())
        told = f"one of {n} classes" if task == "classification" and n != 2 else f"one of {task} without thresholds"
        raise DataError(
            f"Expected a model of two classes for {what}, found {told}.",
            "Leave it out." if n != 2 else "Fit it again with this version.",
        )
    return found


@dataclass(frozen=True)
class Asked:
    """How to decide between two classes; at most one of these is said.

    Parameters
    ----------
    threshold : float, optional
        Probability of the class looked for from which it is answered.
    sensitivity, specificity : float, optional
        What the threshold is to reach.
    cost_miss, cost_false : float, optional
        What it costs to overlook one of the class, and to take another for one; above 0.
    positive : str, optional
        The class that is looked for. Default: what the model says.
    """

    threshold: float | None = None
    sensitivity: float | None = None
    specificity: float | None = None
    cost_miss: float | None = None
    cost_false: float | None = None
    positive: str | None = None

    def __post_init__(self) -> None:
        costs = self.cost_miss is not None or self.cost_false is not None
        said = [name for name in ("threshold", *_SIDES) if getattr(self, name) is not None] + ["costs"] * costs
        if len(said) > 1:
            raise ParameterError(f"Expected one way to choose a threshold, found {' and '.join(said)}.", "Keep one.")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ParameterError(f"Expected a threshold from 0 to 1, found {self.threshold:g}.", "0.3 is 30% sure.")
        for name in ("cost_miss", "cost_false"):
            cost = getattr(self, name)
            if cost is not None and not 0 < cost < float("inf"):
                flag = name.replace("_", "-")
                raise ParameterError(f"Expected a cost above 0, found {cost:g}.", f"--{flag} 10 is ten times as bad.")

    @property
    def said(self) -> bool:
        """Whether there is anything to decide by."""
        return any(value is not None for name, value in vars(self).items() if name != "positive")


@dataclass(frozen=True)
class Decision:
    """A threshold for one of two classes, and what it finds and spares among examples that were held out.

    Attributes
    ----------
    positive, negative : str
    threshold : float
    sensitivity, specificity : (value, low, high)
    words : str
        All of it in a sentence or two.
    """

    positive: str
    negative: str
    threshold: float
    sensitivity: tuple[float, float, float]
    specificity: tuple[float, float, float]
    words: str


def decision(evidence: Mapping[str, Any], asked: Asked) -> Decision:
    """The threshold that was asked for, from what evidence holds of examples that were held out.

    Costs decide by the probability alone, :math:`t = c_f / (c_f + c_m)`: taking one for the class then costs no more on
    average than not taking it.

    Raises
    ------
    DataError
        For another model than one of two classes.
    ParameterError
        For what such a model cannot promise.

    References
    ----------
    Elkan (2001), The foundations of cost-sensitive learning, equation 2, with right answers that cost nothing.
    """
    use = looking_for(two_class_use(evidence, "a threshold"), asked.positive)
    points = points_of(use)
    if asked.sensitivity is not None:
        k = points.finding(asked.sensitivity)
        threshold, why = float(points.threshold[k]), f", the highest that finds {100 * asked.sensitivity:g} of 100"
    elif asked.specificity is not None:
        k = points.sparing(asked.specificity)
        threshold, why = float(points.threshold[k]), f", the lowest that spares {100 * asked.specificity:g} of 100"
    elif asked.threshold is not None:
        threshold, why = asked.threshold, ""
    else:
        miss, false = (1.0 if cost is None else cost for cost in (asked.cost_miss, asked.cost_false))
        threshold, why = false / (false + miss), f", where a miss costs {miss:g} and a false alarm {false:g}"
    k = points.at(threshold)
    found, spared = ((float(a), float(b), float(c)) for a, b, c in (points.sensitivity[k], points.specificity[k]))
    positive, negative = str(use["positive"]), str(use["negative"])
    of = f"{points.n_positive:,} {positive} and {points.n_negative:,} {negative}"
    groups = f" of {use['n_groups']:,} groups" if use.get("n_groups") else ""
    few = f" Fewer than {ENOUGH} of a class: this may be far off." if min(use["n"]) < ENOUGH else ""
    words = (
        f"Answered {positive} where its probability is {threshold:.3g} or more{why}. Among {of} held out{groups}: "
        f"sensitivity {_told(found)}, specificity {_told(spared)}.{few}"
    )
    return Decision(positive, negative, threshold, found, spared, words)


def _told(share: tuple[float, float, float]) -> str:
    value, low, high = (f"{100 * end:.0f}" for end in share)
    return f"{value}% [{low}-{high}]"

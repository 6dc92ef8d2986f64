"""When does transfer make sense? What can be said before anything is trained, with the numbers behind it."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.inputs.canvases import canvases
from headstart.data.inputs.registry import simple_of
from headstart.data.sets.splits import one_of_each
from headstart.guard.candidates.material import Material
from headstart.math.statistics.relatedness import knn_score, one_hot, ridge_loo_score

Finding = dict[str, Any]
_MOST_ROWS = 2000
_MANY = 1000
_FEW = 50
_BEFORE = {
    "help": "Transfer can be expected to help",
    "hurt": "No gain is to be expected from this source",
    "open": "It is open whether transfer helps",
}


def findings(material: Material, *, random_state: int = 0) -> list[Finding]:
    """Check the conditions under which transfer helps, and measure the network's features on the target.

    Parameters
    ----------
    material : Material
        The target, and the network offered.
    random_state : int, default=0
        Seed of the sample that is looked at when there are more than 2,000 examples.

    Returns
    -------
    list of dict
        ``check``, ``value``, ``verdict`` ("for", "against" or "neutral") and ``words`` each.
    """
    if material.network is None:
        return [_finding("input type", None, "neutral", "Nothing was offered to borrow from.")]
    found = [*conditions(material), examples_per_class(material)]
    found += lengths(material)
    found += relatedness(material, random_state=random_state)
    found.append(which_layers(material))
    return found


def conditions(material: Material) -> list[Finding]:
    """What has to hold of a network before it is worth a look: the kind of input, trained weights, its size."""
    assert material.network is not None
    found = [input_type(material.network.input_type, material.input_type), trained(material.network.trained)]
    if material.network.trained:
        found.append(source_size(material.network.card.n_examples, len(material)))
    return found


def expected(found: list[Finding]) -> bool:
    """Whether nothing known beforehand speaks against transfer (input type, trained weights, size of the source)."""
    hard = ("input type", "trained weights", "size of the source")
    return not any(finding["check"] in hard and finding["verdict"] == "against" for finding in found)


def summary(found: list[Finding]) -> str:
    """The findings in one or two sentences.

    Examples
    --------
    >>> summary([_finding("trained weights", False, "against", "Its weights are random.")])
    'No gain is to be expected from this source: its weights are random.'
    """
    against = [finding for finding in found if finding["verdict"] == "against"]
    in_favour = [finding for finding in found if finding["verdict"] == "for"]
    if not expected(found):
        reasons = "; ".join(_lowered(finding["words"]) for finding in against)
        return f"No gain is to be expected from this source: {reasons}."
    if not in_favour and not against:
        return "Nothing speaks for or against transfer beforehand."
    said = "; ".join(_lowered(finding["words"]) for finding in [*in_favour, *against])
    return f"{_BEFORE[advised(found)]}: {said}."


def advised(found: list[Finding]) -> str:
    """The findings in a word: "help", "hurt" or "open"; only what was measured on the data speaks for a source."""
    sides = {finding["verdict"] for finding in found} - {"neutral"}
    if not expected(found) or sides == {"against"}:
        return "hurt"
    return "help" if sides == {"for"} else "open"


def came_out(found: list[Finding], verdict: dict[str, Any]) -> str:
    """What was said before beside what the folds said.

    Examples
    --------
    >>> came_out([], {"word": "helps", "difference": 0.132, "metric": "accuracy"})
    'Before: it is open whether transfer helps. It came out as: helps (difference +0.132 in accuracy).'
    """
    difference = verdict.get("difference")
    figure = "" if difference is None else f" (difference {difference:+.3f} in {verdict['metric']})"
    before = _BEFORE[advised(found)]
    return f"Before: {before[0].lower()}{before[1:]}. It came out as: {verdict['word']}{figure}."


def input_type(source: str, target: str) -> Finding:
    """Both tasks must share the kind of input."""
    if source == target:
        return _finding("input type", source, "neutral", f"Source and target share the input type ({source}).")
    return _finding("input type", source, "against", f"The source takes {source}, the target has {target}.")


def trained(is_trained: bool) -> Finding:
    """Random weights hold nothing to borrow."""
    if is_trained:
        return _finding("trained weights", True, "neutral", "The source's weights are trained.")
    return _finding("trained weights", False, "against", "The source's weights are random: it has learned nothing.")


def source_size(n_source: int | None, n_target: int) -> Finding:
    """The source should have seen (much) more examples than the target has.

    Examples
    --------
    >>> source_size(1_281_167, 244)["verdict"], source_size(100, 244)["verdict"], source_size(None, 244)["verdict"]
    ('neutral', 'against', 'neutral')
    """
    check = "size of the source"
    if n_source is None:
        words = f"It is not known how many examples the source was trained on; the target has {n_target:,}."
        return _finding(check, None, "neutral", words)
    ratio = n_source / max(n_target, 1)
    words = f"The source was trained on {n_source:,} examples, the target has {n_target:,}"
    if ratio < 1:
        return _finding(check, ratio, "against", f"{words}: fewer than the target itself.")
    if ratio < 10:
        return _finding(check, ratio, "neutral", f"{words}: more, but not by much ({ratio:.1f} times).")
    return _finding(check, ratio, "neutral", f"{words} ({ratio:,.0f} times as many).")


def examples_per_class(material: Material) -> Finding:
    """The fewer labels, the more there is to gain."""
    check = "size of the target"
    if material.task == "classification":
        per_class = np.bincount(material.target)
        n, what = int(per_class.min()), "in the smallest class"
    elif material.task == "multilabel":
        n, what = int(material.target.sum(axis=0).min()), "of the rarest label"
    else:
        n, what = len(material), "in all"
    words = f"There are {n:,} labelled examples {what}"
    if n >= _MANY:
        return _finding(check, n, "neutral", f"{words}: enough to learn without transfer too.")
    return _finding(check, n, "neutral", f"{words}: few enough that borrowed features save labels.")


def lengths(material: Material) -> list[Finding]:
    """How many texts are longer than the network's window; nothing where it takes something else than texts."""
    network = material.fitting_network
    if network is None or network.preprocessing.resized_by != "text_windows":
        return []
    preprocessing = network.preprocessing
    tokens = canvases(material.rows, preprocessing)
    longer = sum(map(preprocessing.longer, tokens))
    cut = sum(map(preprocessing.cut, tokens))
    window = f"the network's window of {preprocessing.window} tokens"
    if not longer:
        return [_finding("length of the texts", 0, "neutral", f"No text is longer than {window}.")]
    share = f"{longer:,} of {len(tokens):,} texts {'is' if longer == 1 else 'are'} longer than {window}"
    if not cut:
        return [_finding("length of the texts", longer, "neutral", f"{share}; they are read in several windows.")]
    verdict = "against" if cut > 0.25 * len(tokens) else "neutral"
    what = "only their beginning is read" if cut == longer else f"of {cut:,} a part is not read"
    words = f"{share}; {what}. More windows (--text-windows, text_windows=...) would read more."
    return [_finding("length of the texts", longer, verdict, words)]


def relatedness(material: Material, *, random_state: int = 0) -> list[Finding]:
    """Compare the network's features with those measured without one: neighbours, and leave-one-out ridge."""
    if material.network_features is None or material.numbers or len(material) < 4:
        return []
    rows = np.arange(len(material))
    if len(rows) > _MOST_ROWS:
        rows = np.sort(np.random.default_rng(random_state).choice(rows, _MOST_ROWS, replace=False))
    columns = material.columns[rows]
    groups = None if material.groups is None else material.groups[rows]
    if one_hot(columns):
        groups = one_of_each(columns.argmax(axis=1), groups=groups)
    deep = material.network_features.output[rows]
    simple = material.simple_features if len(rows) == len(material) else material.simple_features_of(rows)
    assert simple is not None
    found = []
    for check, score in (("nearest neighbours", knn_score), ("leave-one-out ridge", ridge_loo_score)):
        ours, theirs = score(deep, columns, groups=groups), score(simple, columns, groups=groups)
        found.append(_compared(check, ours, theirs, len(rows), material.task, simple_of(material.kind).called))
    return found


def _compared(check: str, ours: float, theirs: float, n: int, task: str, simple: str) -> Finding:
    noise = 2 * np.sqrt(max(ours * (1 - ours) + theirs * (1 - theirs), 0.05) / n)
    side = "for" if ours > theirs + noise else "against" if ours < theirs - noise else "neutral"
    if task == "classification":
        figures = f"{100 * ours:.1f}% right on the source's features, {100 * theirs:.1f}% on {simple}"
    else:
        figures = f"R² {ours:.3f} on the source's features, {theirs:.3f} on {simple}"
    return _finding(check, {"source": ours, "simple": theirs}, side, f"{check.capitalize()}: {figures}.")


def which_layers(material: Material) -> Finding:
    """What the amount of data suggests to train; the folds decide."""
    n = len(material)
    if n < _FEW:
        advice = "so few that a new output layer is the safe choice"
    elif n < _MANY:
        advice = "new output layers are safe, and fine-tuning all layers may add to them"
    else:
        advice = "enough to fine-tune all layers if there is time"
    return _finding("layers", n, "neutral", f"{n:,} labelled examples: {advice}; the folds decide.")


def _finding(check: str, value: Any, verdict: str, words: str) -> Finding:
    return {"check": check, "value": value, "verdict": verdict, "words": words}


def _lowered(words: str) -> str:
    return (words[0].lower() + words[1:]).rstrip(".")

"""Is a saved model still valid on new data? Tests, the accuracy to expect, what differs, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from headstart.adviser.next_labels import next_labels
from headstart.contract.arguments import plainly
from headstart.data.inputs.registry import simple_of
from headstart.data.reading.options import Reading
from headstart.data.sets.task import DETECTION
from headstart.data.tables.cells import BEYOND
from headstart.drift.accuracy import strangeness
from headstart.drift.adapting import adapted, what_it_learned_from
from headstart.drift.compared import APART, DOUBTFUL, INVALID, MUCH, SOME, SOME_EXPECTED, VALID, compared
from headstart.drift.new_examples import NewExamples, as_taken, new_examples, without_broken, without_learned
from headstart.errors import BadInputs, HeadstartError, ParameterError, SourceError, did_you_mean
from headstart.guard.choosing.without_labels import domain_auc
from headstart.guard.evidence.reference import Reference, measured
from headstart.math.statistics.intervals import score_interval, unpaired_difference
from headstart.math.statistics.named_metrics import METRICS
from headstart.models.evaluation.learned import adapted_blind
from headstart.models.model import Model, load
from headstart.models.saving.task_models import SeveralTasks, one_task
from headstart.networks.folder import check_place

CANNOT_TELL = "cannot tell"
#: From that which matters least.
_BY_HARM = (VALID, CANNOT_TELL, DOUBTFUL, INVALID)
#: Fewest new examples that anything is said of.
FEWEST = 20
#: A measure differs where its mean moves by this many standard deviations, a class where its share moves by so much.
_MOVED, _SHIFT = 0.5, 0.10
_SHOWN = 5
#: What labels measure, of classes and of numbers.
_LABELLED = {"classification": "accuracy", "regression": "r2"}
_NOT_PROVEN = "How often the model is right was never proven: it was adapted without labels. Labels tell it (--labels)."
_ANSWERS = {"multilabel": "several labels", DETECTION: "things in pictures"}


@dataclass(frozen=True)
class Check:
    """Whether a model is still valid.

    Attributes
    ----------
    verdict : {"valid", "doubtful", "invalid", "cannot tell"}
    sentence : str
    words : tuple of str
        What differs, and what to do.
    numbers : dict
        All that was measured, in plain JSON types.
    tasks : dict of str to Check
        Of a model of several tasks, each of them; the verdict is that of the worst.
    """

    verdict: str
    sentence: str
    words: tuple[str, ...] = ()
    numbers: dict[str, Any] = field(default_factory=dict)
    tasks: dict[str, Check] = field(default_factory=dict)


@plainly()
def check(
    model: Any,
    data: Any,
    *,
    labels: str | None = None,
    group_by: str | None = None,
    path_column: str | None = None,
    text_column: str | Sequence[str] | None = None,
    adapt: str | Path | None = None,
    learned_from: Any = None,
    random_state: int = 0,
) -> Check:
    """Say whether a model still holds on new data, by the loss of accuracy that is to be expected.

    A test opens the door: where new data cannot be told from those that the model learned from, it is valid, or
    doubtful where much is lost all the same. Where they differ, the accuracy on them is estimated without labels
    (`headstart.drift.accuracy.expected_accuracy`), and how much is lost decides. With labels the accuracy itself
    decides, or R².

    Parameters
    ----------
    model : Model, DetectionModel, SeveralTasks or path
        That keeps a reference of its data (``reference=True`` in `headstart.fit`). Where it answers with classes, what
        is lost is told too; with numbers, several labels, things in pictures or from several views, whether the data
        differ. Of several tasks each is checked.
    data : path, frame, pictures, clips, texts, (X, y) or (X, y, groups)
        New examples; under 20 nothing is said.
    labels : str, optional
        Column of labels in a table; "folders" where the folders of ``data`` are classes. Of (X, y) they are y. Of
        several tasks the name of one.
    group_by : str, optional
        Column, or expression over paths: rows of one group (a patient) are no independent evidence.
    path_column, text_column : optional
        Of a table. Default: those that the model learned from.
    adapt : path-like, optional
        Unless the model is valid, learn one for the new data from those that it learned from, by `headstart.fit`, and
        save it in this folder: adapted without labels, which is not proven; with ``labels`` measured on them.
    learned_from : path, Dataset or frame, optional
        The labelled data that ``adapt`` starts from, where they do not lie any more where the model found them.
    random_state : int, default=0

    Raises
    ------
    SourceError
        If the model keeps no reference, and there are no labels; if ``adapt`` finds no data to start from.
    ParameterError
        If ``adapt`` is to start from a model that answers with no classes.
    DataError
        For data that the model does not take.
    OutputError
        If nothing can be saved where ``adapt`` says; said before anything is read.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(60) % 2
    >>> X = (rng.random((60, 16, 16)) * 60 + 150 * y[:, None, None]).astype(np.uint8)
    >>> from headstart import fit
    >>> model = fit((X, np.array(["dark", "light"])[y]), None, budget=5)
    >>> check(model, X[:30]).verdict
    'valid'
    """
    if adapt is not None:
        check_place(adapt, "--adapt")
    known = load(model) if isinstance(model, str | Path) else model
    if isinstance(known, SeveralTasks) and adapt is None and not isinstance(data, tuple):
        as_said = partial(check, group_by=group_by, path_column=path_column, text_column=text_column)
        return _of_tasks(known, labels, partial(as_said, data=data, random_state=random_state))
    known = one_task(known)
    if labels is not None and known.task not in _LABELLED:
        raise ParameterError(
            f"Expected labels with a model of classes or of numbers, found one of {_ANSWERS[known.task]}.",
            "headstart evaluate measures it on labelled data; leave labels out (--labels) to compare the data alone.",
        )
    old = None if adapt is None else what_it_learned_from(known, learned_from)
    told = Reading(None if labels == "folders" else labels, path_column, text_column, group_by=group_by)
    new = as_taken(known, new_examples(known, data, labels, told))
    try:
        new = without_learned(known, new)
        found = _checked(known, new, random_state)
    except BadInputs:  # as in a prediction, what cannot be read is set aside and named
        new = without_learned(known, without_broken(known, new))
        found = _checked(known, new, random_state)
    found = _advised(known, found, adapt is not None)
    if new.notes:
        numbers = {**found.numbers, "left_out": [list(one) for one in new.left_out]}
        found = replace(found, words=(*new.notes, *found.words), numbers=numbers)
    if adapt is None:
        return found
    if found.verdict in (VALID, CANNOT_TELL):
        return replace(found, words=(*found.words, f"Nothing was adapted, and {adapt} was not written."))
    try:
        made = adapted(known, new, data, adapt, old, told, random_state)
    except HeadstartError as error:  # what was found of the model holds all the same
        numbers = {**found.numbers, "adapted": {"path": None, "error": str(error)}}
        return replace(found, words=(*found.words, f"Nothing was adapted: {error}"), numbers=numbers)
    verdict = made.evidence.get("verdict") or {}
    said = {"path": str(adapt), "verdict": verdict.get("word"), "sentence": verdict.get("sentence", "")}
    words = f"Adapted, and saved in {adapt}. {said['sentence']}"
    return replace(found, words=(*found.words, words), numbers={**found.numbers, "adapted": said})


def _of_tasks(known: SeveralTasks, labels: str | None, check_one: Callable[..., Check]) -> Check:
    """Each task, that of the labels by them; the worst verdict counts."""
    if labels is not None and labels not in known.models:
        expected = f"Expected labels of one of the tasks {', '.join(map(repr, known.models))}, found {labels!r}."
        raise ParameterError(expected, did_you_mean(labels, known.models))
    found = {name: check_one(one, labels=name if name == labels else None) for name, one in known.models.items()}
    worst = max((one.verdict for one in found.values()), key=_BY_HARM.index)
    said = ", ".join(f"{name} {one.verdict}" for name, one in found.items())
    return Check(worst, f"{worst.capitalize()}: of {len(found)} tasks {said}.", tasks=found)


def _advised(known: Model, found: Check, adapting: bool) -> Check:
    """What was found, with what to do where examples were chosen to be labelled."""
    if "label" not in found.numbers:
        return found
    may = not adapting and known.views is None and known.task == "classification"
    words = f"Do: label {len(found.numbers['label'])} of them (headstart label-next), then --labels tells exactly"
    return replace(found, words=(*found.words, words + ("; or --adapt OUT." if may else ".")))


def _checked(known: Model, new: NewExamples, random_state: int) -> Check:
    n = len(new.inputs)
    if n < FEWEST:
        words = f"Cannot tell: {known.kind.count(n)} are too few, {FEWEST} or more are needed."
        return Check(CANNOT_TELL, words, numbers={"n": n})
    promised = _promised(known, "accuracy")
    exact = None if new.y is None else _exact(known, new.inputs, new.y, new.groups)
    if known.reference is None:
        if exact is None:
            way = "Give labels (--labels COLUMN), or fit" if known.task in _LABELLED else "Fit"
            raise SourceError(
                "Expected a model that keeps a reference of its data, found one without.",
                f"{way} again without --no-reference; headstart evaluate measures it on labelled data.",
            )
        return _by_labels(known, n, exact, {"n": n}, ())
    return _compared(known, known.reference, new, promised, exact, random_state)


def _promised(known: Model, metric: str) -> float | None:
    """The score that the model was handed over with, if it was."""
    estimate = known.evidence.get("estimate") or {}
    if estimate.get("metric") == metric and estimate.get("value") is not None:
        return float(estimate["value"])
    found = (known.evidence.get("metrics") or {}).get(metric)
    return None if found is None else float(found)


def _exact(known: Model, inputs: Any, y: np.ndarray, groups: np.ndarray | None) -> tuple[float, float, float]:
    """Accuracy or R² on labelled new examples, with its interval; examples of one group are no independent answers."""
    if known.task == "regression":
        r2, said = METRICS["r2"], [np.asarray(known.predict(inputs), dtype=np.float64).reshape(len(y))]
        low, high = r2.interval(np.asarray(y, dtype=np.float64), said, groups=groups)
        return float(r2.value(np.asarray(y, dtype=np.float64), said[0])), float(low), float(high)
    right = (np.asarray(known.predict(inputs)).astype(str) == np.asarray(y).astype(str)).astype(np.float64)
    low, high = score_interval(right, groups)
    return float(right.mean()), float(low), float(high)


def _compared(
    known: Model,
    reference: Reference,
    new: NewExamples,
    promised: float | None,
    exact: tuple[float, float, float] | None,
    seed: int,
) -> Check:
    inputs, names = new.inputs, new.names
    network, device = known.network
    features = reference.seen(new.rows, network, str(device))
    projected, old = reference.projected(features), reference.rows.astype(np.float64)
    answers = trained = None
    if promised is not None and len(reference.heads) and known.views is None:  # earlier versions kept heads of views
        chances = known.predict_proba(inputs)
        answers = chances.argmax(axis=1)
        if reference.trained is not None:
            trained = chances, reference.trained.projected(inputs, network, str(device))
    found = compared(reference, features, answers, promised, trained=trained, groups=new.groups, random_state=seed)
    p, auc = found.p_value, domain_auc(old, projected, seed)
    numbers: dict[str, Any] = {"n": len(names), "n_reference": len(old), "p_value": p, "auc": auc, "promised": promised}
    numbers |= {f"p_{name}": test.p_value for name, test in found.tests.items()}
    unlike = [names[i] for i in np.argsort(-strangeness(old, projected), kind="stable")[:_SHOWN]]
    numbers["unlike"] = unlike
    missing = _missing(known, reference, new.rows)
    numbers |= {"missing": missing} if missing else {}
    gaps = _other_gaps(missing, len(old), len(names))
    words = [_what_differs(known, reference, new.rows, features, unlike, gaps)] if found.differs or gaps else []
    words += known.encoder.later(inputs) if known.kind.values else []
    if exact is not None:
        return _by_labels(known, len(names), exact, numbers, tuple(words))
    verdict = found.verdict(promised)
    if found.expected is None or found.before is None or found.after is None or promised is None:
        said = f"cannot be told from those learned from (p = {p:.2g})"
        said = f"differ (p = {p:.3g}, AUC {auc:.2f})" if found.differs else said
        words += [_NOT_PROVEN] if adapted_blind(known) else []
        numbers |= {"label": _to_label(features, names, seed)} if found.differs and known.task in _LABELLED else {}
        return Check(verdict, f"{verdict.capitalize()}: the {known.kind.many} {said}.", tuple(words), numbers)
    right = found.expected
    numbers |= {"expected": right.value, "interval": [right.low, right.high], "falls": right.falls}
    numbers["farther"] = 0.5 + right.farther
    shares = dict(
        zip(np.asarray(known.classes_).astype(str).tolist(), zip(found.before, found.after, strict=True), strict=True)
    )
    numbers["class_shares"] = {label: [float(a), float(b)] for label, (a, b) in shares.items()}
    told = (
        f"differ (p = {p:.3g}, AUC {auc:.2f};"
        if found.differs
        else f"cannot be told from those learned from (p = {p:.2g};"
    )
    begins = f"{verdict.capitalize()}: the {known.kind.many} {told} {len(names)} against {len(old)})"
    if not found.differs and verdict == VALID:
        return Check(VALID, f"{begins}; expected right {_points(promised)}%, as promised.", tuple(words), numbers)
    moved = [f"{k} {_points(a)}% -> {_points(b)}%" for k, (a, b) in shares.items() if abs(a - b) >= _SHIFT]
    words += [f"Class shares: {', '.join(moved)}."] if moved else []
    if found.at_most < 1.0:
        words.append(f"If its classes are as common as before, at most {_points(found.at_most)}% are answered rightly.")
    if right.farther >= APART and promised - right.value < SOME_EXPECTED:
        share = _points(0.5 + right.farther)
        words.append(f"No loss is in sight, but {share}% of them are farther off than half of those learned from were.")
    sentence = (
        f"{begins}{';' if found.differs else ', but'} expected right {_points(right.value)}% "
        f"[{_points(right.low)}-{_points(right.high)}] (promised {_points(promised)}%)."
    )
    numbers |= {} if verdict == VALID else {"label": _to_label(features, names, seed)}
    return Check(verdict, sentence, tuple(words), numbers)


def _missing(known: Model, reference: Reference, rows: Any) -> dict[str, list[float]]:
    """Of several views the share of rows without each: of those learned from, and of new ones; models of earlier
    versions know no such thing."""
    views = known.views or {}
    if not views or reference.measures.shape[1] != len(views):
        return {}
    before, after = 1.0 - reference.measures.mean(axis=0), 1.0 - known.encoder.present(rows).mean(axis=0)
    return {view: [float(a), float(b)] for view, a, b in zip(views, before, after, strict=True)}


def _other_gaps(missing: dict[str, list[float]], n_old: int, n: int) -> list[str]:
    """Words for views of which more rows, or fewer, lack one than did, by ten points and beyond chance.

    Examples
    --------
    >>> _other_gaps({"sound": [0.2, 0.5], "picture": [0.2, 0.22]}, 100, 100)
    ['sound missing in 50% of the rows (20% of those learned from)']
    """
    said = []
    for view, (a, b) in missing.items():
        both = (n_old * a + n * b) / (n_old + n)
        if abs(a - b) >= max(_SHIFT, 2 * np.sqrt(both * (1 - both) * (1 / n_old + 1 / n))):
            said.append(f"{view} missing in {_points(b)}% of the rows ({_points(a)}% of those learned from)")
    return said


def _what_differs(
    known: Model, reference: Reference, rows: Any, features: np.ndarray, unlike: list[str], gaps: list[str]
) -> str:
    """What anybody can check, and which examples are most unlike."""
    said = []
    values = measured(rows)
    called: tuple[str, ...] = () if known.kind.values else simple_of(known.kind).measures
    if values.shape[1] == reference.measures.shape[1] == len(called) and len(called):
        mean, spread = reference.measures.mean(axis=0), reference.measures.std(axis=0)
        steps = (values.mean(axis=0) - mean) / np.where(spread > 0, spread, 1.0)
        said = [
            f"{name} {'higher' if step > 0 else 'lower'}"
            for name, step in zip(called, steps, strict=True)
            if abs(step) > _MOVED
        ]
    if known.kind.values and len(reference.ranks):
        middle = np.median(features * np.sqrt(reference.ranks.shape[1]), axis=0)
        columns = list(known.encoder.get_feature_names_out()) if hasattr(known.encoder, "get_feature_names_out") else []
        order = [j for j in np.argsort(-np.abs(middle)) if abs(middle[j]) > _MOVED and j < len(columns)][:_SHOWN]
        beyond = ((rows < reference.ranks[0]) | (rows > reference.ranks[-1])).mean(axis=0)
        said = [
            f"{columns[j]} {'higher' if middle[j] > 0 else 'lower'}"
            + (f" ({_points(beyond[j])}% beyond all learned from: another unit?)" if beyond[j] >= BEYOND else "")
            for j in order
        ]
    said = gaps + said
    what = f"{', '.join(said)}; most unlike: " if said else "most unlike: "
    return f"What differs: {what}{', '.join(unlike)}."


def _to_label(features: np.ndarray, names: list[str], seed: int) -> list[str]:
    """Twenty that are worth a label."""
    found = next_labels(features, min(20, len(names)), random_state=seed)
    return [names[i] for i in found.rows]


def _by_labels(
    known: Model,
    n: int,
    exact: tuple[float, float, float],
    numbers: dict[str, Any],
    words: tuple[str, ...],
) -> Check:
    """The verdict where labels tell it: by accuracy, of numbers by R²; a promise on few examples may be off too."""
    value, low, high = exact
    metric = _LABELLED[known.task]
    promised = _promised(known, metric)
    shown = "{:.2f}".format if known.task == "regression" else _points
    span = f"{shown(low)} to {shown(high)}" if low < 0 else f"{shown(low)}-{shown(high)}"
    said = (
        f"right for {shown(value)}% of {n} labelled" if metric == "accuracy" else f"R² {shown(value)} on {n} labelled"
    )
    said = f"{said} {known.kind.many} [{span}]"
    found = {**numbers, "promised": promised, metric: value, "interval": [low, high]}
    if promised is None:
        sentence = f"{said[:1].upper()}{said[1:]}; the model was handed over without a figure to hold this against."
        return Check(CANNOT_TELL, sentence, words, found)
    fall = promised - value
    verdict = VALID if fall < SOME or high >= promised else DOUBTFUL
    if verdict == DOUBTFUL and fall >= MUCH and _surely_less(known, metric, exact, promised):
        verdict = INVALID
    end = f"(promised {shown(promised)}{'%' if metric == 'accuracy' else ''})"
    return Check(verdict, f"{verdict.capitalize()}: {said} {end}.", words, found)


def _surely_less(known: Model, metric: str, exact: tuple[float, float, float], promised: float) -> bool:
    """Whether what labels measure lies further below the promise than both may be off by."""
    estimate = known.evidence.get("estimate") or {}
    within = estimate.get("interval") if estimate.get("metric") == metric else None
    return within is None or unpaired_difference(exact[0], exact[1:], promised, within)[1] < 0


def _points(share: float) -> str:
    return f"{100 * share:.0f}"

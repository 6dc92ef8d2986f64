"""What a model says about pictures, clips, texts or rows, one answer each, with those set aside that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headstart.data.base.files import printable
from headstart.data.base.kinds import kind_named, things
from headstart.data.inputs.inputs import inputs_of
from headstart.errors import BadInputs
from headstart.networks.running.passing import passing
from headstart.progress import Progress

CHUNK = 256


def say(
    model: Any,
    items: Sequence[Any],
    progress: Progress | None = None,
    names: Sequence[str] | None = None,
    more: Any = None,
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Ask a model about files or texts; those that cannot be read are set aside, the rest is answered.

    Parameters
    ----------
    model : headstart.Model
        What was saved.
    items : sequence of Path or str
        Files of pictures, clips or texts; a string is a text itself.
    progress : callable, optional
        ``progress(what, done, total)``.
    names : sequence of str, optional
        What to call them. Default: their paths.
    more : Beside, optional
        What is said beside each answer.

    Returns
    -------
    rows : list of dict
        ``file`` and, by task, ``label``, ``probability`` and ``probabilities``; ``labels`` and ``probabilities``;
        or ``value``.
    failed : list of dict
        ``file`` and ``reason`` of each file that cannot be read.
    """
    rows: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    called = [printable(str(item)) for item in items] if names is None else list(names)
    for start in range(0, len(items), CHUNK):
        answers, reasons = _answer(model, items[start : start + CHUNK], more)
        for i, name in enumerate(called[start : start + CHUNK]):
            if i in reasons:
                failed.append({"file": name, "reason": reasons[i]})
            else:
                rows.append({"file": name, **answers[i]})
        if progress is not None:
            progress(f"labelling {things(model.input_type)}", min(start + CHUNK, len(items)), len(items))
    return rows, failed


def say_of_rows(
    model: Any, frame: Any, more: Any = None
) -> tuple[dict[int, dict[str, Any]], dict[int, str], list[str]]:
    """Ask a model of tables about the rows of one; those that cannot be answered are set aside, the rest is answered.

    Parameters
    ----------
    model : headstart.Model or SeveralTasks
    frame : DataFrame
    more : Beside, optional
        What is said beside each answer.

    Returns
    -------
    answers, reasons : dict of int to dict, dict of int to str
        By the number of the row: what the model says, or why nothing can be said: no view is there, a file is broken.
    unknown : list of str
        Words for categories and groups that were not there to learn from; of several tasks with the name of the task
        where not all say the same.
    """
    each = getattr(model, "models", None) or {"": model}
    encoders = {name: one.encoder for name, one in each.items() if getattr(one, "encoder", None) is not None}
    why = getattr(next(iter(encoders.values()), None), "unanswerable", None)
    broken: dict[int, str] = {} if why is None else why(frame)
    answers: list[dict[str, Any]] = []
    left: list[int] = []
    while len(broken) < len(frame):
        left = [row for row in range(len(frame)) if row not in broken]
        try:
            answers = ask(model, frame.iloc[left] if broken else frame, more)
            break
        except BadInputs as error:
            found = {} if why is None else why(frame, error.bad)
            if not found.keys() - broken.keys():
                raise
            broken |= found
    told = {name: encoder.unknown(frame) for name, encoder in encoders.items()}
    alike = len({tuple(words) for words in told.values()}) < 2
    unknown = [words if alike or not name else f"{name}: {words}" for name, many in told.items() for words in many]
    return dict(zip(left, answers, strict=True)) if answers else {}, broken, list(dict.fromkeys(unknown))


def ask(model: Any, inputs: Any, more: Any) -> list[dict[str, Any]]:
    """One answer an input, and what is said beside it."""
    with passing():
        answers = _answers(model, inputs)
        if more is not None:
            more.add(inputs, answers)
    return answers


def _answer(model: Any, items: Sequence[Any], more: Any) -> tuple[dict[int, dict[str, Any]], dict[int, str]]:
    """Answers and reasons by position; asked again without the broken ones until the rest can be read."""
    kind = kind_named(model.input_type)
    left = list(range(len(items)))
    broken: dict[int, str] = {}
    while left:
        try:
            answers = ask(model, inputs_of(kind, [items[i] for i in left], [str(i) for i in left]), more)
            return dict(zip(left, answers, strict=True)), broken
        except BadInputs as error:
            found = {int(name): reason for name, reason in error.bad}
            if not found.keys() & set(left):
                raise
            broken |= found
            left = [i for i in left if i not in broken]
    return {}, broken


def _answers(model: Any, inputs: Any) -> list[dict[str, Any]]:
    """One answer an input, by the model's task; of several tasks one each."""
    if getattr(model, "models", None) is not None:
        each = {name: _answers(one, inputs) for name, one in model.models.items()}
        return [{"tasks": dict(zip(each, row, strict=True))} for row in zip(*each.values(), strict=True)]
    if model.task == "regression":
        return [{"value": value} for value in model.predict(inputs).tolist()]
    classes, shares = model.classes_.tolist(), model.predict_proba(inputs).tolist()
    answers: list[dict[str, Any]] = []
    for row in shares:
        probabilities = {str(name): share for name, share in zip(classes, row, strict=True)}
        if model.task == "multilabel":
            labels = [str(name) for name, share in zip(classes, row, strict=True) if share > 0.5]
            answers.append({"labels": labels, "probabilities": probabilities})
        else:
            most = max(range(len(row)), key=row.__getitem__)
            answers.append({"label": classes[most], "probability": row[most], "probabilities": probabilities})
    return answers

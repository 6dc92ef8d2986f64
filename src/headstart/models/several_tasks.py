"""Several tasks of one table: a model for each, what borrowing gave each, one folder for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.base.address import address_of
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import Recognised, recognise
from headstart.data.reading.roles import as_list
from headstart.data.sets.checks import check_labels
from headstart.data.sets.description import tell
from headstart.errors import DataError, ParameterError
from headstart.models.labelled_sets import AUTO, parted
from headstart.models.model import Model
from headstart.models.offered import kind_offered
from headstart.models.reproduction import reproduction
from headstart.models.saving.task_models import SeveralTasks
from headstart.source import Source

#: What only a single task can have.
_SINGLE = {"plan": None, "candidates": None, "resume": False, "plain": False, "classes": None, "ask": 0}
_SINGLE |= {"positive": None, "prevalence": None}
#: What becomes of the tasks beside a target: of columns of values, of what a network sees, and of what none does.
_BESIDE = "the others are learned from where they help it."
_LEFT = "the others are left out, for no network is borrowed whose last blocks they could train."
_TAGS = "the others are left out, for several labels of rows of values are learned without other tasks."
_SEEN = "the others are left out, for rows that are seen in several views do not learn from other tasks."


def several_tasks(data: Any, source: Any, reading: Reading, group: str | None = None) -> Recognised | None:
    """The data, recognised, where their columns of labels are a task each; None where they are one task.

    Parameters
    ----------
    data, source : as in `headstart.fit`
    reading : Reading
    group : str, optional
        The column for partial pooling.

    Raises
    ------
    ParameterError
        If the column of groups is a label too, or a target is asked for and there are no tasks.
    """
    _check_groups(group, reading)
    if isinstance(data, Recognised):
        return None
    if len(as_list(reading.label)) < 2 and reading.target is None:
        return None
    if reading.task is not None and reading.target is None:
        return None
    found = recognise(data, reading, wanted=lambda: kind_offered(source))
    if reading.target is not None and not found.tasks:
        raise ParameterError(
            f"Expected a table with several label columns for the target {reading.target!r}, found "
            f"{'rows with their labels' if found.values else 'other data'}.",
            "Give a table and name the columns: --label a --label b --target a.",
        )
    return found if found.tasks else None


def fit_tasks(
    found: Recognised, fit: Callable[..., Any], given: Mapping[str, Any], said: dict[str, Any]
) -> Model | SeveralTasks:
    """Fit each task by itself and, of a table of values, with the others beside it; or the target alone.

    Each is compared on its own folds of the rows that have its label; the guard measures for each whether the others
    help it, and hands over what is not worse.

    Parameters
    ----------
    found : Recognised
        With its tasks.
    fit : callable
        `headstart.fit`, called once a task.
    given : mapping
        Its arguments.
    said : dict
        What the command that repeats it holds.

    Raises
    ------
    ParameterError
        For arguments that only a single task can have.
    """
    wrong = [name for name, default in _SINGLE.items() if given[name] != default]
    if wrong:
        raise ParameterError(
            f"Expected {' and '.join(wrong)} with one task, found {len(found.tasks)}: {', '.join(found.tasks)}.",
            "Fit them one by one (--label), or leave it out.",
        )
    goal = found.reading.target
    names = list(found.tasks) if goal is None else [goal]
    able = _lend(found, given["source"])
    tell([told_of_tasks(found, able)])
    _refuse_labels(found, names, given["source"])
    lent = _lent(found) if able and (found.values or goal is not None) else {}
    models = {}
    for name in names:
        one = found.tasks[name]
        asked = {**given, "data": one, "label": name, "target": None, "out": None, "also": None}
        beside = {} if _alone(found, name) else {other: source for other, source in lent.items() if other != name}
        auxiliary: Any = [*(given["auxiliary"] or []), *beside.values()] if found.values else beside
        asked |= {"budget": given["budget"] / len(names), "auxiliary": auxiliary or given["auxiliary"]}
        models[name] = fit(**asked)
    first = next(iter(models.values()))
    root = address_of(given["data"]) or (str(given["data"]) if isinstance(given["data"], str | Path) else "")
    nothing = isinstance(given["source"], str) and given["source"] == "auto" and found.values
    again = reproduction(root, None if nothing else given["source"], said)
    if goal is not None:
        if "given" in again:  # what is adapted to new data later is the target alone
            read = {name: value for name, value in again["given"]["reading"].items() if name != "target"}
            again["given"]["reading"] = read | {"label": goal}
        first.evidence["reproduce"] |= again
        handed: Model | SeveralTasks = first
    else:
        for model in models.values():
            model.evidence["reproduce"] |= {name: again[name] for name in ("command", "code")}
        handed = SeveralTasks(models, _evidence(models, again, given))
    if given["out"] is not None:
        handed.save(given["out"], also=given["also"])
    return handed


def _check_groups(group: str | None, reading: Reading) -> None:
    """Refuse a column of groups for partial pooling that is asked for something else too."""
    uses = {"a label": as_list(reading.label), "the part of each row": as_list(reading.split_column)}
    for what, names in uses.items():
        if group is not None and group in names:
            raise ParameterError(
                f"Expected a column of groups that share a model, found {group!r}, which is {what} too.",
                "Name a column of its own for the groups (--partial-pooling, partial_pooling=).",
            )


def _refuse_labels(found: Recognised, names: list[str], source: Any) -> None:
    """Refuse a task whose labels cannot be learned from, by its name and before hours are spent on the others."""
    for name in names:
        dataset = found.tasks[name].dataset()
        constant = dataset.task != "multilabel" and len(np.unique(dataset.y)) < 2
        if constant or source is None or isinstance(source, str):  # rows of others may bring what is too few here
            try:
                check_labels(dataset)
            except DataError as error:
                more = f", or {error.todo[0].lower()}{error.todo[1:]}" if error.todo else "."
                raise DataError(f"{name}: {error.message}", f"Leave out --label {name}{more}") from error


def _lent(found: Recognised) -> dict[str, Any]:
    """What each task lends to the others, of a table of values, or to a target; nothing of a part kept aside by any."""
    datasets = {name: one.dataset() for name, one in found.tasks.items()}
    aside = {one.held_out for one in datasets.values()} - {None}
    lent: dict[str, Any] = {}
    for name, whole in datasets.items():
        dataset = whole if whole.parts is None else whole.select(~np.isin(whole.parts, sorted(aside)))
        if len(np.unique(dataset.y)) < 2 or (found.values and dataset.task == "multilabel"):
            continue
        lent[name] = Source(dataset.inputs.frame, dataset.y, name=name) if found.values else dataset
    return lent


def _lend(found: Recognised, source: Any) -> bool:
    """Whether tasks can lend: rows of values do, and what a network that is borrowed sees; views do not."""
    if found.values or found.reading.view is not None:
        return found.values and not (found.reading.target and _alone(found, found.reading.target))
    network, kind = parted(source)[0], next(iter(found.tasks.values())).kind
    return network is not None and (network != AUTO or (kind is not None and kind.starter is not None))


def _alone(found: Recognised, name: str) -> bool:
    """Whether a task learns without the others, whatever they lend: of values one of several labels does."""
    return found.values and found.tasks[name].dataset().task == "multilabel"


def told_of_tasks(found: Recognised, lend: bool) -> str:
    """What several columns of labels were taken for, in a sentence.

    Parameters
    ----------
    found : Recognised
    lend : bool
        Whether the others can be learned from beside a target.
    """
    parts = []
    for name, one in found.tasks.items():
        dataset = one.dataset()
        many = len(dataset.classes or ())
        what = {"classification": f"{many} {'class' if many == 1 else 'classes'}", "regression": "numbers"}
        gaps = f", {dataset.unlabelled:,} gaps" if dataset.unlabelled else ""
        parts.append(f"{name} ({what.get(dataset.task, 'several labels')}, {len(dataset):,} labelled{gaps})")
    goal = found.reading.target
    left = _SEEN if found.reading.view is not None else _TAGS if found.values else _LEFT
    beside = "" if goal is None else f" The target is {goal}; {_BESIDE if lend else left}"
    return f"Several tasks: {'; '.join(parts)}.{beside}"


def _evidence(models: Mapping[str, Model], again: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    first = next(iter(models.values())).evidence
    data = {key: first["data"][key] for key in ("name", "input_type") if key in first["data"]}
    return {
        "tasks": [task_row(name, model.evidence) for name, model in models.items()],
        "data": data,
        "warnings": [
            f"{name}: {words}" for name, one in models.items() for words in one.evidence.get("warnings") or []
        ],
        "seconds": sum(model.evidence["seconds"] for model in models.values()),
        "budget": float(given["budget"]),
        "reproduce": {**first["reproduce"], **again},
    }


def task_row(name: str, evidence: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of one of several tasks: its score, what borrowing gave it, and which tasks hurt it."""
    verdict, estimate = evidence["verdict"], evidence["estimate"]
    beside = (evidence.get("auxiliary") or {}).get("tasks", [])
    return {
        "name": name,
        "task": evidence["data"]["task"],
        "n": evidence["data"]["n"],
        "metric": estimate["metric"],
        "value": estimate["value"],
        "interval": estimate["interval"],
        "chosen": next((one["name"] for one in evidence["candidates"] if one["chosen"]), ""),
        "word": verdict["word"],
        "difference": verdict.get("difference"),
        "span": verdict.get("interval"),
        "helped_by": [one["name"] for one in beside if one["kept"]],
        "refused": [one["name"] for one in beside if not one["kept"]],
    }

"""Labelled data in the form that a model takes: its kind, its classes, its columns, each input looked at once."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.base.kinds import Kind
from headstart.data.inputs.canvases import Canvases
from headstart.data.inputs.inputs import refuse_other_kind
from headstart.data.inputs.registry import simple_of
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.data.reading.roles import as_list, matching, usual_labels
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import merge
from headstart.data.sets.overlap import with_near_copies
from headstart.data.sets.screen import looked_at
from headstart.data.sets.spelling import likely_meant
from headstart.data.sets.task import DETECTION
from headstart.data.tables.frame import TABLES, read_frame, table_suffix
from headstart.data.tables.rows import as_frame, is_frame
from headstart.errors import DataError, NoLabels
from headstart.models.evaluation.columns import columns_like, columns_read
from headstart.progress import Progress

#: What of a table is read as the model's was, where nothing else is said.
_COLUMNS = ("label", "path_column", "text_column", "group_by")
_SHOWN = 5


def read_like(model: Any, data: Any, told: Reading) -> tuple[Dataset, list[str]]:
    """Read labelled data as those were read that a model learned from.

    Parameters
    ----------
    model : headstart.Model or DetectionModel
    data : path, frame, Dataset, (X, y) or (X, y, groups)
    told : Reading
        What was said of these data; what was said of the model's counts where it fits them.

    Returns
    -------
    dataset : Dataset
        Undivided: parts for training and test mean nothing here.
    notes : list of str
        What of the model's own reading could not be kept; among the notes of the data set too.

    Raises
    ------
    NoLabels
        For data without labels.
    DataError
        For data of another kind or task.
    """
    reading, said = reading_like(model, data, told)
    try:
        found = recognise(data, reading, wanted=lambda: model.kind)
        one = found.tasks.get(str(reading.label), found)
        dataset = one.dataset()
    except NoLabels as error:
        raise NoLabels(
            f"Expected {model.kind.many} with their labels to evaluate on, found {model.kind.many} without any.",
            "Name the column of labels (--label), or give a folder for each class (or where the class stands in their "
            "names, --label 're:^([^_]+)_'); headstart check compares data without labels.",
        ) from error
    if dataset.kind is not model.kind:
        refuse_other_kind(dataset.kind, model.kind, "as the model learned from")
    if dataset.task != model.task:
        raise DataError(
            f"Expected labels for {_TASKS[model.task]}, as the model answers, found some for {_TASKS[dataset.task]}.",
            "Name the column of labels (--label), or say what they are (--task).",
        )
    return dataclasses.replace(dataset, parts=None, without_label=None, notes=(*dataset.notes, *said)), said


_TASKS = {
    "classification": "one of several classes",
    "multilabel": "several labels at once",
    "regression": "numbers",
    DETECTION: "boxes",
}


def reading_like(model: Any, data: Any, told: Reading) -> tuple[Reading, list[str]]:
    """What was said, completed by what was said of the data that the model learned from; and notes."""
    given = ((model.evidence.get("reproduce") or {}).get("given") or {}).get("reading") or {}
    said = told.said()
    views = getattr(model, "views", None)
    if views is not None and told.view is None:
        said["view"] = views
    place = Path(data) if isinstance(data, str | os.PathLike) else None
    before = {name: given[name] for name in _COLUMNS if name not in said and given.get(name)}
    if place is not None and place.is_dir():
        return _of_folder(place, said, before)
    frame = as_frame(data) if is_frame(data) else None
    if frame is None and place is not None and place.is_file() and table_suffix(place) in TABLES:
        frame = read_frame(place, told.encoding, told.sheet)
    if frame is not None:
        columns = set(map(str, frame.columns))
        labels = columns_read(model, "label")
        if labels and set(labels) <= columns and "label" not in said:
            before = {"label": labels[0] if len(labels) == 1 else labels} | before
        missing = [name for name in as_list(before.get("label")) if name not in columns]
        if missing:
            raise DataError(
                f"Expected the labels in the column {missing[0]!r}, as the model learned them, found the columns "
                f"{', '.join(sorted(columns)[:12])}.",
                "Name the column that holds them here (--label, label=).",
            )
        notes = []
        if not model.kind.values and views is None and model.task != DETECTION:
            found = columns_like(model, frame, place, told.path_column, told.text_column)
            notes, before["text_column"] = list(found.notes), list(found.texts)
            before["path_column"] = None if found.files is None else found.files.column
            before = {name: value for name, value in before.items() if value}
        if "group_by" in before and before["group_by"] not in columns:
            notes += [_no_groups(before["group_by"], "has no such column")]
        held = {name: value for name, value in before.items() if set(as_list(value)) <= columns}
        said = held | said | ({} if model.task == DETECTION or "task" in said else {"task": model.task})
        return _without_others(model, frame, Reading(**said)), notes
    if model.task in ("multilabel", "regression") and "task" not in said and place is None:
        said["task"] = model.task
    X = as_frame(data[0]) if isinstance(data, tuple) and data and is_frame(data[0]) else None
    return Reading(**said) if X is None else _without_others(model, X, Reading(**said)), []


def _without_others(model: Any, frame: pd.DataFrame, how: Reading) -> Reading:
    """The same, without columns that a model of values never saw, such as the labels of other tasks; they are no
    features."""
    if not model.kind.values or how.view is not None:
        return how
    learned = {name for name, _, _ in model.encoder.fields()}
    asked = [*as_list(how.label), *as_list(how.group_by)] if how.label else [*usual_labels(frame), how.group_by or ""]
    kept = learned | {matching(frame, name) for name in asked}
    others = [name for name in frame.columns if name not in kept]
    if not others or not learned <= set(frame.columns):  # what it lacks may stand there under another name
        return how
    return dataclasses.replace(how, leave_out=tuple(dict.fromkeys([*as_list(how.leave_out), *others])))


def _of_folder(place: Path, said: dict[str, Any], before: dict[str, Any]) -> tuple[Reading, list[str]]:
    """Of a folder the expressions over paths count; that for groups where it matches here too."""
    label = before.get("label")
    if isinstance(label, str) and label.startswith("re:"):
        said = {"label": label} | said
    pattern = before.get("group_by")
    if pattern is None or "boxes" in said:
        return Reading(**said), []
    try:
        recognise(place, Reading(**said, group_by=pattern)).dataset()
    except DataError:
        return Reading(**said), [_no_groups(pattern, "does not match here")]
    return Reading(**said, group_by=pattern), []


def _no_groups(pattern: str, why: str) -> str:
    return (
        f"The model was fitted with groups by {pattern!r}, which {why}: each example counts as one of its own. If some "
        "belong together, say so (--group-by), or the intervals are too narrow."
    )


def codes_of(dataset: Dataset, model: Any) -> tuple[np.ndarray, list[str]]:
    """Labels as a model has them: numbers of its classes (n,), its labels (n, L) as 0 and 1, or numbers; and notes.

    Raises
    ------
    DataError
        For classes or labels that the model does not know, or of which some lack.
    """
    if dataset.task == "regression":
        return dataset.y.astype(np.float64), []
    known = [str(name) for name in model.classes_]
    counts = dataset.n_per_class()
    refuse_unknown([name for name, n in counts.items() if name not in known and n], known, counts, dataset.kind)
    if dataset.task == "multilabel":
        names = [str(name) for name in dataset.classes or ()]
        lacking = [name for name in known if name not in names]
        if lacking:
            raise DataError(
                f"Expected a column for each label of the model ({', '.join(known)}), found none for {lacking[0]!r}.",
                "Add it, with 0 and 1.",
            )
        return dataset.y[:, [names.index(name) for name in known]].astype(int), []
    place = {name: k for k, name in enumerate(known)}
    codes = np.array([place[label] for label in dataset.y.astype(str).tolist()], dtype=int)
    absent = [name for name in known if not counts.get(name)]
    notes = [f"There is no {', '.join(map(repr, absent))} among the {dataset.kind.many}: nothing is said of it."]
    return codes, notes if absent else []


def refuse_unknown(unknown: list[str], known: list[str], counts: dict[str, int], kind: Kind) -> None:
    """Refuse classes that a model does not know, with a hint where only the spelling differs."""
    if not unknown:
        return
    meant = likely_meant(unknown, known)
    found = ", ".join(f"{name!r} ({kind.count(counts[name])})" for name in unknown[:_SHOWN])
    if meant:
        label, mine = next(iter(meant.items()))
        todo = f"If {label!r} is {mine!r}, write it so; what it did not learn it can never answer: leave it out."
    else:
        todo = f"The model can never answer what it did not learn: leave these {kind.many} out, or fit anew with them."
    raise DataError(f"Expected the classes that the model knows ({', '.join(known[:12])}), found {found} too.", todo)


def screened_like(model: Any, dataset: Dataset, *, skip_bad: bool = False, progress: Progress | None = None) -> Dataset:
    """The data with each input looked at once: broken ones are refused or left out, copies count as one group.

    Raises
    ------
    BadInputs
        If some are broken and ``skip_bad`` is false.
    """
    if dataset.kind.values:
        return dataset
    network = getattr(model, "network", (None, ""))[0]
    seen = simple_of(dataset.kind).preprocessing if network is None else network.preprocessing
    look, bad = looked_at(dataset.inputs, seen, progress)
    whole = np.setdiff1d(np.arange(len(dataset)), [i for i, _ in bad])
    if bad:
        broken = [(dataset.names[i], reason) for i, reason in bad]
        if not skip_bad or not len(whole):
            raise dataset.inputs.bad_inputs(broken)
    sets = look.same(whole, Canvases(dataset.inputs, seen, whole))
    prints = look.near(whole)
    if bad:
        dataset = dataclasses.replace(dataset.select(whole), dropped=(*dataset.dropped, *broken))
    dataset = with_near_copies(dataset, prints, sets)
    if not sets:
        return dataset
    names = tuple(tuple(dataset.names[i] for i in rows) for rows in sets)
    return dataclasses.replace(dataset, groups=merge(dataset.groups, sets, len(dataset)), duplicates=names)

"""A correction as the row of a table: what was asked about, and the right answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headstart.web.corrections import append, keep_file
from headstart.web.limits import Refused
from headstart.web.received import Received, shown

LABEL, PATH = "label", "path"


def append_row(job: Received, said: Mapping[str, Any], model: Any, folder: Path) -> Path:
    """Write what `row_of` makes of one corrected input at the end of the table, which is given."""
    return append(folder, row_of(job, said, model, folder))


def row_of(job: Received, said: Mapping[str, Any], model: Any, folder: Path) -> dict[str, Any]:
    """The row of one corrected input; its files are kept beside the table.

    Parameters
    ----------
    job : Received
        One input, and in its fields ``label``, or ``label:NAME`` for each of several tasks. Of several labels those
        that hold, one a line.
    said : mapping
        What `headstart.web.described.described` says of the model.
    model : Model or SeveralTasks
    folder : Path
        Of corrections.

    Raises
    ------
    Refused
        422 for a label that the model does not know.
    """
    answers: dict[str, Any] = {}
    for task in said["tasks"]:
        field = f"{LABEL}:{task['name']}" if task["name"] else LABEL
        if field not in job.fields:
            raise Refused(422, f"Expected the right answer as {shown(field)}, found none.", "Say what it is.")
        answers |= _answers(task, job.fields[field])
    if job.rows:
        accept = {one["name"]: one["accept"] for one in said["columns"]}
        row = {
            name: keep_file(folder, cell.read_bytes(), suffix_of(job.called.get(name, ""), accept[name]))
            if isinstance(cell, Path)
            else cell
            for name, cell in job.rows[0].items()
        }
        names = [one["name"] for one in said["columns"]]
        return {**{name: row.get(name) for name in names}, **_apart(answers, names)}
    item = job.items[0]
    content = item.read_bytes() if isinstance(item, Path) else item.encode("utf-8", "replace")
    suffix = suffix_of(job.names[0], model.kind.suffixes) if isinstance(item, Path) else ".txt"
    return {PATH: keep_file(folder, content, suffix), **_apart(answers, [PATH])}


def _answers(task: Mapping[str, Any], said: str) -> dict[str, Any]:
    """Columns of labels with their cells."""
    name, classes = task["name"] or LABEL, task["classes"]
    if task["task"] == "regression":
        try:
            if math.isfinite(float(said)):
                return {name: said.strip()}
        except ValueError:
            pass
        raise Refused(422, f"Expected a number as the right answer, found {shown(said)!r}.")
    chosen = [one for one in said.splitlines() if one] if task["task"] == "multilabel" else [said]
    unknown = next((one for one in chosen if one not in classes), None)
    if unknown is not None:
        raise Refused(422, f"Expected one of {', '.join(classes[:20])} as the right answer, found {shown(unknown)!r}.")
    if task["task"] == "multilabel":
        return {one: int(one in chosen) for one in classes}
    return {name: said}


def _apart(answers: Mapping[str, Any], taken: list[str]) -> dict[str, Any]:
    """The answers under names that no other column has."""
    return {f"{name} (right)" if name in taken else name: value for name, value in answers.items()}


def suffix_of(name: str, known: Any) -> str:
    """The end of a name where it is one that such files have, else any of these: readers go by the content."""
    said = f".{name.rpartition('.')[2].lower()}"
    return said if said in known else sorted(known)[0]

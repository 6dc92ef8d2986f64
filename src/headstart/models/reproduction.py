"""The command and the code that give a result again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from headstart.data.reading.options import Reading
from headstart.errors import ParameterError
from headstart.guard.comparing.budget import short
from headstart.models.saving.evidence_file import read_evidence

#: Arguments of `fit` that are said otherwise, tell of the run, or say how it goes on; ``out`` is said last.
_APART = frozenset(("data", "source", "progress", "also", "resume", "out"))
#: Their options, where these are not called as they are.
_FLAGS = {"random_state": "--seed", "n_jobs": "--jobs", "n_splits": "--folds"}


def given_to_fit(given: Mapping[str, Any], defaults: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """What was said to `fit` of how to read and how to learn: each argument that is not as its default.

    Parameters
    ----------
    given, defaults : mapping
        Arguments of `fit`, and what they are where nothing is said.
    reading : Reading
    """
    apart = _APART | {field.name for field in fields(Reading)}
    said = {name: given[name] for name in defaults if name not in apart and not is_default(given[name], defaults[name])}
    return reading.said() | said | ({} if given["out"] is None else {"out": given["out"]})


def is_default(value: Any, default: Any) -> bool:
    """Whether an argument is as it is where nothing is said."""
    return value is default or (isinstance(value, str | int | float) and value == default)


def reproduction(root: str, source: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """The command and the code that give the same result again; the command is empty where it cannot say all of it.

    So it is of data, candidates or sources in memory. Beside the data's own command stands ``given``: the data, the
    sources and how they were read, as `headstart.check` takes them to adapt a model to new data.

    Parameters
    ----------
    root : str
        Where the data were read from; empty for arrays.
    source : str, path or other
    settings : dict
        What was said to `fit`, see `given_to_fit`.

    Examples
    --------
    >>> found = reproduction("here.csv", None, {"label": "ill", "budget": 90.5, "reference": False, "n_jobs": 2})
    >>> found["command"]
    'headstart fit here.csv --source none --label ill --budget 90.5s --no-reference --jobs 2'
    >>> found["code"].splitlines()[-1]
    "model = headstart.fit('here.csv', None, label='ill', budget=90.5, reference=False, n_jobs=2)"
    """
    given = {name: _written(value) for name, value in settings.items() if value is not None}
    offered = source if isinstance(source, list) else [source]
    if isinstance(source, Mapping):  # of several views
        offered = [f"{name}={'none' if one is None else one}" for name, one in source.items()]
    named = source is None or all(isinstance(one, str | Path) for one in offered)
    code = [repr(root) if root else "(X, y)", "None" if source is None else _code(source) if named else "source"]
    code += [f"{name}={repr(value) if _plain(value) else name}" for name, value in given.items() if name != "out"]
    words = ["headstart", "fit", shlex.quote(root)]
    for one in offered:
        words += ["--source", shlex.quote("none" if one is None else str(one))]
    for name, value in given.items():
        words += _options(name, value)
    files = _plain(given.get("unlabelled"))
    sayable = all(map(_plain, given.values()))
    read = {field.name: given[field.name] for field in fields(Reading) if field.name in given}
    sources = ["none" if one is None else str(one) for one in offered]
    kept = {"given": {"data": root, "sources": sources, "reading": read}} if root and named and files else {}
    lines = f"import headstart\n\nmodel = headstart.fit({', '.join(code)})"
    return kept | {"command": " ".join(words) if root and named and sayable else "", "code": lines}


def _written(value: Any) -> Any:
    """A value as code and a command write it: the path as a word."""
    if isinstance(value, list | tuple):
        return type(value)(map(_written, value))
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _plain(value: Any) -> bool:
    """Whether code can write a value down."""
    if isinstance(value, Mapping):
        return all(isinstance(one, str | int | float | list | tuple) for one in (*value, *value.values()))
    return all(map(_plain, value)) if isinstance(value, list | tuple) else isinstance(value, str | int | float | None)


def _options(name: str, value: Any) -> list[str]:
    """The words of a command that say an argument."""
    flag = _FLAGS.get(name, f"--{name.replace('_', '-')}")
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag[2:]}"]
    if name == "view":
        value = [f"{_cell(view)}={_joined(columns)}" for view, columns in value.items()]
    elif isinstance(value, Mapping):
        value = _joined([f"{label}={weight!r}".removesuffix(".0") for label, weight in value.items()])
    elif name == "classes":
        value = _joined(value)
    elif name == "budget":
        value = short(float(value)) if float(value).is_integer() else f"{float(value)!r}s"
    each = value if isinstance(value, list | tuple) else [value]
    return [word for one in each for word in (flag, shlex.quote(str(one)))]


def _joined(names: Any) -> str:
    """Names that commas part, as a command reads them: one that holds a comma in quotes."""
    return ",".join(map(_cell, [names] if isinstance(names, str) else names))


def _cell(name: Any) -> str:
    text = str(name)
    return '"' + text.replace('"', '""') + '"' if any(one in text for one in ',"\n') else text


def plan_in(plan: str | Path | dict[str, Any] | None) -> dict[str, Any] | None:
    """The plan in the folder of a model; a plan itself as it is.

    Raises
    ------
    ParameterError
        If the model has none.
    """
    if plan is None or isinstance(plan, dict):
        return plan
    found: dict[str, Any] | None = read_evidence(plan).get("plan")
    if found is None:
        raise ParameterError(
            f"Expected a model with a plan in its evidence at {plan}, found one without.",
            "Give the folder of a model that this version fitted.",
        )
    return found


def _code(source: Any) -> str:
    if isinstance(source, Mapping):
        return repr({name: None if one is None else str(one) for name, one in source.items()})
    return repr([str(one) for one in source]) if isinstance(source, list) else repr(str(source))

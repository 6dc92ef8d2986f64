"""The command and the code that give a result again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from headstart.data.reading.options import Reading
from headstart.errors import ParameterError
from headstart.guard.comparing.budget import short
from headstart.models.saving.evidence_file import read_evidence


def reproduction(root: str, source: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """The command and the code that give the same result again; the command is empty for data in memory.

    Beside a command stands ``given``: the data, the sources and how they were read, as `headstart.check` takes them to
    adapt a model to new data.

    Parameters
    ----------
    root : str
        Where the data were read from; empty for arrays.
    source : str, path or other
    settings : dict
        Arguments of `fit`; those left at their defaults are not repeated.
    """
    defaults = {"budget": 600.0, "random_state": 0, "false_alarms": 1.0, "views": 1}
    given = {k: v for k, v in settings.items() if v is not None and v is not False}
    given = {k: v for k, v in given.items() if k not in defaults or v != defaults[k]}
    offered = source if isinstance(source, list) else [source]
    if isinstance(source, Mapping):  # of several views
        offered = [f"{name}={'none' if one is None else one}" for name, one in source.items()]
    named = all(isinstance(one, str | Path) for one in offered)
    code = [repr(root) if root else "(X, y)", _code(source) if named else "None" if source is None else "source"]
    code += [f"{key}={_value(key, value)}" for key, value in given.items() if key != "out"]
    words = ["headstart", "fit", shlex.quote(root)]
    for one in offered:
        words += ["--source", shlex.quote("none" if one is None else str(one))]
    files = given.get("unlabelled", [])
    told = all(isinstance(one, str | Path) for one in (files if isinstance(files, list) else [files]))
    for key, value in given.items():
        if key == "view":
            value = [f"{name}={','.join(columns)}" for name, columns in value.items()]
        elif isinstance(value, Mapping):
            value = ",".join(f"{name}={weight:g}" for name, weight in value.items())
        flag = {"random_state": "--seed"}.get(key, f"--{key.replace('_', '-')}")
        if key == "classes":
            value = ",".join(map(str, value))
        if value is True:
            words.append(flag)
            continue
        for one in value if isinstance(value, list | tuple) else [value]:
            words += [flag, short(float(one)) if key == "budget" else shlex.quote(str(one))]
    command = " ".join(words) if root and told and (named or source is None) else ""
    read = {field.name: given[field.name] for field in fields(Reading) if field.name in given}
    sources = ["none" if one is None else str(one) for one in offered]
    kept = {"given": {"data": root, "sources": sources, "reading": read}} if command else {}
    return kept | {"command": command, "code": f"import headstart\n\nmodel = headstart.fit({', '.join(code)})"}


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


def _value(key: str, value: Any) -> str:
    """What stands for an argument in code; data in memory are called as the argument is."""
    if isinstance(value, Path):
        return str(value)
    if key == "view":
        return repr(value)
    plain = all(
        isinstance(one, str | Path | int | float) for one in (value if isinstance(value, list | tuple) else [value])
    )
    return repr(value) if plain else key


def _code(source: Any) -> str:
    if isinstance(source, Mapping):
        return repr({name: None if one is None else str(one) for name, one in source.items()})
    return repr([str(one) for one in source]) if isinstance(source, list) else repr(str(source))

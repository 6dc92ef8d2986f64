"""Every example in a docstring runs, and every public name has a docstring."""

from __future__ import annotations

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

import headstart

SOURCE = Path(__file__).parents[2] / "src"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
WITH_EXAMPLES = [
    ".".join(file.relative_to(SOURCE).with_suffix("").parts)
    for file in sorted((SOURCE / "headstart").rglob("*.py"))
    if ">>> " in file.read_text(encoding="utf-8")
]
PUBLIC = [name for name in headstart.__all__ if not name.startswith("__")]


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples_run(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testmod(importlib.import_module(module), optionflags=FLAGS)
    assert tried and not failed


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_say_what_they_are_for(name: str) -> None:
    public = getattr(headstart, name)
    words = inspect.getdoc(public) or ""
    assert len(words.splitlines()[0]) > 20, f"headstart.{name} needs a docstring that starts with one sentence"
    home = public.__module__
    assert home.startswith("headstart.") and ">>> " in words, f"headstart.{name} needs an example in its docstring"


@pytest.mark.parametrize("name", PUBLIC)
def test_parameters_are_described(name: str) -> None:
    public = getattr(headstart, name)
    words = inspect.getdoc(public) or ""
    described = set(inspect.signature(public).parameters) - {"args", "kwargs", "self"}
    missing = [parameter for parameter in described if parameter not in words]
    assert not missing, f"headstart.{name} does not describe {missing}"

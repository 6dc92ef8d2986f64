"""A network that a function in the user's own file makes: "FILE.py:FUNCTION"."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from headstart.errors import SourceError
from headstart.networks.refuse import refuse_missing
from headstart.source import NetworkSource

if TYPE_CHECKING:  # that a path leads to nothing is told without torch
    from torch import nn

    from headstart.networks.network import Network

_HOW = "Write it as path/to/file.py:function; the function takes no arguments and gives a module or a NetworkSource."


def is_file_source(source: Any) -> bool:
    """Whether a source names a function in a Python file.

    Examples
    --------
    >>> [is_file_source(text) for text in ("nets/mine.py:make", "timm:resnet18", "mine.py", "starter:pictures")]
    [True, False, True, False]
    """
    if not isinstance(source, str):
        return False
    return source.endswith(".py") or ".py:" in source


def split_source(source: str) -> tuple[Path, str]:
    """File and function of "FILE.py:FUNCTION".

    Raises
    ------
    SourceError
        If the file is not there, or no function is named.
    """
    text, colon, function = source.rpartition(":")
    if not colon or not text.endswith(".py") or not function.isidentifier():
        raise SourceError(f"Expected a function of a Python file, found {source!r}.", _HOW)
    path = Path(text).expanduser()
    refuse_missing(path)
    if not path.is_file():
        raise SourceError(f"Expected a function of a Python file, found the folder {path}.", _HOW)
    return path, function


def call_function(source: str) -> NetworkSource | nn.Module:
    """Run the user's file and call its function.

    The file becomes a module under a name of its own, so that it can neither hide nor be hidden by another; while it
    runs, its folder is searched for what it imports, as when Python runs it.

    Parameters
    ----------
    source : str
        "FILE.py:FUNCTION".

    Returns
    -------
    NetworkSource or torch.nn.Module
        A bare module is named after the function where it has no name.

    Raises
    ------
    SourceError
        If the file cannot be run, has no such function, or that fails or gives something else.
    """
    path, function = split_source(source)
    with _folder_first(path.resolve().parent):
        module = _run(path)
        made = getattr(module, function, None)
        if not callable(made):
            known = [name for name, value in vars(module).items() if _own_function(value, module)]
            found = ", ".join(known) or "no function"
            raise SourceError(f"Expected a function {function!r} in {path}, found {found}.", _HOW)
        try:
            network = made()
        except Exception as error:
            raise _failed(f"Expected {function}() of {path} to make a network", error, path) from error
    from torch import nn

    if not isinstance(network, (NetworkSource, nn.Module)):
        raise SourceError(
            f"Expected a torch module or a NetworkSource from {function}() of {path}, found {type(network).__name__}.",
            _HOW,
        )
    return network


def _run(path: Path) -> ModuleType:
    content = path.read_bytes()
    name = f"_headstart_source_{hashlib.sha256(str(path.resolve()).encode() + content).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SourceError(f"Expected a Python file, found {path}.", _HOW)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and copies look their module up there
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if not isinstance(error, (Exception, SystemExit)):
            raise
        raise _failed(f"Expected a Python file that runs, found {path}", error, path) from error
    return module


@contextlib.contextmanager
def _folder_first(folder: Path) -> Iterator[None]:
    """Let imports look into a folder first, for the length of a with-block."""
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(entry)


def _own_function(value: Any, module: ModuleType) -> bool:
    return callable(value) and getattr(value, "__module__", "") == module.__name__ and not isinstance(value, type)


def _failed(words: str, error: BaseException, path: Path) -> SourceError:
    """What went wrong in the user's code, and in which of its lines."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    number = frames[-1].lineno if frames else getattr(error, "lineno", None)
    line = f" in line {number}" if number else ""
    return SourceError(f"{words}, found {type(error).__name__}{line}: {str(error).strip()[:300]}", "Repair it.")


def read_file(source: str, input_type: str | None) -> Network:
    """The network that the function of a file makes."""
    from headstart.networks.reading.module_source import read_module

    network = read_module(call_function(source), input_type)
    named = f"{source.rpartition(':')[2]}" if network.name == type(network.module).__name__ else network.name
    return dataclasses.replace(network, name=named, card=dataclasses.replace(network.card, origin=source))

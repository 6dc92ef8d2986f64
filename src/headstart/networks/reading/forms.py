"""What a source is: which form it has, what identifies its present content, and what reads it; decided once."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.errors import SourceError
from headstart.networks.folder import refuse_odd_files
from headstart.networks.reading.file_source import is_file_source, split_source
from headstart.networks.refuse import FORMS, refuse_file, refuse_missing
from headstart.source import NetworkSource, Source

if TYPE_CHECKING:  # that a path leads to nothing is told without torch
    from torch import nn


@dataclass(frozen=True)
class Form:
    """A source as it stands now.

    Parameters
    ----------
    key : tuple
        The same as long as its content is.
    reader : str
        What makes a network of it, as "module:function" in this folder, called with ``given`` and the kind of input
        that is wanted, or None.
    given : anything
        A folder, a text or a module.
    asks : bool, default=False
        Whether what it takes may be told by what is wanted alone.
    """

    key: tuple[Any, ...]
    reader: str
    given: Any
    asks: bool = False


_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")


def form_of(source: Any) -> Form:
    """Recognise a source; a network of the hub is fetched where it is not in the local cache.

    Raises
    ------
    SourceError
        For what is no source, is not there, or is only the name of one in a model that was loaded.
    """
    from torch import nn

    if isinstance(source, NetworkSource):
        stamp = _stamp(Path(source.weights).expanduser()) if source.weights is not None else ()
        settings = (source.size, tuple(source.mean), tuple(source.std), source.n_examples, source.name, source.licence)
        wave = (source.sampling_rate, source.seconds)
        key: tuple[Any, ...] = ("source", _module_key(source.module), stamp, settings, wave)
        return Form(key, "module_source:read_module", source, asks=True)
    if isinstance(source, nn.Module):
        return Form(("module", _module_key(source)), "module_source:read_module", source, asks=True)
    if isinstance(source, Source) and source.X is None:
        raise SourceError(
            f"Expected {FORMS}, found the name of one ({source.name!r}) in a model that was loaded from its folder.",
            "What such a name stands for is never looked up: set source= to what you want to borrow from.",
        )
    if not isinstance(source, (str, os.PathLike)):
        raise SourceError(f"Expected {FORMS}, found {type(source).__name__}.", "Give one of these.")
    text = os.fspath(source)
    if isinstance(source, str) and text.startswith("starter:"):
        return Form(("name", text), "folder_source:read_starter", text)
    if isinstance(source, str) and text.startswith("timm:"):
        return Form(("name", text), "timm_source:read_timm", text)
    if is_file_source(source):
        file, function = split_source(text)
        stat = file.stat()
        key = ("file", str(file.resolve()), function, stat.st_mtime_ns, stat.st_size)
        return Form(key, "file_source:read_file", text, asks=True)
    return _by_path(source, text)


def _by_path(source: str | os.PathLike[str], text: str) -> Form:
    path = Path(text).expanduser()
    if path.is_dir():
        refuse_odd_files(path)
        return Form(("folder", str(path.resolve()), *_stamp(path)), "folder_source:read_own_folder", path)
    if path.exists():
        refuse_file(path)
    refuse_absent(source)
    if text.startswith("timm/"):
        return Form(("name", text), "timm_source:read_timm", text)
    from headstart.networks.reading.hub import fetch

    folder = fetch(text)
    refuse_odd_files(folder)
    return Form(("hub", text, str(folder), *_stamp(folder)), "folder_source:read_hub_folder", (folder, text))


def refuse_absent(source: str | os.PathLike[str]) -> None:
    """Refuse a path that leads to nothing; what may be the name of a network elsewhere is none.

    Raises
    ------
    SourceError
    """
    text = os.fspath(source)
    path = Path(text).expanduser()
    elsewhere = isinstance(source, str) and (_HUB_ID.fullmatch(text) or ":" in text) and not path.parent.is_dir()
    if not (elsewhere or text.startswith(("starter:", "timm:")) or is_file_source(source)):
        refuse_missing(path)


def _stamp(path: Path) -> tuple[Any, ...]:
    files = sorted(path.iterdir()) if path.is_dir() else [path] if path.exists() else []
    found = [(file.name, file.stat()) for file in files if file.suffix in (".json", ".safetensors", ".bin", ".md")]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)


def _module_key(module: nn.Module) -> tuple[Any, ...]:
    """What changes when a module's weights are written to, without reading them."""
    tensors = [*module.parameters(), *module.buffers()]
    return (id(module), tuple((tensor.data_ptr(), tensor._version) for tensor in tensors))

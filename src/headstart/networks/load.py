"""One door for everything that can be borrowed from: a source in, a network out."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from torch import nn

from headstart.errors import ParameterError, SourceError
from headstart.networks.folder import MANIFEST
from headstart.networks.hub import fetch
from headstart.networks.module_source import module_key, read_module
from headstart.networks.network import Network, SourceCard
from headstart.networks.random_weights import random_network
from headstart.networks.refuse import KINDS, refuse_file, refuse_missing
from headstart.networks.transformers_source import read_settings, read_transformers
from headstart.source import NetworkSource

__all__ = ["Network", "SourceCard", "load_network", "random_network"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")
_STARTERS = Path(__file__).parents[1] / "starters"
_KEPT = 4
_loaded: OrderedDict[Any, tuple[Any, Network]] = OrderedDict()
_lock = threading.RLock()


def load_network(source: Any, *, input_type: str = "image") -> Network:
    """Read the network that a source names.

    The last four are kept, so asking again for an unchanged source costs nothing.

    Parameters
    ----------
    source : str, path, NetworkSource, torch.nn.Module or Network
        A transformers folder; a folder that headstart saved; a hub id ("org/name" or "org/name@revision"; one that is
        in the local cache needs no connection); "starter:pictures"; "timm:resnet18" or "timm/..." (extra ``timm``); a
        module in memory, bare or with its weights, size and normalisation in a `NetworkSource`. A `Network` comes
        back as it is.
    input_type : {"image"}, default="image"
        What the data are.

    Returns
    -------
    Network
        Shared: copy its module before training it.

    Raises
    ------
    SourceError
        If it is not there, cannot be reached, has no or damaged weights, is a pickle, or takes another input type.
    MissingExtra
        For a timm source without timm.
    """
    if input_type != "image":
        raise ParameterError(f"Expected input_type 'image', found {input_type!r}.", "Give pictures.")
    if isinstance(source, Network):
        return source
    key, path = _key(source)
    with _lock:
        if key in _loaded:
            _loaded.move_to_end(key)
            return _loaded[key][1]
        network = _read(source, key[0], path)
        _loaded[key] = (source, network)
        while len(_loaded) > _KEPT:
            _loaded.popitem(last=False)
        return network


def _key(source: Any) -> tuple[Any, Path | None]:
    """What identifies a source's present content, and its folder if it has one."""
    if isinstance(source, NetworkSource):
        stamp = _stamp(Path(source.weights).expanduser()) if source.weights is not None else ()
        settings = (source.size, tuple(source.mean), tuple(source.std), source.n_examples, source.name, source.licence)
        return ("source", module_key(source.module), stamp, settings), None
    if isinstance(source, nn.Module):
        return ("module", module_key(source)), None
    if not isinstance(source, (str, os.PathLike)):
        raise SourceError(f"Expected {KINDS}, found {type(source).__name__}.", "Give one of these.")
    text = os.fspath(source)
    if isinstance(source, str) and text.startswith(("starter:", "timm:")):
        return ("name", text), None
    path = Path(text).expanduser()
    if path.is_dir():
        return ("folder", str(path.resolve()), *_stamp(path)), path
    if path.exists():
        refuse_file(path)
    if not (isinstance(source, str) and _HUB_ID.fullmatch(text)) or path.parent.is_dir():
        refuse_missing(path)
    if text.startswith("timm/"):
        return ("name", text), None
    folder = fetch(text)
    return ("hub", text, str(folder), *_stamp(folder)), folder


def _stamp(path: Path) -> tuple[Any, ...]:
    files = sorted(path.iterdir()) if path.is_dir() else [path] if path.exists() else []
    found = [(file.name, file.stat()) for file in files if file.suffix in (".json", ".safetensors", ".bin", ".md")]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)


def _read(source: Any, kind: str, path: Path | None) -> Network:
    if kind == "hub" and path is not None:
        return read_transformers(path, name=str(source), origin=f"hub: {source}")
    if path is not None:
        return _read_folder(path)
    if isinstance(source, (NetworkSource, nn.Module)):
        return read_module(source)
    if source.startswith("starter:"):
        return _read_starter(source)
    from headstart.networks.timm_source import read_timm

    return read_timm(source)


def _read_folder(folder: Path) -> Network:
    ours = (folder / MANIFEST).is_file()
    if ours and not (folder / "config.json").is_file():
        raise SourceError(
            f"Expected a network in {folder}, found weights that headstart saved for a module of yours.",
            f"Give the module too: headstart.NetworkSource(module, weights={str(folder / 'model.safetensors')!r}).",
        )
    if "architecture" in read_settings(folder):
        from headstart.networks.timm_source import read_timm_folder

        return read_timm_folder(folder)
    return read_transformers(folder, kind="headstart" if ours else "transformers")


def _read_starter(source: str) -> Network:
    name = source.removeprefix("starter:")
    folder = _STARTERS / name
    if not name.isidentifier() or not (folder / "config.json").is_file():
        known = sorted(item.parent.name for item in _STARTERS.glob("*/config.json"))
        listed = ", ".join(f"'starter:{item}'" for item in known) or "none"
        raise SourceError(f"Expected one of the bundled networks, found {source!r}.", f"There is: {listed}.")
    return read_transformers(folder, kind="starter", name=source, origin=f"bundled with headstart: {source}")

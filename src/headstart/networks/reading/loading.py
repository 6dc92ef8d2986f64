"""One door for everything that can be borrowed from: a source in, a network out."""

from __future__ import annotations

import dataclasses
import os
import re
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from torch import nn

from headstart.data.base.kinds import CLIPS, kind_named, network_kinds
from headstart.errors import ParameterError, SourceError
from headstart.networks.folder import MANIFEST, read_manifest, refuse_odd_files
from headstart.networks.network import Network, SourceCard
from headstart.networks.reading.audio_source import is_audio_type, read_audio
from headstart.networks.reading.config_file import PROCESSORS, read_config
from headstart.networks.reading.file_source import call_function, is_file_source, split_source
from headstart.networks.reading.hub import fetch
from headstart.networks.reading.module_source import module_key, read_module
from headstart.networks.reading.random_weights import random_network
from headstart.networks.reading.sentence_folder import MODULES
from headstart.networks.reading.sound_source import read_sound
from headstart.networks.reading.text_source import read_text
from headstart.networks.reading.transformers_source import read_settings, read_transformers
from headstart.networks.refuse import FORMS, refuse_file, refuse_input, refuse_missing, refuse_type
from headstart.networks.seal import check_files, in_words
from headstart.nn.bodies.sound_network import MODEL_TYPE
from headstart.source import NetworkSource, Source

__all__ = ["Network", "SourceCard", "load_network", "random_network"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")
_STARTERS = Path(__file__).parents[2] / "starters"
_KEPT = 4
_loaded: OrderedDict[Any, tuple[Any, Network]] = OrderedDict()
_lock = threading.RLock()


def load_network(source: Any, *, input_type: str | None = None) -> Network:
    """Read the network that a source names.

    The last four are kept, so asking again for an unchanged source costs nothing.

    Parameters
    ----------
    source : str, path, NetworkSource, torch.nn.Module or Network
        A transformers folder; a folder that headstart saved; a hub id ("org/name" or "org/name@revision"; one that is
        in the local cache needs no connection); "starter:pictures", "starter:speech"; "timm:resnet18" or "timm/..."
        (extra ``timm``); a module in memory, bare or with its weights, size and normalisation or sampling rate in a
        `NetworkSource`; "path/to/file.py:function", a function of your own file that gives a module or a
        `NetworkSource`. A `Network` comes back as it is.
    input_type : {"image", "audio", "text"}, optional
        What the data are; a network that takes something else is refused. Default: any.

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
    names = [kind.input_type for kind in network_kinds()]
    if input_type not in (None, *names):
        kind = kind_named(str(input_type))
        raise ParameterError(
            f"Expected input_type {', '.join(map(repr, names))} or None, found {input_type!r}.",
            f"Give {' or '.join(one.takes for one in network_kinds())}; no network takes {kind.many}.",
        )
    network = source if isinstance(source, Network) else _loaded_once(source, input_type)
    refuse_input(network.name, network.input_type, input_type)
    return network


def taken(source: Any) -> str:
    """What a network to borrow from takes, in words for a refusal: nothing is fetched and no file of code is run.

    Examples
    --------
    >>> taken("starter:speech"), taken("mine.py:build")
    ('clips', 'pictures, clips or texts')
    """
    *first, last = (kind.many for kind in network_kinds())
    near = not isinstance(source, str | os.PathLike) or str(source).startswith("starter:") or Path(source).is_dir()
    return load_network(source).takes.many if near and not is_file_source(source) else f"{', '.join(first)} or {last}"


def _loaded_once(source: Any, input_type: str | None) -> Network:
    key, path = _key(source)
    keys = [key]
    if key[0] in ("module", "source", "file"):  # what these take may be told by what is wanted alone
        wanted = [input_type] if input_type is not None else [None, *(kind.input_type for kind in network_kinds())]
        keys = [(*key, kind) for kind in wanted]
    with _lock:
        for known in keys:
            if known in _loaded:
                _loaded.move_to_end(known)
                return _loaded[known][1]
        network = _read(source, key[0], path, input_type)
        _loaded[keys[0]] = (source, network)
        while len(_loaded) > _KEPT:
            _loaded.popitem(last=False)
        return network


def _key(source: Any) -> tuple[Any, Path | None]:
    """What identifies a source's present content, and its folder if it has one."""
    if isinstance(source, NetworkSource):
        stamp = _stamp(Path(source.weights).expanduser()) if source.weights is not None else ()
        settings = (source.size, tuple(source.mean), tuple(source.std), source.n_examples, source.name, source.licence)
        wave = (source.sampling_rate, source.seconds)
        return ("source", module_key(source.module), stamp, settings, wave), None
    if isinstance(source, nn.Module):
        return ("module", module_key(source)), None
    if isinstance(source, Source) and source.X is None:
        raise SourceError(
            f"Expected {FORMS}, found the name of one ({source.name!r}) in a model that was loaded from its folder.",
            "What such a name stands for is never looked up: set source= to what you want to borrow from.",
        )
    if not isinstance(source, (str, os.PathLike)):
        raise SourceError(f"Expected {FORMS}, found {type(source).__name__}.", "Give one of these.")
    text = os.fspath(source)
    if isinstance(source, str) and text.startswith(("starter:", "timm:")):
        return ("name", text), None
    if is_file_source(source):
        file, function = split_source(text)
        stat = file.stat()
        return ("file", str(file.resolve()), function, stat.st_mtime_ns, stat.st_size), None
    path = Path(text).expanduser()
    if path.is_dir():
        refuse_odd_files(path)
        return ("folder", str(path.resolve()), *_stamp(path)), path
    if path.exists():
        refuse_file(path)
    if not (isinstance(source, str) and _HUB_ID.fullmatch(text)) or path.parent.is_dir():
        refuse_missing(path)
    if text.startswith("timm/"):
        return ("name", text), None
    folder = fetch(text)
    refuse_odd_files(folder)
    return ("hub", text, str(folder), *_stamp(folder)), folder


def _stamp(path: Path) -> tuple[Any, ...]:
    files = sorted(path.iterdir()) if path.is_dir() else [path] if path.exists() else []
    found = [(file.name, file.stat()) for file in files if file.suffix in (".json", ".safetensors", ".bin", ".md")]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)


def _read(source: Any, kind: str, path: Path | None, input_type: str | None) -> Network:
    if path is not None:
        with in_words("a network", path):
            if kind == "hub":
                return _read_folder(path, input_type, "transformers", str(source), f"hub: {source}")
            return _read_own_folder(path, input_type)
    if kind == "file":
        network = read_module(call_function(source), input_type)
        named = f"{source.rpartition(':')[2]}" if network.name == type(network.module).__name__ else network.name
        return dataclasses.replace(network, name=named, card=dataclasses.replace(network.card, origin=source))
    if isinstance(source, (NetworkSource, nn.Module)):
        return read_module(source, input_type)
    if source.startswith("starter:"):
        return _read_starter(source, input_type)
    from headstart.networks.reading.timm_source import read_timm

    return read_timm(source)


def _read_own_folder(folder: Path, input_type: str | None) -> Network:
    ours = (folder / MANIFEST).is_file()
    if ours:
        check_files(folder, read_manifest(folder))
    if ours and not (folder / "config.json").is_file():
        raise SourceError(
            f"Expected a network in {folder}, found weights that headstart saved for a module of yours.",
            f"Give the module too: headstart.NetworkSource(module, weights={str(folder / 'model.safetensors')!r}).",
        )
    if not (folder / "config.json").is_file() and (folder / MODULES).is_file():  # its body lies in a folder of its own
        return read_text(folder)
    if "architecture" in read_settings(folder):
        from headstart.networks.reading.timm_source import read_timm_folder

        return read_timm_folder(folder)
    return _read_folder(folder, input_type, "headstart" if ours else "transformers")


def _read_folder(folder: Path, input_type: str | None, kind: str, name: str | None = None, origin: str = "") -> Network:
    """A folder with ``config.json``, by what it says that the network is."""
    model_type = str(read_settings(folder).get("model_type"))
    for settings in (folder / file for file in PROCESSORS):
        if settings.is_file():
            read_config(settings)
    if is_audio_type(model_type):
        refuse_input(name or folder.resolve().name, CLIPS.input_type, input_type)
        return read_audio(folder, kind=kind, name=name, origin=origin)
    if model_type == MODEL_TYPE:
        return read_sound(folder, kind="headstart" if kind == "transformers" else kind, name=name, origin=origin)
    if refuse_type(folder, read_settings(folder), input_type).typed:
        return read_text(folder, kind=kind, name=name, origin=origin)
    return read_transformers(folder, kind=kind, name=name, origin=origin, input_type=input_type)


def _read_starter(source: str, input_type: str | None) -> Network:
    name = source.removeprefix("starter:")
    folder = _STARTERS / name
    if not name.isidentifier() or not (folder / "config.json").is_file():
        known = sorted(item.parent.name for item in _STARTERS.glob("*/config.json"))
        listed = ", ".join(f"'starter:{item}'" for item in known) or "none"
        raise SourceError(f"Expected one of the bundled networks, found {source!r}.", f"There is: {listed}.")
    return _read_folder(folder, input_type, "starter", source, f"bundled with headstart: {source}")

"""One door for everything that can be borrowed from: a source in, a network out."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.data.base.address import brought
from headstart.data.base.kinds import kind_named, network_kinds
from headstart.data.inputs.registry import resolve
from headstart.errors import ParameterError
from headstart.networks.reading.file_source import is_file_source
from headstart.networks.reading.forms import form_of
from headstart.networks.refuse import refuse_input
from headstart.uncollected import uncollected

if TYPE_CHECKING:  # torch is loaded with the first network: rows of a table need none
    from headstart.networks.network import Network

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
        `NetworkSource`. A folder or file may lie at an address that fsspec knows ("s3://bucket/net"). A `Network` comes
        back as it is.
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
    from headstart.networks.network import Network

    network = source if isinstance(source, Network) else _loaded_once(brought(source), input_type)
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


@uncollected()
def _loaded_once(source: Any, input_type: str | None) -> Network:
    form = form_of(source)
    keys = [form.key]
    if form.asks:
        wanted = [input_type] if input_type is not None else [None, *(kind.input_type for kind in network_kinds())]
        keys = [(*form.key, kind) for kind in wanted]
    with _lock:
        for known in keys:
            if known in _loaded:
                _loaded.move_to_end(known)
                return _loaded[known][1]
        network: Network = resolve(f"headstart.networks.reading.{form.reader}")(form.given, input_type)
        _loaded[keys[0]] = (source, network)
        while len(_loaded) > _KEPT:
            _loaded.popitem(last=False)
        return network

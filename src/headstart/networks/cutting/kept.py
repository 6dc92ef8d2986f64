"""Chains that were found, kept for the next process: where a network can be cut is a matter of its architecture."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from headstart.cache_folder import cache_folder
from headstart.data.base.sealed import NotSealed, read_sealed, write_sealed
from headstart.networks.cutting.chain import Chain

#: Packages whose modules do what their class and version say; what code of somebody's own does may change.
_LIBRARIES = ("torch", "transformers", "timm", "headstart")
#: Files that are kept, of about 2 KB; the oldest go first.
_MOST = 500


def kept_chain(module: nn.Module, architecture: str, example: Tensor, find: Callable[[], Chain]) -> Chain:
    """The chain of a network, from the cache folder where one of this architecture was found before.

    Of networks with modules of other packages than torch, transformers, timm and headstart, and where no cut was
    found, nothing is kept.

    Parameters
    ----------
    module : nn.Module
    architecture : str
        Tells it from those of other classes, settings and widths.
    example : Tensor
        That `find` looks with.
    find : callable
        Searches by a few forward passes.

    Returns
    -------
    Chain
    """
    file = _file_of(module, architecture, example)
    if file is None:
        return find()
    known = _read(file)
    if known is None:
        known = find()
        if known.blocks:
            _keep(file, known)
    return known


def _file_of(module: nn.Module, architecture: str, example: Tensor) -> Path | None:
    folder = cache_folder()
    roots = sorted({type(part).__module__.partition(".")[0] for part in module.modules()})
    if folder is None or not set(roots) <= set(_LIBRARIES):
        return None
    state = hashlib.sha256(architecture.encode())
    state.update(repr([(root, sys.modules[root].__version__) for root in ("headstart", *roots)]).encode())
    state.update(f"{tuple(example.shape[1:])} {example.dtype}".encode())
    if not example.is_floating_point():
        state.update(example[:1].numpy().tobytes())
    return folder / "chains" / state.hexdigest()[:32]


def _read(file: Path) -> Chain | None:
    try:
        content = read_sealed(file)
    except NotSealed:
        return None
    if content is None:
        return None
    said: dict[str, Any] = json.loads(content)
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in said.items()}
    plain["time_last"] = frozenset(plain["time_last"])
    return Chain(**plain)


def _keep(file: Path, chain: Chain) -> None:
    said = {**dataclasses.asdict(chain), "time_last": sorted(chain.time_last)}
    try:
        write_sealed(file, json.dumps(said).encode())
        kept = sorted(file.parent.iterdir(), key=lambda other: other.stat().st_mtime)
        for old in kept[:-_MOST]:
            old.unlink(missing_ok=True)
    except OSError:  # a cache that cannot be written to costs time only
        pass

"""The networks of a model of several views: a folder each below the model's own."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from headstart.errors import OutputError
from headstart.networks.folder import write_manifest
from headstart.networks.reading.loading import load_network

#: The folder of the networks; each is a source for the next transfer, and is called by the number of its view.
VIEWS = "views"


def save_view_networks(encoder: Any, folder: str | Path) -> None:
    """Write the network of each view that has one.

    Parameters
    ----------
    encoder : ViewEncoder
    folder : path-like
        Of the model.

    Raises
    ------
    OutputError
        For a network of one's own, of which weights alone could be kept.
    """
    for number, name in enumerate(encoder.columns_):
        network = encoder.networks_.get(name)
        if network is None:
            continue
        place = Path(folder) / VIEWS / str(number)
        place.mkdir(parents=True)
        from headstart.networks.saving.save import save_network  # values alone need no torch

        saved = save_network(network, None, place, labels=None, head_linear=False, headless=True)
        if saved["loads_with"] == "module":
            raise OutputError(
                f"Expected a network that can be loaded by itself for the view {name!r}, found the module "
                f"{saved['class']} in memory.",
                "Give a network of transformers or timm, or a folder that headstart saved.",
            )
        write_manifest(place, {"network": saved})


def portable(encoder: Any) -> Any:
    """An encoder as it is saved: of several views it names no network that could be looked up, for they go with it."""
    if not hasattr(encoder, "networks_"):
        return encoder
    bare = copy.copy(encoder)
    bare.source = None
    return bare


def load_view_networks(encoder: Any, folder: str | Path) -> None:
    """Read what `save_view_networks` wrote into a loaded encoder.

    Raises
    ------
    SourceError
        If the network of a view takes something else than the view holds.
    """
    encoder.networks_ = {}
    for number, (name, input_type) in enumerate(encoder.input_types_.items()):
        place = Path(folder) / VIEWS / str(number)
        if place.is_dir():
            encoder.networks_[name] = load_network(place, input_type=input_type)

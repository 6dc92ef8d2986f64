"""The network that pre-training starts with: random weights, or those of an earlier source."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from headstart.errors import SourceError
from headstart.networks.reading.loading import load_network
from headstart.pretraining.architectures import new_network
from headstart.pretraining.recipe import Recipe


def first_network(recipe: Recipe, outputs: Sequence[str], *, size: int, input_type: str) -> nn.Module:
    """A network of the recipe's architecture, its weights random or, but for the output layer, those of ``start``.

    Parameters
    ----------
    recipe : Recipe
    outputs : sequence of str
        A name for each output.
    size : int
        Side of the pictures in pixels, or length of the sounds in samples.
    input_type : {"image", "audio"}

    Raises
    ------
    SourceError
        If the source to start from takes other inputs, or is of another architecture.
    """
    module = new_network(recipe.network, outputs, recipe.seed, size=size, input_type=input_type)
    if recipe.start is not None:
        source = load_network(recipe.start, input_type=input_type)
        head = source.chain.output_layer
        copy_body(source.module, module, head, name=recipe.start, architecture=recipe.network)
    return module


def copy_body(source: nn.Module, module: nn.Module, output_layer: str | None, *, name: str, architecture: str) -> None:
    """Copy weights and buffers of all layers but the output layer, in place.

    Parameters
    ----------
    source, module : torch.nn.Module
        Of one architecture, up to the output layer.
    output_layer : str or None
        Its name in both.
    name, architecture : str
        For the error.

    Examples
    --------
    >>> old, new = (nn.Sequential(nn.Linear(2, 3), nn.Linear(3, n)) for n in (4, 5))
    >>> copy_body(old, new, "1", name="old", architecture="new")
    >>> bool((old[0].weight == new[0].weight).all()), tuple(new[1].weight.shape)
    (True, (5, 3))
    """
    theirs, ours = source.state_dict(), module.state_dict()
    if output_layer is not None:
        theirs, ours = (
            {key: value for key, value in state.items() if not key.startswith(f"{output_layer}.")}
            for state in (theirs, ours)
        )
    wrong = sorted(
        key
        for key in theirs.keys() | ours.keys()
        if key not in theirs or key not in ours or theirs[key].shape != ours[key].shape
    )
    if wrong:
        raise SourceError(
            f"Expected {name} to be of the architecture {architecture!r}, found {len(wrong)} weights that differ in "
            f"name or shape (the first: {wrong[0]}).",
            "Give its own architecture with --network, or start from random weights.",
        )
    with torch.no_grad():
        for key, value in ours.items():
            value.copy_(theirs[key])

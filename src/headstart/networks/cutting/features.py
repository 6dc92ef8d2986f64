"""One vector a picture: the input of a network's output layer, and pooled activations of its blocks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from headstart.networks.cutting.trace import main_tensor
from headstart.nn.layers.dropout import channel_axis

#: Class and register tokens that a network may put before its patches.
MOST_EXTRA_TOKENS = 8


def pool(activation: Tensor, time_last: bool = False, mask: Tensor | None = None) -> Tensor:
    """Mean over space, tokens or time, in float32.

    Parameters
    ----------
    activation : Tensor, (N, C), (N, T, C) or (N, C, H, W)
        Output of a block; three dimensions are read as tokens with the channels last.
    time_last : bool, default=False
        Three dimensions are (N, C, T) instead.
    mask : Tensor, (N, T), optional
        Of texts, which tokens are there; the others do not count.

    Returns
    -------
    Tensor, (N, C), float32

    Examples
    --------
    >>> pool(torch.ones(2, 3, 4, 4)).shape
    torch.Size([2, 3])
    """
    if activation.ndim == 2:
        return activation.float()
    if activation.ndim == 3 and mask is not None:
        share = mask.float() / mask.sum(1, keepdim=True).clamp(min=1)
        return torch.bmm(share.to(activation.dtype).unsqueeze(1), activation).squeeze(1).float()
    if activation.ndim == 3:
        return activation.mean(2 if time_last else 1, dtype=torch.float32)
    return activation.mean(tuple(range(2, activation.ndim)), dtype=torch.float32)


def grid(activation: Tensor, side: int = 3) -> Tensor:
    """Means over the cells of a side x side grid of the picture, (N, side * side * C) in float32.

    They still tell where in the picture something was, which means over all of it do not. Tokens are put back into
    their square first (leading class or register tokens are left out); where there is no square, or no space at all,
    every cell gets the mean.

    Parameters
    ----------
    activation : Tensor, (N, C), (N, T, C) or (N, C, H, W)
    side : int, default=3

    Examples
    --------
    >>> grid(torch.arange(36.0).reshape(1, 1, 6, 6))[0, 0].item(), grid(torch.ones(2, 5, 7)).shape
    (3.5, torch.Size([2, 63]))
    """
    if activation.ndim == 3:
        length = math.isqrt(activation.shape[1])
        tokens = activation[:, activation.shape[1] - length * length :]
        if activation.shape[1] - length * length > MOST_EXTRA_TOKENS:
            tokens, length = activation.mean(1, keepdim=True), 1
        activation = tokens.transpose(1, 2).unflatten(2, (length, length))
    elif activation.ndim == 2:
        activation = activation[:, :, None, None]
    cells = nn.functional.adaptive_avg_pool2d(activation.flatten(3), side)
    return cells.permute(0, 2, 3, 1).flatten(1).float()


def stretches(activation: Tensor, time_last: bool = False, count: int = 9) -> Tensor:
    """Means over stretches of time of a sound, (N, count * C) in float32: what `grid` is to pictures.

    Parameters
    ----------
    activation : Tensor, (N, C), (N, T, C), or (N, C, T) with ``time_last``
        Output of a block. Maps (N, C, frames, mels) go to `grid`: their cells are of time and frequency.
    count : int, default=9
        Stretches of equal length.

    Examples
    --------
    >>> stretches(torch.arange(18.0).reshape(1, 18, 1)).tolist()[0][:3]
    [0.5, 2.5, 4.5]
    """
    if activation.ndim == 2:
        return activation.float().repeat(1, count)
    steps = activation if time_last else activation.transpose(1, 2)
    return nn.functional.adaptive_avg_pool1d(steps, count).transpose(1, 2).flatten(1).float()


def channels(activation: Tensor, time_last: bool = False) -> int:
    """Number of channels that `pool` keeps."""
    return int(activation.shape[channel_axis(activation, time_last)])


def has_class_token(module: nn.Module) -> bool:
    """Whether the network puts a class token before its patches, by the names of its parameters."""
    return any("cls_token" in name or "class_token" in name for name, _ in module.named_parameters())


def headless_features(module: nn.Module, result: Any) -> Tensor:
    """Features of a network without an output layer, (N, C): its own pooled output, class token, or mean.

    Raises
    ------
    TypeError
        If the network returns no floating tensor.
    """
    output = main_tensor(result)
    if output is None:
        raise TypeError(f"Expected a network that returns a tensor, found {type(result).__name__}.")
    if output.ndim == 4 and isinstance(result, Mapping):
        pooled = result.get("pooler_output")
        if isinstance(pooled, Tensor):
            return pooled.flatten(1)
    if output.ndim == 3:
        return output[:, 0] if has_class_token(module) else output.mean(1)
    return output.flatten(2).mean(2) if output.ndim > 2 else output


def flat(features: Tensor) -> Tensor:
    """Input of an output layer as (N, n_features): a 1x1 convolution or a layer on tokens sees many places."""
    if features.ndim == 2:
        return features
    if features.ndim == 3:
        return features.mean(1)
    return features.flatten(2).mean(2)


def read_features(module: nn.Module, output_layer: str | None, x: Tensor) -> Tensor:
    """Run the network and return the input of its output layer, (N, n_features); gradients flow.

    A hook is put on the output layer for the length of the call, so a module that other threads use
    must be given as its twin.
    """
    if output_layer is None:
        return headless_features(module, module(x))
    seen: list[Tensor] = []

    def look(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        seen.append(args[0] if args else next(iter(kwargs.values())))

    handle = module.get_submodule(output_layer).register_forward_pre_hook(look, with_kwargs=True)
    try:
        module(x)
    finally:
        handle.remove()
    if not seen:
        raise LookupError(f"Expected the output layer {output_layer!r} to run in a forward pass; it did not.")
    return flat(seen[-1])

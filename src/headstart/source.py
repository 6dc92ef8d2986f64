"""What can be borrowed from, as an object that estimators share and never copy."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class NetworkSource:
    """A pretrained network in memory, with what cannot be read from it.

    Use it for somebody's own ``nn.Module``: its weights may come from a safetensors file, and its input size
    and normalisation are said here because a module does not carry them. Estimators share it: cloning an
    estimator does not copy the network. With a ``sampling_rate`` or ``seconds`` it is a network for sounds: it takes
    waves (N, samples) from -1 to 1, and its front end is part of it.

    Parameters
    ----------
    module : torch.nn.Module
        The network; a batch of pictures or waves in, outputs (N, K) or feature maps out. Never changed.
    weights : path-like, optional
        A safetensors file whose names match ``module.state_dict()``. None means that the module already holds
        its trained weights.
    size : int, default=224
        Side of the square pictures that the network was trained on, in pixels.
    mean, std : tuple of float
        Per channel, on pictures scaled to 0..1. Default: ImageNet's.
    n_examples : int, optional
        How many labelled examples the network was trained on, if known.
    name : str, optional
        What reports call it. Default: the class name of the module.
    licence : str, optional
        Licence of the weights, if known.
    sampling_rate : int, optional
        Samples a second of the waves that it takes; 16,000 where only ``seconds`` is given.
    seconds : float, optional
        Length of the waves that it takes; 1 where only ``sampling_rate`` is given. Longer clips are cut into windows
        of this length, shorter ones get silence around them.

    Examples
    --------
    >>> from torch import nn
    >>> NetworkSource(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(3600, 2)), size=32, name="mine")
    NetworkSource('mine', size=32)
    >>> NetworkSource(nn.Sequential(nn.Linear(8000, 2)), sampling_rate=8000, name="heard")
    NetworkSource('heard', sampling_rate=8000, seconds=1.0)
    """

    module: nn.Module = field(repr=False)
    weights: str | Path | None = None
    size: int = 224
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    n_examples: int | None = None
    name: str | None = None
    licence: str | None = None
    sampling_rate: int | None = None
    seconds: float | None = None

    def __repr__(self) -> str:
        name = repr(self.name or type(self.module).__name__)
        if self.input_type == "audio":
            return f"NetworkSource({name}, sampling_rate={self.wave[0]}, seconds={self.wave[1]})"
        return f"NetworkSource({name}, size={self.size})"

    @property
    def input_type(self) -> str:
        """What the network takes: "audio" with a sampling rate or a length in seconds, else "image"."""
        return "image" if self.sampling_rate is None and self.seconds is None else "audio"

    @property
    def wave(self) -> tuple[int, float]:
        """Sampling rate and seconds of a network for sounds."""
        return self.sampling_rate or 16_000, 1.0 if self.seconds is None else float(self.seconds)

    def __sklearn_clone__(self) -> Any:
        return self

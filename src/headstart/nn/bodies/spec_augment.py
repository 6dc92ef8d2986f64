"""SpecAugment: bars of time and of frequency hidden from a spectrogram while a network learns."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from headstart.errors import ParameterError


def spec_augment(
    maps: Tensor,
    time_masks: int,
    time_width: int,
    mel_masks: int,
    mel_width: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Replace random bars of each spectrogram by the spectrogram's mean.

    Every bar is from 0 to ``width`` wide, uniformly, at a uniformly chosen place that holds it whole.
    Park et al. 2019, "SpecAugment", section 2, without time warping; the paper masks with 0, the mean of its
    normalised features.

    Parameters
    ----------
    maps : Tensor of shape (N, C, frames, mels)
        Not changed.
    time_masks, mel_masks : int
        Number of bars across time and across frequency.
    time_width, mel_width : int
        Their largest width, in frames and mel channels; at most half the map's.
    generator : torch.Generator, optional
        On the maps' device. Default: torch's own.

    Returns
    -------
    Tensor of shape (N, C, frames, mels)

    Examples
    --------
    >>> spec_augment(torch.ones(2, 1, 50, 40), 1, 10, 1, 8).shape
    torch.Size([2, 1, 50, 40])
    """
    n, _, frames, mels = maps.shape
    hidden = _bars(n, time_masks, time_width, frames, maps.device, generator)[:, :, None]
    hidden = hidden | _bars(n, mel_masks, mel_width, mels, maps.device, generator)[:, None, :]
    mean = maps.mean((1, 2, 3), keepdim=True)
    return torch.where(hidden[:, None], mean, maps)


def _bars(
    n: int, count: int, width: int, length: int, device: torch.device, generator: torch.Generator | None
) -> Tensor:
    """Which of (n, length) places lie in one of the bars."""
    draws = torch.rand(2, n, count, 1, device=device, generator=generator)
    wide = torch.floor(draws[0] * (min(width, length // 2) + 1))
    start = torch.floor(draws[1] * (length - wide + 1))
    place = torch.arange(length, device=device)
    return ((place >= start) & (place < start + wide)).any(1)


class SpecAugment(nn.Module):
    """:func:`spec_augment` in training mode; nothing in evaluation mode.

    Parameters
    ----------
    time_masks, time_width, mel_masks, mel_width : int
        As there.
    """

    def __init__(self, time_masks: int = 2, time_width: int = 20, mel_masks: int = 2, mel_width: int = 10) -> None:
        super().__init__()
        if min(time_masks, time_width, mel_masks, mel_width) < 0:
            raise ParameterError(
                f"Expected masks of number and width >= 0, found {time_masks}, {time_width}, {mel_masks}, {mel_width}."
            )
        self.time_masks, self.time_width = time_masks, time_width
        self.mel_masks, self.mel_width = mel_masks, mel_width

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (N, C, frames, mels), some bars hidden where the network is learning."""
        if not self.training:
            return maps
        return spec_augment(maps, self.time_masks, self.time_width, self.mel_masks, self.mel_width)

"""From a wave to its log-mel spectrogram: what a network for sounds sees."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from headstart.errors import ParameterError
from headstart.math.signals.mel import SCALES, mel_corners, triangles


def mel_filters(
    rate: int, n_fft: int, n_mels: int, f_min: float, f_max: float, scale: str = "htk", area: bool = False
) -> np.ndarray:
    r"""Triangular filters, evenly spaced in mel, linear in hertz.

    With :math:`f_0 < \dots < f_{m+1}` evenly spaced in mel from ``f_min`` to ``f_max``, filter i at frequency f is
    :math:`\max(0, \min((f - f_{i-1}) / (f_i - f_{i-1}), (f_{i+1} - f) / (f_{i+1} - f_i)))`.

    Parameters
    ----------
    rate : int
        Samples a second.
    n_fft : int
        Length of the Fourier transform.
    n_mels : int
        Number of filters m.
    f_min, f_max : float
        Lower end of the first filter and upper end of the last, in Hz.
    scale : {"htk", "slaney"}
        As in `hertz_to_mel`.
    area : bool, default=False
        Divide each filter by half its width in Hz, so that all have the same area (Slaney's); else all have height 1.

    Returns
    -------
    ndarray of shape (n_fft // 2 + 1, n_mels), float32

    Raises
    ------
    ParameterError
        If the range is empty or above half the rate, or a filter is so narrow that it lies between two frequencies.

    Examples
    --------
    >>> mel_filters(16000, 512, 40, 60.0, 7600.0).shape
    (257, 40)
    """
    if scale not in SCALES:
        raise ParameterError(f"Expected a mel scale in {SCALES}, found {scale!r}.")
    if not 0 <= f_min < f_max <= rate / 2:
        raise ParameterError(
            f"Expected 0 <= f_min < f_max <= {rate / 2:g} Hz, half the rate, found {f_min:g} and {f_max:g}."
        )
    corners = mel_corners(n_mels, f_min, f_max, scale)
    filters = triangles(np.arange(n_fft // 2 + 1) * (rate / n_fft), corners)
    empty = np.flatnonzero(~filters.any(0))
    if len(empty):
        raise ParameterError(
            f"Expected mel filters that each hold a frequency, found {len(empty)} of {n_mels} empty, the first around "
            f"{corners[1:-1][empty[0]]:.0f} Hz.",
            "Take fewer filters (n_mels) or a longer transform (n_fft).",
        )
    if area:
        filters = filters * (2.0 / (corners[2:] - corners[:-2]))
    return filters.astype(np.float32)


class LogMel(nn.Module):
    r"""Log-mel spectrogram of waves, as a layer: (N, T) in, (N, 1, frames, mels) out.

    Frames of ``win`` samples every ``hop`` samples, without padding, so there are
    :math:`1 + \lfloor (T - win) / hop \rfloor`; each times a periodic Hann window; :math:`|FFT|^2` of length
    ``n_fft``; mel filters; :math:`x = \log \max(energy, floor)`. With a ``dynamic_range`` D the values of a clip become
    :math:`\max(x - \max(\max x, \log floor + D) + D, 0)`: how loud it was recorded plays no part then, unless it is
    hardly above the floor, and silence is 0, like the zeros that convolutions pad with. At last
    :math:`(x - mean) / std` for each mel channel.

    It has no weights. Everything is computed in float32, also where the network behind it runs in 16 bits, and
    differentiable. ``mean`` and ``std`` are buffers and are saved with the network; window and filters follow from the
    settings. A strided view and ``torch.fft.rfft`` take half the time of ``torch.stft`` on a processor.

    Parameters
    ----------
    rate : int, default=16000
        Samples a second.
    n_fft : int, default=512
        Length of the Fourier transform, at least ``win``.
    win, hop : int, default=400, 160
        Length of a frame and step from one to the next, in samples: 25 and 10 ms.
    n_mels : int, default=64
        Number of filters.
    f_min, f_max : float, default=60, 7600
        Range of the filters, in Hz.
    scale : {"htk", "slaney"}, default="htk"
        Mel scale.
    area : bool, default=False
        Filters of equal area instead of equal height.
    floor : float, default=1e-6
        Smallest energy that is told from none, > 0.
    dynamic_range : float or None, default=None
        In natural logarithms of energy (60 dB are 13.8); None keeps the loudness.

    Examples
    --------
    >>> LogMel()(torch.zeros(2, 16000)).shape
    torch.Size([2, 1, 98, 64])
    """

    window: Tensor
    filters: Tensor
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        rate: int = 16000,
        n_fft: int = 512,
        win: int = 400,
        hop: int = 160,
        n_mels: int = 64,
        f_min: float = 60.0,
        f_max: float = 7600.0,
        scale: str = "htk",
        area: bool = False,
        floor: float = 1e-6,
        dynamic_range: float | None = None,
    ) -> None:
        super().__init__()
        if not (hop >= 1 and 2 <= win <= n_fft and n_mels >= 1):
            raise ParameterError(
                f"Expected hop >= 1, n_mels >= 1 and 2 <= win <= n_fft, found hop={hop}, n_mels={n_mels}, win={win}, "
                f"n_fft={n_fft}."
            )
        if not floor > 0 or (dynamic_range is not None and not dynamic_range > 0):
            raise ParameterError(
                f"Expected floor and dynamic_range above 0, found floor={floor}, dynamic_range={dynamic_range}."
            )
        self.rate, self.n_fft, self.win, self.hop, self.n_mels = rate, n_fft, win, hop, n_mels
        self.f_min, self.f_max, self.scale, self.area = f_min, f_max, scale, area
        self.floor = floor
        self.dynamic_range = 0.0 if dynamic_range is None else float(dynamic_range)
        filters = torch.from_numpy(mel_filters(rate, n_fft, n_mels, f_min, f_max, scale, area))
        where = filters.device  # also where the default is "meta": there, a window loads torch's compiler
        window = torch.hann_window(win, dtype=torch.float32, device=where)
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("mean", torch.zeros(n_mels))
        self.register_buffer("std", torch.ones(n_mels))

    def forward(self, waves: Tensor) -> Tensor:
        """Spectrograms, (N, 1, frames, mels) in float32, of waves (N, T) with T >= ``win``."""
        with torch.autocast(waves.device.type, enabled=False):
            spectrogram = self.unscaled(waves)
            return ((spectrogram - self.mean) / self.std).unsqueeze(1)

    def unscaled(self, waves: Tensor) -> Tensor:
        """Log-mel energies, (N, frames, mels), before ``mean`` and ``std``."""
        if waves.ndim != 2 or waves.shape[1] < self.win:
            raise ParameterError(
                f"Expected waves (N, T) of at least {self.win} samples, found shape {tuple(waves.shape)}."
            )
        frames = waves.float().unfold(1, self.win, self.hop) * self.window
        spectrum = torch.fft.rfft(frames, n=self.n_fft)
        energy = spectrum.real.square() + spectrum.imag.square()
        logs = (energy @ self.filters).clamp(min=self.floor).log()
        if not self.dynamic_range:
            return logs
        lowest = math.log(self.floor)
        loudest = logs.amax((1, 2), keepdim=True).clamp(min=lowest + self.dynamic_range)
        return (logs - loudest + self.dynamic_range).clamp(min=0)

    @torch.no_grad()
    def calibrate(self, waves: Tensor) -> LogMel:
        """Set ``mean`` and ``std`` to those of every mel channel over all frames of these waves (N, T); gives itself.

        The standard deviation is at least 0.01.
        """
        values = self.unscaled(waves).flatten(0, 1).double()
        self.mean.copy_(values.mean(0))
        self.std.copy_(values.std(0, correction=0).clamp(min=1e-2))
        return self

    def n_frames(self, n_samples: int) -> int:
        """Frames of a wave of so many samples; 0 where it is shorter than one."""
        return 0 if n_samples < self.win else 1 + (n_samples - self.win) // self.hop

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> LogMel:
        """Move to other devices, but never to another type: `net.bfloat16()` would spoil window and filters."""
        before = dict(self._buffers)
        super()._apply(fn, recurse)
        for name, old in before.items():
            new = self._buffers[name]
            if old is not None and new is not None and new.dtype != old.dtype:
                self._buffers[name] = old.to(new.device)
        return self

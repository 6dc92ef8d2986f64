"""From a wave to what the audio families of transformers see: their feature extractors as layers."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.errors import ParameterError
from headstart.math.signals.mel import hertz_to_mel, mel_to_hertz, triangles

_KALDI_FLOOR = 1.192092955078125e-07
_FLOOR = 1e-10


class FrontEnd(nn.Module):
    """Waves in, the input of one family's networks out, as that family's own feature extractor computes it.

    A row of waves that is NaN from some place on is a clip that ends there: each family treats what lies behind the
    end of a clip in a way of its own. It has no weights and computes in float64 where the device can.

    Parameters
    ----------
    settings : dict
        Content of ``preprocessor_config.json``; what is not said is as transformers has it.

    Attributes
    ----------
    rate : int
        Samples a second.
    samples : int or None
        Length of the waves that it is made for; None: any.
    settings : dict
    described : str
        The settings as JSON.
    """

    def __init__(self, settings: Mapping[str, Any], rate: int, samples: int | None) -> None:
        super().__init__()
        self.settings, self.rate, self.samples = dict(settings), rate, samples
        self.described = json.dumps(self.settings, sort_keys=True, default=str)
        self._tables: tuple[np.ndarray, ...] = ()

    @abstractmethod
    def forward(self, waves: Tensor) -> dict[str, Tensor]:
        """Named inputs of the network, in float32, for waves (N, T) from -1 to 1."""

    def tables(self, like: Tensor) -> tuple[Tensor, ...]:
        """Window and filters, on the device and in the type of a tensor."""
        return tuple(torch.from_numpy(table).to(like) for table in self._tables)


class KaldiFilterBank(FrontEnd):
    r"""Input of the Audio Spectrogram Transformer, ``input_values`` (N, frames, mels): ASTFeatureExtractor.

    Frames of 400 samples every 160; of each its mean is taken away, then :math:`y_t = x_t - 0.97 x_{t-1}` (of the first
    :math:`0.03 x_0`), a symmetric Hann window, :math:`|FFT|^2` of length 512, triangles that are straight in mel from
    20 Hz to half the rate, and the logarithm, from :math:`2^{-23}` on. Frames behind the end of a clip are 0 before
    the values become :math:`(x - mean) / (2 std)`.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        rate, frames = int(settings.get("sampling_rate", 16000)), int(settings.get("max_length", 1024))
        super().__init__(settings, rate, frames * 160)
        self.frames, self.normalised = frames, bool(settings.get("do_normalize", True))
        self.mean, self.std = float(settings.get("mean", -4.2677393)), float(settings.get("std", 4.5689974))
        mel = hertz_to_mel(np.arange(257) * (rate / 512))
        ends = hertz_to_mel([20.0, rate // 2])
        corners = np.linspace(ends[0], ends[1], int(settings.get("num_mel_bins", 128)) + 2)
        self._tables = (np.hanning(400), triangles(mel, corners))

    def forward(self, waves: Tensor) -> dict[str, Tensor]:
        ends, waves = _ends(waves), _precise(waves)
        window, filters = self.tables(waves)
        frames = nn.functional.pad(waves, (0, max(0, 400 - waves.shape[1]))).unfold(1, 400, 160)[:, : self.frames]
        frames = frames - frames.mean(2, keepdim=True)
        before = torch.cat([frames[..., :1], frames[..., :-1]], 2)
        energy = _energy((frames - 0.97 * before) * window, 512)
        logs = (energy @ filters).clamp(min=_KALDI_FLOOR).log()
        whole = torch.clamp((ends - 400).div(160, rounding_mode="floor") + 1, min=0)
        there = torch.arange(logs.shape[1], device=logs.device) < whole[:, None]
        logs = torch.where(there[..., None], logs, torch.zeros_like(logs))
        logs = nn.functional.pad(logs, (0, 0, 0, self.frames - logs.shape[1]))
        return {"input_values": ((logs - self.mean) / (2 * self.std) if self.normalised else logs).float()}


class WhisperMel(FrontEnd):
    r"""Input of Whisper's encoder, ``input_features`` (N, mels, frames): WhisperFeatureExtractor.

    The wave is filled up with silence or cut, to 30 s; frames of 400 samples every 160, the wave mirrored at its ends;
    a periodic Hann window; :math:`|FFT|^2`; Slaney's mel filters up to 8000 Hz; :math:`x = \log_{10}` from
    :math:`10^{-10}` on, and at most 8 below the largest; then :math:`(x + 4) / 4`.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        rate, hop = int(settings.get("sampling_rate", 16000)), int(settings.get("hop_length", 160))
        super().__init__(settings, rate, int(settings.get("chunk_length", 30)) * rate)
        self.hop, self.n_fft = hop, int(settings.get("n_fft", 400))
        filters = _slaney(rate, self.n_fft, int(settings.get("feature_size", 80)), 0.0, 8000.0)
        self._tables = (_hann(self.n_fft), filters)

    def forward(self, waves: Tensor) -> dict[str, Tensor]:
        assert self.samples is not None
        waves = _precise(waves)[:, : self.samples]
        waves = nn.functional.pad(waves, (0, self.samples - waves.shape[1]))
        window, filters = self.tables(waves)
        logs = (_centred_energy(waves, window, self.hop)[:, :-1] @ filters).clamp(min=_FLOOR).log10()
        logs = torch.maximum(logs, logs.amax((1, 2), keepdim=True) - 8.0)
        return {"input_features": ((logs + 4.0) / 4.0).transpose(1, 2).float().contiguous()}


class ClapMel(FrontEnd):
    r"""Input of CLAP's audio tower, ``input_features`` (N, 1 or 4, frames, mels): ClapFeatureExtractor.

    A clip is said over and over while it fits whole ("repeatpad"), and filled up with silence, to 10 s at 48 kHz;
    frames of 1024 samples every 480, the wave mirrored at its ends; a periodic Hann window; :math:`|FFT|^2`; mel
    filters; :math:`10 \log_{10}` from :math:`10^{-10}` on. A network with fusion gets the same four times over, and
    is told that no clip is longer than its window: longer ones are cut before.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        rate = int(settings.get("sampling_rate", 48000))
        super().__init__(settings, rate, int(settings.get("max_length_s", 10)) * rate)
        self.hop, n_fft = int(settings.get("hop_length", 480)), int(settings.get("fft_window_size", 1024))
        self.fused = settings.get("truncation", "fusion") == "fusion"
        self.padding = str(settings.get("padding", "repeatpad"))
        low, high = float(settings.get("frequency_min", 0)), float(settings.get("frequency_max", 14000))
        n_mels = int(settings.get("feature_size", 64))
        if self.fused:
            corners = mel_to_hertz(np.linspace(hertz_to_mel(low), hertz_to_mel(high), n_mels + 2))
            filters = triangles(np.arange(n_fft // 2 + 1) * (rate / n_fft), corners)
        else:
            filters = _slaney(rate, n_fft, n_mels, low, high)
        self._tables = (_hann(n_fft), filters)

    def forward(self, waves: Tensor) -> dict[str, Tensor]:
        waves = self.filled(waves)
        window, filters = self.tables(waves)
        logs = 10 * (_centred_energy(waves, window, self.hop) @ filters).clamp(min=_FLOOR).log10()
        maps = logs.float()[:, None].repeat(1, 4 if self.fused else 1, 1, 1)
        return {
            "input_features": maps,
            "is_longer": torch.zeros(maps.shape[0], 1, dtype=torch.bool, device=maps.device),
        }

    def filled(self, waves: Tensor) -> Tensor:
        """Waves (N, samples), each clip repeated as the settings say, and silence behind."""
        assert self.samples is not None
        ends, waves = _ends(waves[:, : self.samples]).clamp(min=1), _precise(waves)[:, : self.samples]
        waves = nn.functional.pad(waves, (0, self.samples - waves.shape[1]))
        if self.padding not in ("repeat", "repeatpad"):
            return waves
        place = torch.arange(self.samples, device=waves.device)
        repeated = torch.gather(waves, 1, place % ends[:, None])
        whole = torch.full_like(ends, self.samples)
        last = whole // ends * ends if self.padding == "repeatpad" else whole
        return torch.where(place < last[:, None], repeated, torch.zeros_like(repeated))


class NormalisedWave(FrontEnd):
    r"""Input of wav2vec 2.0 and its kin, ``input_values`` (N, T): Wav2Vec2FeatureExtractor.

    :math:`(x - mean) / \sqrt{var + 10^{-7}}` over the clip, and 0 behind its end, where the network also gets an
    ``attention_mask``; else over the clip with silence behind it, as transformers does.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings, int(settings.get("sampling_rate", 16000)), None)
        self.normalised = bool(settings.get("do_normalize", True))
        self.masked = bool(settings.get("return_attention_mask", False))

    def forward(self, waves: Tensor) -> dict[str, Tensor]:
        there = ~torch.isnan(waves)
        counted = there if self.masked else torch.ones_like(there)
        values = _precise(waves)
        if self.normalised:
            n = counted.sum(1, keepdim=True).clamp(min=1)
            centred = values - values.sum(1, keepdim=True) / n
            variance = torch.where(counted, centred, torch.zeros_like(centred)).square().sum(1, keepdim=True) / n
            values = torch.where(counted, centred / (variance + 1e-7).sqrt(), torch.zeros_like(centred))
        found = {"input_values": values.float()}
        return {**found, "attention_mask": there.long()} if self.masked else found


#: By the name of transformers' feature extractor.
FRONT_ENDS: dict[str, Callable[[Mapping[str, Any]], FrontEnd]] = {
    "ASTFeatureExtractor": KaldiFilterBank,
    "WhisperFeatureExtractor": WhisperMel,
    "ClapFeatureExtractor": ClapMel,
    "Wav2Vec2FeatureExtractor": NormalisedWave,
}


def front_end_of(settings: Mapping[str, Any]) -> FrontEnd:
    """The front end that a ``preprocessor_config.json`` describes.

    Parameters
    ----------
    settings : dict
        Its content; ``feature_extractor_type`` is one of `FRONT_ENDS`.

    Raises
    ------
    ParameterError
        For any other type, and for values that cannot be.

    Examples
    --------
    >>> whisper = front_end_of({"feature_extractor_type": "WhisperFeatureExtractor"})
    >>> whisper.rate, whisper.samples / whisper.rate
    (16000, 30.0)
    """
    name = str(settings.get("feature_extractor_type", ""))
    if name not in FRONT_ENDS:
        raise ParameterError(f"Expected a feature extractor of {', '.join(sorted(FRONT_ENDS))}, found {name!r}.")
    try:
        return FRONT_ENDS[name](settings)
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise ParameterError(f"Expected settings of a {name}, found ones that cannot be: {error}.") from error


def _hann(length: int) -> np.ndarray:
    """A periodic Hann window."""
    return np.hanning(length + 1)[:-1]


def _slaney(rate: int, n_fft: int, n_mels: int, low: float, high: float) -> np.ndarray:
    """Slaney's mel filters, each of the same area; some may hold no frequency at all."""
    ends = hertz_to_mel([low, high], "slaney")
    corners = mel_to_hertz(np.linspace(ends[0], ends[1], n_mels + 2), "slaney")
    return triangles(np.arange(n_fft // 2 + 1) * (rate / n_fft), corners) * (2.0 / (corners[2:] - corners[:-2]))


def _ends(waves: Tensor) -> Tensor:
    """Where each clip of (N, T) ends: at the first NaN, else at T."""
    return (~torch.isnan(waves)).sum(1)


def _precise(waves: Tensor) -> Tensor:
    """Waves without NaN, in float64 where the device has it: quiet bands beside loud ones do not bear less."""
    return torch.nan_to_num(waves.to(torch.float32 if waves.device.type == "mps" else torch.float64), nan=0.0)


def _energy(frames: Tensor, n_fft: int) -> Tensor:
    spectrum = torch.fft.rfft(frames, n=n_fft)
    return spectrum.real.square() + spectrum.imag.square()


def _centred_energy(waves: Tensor, window: Tensor, hop: int) -> Tensor:
    """Squared magnitudes (N, 1 + T // hop, n_fft // 2 + 1) of frames around every hop-th sample."""
    n_fft = len(window)
    mirrored = nn.functional.pad(waves, (n_fft // 2, n_fft // 2), mode="reflect")
    return _energy(mirrored.unfold(1, n_fft, hop) * window, n_fft)

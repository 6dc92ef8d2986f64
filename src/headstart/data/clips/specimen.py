"""A clip as a report shows it: to see and to hear."""

from __future__ import annotations

import base64
import io
from itertools import pairwise
from typing import Any

import numpy as np
import soundfile
from PIL import Image

from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing, loudest_window
from headstart.math.signals.mfcc import mel_powers

_SECONDS = 5.0
_HEARD = SoundPreprocessing()
_WIDTH, _WAVE, _MELS = 256, 40, 80
_DECIBEL = 70.0
#: Colours of the spectrogram from faint to strong, at even distances.
_COLOURS = ((8, 10, 24), (42, 27, 90), (120, 40, 110), (200, 66, 88), (244, 134, 84), (252, 224, 160))


def specimen(clips: Clips, i: int) -> dict[str, Any]:
    """What is shown of clip ``i``.

    Returns
    -------
    dict
        ``thumbnail``: PNG in base64; ``sound``: MP3 or WAV in base64 of at most five seconds; ``seconds``: the length
        of the whole clip.
    """
    wave = _HEARD.canvas(clips.decode(i))
    most = round(_SECONDS * _HEARD.rate)
    start = loudest_window(wave, most) if len(wave) > most else 0
    part = wave[start : start + most]
    return {
        "thumbnail": spectrogram_base64(part, _HEARD.rate),
        "sound": sound_base64(part, _HEARD.rate),
        "seconds": round(len(wave) / _HEARD.rate, 2),
    }


def spectrogram_base64(wave: np.ndarray, rate: int) -> str:
    """Waveform above spectrogram as a PNG of 256 x 120 pixels in base64.

    The spectrogram has 80 mel bands, low ones at the bottom, and shows 70 dB below its strongest point.

    Parameters
    ----------
    wave : array of float, shape (T,)
    rate : int

    Returns
    -------
    str
    """
    picture = Image.fromarray(np.concatenate([_waveform(wave), _shades(wave, rate, _WIDTH, _MELS)]), mode="P")
    picture.putpalette(_palette())
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def spectrogram(wave: np.ndarray, rate: int, width: int = 2 * _WIDTH, height: int = 2 * _MELS) -> np.ndarray:
    """The spectrogram alone, low tones at the bottom, (height, width, 3) in uint8."""
    return np.array(_palette(), np.uint8).reshape(-1, 3)[_shades(wave, rate, width, height)]


def _shades(wave: np.ndarray, rate: int, width: int, height: int) -> np.ndarray:
    """Strength of each mel band at each time, (height, width), as numbers of colours."""
    decibel = 10 * np.log10(mel_powers(wave, rate, _MELS) + 1e-12)
    level = np.clip(1 + (decibel - decibel.max()) / _DECIBEL, 0, 1) if len(wave) and np.any(wave) else decibel * 0
    shades = Image.fromarray((level.T[::-1] * 255).astype(np.uint8))
    return np.asarray(shades.resize((width, height), Image.Resampling.BILINEAR))


def _waveform(wave: np.ndarray) -> np.ndarray:
    """From the least to the greatest sample of each column, (40, 256), as numbers of colours."""
    drawn = np.zeros((_WAVE, _WIDTH), np.uint8)
    peak = float(np.abs(wave).max(initial=0.0)) or 1.0
    ends = np.linspace(0, len(wave), _WIDTH + 1).astype(int)
    height = np.arange(_WAVE)
    middle = (_WAVE - 1) / 2
    for column, (start, end) in enumerate(pairwise(ends)):
        part = wave[start : max(end, start + 1)] / peak
        low, high = (float(part.min()), float(part.max())) if len(part) else (0.0, 0.0)
        inside = (height >= np.floor(middle - high * middle)) & (height <= np.ceil(middle - low * middle))
        drawn[inside, column] = 200
    return drawn


def _palette() -> list[int]:
    at = np.linspace(0, 255, len(_COLOURS))
    channels = [np.interp(np.arange(256), at, [colour[c] for colour in _COLOURS]) for c in range(3)]
    return np.stack(channels, axis=1).round().astype(int).ravel().tolist()


def sound_base64(wave: np.ndarray, rate: int) -> str:
    """A mono sound as MP3 in base64; as WAV of 16 bits where this machine cannot write MP3. Every browser plays both.

    Parameters
    ----------
    wave : array of float, shape (T,)
        From -1 to 1; clipped beyond.
    rate : int

    Returns
    -------
    str
    """
    clipped = np.clip(wave, -1, 1).astype(np.float32)
    stream = io.BytesIO()
    if "MP3" in soundfile.available_formats():
        soundfile.write(stream, clipped, rate, format="MP3", subtype="MPEG_LAYER_III")
    else:
        soundfile.write(stream, clipped, rate, format="WAV", subtype="PCM_16")
    return base64.b64encode(stream.getvalue()).decode("ascii")

"""Something to see, and for sounds to hear, of one example, small enough to stand in a page."""

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
from headstart.data.pictures.pictures import Pictures
from headstart.data.tables.gaps import absent
from headstart.data.tables.records import Records
from headstart.data.texts.texts import Texts
from headstart.math.signals.mfcc import mel_powers

_SIDE = 128
_SECONDS = 5.0
_CHARACTERS = 400
_HEARD = SoundPreprocessing()
_WIDTH, _WAVE, _MELS = 256, 40, 80
_DECIBEL = 70.0
#: Colours of the spectrogram from faint to strong, at even distances.
_COLOURS = ((8, 10, 24), (42, 27, 90), (120, 40, 110), (200, 66, 88), (244, 134, 84), (252, 224, 160))


def specimen(rows: Any, i: int) -> dict[str, Any]:
    """What a report shows of an example.

    Parameters
    ----------
    rows : Pictures, Clips, Texts, Records or array (n, d)
    i : int
        Which of them.

    Returns
    -------
    dict
        ``thumbnail``: JPEG or PNG in base64, None for numbers. For clips also ``sound``: MP3 or WAV in base64 of at
        most five seconds, and ``seconds``: the length of the whole clip. Of texts ``text``: its first 400
        characters. Of rows of a table ``cells``, in print.
    """
    if isinstance(rows, Pictures):
        return {"thumbnail": thumbnail_base64(rows.decode(i, min_side=_SIDE))}
    if isinstance(rows, Clips):
        wave = _HEARD.canvas(rows.decode(i))
        most = round(_SECONDS * _HEARD.rate)
        start = loudest_window(wave, most) if len(wave) > most else 0
        part = wave[start : start + most]
        return {
            "thumbnail": spectrogram_base64(part, _HEARD.rate),
            "sound": sound_base64(part, _HEARD.rate),
            "seconds": round(len(wave) / _HEARD.rate, 2),
        }
    if isinstance(rows, Texts):
        return {"thumbnail": None, "text": shortened(rows.decode(i))}
    if isinstance(rows, Records):
        return {"thumbnail": None, "cells": {str(name): _cell(value) for name, value in rows[i].items()}}
    return {"thumbnail": None}


def shortened(text: str, most: int = _CHARACTERS) -> str:
    """The beginning of a text, up to the end of a word, with spaces as single ones.

    Examples
    --------
    >>> shortened("so  it goes on and on", 10), shortened("well")
    ('so it goes …', 'well')
    """
    plain = " ".join(text[: 20 * most].split())
    if len(plain) <= most and len(text) <= 20 * most:
        return plain
    begun = plain[: most + 1]
    return (begun.rsplit(" ", 1)[0] if " " in begun else begun[:most]) + " …"


def _cell(value: Any) -> str:
    """A cell of a table in print; empty where it is missing."""
    if absent(value):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def thumbnail_base64(rgb: np.ndarray, side: int = _SIDE) -> str:
    """A picture as a small JPEG in base64.

    Parameters
    ----------
    rgb : array of uint8, shape (H, W, 3)
    side : int, default=128
        Longest side in pixels; smaller pictures keep their size.

    Returns
    -------
    str
    """
    small = Image.fromarray(rgb)
    small.thumbnail((side, side), Image.Resampling.BILINEAR)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=80)
    return base64.b64encode(stream.getvalue()).decode("ascii")


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
    top = _waveform(wave)
    decibel = 10 * np.log10(mel_powers(wave, rate, _MELS) + 1e-12)
    level = np.clip(1 + (decibel - decibel.max()) / _DECIBEL, 0, 1) if len(wave) and np.any(wave) else decibel * 0
    shades = Image.fromarray((level.T[::-1] * 255).astype(np.uint8))
    bottom = np.asarray(shades.resize((_WIDTH, _MELS), Image.Resampling.BILINEAR))
    picture = Image.fromarray(np.concatenate([top, bottom]), mode="P")
    picture.putpalette(_palette())
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return base64.b64encode(stream.getvalue()).decode("ascii")


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

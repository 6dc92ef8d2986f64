"""Frequency as heard: mel scales, and triangular filters spaced evenly on them."""

from __future__ import annotations

from typing import Any

import numpy as np

SCALES = ("htk", "slaney")
_BREAK_HZ, _BREAK_MEL, _STEP = 1000.0, 15.0, float(np.log(6.4) / 27.0)


def hertz_to_mel(hertz: Any, scale: str = "htk") -> np.ndarray:
    """Frequency as heard: mel.

    Parameters
    ----------
    hertz : array-like, >= 0
    scale : {"htk", "slaney"}
        "htk": 2595 log10(1 + f / 700) (O'Shaughnessy 1987, as in HTK). "slaney": linear below 1000 Hz, 3 mel for
        200 Hz, and logarithmic above, 27 mel for a factor of 6.4 (Slaney 1998, Auditory Toolbox).

    Examples
    --------
    >>> hertz_to_mel([0.0, 1000.0, 6400.0], "slaney").round(6).tolist()
    [0.0, 15.0, 42.0]
    """
    hertz = np.asarray(hertz, np.float64)
    if scale == "htk":
        return 2595.0 * np.log10(1.0 + hertz / 700.0)
    return np.where(
        hertz < _BREAK_HZ,
        hertz * _BREAK_MEL / _BREAK_HZ,
        _BREAK_MEL + np.log(np.maximum(hertz, _BREAK_HZ) / _BREAK_HZ) / _STEP,
    )


def mel_to_hertz(mel: Any, scale: str = "htk") -> np.ndarray:
    """The inverse of :func:`hertz_to_mel`.

    Examples
    --------
    >>> mel_to_hertz(hertz_to_mel([50.0, 4000.0])).round(6).tolist()
    [50.0, 4000.0]
    """
    mel = np.asarray(mel, np.float64)
    if scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    above = _BREAK_HZ * np.exp(_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _BREAK_HZ / _BREAK_MEL, above)


def mel_corners(n_mels: int, low: float, high: float, scale: str = "htk") -> np.ndarray:
    """Corners of ``n_mels`` triangles, evenly spaced in mel from ``low`` to ``high`` Hz; (n_mels + 2,), in Hz.

    Examples
    --------
    >>> mel_corners(1, 0.0, 1000.0, "slaney").tolist()
    [0.0, 500.0, 1000.0]
    """
    return mel_to_hertz(np.linspace(hertz_to_mel(low, scale), hertz_to_mel(high, scale), n_mels + 2), scale)


def triangles(places: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Triangular filters at given places: each rises from one corner to the next and falls to the one after it.

    Parameters
    ----------
    places : ndarray of shape (f,)
        Frequencies, in any unit.
    corners : ndarray of shape (m + 2,)
        In the same unit, rising.

    Returns
    -------
    ndarray of shape (f, m), float64
        From 0 to 1.

    Examples
    --------
    >>> triangles(np.arange(5.0), np.array([0.0, 2.0, 4.0])).ravel().tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    at, left, middle, right = places[:, None], corners[:-2], corners[1:-1], corners[2:]
    return np.maximum(0, np.minimum((at - left) / (middle - left), (right - at) / (right - middle)))

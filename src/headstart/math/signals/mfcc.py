"""Mel cepstra of sounds, as used before networks: their means, their spread, and how they go through time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from headstart.math.signals.mel import mel_corners, triangles

WINDOW = 0.025
HOP = 0.010
N_MELS = 40
N_COEFFICIENTS = 20
PIECES = 8
_FLOOR = 1e-10
_QUIET, _WAY_DOWN, _SMOOTH = 30.0, 0.6, 5
_FRAMES = 4096


def mel_powers(wave: np.ndarray, rate: int, n_mels: int = N_MELS) -> np.ndarray:
    """Power in mel bands, from 20 Hz to half the rate or 8,000 Hz, of windows of 25 ms (Hann), one every 10 ms.

    Parameters
    ----------
    wave : ndarray of shape (T,), float
        Zeros are added behind a sound that is shorter than one window.
    rate : int
        Samples a second.
    n_mels : int, default=40

    Returns
    -------
    ndarray of shape (frames, n_mels)
        ``frames = 1 + (T - window) // hop``.
    """
    length, hop = max(1, round(WINDOW * rate)), max(1, round(HOP * rate))
    n_fft = 1 << (length - 1).bit_length()
    wave = np.asarray(wave, np.float64)
    if len(wave) < length:
        wave = np.concatenate([wave, np.zeros(length - len(wave))])
    frames = np.lib.stride_tricks.sliding_window_view(wave, length)[::hop]
    taper, filters = _constants(rate, length, n_fft, n_mels)
    found = np.empty((len(frames), n_mels))
    for start in range(0, len(frames), _FRAMES):
        spectrum = np.fft.rfft(frames[start : start + _FRAMES] * taper, n_fft)
        found[start : start + _FRAMES] = (spectrum.real**2 + spectrum.imag**2) @ filters
    return found / length


@lru_cache(maxsize=8)
def _constants(rate: int, length: int, n_fft: int, n_mels: int) -> tuple[np.ndarray, np.ndarray]:
    corners = mel_corners(n_mels, 20.0, min(rate / 2, 8000.0))
    filters = triangles(np.arange(n_fft // 2 + 1) * (rate / n_fft), corners)
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length), filters


def mfcc(wave: np.ndarray, rate: int, n_coefficients: int = N_COEFFICIENTS, n_mels: int = N_MELS) -> np.ndarray:
    r"""Mel-frequency cepstral coefficients: the cosine transform of the logarithm of the power in mel bands.

    .. math:: c_k = s_k \sum_{m=0}^{M-1} \log(p_m + \epsilon)\, \cos\!\big(\pi k (m + \tfrac12) / M\big)

    with :math:`s_0 = \sqrt{1/M}` and :math:`s_k = \sqrt{2/M}`, so that the transform is orthonormal.

    Parameters
    ----------
    wave : ndarray of shape (T,), float
    rate : int
        Samples a second.
    n_coefficients : int, default=20
    n_mels : int, default=40

    Returns
    -------
    ndarray of shape (frames, n_coefficients)
        One row every 10 ms.

    References
    ----------
    Davis and Mermelstein (1980), Comparison of parametric representations for monosyllabic word recognition, eq. 1.
    We use windows by Hann and add 1e-10 before the logarithm.

    Examples
    --------
    >>> mfcc(np.zeros(16000), 16000).shape
    (98, 20)
    """
    k, m = np.arange(n_coefficients)[None, :], np.arange(n_mels)[:, None]
    cosines = np.cos(np.pi * k * (m + 0.5) / n_mels) * np.where(k == 0, np.sqrt(1 / n_mels), np.sqrt(2 / n_mels))
    return np.log(mel_powers(wave, rate, n_mels) + _FLOOR) @ cosines


def deltas(rows: np.ndarray, reach: int = 2) -> np.ndarray:
    r"""Slope of each column through time, by regression over ``reach`` frames to both sides.

    .. math:: d_t = \frac{\sum_{k=1}^{K} k\,(c_{t+k} - c_{t-k})}{2 \sum_{k=1}^{K} k^2}

    The first and last rows are repeated beyond the ends.

    Examples
    --------
    >>> deltas(np.arange(6.0)[:, None])[2:4].ravel().tolist()
    [1.0, 1.0]
    """
    n, steps = len(rows), range(1, reach + 1)
    padded = np.pad(rows, ((reach, reach), (0, 0)), mode="edge")
    total = sum(k * (padded[reach + k : reach + k + n] - padded[reach - k : reach - k + n]) for k in steps)
    return np.asarray(total / (2 * sum(k * k for k in steps)))


def loud_part(powers: np.ndarray) -> tuple[int, int]:
    """First frame and one past the last frame that are loud, so that silence and noise around a word are left out.

    Loud is what lies, as a mean over 50 ms, within 60% of the way in decibel from the loudest frame down to the level
    that a tenth of the frames is below; and never more than 30 dB below the loudest.

    Parameters
    ----------
    powers : ndarray of shape (frames, n_mels)
        In mel bands.

    Examples
    --------
    >>> loud_part(np.array([[1.0]] * 30 + [[100.0]] * 20 + [[1.0]] * 30))
    (28, 52)
    """
    kernel = np.ones(min(_SMOOTH, len(powers)))
    level = np.convolve(powers.sum(axis=1), kernel / len(kernel), "same")
    decibel = 10 * np.log10(level + _FLOOR)
    top = decibel.max()
    heard = np.flatnonzero(decibel >= top - min(_QUIET, _WAY_DOWN * (top - np.percentile(decibel, 10))))
    return int(heard[0]), int(heard[-1]) + 1


def piece_means(rows: np.ndarray, start: float, end: float, pieces: int = PIECES) -> np.ndarray:
    """Means of the rows over equal stretches of time; a row that lies in two counts in each by its share.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
    start, end : float
        From 0 to n; end > start.
    pieces : int, default=8

    Returns
    -------
    ndarray of shape (pieces, d)

    Examples
    --------
    >>> piece_means(np.array([[1.0], [2.0], [6.0]]), 0, 3, 2).ravel().round(3).tolist()
    [1.333, 4.667]
    """
    total = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
    ends = np.linspace(start, end, pieces + 1)
    whole = np.minimum(ends.astype(int), len(rows) - 1)
    at = total[whole] + (ends - whole)[:, None] * rows[whole]
    return np.diff(at, axis=0) * (pieces / (end - start))


def cepstral_features(wave: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Describe a sound of any length by numbers that a linear model can use.

    Parameters
    ----------
    wave : ndarray of shape (T,), float
    rate : int
        Samples a second.

    Returns
    -------
    timbre : ndarray of shape (80,), float32
        Mean and standard deviation over time of 20 mel cepstra and of their deltas.
    course : ndarray of shape (161,), float32
        The mel cepstra in 8 equal pieces of the loud part, less their mean over it; and the logarithm of its length.

    Examples
    --------
    >>> timbre, course = cepstral_features(np.sin(np.arange(8000.0)), 16000)
    >>> timbre.shape, course.shape
    ((80,), (161,))
    """
    powers = mel_powers(wave, rate)
    rows = mfcc(wave, rate)
    slope = deltas(rows)
    timbre = np.concatenate([rows.mean(axis=0), rows.std(axis=0), slope.mean(axis=0), slope.std(axis=0)])
    start, end = loud_part(powers)
    pieces = piece_means(rows, start, end)
    course = np.append((pieces - rows[start:end].mean(axis=0)).ravel(), np.log((end - start) * HOP))
    return timbre.astype(np.float32), course.astype(np.float32)

"""Where in a clip the word stands, told from loudness alone."""

from __future__ import annotations

import numpy as np

STEP = 0.01
_FRAME = 2
_CORE = 0.3
_GAP = 0.15
_BELOW_PEAK = 30.0
_SHARE = 0.3


def word_span(wave: np.ndarray, rate: int, most: float) -> tuple[int, int]:
    """First sample of the word in a clip, and the one after its last.

    The loudest 0.3 s are its core. It is widened on both sides while there is sound above a level between the clip's
    quiet tenth and its loudest frame; pauses up to 0.15 s (the closure of a t or k) belong to the word.

    Parameters
    ----------
    wave : ndarray of shape (T,)
    rate : int
        Samples a second.
    most : float
        Longest that a word may be, in seconds; of a longer one the loudest stretch of this length.

    Returns
    -------
    (int, int)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> wave = 0.001 * rng.standard_normal(16000)
    >>> wave[6000:11000] *= 300
    >>> start, end = word_span(wave, 16000, 1.5)
    >>> abs(start - 6000) < 500 and abs(end - 11000) < 500
    True
    """
    step = max(1, round(STEP * rate))
    n = len(wave) // step
    if n < 4:
        return 0, len(wave)
    power = np.square(wave[: n * step], dtype=np.float64).reshape(n, step).mean(axis=1)
    smooth = np.convolve(power, np.ones(2 * _FRAME + 1) / (2 * _FRAME + 1), mode="same")
    decibel = 10 * np.log10(smooth + 1e-10)
    core = min(n, max(1, round(_CORE / STEP)))
    sums = np.concatenate([[0.0], np.cumsum(smooth)])
    first = int(np.argmax(sums[core:] - sums[:-core]))
    peak, quiet = float(decibel.max()), float(np.quantile(decibel, 0.1))
    loud = decibel > max(peak - _BELOW_PEAK, quiet + _SHARE * (peak - quiet))
    gap = round(_GAP / STEP)
    start, end = _widened(loud, first, first + core, gap)
    limit = max(1, round(most / STEP))
    if end - start > limit:
        begin = start + int(np.argmax(sums[start + limit : end + 1] - sums[start : end + 1 - limit]))
        start, end = begin, begin + limit
    return start * step, min(len(wave), end * step)


def _widened(loud: np.ndarray, start: int, end: int, gap: int) -> tuple[int, int]:
    """The stretch, grown over all loud frames that are reached without a pause longer than ``gap``."""
    inside = np.flatnonzero(loud[start:end])
    if inside.size:
        start, end = start + int(inside[0]), start + int(inside[-1]) + 1
    while True:
        before = np.flatnonzero(loud[max(0, start - gap) : start])
        if not before.size:
            break
        start = max(0, start - gap) + int(before[0])
    while True:
        after = np.flatnonzero(loud[end : end + gap])
        if not after.size:
            break
        end = end + int(after[-1]) + 1
    return start, end

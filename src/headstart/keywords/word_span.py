"""Where in a clip the word stands, told from loudness alone."""

from __future__ import annotations

import numpy as np

STEP = 0.01
#: Hertz below which sound counts less and less: thumps and hum are louder than speech, and no part of it.
_CORNER = 270.0
_CORE = 0.3
_GAP = 0.15
_BELOW_PEAK = 30.0
#: Share of the frames with sound that are taken to be quiet, and where between them and the loudest the word begins.
_QUIET, _SHARE = 0.25, 0.4
#: Decibels below the loudest frame from which a frame may be quiet: a clip may be all word.
_LEAST_BELOW = 20.0
#: Power, of the loudest frame's, below which a frame is digital silence.
_SILENT = 1e-8
_FAINT = 1e-12


def word_span(wave: np.ndarray, rate: int, most: float) -> tuple[int, int]:
    """First sample of the word in a clip, and the one after its last.

    The loudest 0.3 s are its core. It is widened on both sides while there is sound above a level between the clip's
    quiet quarter and its loudest frame; pauses up to 0.15 s (the closure of a t or k) belong to the word. High
    frequencies are raised first, so that thumps count little and a final s counts; zeros around the recording and
    single frames (a click) do not count.

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
    power, heard = _loudness(wave, rate, n, step)
    decibel = 10 * np.log10(power + _FAINT)
    core = min(n, max(1, round(_CORE / STEP)))
    first = _loudest(np.sqrt(power), 0, n, core)
    peak = float(decibel.max())
    quiet = min(peak - _LEAST_BELOW, float(np.quantile(decibel[heard], _QUIET)))
    loud = decibel > max(peak - _BELOW_PEAK, quiet + _SHARE * (peak - quiet))
    start, end = _widened(loud, first, first + core, round(_GAP / STEP))
    limit = max(1, round(most / STEP))
    if end - start > limit:
        start = _loudest(power, start, end, limit)
        end = start + limit
    return start * step, min(len(wave), end * step)


def _loudness(wave: np.ndarray, rate: int, n: int, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Power of n frames, highs raised, clicks taken out, smoothed over three; and whether there is sound in each."""
    sound = np.asarray(wave[: n * step], np.float64)
    raised = sound - np.exp(-2 * np.pi * _CORNER / rate) * np.concatenate([sound[:1], sound[:-1]])
    power = raised.reshape(n, step).var(axis=1)
    beside = np.lib.stride_tricks.sliding_window_view(np.pad(power, 1, mode="edge"), 3)
    return np.convolve(np.median(beside, axis=1), np.ones(3) / 3, mode="same"), power >= _SILENT * power.max()


def _loudest(loudness: np.ndarray, start: int, end: int, n: int) -> int:
    """Where the n frames begin whose loudness sums to most, between ``start`` and ``end``."""
    sums = np.concatenate([[0.0], np.cumsum(loudness[start:end])])
    return start + int(np.argmax(sums[n:] - sums[:-n]))


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

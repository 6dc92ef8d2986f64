"""What one pass over all clips sees: which are silent, clipped, of odd loudness, or too long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.data.base.inspection import Look
from headstart.data.base.near import Prints, unit
from headstart.data.base.reasons import BadClip
from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import LONGEST_SECONDS

SILENT = 1e-3
FULL_SCALE = 0.99
CLIPPED = 0.005
APART = 20.0
#: Steps of a clip's course, and the part of its energy that is left out at either end, silence and all.
STEPS, QUIET = 128, 0.005
#: Squared distance of courses up to which clips are one; those of different takes of a word are above 0.03.
CLOSE = 0.015


class ClipLook(Look):
    """Whether clips are silent, clipped, of very different loudness, or longer than what is used.

    Levels are in decibels of full scale: 20 log10 of the peak, or of the root mean square, where 1 is full scale.

    Parameters
    ----------
    clips : Clips
    """

    def __init__(self, clips: Clips) -> None:
        super().__init__(len(clips))
        self.clips = clips
        self.peak = np.full(len(clips), np.nan)
        self.level = np.full(len(clips), np.nan)
        self.clipped = np.zeros(len(clips))
        self.length = np.zeros(len(clips), dtype=np.intp)
        self.course = np.zeros((len(clips), 2, STEPS), dtype=np.float32)
        self.heard = np.zeros(len(clips))

    def _measure(self, i: int, canvas: np.ndarray) -> None:
        size = np.abs(canvas)
        self.peak[i] = size.max()
        self.level[i] = 10 * np.log10(np.mean(np.square(canvas, dtype=np.float64)) + 1e-20)
        self.clipped[i] = np.mean(size >= FULL_SCALE)
        self.length[i] = len(canvas)
        if self.peak[i] >= SILENT:
            self.course[i], self.heard[i] = course_of(canvas)

    def near(self, rows: np.ndarray) -> Prints:
        """Loudness over time, low and high, of what stands between silences, whatever its level."""
        return Prints((), self.course[rows], np.log(np.maximum(self.heard[rows], 1)), close=CLOSE)

    def same(self, rows: np.ndarray, canvases: Any) -> list[list[int]]:
        """Sets of equal clips; silent ones are left out, for silence may be recorded twice, and under any label."""
        heard = np.flatnonzero(self.peak[rows] >= SILENT)
        found = super().same(rows[heard], canvases[heard])
        return [[int(heard[i]) for i in alike] for alike in found]

    def notes(self, rows: np.ndarray, names: Sequence[str]) -> list[str]:
        """Notes on silent (peak below -60 dB of full scale), clipped, unusually loud or quiet, and long clips."""
        notes = []
        silent = rows[self.peak[rows] < SILENT]
        if len(silent):
            notes.append(f"{_clips(silent)} silent (no sample above -60 dB of full scale): {_some(silent, names)}.")
        clipped = rows[self.clipped[rows] >= CLIPPED]
        if len(clipped):
            notes.append(
                f"{_clips(clipped)} clipped (at least {100 * CLIPPED:g}% of the samples at full scale): "
                f"{_some(clipped, names)}."
            )
        middle = float(np.median(self.level[rows]))
        unlike = np.setdiff1d(rows[np.abs(self.level[rows] - middle) > APART], silent)
        if len(unlike):
            notes.append(
                f"{_clips(unlike)} more than {APART:g} dB louder or quieter than the median clip ({middle:.0f} dB of "
                f"full scale): {_some(unlike, names)}."
            )
        long = np.array([i for i in rows[self.length[rows] == self.length[rows].max()] if self._is_long(i)], dtype=int)
        if len(long):
            notes.append(
                f"{_clips(long)} longer than {LONGEST_SECONDS:g} s; only the first {LONGEST_SECONDS:g} s are used: "
                f"{_some(long, names)}."
            )
        return notes

    def _is_long(self, i: int) -> bool:
        try:
            return self.clips.seconds(i) > LONGEST_SECONDS
        except BadClip:
            return False


def course_of(canvas: np.ndarray) -> tuple[np.ndarray, int]:
    """The course of a clip's loudness between the silences around it, and how many samples that is.

    Parameters
    ----------
    canvas : ndarray of shape (T,)
        Not silent.

    Returns
    -------
    course : ndarray of shape (2, 128), float32
        Root mean square of the wave, and of its first differences, in 128 steps; each of mean 0 and length sqrt(1/2).
    heard : int
    """
    energy = np.cumsum(np.square(canvas, dtype=np.float64))
    first, last = np.searchsorted(energy, [QUIET * energy[-1], (1 - QUIET) * energy[-1]])
    wave = canvas[first : last + 1]
    if len(wave) < 4 * STEPS:
        return np.zeros((2, STEPS), np.float32), len(wave)
    edges = np.linspace(0, len(wave) - 1, STEPS + 1).astype(np.intp)[:-1]
    sizes = np.diff(np.append(edges, len(wave) - 1))
    rows = [np.sqrt(np.add.reduceat(np.square(x), edges) / sizes) for x in (wave[:-1], np.diff(wave))]
    return np.stack([unit(row / row.max(), 1e-3) for row in rows]) / np.float32(np.sqrt(2)), len(wave)


def _clips(rows: np.ndarray) -> str:
    return "1 clip is" if len(rows) == 1 else f"{len(rows)} clips are"


def _some(rows: np.ndarray, names: Sequence[str]) -> str:
    return ", ".join(names[i] for i in rows[:3]) + (", ..." if len(rows) > 3 else "")

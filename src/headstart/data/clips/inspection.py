"""What one pass over all clips sees: which are silent, clipped, of odd loudness, or too long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headstart.data.base.inspection import Look
from headstart.data.base.reasons import BadClip
from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import LONGEST_SECONDS

SILENT = 1e-3
FULL_SCALE = 0.99
CLIPPED = 0.005
APART = 20.0


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

    def _measure(self, i: int, canvas: np.ndarray) -> None:
        size = np.abs(canvas)
        self.peak[i] = size.max()
        self.level[i] = 10 * np.log10(np.mean(np.square(canvas, dtype=np.float64)) + 1e-20)
        self.clipped[i] = np.mean(size >= FULL_SCALE)
        self.length[i] = len(canvas)

    def same(self, rows: np.ndarray, canvases: Sequence[np.ndarray]) -> list[list[int]]:
        """Sets of equal clips; silent ones are left out, for silence may be recorded twice, and under any label."""
        heard = np.flatnonzero(self.peak[rows] >= SILENT)
        found = super().same(rows[heard], [canvases[i] for i in heard.tolist()])
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


def _clips(rows: np.ndarray) -> str:
    return "1 clip is" if len(rows) == 1 else f"{len(rows)} clips are"


def _some(rows: np.ndarray, names: Sequence[str]) -> str:
    return ", ".join(names[i] for i in rows[:3]) + (", ..." if len(rows) > 3 else "")

"""What is heard when nobody says the word: recordings, and parts of them that share nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.base.files import printable
from headstart.data.clips.recordings import piece_of, recordings_in, seconds_of
from headstart.errors import DataError

PIECE_SECONDS = 30.0
LEAST_SECONDS = 10.0
NAMES = frozenset({"other", "others", "background", "unknown", "background_noise", "noise", "silence", "negative"})
_PLAIN = frozenset({"background"})
_HOW = (
    "Put recordings without the words into a folder _background_ (other words into _other_) beside the words' folders, "
    "or give long recordings with --background (background=)."
)


def is_background(name: str) -> bool:
    """Whether a folder's name says that its sounds are none of the words.

    Examples
    --------
    >>> [is_background(name) for name in ("_other_", "_background_", "background", "_unknown_", "alexa", "other")]
    [True, True, True, True, False, False]
    """
    plain = name.strip().casefold()
    return plain in _PLAIN or (plain.startswith("_") and plain.strip("_") in NAMES)


@dataclass(frozen=True)
class Piece:
    """A stretch of a recording.

    Parameters
    ----------
    sound : path or (ndarray, int)
        The whole recording.
    start, seconds : float
        Where it lies in the recording.
    group : str
        What must not stand on both sides of the division: the recording, or the group that the user named.
    """

    sound: Any
    name: str
    start: float
    seconds: float
    group: str


@dataclass(frozen=True)
class Background:
    """Pieces of recordings.

    Parameters
    ----------
    rate : int
        Samples a second that they are read at.
    """

    pieces: tuple[Piece, ...]
    rate: int

    @property
    def seconds(self) -> float:
        """Length of all pieces."""
        return float(sum(piece.seconds for piece in self.pieces))

    @property
    def n_groups(self) -> int:
        """Number of recordings, or of the groups that the user named."""
        return len({piece.group for piece in self.pieces})

    def first(self, seconds: float) -> Background:
        """Pieces from the beginning that make up so many seconds; all of them where there are fewer."""
        ends = np.cumsum([piece.seconds for piece in self.pieces])
        return dataclasses.replace(self, pieces=self.pieces[: int(np.searchsorted(ends, seconds)) + 1])

    def stream(self) -> Iterator[np.ndarray]:
        """All pieces one after the other."""
        for piece in self.pieces:
            yield piece_of(piece.sound, self.rate, piece.start, piece.seconds)

    def windows(self, n: int, samples: int, rng: np.random.Generator) -> tuple[np.ndarray, list[Piece]]:
        """Windows at random places.

        Returns
        -------
        windows : ndarray of shape (n, samples), float32
        pieces : list of n Piece
            Where each begins.
        """
        share = np.array([piece.seconds for piece in self.pieces])
        chosen = np.sort(rng.choice(len(share), n, p=share / share.sum()))
        found = np.zeros((n, samples), np.float32)
        wave, at = np.zeros(0, np.float32), -1
        for row, i in enumerate(chosen.tolist()):
            if i != at:
                wave, at = self._long_enough(i, samples), i
            start = int(rng.integers(0, len(wave) - samples + 1))
            found[row] = wave[start : start + samples]
        return found, [self.pieces[i] for i in chosen]

    def _long_enough(self, i: int, samples: int) -> np.ndarray:
        """Piece i, with the pieces after it where it is shorter than a window."""
        parts, have, k = [], 0, i
        while have < samples:
            piece = self.pieces[k % len(self.pieces)]
            parts.append(piece_of(piece.sound, self.rate, piece.start, piece.seconds))
            have += len(parts[-1])
            k += 1
            if k - i > 10_000:
                raise DataError("Expected background with sound in it, found empty pieces.", _HOW)
        return np.concatenate(parts)


def pieces_of(place: str | Path) -> list[Piece]:
    """Pieces of half a minute of all recordings that a path names.

    Raises
    ------
    DataError
        If there are none, or one cannot be opened.
    """
    found = []
    for path in recordings_in(place):
        name, group = printable(path.name), printable(str(path))
        for start, seconds in _cut(seconds_of(path)):
            found.append(Piece(path, f"{name}, from {start:.0f} s", start, seconds, group))
    return found


def pieces_of_clips(clips: Any, groups: Sequence[Any] | None) -> list[Piece]:
    """Pieces of clips that stand in a background folder; a long one is cut into pieces of half a minute."""
    found = []
    for i, (item, name) in enumerate(zip(clips.items, clips.names, strict=True)):
        group, cut = name if groups is None else str(groups[i]), _cut(float(clips.seconds(i)))
        for start, seconds in cut:
            words = name if len(cut) == 1 else f"{name}, from {start:.0f} s"
            found.append(Piece(item, words, start, seconds, group))
    return found


def _cut(total: float) -> list[tuple[float, float]]:
    """Where each piece of about half a minute of a recording begins, and how long it is."""
    n = max(1, round(total / PIECE_SECONDS))
    return [(k * total / n, total / n) for k in range(n)]


def parted(pieces: Sequence[Piece], rate: int, n: int, seed: int) -> tuple[Background, ...]:
    """Parts of about one length; no recording, or no time of one, is in two of them.

    Whole groups go to one part where there are three for each part or more and none is longer than half a part; else
    each recording is cut in time, its first stretch to the first part and so on.

    Parameters
    ----------
    pieces : sequence of Piece
    rate : int
    n : int
        Number of parts.
    seed : int

    Raises
    ------
    DataError
        If there is no background, or not 10 s for each part.
    """
    total = sum(piece.seconds for piece in pieces)
    if not pieces or total <= 0:
        raise DataError("Expected background to tell the words from, found none.", _HOW)
    rng = np.random.default_rng([seed, 7])
    length: dict[str, float] = {}
    for piece in pieces:
        length[piece.group] = length.get(piece.group, 0.0) + piece.seconds
    whole = len(length) >= 3 * n and max(length.values()) <= total / (2 * n)
    found = _by_group(pieces, length, n, rng) if whole else _cut_in_time(pieces, length, n)
    if any(sum(piece.seconds for piece in part) < LEAST_SECONDS for part in found):
        raise DataError(
            f"Expected at least {n * LEAST_SECONDS:g} s of background, better an hour, to learn from and to count "
            f"false alarms in; found {total:.0f} s.",
            _HOW,
        )
    return tuple(Background(tuple(part[i] for i in rng.permutation(len(part)).tolist()), rate) for part in found)


def _by_group(pieces: Sequence[Piece], length: dict[str, float], n: int, rng: np.random.Generator) -> list[list[Piece]]:
    """Groups in random order, each to the part that is shortest so far."""
    have, part_of = np.zeros(n), {}
    for group in rng.permutation(sorted(length)).tolist():
        part_of[group] = int(have.argmin())
        have[part_of[group]] += length[group]
    return [[piece for piece in pieces if part_of[piece.group] == k] for k in range(n)]


def _cut_in_time(pieces: Sequence[Piece], length: dict[str, float], n: int) -> list[list[Piece]]:
    """The first stretch of each recording, the second, and so on."""
    found: list[list[Piece]] = [[] for _ in range(n)]
    passed = dict.fromkeys(length, 0.0)
    for piece in pieces:
        start = passed[piece.group]
        passed[piece.group] += piece.seconds
        for k in range(n):
            first = max(start, k * length[piece.group] / n)
            last = min(start + piece.seconds, (k + 1) * length[piece.group] / n)
            if last - first > 1e-6:
                found[k].append(dataclasses.replace(piece, start=piece.start + first - start, seconds=last - first))
    return found

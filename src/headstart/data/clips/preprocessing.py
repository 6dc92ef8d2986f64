"""What a network wants done to a clip of sound before it sees it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import soxr

from headstart.data.base.preprocessing import BasePreprocessing, short_hash
from headstart.data.clips.decode import Sound
from headstart.errors import ParameterError

LONGEST_SECONDS = 60.0


@dataclass(frozen=True)
class SoundPreprocessing(BasePreprocessing):
    """Bring clips to one rate, and cut or pad them to the network's window.

    Of a clip longer than 60 s the first 60 s are used.

    Parameters
    ----------
    rate : int, default=16000
        Samples a second that the network was trained on, in Hz; from 1000 to 192000.
    samples : int, default=16000
        Length of its input window; at least 1.
    marks_end : bool, default=False
        A clip shorter than the window stands at its beginning, and NaN marks what lies behind its end, for networks
        whose front end has a way of its own to go on from there; else it gets silence around it.
    open_window : bool, default=False
        The network takes waves of any length, and nobody has settled yet how long its window is.

    Examples
    --------
    >>> preprocessing = SoundPreprocessing(rate=8000, samples=4000)
    >>> canvas = preprocessing.canvas((np.ones(44100, dtype=np.float32), 44100))
    >>> canvas.shape, preprocessing.centre(canvas).shape, preprocessing.windows(canvas).shape
    ((8000,), (4000,), (3, 4000))
    """

    rate: int = 16000
    samples: int = 16000
    marks_end: bool = False
    open_window: bool = False

    #: Always 1: clips are averaged over their channels.
    channels: ClassVar[int] = 1
    as_is: ClassVar[Any] = np.float32

    def __post_init__(self) -> None:
        if not (isinstance(self.rate, int) and 1000 <= self.rate <= 192_000):
            raise ParameterError(f"Expected a rate of 1000 to 192000 samples a second, found {self.rate!r}.")
        if not (isinstance(self.samples, int) and 1 <= self.samples <= LONGEST_SECONDS * self.rate):
            raise ParameterError(
                f"Expected a window of 1 to {LONGEST_SECONDS * self.rate:g} samples, found {self.samples!r}."
            )

    @property
    def size(self) -> tuple[int]:
        """Length of the network's input window, in samples, as a tuple."""
        return (self.samples,)

    @property
    def enough(self) -> float:
        """Seconds of a clip that have to be decoded."""
        return LONGEST_SECONDS

    @property
    def windowed(self) -> bool:
        """Whether an input may need several windows: always, a clip may be of any length."""
        return True

    @property
    def seconds(self) -> float:
        """Length of the window in seconds."""
        return self.samples / self.rate

    @property
    def words(self) -> str:
        """What a network that wants it takes, in words."""
        return f"{self.seconds:g} seconds of sound at {self.rate:,} Hz"

    def detailed(self, factor: float) -> SoundPreprocessing:
        """The same: a canvas has all the detail there is, whatever is cut from it."""
        return self

    def whole(self, canvas: np.ndarray) -> np.ndarray:
        """A window of a clip; as :meth:`centre`."""
        return self.centre(canvas)

    def canvas(self, decoded: Sound | np.ndarray) -> np.ndarray:
        """Resample a clip to the network's rate, its first 60 s at most.

        Parameters
        ----------
        decoded : (ndarray of shape (T,), int) or ndarray of shape (T,)
            Samples and their rate; or a canvas, which stays as it is.

        Returns
        -------
        ndarray of shape (T',), float32
            The caller's own array where nothing has to change.
        """
        if isinstance(decoded, np.ndarray):
            return decoded
        wave, rate = decoded
        wave = wave[: round(LONGEST_SECONDS * rate)]
        if rate == self.rate:
            return wave.astype(np.float32, copy=False)
        return soxr.resample(wave.astype(np.float32, copy=False), rate, self.rate, quality="HQ")

    def centre(self, canvas: np.ndarray) -> np.ndarray:
        """One window of a clip: the loudest one, or the whole clip with zeros around it where it is shorter.

        Parameters
        ----------
        canvas : ndarray of shape (T,), float32

        Returns
        -------
        ndarray of shape (samples,), float32
            A view of the canvas where it is long enough. Of windows that are equally loud, the first.
        """
        if self.marks_end and len(canvas) < self.samples:
            return np.concatenate([canvas, np.full(self.samples - len(canvas), np.nan, canvas.dtype)])
        return placed(canvas, self.first_sample(canvas), self.samples)

    def first_sample(self, canvas: np.ndarray) -> int:
        """Where :meth:`centre` begins in a canvas; negative where zeros come before it."""
        if len(canvas) <= self.samples:
            return -((self.samples - len(canvas)) // 2)
        return loudest_window(canvas, self.samples)

    def windows(self, canvas: np.ndarray) -> np.ndarray:
        """Windows that cover a whole clip, each half over the one before it; the last one ends with the clip.

        Parameters
        ----------
        canvas : ndarray of shape (T,), float32

        Returns
        -------
        ndarray of shape (k, samples), float32
            k = 1 for a clip that is not longer than a window.
        """
        if len(canvas) <= self.samples:
            return self.centre(canvas)[None]
        return np.lib.stride_tricks.sliding_window_view(canvas, self.samples)[self.starts(len(canvas))]

    def starts(self, length: int) -> np.ndarray:
        """Where the windows of a clip of so many samples begin; 0 alone for one that is not longer than a window.

        Examples
        --------
        >>> SoundPreprocessing(8000, 4000).starts(9000).tolist()
        [0, 2000, 4000, 5000]
        """
        if length <= self.samples:
            return np.zeros(1, dtype=np.int64)
        last = length - self.samples
        return np.append(np.arange(0, last, max(1, self.samples // 2)), last)

    def pieces(self, canvas: np.ndarray) -> list[np.ndarray]:
        """Canvases of the windows of a clip, one each."""
        return [canvas[start : start + self.samples] for start in self.starts(len(canvas))]

    def some_piece(self, canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Canvas of a window anywhere in a clip; a clip that is not longer as it is."""
        room = len(canvas) - self.samples
        if room <= 0:
            return canvas
        start = int(rng.integers(0, room + 1))
        return canvas[start : start + self.samples]

    def resized(self, samples: int) -> SoundPreprocessing:
        """The same for another length of the window."""
        return dataclasses.replace(self, samples=samples)

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain JSON types."""
        marks = {name: True for name in ("marks_end", "open_window") if getattr(self, name)}
        return {"kind": "sound", "rate": self.rate, "samples": self.samples, **marks}

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> SoundPreprocessing:
        """Read what :meth:`to_dict` wrote.

        Examples
        --------
        >>> SoundPreprocessing.from_dict(SoundPreprocessing(8000, 4000).to_dict()) == SoundPreprocessing(8000, 4000)
        True
        """
        known = ["kind", *(field.name for field in dataclasses.fields(cls))]
        unknown = sorted(set(settings) - set(known))
        if unknown or settings.get("kind", "sound") != "sound":
            raise ParameterError(f"Expected sound preprocessing settings {known}, found {settings}.")
        return cls(**{key: value for key, value in settings.items() if key != "kind"})

    def canvas_key(self) -> str:
        """Short hash of what decides a canvas alone: networks of one rate share their canvases."""
        return short_hash(["sound", self.rate, LONGEST_SECONDS])


def placed(wave: np.ndarray, start: int, samples: int) -> np.ndarray:
    """The samples ``start`` to ``start + samples`` of a wave (T,), zeros where it has none.

    Examples
    --------
    >>> placed(np.array([1.0, 2.0, 3.0], dtype=np.float32), -1, 3).tolist()
    [0.0, 1.0, 2.0]
    """
    if start >= 0 and start + samples <= len(wave):
        return wave[start : start + samples]
    found = np.zeros(samples, dtype=wave.dtype)
    low, high = max(start, 0), min(start + samples, len(wave))
    if low < high:
        found[low - start : high - start] = wave[low:high]
    return found


def loudest_window(wave: np.ndarray, samples: int) -> int:
    """Where the window of a given length with the most energy begins; the first of equals.

    The energy of all windows comes from one cumulative sum of squares in float64; energies that differ by less than
    its rounding count as equal.

    Parameters
    ----------
    wave : ndarray of shape (T,)
    samples : int
        From 1 to T.

    Examples
    --------
    >>> loudest_window(np.array([0.0, 1.0, 0.0, -2.0, 1.0]), 2)
    3
    """
    sums = np.concatenate([[0.0], np.cumsum(np.square(wave, dtype=np.float64))])
    energy = sums[samples:] - sums[:-samples]
    return int(np.argmax(energy >= energy.max() - 1e-12 * sums[-1]))

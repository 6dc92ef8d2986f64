"""Fixed views of sounds that a teacher and a student both hear: spoken words, and clips without labels."""

from __future__ import annotations

import hashlib
from functools import cached_property

import numpy as np

from headstart.data.clips.changes import coloured_noise, shifted, with_gain, with_noise
from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing, loudest_window
from headstart.data.inputs.canvases import canvases
from headstart.errors import DataError
from headstart.pretraining.examples.examples import UNLABELLED
from headstart.pretraining.examples.picture_views import Views
from headstart.pretraining.examples.speech_examples import SpeechExamples
from headstart.pretraining.speech.staging import RATE, Stage, Staging, sound_keys
from headstart.progress import Progress

#: How clips from the world are varied: they have rooms and noise of their own.
FROM_LIFE = Staging(quiet=0.5, dry=0.7, flat=0.5, snr=(5.0, 40.0))


class _SoundViews(Views):
    """What all sounds have in common: kept in 16 bits, and heard by the student at other levels and in light noise."""

    input_type = "audio"
    dtype = "float16"

    def varied(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return varied_sound(x, rng)


class SpeechViews(_SoundViews):
    """Spoken words, each staged once, or several times.

    Parameters
    ----------
    examples : SpeechExamples
    n_views : int, default=1
        Each is what an epoch of the examples would be. Further takes say more than further views of one.
    """

    def __init__(self, examples: SpeechExamples, n_views: int = 1) -> None:
        self.examples, self.n, self.n_views = examples, examples.n, n_views
        self.shape, self.preprocessing = (examples.size,), examples.preprocessing
        self.labels, self.class_names = examples.labels(np.arange(self.n)), examples.class_names
        self.words, self.licence = examples.words, examples.licence
        self.key = repr((examples.key, n_views))

    def made(self, rows: np.ndarray) -> tuple[list[np.ndarray], np.ndarray, list[tuple[int, str]]]:
        views = np.stack([self.examples.batch(rows, view).x for view in range(self.n_views)], axis=1)
        views = views.reshape(-1, *self.shape)
        return list(views), views.astype(np.float16), []


class ClipViews(_SoundViews):
    """Pieces of clips without labels, varied a little.

    Parameters
    ----------
    clips : Clips
        Of any rate and length; kept in memory at 16 kHz.
    n_views : int
        Of each clip. The first is its loudest window as it is; the others are pieces anywhere, staged.
    staging : Staging, default=FROM_LIFE
        Says how, and how long a window is.
    words : str
        What the clips are.
    class_names : tuple of str, default=()
        Classes of other views that are learned beside these, which themselves have none.
    preprocessing : SoundPreprocessing, optional
        Of the finished network, as of `SpeechExamples`.
    seed : int, default=0
    licence : str, optional
    progress : callable, optional
        Told how reading goes on.

    Raises
    ------
    BadClips
        If clips cannot be read.
    """

    def __init__(
        self,
        clips: Clips,
        n_views: int,
        staging: Staging = FROM_LIFE,
        *,
        words: str = "",
        class_names: tuple[str, ...] = (),
        preprocessing: SoundPreprocessing | None = None,
        seed: int = 0,
        licence: str | None = None,
        progress: Progress | None = None,
    ) -> None:
        if not len(clips):
            raise DataError("Expected clips to pretrain on, found none.", "Give a folder with clips.")
        self.n, self.n_views, self.staging, self.seed = len(clips), n_views, staging, seed
        self.shape, self._own = (staging.samples,), SoundPreprocessing(RATE, staging.samples)
        self.preprocessing = preprocessing or self._own
        self.names, self.licence = clips.names, licence
        self.words = words or f"{self.n:,} clips without labels"
        self.class_names = class_names
        self.labels = np.full(self.n, UNLABELLED, dtype=np.int64) if class_names else None
        self._waves = canvases(clips, self._own, progress=progress)
        content = hashlib.sha256(repr(class_names).encode())
        for wave in self._waves:
            content.update(np.ascontiguousarray(wave).data)
        self.key = repr((content.hexdigest(), n_views, staging, self.preprocessing, seed))

    def name(self, i: int) -> str:
        return self.names[i]

    @cached_property
    def stage(self) -> Stage:
        """Rooms and noises; its babble is made of the clips."""
        some = np.random.default_rng([self.seed, 5]).permutation(self.n)[:300]
        return Stage(self.staging, [loudest_piece(self._waves[i], RATE) for i in some])

    def made(self, rows: np.ndarray) -> tuple[list[np.ndarray], np.ndarray, list[tuple[int, str]]]:
        waves = [self._waves[i] for i in rows]
        views = np.empty((len(rows), self.n_views, *self.shape), np.float32)
        for view in range(self.n_views):
            if view == 0:
                views[:, 0] = [self._own.centre(wave) for wave in waves]
            else:
                views[:, view] = self.stage.staged(waves, sound_keys(self.seed, rows, view))
        views = views.reshape(-1, *self.shape)
        return list(views), views.astype(np.float16), []


def varied_sound(x: np.ndarray, rng: np.random.Generator, shift: float = 0.05, level: float = 9.0) -> np.ndarray:
    """A sound a little earlier or later, louder or softer, half of the time with noise on it.

    Parameters
    ----------
    x : ndarray of shape (samples,), float
        In -1 to 1. Not changed.
    rng : numpy.random.Generator
    shift : float, default=0.05
        Farthest move, as a part of the length.
    level : float, default=9.0
        Largest change of level in decibels.

    Returns
    -------
    ndarray of shape (samples,), float32
    """
    most = round(shift * len(x))
    by = int(rng.integers(-most, most + 1))
    moved = shifted(x.astype(np.float32), by)
    if rng.random() < 0.5:
        noise = coloured_noise(1, len(x), np.array([rng.uniform(-2, 0)]), rng)
        moved = with_noise(moved, noise[0], rng.uniform(5, 40))
    return np.clip(with_gain(moved, rng.uniform(-level, level)), -1, 1)


def loudest_piece(wave: np.ndarray, samples: int) -> np.ndarray:
    """The loudest piece of a wave, or all of it where it is shorter."""
    if len(wave) <= samples:
        return wave
    start = loudest_window(wave, samples)
    return wave[start : start + samples]

"""Words spoken by a synthesiser in many voices, kept on disk so that they are spoken once."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np

from headstart.cache_folder import cache_folder
from headstart.errors import MissingProgram, ParameterError
from headstart.pretraining.speech.espeak import Delivery, english_voices, espeak_program, espeak_version, speak
from headstart.progress import Progress

SCHEME = 2  # of the plan below; another number speaks anew
AT_ONCE = 25  # words a process
PLAIN_ACCENT = 0.4  # share of American English; the other accents share the rest
RATES, PITCHES, TRACTS = (80, 200), (15, 85), (0.85, 1.18)
MANY = 16  # processes between two reports
SOUNDS, PLACES = "sounds.int16", "places.npy"
KEPT_BYTES = 4 << 30  # of takes on disk; beyond it the oldest sets go


@dataclass(frozen=True)
class SpokenWords:
    """Takes of words: each word spoken in many voices, rates, pitches and lengths of the vocal tract by espeak-ng.

    Take i speaks word ``i % len(words)``. A tenth of the voices is never used for takes to train on: it speaks the
    held-out takes. The first use speaks all takes (about 500 a second and core) into one memory-mapped file
    in the folder of headstart's cache; later uses find it there.

    Parameters
    ----------
    words : tuple of str
        At least two different words of letters.
    per_word : int, default=24
        Takes of each word to train on, at least 1.
    held_out : int, default=2
        Further takes of each word, by other voices.
    seed : int, default=0
        Decides who speaks what and how.

    Raises
    ------
    ParameterError
        For too few words or takes.
    MissingProgram
        On first use, if espeak-ng is not installed.

    Examples
    --------
    >>> takes = SpokenWords(("yes", "no"), per_word=3, held_out=1)
    >>> len(takes), takes.labels([0, 1, 2, 6]).tolist()
    (6, [0, 1, 0, 0])
    """

    words: tuple[str, ...]
    per_word: int = 24
    held_out: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        if len(set(self.words)) < 2 or len(set(self.words)) < len(self.words):
            raise ParameterError(f"Expected at least two different words, found {self.words!r}.", "Name other words.")
        if self.per_word < 1 or self.held_out < 0 or self.seed < 0:
            raise ParameterError(
                "Expected at least 1 take of a word, 0 held out and a seed of at least 0; found "
                f"{self.per_word}, {self.held_out} and {self.seed}."
            )

    def __len__(self) -> int:
        return len(self.words) * self.per_word

    @property
    def n_takes(self) -> int:
        """Takes with the held-out ones, which follow the others."""
        return len(self.words) * (self.per_word + self.held_out)

    def labels(self, index: np.ndarray | list[int]) -> np.ndarray:
        """Number of the word that each take speaks; int64."""
        return np.asarray(index, dtype=np.int64) % len(self.words)

    def sound(self, i: int) -> np.ndarray:
        """Take i, 0 to ``n_takes - 1``: int16 (samples,) at 16 kHz without silence at its ends; read-only."""
        sounds, places = self._spoken
        start, length = places[i]
        return sounds[start : start + length]

    def speak_all(self, progress: Progress | None = None, threads: int | None = None) -> None:
        """Speak every take unless that was done before.

        Parameters
        ----------
        progress : callable, optional
            ``progress(what, done, total)``.
        threads : int, optional
            Processes of espeak-ng at a time. Default: one a core.
        """
        program = espeak_program()
        folder = self._folder(program)
        found = None if folder is None else _kept(folder, self.n_takes)

        def speak_into(file: IO[bytes]) -> np.ndarray:
            return self._speak(program, file, progress, threads or os.cpu_count() or 1)

        if found is None and folder is not None:
            found = _keep(folder, speak_into)
        if found is None:
            with tempfile.TemporaryFile() as file:  # which the system deletes with this process
                places = speak_into(file)
                file.flush()
                found = np.memmap(file, "<i2", "r"), places
        self.__dict__["_spoken"] = found

    @cached_property
    def _spoken(self) -> tuple[np.ndarray, np.ndarray]:
        """All takes one after the other; and where each begins and its length, (n_takes, 2)."""
        self.speak_all()
        spoken: tuple[np.ndarray, np.ndarray] = self.__dict__["_spoken"]
        return spoken

    def _speak(self, program: str, file: IO[bytes], progress: Progress | None, threads: int) -> np.ndarray:
        """Write all takes to a file in the order of the plan; where each begins and its length."""
        places, written = np.zeros((self.n_takes, 2), dtype=np.int64), 0
        jobs = list(self.plan(program))
        with ThreadPoolExecutor(threads) as pool:
            for first in range(0, len(jobs), MANY):
                some = jobs[first : first + MANY]
                lists = pool.map(lambda job: speak([self.words[i] for i in self.labels(job[0])], job[1], program), some)
                for (index, _), sounds in zip(some, lists, strict=True):
                    for i, sound in zip(index.tolist(), sounds, strict=True):
                        file.write(sound.astype("<i2").tobytes())
                        places[i] = written, len(sound)
                        written += len(sound)
                if progress is not None:
                    progress("speaking", min((first + len(some)) * AT_ONCE, self.n_takes), self.n_takes)
        return places

    def plan(self, program: str) -> Iterator[tuple[np.ndarray, Delivery]]:
        """Which takes are spoken together, and how."""
        voices = english_voices(program)
        variants = sorted({voice.split("+")[1] for voice in voices})
        others = set(variants[::10])
        known = [voice for voice in voices if voice.split("+")[1] not in others]
        unknown = [voice for voice in voices if voice.split("+")[1] in others]
        for take in range(self.per_word + self.held_out):
            rng = np.random.default_rng([SCHEME, self.seed, take])
            order = rng.permutation(len(self.words)) + take * len(self.words)
            for start in range(0, len(order), AT_ONCE):
                among = known if take < self.per_word else unknown
                american = [voice for voice in among if voice.startswith("en-us+")]
                among = american if american and rng.random() < PLAIN_ACCENT else among
                delivery = Delivery(
                    voice=among[int(rng.integers(len(among)))],
                    rate=int(rng.integers(*RATES)),
                    pitch=int(rng.integers(*PITCHES)),
                    tract=round(float(rng.uniform(*TRACTS)), 3),
                )
                yield order[start : start + AT_ONCE], delivery

    def _folder(self, program: str) -> Path | None:
        """Where the takes are kept."""
        base = spoken_folder()
        key = repr((SCHEME, espeak_version(program), english_voices(program), self))
        return None if base is None else base / hashlib.sha256(key.encode()).hexdigest()[:32]


def spoken_folder() -> Path | None:
    """The folder with all takes that are kept; None where nothing is kept on disk. It need not exist."""
    base = cache_folder()
    return None if base is None else base / "spoken"


def spoken_bytes() -> int:
    """Size of all takes on disk."""
    return sum(_size(folder) for _, folder in _sets())


def forget_spoken(keep_bytes: int = 0) -> None:
    """Delete takes from the disk, the sets made first, until no more than so many bytes are left."""
    left = spoken_bytes()
    for _, folder in sorted(_sets()):
        if left <= keep_bytes:
            return
        left -= _size(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _sets() -> list[tuple[float, Path]]:
    """Time and folder of each set of takes on disk."""
    base = spoken_folder()
    if base is None or not base.is_dir():
        return []
    return [
        (folder.stat().st_mtime, folder)
        for folder in base.iterdir()
        if folder.is_dir() and not folder.name.startswith(".")
    ]


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _kept(folder: Path, n: int) -> tuple[np.ndarray, np.ndarray] | None:
    """What an earlier run spoke, memory-mapped; None where there is nothing whole."""
    try:
        places = np.load(folder / PLACES)
        sounds = np.memmap(folder / SOUNDS, "<i2", "r")
    except (OSError, ValueError):
        return None
    return (sounds, places) if places.shape == (n, 2) and places[:, 1].sum() == len(sounds) else None


def _keep(folder: Path, speak_into: Callable[[IO[bytes]], np.ndarray]) -> tuple[np.ndarray, np.ndarray] | None:
    """Speak into a file that appears whole or not at all; None where the disk is full or cannot be written to."""
    partial = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".speaking-", dir=folder.parent))
        with open(partial / SOUNDS, "wb") as file:
            places = speak_into(file)
        np.save(partial / PLACES, places)
        forget_spoken(max(0, KEPT_BYTES - _size(partial)))
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        return _kept(folder, len(places))
    except MissingProgram:
        raise
    except OSError:
        return None
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)

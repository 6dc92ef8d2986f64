"""Words spoken by a synthesiser in many voices, kept on disk so that they are spoken once."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from headstart.data.cache_folder import cache_folder
from headstart.data.espeak import Delivery, english_voices, espeak_program, espeak_version, speak
from headstart.data.progress import Progress
from headstart.errors import ParameterError

SCHEME = 1  # of the plan below; another number speaks anew
AT_ONCE = 25  # words a process
PLAIN_ACCENT = 0.4  # share of American English; the other accents share the rest
RATES, PITCHES, TRACTS = (80, 200), (15, 85), (0.85, 1.18)
SOUNDS, LENGTHS = "sounds.npy", "lengths.npy"
KEPT = 4  # sets of takes that stay on disk; the oldest go


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
        sounds, offsets = self._spoken
        return sounds[offsets[i] : offsets[i + 1]]

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
        if found is None:
            found = self._speak(program, progress, threads or os.cpu_count() or 1)
            if folder is not None:
                _keep(folder, *found)
                found = _kept(folder, self.n_takes) or found
        sounds, lengths = found
        self.__dict__["_spoken"] = (sounds, np.concatenate([[0], np.cumsum(lengths)]))

    @cached_property
    def _spoken(self) -> tuple[np.ndarray, np.ndarray]:
        """All takes one after the other, and where each begins."""
        self.speak_all()
        spoken: tuple[np.ndarray, np.ndarray] = self.__dict__["_spoken"]
        return spoken

    def _speak(self, program: str, progress: Progress | None, threads: int) -> tuple[np.ndarray, np.ndarray]:
        jobs = list(self.plan(program))
        takes: list[np.ndarray] = [np.zeros(0, np.int16)] * self.n_takes
        with ThreadPoolExecutor(threads) as pool:
            spoken = pool.map(
                lambda job: speak([self.words[i % len(self.words)] for i in job[0]], job[1], program), jobs
            )
            for done, ((index, _), sounds) in enumerate(zip(jobs, spoken, strict=True), 1):
                for i, sound in zip(index.tolist(), sounds, strict=True):
                    takes[i] = sound
                if progress is not None:
                    progress("speaking", min(done * AT_ONCE, self.n_takes), self.n_takes)
        return np.concatenate(takes), np.array([len(take) for take in takes], dtype=np.int64)

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
    return sum(file.stat().st_size for _, folder in _sets() for file in folder.iterdir())


def forget_spoken(keep: int = 0) -> None:
    """Delete takes from the disk, except the sets that were made last."""
    for _, folder in sorted(_sets(), reverse=True)[keep:]:
        shutil.rmtree(folder, ignore_errors=True)


def _sets() -> list[tuple[float, Path]]:
    """Time and folder of each set of takes on disk."""
    base = spoken_folder()
    if base is None or not base.is_dir():
        return []
    return [(folder.stat().st_mtime, folder) for folder in base.iterdir() if folder.is_dir()]


def _kept(folder: Path, n: int) -> tuple[np.ndarray, np.ndarray] | None:
    """What an earlier run spoke, memory-mapped; None where there is nothing whole."""
    try:
        lengths = np.load(folder / LENGTHS)
        sounds = np.load(folder / SOUNDS, mmap_mode="r")
    except (OSError, ValueError):
        return None
    return (sounds, lengths) if len(lengths) == n and lengths.sum() == len(sounds) else None


def _keep(folder: Path, sounds: np.ndarray, lengths: np.ndarray) -> None:
    """Write the takes whole or not at all; a disk that is full or cannot be written to keeps nothing."""
    partial = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".speaking-", dir=folder.parent))
        np.save(partial / SOUNDS, sounds)
        np.save(partial / LENGTHS, lengths)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        forget_spoken(keep=KEPT)
    except OSError:
        pass
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)

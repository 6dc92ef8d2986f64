"""Clips of words and recordings without them become windows to learn from, and background to count false alarms in."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.background import Background, Piece, divide, is_background, pieces_of, pieces_of_clips
from headstart.data.canvases import canvases
from headstart.data.clips import Clips
from headstart.data.dataset import Dataset
from headstart.data.keyword_windows import (
    Variation,
    Word,
    centred,
    found_word,
    part_of_word,
    quieter_or_louder,
    varied,
)
from headstart.data.reasons import BadInput
from headstart.data.screen import screen
from headstart.data.sound_preprocessing import SoundPreprocessing
from headstart.errors import DataError, ParameterError

KEYWORD = "keyword"
OTHER = "_other_"
#: Share of the background in which false alarms are counted.
HELD_OUT = 0.5
_VARIATION = Variation()
_WINDOWS = 2000
_FEWEST_COPIES, _MOST_COPIES = 3, 20
_FEWEST_OTHER, _MOST_OTHER = 300, 2500
_FULL = 32767.0


@dataclass(frozen=True)
class KeywordClip:
    """A clip of a word: what is in it, which word, its group, its name, whether it is kept for the final score."""

    word: Word
    label: str
    group: str
    name: str
    aside: bool


@dataclass(frozen=True, eq=False)
class KeywordMaterial:
    """Everything that a detector is made from.

    Parameters
    ----------
    dataset : Dataset
        Windows: of each clip one as recorded, several varied, parts of the word as ``_other_``; of the background
        as ``_other_``. Groups are clips (or what the user grouped by) and pieces of recordings.
    words : tuple of str
    clips : tuple of KeywordClip
    learned, held : Background
        To learn from, and to count false alarms in.
    preprocessing : SoundPreprocessing
        Of the windows.
    """

    dataset: Dataset
    words: tuple[str, ...]
    clips: tuple[KeywordClip, ...]
    learned: Background
    held: Background
    preprocessing: SoundPreprocessing


def keyword_material(
    dataset: Dataset,
    preprocessing: SoundPreprocessing,
    *,
    background: Any = None,
    skip_bad: bool = False,
    seed: int = 0,
    progress: Any = None,
) -> KeywordMaterial:
    """Make windows of clips of words and of background.

    Parameters
    ----------
    dataset : Dataset
        Clips by word; classes named as `is_background` knows them are background.
    preprocessing : SoundPreprocessing
        Of the network: rate and window.
    background : path or list of paths, optional
        Recordings without the words, of any length.
    skip_bad : bool, default=False
    seed : int, default=0
    progress : callable, optional

    Raises
    ------
    DataError
        For anything but clips with classes, a word without a name of its own, no background or too little.
    """
    if dataset.input_type != "audio" or dataset.task != "classification":
        raise DataError(
            f"Expected clips of sound with a word each for task 'keyword', found {dataset.kind.many}, {dataset.task}.",
            "Give a folder with a folder of clips for each word.",
        )
    labels = np.array([str(label) for label in dataset.y])
    none = np.array([is_background(label) for label in labels], dtype=bool)
    if none.all():
        raise DataError(
            f"Expected clips of at least one word, found only background: {', '.join(sorted(set(labels)))}.",
            "Add a folder of clips named after the word.",
        )
    words_only, others = dataset.select(~none), dataset.select(none)
    words = tuple(sorted({str(label) for label in words_only.y}))
    words_only = dataclasses.replace(words_only, y=labels[~none], classes=words)
    screened = screen(words_only, preprocessing, skip_bad=skip_bad, fewest_classes=1, progress=progress)
    pieces, dropped = _background_pieces(others, background, skip_bad)
    _refuse_both(screened, others)
    learned, held = divide(pieces, preprocessing.rate, HELD_OUT, seed)
    clips = _clips(screened, preprocessing, progress)
    windows = _windows(clips, learned, preprocessing, seed)
    made = _dataset(windows, screened, preprocessing)
    notes = (*screened.notes, *_notes(clips, pieces, learned, held, preprocessing))
    made = dataclasses.replace(made, notes=notes, dropped=(*screened.dropped, *dropped))
    return KeywordMaterial(made, words, tuple(clips), learned, held, preprocessing)


def _background_pieces(others: Dataset, background: Any, skip_bad: bool) -> tuple[list[Piece], list[tuple[str, str]]]:
    """Pieces of the clips in background folders and of the recordings given; broken ones refused or dropped."""
    bad = []
    for i in range(len(others)):
        try:
            others.pictures.seconds(i)
        except BadInput as error:
            bad.append((i, others.names[i], error.reason))
    if bad and not skip_bad:
        raise others.pictures.bad_inputs([(name, reason) for _, name, reason in bad])
    fine = others.select(np.setdiff1d(np.arange(len(others)), [i for i, _, _ in bad]))
    groups = None if fine.groups is None else fine.groups.tolist()
    found = pieces_of_clips(fine.pictures, groups) if len(fine) else []
    places = [] if background is None else background if isinstance(background, list | tuple) else [background]
    for place in places:
        if not isinstance(place, str) and not hasattr(place, "__fspath__"):
            raise ParameterError(
                f"Expected background as a path or a list of paths, found {type(place).__name__}.",
                "Give a recording or a folder of recordings.",
            )
        found += pieces_of(place)
    return found, [(name, reason) for _, name, reason in bad]


def _refuse_both(words: Dataset, others: Dataset) -> None:
    """Refuse a file that is said to be a word and to be none."""
    known = {words.pictures.digest(i): i for i in range(len(words))}
    for k in range(len(others)):
        try:
            same = known.get(others.pictures.digest(k))
        except BadInput:
            continue
        if same is not None:
            raise DataError(
                f"Expected one label for each clip, found one under two: {words.names[same]} ({words.y[same]}) and "
                f"{others.names[k]} (background).",
                "Remove the wrong one.",
            )


def _clips(words: Dataset, preprocessing: SoundPreprocessing, progress: Any) -> list[KeywordClip]:
    waves = canvases(words.pictures, preprocessing, progress=progress)
    groups = words.names if words.groups is None else [str(group) for group in words.groups]
    aside = np.zeros(len(words), bool) if words.parts is None else words.parts == words.held_out
    return [
        KeywordClip(found_word(wave, preprocessing.rate, preprocessing.samples), str(y), group, name, bool(kept))
        for wave, y, group, name, kept in zip(waves, words.y, groups, words.names, aside, strict=True)
    ]


@dataclass
class Windows:
    """Windows as they are made: samples, label, group, name, and whether they are kept for the final score."""

    waves: list[np.ndarray]
    labels: list[str]
    groups: list[str]
    names: list[str]
    aside: list[bool]

    def add(self, wave: np.ndarray, label: str, group: str, name: str, aside: bool = False) -> None:
        """One more."""
        self.waves.append(np.round(wave * _FULL).astype(np.int16))
        self.labels.append(label)
        self.groups.append(group)
        self.names.append(name)
        self.aside.append(aside)


def _windows(
    clips: Sequence[KeywordClip], learned: Background, preprocessing: SoundPreprocessing, seed: int
) -> Windows:
    found = Windows([], [], [], [], [])
    samples, rate = preprocessing.samples, preprocessing.rate
    own = [clip for clip in clips if not clip.aside]
    copies = int(np.clip(round(_WINDOWS / max(len(own), 1)), _FEWEST_COPIES, _MOST_COPIES))
    rng = np.random.default_rng([seed, 11])
    under, _ = learned.windows(min(2000, (copies + 2) * len(own)), samples, rng)
    order = rng.permutation(len(under))
    used = 0
    for number, clip in enumerate(clips):
        found.add(centred(clip.word, samples), clip.label, clip.group, clip.name, clip.aside)
        if clip.aside:
            continue
        mine = np.random.default_rng([seed, 12, number])
        for copy in range(copies):
            noise = under[order[used % len(order)]]
            used += 1
            wave = varied(clip.word, samples, rate, noise, _VARIATION, mine)
            found.add(wave, clip.label, clip.group, f"{clip.name}, variant {copy + 1}")
        for beginning, words in ((True, "beginning"), (False, "end")):
            noise = under[order[used % len(order)]]
            used += 1
            wave = part_of_word(clip.word, samples, noise, _VARIATION, mine, beginning=beginning)
            found.add(wave, OTHER, clip.group, f"{clip.name}, its {words} alone")
    n = int(np.clip(2 * (copies + 1) * len(own), _FEWEST_OTHER, _MOST_OTHER))
    waves, pieces = learned.windows(n, samples, rng)
    for wave, piece in zip(quieter_or_louder(waves, rng), pieces, strict=True):
        found.add(wave, OTHER, f"background {piece.group} {piece.start:.0f}", piece.name)
    return found


def _dataset(windows: Windows, words: Dataset, preprocessing: SoundPreprocessing) -> Dataset:
    aside = np.array(windows.aside)
    y = np.array(windows.labels)
    kept = str(words.held_out)
    return Dataset(
        pictures=Clips(windows.waves, windows.names, sampling_rate=preprocessing.rate),
        y=y,
        task="classification",
        classes=tuple(np.unique(y).tolist()),
        groups=np.array(windows.groups),
        parts=np.where(aside, kept, "train") if aside.any() else None,
        root=words.root,
        duplicates=words.duplicates,
    )


def _notes(
    clips: Sequence[KeywordClip],
    pieces: Sequence[Piece],
    learned: Background,
    held: Background,
    preprocessing: SoundPreprocessing,
) -> list[str]:
    seconds = [(clip.word.end - clip.word.start) / preprocessing.rate for clip in clips]
    found = [
        f"{len(clips)} clips of words; the word itself takes {np.median(seconds):.2f} s (median), the network's window "
        f"is {preprocessing.seconds:.2f} s.",
        f"{_minutes(learned.seconds)} of background were learned from, {_minutes(held.seconds)} of other background "
        "were kept to count false alarms in.",
    ]
    long = sum(length > 0.95 * preprocessing.seconds for length in seconds)
    if long:
        found.append(f"In {long} clips the word is about as long as the network's window, or longer.")
    return found


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def with_windows(material: KeywordMaterial, waves: np.ndarray, pieces: Sequence[Piece]) -> KeywordMaterial:
    """The material with more windows of background.

    Parameters
    ----------
    waves : ndarray of shape (n, samples), float32
    pieces : sequence of n Piece
        Where they come from.
    """
    old = material.dataset
    new = Windows([], [], [], [], [])
    for wave, piece in zip(waves, pieces, strict=True):
        new.add(wave, OTHER, f"background {piece.group} {piece.start:.0f}", f"{piece.name} (mistaken at first)")
    assert old.groups is not None
    clips = Clips(
        [*old.pictures.items, *new.waves], [*old.names, *new.names], sampling_rate=material.preprocessing.rate
    )
    made = dataclasses.replace(
        old,
        pictures=clips,
        y=np.concatenate([old.y, np.array(new.labels, dtype=old.y.dtype)]),
        groups=np.concatenate([old.groups, np.array(new.groups)]),
        parts=None if old.parts is None else np.concatenate([old.parts, np.full(len(waves), "train")]),
    )
    return dataclasses.replace(material, dataset=made)

"""Clips of words and recordings without them become windows to learn from, and background to count false alarms in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.data.base.reasons import BadInput
from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.inputs.canvases import canvases
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.screen import screen
from headstart.errors import DataError, ParameterError
from headstart.keywords.background import Background, Piece, is_background, parted, pieces_of, pieces_of_clips
from headstart.keywords.windows import (
    Surroundings,
    Variation,
    Word,
    altered,
    centred,
    found_word,
    part_of_word,
    quieter_or_louder,
    varied,
)

if TYPE_CHECKING:  # rows of a table need no torch
    from headstart.networks.network import Network

KEYWORD = "keyword"
OTHER = "_other_"
#: Parts of the background: what was learned from two of them is measured in the third.
PARTS = 3
_VARIATION = Variation()
#: Copies of words, and windows of background, for each second of the budget; fewest and most.
_WINDOWS_A_SECOND, _WINDOWS = 10, (2000, 8000)
_FEWEST_COPIES, _MOST_COPIES = 3, 40
#: Copies of words, and windows of background, on which candidates are compared.
_COMPARED, _COMPARED_OTHER = 1500, 2500
#: Sounds of each part of the background to lay under and beside words.
_SOUNDS = 1000
_FULL = 32767.0


def check_false_alarms(false_alarms: float) -> float:
    """A number of false alarms an hour that a threshold can be chosen for.

    Raises
    ------
    ParameterError
        If it is not above 0 and at most 1000.
    """
    if not 0 < false_alarms <= 1000:
        raise ParameterError(
            f"Expected more than 0 and at most 1000 false alarms an hour, found {false_alarms!r}.",
            "For instance --false-alarms 1 (false_alarms=1).",
        )
    return float(false_alarms)


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
        Windows on which candidates are compared: of each clip one as recorded, several varied, parts of the word as
        ``_other_``; of the background as ``_other_``. Groups are clips (or what the user grouped by) and pieces of
        recordings.
    whole : Dataset
        All windows to learn from, those of ``dataset`` among them.
    compared : ndarray of bool, (n,)
        Which of ``whole`` are in ``dataset``.
    part : ndarray of int, (n,)
        Part of the background that each window of ``whole`` holds sound of; -1 for none.
    background : tuple of Background
        Its parts.
    preprocessing : SoundPreprocessing
        Of the windows.
    network : Network or None, default=None
        What is borrowed.
    """

    dataset: Dataset
    whole: Dataset
    compared: np.ndarray
    part: np.ndarray
    words: tuple[str, ...]
    clips: tuple[KeywordClip, ...]
    background: tuple[Background, ...]
    preprocessing: SoundPreprocessing
    network: Network | None = None


def keyword_material(
    dataset: Dataset,
    preprocessing: SoundPreprocessing,
    *,
    background: Any = None,
    skip_bad: bool = False,
    budget: float = 600.0,
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
    budget : float, default=600.0
        Seconds of the whole fit: decides how many windows are made.
    seed : int, default=0
    progress : callable, optional

    Raises
    ------
    DataError
        For anything but clips with classes, a word without a name of its own, no background or too little.
    """
    if KEYWORD not in dataset.kind.tasks or dataset.task != "classification":
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
    background = parted(pieces, preprocessing.rate, PARTS, seed)
    clips = _clips(screened, preprocessing, progress)
    size = int(np.clip(round(_WINDOWS_A_SECOND * budget), *_WINDOWS))
    windows = _windows(clips, background, preprocessing, size, seed)
    notes = (*screened.notes, *_notes(clips, background, preprocessing))
    screened = dataclasses.replace(screened, notes=notes, dropped=(*screened.dropped, *dropped))
    whole = [window for window in windows if not window.aside]
    return KeywordMaterial(
        _dataset([window for window in windows if window.compared], screened, preprocessing),
        _dataset(whole, screened, preprocessing),
        np.array([window.compared for window in whole]),
        np.array([window.part for window in whole]),
        words,
        tuple(clips),
        background,
        preprocessing,
    )


def _background_pieces(others: Dataset, background: Any, skip_bad: bool) -> tuple[list[Piece], list[tuple[str, str]]]:
    """Pieces of the clips in background folders and of the recordings given; broken ones refused or dropped."""
    bad = []
    for i in range(len(others)):
        try:
            others.inputs.seconds(i)
        except BadInput as error:
            bad.append((i, others.names[i], error.reason))
    if bad and not skip_bad:
        raise others.inputs.bad_inputs([(name, reason) for _, name, reason in bad])
    fine = others.select(np.setdiff1d(np.arange(len(others)), [i for i, _, _ in bad]))
    groups = None if fine.groups is None else fine.groups.tolist()
    found = pieces_of_clips(fine.inputs, groups) if len(fine) else []
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
    known = {words.inputs.digest(i): i for i in range(len(words))}
    for k in range(len(others)):
        try:
            same = known.get(others.inputs.digest(k))
        except BadInput:
            continue
        if same is not None:
            raise DataError(
                f"Expected one label for each clip, found one under two: {words.names[same]} ({words.y[same]}) and "
                f"{others.names[k]} (background).",
                "Remove the wrong one.",
            )


def _clips(words: Dataset, preprocessing: SoundPreprocessing, progress: Any) -> list[KeywordClip]:
    waves = canvases(words.inputs, preprocessing, progress=progress)
    groups = words.names if words.groups is None else [str(group) for group in words.groups]
    aside = np.zeros(len(words), bool) if words.parts is None else words.parts == words.held_out
    return [
        KeywordClip(found_word(wave, preprocessing.rate, preprocessing.samples), str(y), group, name, bool(kept))
        for wave, y, group, name, kept in zip(waves, words.y, groups, words.names, aside, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class Window:
    """A window to learn from.

    Parameters
    ----------
    wave : ndarray of shape (samples,), int16
    part : int, default=-1
        Part of the background in it; -1 for none.
    compared : bool, default=True
        Whether candidates are compared on it.
    aside : bool, default=False
        Whether it is kept for the final score.
    """

    wave: np.ndarray
    label: str
    group: str
    name: str
    part: int = -1
    compared: bool = True
    aside: bool = False


def _windows(
    clips: Sequence[KeywordClip],
    background: Sequence[Background],
    preprocessing: SoundPreprocessing,
    size: int,
    seed: int,
) -> list[Window]:
    """About ``size`` copies of words, and as many windows of background; a copy holds sound of one part alone."""
    found: list[Window] = []
    samples, n = preprocessing.samples, max(1, sum(not clip.aside for clip in clips))
    copies = int(np.clip(round(size / n), _FEWEST_COPIES, _MOST_COPIES))
    few = int(np.clip(round(_COMPARED / n), _FEWEST_COPIES, copies))
    rng = np.random.default_rng([seed, 11])
    around = [_surroundings(part, samples, min(_SOUNDS, (copies + 2) * n), rng) for part in background]
    for number, clip in enumerate(clips):
        wave = centred(clip.word, samples)
        found.append(Window(_in_16_bits(wave), clip.label, clip.group, clip.name, aside=clip.aside))
        if clip.aside:
            continue
        mine = np.random.default_rng([seed, 12, number])
        for copy in range(copies):
            part = (number + copy) % len(background)
            wave = varied(clip.word, samples, next(around[part]), mine)
            name = f"{clip.name}, variant {copy + 1}"
            found.append(Window(_in_16_bits(wave), clip.label, clip.group, name, part, copy < few))
        for beginning, words in ((True, "beginning"), (False, "end")):
            part = (number + beginning) % len(background)
            wave = part_of_word(clip.word, samples, next(around[part]), mine, beginning=beginning)
            found.append(Window(_in_16_bits(wave), OTHER, clip.group, f"{clip.name}, its {words} alone", part))
    _add_background(found, background, samples, size, rng)
    return found


def _add_background(
    found: list[Window], background: Sequence[Background], samples: int, size: int, rng: np.random.Generator
) -> None:
    """Half of them as recorded, half altered."""
    wide = int(np.ceil(_VARIATION.background_speed * samples))
    for number, part in enumerate(background):
        share = -(-size // len(background))
        half = share // 2
        plain, places = part.windows(share - half, samples, rng)
        long, more = part.windows(half, wide, rng)
        on_top, _ = part.windows(half, samples, rng)
        both = np.concatenate([plain, altered(long, on_top, _VARIATION, rng)])
        waves, pieces = quieter_or_louder(both, rng), [*places, *more]
        some = rng.permutation(share) < _COMPARED_OTHER / len(background)
        for wave, piece, compared in zip(waves, pieces, some.tolist(), strict=True):
            group = f"background {piece.group} {piece.start:.0f}"
            found.append(Window(_in_16_bits(wave), OTHER, group, piece.name, number, compared))


def _surroundings(background: Background, samples: int, n: int, rng: np.random.Generator) -> Iterator[Surroundings]:
    """Two of n sounds at a time, each sound as often as any other."""
    sounds, _ = background.windows(n, samples, rng)
    while True:
        for a, b in zip(rng.permutation(n).tolist(), rng.permutation(n).tolist(), strict=True):
            yield Surroundings(sounds[a], sounds[b], background.rate, _VARIATION)


def _dataset(windows: Sequence[Window], words: Dataset, preprocessing: SoundPreprocessing) -> Dataset:
    """Windows, with what is known of the clips."""
    aside, y = np.array([window.aside for window in windows]), np.array([window.label for window in windows])
    waves = [window.wave for window in windows]
    clips = Clips(waves, [window.name for window in windows], sampling_rate=preprocessing.rate)
    return Dataset(
        inputs=clips,
        y=y,
        task="classification",
        classes=tuple(np.unique(y).tolist()),
        groups=np.array([window.group for window in windows]),
        parts=np.where(aside, str(words.held_out), "train") if aside.any() else None,
        root=words.root,
        duplicates=words.duplicates,
        notes=words.notes,
        dropped=words.dropped,
    )


def _in_16_bits(wave: np.ndarray) -> np.ndarray:
    return np.round(wave * _FULL).astype(np.int16)


def _notes(
    clips: Sequence[KeywordClip], background: Sequence[Background], preprocessing: SoundPreprocessing
) -> list[str]:
    seconds = [(clip.word.end - clip.word.start) / preprocessing.rate for clip in clips]
    found = [
        f"{len(clips)} clips of words; the word itself takes {np.median(seconds):.2f} s (median), the network's window "
        f"is {preprocessing.seconds:.2f} s.",
        f"{_minutes(sum(part.seconds for part in background))} of background in {len(background)} parts that share no "
        "recording, or no time of one.",
    ]
    long = sum(length > 0.95 * preprocessing.seconds for length in seconds)
    if long:
        found.append(f"In {long} clips the word is about as long as the network's window, or longer.")
    return found


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"

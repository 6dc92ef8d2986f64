"""Every kind of input, with all that differs by kind, one entry each."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from headstart.data.base.inspection import Look
from headstart.data.base.kinds import CLIPS, NUMBERS, PICTURES, ROWS, TEXTS, Kind, forget, kind_named, know
from headstart.data.base.simple import SimpleFeatures
from headstart.data.clips import simple as of_clips
from headstart.data.clips.augment import SoundAugmentation, augmented_canvas, augmented_clip
from headstart.data.clips.clips import Clips, as_clips, is_clips
from headstart.data.clips.inspection import ClipLook
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.clips.specimen import specimen as clip_specimen
from headstart.data.pictures import simple as of_pictures
from headstart.data.pictures.augment import Augmentation, augmented, augmented_picture
from headstart.data.pictures.inspection import PictureLook
from headstart.data.pictures.pictures import Pictures, as_pictures, is_pictures
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.data.pictures.specimen import specimen as picture_specimen
from headstart.data.tables.records import Records
from headstart.data.tables.rows import is_frame, records_of
from headstart.data.tables.specimen import specimen as row_specimen
from headstart.data.texts import simple as of_texts
from headstart.data.texts.inspection import TextLook
from headstart.data.texts.preprocessing import TextPreprocessing
from headstart.data.texts.specimen import specimen as text_specimen
from headstart.data.texts.texts import Texts, as_texts, is_texts
from headstart.data.texts.tokens import Tokens
from headstart.errors import ParameterError


@dataclass(frozen=True)
class Entry:
    """All that differs by kind of input.

    What stands in rooms above this one is named ("module:name") and imported when it is asked for.

    Parameters
    ----------
    kind : Kind
        What it is called, and its files.
    container : type
        A row of such inputs.
    takes : callable
        Whether something in memory holds such inputs.
    convert : callable
        Makes the container of it.
    specimen : callable
        ``specimen(rows, i)``: what a report shows of one, as plain values.
    look : callable, optional
        ``look(rows)``: the `Look` that one pass over all inputs feeds. None for rows of values.
    simple : SimpleFeatures, optional
        What can be measured without a network. None for rows of values.
    preprocessing : type, optional
        The form in which networks take them.
    augmentation : type, optional
        How they are varied at random; None where they are not.
    augmented : callable, optional
        ``augmented(canvas, preprocessing, augmentation, rng)``: a variant at a network's input size.
    varied : callable, optional
        ``varied(decoded, preprocessing, augmentation, rng)``: a variant as decoding would give it.
    mirrored : bool, default=False
        Whether it must be asked if a mirror image shows the same.
    windows : callable, optional
        ``windows(pieces, preprocessing)``: canvases as a container of their own.
    baselines : tuple of str
        The estimators without a network, for classes and for numbers.
    explained : str, optional
        What adds to a fitted model's evidence: ``explained(model, dataset)``.
    explainer : str, optional
        What says which part of an input an answer came from: ``explainer(model, rows, i, k, answer)``.
    sight : str, optional
        What says what a network for it sees: ``sight(network, inputs, random_state)`` gives a `Sight`.
    module : str, optional
        What finds out how a module in memory takes such inputs: ``module(module, given, bare, name)`` gives the
        preprocessing and notes.
    pretraining : str, optional
        How networks for it are pretrained: a `Material`.
    trial : callable, optional
        ``trial()``: one input of no meaning, on which a model that was loaded is tried.

    Examples
    --------
    >>> entry_of(CLIPS).container.__name__, entry_of(TEXTS).augmentation
    ('Clips', None)
    """

    kind: Kind
    container: type
    takes: Callable[[Any], bool]
    convert: Callable[[Any], Any]
    specimen: Callable[[Any, int], dict[str, Any]]
    look: Callable[[Any], Look] | None = None
    simple: SimpleFeatures | None = None
    preprocessing: Any = None
    augmentation: Any = None
    augmented: Callable[..., np.ndarray] | None = None
    varied: Callable[..., Any] | None = None
    mirrored: bool = False
    windows: Callable[[Sequence[np.ndarray], Any], Any] | None = None
    baselines: tuple[str, str] = (
        "headstart.guard.baselines.classical:BaselineClassifier",
        "headstart.guard.baselines.classical:BaselineRegressor",
    )
    explained: str | None = None
    explainer: str | None = None
    sight: str | None = None
    module: str | None = None
    pretraining: str | None = None
    trial: Callable[[], Any] | None = None


def _varied_picture(decoded: Any, preprocessing: Any, augmentation: Any, rng: np.random.Generator) -> np.ndarray:
    return augmented_picture(decoded, augmentation, rng)


def _varied_clip(decoded: Any, preprocessing: Any, augmentation: Any, rng: np.random.Generator) -> Any:
    canvas = preprocessing.canvas(decoded)
    return augmented_canvas(canvas, preprocessing, augmentation, rng), preprocessing.rate


_ENTRIES: dict[Kind, Entry] = {
    TEXTS: Entry(
        TEXTS,
        Texts,
        is_texts,
        as_texts,
        text_specimen,
        TextLook,
        of_texts.SIMPLE,
        TextPreprocessing,
        windows=lambda pieces, preprocessing: Tokens(pieces),
        baselines=(
            "headstart.guard.baselines.texts:TextBaselineClassifier",
            "headstart.guard.baselines.texts:TextBaselineRegressor",
        ),
        explained="headstart.guard.evidence.words:add_words",
        explainer="headstart.models.explaining.parts:explain_text",
        sight="headstart.networks.seeing.texts:see",
        trial=lambda: Texts(["a text"]),
    ),
    CLIPS: Entry(
        CLIPS,
        Clips,
        is_clips,
        as_clips,
        clip_specimen,
        ClipLook,
        of_clips.SIMPLE,
        SoundPreprocessing,
        SoundAugmentation,
        augmented_clip,
        _varied_clip,
        windows=lambda pieces, preprocessing: Clips(pieces, sampling_rate=preprocessing.rate),
        explained="headstart.models.explaining.mistakes:add_maps",
        explainer="headstart.models.explaining.clips:explain_clip",
        sight="headstart.networks.seeing.clips:see",
        module="headstart.networks.reading.module_source:taken_waves",
        pretraining="headstart.pretraining.materials:CLIPS",
        trial=lambda: Clips([np.sin(np.arange(8000) / 8).astype(np.float32)], sampling_rate=16_000),
    ),
    PICTURES: Entry(
        PICTURES,
        Pictures,
        is_pictures,
        as_pictures,
        picture_specimen,
        PictureLook,
        of_pictures.SIMPLE,
        Preprocessing,
        Augmentation,
        augmented,
        _varied_picture,
        mirrored=True,
        explained="headstart.models.explaining.mistakes:add_maps",
        explainer="headstart.models.explaining.pictures:explain_picture",
        sight="headstart.networks.seeing.pictures:see",
        module="headstart.networks.reading.module_source:taken_pixels",
        pretraining="headstart.pretraining.materials:PICTURES",
        trial=lambda: Pictures([np.arange(32 * 32 * 3, dtype=np.uint8).reshape(32, 32, 3)]),
    ),
    ROWS: Entry(
        ROWS,
        Records,
        is_frame,
        records_of,
        row_specimen,
        explainer="headstart.models.explaining.parts:explain_row",
    ),
}


def register(entry: Entry) -> None:
    """Add a kind of input: from now on every command and estimator takes it.

    Raises
    ------
    ParameterError
        If there is a kind of that name, or one that reads the same files.
    """
    taken = {suffix for other in _ENTRIES for suffix in other.suffixes}
    if {entry.kind.input_type} & {other.input_type for other in (*_ENTRIES, NUMBERS)}:
        raise ParameterError(f"Expected a new kind of input, found a second {entry.kind.input_type!r}.", "Rename it.")
    if taken & entry.kind.suffixes:
        shared = ", ".join(sorted(taken & entry.kind.suffixes))
        raise ParameterError(f"Expected suffixes that no other kind has, found {shared}.", "Take others.")
    know(entry.kind)
    others = dict(_ENTRIES)
    _ENTRIES.clear()
    _ENTRIES.update({entry.kind: entry, **others})


def unregister(kind: Kind) -> None:
    """Take a kind that was added away again."""
    forget(kind)
    _ENTRIES.pop(kind, None)


def entries() -> tuple[Entry, ...]:
    """Every entry, in the order in which things in memory are tried."""
    return tuple(_ENTRIES.values())


def entry_of(kind: Kind) -> Entry:
    """The entry of a kind.

    Raises
    ------
    KeyError
        For one that is not registered; rows of numbers are none.
    """
    return _ENTRIES[kind]


def entry_for(augmentation: Any) -> Entry:
    """The entry whose inputs an augmentation varies."""
    return next(entry for entry in entries() if type(augmentation) is entry.augmentation)


def simple_of(kind: Kind) -> SimpleFeatures:
    """What can be measured of a kind without a network."""
    simple = entry_of(kind).simple
    assert simple is not None, f"{kind.many} are described by their own columns"
    return simple


def simple_named(input_type: str) -> SimpleFeatures | None:
    """As `simple_of`, by the kind's name; None where there is no such kind, or nothing to measure."""
    entry = _ENTRIES.get(kind_named(input_type))
    return None if entry is None else entry.simple


def preprocessing_of(input_type: str, settings: dict[str, Any]) -> Any:
    """The preprocessing of a kind, read from what its ``to_dict`` wrote.

    Examples
    --------
    >>> preprocessing_of("audio", {"kind": "sound", "rate": 16000, "samples": 8000}).seconds
    0.5
    """
    return entry_of(kind_named(input_type)).preprocessing.from_dict(settings)


def augmentation_of(kind: Kind) -> Any:
    """The augmentation of a kind; None where its inputs are not varied."""
    return _ENTRIES[kind].augmentation if kind in _ENTRIES else None


@cache
def resolve(name: str) -> Any:
    """What an entry names in a room above this one.

    Examples
    --------
    >>> resolve("headstart.guard.baselines.texts:TextBaselineClassifier").__name__
    'TextBaselineClassifier'
    """
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def specimen(rows: Any, i: int) -> dict[str, Any]:
    """What a report shows of example ``i``: ``thumbnail``, and more by kind; nothing of plain numbers."""
    own = getattr(rows, "specimen", None)  # of rows that are seen in several ways
    if own is not None:
        return {"thumbnail": None} | dict(own(i))
    entry = _ENTRIES.get(getattr(rows, "kind", NUMBERS))
    return {"thumbnail": None} | ({} if entry is None else entry.specimen(rows, i))

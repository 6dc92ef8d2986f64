"""Features without any learned network: what is measured of which kind of input, computed once an input."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from headstart.data.base.reasons import BadInput
from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.inputs.canvases import canvases
from headstart.data.pictures.pictures import Pictures
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.data.texts.ngrams import words_of
from headstart.data.texts.plain_text import PlainText
from headstart.data.texts.texts import Texts
from headstart.guard.baselines.text_terms import strings_of
from headstart.math.signals.hog import colour_histogram, hog, thumbnail
from headstart.math.signals.mfcc import cepstral_features
from headstart.progress import Progress

_CHUNK = 256
_LIMIT = 256 * 2**20
_kept: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class SimpleFeatures:
    """What can be measured of one kind of input without a network.

    Parameters
    ----------
    name : str
        Of the candidate that learns from it.
    words : str
        What that candidate is, in a phrase.
    called : str
        What findings call the features.
    blocks : dict of str to int
        Names of the blocks of features and their numbers of columns, in order.
    choices : dict of str to tuple of str
        Sets of blocks that a baseline chooses among.
    by_column : bool
        Whether columns have units of their own, so that each is scaled by itself; otherwise a block is one whole.
    preprocessing : Preprocessing, SoundPreprocessing or PlainText
        How inputs are brought to one form where there is no network whose form could be shared.
    describe : callable
        From inputs and a preprocessing to an array (n, columns).
    """

    name: str
    words: str
    called: str
    blocks: dict[str, int]
    choices: dict[str, tuple[str, ...]]
    by_column: bool
    preprocessing: Any
    describe: Callable[[Any, Any], np.ndarray]


def simple_features(inputs: Any, preprocessing: Any = None, progress: Progress | None = None) -> dict[str, np.ndarray]:
    """Describe pictures, clips or texts without any learned network.

    Parameters
    ----------
    inputs : Pictures, Clips or Texts
        n of them.
    preprocessing : Preprocessing or SoundPreprocessing, optional
        Of a network whose resized pictures or resampled clips are shared, so that nothing is decoded twice. Default:
        64 x 64 pixels, or 16 kHz.
    progress : callable, optional
        ``progress(what, done, total)``.

    Returns
    -------
    dict of str to array of float32
        For pictures ``edges`` (n, 1764), ``colours`` (n, 64) and ``thumbnail`` (n, 432); for clips ``timbre`` (n, 80)
        and ``course`` (n, 161); for texts ``words`` (n, 512).

    Raises
    ------
    BadInputs
        If any cannot be decoded; it lists all of them.

    Examples
    --------
    >>> from headstart.data.pictures.pictures import Pictures
    >>> found = simple_features(Pictures([np.zeros((30, 40, 3), dtype=np.uint8)]))
    >>> {name: values.shape for name, values in found.items()}
    {'edges': (1, 1764), 'colours': (1, 64), 'thumbnail': (1, 432)}
    """
    simple = SIMPLE[inputs.input_type]
    chosen = preprocessing or simple.preprocessing
    try:
        keys = [(inputs.digest(i), chosen.key()) for i in range(len(inputs))]
    except BadInput:
        canvases(inputs, chosen)  # names all that cannot be read
        raise
    with _lock:
        rows = {key: _kept[key] for key in set(keys) if key in _kept}
    missing = [i for i, key in enumerate(keys) if key not in rows]
    for start in range(0, len(missing), _CHUNK):
        part = missing[start : start + _CHUNK]
        for i, row in zip(part, simple.describe(inputs[np.array(part)], chosen), strict=True):
            rows[keys[i]] = row
        if progress is not None:
            progress(simple.called, min(start + _CHUNK, len(missing)), len(missing))
    _keep({keys[i]: rows[keys[i]] for i in missing})
    ends = np.cumsum(list(simple.blocks.values()))
    table = np.stack([rows[key] for key in keys]) if keys else np.zeros((0, ends[-1]), dtype=np.float32)
    return dict(zip(simple.blocks, np.split(table, ends[:-1], axis=1), strict=True))


def side_by_side(found: dict[str, np.ndarray], *, by_column: bool) -> np.ndarray:
    """Blocks of features as one table, each scaled as a whole, or each of its columns by itself."""
    blocks = []
    for values in found.values():
        spread = values.std(axis=0) * np.sqrt(values.shape[1]) if by_column else values.std()
        blocks.append(values / np.maximum(spread, 1e-6))
    return np.concatenate(blocks, axis=1)


def _keep(rows: dict[tuple[str, str], np.ndarray]) -> None:
    with _lock:
        _kept.update(rows)
        total = sum(row.nbytes for row in _kept.values())
        while total > _LIMIT:
            total -= _kept.popitem(last=False)[1].nbytes


SIDE = 64
SMALL = Preprocessing((SIDE, SIDE), None, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def describe_pictures(pictures: Pictures, preprocessing: Preprocessing) -> np.ndarray:
    """Edges (1764 columns), colours (64) and a thumbnail (432) of each picture, shape (n, 2260), float32."""
    small = np.empty((len(pictures), SIDE, SIDE, 3), dtype=np.uint8)
    for i, canvas in enumerate(canvases(pictures, preprocessing)):
        small[i] = np.asarray(Image.fromarray(canvas).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return np.concatenate([hog(small), colour_histogram(small), thumbnail(small)], axis=1)


SPEECH = SoundPreprocessing()


def describe_clips(clips: Clips, preprocessing: SoundPreprocessing) -> np.ndarray:
    """Timbre (80 columns) and course (161) of each clip, shape (n, 241), float32."""
    waves = canvases(clips, preprocessing)
    return np.stack([np.concatenate(cepstral_features(wave, preprocessing.rate)) for wave in waves])


COLUMNS = 512
PLAIN = PlainText()


def describe_texts(texts: Texts, preprocessing: Any = PLAIN) -> np.ndarray:
    """Logarithms of 1 + how often words occur, added up by the hash of the word, each row of length 1.

    Parameters
    ----------
    texts : Texts
        n of them.
    preprocessing : object
        Not used: words are the same for every network.

    Returns
    -------
    ndarray of shape (n, 512), float32

    References
    ----------
    Weinberger et al. (2009), Feature hashing for large scale multitask learning.

    Examples
    --------
    >>> rows = describe_texts(Texts(["a good film", "A good film", "rain"]))
    >>> rows.shape, bool((rows[0] == rows[1]).all()), float((rows[2] ** 2).sum())
    ((3, 512), True, 1.0)
    """
    found = np.zeros((len(texts), COLUMNS), np.float32)
    for row, text in zip(found, strings_of(texts), strict=True):
        words, counts = np.unique(words_of(text), return_counts=True)
        for word, count in zip(words.tolist(), np.log1p(counts).tolist(), strict=True):
            number = zlib.crc32(word.encode("utf-8", "surrogatepass"))
            row[number % COLUMNS] += count if number & 1024 else -count
        row /= max(float(np.sqrt(row @ row)), 1e-9)
    return found


#: By the inputs' ``input_type``.
SIMPLE: dict[str, SimpleFeatures] = {
    "image": SimpleFeatures(
        name="edges and colours",
        words="a linear model on edges, colours and pixels, no network",
        called="simple picture features",
        blocks={"edges": 1764, "colours": 64, "thumbnail": 432},
        choices={
            "edges": ("edges",),
            "pixels": ("colours", "thumbnail"),
            "edges and pixels": ("edges", "colours", "thumbnail"),
        },
        by_column=False,
        preprocessing=SMALL,
        describe=describe_pictures,
    ),
    "audio": SimpleFeatures(
        name="mel cepstra",
        words="a linear model on mel cepstra (MFCC), no network",
        called="mel cepstra",
        blocks={"timbre": 80, "course": 161},
        choices={"timbre": ("timbre",), "course": ("course",), "timbre and course": ("timbre", "course")},
        by_column=True,
        preprocessing=SPEECH,
        describe=describe_clips,
    ),
    "text": SimpleFeatures(
        name="tf-idf",
        words="a linear model on words and pieces of words (tf-idf), no network",
        called="hashed words",
        blocks={"words": COLUMNS},
        choices={"words": ("words",)},
        by_column=True,
        preprocessing=PLAIN,
        describe=describe_texts,
    ),
}

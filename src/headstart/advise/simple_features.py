"""Features without any learned network: what is measured of which kind of input, computed once an input."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.advise.picture_features import SMALL, describe_pictures
from headstart.advise.sound_features import SPEECH, describe_clips
from headstart.advise.text_features import COLUMNS, PLAIN, describe_texts
from headstart.data.canvases import canvases
from headstart.data.progress import Progress
from headstart.data.reasons import BadInput

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
    >>> from headstart.data.pictures import Pictures
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

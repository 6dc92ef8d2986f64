"""Hashed words of texts: what can be measured without a network."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from headstart.data.base.simple import SimpleFeatures
from headstart.data.texts.ngrams import words_of
from headstart.data.texts.plain_text import PlainText

COLUMNS = 512
PLAIN = PlainText()


def describe_texts(canvases: Sequence[np.ndarray], preprocessing: PlainText) -> np.ndarray:
    """Logarithms of 1 + how often words occur, added up by the hash of the word, each row of length 1.

    Parameters
    ----------
    canvases : sequence of n ndarray of uint8
        Letters of the texts in UTF-8.
    preprocessing : PlainText

    Returns
    -------
    ndarray of shape (n, 512), float32

    References
    ----------
    Weinberger et al. (2009), Feature hashing for large scale multitask learning.

    Examples
    --------
    >>> rows = describe_texts([PLAIN.canvas(text) for text in ("a good film", "A good film", "rain")], PLAIN)
    >>> rows.shape, bool((rows[0] == rows[1]).all()), float((rows[2] ** 2).sum())
    ((3, 512), True, 1.0)
    """
    found = np.zeros((len(canvases), COLUMNS), np.float32)
    for row, text in zip(found, map(PLAIN.text, canvases), strict=True):
        words, counts = np.unique(words_of(text), return_counts=True)
        for word, count in zip(words.tolist(), np.log1p(counts).tolist(), strict=True):
            number = zlib.crc32(word.encode("utf-8", "surrogatepass"))
            row[number % COLUMNS] += count if number & 1024 else -count
        row /= max(float(np.sqrt(row @ row)), 1e-9)
    return found


def measure_text(canvas: np.ndarray, preprocessing: PlainText) -> tuple[float, ...]:
    """Words, letters a word, and the share of letters outside ASCII."""
    text = bytes(canvas).decode("utf-8", errors="replace")
    words = text.split()
    letters = sum(map(len, words))
    return float(len(words)), letters / max(len(words), 1), sum(ord(c) > 127 for c in text) / max(len(text), 1)


SIMPLE = SimpleFeatures(
    name="tf-idf",
    words="a linear model on words and pieces of words (tf-idf), no network",
    called="hashed words",
    blocks={"words": COLUMNS},
    choices={"words": ("words",)},
    by_column=True,
    preprocessing=PLAIN,
    describe=describe_texts,
    measures=("number of words", "length of words", "share of other letters"),
    measure=measure_text,
    own=True,
)

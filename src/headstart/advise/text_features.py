"""Words of texts, counted in a few hundred columns by their hash."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from headstart.advise.text_terms import strings_of
from headstart.data.ngrams import words_of
from headstart.data.plain_text import PlainText
from headstart.data.texts import Texts

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

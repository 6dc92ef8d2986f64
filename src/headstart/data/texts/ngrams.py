"""How often which words, pairs of words, and pieces of words stand in texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse

#: Characters of a text that are counted, from its beginning.
LONGEST = 100_000
KINDS = ("words", "letters")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]|_+")
_SPACED = re.compile(r"\S+")
_PIECES = range(2, 6)
_REMEMBERED = 200_000
_SHORT = 40


def words_of(text: str) -> list[str]:
    """Words and signs of a text, in small letters and in order.

    Examples
    --------
    >>> words_of("Don't WAIT: £5!")
    ["don't", 'wait', ':', '£', '5', '!']
    """
    return _WORD.findall(text[:LONGEST].lower())


def pieces_of(word: str) -> list[str]:
    """Pieces of 2 to 5 characters of a word with a space before and after it.

    Examples
    --------
    >>> pieces_of("to")
    [' t', 'to', 'o ', ' to', 'to ', ' to ']
    """
    padded = f" {word} "
    return [padded[start : start + n] for n in _PIECES for start in range(len(padded) - n + 1)]


class NgramCounter:
    """Counts n-grams: of words alone and in pairs, or pieces of 2 to 5 characters within words.

    Parameters
    ----------
    kind : {"words", "letters"}
    known : sequence of str, optional
        The n-grams to count, by column. Default: every new one becomes the next column.

    Examples
    --------
    >>> counter = NgramCounter("words")
    >>> counter.count(["no no yes", "yes"]).toarray().tolist(), counter.names
    ([[2.0, 1.0, 1.0, 1.0], [0.0, 1.0, 0.0, 0.0]], ['no', 'yes', 'no no', 'no yes'])
    """

    def __init__(self, kind: str, known: Sequence[str] | None = None) -> None:
        self.kind = kind
        self.names: list[str] = [] if known is None else list(known)
        self._column: dict[str, int] = {name: column for column, name in enumerate(self.names)}
        self._grows = known is None
        self._pieces: dict[str, np.ndarray] = {}

    def columns(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Columns of a text's n-grams, ascending, and how often each occurs."""
        found = self._of_words(text) if self.kind == "words" else self._of_letters(text)
        return np.unique(found, return_counts=True)

    def count(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Counts (n, columns) of texts."""
        rows = [self.columns(text) for text in texts]
        return stacked(rows, len(self.names))

    def occurrences(self, text: str) -> list[tuple[int, tuple[int, ...]]]:
        """Column of each n-gram, as often as it occurs, and which of the words of ``text.split()`` it stands in.

        Examples
        --------
        >>> counter = NgramCounter("words", ["no", "no way", "!"])
        >>> counter.occurrences("Oh no way!")
        [(0, (1,)), (2, (2,)), (1, (1, 2))]
        """
        lowered, column = text[:LONGEST].lower(), self._column
        if self.kind == "words":
            starts = np.array([found.start() for found in _SPACED.finditer(lowered)])
            each = list(_WORD.finditer(lowered))
            owner = [int(np.searchsorted(starts, found.start(), side="right")) - 1 for found in each]
            words = [found.group() for found in each]
            grams = [(word, (w,)) for word, w in zip(words, owner, strict=True)]
            pairs = zip(pairwise(words), pairwise(owner), strict=True)
            grams += [(f"{a} {b}", (v, w)) for (a, b), (v, w) in pairs]  # type: ignore[misc]
        else:
            grams = [(piece, (w,)) for w, word in enumerate(lowered.split()) for piece in pieces_of(word)]
        return [(column[gram], owners) for gram, owners in grams if gram in column]

    def _number(self, grams: list[str]) -> np.ndarray:
        column = self._column
        if not self._grows:
            return np.array([column[gram] for gram in grams if gram in column], dtype=np.int32)
        numbers = []
        for gram in grams:
            number = column.get(gram)
            if number is None:
                number = column[gram] = len(self.names)
                self.names.append(gram)
            numbers.append(number)
        return np.array(numbers, dtype=np.int32)

    def _of_words(self, text: str) -> np.ndarray:
        words = words_of(text)
        return self._number([*words, *(f"{a} {b}" for a, b in pairwise(words))])

    def _of_letters(self, text: str) -> np.ndarray:
        parts = []
        for word in text[:LONGEST].lower().split():
            part = self._pieces.get(word)
            if part is None:
                part = self._number(pieces_of(word))
                if len(word) <= _SHORT and len(self._pieces) < _REMEMBERED:
                    self._pieces[word] = part
            parts.append(part)
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)


def stacked(rows: Sequence[tuple[np.ndarray, np.ndarray]], n_columns: int) -> sparse.csr_matrix:
    """Rows of columns and counts as one sparse matrix (n, n_columns) of float32.

    Examples
    --------
    >>> stacked([(np.array([0, 2]), np.array([1, 3])), (np.array([1]), np.array([2]))], 3).toarray().tolist()
    [[1.0, 0.0, 3.0], [0.0, 2.0, 0.0]]
    """
    ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    empty = np.zeros(0, dtype=np.int32)
    indices = np.concatenate([empty, *(columns for columns, _ in rows)])
    data = np.concatenate([empty, *(counts for _, counts in rows)]).astype(np.float32)
    return sparse.csr_matrix((data, indices, ends), shape=(len(rows), n_columns))

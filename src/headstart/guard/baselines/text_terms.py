"""The words and pieces of words of a set of texts as weighted columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer

from headstart.data.base.reasons import BadInput
from headstart.data.texts.ngrams import NgramCounter
from headstart.data.texts.texts import Texts

MOST_TERMS = 200_000
_MANY = 500


@dataclass(frozen=True, eq=False)
class Terms:
    """Terms that a set of texts is described by, and how rare each is.

    Parameters
    ----------
    kind : {"words", "letters"}
    names : list of str
        By column.
    idf : ndarray of shape (d,)

    Examples
    --------
    >>> terms, X = Terms.of("words", ["a dog", "a cat"])
    >>> terms.names, X.shape, terms.weigh(["a cow"]).toarray().round(2).tolist()
    (['a', 'dog', 'a dog', 'cat', 'a cat'], (2, 5), [[1.0, 0.0, 0.0, 0.0, 0.0]])
    """

    kind: str
    names: list[str]
    idf: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, kind: str, texts: list[str]) -> tuple[Terms, sparse.csr_matrix]:
        """The terms of some texts, and these texts weighted, (n, d).

        Of 500 texts and more, terms that stand in one text alone are left out; of more than 200,000 the rarest.
        """
        counter = NgramCounter(kind)
        counts = counter.count(texts)
        held = np.bincount(counts.indices, minlength=counts.shape[1])
        kept = np.flatnonzero(held >= (2 if len(texts) >= _MANY else 1))
        if len(kept) > MOST_TERMS:
            kept = np.sort(kept[np.argsort(-held[kept], kind="stable")[:MOST_TERMS]])
        counts = counts[:, kept]
        idf = TfidfTransformer().fit(counts).idf_ if len(kept) else np.zeros(0)
        terms = cls(kind, [counter.names[column] for column in kept], idf)
        return terms, terms._weighed(counts)

    def weigh(self, texts: list[str]) -> sparse.csr_matrix:
        """Texts as rows of these terms, (n, d)."""
        return self._weighed(self._counter.count(texts))

    def by_word(self, text: str, values: np.ndarray) -> np.ndarray:
        """What is known of each term, (d, K), shared out among the words of ``text.split()``, (words, K).

        Each occurrence of a term gets the same part of it, and of a pair of words each word the half.

        Examples
        --------
        >>> terms, _ = Terms.of("words", ["a dog", "a cat"])
        >>> terms.by_word("a dog", np.array([[1.0], [10.0], [4.0], [0.0], [0.0]])).tolist()
        [[3.0], [12.0]]
        """
        found = self._counter.occurrences(text)
        times = np.bincount([column for column, _ in found], minlength=len(self.names))
        shared = np.zeros((len(text.split()), values.shape[1]))
        for column, owners in found:
            for word in owners:
                shared[word] += values[column] / (times[column] * len(owners))
        return shared

    def _weighed(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """tf-idf of counts: the logarithm of each, by how rare its term is, in rows of length 1."""
        transformer = TfidfTransformer(sublinear_tf=True)
        transformer.idf_ = self.idf  # as fitted, or as read from a saved model
        return transformer.transform(counts) if len(self.idf) else counts

    @cached_property
    def _counter(self) -> NgramCounter:
        return NgramCounter(self.kind, self.names)


def strings_of(texts: Texts) -> list[str]:
    """All texts as strings.

    Raises
    ------
    BadTexts
        If some are empty or cannot be read; it lists all of them.

    Examples
    --------
    >>> strings_of(Texts(["good", "bad"]))
    ['good', 'bad']
    """
    found: list[str] = []
    bad: list[tuple[str, str]] = []
    for i, name in enumerate(texts.names):
        try:
            found.append(texts.load(i)[0])
        except BadInput as error:
            bad.append((name, error.reason))
    if bad:
        raise texts.bad_inputs(bad)
    return found

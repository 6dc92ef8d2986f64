"""Terms of texts and their weights, against scikit-learn's vectoriser."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from headstart.guard.baselines.text_terms import Terms

TEXTS = ["the cat sat on the mat", "a dog sat", "the dog and the cat and the bird", "birds sing on", "on and on and on"]


@pytest.mark.parametrize(
    ("kind", "theirs"),
    [
        ("words", {"ngram_range": (1, 2), "token_pattern": r"\b\w+\b"}),
        ("letters", {"ngram_range": (2, 5), "analyzer": "char_wb"}),
    ],
    ids=["words", "letters"],
)
def test_weights_are_those_of_scikit_learn(kind: str, theirs: dict[str, object]) -> None:
    vectoriser = TfidfVectorizer(sublinear_tf=True, **theirs)
    expected = vectoriser.fit_transform(TEXTS)
    terms, found = Terms.of(kind, TEXTS)
    shared = [terms.names.index(name) for name in vectoriser.get_feature_names_out()]
    assert sorted(shared) == list(range(found.shape[1]))
    assert np.allclose(found[:, shared].toarray(), expected.toarray())
    again = Terms(kind, terms.names, terms.idf).weigh(TEXTS)
    assert np.array_equal(again.toarray(), found.toarray())


def test_texts_without_a_term_are_rows_of_zeros() -> None:
    terms, found = Terms.of("words", [" ", ""])
    assert found.shape == (2, 0) and terms.weigh(["a word"]).shape == (1, 0)
    assert Terms.of("words", ["a word", ""])[1].toarray()[1].tolist() == [0.0, 0.0, 0.0]

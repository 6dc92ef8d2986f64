"""Words and pieces of words, and counts of those that are known."""

from __future__ import annotations

from headstart.data.texts.ngrams import LONGEST, NgramCounter, pieces_of, words_of


def test_counters_with_known_terms_pass_over_others() -> None:
    counter = NgramCounter("words", ["cat", "on and"])
    assert counter.count(["a cat on and on and off", "dog"]).toarray().tolist() == [[1.0, 2.0], [0.0, 0.0]]
    assert counter.names == ["cat", "on and"]


def test_words_and_pieces() -> None:
    assert words_of("It's 5 o’clock—GO! snake_case 日本") == [
        "it's",
        "5",
        "o’clock",
        "—",
        "go",
        "!",
        "snake",
        "_",
        "case",
        "日本",
    ]
    assert "word " not in pieces_of("words") and " word" in pieces_of("words")
    assert len(words_of("a " * LONGEST)) == LONGEST // 2

"""Texts as a kind of input: strings, files, encodings, what is empty, the same twice, or no text at all."""

from __future__ import annotations

import codecs
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart.data.base.kinds import TEXTS
from headstart.data.base.reasons import BadText
from headstart.data.clips.clips import Clips
from headstart.data.inputs.inputs import as_inputs, inputs_in
from headstart.data.pictures.pictures import Pictures
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.screen import screen
from headstart.data.texts.decode import text_from_bytes
from headstart.data.texts.plain_text import PlainText
from headstart.data.texts.texts import Texts, as_texts, is_texts
from headstart.errors import BadTexts, DataError


def labelled(texts: list[str], y: str) -> Dataset:
    return Dataset(Texts(texts), np.array(list(y)), "classification", tuple(sorted(set(y))))


def test_strings_are_texts_and_names_of_files_are_not(tmp_path: Path) -> None:
    here = tmp_path / "picture"
    here.write_bytes(b"")
    assert isinstance(as_inputs(["good", "bad"]), Texts)
    assert isinstance(as_inputs(np.array(["good", "bad"])), Texts)
    assert isinstance(as_inputs(pd.Series(["good", None, "bad"], index=[7, 8, 9])), Texts)
    assert isinstance(as_inputs("one text alone"), Texts)
    assert isinstance(as_inputs(["a.jpg", "b.png"]), Pictures)
    assert isinstance(as_inputs([str(here)]), Pictures)
    assert isinstance(as_inputs([Path("a.wav")]), Clips)
    assert isinstance(as_inputs([Path("a.txt")]), Texts)
    assert as_texts(["mails/a.txt", "b.txt"]).items == (Path("mails/a.txt"), Path("b.txt"))
    assert as_texts(["a.txt", "see a.txt and b"]).items == ("a.txt", "see a.txt and b")
    assert not is_texts(["a.jpg", "b.jpg", "hello there"]) and not is_texts([1.5]) and not is_texts(["a", 2])
    assert inputs_in([[1.0, 2.0]]) is None and not is_texts(pd.DataFrame({"a": ["x"]}))


def test_where_texts_are_expected_every_string_is_one() -> None:
    assert isinstance(as_inputs(["see www.name.au"], "text"), Texts)
    assert isinstance(as_inputs(["see www.name.au"]), Clips)


def test_texts_have_names_rows_and_digests() -> None:
    texts = as_texts(["good", "bad", "good"])
    assert texts.names == ("text 0", "text 1", "text 2") and texts.shape == (3,)
    assert texts.digest(0) == texts.digest(2) == texts.known_digest(0) != texts.digest(1)
    assert texts[np.array([False, True, True])].names == ("text 1", "text 2")
    assert texts.load(0, enough=2)[0] == "go" and texts.kind is TEXTS and texts.input_type == "text"


def test_other_things_are_refused_in_words() -> None:
    with pytest.raises(DataError, match="Expected a text at position 1, found int"):
        as_texts(["good", 3])
    with pytest.raises(DataError, match="Expected texts, found clips"):
        as_texts(Clips(["a.wav"]))
    with pytest.raises(DataError, match="Expected texts, found DataFrame"):
        as_texts(pd.DataFrame({"a": ["x"]}))


def test_a_missing_text_is_refused_by_name() -> None:
    texts = as_texts(["good", None, float("nan"), pd.NA])
    assert texts.items == ("good", "", "", "")
    with pytest.raises(BadText, match="the text is empty"):
        texts.load(1)


@pytest.mark.parametrize(
    ("content", "text", "encoding"),
    [
        ("naïve\r\nplan\r".encode(), "naïve\nplan\n", "UTF-8"),
        (codecs.BOM_UTF8 + b"plan", "plan", "UTF-8"),
        ("Köln “am” Rhein".encode("cp1252"), "Köln “am” Rhein", "Windows-1252"),
        ("Köln".encode("utf-16"), "Köln", "UTF-16"),
        ("a longer text in Köln".encode("utf-16-le"), "a longer text in Köln", "UTF-16"),
        ("a longer text".encode("utf-16-be"), "a longer text", "UTF-16"),
        ("Привет".encode("utf-32"), "Привет", "UTF-32"),
        ("größer 日本語".encode()[:-1], "größer 日本\ufffd", "UTF-8 with 1 damaged character"),
    ],
    ids=["utf-8", "mark", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cut"],
)
def test_encodings_are_found_and_said(content: bytes, text: str, encoding: str) -> None:
    found = text_from_bytes(content)
    assert (found.text, found.encoding) == (text, encoding)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 ...", "it is a PDF document, not plain text; save its text as a .txt file"),
        (b"PK\x03\x04" + b"word/document.xml", "it is a Word document"),
        (b"{\\rtf1 hello}", "it is an RTF document"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "an old Word or Excel document"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "it is a PNG picture"),
        (b"one\0two\0", "it is something unknown, not plain text"),
        (bytes(40), "it is a file of zero bytes, not plain text"),
        (bytes(range(256)) * 9, "it is something unknown, not plain text"),
        (
            "Привет, как дела".encode("cp1251"),
            "neither UTF-8 nor surely a Western European encoding; perhaps it is cp1251; say what it is",
        ),
        (codecs.BOM_UTF16_LE + b"\x00\xd8" * 9, "it begins like a text in UTF-16, but the rest is damaged"),
    ],
    ids=["pdf", "docx", "rtf", "doc", "png", "nul", "zeros", "bytes", "cyrillic", "surrogates"],
)
def test_what_is_no_text_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(BadText, match=words):
        text_from_bytes(content)


def test_empty_texts_are_all_named_or_left_out() -> None:
    dataset = labelled(["good a", "bad a", "", "good b", " \n\u200b", "bad b"], "pnpppn")
    with pytest.raises(BadTexts, match=r"2 texts .*text 2: the text is empty; text 4: the text holds nothing but"):
        screen(dataset, PlainText())
    left = screen(dataset, PlainText(), skip_bad=True)
    assert len(left) == 4 and [name for name, _ in left.dropped] == ["text 2", "text 4"]


def test_the_same_words_are_one_group_and_never_of_two_classes() -> None:
    found = screen(labelled(["Good  film", "bad film", "good film\n", "good", "bad"], "pnppn"), PlainText())
    assert found.duplicates == (("text 0", "text 2"),) and found.groups is not None
    assert found.groups[0] == found.groups[2]
    with pytest.raises(DataError, match=r"found one text under two: text 0 \(p\) and text 2 \(n\)"):
        screen(labelled(["Good film", "bad film", "good  film", "good"], "pnnp"), PlainText())


def test_files_in_another_encoding_are_noted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("schön".encode("latin-1"))
    (tmp_path / "b.txt").write_bytes(b"schlecht")
    paths = [tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "a.txt", tmp_path / "b.txt"]
    dataset = Dataset(
        Texts([*paths[:2], "gut", "böse"], list("abcd")), np.array(list("pnpn")), "classification", ("n", "p")
    )
    assert "1 text was read as Windows-1252: a." in screen(dataset, PlainText()).notes
    assert dataset.inputs.decode(0) == "schön" and dataset.inputs.encoding(1) == "UTF-8"


def test_a_text_of_a_million_letters_is_read() -> None:
    texts = Texts(["word " * 200_000, "x" * 1_000_000])
    assert [len(texts.load(i)[0]) for i in range(2)] == [1_000_000, 1_000_000]


@pytest.mark.parametrize("words", ["The big WAVE came", "We like WEBP best", "GIF89a was loved", "ID3 trees"])
def test_words_that_look_like_the_mark_of_a_picture_or_a_clip_are_words(words: str) -> None:
    assert text_from_bytes(words.encode()).text == words


def test_a_picture_in_a_texts_place_is_named() -> None:
    with pytest.raises(BadText, match="a PNG picture"):
        text_from_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(32)))

"""From texts to tokens: what transformers' tokenizers give, cut at windows, in bounded time."""

from __future__ import annotations

import pickle
import time
from pathlib import Path

import numpy as np
import pytest
import transformers as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from text_families import FAMILIES, TEXTS, family_folder

from headstart.data.inputs.canvases import canvases
from headstart.data.inputs.store import CanvasStore
from headstart.data.texts.preprocessing import TextPreprocessing
from headstart.data.texts.texts import Texts
from headstart.data.texts.tokenizer import TextTokenizer
from headstart.data.texts.tokens import Tokens
from headstart.errors import ParameterError, SourceError
from headstart.networks.reading.text_tokenizer import kept_tokenizer, open_tokenizer

ODD = (
    "naïve café",
    "日本語 です",
    "tab\tand\nnew line",
    "🙂 emoji 🙂",
    "a\x00b",
    "lone \ud800 surrogate",
    "x" * 300,
    " a",
)


@pytest.fixture(scope="module", params=["bert", "roberta", "xlm-roberta", "gpt2"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[TextTokenizer, Path]:
    folder = family_folder(request.param, tmp_path_factory.mktemp("tokenizers"))
    return kept_tokenizer(open_tokenizer(folder, request.param), 40), folder


def test_tokens_are_those_of_transformers(made: tuple[TextTokenizer, Path]) -> None:
    tokenizer, folder = made
    theirs = tf.AutoTokenizer.from_pretrained(folder)
    preprocessing = TextPreprocessing(tokenizer, 40)
    for text in (*TEXTS, *ODD):
        text = text.encode("utf-8", "replace").decode()
        wanted = theirs(text, truncation=True, max_length=40)["input_ids"]
        assert preprocessing.centre(preprocessing.canvas(text)).tolist() == wanted


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_any_text_gives_a_window(text: str) -> None:
    tokenizer = _words()
    for most in (1, 3):
        preprocessing = TextPreprocessing(tokenizer, 8, most)
        canvas = preprocessing.canvas(text)
        windows = preprocessing.windows(canvas)
        assert 1 <= len(windows) <= most and all(1 <= len(window) <= 8 for window in windows)
        assert preprocessing.cut(canvas) == (len(canvas) > preprocessing.limit)
        used = np.concatenate(preprocessing.pieces(canvas))
        np.testing.assert_array_equal(used, tokenizer.ids(text)[: preprocessing.limit])


def _words() -> TextTokenizer:
    from text_families import _word_pieces

    return TextTokenizer({"tokenizer.json": _word_pieces()[0].to_str()})


@pytest.mark.parametrize("kind", ["words", "one word", "spaces", "no spaces"])
def test_a_million_characters_take_little_time(made: tuple[TextTokenizer, Path], kind: str) -> None:
    """No more is read than the window needs, and it gives the tokens that the whole text would begin with."""
    text = {
        "words": "the cat sat on the mat and looked " * 30_000,
        "one word": "a" * 1_000_000,
        "spaces": " " * 999_990 + "cat",
        "no spaces": "日本語" * 330_000,
    }[kind]
    tokenizer, _ = made
    preprocessing = TextPreprocessing(tokenizer, 256, 2)
    started = time.process_time()
    canvas = preprocessing.canvas(text)
    assert time.process_time() - started < 6
    assert len(canvas) <= preprocessing.limit + 1
    if kind == "words":
        assert preprocessing.cut(canvas)
        np.testing.assert_array_equal(canvas, tokenizer.ids(text[:20_000])[: len(canvas)])


def test_an_empty_text_has_a_token_where_nothing_stands_around_it(tmp_path: Path) -> None:
    for name in ("bert", "gpt2"):
        tokenizer = kept_tokenizer(open_tokenizer(family_folder(name, tmp_path), name), 40)
        preprocessing = TextPreprocessing(tokenizer, 40)
        found = preprocessing.centre(preprocessing.canvas("")).tolist()
        assert found == ([2, 3] if name == "bert" else [0])
        assert set(found) <= tokenizer.special


def test_canvases_are_kept_by_content(made: tuple[TextTokenizer, Path]) -> None:
    store, preprocessing = CanvasStore(), TextPreprocessing(made[0], 40)
    first = canvases(Texts(TEXTS), preprocessing, store)
    assert all(a is b for a, b in zip(first, canvases(Texts(TEXTS), preprocessing, store), strict=True))
    assert first[0].dtype == np.int32 and len(store) == len(TEXTS)
    rows = canvases(Tokens(first), preprocessing, store)
    assert all(np.array_equal(a, b) for a, b in zip(first, rows, strict=True))


def test_settings_come_back(made: tuple[TextTokenizer, Path], tmp_path: Path) -> None:
    preprocessing = TextPreprocessing(made[0], 20, 3)
    for name, text in made[0].files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    again = TextPreprocessing.from_dict(preprocessing.to_dict(), tmp_path)
    assert again == preprocessing and again.key() == preprocessing.key() and hash(again) == hash(preprocessing)
    assert pickle.loads(pickle.dumps(preprocessing)).canvas("the cat").tolist() == again.canvas("the cat").tolist()
    assert preprocessing.resized(1).canvas_key() != preprocessing.canvas_key()


def test_wrong_settings_are_refused() -> None:
    tokenizer = _words()
    with pytest.raises(ParameterError, match="window of at least 6 tokens, found 5"):
        TextPreprocessing(tokenizer, 5)
    for wrong in (0, 1001, 2.0, True and "2"):
        with pytest.raises(ParameterError, match="1 to 1000 windows for a text, found"):
            TextPreprocessing(tokenizer, 20, wrong)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="Expected text preprocessing settings, found"):
        TextPreprocessing.from_dict({"kind": "sound"}, ".")
    with pytest.raises(SourceError, match=r"Expected tokenizer.json among a tokenizer's files, found none"):
        TextTokenizer({})
    with pytest.raises(SourceError, match=r"Expected a tokenizer in tokenizer.json, found"):
        _ = TextTokenizer({"tokenizer.json": "{}"}).backend


def test_families_are_all_here() -> None:
    assert {"bert", "roberta", "distilbert", "mpnet", "modernbert", "xlm-roberta", "gpt2", "llama"} <= set(FAMILIES)

"""Texts without a network: tf-idf chooses, weighs, scales, is saved; which words decide; what is found beforehand."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import headstart
from headstart.data.reading.recognise import from_arrays
from headstart.data.texts.texts import Texts
from headstart.errors import BadTexts, DataError, ParameterError, SourceError
from headstart.guard.baselines.texts import TextBaselineClassifier, TextBaselineRegressor
from headstart.guard.candidates.for_inputs import standard_for_inputs
from headstart.guard.candidates.material import Material
from headstart.guard.evidence.before import lengths
from headstart.guard.evidence.words import LEFT_OUT, exact_words, word_effects, words_of_classes
from headstart.models.model import Model
from headstart.models.saving.text_baselines import load_text_baseline, save_text_baseline
from headstart.networks.reading.loading import load_network

GOOD, BAD = ["good", "great", "lovely", "fine", "warm", "bright"], ["bad", "awful", "poor", "cold", "dull", "broken"]
FILLER = ["the", "film", "was", "a", "story", "about", "one", "day", "in", "town", "and", "its", "people"]


def sentences(n: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Sentences of neutral words with one or two that tell the class."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return [" ".join([*rng.choice(FILLER, 6), *rng.choice(GOOD if one else BAD, 2)]) for one in y], y


@pytest.mark.parametrize("features", ["auto", "words", "letters", "words and letters"])
def test_words_that_decide_are_found(features: str) -> None:
    texts, y = sentences(60)
    model = TextBaselineClassifier(features=features).fit(texts, np.array(["bad", "good"])[y])
    more, truth = sentences(100, seed=1)
    assert model.score(more, np.array(["bad", "good"])[truth]) > 0.95
    assert np.allclose(model.predict_proba(more).sum(axis=1), 1)
    assert model.features_ in ("words", "letters", "words and letters")


def test_letters_win_where_words_never_repeat() -> None:
    rng = np.random.default_rng(0)

    def word(end: str) -> str:
        return "".join(rng.choice(list("bcdfgklmnprst"), 5)) + end

    texts = [" ".join(word("ion" if i % 2 else "ness") for _ in range(4)) for i in range(60)]
    model = TextBaselineClassifier().fit(texts, np.arange(60) % 2)
    assert "letters" in model.features_
    assert model.predict([word("ion") + " " + word("ion"), word("ness")]).tolist() == [1, 0]


def test_many_texts_are_solved_without_anything_dense() -> None:
    texts, y = sentences(2000)
    texts = [f"{text} number{i % 700}" for i, text in enumerate(texts)]
    start = time.process_time()
    model = TextBaselineClassifier("words").fit(texts, y)
    assert time.process_time() - start < 20
    exact = TextBaselineClassifier("words").fit(texts[:1000], y[:1000])
    assert model.score(texts, y) == 1.0 and model.penalty_ == pytest.approx(exact.penalty_, rel=100)
    numbers = TextBaselineRegressor("words").fit(texts, 3.0 * y + 1)
    assert numbers.score(texts, 3.0 * y + 1) > 0.95


def test_class_weights_move_the_border() -> None:
    texts = ["a day"] * 30 + ["one day"] * 5 + ["one day"] * 4
    y = np.array(["usual"] * 35 + ["rare"] * 4)
    texts = [f"{text} w{i}" for i, text in enumerate(texts)]
    plain = TextBaselineClassifier("words").fit(texts, y).predict_proba(["one day"])[0]
    balanced = TextBaselineClassifier("words", class_weight="balanced").fit(texts, y).predict_proba(["one day"])[0]
    assert balanced[0] > plain[0] + 0.1


def test_several_labels_and_several_numbers() -> None:
    texts, y = sentences(60)
    labels = np.column_stack([y, 1 - y, np.arange(60) % 3 == 0])
    model = TextBaselineClassifier().fit(texts, labels)
    assert model.predict(["good lovely", "bad poor"])[:, :2].tolist() == [[1, 0], [0, 1]]
    numbers = TextBaselineRegressor().fit(texts, np.column_stack([y * 4.0, 10.0 - y]))
    more, truth = sentences(40, seed=1)
    assert numbers.score(more, np.column_stack([truth * 4.0, 10.0 - truth])) > 0.9


def test_what_cannot_be_learned_from_is_refused() -> None:
    with pytest.raises(DataError, match="found one class only"):
        TextBaselineClassifier().fit(["a b", "c d"], ["x", "x"])
    with pytest.raises(BadTexts, match="2 texts that cannot be used: text 1: the text is empty; text 3"):
        TextBaselineClassifier().fit(["a b", "", "c d", " "], ["x", "y", "x", "y"])
    with pytest.raises(DataError, match="Expected a label for each of 2 texts, found 3"):
        TextBaselineClassifier().fit(["a b", "c d"], ["x", "y", "x"])
    with pytest.raises(DataError, match="Expected texts, found"):
        TextBaselineClassifier().fit(np.zeros((4, 8, 8)), [0, 1, 0, 1])
    with pytest.raises(ParameterError, match="Expected features of auto, words, letters"):
        TextBaselineClassifier("sounds").fit(["a b", "c d"], ["x", "y"])


@pytest.mark.parametrize("task", ["classes", "labels", "numbers"])
def test_it_is_saved_without_pickle_and_answers_the_same(tmp_path: Path, task: str) -> None:
    texts, y = sentences(40)
    targets = {"classes": y, "labels": np.column_stack([y, 1 - y]), "numbers": y * 1.5}[task]
    model = (TextBaselineRegressor if task == "numbers" else TextBaselineClassifier)().fit(texts, targets)
    described = json.loads(json.dumps(save_text_baseline(model, tmp_path)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["baseline.safetensors", "vocabulary.json"]
    again = load_text_baseline(tmp_path, described)
    more, _ = sentences(20, seed=2)
    assert np.array_equal(again.predict(more), model.predict(more))
    (tmp_path / "vocabulary.json").write_text('{"words": [], "letters": []}')
    with pytest.raises(SourceError, match="Expected a weight for each term"):
        load_text_baseline(tmp_path, described)
    (tmp_path / "vocabulary.json").write_text("{oops")
    with pytest.raises(SourceError, match="Expected a baseline of texts"):
        load_text_baseline(tmp_path, described)


def test_tf_idf_stands_among_the_candidates() -> None:
    found = standard_for_inputs(None, "classification", input_type="text", n=40)
    assert [candidate.name for candidate in found] == ["tf-idf"] and not found[0].transfer
    assert isinstance(found[0].fresh(random_state=3), TextBaselineClassifier)
    assert isinstance(
        standard_for_inputs(None, "regression", input_type="text", n=40)[0].estimator, TextBaselineRegressor
    )


def test_words_of_classes_and_of_numbers() -> None:
    texts, y = sentences(60)
    found = words_of_classes(from_arrays(texts, np.array(["bad", "good"])[y]))
    assert found is not None and found["n"] == 60 and [one["class"] for one in found["classes"]] == ["bad", "good"]
    assert {entry["word"] for entry in found["classes"][1]["for"][:3]} <= set(GOOD)
    assert {entry["word"] for entry in found["classes"][1]["against"][:3]} <= set(BAD)
    numbers = words_of_classes(from_arrays(texts, y * 2.5 + 0.25))
    assert numbers is not None and numbers["classes"][0]["for"][0]["word"] in GOOD
    one_each = words_of_classes(from_arrays([f"word{i} thing{i}" for i in range(8)], list("abababab")))
    assert one_each is not None and one_each["classes"][0]["for"] == []


class _Deaf:
    """A classifier that is asked for probabilities alone."""

    def __init__(self, known: TextBaselineClassifier) -> None:
        self.predict_proba = known.predict_proba


def test_leaving_a_word_out_says_what_it_adds() -> None:
    texts, y = sentences(60)
    baseline = TextBaselineClassifier("words").fit(texts, np.array(["bad", "good"])[y])
    model = Model(_Deaf(baseline), {}, task="classification", classes=["bad", "good"], input_type="text")
    effects = word_effects(model, "a good film in a cold town", "good")
    assert effects is not None and len(effects) == 7
    assert int(np.argmax(effects)) == 1 and int(np.argmin(effects)) == 5
    assert word_effects(model, "good", "good") is None
    long = word_effects(model, "good " * 500, "good")
    assert long is not None and len(long) == LEFT_OUT


@pytest.mark.parametrize("features", ["words", "letters", "words and letters"])
@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_exact_words_add_up_to_the_score(features: str, task: str) -> None:
    texts, y = sentences(60)
    text = "A GOOD film, in a cold  town; good!\u00a0dull, and nobody's there"
    if task == "regression":
        known: Any = TextBaselineRegressor(features).fit(texts, y * 2.5)
        model = Model(known, {}, task=task, classes=None, input_type="text")
        whole, rest = exact_words(model, text, 0) or (np.zeros(0), 0.0)
        assert len(whole) == len(text.split()) and whole.sum() + rest == pytest.approx(known.predict([text])[0])
        return
    labels = (
        np.column_stack([y, 1 - y])
        if task == "multilabel"
        else np.array(["bad", "good", "so"])[(y + np.arange(60) // 30)]
    )
    known = TextBaselineClassifier(features).fit(texts, labels)
    classes = ["p", "n"] if task == "multilabel" else known.classes_
    model = Model(known, {}, task=task, classes=classes, temperature=1.7, input_type="text")
    scores = known.decision_function([text])[0] / 1.7
    for k in range(len(classes)):
        whole, rest = exact_words(model, text, k) or (np.zeros(0), 0.0)
        score = scores[k] - (0 if task == "multilabel" else np.delete(scores, k).mean())
        assert whole.sum() + rest == pytest.approx(score)
    said = model.explain([text])[0]
    assert said.way == "linear terms" and said.values.sum() + said.base == pytest.approx(said.score)
    assert said.parts == tuple(text.split())


def test_words_of_the_chosen_model_are_its_own() -> None:
    texts, y = sentences(60)
    data = from_arrays(texts, np.array(["bad", "good"])[y])
    known = TextBaselineClassifier("words").fit(texts, data.y)
    found = words_of_classes(data, known)
    assert found is not None and found["chosen"]
    first = found["classes"][1]["for"][0]
    column = known.terms_[0].names.index(first["word"])
    assert first["weight"] == pytest.approx((known.coef_[column, 1] - known.coef_[column, 0]) / 2, abs=1e-4)
    other = words_of_classes(data, TextBaselineClassifier("letters").fit(texts, data.y))
    assert other is not None and not other["chosen"]


def test_fit_says_what_the_words_are_and_predicts_strings(tmp_path: Path) -> None:
    texts, y = sentences(40)
    texts[3] = "a good film and good fun that is called dull by nobody at all " + "x" * 600
    y = np.array(["bad", "good"])[y]
    y[4] = "good"
    model = headstart.fit((texts, y), None, budget=30, n_splits=3, out=tmp_path / "m")
    evidence = json.loads((tmp_path / "m" / "evidence.json").read_text())
    assert evidence["data"]["input_type"] == "text" and evidence["words"]["n"] == 40
    mistake = evidence["mistakes"][0]
    assert len(mistake["text"]) <= 402 and len(mistake["effects"]) == len(mistake["text"].split())
    again = headstart.load(tmp_path / "m")
    assert again.predict(["a lovely day", "an awful day"]).tolist() == ["good", "bad"]
    assert np.array_equal(again.predict_proba(texts), model.predict_proba(texts))
    assert again.predict(["a lovely picture.jpg"]).tolist() == ["good"]
    with pytest.raises(DataError, match="Expected texts, as the model learned from, found pictures"):
        again.predict(np.zeros((2, 8, 8)))


def test_it_is_said_how_many_texts_are_longer_than_the_window(minilm: Path) -> None:
    network = load_network(str(minilm))
    texts = Texts(["short one", "word " * 400, "word " * 500, "another"])
    material = Material(texts, np.array([0, 1, 0, 1]), "classification", network=network)
    (found,) = lengths(material)
    assert found["value"] == 2 and found["verdict"] == "against"
    assert found["words"].startswith(
        "2 of 4 texts are longer than the network's window of 256 tokens; only their beginning"
    )
    (short,) = lengths(Material(texts[:1], np.array([0]), "classification", network=network))
    assert short["words"] == "No text is longer than the network's window of 256 tokens."
    assert lengths(Material(texts, np.array([0, 1, 0, 1]), "classification")) == []

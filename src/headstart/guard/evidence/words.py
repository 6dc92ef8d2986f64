"""Which words speak for and against each class, and which decide a single text."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np

from headstart.data.sets.dataset import Dataset
from headstart.errors import DataError
from headstart.guard.baselines.text_terms import Terms
from headstart.guard.baselines.texts import TextBaselineClassifier, TextBaselineRegressor

MOST_WORDS = 12
MOST_TEXTS = 5_000
LEFT_OUT = 60
_SHARE = 0.05
_LEAST = 2.0
_WORD = re.compile(r"\S+")


def words_of_classes(dataset: Dataset, chosen: Any = None) -> dict[str, Any] | None:
    """Words and pairs of words with the greatest weights in a linear model on tf-idf, for each class.

    Parameters
    ----------
    dataset : Dataset
        Of texts; of more than 5,000 a sample is used.
    chosen : fitted estimator, optional
        What was chosen: where it is linear in words itself, the weights are its own.

    Returns
    -------
    dict or None
        ``n`` texts that were used, ``chosen``, whether the weights are those of the chosen model, and ``classes``: for
        each (for numbers: for each target) its name as ``class``, and up to 12 words ``for`` and ``against`` it, as
        ``word`` and ``weight``. Words that stand in one text alone are left out. None where there is nothing to learn.

    Examples
    --------
    >>> from headstart.data.reading.recognise import from_arrays
    >>> found = words_of_classes(from_arrays(["good film", "bad film", "so good", "so bad"] * 4, list("pnpn") * 4))
    >>> [(one["class"], one["for"][0]["word"], one["against"][0]["word"]) for one in found["classes"]]
    [('n', 'bad', 'good'), ('p', 'good', 'bad')]
    """
    rows, numbers = np.arange(len(dataset)), dataset.task == "regression"
    own = hasattr(chosen, "word_effects") and chosen.terms_[0].kind == "words"
    if not own and len(rows) > MOST_TEXTS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_TEXTS, replace=False))
    model = chosen if own else (TextBaselineRegressor if numbers else TextBaselineClassifier)("words")
    try:
        model = model if own else model.fit(dataset.inputs[rows], dataset.y[rows])
    except DataError:
        return None
    terms: Terms = model.terms_[0]
    usual = np.flatnonzero(_held(terms, len(rows)) >= _LEAST)
    names = [terms.names[column] for column in usual]
    weights = model.coef_[usual] if numbers else model.coef_[usual] - model.coef_[usual].mean(axis=1, keepdims=True)
    if dataset.task == "multilabel":
        weights = model.coef_[usual]
    each = zip(_called(model, dataset), weights.T, strict=True)
    return {"n": len(rows), "chosen": own, "classes": [_strongest(called, column, names) for called, column in each]}


def _held(terms: Terms, n: int) -> np.ndarray:
    """In how many of n texts each term stands, from its weight."""
    return (1.0 + n) / np.exp(terms.idf - 1.0) - 1.0


def _called(model: Any, dataset: Dataset) -> list[str]:
    if dataset.task == "classification":
        return [str(label) for label in model.classes_.tolist()]
    if dataset.classes is not None:
        return [str(label) for label in dataset.classes]
    return ["the number"] if model.coef_.shape[1] == 1 else [f"number {i + 1}" for i in range(model.coef_.shape[1])]


def _strongest(name: str, weights: np.ndarray, words: list[str]) -> dict[str, Any]:
    order = np.argsort(weights, kind="stable")

    def some(chosen: np.ndarray) -> list[dict[str, Any]]:
        return [{"word": words[i], "weight": round(float(weights[i]), 4)} for i in chosen[:MOST_WORDS]]

    return {
        "class": name,
        "for": some(np.array([i for i in order[::-1] if weights[i] > 0], dtype=int)),
        "against": some(np.array([i for i in order if weights[i] < 0], dtype=int)),
    }


def exact_words(model: Any, text: str, k: int) -> tuple[np.ndarray, float] | None:
    """What each word adds to the score of class, label or number ``k``, and the rest of that score.

    Of classes the score is the logit less the mean of the others', for two classes the log-odds.

    Parameters
    ----------
    model : headstart.Model
    text : str
    k : int

    Returns
    -------
    effects : ndarray of shape (words,)
        Of ``text.split()``; with the rest their sum is the score.
    rest : float
        None in the place of both where the model is not linear in words.
    """
    if not hasattr(model.answers, "word_effects"):
        return None
    found, intercept = model.answers.word_effects(text), model.answers.intercept_
    if model.task == "classification":
        others = np.arange(found.shape[1]) != k
        found = (found[:, k] - found[:, others].mean(axis=1)) / model.temperature
        return found, float(intercept[k] - intercept[others].mean()) / model.temperature
    heat = model.temperature if model.task == "multilabel" else 1.0
    return found[:, k] / heat, float(intercept[k]) / heat


def word_effects(model: Any, text: str, answer: Any) -> list[float] | None:
    """What each word of a text adds to a model's answer: exactly where it is linear in words, else by leaving it out.

    Parameters
    ----------
    model : headstart.Model
    text : str
        Where words are left out, its first 60 in turn; the rest of the text stays.
    answer : object
        The class, or the list of labels, whose probability is looked at; for numbers not used.

    Returns
    -------
    list of float or None
        By word; probabilities (exactly: logits), or for numbers the model's number. None for a text of one word.
    """
    names = [] if model.classes_ is None else [str(name) for name in model.classes_.tolist()]
    asked = [names.index(str(one)) for one in (answer if isinstance(answer, list) else [answer]) if names]
    exact = [exact_words(model, text, k) for k in (asked if model.task != "regression" else [0])]
    if exact and exact[0] is not None and len(exact[0][0]) > 1:
        return [round(float(effect), 4) for effect in np.mean([one[0] for one in exact if one], axis=0)]
    spans = [found.span() for found in _WORD.finditer(text)]
    if len(spans) < 2:
        return None
    without = [text[:start] + text[end:] for start, end in spans[:LEFT_OUT]]
    if model.task == "regression":
        said = np.asarray(model.predict([text, *without]), dtype=float).reshape(1 + len(without), -1)[:, 0]
    else:
        p = model.predict_proba([text, *without])
        if not asked:
            return None
        said = p[:, asked].mean(axis=1)
    return [round(float(effect), 4) for effect in said[0] - said[1:]]


def add_words(model: Any, dataset: Dataset) -> None:
    """Write the words into a model's evidence: those of the classes, and those of each mistake.

    Single texts are asked about one after the other, for a twentieth of the budget at most.

    Parameters
    ----------
    model : headstart.Model
        Fitted to ``dataset``.
    dataset : Dataset
        Of texts.
    """
    model.evidence["words"] = words_of_classes(dataset, model.answers)
    position = {name: i for i, name in enumerate(dataset.names)}
    start = time.monotonic()
    allowed = _SHARE * float(model.evidence.get("budget") or 600.0)
    dearest = 0.0
    for mistake in model.evidence.get("mistakes") or []:
        begun = time.monotonic()
        if begun - start + dearest > allowed or mistake["name"] not in position:
            break
        text = dataset.inputs.decode(position[mistake["name"]])
        mistake["effects"] = word_effects(model, text, mistake["predicted"])
        dearest = max(dearest, time.monotonic() - begun)

"""Inputs of no meaning on which a model handed on is compared with itself."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
from PIL import Image

from headstart.data.base.kinds import Kind
from headstart.data.inputs.inputs import inputs_of
from headstart.data.tables.cells import CATEGORY, DATE, DURATION, Column
from headstart.models.exporting.lines.rows import TableForm

COUNT = 50
_WORDS = (
    "a",
    "good",
    "day",
    "in",
    "the",
    "house",
    "by",
    "the",
    "sea",
    "and",
    "a",
    "book",
    "that",
    "nobody",
    "has",
    "read",
)


def made_inputs(kind: Kind, whole: Any, model: Any, count: int = COUNT) -> Any:
    """So many inputs of a kind, always the same ones: pictures, clips, texts, or a frame of rows.

    Pictures are noise of several coarsenesses and sizes, clips tones in noise from a tenth of a second to two and a
    half windows, texts words that the model knows, rows numbers around the training data's, missing ones among them,
    and known and unknown categories. Without ``whole`` they are pictures.
    """
    rng = np.random.default_rng(0)
    if kind.values:
        return _rows(rng, whole.seen, model.encoder, count)
    if whole is None or whole.form in ("pixels", "simple pixels", "square"):
        return inputs_of(kind, [_picture(rng) for _ in range(count)])
    if whole.form in ("windows", "wave"):
        return inputs_of(kind, [_clip(rng, whole.seen.rate, whole.seen.size[0]) for _ in range(count)])
    return inputs_of(kind, [_text(rng, _vocabulary(whole, model)) for _ in range(count)])


def _picture(rng: np.random.Generator) -> np.ndarray:
    coarse = int(rng.choice([2, 4, 8, 16]))
    noise = rng.integers(0, 256, (coarse, coarse, 3), dtype=np.uint8)
    width, height = (int(side) for side in rng.integers(40, 320, 2))
    smooth = np.asarray(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC), np.int16)
    return (smooth + rng.integers(-12, 13, smooth.shape)).clip(0, 255).astype(np.uint8)


def _clip(rng: np.random.Generator, rate: int, window: int) -> tuple[np.ndarray, int]:
    n = int(rng.integers(rate // 10, max(rate // 5, min(window * 5 // 2, 12 * rate))))
    time = np.arange(n) / rate
    tones = sum(np.sin(2 * np.pi * f * time + p) for f, p in rng.uniform([80, 0], [rate / 3, 6], (4, 2)))
    swell = np.sin(np.pi * np.linspace(0, 1, n)) ** rng.uniform(0.2, 4)
    return (0.1 * swell * tones + rng.normal(0, 0.01, n)).astype(np.float32), rate


def _vocabulary(whole: Any, model: Any) -> list[str]:
    if whole.form == "terms":
        return [name for terms in model.estimator.terms_ for name in terms.names][:5000] or list(_WORDS)
    known = whole.seen.tokenizer.backend.get_vocab(with_added_tokens=False)
    return sorted(word for word in known if word.isalpha())[:5000] or list(_WORDS)


def _text(rng: np.random.Generator, words: list[str]) -> str:
    chosen = [*rng.choice(words, int(rng.integers(1, 40))), *rng.choice(list(_WORDS), 3)]
    rng.shuffle(chosen)
    return " ".join(map(str, chosen)) + str(rng.choice(["", ".", "!", " ...?"]))


def _rows(rng: np.random.Generator, form: TableForm, encoder: Any, count: int) -> Any:
    import pandas as pd

    spread = _spread(encoder)
    known = _known(encoder)
    return pd.DataFrame({column.name: _cells(rng, column, spread, known, count) for column in form.columns})


def _cells(rng: np.random.Generator, column: Column, spread: dict[str, Any], known: dict[str, Any], n: int) -> list:
    missing = rng.random(n) < 0.1
    if column.kind == CATEGORY:
        values: list[Any] = [str(value) for value in rng.choice([*known[column.name], "never seen"], n)]
    elif column.kind == DATE:
        mean, std = spread[f"{column.name} (days)"]
        days = np.clip(rng.normal(mean, 2 * std + 1, n), -20_000, 40_000).astype(int)
        values = [datetime.date(1970, 1, 1) + datetime.timedelta(days=int(day)) for day in days]
    else:
        mean, std = spread[column.name]
        numbers = rng.normal(mean, 1.5 * std + 1e-9, n)
        values = [_cell(float(number), column) for number in numbers]
    return [None if gone else value for gone, value in zip(missing, values, strict=True)]


def _cell(number: float, column: Column) -> Any:
    if column.order == DURATION:
        return datetime.timedelta(seconds=abs(number))
    return f"{number:.6f}".replace(".", column.decimal) + "%" if column.after == "%" else number


def _spread(encoder: Any) -> dict[str, Any]:
    """Mean and standard deviation of each column of numbers."""
    found: dict[str, Any] = {}
    for _, part, columns in encoder.transformer_.transformers_:
        if len(columns) and not hasattr(part[-1], "categories_"):
            pairs = zip(part[-1].mean_, part[-1].scale_, strict=True)
            found |= dict(zip(columns, pairs, strict=False))
    return found


def _known(encoder: Any) -> dict[str, Any]:
    """Categories of each column of them."""
    for _, part, columns in encoder.transformer_.transformers_:
        if len(columns) and hasattr(part[-1], "categories_"):
            return dict(zip(columns, part[-1].categories_, strict=True))
    return {}

"""Which words of a text and which cells of a row a prediction went by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from headstart.data.tables.records import Records
from headstart.data.texts.texts import Texts
from headstart.guard.evidence.words import exact_words
from headstart.models.explaining.explanation import OCCLUSION, TERMS, Explanation
from headstart.models.explaining.occlusion import scores_of

MOST_WORDS = 200


def explain_text(model: Any, texts: Texts, i: int, k: int, answer: Any) -> Explanation:
    """What each word of a text adds: exactly where the model is linear in words, else by asking about it without.

    Parameters
    ----------
    model, i, k, answer
        As `headstart.models.explaining.pictures.explain_picture`.
    texts : Texts
        Of one of more than 200 words the first 200 are left out in turn.
    """
    text = texts.decode(i)
    exact = exact_words(model, text, k)
    if exact is not None:
        values, base = exact
        score, parts = float(values.sum() + base), tuple(text.split())
        return Explanation(texts.names[i], answer, TERMS, score, base, values, parts)
    words = text.split()
    some = words[:MOST_WORDS]
    without = [" ".join([*words[:w], *words[w + 1 :]]) for w in range(len(some))] if len(words) > 1 else []
    scores = scores_of(model, [" ".join(words) or text, *without], k)
    values = scores[0] - scores[1:] if without else np.zeros(len(some))
    return Explanation(texts.names[i], answer, OCCLUSION, float(scores[0]), None, values, tuple(some))


def explain_row(model: Any, rows: Records, i: int, k: int, answer: Any) -> Explanation:
    """What each cell of a row adds: the row is asked about again with the cell emptied.

    An empty cell counts as what the model takes it for: the median of the data that it learned from, or a category of
    its own. It says nothing of columns that tell the same twice: emptied alone, neither is missed.

    Parameters
    ----------
    model, i, k, answer
        As `headstart.models.explaining.pictures.explain_picture`.
    rows : Records
    """
    row = rows.frame.iloc[[i]]
    columns = [name for name in _columns(model.encoder) if name in row.columns]
    repeated = pd.concat([row] * (1 + len(columns)), ignore_index=True).astype(object)
    for number, name in enumerate(columns):
        repeated.loc[number + 1, name] = None
    scores = scores_of(model, repeated, k)
    said = tuple(f"{name} = {row[name].iloc[0]}" for name in columns)
    return Explanation(rows.names[i], answer, OCCLUSION, float(scores[0]), None, scores[0] - scores[1:], said)


def _columns(encoder: Any) -> list[str]:
    """Columns that a model learned from, of several views those of all."""
    found = encoder.columns_
    if isinstance(found, dict):
        return [name for names in found.values() for name in names]
    return [described["name"] for described in found]

"""Which words of a text and which cells of a row a prediction went by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from headstart.contract.answers import predicted
from headstart.data.reading.views import BARE
from headstart.data.tables.cells import CATEGORY
from headstart.data.tables.encoder import TableEncoder
from headstart.data.tables.records import Records
from headstart.data.texts.texts import Texts
from headstart.guard.evidence.reference import COLUMNS
from headstart.guard.evidence.words import exact_words
from headstart.math.statistics.probability import logits, probabilities
from headstart.models.explaining.explanation import OCCLUSION, TERMS, Explanation
from headstart.models.explaining.occlusion import scores_of

MOST_WORDS = 200
#: Numbers that stand for a column.
_STEPS, _STRIDES = 100, (1, 3, 7, 9, 11, 13, 17, 19)


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
    """What each cell of a row adds to the score beside the cells that rows usually have there.

    The row is asked about again with values in the cell's place that the training rows had, 100 that stand for all
    of them, gaps among these, or every category by its share, and the mean of those scores is taken off. Of a linear
    model of numbers that is exact: its coefficient times the distance from the mean. A model that keeps no reference of
    its rows, or has several views, is asked with the cell emptied: as it takes a cell of which nothing is known.

    Either way columns that tell the same share little: one alone is not missed.

    Parameters
    ----------
    model, i, k, answer
        As `headstart.models.explaining.pictures.explain_picture`.
    rows : Records
    """
    row = rows.frame.iloc[[i]]
    usual = usual_rows(model, row)
    if usual is not None:
        columns = list(usual)
        asked = [model.encoder.transform(row), *(some for some, _ in usual.values())]
        scores, *parts = np.split(
            _scores(model, np.concatenate(asked), k), np.cumsum([len(some) for some in asked])[:-1]
        )
        beside = np.array([weights @ part for part, (_, weights) in zip(parts, usual.values(), strict=True)])
    else:
        columns = [name for name in _columns(model.encoder) if name in row.columns]
        repeated = pd.concat([row] * (1 + len(columns)), ignore_index=True).astype(object)
        for number, name in enumerate(columns):
            repeated.loc[number + 1, name] = None
        taken = BARE.set(True)  # the cell may be all that is known
        try:
            scores = scores_of(model, repeated, k)
        finally:
            BARE.reset(taken)
        beside = scores[1:]
    said = tuple(f"{name} = {row[name].iloc[0] if name in row.columns else None}" for name in columns)
    return Explanation(rows.names[i], answer, OCCLUSION, float(scores[0]), None, scores[0] - beside, said)


def usual_rows(model: Any, row: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]] | None:
    """Of each column the encoded row with other cells there, (m, d), and how much each counts, (m,).

    None where the model has several views, or keeps nothing of the rows that it learned from.
    """
    encoder, kept = model.encoder, model.reference
    if type(encoder) is not TableEncoder or kept is None or kept.sees != COLUMNS:
        return None
    encoded, origins = encoder.transform(row), np.asarray(encoder.origins())
    if kept.ranks.shape != (len(kept.ranks), encoded.shape[1]) or len(origins) != encoded.shape[1]:
        return None
    found = {}
    for column in encoder.columns_:
        mine = np.flatnonzero(origins == column["name"])
        grid = np.asarray(kept.ranks[:, mine], dtype=np.float64)
        cells, weights = _shares(grid) if column["kind"] == CATEGORY else _spread(grid)
        found[column["name"]] = np.repeat(encoded, len(cells), axis=0), weights
        found[column["name"]][0][:, mine] = cells
    return found


def _spread(grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """100 cells of numbers in as many columns, (100, q), between the percentiles (101, q) of these, and their weights.

    What a cell becomes (a number and the mark of a missing one, the parts of a date) is spread each in another order.
    """
    steps = np.arange(_STEPS)
    between = (grid[:-1] + grid[1:]) / 2
    orders = [steps * _STRIDES[j % len(_STRIDES)] % _STEPS for j in range(grid.shape[1])]
    cells = np.stack([between[order, j] for j, order in enumerate(orders)], axis=1)
    return cells, np.full(_STEPS, 1 / _STEPS)


def _shares(grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every category as columns of 0 and 1, none of them among these, and its share of the rows."""
    shares = grid.mean(axis=0).clip(0, 1)
    cells = np.vstack([np.eye(grid.shape[1]), np.zeros(grid.shape[1])])
    weights = np.append(shares, max(0.0, 1 - shares.sum()))
    return cells[weights > 0], weights[weights > 0] / weights.sum()


def _scores(model: Any, encoded: np.ndarray, k: int) -> np.ndarray:
    """As `headstart.models.explaining.occlusion.scores_of`, of rows of numbers, (n,)."""
    if model.task == "regression":
        return np.asarray(model.answers.predict(encoded), dtype=float).reshape(len(encoded), -1)[:, k]
    many = model.task == "multilabel"
    raw = predicted(model.estimator, encoded, model.task, None if many else model.classes_)
    shares = probabilities(logits(raw, multilabel=many) / model.temperature, multilabel=many)
    return logits(shares[:, [k]], multilabel=True)[:, 0]


def _columns(encoder: Any) -> list[str]:
    """Columns that a model learned from, of several views those of all."""
    found = encoder.columns_
    if isinstance(found, dict):
        return [name for names in found.values() for name in names]
    return [described["name"] for described in found]

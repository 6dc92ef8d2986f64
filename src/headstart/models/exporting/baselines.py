"""Models without a network, of pictures, clips and texts, as nodes of a graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.base.kinds import kind_named
from headstart.data.inputs.registry import simple_of
from headstart.models.exporting.graph import Graph, Value
from headstart.models.exporting.simple_clips import clip_blocks
from headstart.models.exporting.simple_pictures import picture_blocks


def scores_of_simple(graph: Graph, estimator: Any, blocks: dict[str, Value]) -> Value:
    """Scores (n, K) of a fitted `BaselineClassifier` or `BaselineRegressor`, of blocks of features."""
    names = simple_of(kind_named(estimator.input_type_)).choices[estimator.features_]
    scaled = [(blocks[name] - estimator.centre_[name]) * estimator.scale_[name] for name in names]
    return graph.joined(scaled) @ estimator.coef_ + estimator.intercept_


def picture_scores(graph: Graph, estimator: Any, pixels: Value) -> Value:
    """Scores (n, K) of pixels (n, 64, 64, 3) in uint8."""
    wanted = simple_of(kind_named(estimator.input_type_)).choices[estimator.features_]
    return scores_of_simple(graph, estimator, picture_blocks(graph, pixels, frozenset(wanted)))


def clip_scores(graph: Graph, estimator: Any, wave: Value, rate: int) -> Value:
    """Scores (1, K) of one wave (T,) at the estimator's rate."""
    return scores_of_simple(graph, estimator, clip_blocks(graph, wave, rate))


def text_scores(graph: Graph, estimator: Any) -> Value:
    """Scores (1, K) of one text, by the columns of its terms and how often each occurs.

    For each kind of terms there are two inputs, ``words`` and ``words_counts`` or ``letters`` and ``letters_counts``.
    A term's weight is (1 + log count) idf; a text's weights have the length 1 in each kind.
    """
    blocks, begin = [], 0
    share = 1 / np.sqrt(len(estimator.terms_))
    for terms in estimator.terms_:
        columns = graph.input(terms.kind, np.int64, [f"{terms.kind}_found"])
        counts = graph.input(f"{terms.kind}_counts", np.float64, [f"{terms.kind}_found"])
        coef = estimator.coef_[begin : begin + len(terms.names)]
        begin += len(terms.names)
        weights = (counts.to("Log") + 1.0) * graph.constant(terms.idf, np.float64).to("Gather", columns)
        length = graph.node("Max", (weights * weights).over("Sum", 0).to("Sqrt"), 1e-300)
        rows = graph.constant(coef, np.float64).to("Gather", columns)
        blocks.append((weights / length * share).shaped(1, -1) @ rows)
    return graph.sum(blocks) + np.atleast_1d(estimator.intercept_)

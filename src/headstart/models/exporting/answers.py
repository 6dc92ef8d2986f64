"""From scores to probabilities, in a graph: the same steps as `headstart.math.statistics.probability` takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headstart.models.exporting.graph import Graph, Value

TINY = 1e-7


def probabilities(scores: Value, multilabel: bool) -> Value:
    """Of logits (n, K): softmax over classes, or one sigmoid a label."""
    return scores.to("Sigmoid") if multilabel else scores.to("Softmax", axis=1)


def logits(probability: Value, multilabel: bool) -> Value:
    """Logits that give probabilities (n, K) back, held finite."""
    p = probability.to("Clip", TINY, 1.0)
    if not multilabel:
        return p.to("Log")
    return p.to("Log") - (p * -1.0 + 1.0).to("Clip", TINY, 1.0).to("Log")


def tempered(probability: Value, temperature: float, multilabel: bool = False) -> Value:
    """Probabilities with their logits divided by a temperature."""
    if temperature == 1.0:
        return probability
    return probabilities(logits(probability, multilabel) / temperature, multilabel)


def mean_of(graph: Graph, parts: Sequence[Value], weights: Sequence[float] | np.ndarray) -> Value:
    """The weighted sum of values of one shape."""
    return graph.sum([part * float(weight) for part, weight in zip(parts, weights, strict=True)])


def spread(probability: Value, known: np.ndarray, classes: np.ndarray) -> Value:
    """Probabilities of the classes that an estimator knows, as columns of all classes; 0 for the others."""
    if len(known) == len(classes):
        return probability
    places = np.zeros((len(known), len(classes)))
    places[np.arange(len(known)), np.searchsorted(classes, known)] = 1.0
    return probability @ places

"""Heads on the features of a network, as nodes of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from headstart.errors import OutputError
from headstart.models.exporting.answers import logits, mean_of, probabilities
from headstart.models.exporting.graph import Graph, Value
from headstart.networks.running.runtime import Layout
from headstart.nn.layers.heads import Standardise
from headstart.parameters.heads.fitted import Fitted
from headstart.parameters.heads.hidden_heads import HiddenHeads
from headstart.parameters.heads.solved import LAYERS

#: Numbers that a probability is held off 0 and 1 by where several heads of labels are averaged.
_EDGE = 1e-12


def answers_of(fitted: Fitted, rows: Value, layout: Layout | None) -> Value:
    """Logits (n, K), or numbers in the units of y, (n, t), of rows of features.

    Parameters
    ----------
    fitted : Fitted
    rows : Value, (n, n_values), float64
        What a network says in one pass; or ready-made features.
    layout : Layout or None
        What stands in the columns of the rows; None: ready-made features alone.
    """
    scores = _scores(fitted, rows, layout)
    if fitted.targets.task != "regression":
        return scores
    return scores * fitted.targets.scale + fitted.targets.shift


def _scores(fitted: Fitted, rows: Value, layout: Layout | None) -> Value:
    if fitted.solved is None:
        assert fitted.layers is not None
        return _layers(fitted.layers, _set(rows, layout, "output"))
    if isinstance(fitted.solved, HiddenHeads):
        pairs = zip(fitted.solved.names, fitted.solved.members, strict=True)
        each = [_layers(member, _set(rows, layout, name)) for name, member in pairs]
        return mean_of(rows.graph, each, np.full(len(each), 1 / len(each)))
    parts = fitted.solved.parts
    each = [_set(rows, layout, part.name) @ part.coef + part.intercept for part in parts]
    return _combined(rows.graph, each, [part.weight for part in parts], fitted.targets.task)


def _combined(graph: Graph, scores: Sequence[Value], weights: Sequence[float], task: str) -> Value:
    """As `headstart.parameters.heads.solved.combine`."""
    share = np.asarray(weights, dtype=float) / np.sum(weights)
    kept = [(s, w) for s, w in zip(scores, share, strict=True) if w > _EDGE]
    if len(kept) == 1:
        return kept[0][0]
    multilabel = task == "multilabel"
    said = [s if task == "regression" else probabilities(s, multilabel) for s, _ in kept]
    mixed = mean_of(graph, said, [w for _, w in kept])
    if task == "regression":
        return mixed
    return logits(mixed, True) if multilabel else mixed.to("Clip", 1e-300, 1.0).to("Log")


def _set(rows: Value, layout: Layout | None, name: str) -> Value:
    """As `headstart.parameters.heads.solved.feature_set`."""
    if layout is None:
        return rows
    ends = np.cumsum([0, *layout.widths])
    n_depths = len(layout.blocks)
    depths, grids = range(1, 1 + n_depths), range(1 + n_depths, len(layout.widths))
    chosen = {"output": [0], "depths": depths[-3:], "layers": depths[-LAYERS:], "grid": grids}.get(name)
    if chosen is None:
        raise OutputError(f"Expected a head on known features, found {name!r}.", "Fit it again.")
    columns = np.concatenate([np.arange(ends[i], ends[i + 1]) for i in chosen])
    found = rows.columns(columns)
    return found if name == "output" else found.to("Sign") * found.to("Abs").to("Sqrt")


def _layers(layers: nn.Sequential, x: Value) -> Value:
    for layer in layers:
        if isinstance(layer, Standardise):
            x = (x - _array(layer.shift)) * _array(layer.scale)
        elif isinstance(layer, nn.Linear):
            x = x @ _array(layer.weight).T + _array(layer.bias)
        elif isinstance(layer, nn.ReLU):
            x = x.to("Relu")
        elif not isinstance(layer, nn.Dropout):
            raise OutputError(f"Expected a head of linear layers, found {type(layer).__name__}.", "Fit it again.")
    return x


def _array(tensor: Any) -> np.ndarray:
    return np.asarray(tensor.detach().cpu().numpy(), np.float64)

"""What an answer loses where a part of the input is hidden: for models of any kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.math.statistics.probability import logits
from headstart.networks.running.passing import passing


def scores_of(model: Any, inputs: Any, k: int) -> np.ndarray:
    """Score of class, label or number ``k`` for n inputs, (n,): log-odds of its probability, or the number.

    Parameters
    ----------
    model : headstart.Model
    inputs : what the model takes
        Asked once and never again: their features are not kept.
    k : int
    """
    with passing(files=False):
        if model.task == "regression":
            return np.asarray(model.predict(inputs), dtype=float).reshape(len(inputs), -1)[:, k]
        return logits(model.predict_proba(inputs)[:, [k]], multilabel=True)[:, 0]


def windows_over(cells: int, width: int = 2) -> np.ndarray:
    """Which of some cells in a row each hidden stretch covers, (cells - width + 1, cells) in bool.

    Examples
    --------
    >>> windows_over(3).astype(int).tolist()
    [[1, 1, 0], [0, 1, 1]]
    """
    first = np.arange(cells - width + 1)[:, None]
    return (np.arange(cells) >= first) & (np.arange(cells) < first + width)


def effects(lost: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """What each cell adds: the mean loss over all hidden parts that cover it.

    Parameters
    ----------
    lost : ndarray, (m,)
        What the score lost for each hidden part.
    covered : ndarray, (m, ...)
        Which cells each part covers.

    Examples
    --------
    >>> effects(np.array([2.0, 0.0]), windows_over(3)).tolist()
    [2.0, 1.0, 0.0]
    """
    weight = covered.astype(float)
    return np.asarray(np.tensordot(lost, weight, axes=1) / weight.sum(axis=0))

"""Overfitting made visible: the same hidden head with dropout and without, epoch by epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from headstart.errors import ParameterError
from headstart.parameters.heads.deep_head import train_deep_head
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.heads.targets import Targets

#: Units of the hidden layer, epochs, and shares left out of the hidden layer and of the input.
WIDTH, EPOCHS, HIDDEN, INPUT = 256, 60, 0.5, 0.2
NO_CURVES = "Leave curves out (--curves)."


def dropout_curves(
    features: np.ndarray, targets: Targets, rows: np.ndarray, held: np.ndarray, random_state: int = 0
) -> dict[str, Any]:
    """Train a head of one hidden layer twice, from the same weights on the same batches, and watch both.

    Once nothing is left out, once half of the hidden units and a fifth of the inputs are, anew in each step. There is
    no weight decay and no early stopping, so that what is seen is what dropout does.

    Parameters
    ----------
    features : ndarray, (n, d)
    targets : Targets of n rows
        Of classes or several labels.
    rows, held : ndarray of int
        Which rows train, and which are only asked about.
    random_state : int, default=0

    Returns
    -------
    dict
        ``without`` and ``with``, each with ``epoch``, ``train`` and ``held_out`` (share that is right, with nothing
        left out), ``train_loss``, ``held_out_loss`` and ``alike`` (`units_alike`); ``n``, ``n_held_out`` and ``width``.

    Raises
    ------
    ParameterError
        For numbers, whose right answers cannot be counted.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), Dropout: a simple way to prevent neural networks
    from overfitting; shares as in its section 6 and appendix A.4.
    """
    if targets.task == "regression":
        raise ParameterError(
            "Expected classes for the curves of dropout, found numbers.", "Leave curves out (--curves)."
        )
    features = np.asarray(features, np.float32)
    found: dict[str, Any] = {"n": len(rows), "n_held_out": len(held), "width": WIDTH}
    for name, hidden, of_input in (("without", 0.0, 0.0), ("with", HIDDEN, INPUT)):
        settings = TuningSettings(
            0, widths=(WIDTH,), dropout=hidden, epochs=EPOCHS, learning_rate=1e-3, weight_decay=0.0, seed=random_state
        )

        def watch(head: nn.Sequential) -> dict[str, float]:
            shares = {
                key: _right(head, features[part], targets.rows(part))
                for key, part in (("train", rows), ("held_out", held))
            }
            return shares | {"alike": units_alike(next(p for p in head.parameters() if p.ndim == 2).detach().numpy())}

        _, history = train_deep_head(
            features, targets, settings, held_out=(rows, held), input_dropout=of_input, watch=watch
        )
        names = {"epoch": "epoch", "train": "train", "held_out": "held_out", "alike": "alike"}
        names |= {"train_loss": "train_loss", "val_loss": "held_out_loss"}
        found[name] = {told: [round(float(one[key]), 5) for one in history] for key, told in names.items()}
    return found


def units_alike(weights: np.ndarray) -> float:
    """Mean over units of the absolute cosine of their weights (units, d) to those of the unit most like them.

    Examples
    --------
    >>> units_alike(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])).__round__(6)
    0.666667
    """
    length = np.linalg.norm(weights, axis=1, keepdims=True)
    cosines = np.abs((weights / np.maximum(length, 1e-12)) @ (weights / np.maximum(length, 1e-12)).T)
    np.fill_diagonal(cosines, 0.0)
    return float(cosines.max(axis=1).mean())


def _right(head: nn.Sequential, features: np.ndarray, targets: Targets) -> float:
    scores = head(torch.from_numpy(features)).numpy()
    if targets.task == "multilabel":
        return float(((scores > 0) == (targets.Y > 0.5)).mean())
    return float((scores.argmax(axis=1) == targets.Y.argmax(axis=1)).mean())

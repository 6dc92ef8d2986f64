"""The curves of dropout of a model's own features, for its evidence."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.sets.dataset import Dataset
from headstart.data.sets.splits import holdout
from headstart.errors import ParameterError
from headstart.networks.reading.loading import load_network
from headstart.parameters.heads.targets import class_targets

CURVES = ("dropout",)


def check_curves(curves: str | None, task: str | None) -> None:
    """Refuse curves that are not drawn.

    Raises
    ------
    ParameterError
    """
    if curves is not None and curves not in CURVES:
        raise ParameterError(f"Expected curves 'dropout' or None, found {curves!r}.")
    if curves is not None and task == "regression":
        raise ParameterError(
            "Expected classes for the curves of dropout, found numbers.", "Leave curves out (--curves)."
        )


def add_curves(curves: str | None, model: Any, dataset: Dataset, source: Any, random_state: int, device: str) -> None:
    """Write the two curves into a model's evidence, as ``dropout``, if they are asked for.

    They are of a head with a hidden layer on the features of the network that was offered; of a table of values on its
    columns. Three tenths of the examples are held out, groups whole.

    Parameters
    ----------
    curves : {"dropout"} or None
    model : headstart.Model
    dataset : Dataset
        What it learned from.
    source : object
        Of a network; None for the model's own, if it runs one.
    random_state : int
    device : str
    """
    check_curves(curves, dataset.task)
    if curves is None:
        return
    from headstart.networks.running.embed import embed
    from headstart.parameters.heads.dropout_curves import dropout_curves

    if dataset.kind.values:
        features = model.encoder.transform(dataset.inputs.frame)
    else:
        first = source[0] if isinstance(source, list) else source
        network = model.network[0] if first is None else load_network(first)
        if network is None:
            raise ParameterError(
                "Expected a network for the curves of dropout, found none.", "Give a source (--source)."
            )
        features = embed(network, dataset.inputs, device="cpu" if device == "auto" else device).output
    y = dataset.y
    targets = class_targets(y, None)
    rows, held = holdout(targets.labels, targets.task, groups=dataset.groups, fraction=0.3, random_state=random_state)
    model.evidence["dropout"] = dropout_curves(np.asarray(features), targets, rows, held, random_state)

"""A detector of transformers' families with a new class layer, as a folder that plain transformers loads."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch

from headstart.detection.queries import Queries
from headstart.detection.query_solving import SolvedQueries
from headstart.errors import OutputError
from headstart.networks.reading.files_of import quiet

#: Bias of an output that stands for no class.
_NEVER = -100.0
#: Largest difference of logits and boxes to those of the frozen detector.
_CLOSE = 1e-4


def with_layer(queries: Queries, solved: SolvedQueries, classes: list[str]) -> Any:
    """The detector as a new module of transformers that finds these classes.

    Where layers for the old classes also choose which places queries look at (two stages: Deformable DETR, RT-DETR and
    D-FINE), these layers stay, and there are as many outputs as before; those beyond the classes are never said.

    Parameters
    ----------
    queries : Queries
    solved : SolvedQueries
    classes : list of K str

    Returns
    -------
    torch.nn.Module
        In evaluation mode.

    Raises
    ------
    OutputError
        If it does not find the same as the detector that was solved.
    """
    most = max(len(queries.labels), len(classes))
    for n in sorted({len(classes), most}):
        module = _rebuilt(queries, n)
        _put(module.get_submodule(queries.head), solved, n)
        names = [*classes, *(f"(nothing {i + 1})" for i in range(n - len(classes)))]
        module.config.id2label = dict(enumerate(names))
        module.config.label2id = {name: i for i, name in enumerate(names)}
        if _same(queries, module, solved):
            return module
    raise OutputError(
        f"Expected a detector that transformers can hold with {len(classes)} classes, found other boxes in one of "
        f"{queries.name}.",
        "Borrow from a network for pictures, or from a detector of another family.",
    )


def write_queries(queries: Queries, solved: SolvedQueries, classes: list[str], folder: Path) -> dict[str, Any]:
    """Write the detector as transformers does, and give what the manifest says of it."""
    module = with_layer(queries, solved, classes)
    with quiet():
        module.save_pretrained(folder)
        queries.processor.save_pretrained(folder)
    return {"classes": classes, "one_of": solved.one_of}


def read_layer(queries: Queries, n_classes: int) -> SolvedQueries:
    """The layer of a folder that `write_queries` wrote."""
    layer = queries.module.get_submodule(queries.head)
    weight, bias = (part.detach().double().numpy() for part in (layer.weight, layer.bias))
    return SolvedQueries(weight[:n_classes].T.copy(), bias[:n_classes].copy(), queries.one_of)


def _rebuilt(queries: Queries, n_labels: int) -> Any:
    """The same detector with layers for another number of classes: old rows first, then copies of the first."""
    old = queries.module
    config = copy.deepcopy(old.config)
    config.num_labels = n_labels
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module: Any = type(old)(config).eval()
    known, new = old.state_dict(), module.state_dict()
    for name, tensor in new.items():
        given = known[name]
        if given.shape == tensor.shape:
            new[name] = given.clone()
        elif given.shape[1:] == tensor.shape[1:]:
            rows = given[: len(tensor)]
            new[name] = torch.cat([rows, *[given[:1]] * (len(tensor) - len(rows))])
    module.load_state_dict(new)
    return module


@torch.no_grad()
def _put(layer: Any, solved: SolvedQueries, n_labels: int) -> None:
    weights, biases = solved.layer
    layer.weight.zero_()
    layer.bias.zero_()  # of nothing, where that is an output
    layer.bias[:n_labels] = _NEVER
    layer.weight[: len(weights)] = torch.from_numpy(weights)
    layer.bias[: len(weights)] = torch.from_numpy(biases)


def _same(queries: Queries, module: Any, solved: SolvedQueries) -> bool:
    """Whether the new module answers on a picture as the frozen one with the solved layer does."""
    rgb = np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    weights, biases = solved.layer
    with torch.inference_mode():
        made = queries.inputs(rgb)
        (wanted, entered), found = queries.answered(made), module(**made)
    logits = entered[0].double().numpy() @ weights.T + biases
    told = found.logits[0, :, : len(weights)].double().numpy()
    boxes = (found.pred_boxes - wanted.pred_boxes).abs().max()
    return bool(boxes <= _CLOSE and np.abs(told - logits).max() <= _CLOSE * max(1.0, np.abs(logits).max()))

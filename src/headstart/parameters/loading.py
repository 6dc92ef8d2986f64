"""What an estimator has learned, read from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.numpy import load_file
from torch import nn

from headstart.errors import SourceError
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.nn.layers.heads import Standardise, make_head
from headstart.parameters.heads.fitted import HEAD, Fitted, cooled
from headstart.parameters.heads.hidden_heads import HIDDEN, read_hidden
from headstart.parameters.heads.solved import Part, SolvedHead
from headstart.parameters.heads.targets import Targets
from headstart.parameters.learned import Learned
from headstart.source import NetworkSource, Source

if TYPE_CHECKING:  # scikit-learn takes longer to load than one picture to predict
    from headstart.parameters.transfer import BaseTransfer

_KINDS = ("TransferClassifier", "TransferRegressor")
#: Parameters of both, and of the classifier alone.
PARAMETERS = frozenset(
    {
        *("source", "network", "train", "head", "optimizer", "class_weight", "epochs", "learning_rate", "layer_decay"),
        *("weight_decay", "l2_sp", "dropout", "channel_dropout", "augment", "early_stopping", "image_size"),
        *("text_windows", "views", "batch_size", "cache", "device", "random_state", "verbose", "checkpoint"),
    }
)
OF_CLASSIFIERS = frozenset({"unlabelled"})


def read_learned(folder: str | Path, manifest: dict[str, Any], module: nn.Module | None = None) -> Learned:
    """Read what `headstart.parameters.saving.save_estimator` wrote.

    Parameters
    ----------
    folder : path-like
    manifest : dict
        What `save_estimator` returned.
    module : torch.nn.Module, optional
        The architecture, for a network that was a module of the user's own.

    Raises
    ------
    SourceError
        If the network was somebody's own module and ``module`` is not given.
    """
    source, described = Path(folder), manifest["estimator"]
    if described["class"] not in _KINDS:
        raise SourceError(f"Expected a model of {' or '.join(_KINDS)}, found {described['class']!r}.")
    parameters = _read_params(described["params"], described["class"])
    targets = _read_targets(described["targets"])
    network = _read_network(source, manifest.get("network"), module)
    if described.get("inside"):
        assert network is not None and network.chain.output_layer is not None
        layer = network.module.get_submodule(network.chain.output_layer)
        assert isinstance(layer, nn.Linear)
        coef = layer.weight.detach().numpy().T.astype(np.float64)
        intercept = layer.bias.detach().numpy().astype(np.float64)
        if targets.task == "regression":
            coef, intercept = coef / targets.scale, (intercept - targets.shift) / targets.scale
        coef, intercept = cooled((coef, intercept), 1.0 / described.get("temperature", 1.0))
        part = Part("output", coef, intercept, 1.0)
        solved = SolvedHead(targets.task, (part,), float("nan"), {})
        fitted = Fitted(targets, network, solved, None, described["history"])
    else:
        fitted = _read_head(targets, network, described, load_file(str(source / HEAD)))
    return Learned(fitted, described["class"], parameters)


def _read_params(said: dict[str, Any], kind: str) -> dict[str, Any]:
    """Parameters of an estimator; what it borrowed comes back as a name that is never looked up."""
    known = PARAMETERS | (OF_CLASSIFIERS if kind == "TransferClassifier" else frozenset())
    unknown = sorted(set(said) - known)
    if unknown:
        raise SourceError(f"Expected parameters of {kind}, found {unknown[0]!r}.", "Fit it again.")
    named = {name: Source(None, None, str(said[name])) for name in ("source", "network") if said.get(name) is not None}
    device = str(said.get("device", "auto"))
    if device.partition(":")[0] not in ("auto", "cpu", "cuda", "mps"):
        raise SourceError(f"Expected a device of auto, cpu, cuda or mps, found {device!r}.", "Fit it again.")
    return {**said, **named, "checkpoint": None, "device": device}


def _read_targets(described: dict[str, Any]) -> Targets:
    shift, scale = np.asarray(described["shift"], dtype=float), np.asarray(described["scale"], dtype=float)
    classes = None if described["classes"] is None else np.asarray(described["classes"])
    empty = np.zeros((0, len(shift)))
    return Targets(described["task"], empty, np.zeros(0), classes, shift, scale, described["flat"])


def _read_head(
    targets: Targets, network: Network | None, described: dict[str, Any], arrays: dict[str, np.ndarray]
) -> Fitted:
    head, shift, scale = described["head"], arrays["shift"], arrays["scale"]
    if head["kind"] == HIDDEN:
        hidden = read_hidden(targets, head, arrays)
        return Fitted(targets, network, hidden, None, described["history"], shift, scale)
    if head["kind"] == "solved":
        parts = tuple(
            Part(name, arrays[f"{i}.coef"], arrays[f"{i}.intercept"], weight)
            for i, (name, weight) in enumerate(head["parts"])
        )
        loss = float("nan") if head["loss"] is None else head["loss"]
        solved = SolvedHead(targets.task, parts, loss, head["losses"])
        return Fitted(targets, network, solved, None, described["history"], shift, scale)
    layers = make_head(head["n_features"], len(targets.shift), head["widths"], head["dropout"])
    if head["standardised"]:
        zeros = torch.zeros(head["n_features"])
        layers = nn.Sequential(Standardise(zeros, zeros.clone()), *layers)
    state = {k.removeprefix("layers."): torch.from_numpy(v) for k, v in arrays.items() if k.startswith("layers.")}
    layers.load_state_dict(state)
    return Fitted(targets, network, None, layers.eval(), described["history"], shift, scale)


def _read_network(folder: Path, described: dict[str, Any] | None, module: nn.Module | None) -> Network | None:
    if described is None:
        return None
    if described["loads_with"] != "module":
        return load_network(folder)
    if module is None:
        raise SourceError(
            f"Expected the module ({described['class']}) whose weights {folder} holds: a folder keeps weights alone.",
            "Give it: headstart.load(folder, module=YourModule()).",
        )
    return load_network(NetworkSource(module, weights=folder / "model.safetensors"))


def load_estimator(folder: str | Path, manifest: dict[str, Any], module: nn.Module | None = None) -> BaseTransfer:
    """Read what `headstart.parameters.saving.save_estimator` wrote; arguments and errors as in `read_learned`."""
    return read_learned(folder, manifest, module).estimator()

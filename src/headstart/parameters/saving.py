"""A fitted estimator as a folder of safetensors and JSON, and back."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch import nn

from headstart.contract.network_rows import network_among
from headstart.errors import DataError, ParameterError
from headstart.networks.folder import write_folder, write_manifest, write_tasks
from headstart.networks.network import Network
from headstart.networks.running.runtime import layout_of
from headstart.networks.saving.model_card import model_card
from headstart.networks.saving.save import save_network
from headstart.nn.layers.heads import Standardise
from headstart.parameters.heads.by_rows import is_method
from headstart.parameters.heads.fitted import HEAD as HEAD
from headstart.parameters.heads.fitted import Fitted, cooled
from headstart.parameters.heads.hidden_heads import HiddenHeads, hidden_arrays
from headstart.parameters.heads.solved import LAYERS
from headstart.parameters.heads.targets import Targets

_PROBLEMS = {
    "classification": "single_label_classification",
    "multilabel": "multi_label_classification",
    "regression": "regression",
}


def save_estimator(
    estimator: Any, folder: str | Path, label_names: list[str] | None = None, temperature: float = 1.0
) -> dict[str, Any]:
    """Write a fitted `TransferClassifier` or `TransferRegressor` into an existing folder.

    Where the head is one linear map and the network's output layer is a linear layer, the head goes inside and the
    folder alone gives other libraries the same outputs. Any other head goes to ``head.safetensors``; the network then
    has no output layer, for it would answer otherwise.

    Parameters
    ----------
    estimator : fitted TransferClassifier or TransferRegressor
    folder : path-like
        Usually the one that `headstart.networks.folder.write_folder` hands out.
    label_names : list of str, optional
        Names of the labels of a multi-label model.
    temperature : float, default=1.0
        What logits are divided by: done to the weights of a head inside the network, and undone when it is loaded.

    Returns
    -------
    dict
        Plain JSON types for the manifest: ``"network"`` and ``"estimator"``.
    """
    fitted, target = estimator.fitted_, Path(folder)
    described: dict[str, Any] = {
        "class": "TransferRegressor" if fitted.targets.task == "regression" else "TransferClassifier",
        "params": _params(estimator),
        "targets": _describe_targets(fitted.targets),
        "history": fitted.history,
    }
    manifest: dict[str, Any] = {"estimator": described}
    if fitted.network is not None:
        linear, targets = fitted.linear, fitted.targets
        if linear is not None:
            linear = _in_units(linear, targets) if targets.task == "regression" else cooled(linear, temperature)
        module = _with_output(fitted.network, linear)
        described["inside"] = module is not None
        if module is not None and temperature != 1.0:
            described["temperature"] = float(temperature)
        manifest["network"] = save_network(
            fitted.network,
            module,
            target,
            labels=_labels(targets, label_names),
            head_linear=module is not None,
            problem_type=_PROBLEMS[targets.task],
            n_examples=len(targets),
            headless=module is None,
        )
    arrays, described["head"] = _head_arrays(fitted)
    if not described.get("inside"):
        beside = load_file(str(target / HEAD)) if (target / HEAD).is_file() else {}
        save_file({**beside, **arrays}, str(target / HEAD))
    return manifest


def save_alone(estimator: Any, folder: str | Path) -> Path:
    """Write a fitted estimator as a model without evidence, whole or not at all.

    `headstart.load` reads it, and the folder is a source for the next transfer.

    Raises
    ------
    ParameterError
        If it learned from ready-made features, whose maker it does not know.
    OutputError
        If it cannot be written.
    """
    return write_folder(folder, lambda place: _write_alone(estimator, place, getattr(estimator, "classes_", None)))


def save_together(estimators: Mapping[str, Any], folder: str | Path, names: Mapping[str, Sequence[Any]]) -> Path:
    """Write fitted estimators with one body as models without evidence into one folder, a folder a task.

    Parameters
    ----------
    estimators : mapping of str to fitted TransferClassifier or TransferRegressor
        By the names of their tasks.
    folder : path-like
        What `headstart.load` reads, and a source for the next transfer: the body.
    names : mapping of str to sequence
        Names of each task's classes or labels, none of numbers.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    write = {task: partial(_write_alone, one, classes=names[task] or None) for task, one in estimators.items()}
    kind = next(iter(estimators.values())).network_.input_type
    return write_folder(folder, lambda place: write_tasks(place, write, kind, shared=True))


def _write_alone(estimator: Any, place: Path, classes: Any) -> None:
    fitted = estimator.fitted_
    network = fitted.network
    if network is None:
        raise ParameterError(
            "Expected an estimator that learned from pictures, clips or texts, found one of ready-made features.",
            "Keep it with joblib, or fit it to what the features were made of.",
        )
    said = {
        "input_type": network.input_type,
        "task": fitted.targets.task,
        "classes": None if classes is None else np.asarray(classes).tolist(),
        "temperature": 1.0,
        "kind": "transfer",
    }
    names = None if classes is None else [str(label) for label in classes]
    manifest = said | save_estimator(estimator, place, names)
    write_manifest(place, manifest)
    (place / "README.md").write_text(model_card(manifest, {}), encoding="utf-8")


def _with_output(network: Network, linear: tuple[np.ndarray, np.ndarray] | None) -> nn.Module | None:
    """A copy of the module with a linear output layer of these weights; None where it cannot have one."""
    name = network.chain.output_layer
    if linear is None or name is None or not isinstance(network.module.get_submodule(name), nn.Linear):
        return None
    coef, intercept = linear
    layer = nn.utils.skip_init(nn.Linear, coef.shape[0], coef.shape[1])  # draws no random numbers
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(coef.T.astype(np.float32)))
        layer.bias.copy_(torch.from_numpy(np.asarray(intercept, dtype=np.float32)))
    module = copy.deepcopy(network.module)
    module.set_submodule(name, layer)
    return module.eval()


def _in_units(linear: tuple[np.ndarray, np.ndarray], targets: Targets) -> tuple[np.ndarray, np.ndarray]:
    """A head for standardised numbers as one for numbers in the units of y."""
    return linear[0] * targets.scale, linear[1] * targets.scale + targets.shift


def _labels(targets: Targets, label_names: list[str] | None) -> list[Any] | None:
    if targets.task == "regression":
        return None
    if targets.task == "multilabel" and label_names is not None:
        return list(label_names)
    assert targets.classes is not None
    return targets.classes.tolist()


def _params(estimator: Any) -> dict[str, Any]:
    """Parameters in plain JSON types; of what is borrowed the network alone, and of a method as the head its form."""
    given = {name: value for name, value in estimator.get_params(deep=False).items() if name != "beside"}
    given["source"] = network_among(given["source"])[0]
    if is_method(given["head"]):
        given["head"] = "linear"
    return {name: _plain(value) for name, value in given.items()}


def _plain(value: Any) -> Any:
    """A parameter as JSON; what has no such form is named and not kept."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(v, int) for v in value):
        return list(value)
    if isinstance(value, dict):
        return {str(key): float(weight) for key, weight in value.items()}
    if isinstance(value, Path):
        return str(value)
    return None


def _describe_targets(targets: Targets) -> dict[str, Any]:
    classes = None if targets.classes is None else targets.classes.tolist()
    if classes is not None and not all(isinstance(c, bool | int | float | str) for c in classes):
        raise DataError(f"Expected class labels that are words or numbers, found {type(classes[0]).__name__}.")
    return {
        "task": targets.task,
        "classes": classes,
        "shift": targets.shift.tolist(),
        "scale": targets.scale.tolist(),
        "flat": targets.flat,
        "n": len(targets),
    }


def _head_arrays(fitted: Fitted) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    arrays: dict[str, np.ndarray] = {"shift": fitted.shift.astype(np.float64), "scale": fitted.scale.astype(np.float64)}
    if isinstance(fitted.solved, HiddenHeads):
        more, said = hidden_arrays(fitted.solved)
        return {**arrays, **more}, said
    if fitted.solved is not None:
        for i, part in enumerate(fitted.solved.parts):
            arrays[f"{i}.coef"] = np.ascontiguousarray(part.coef)
            arrays[f"{i}.intercept"] = np.ascontiguousarray(part.intercept)
        head = fitted.solved
        chain = None if fitted.network is None else fitted.network.chain
        deep = any(part.name == "layers" for part in head.parts)
        return arrays, {
            "kind": "solved",
            **({"blocks": list(layout_of(chain).blocks[-LAYERS:])} if chain is not None and deep else {}),
            "parts": [[part.name, part.weight] for part in head.parts],
            "loss": float(head.loss) if np.isfinite(head.loss) else None,
            "losses": {name: float(loss) for name, loss in head.losses.items()},
        }
    assert fitted.layers is not None
    arrays.update({f"layers.{k}": v.detach().numpy() for k, v in fitted.layers.state_dict().items()})
    linears = [m for m in fitted.layers if isinstance(m, nn.Linear)]
    dropouts = [m.p for m in fitted.layers if isinstance(m, nn.Dropout)]
    return arrays, {
        "kind": "layers",
        "widths": [m.out_features for m in linears[:-1]],
        "n_features": linears[0].in_features,
        "dropout": max(dropouts, default=0.0),
        "standardised": isinstance(fitted.layers[0], Standardise),
    }

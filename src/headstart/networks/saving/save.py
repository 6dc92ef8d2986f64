"""Save a network so that transformers (or timm) can load it without headstart."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save, save_file
from torch import nn

from headstart.data.inputs.canvases import AnyPreprocessing
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import OutputError
from headstart.networks.network import Network, SourceCard
from headstart.networks.reading.preprocess_of import processor_config
from headstart.networks.saving.audio_saving import rebuilds, save_audio
from headstart.networks.saving.text_saving import save_text, text_parts
from headstart.nn.bodies.audio_network import AudioNetwork
from headstart.nn.bodies.sound_network import SoundConfig
from headstart.nn.bodies.text_network import TextNetwork

WEIGHTS = "model.safetensors"


def save_network(
    network: Network,
    module: nn.Module | None,
    folder: str | Path,
    *,
    labels: Sequence[Any] | None,
    head_linear: bool,
    problem_type: str | None = None,
    preprocessing: AnyPreprocessing | None = None,
    n_examples: int | None = None,
    headless: bool = False,
) -> dict[str, Any]:
    """Write weights, configuration and preprocessing of a trained network into a folder.

    A transformers network becomes a folder for which ``AutoModelForImageClassification.from_pretrained(folder)`` gives
    the same logits, provided that its head is the linear one inside the module; one of its audio families one for
    ``AutoModelForAudioClassification`` (CLAP: ``ClapAudioModel``). A network for texts becomes one for ``AutoModel``,
    ``AutoTokenizer`` and sentence-transformers, its output layer in ``head.safetensors``. A timm network becomes one
    for ``timm.create_model("local-dir:folder", pretrained=True)``, our own network for sounds one for `load_network`.
    Of any other module only the weights can be kept: it is loaded again with
    ``NetworkSource(module, weights=folder / "model.safetensors")``.

    Parameters
    ----------
    network : Network
        What was borrowed.
    module : torch.nn.Module or None
        The trained copy of ``network.module``; None if the body was left as it was and the head lies elsewhere.
    folder : path-like
        An existing folder, usually the one that `write_folder` hands out.
    labels : sequence or None
        Class values in the order of the outputs; None for regression or when the module keeps its own head.
    head_linear : bool
        True if the module's own output layer gives the outputs.
    problem_type : {"single_label_classification", "multi_label_classification", "regression"}, optional
        What transformers' loss would be. Default: by ``labels``.
    preprocessing : Preprocessing or SoundPreprocessing, optional
        What it was trained with, where that is not the network's own (another input size).
    n_examples : int, optional
        Labelled examples that it was trained on now.
    headless : bool, default=False
        Leave the output layer of a network of transformers' out: it would answer otherwise than the head that lies
        elsewhere.

    Returns
    -------
    dict
        Plain JSON types, to be kept under ``"network"`` in the manifest: `load_network` reads the card from there.
        ``"loads_with"`` is "transformers", "timm", "headstart" or "module".

    Raises
    ------
    OutputError
        If the number of labels is not the number of outputs, or a weight is NaN or infinite.
    """
    target = Path(folder)
    module = network.module if module is None else module
    used = preprocessing or network.preprocessing
    _require_finite(module)
    if head_linear:
        _require_outputs(network, module, labels)
    loads_with = "module"
    if network.kind == "timm":
        from headstart.networks.reading.timm_source import timm_config

        outputs = _n_outputs(network, module) or int(network.config.get("num_classes") or 0)
        names = None if labels is None else [str(label) for label in labels]
        config = timm_config(network.config, outputs, names, used)
        (target / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        loads_with = "timm"
    elif isinstance(network.config, SoundConfig):
        sound = _sound_config(network, module, labels if head_linear else None, used)
        if _rebuilds(module, sound):
            (target / "config.json").write_text(json.dumps(sound.to_dict(), indent=2) + "\n", encoding="utf-8")
            loads_with = "headstart"
    elif isinstance(module, AudioNetwork):
        config = _transformers_config(network, module, labels if head_linear else None, problem_type, head_linear)
        if rebuilds(module, config):
            save_audio(module, config, target, headless=headless)
            loads_with = "transformers"
    elif isinstance(module, TextNetwork):
        config = _transformers_config(network, module, labels if head_linear else None, problem_type, head_linear)
        save_text(module, config, used, target, headless=headless)
        loads_with = "transformers"
    elif network.config is not None:
        config = _transformers_config(network, module, labels if head_linear else None, problem_type, head_linear)
        if _rebuilds(module, config):
            _save_transformers(module, config, used, target)
            loads_with = "transformers"
    if headless and loads_with == "transformers" and network.chain.output_layer is not None:
        leave_out(target, network.chain.output_layer.removeprefix("body."))
    if loads_with != "transformers":
        save_weights(module, target / WEIGHTS)
    return {
        "name": network.name,
        "kind": network.kind,
        "class": type(module).__name__,
        "loads_with": loads_with,
        "head_inside": bool(head_linear),
        "input_type": network.input_type,
        "preprocessing": used.to_dict(),
        "card": _card(network, labels, head_linear, n_examples).to_dict(),
        **(module.parts if isinstance(module, AudioNetwork) else {}),
        **(text_parts(module) if isinstance(module, TextNetwork) else {}),
    }


def save_weights(module: nn.Module, file: str | Path) -> None:
    """Write a module's ``state_dict`` as safetensors; tensors that share memory are written each.

    Parameters
    ----------
    module : torch.nn.Module
        Any module.
    file : path-like
        Ends in ``.safetensors``.
    """
    tensors = {key: tensor.detach().cpu().contiguous().clone() for key, tensor in module.state_dict().items()}
    save_file(tensors, str(file), metadata={"format": "pt"})


def leave_out(folder: Path, layer: str) -> None:
    """Take a layer's weights, and the names of its outputs, out of a transformers folder."""
    for file in sorted(folder.glob("*.safetensors")):
        tensors = load_file(file)
        kept = {name: tensor for name, tensor in tensors.items() if not name.startswith(f"{layer}.")}
        if len(kept) < len(tensors):
            file.write_bytes(save(kept, metadata={"format": "pt"}))
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    for name in ("id2label", "label2id", "problem_type", "num_labels"):
        config.pop(name, None)
    file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _require_finite(module: nn.Module) -> None:
    for key, tensor in module.state_dict().items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise OutputError(
                f"Expected finite weights to save, found NaN or infinity in {key}.",
                "The training diverged: lower the learning rate.",
            )


def _n_outputs(network: Network, module: nn.Module) -> int | None:
    name = network.chain.output_layer
    if name is None:
        return None
    layer = module.get_submodule(name)
    outputs = getattr(layer, "out_features", None) or getattr(layer, "out_channels", None)
    return None if outputs is None else int(outputs)


def _require_outputs(network: Network, module: nn.Module, labels: Sequence[Any] | None) -> None:
    outputs = _n_outputs(network, module)
    if labels is not None and outputs is not None and outputs != len(labels):
        raise OutputError(
            f"Expected an output for each of {len(labels)} labels, found a layer with {outputs}.",
            "Put the new output layer into the module before it is saved.",
        )


def _transformers_config(
    network: Network, module: nn.Module, labels: Sequence[Any] | None, problem_type: str | None, head_linear: bool
) -> Any:
    config = copy.deepcopy(network.config)
    if not head_linear:
        return config
    outputs = len(labels) if labels is not None else _n_outputs(network, module) or 1
    names = [str(label) for label in labels] if labels is not None else [f"LABEL_{i}" for i in range(outputs)]
    config.id2label = dict(enumerate(names))
    config.label2id = {name: i for i, name in enumerate(names)}
    config.problem_type = problem_type or ("regression" if labels is None else "single_label_classification")
    return config


def _sound_config(
    network: Network, module: nn.Module, labels: Sequence[Any] | None, used: AnyPreprocessing
) -> SoundConfig:
    """The configuration with the outputs that the module has now, and the window that it was trained with."""
    outputs = _n_outputs(network, module) or 1
    names = network.config.labels if outputs == network.config.n_outputs else ()
    if labels is not None:
        names = tuple(str(label) for label in labels)
    return dataclasses.replace(network.config, labels=names, n_outputs=outputs, samples=used.size[0])


def _rebuilds(module: nn.Module, config: Any) -> bool:
    """True if the module's class, built from the configuration, has just the module's weights."""
    try:
        with torch.device("meta"):
            fresh = type(module)(copy.deepcopy(config))
    except Exception:
        return False
    mine = {key: tensor.shape for key, tensor in module.state_dict().items()}
    return mine == {key: tensor.shape for key, tensor in fresh.state_dict().items()}


def _save_transformers(module: Any, config: Any, used: Preprocessing, target: Path) -> None:
    from headstart.networks.reading.files_of import quiet

    shallow = copy.copy(module)
    shallow.config = config
    with quiet():
        shallow.save_pretrained(target)
    text = json.dumps(processor_config(used), indent=2)
    (target / "preprocessor_config.json").write_text(text + "\n", encoding="utf-8")


def _card(network: Network, labels: Sequence[Any] | None, head_linear: bool, n_examples: int | None) -> SourceCard:
    before = network.card.n_examples
    if not network.trained:
        before = 0
    total = None if before is None else before + (n_examples or 0)
    names = tuple(str(label) for label in labels) if labels is not None and head_linear else None
    return dataclasses.replace(
        network.card,
        n_examples=total,
        n_classes=None if names is None else len(names),
        class_names=names,
        origin=f"trained by headstart from {network.name}",
        notes=(),
    )

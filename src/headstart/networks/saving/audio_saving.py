"""Save a network of transformers' audio families so that transformers can load it without headstart."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from headstart.networks.reading.audio_source import HEAD
from headstart.nn.bodies.audio_network import AudioNetwork


def save_audio(module: AudioNetwork, config: Any, folder: Path, *, headless: bool = False) -> None:
    """Write configuration, weights and ``preprocessor_config.json``.

    ``AutoModelForAudioClassification`` and ``AutoFeatureExtractor`` load the folder. CLAP has no class for
    classification: its audio tower is saved as ``ClapAudioModel`` and its output layer as ``output.weight`` and
    ``output.bias`` in ``head.safetensors``.

    Parameters
    ----------
    module : AudioNetwork
        Not changed.
    config : transformers configuration
        Of its body, with the classes of its outputs.
    folder : Path
        An existing one.
    headless : bool, default=False
        Leave the output layer beside the body out.
    """
    from headstart.networks.reading.files_of import quiet

    body = whole(module.body)
    body.config = config
    with quiet():
        # A tower was read from under another name, which must not come back.
        body.save_pretrained(folder, save_original_format=module.output is None)
    text = json.dumps(module.front_end.settings, indent=2)
    (folder / "preprocessor_config.json").write_text(text + "\n", encoding="utf-8")
    if module.output is not None and not headless:
        tensors = {
            f"output.{key}": value.detach().cpu().contiguous() for key, value in module.output.state_dict().items()
        }
        save_file(tensors, str(folder / HEAD))


def whole(body: Any) -> Any:
    """A body with the projection that transformers wants: the identity where there is none. Weights are shared."""
    if not isinstance(getattr(body, "projector", None), nn.Identity):
        return copy.copy(body)
    size = body.classifier.in_features
    projector = nn.Linear(size, size)
    with torch.no_grad():
        projector.weight.copy_(torch.eye(size))
        projector.bias.zero_()
    shallow = copy.copy(body)
    shallow._modules = {**body._modules, "projector": projector}
    return shallow


def rebuilds(module: AudioNetwork, config: Any) -> bool:
    """True if the body's class, built from the configuration, has just the body's weights."""
    try:
        with torch.device("meta"):
            fresh = type(module.body)(copy.deepcopy(config))
    except Exception:
        return False
    mine = {key: tensor.shape for key, tensor in whole(module.body).state_dict().items()}
    return mine == {key: tensor.shape for key, tensor in fresh.state_dict().items()}

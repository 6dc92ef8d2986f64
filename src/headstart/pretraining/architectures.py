"""Networks with random weights, to be pretrained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from headstart.data.base.files import check_there
from headstart.errors import ParameterError, SourceError
from headstart.pretraining.examples.material import material_of
from headstart.pretraining.speech.staging import RATE


def _resnet(layer: str, stem: int, widths: list[int], depths: list[int]) -> tuple[str, dict[str, Any]]:
    settings = {"layer_type": layer, "embedding_size": stem, "hidden_sizes": widths, "depths": depths}
    return "ResNetConfig", settings


#: For pictures: the configuration class of transformers and its settings. "small" and "base" are ResNets of plain 3 x 3
#: convolutions, which are fast on a CPU ("base" is ResNet-18); the others are usual ones, for small pictures.
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "small": _resnet("basic", 32, [48, 96, 192, 256], [1, 1, 1, 1]),
    "base": _resnet("basic", 64, [64, 128, 256, 512], [2, 2, 2, 2]),
    "resnet50": _resnet("bottleneck", 64, [256, 512, 1024, 2048], [3, 4, 6, 3]),
    "convnext": ("ConvNextConfig", {"hidden_sizes": [40, 80, 160, 320], "depths": [2, 2, 6, 2], "patch_size": 2}),
    "mobilenet": ("MobileNetV2Config", {"depth_multiplier": 1.0}),
    "vit": (
        "ViTConfig",
        {
            "hidden_size": 192,
            "num_hidden_layers": 12,
            "num_attention_heads": 3,
            "intermediate_size": 768,
            "patch_size": 8,
        },
    ),
}
SOUND_ARCHITECTURES = ("small", "base")
MELS = 40  # a quarter faster than 64, and better words in the same time


def new_network(
    name: str, outputs: Sequence[str], seed: int, *, size: int = 64, input_type: str = "image"
) -> nn.Module:
    """A network with random weights; the caller's random numbers are left as they were.

    Parameters
    ----------
    name : str
        Of `ARCHITECTURES`; or the path of a transformers ``config.json`` for the classification of pictures, or of
        its folder, whose weights are not used. For sounds "small" or "base".
    outputs : sequence of str
        A name for each output.
    seed : int
    size : int, default=64
        Side of the pictures in pixels, or length of the sounds in samples.
    input_type : {"image", "audio"}

    Raises
    ------
    ParameterError
        If there is no such architecture.
    SourceError
        If the configuration is of no network for pictures.
    DataError
        For a kind of input that no network can be pretrained for.

    Examples
    --------
    >>> module = new_network("small", ("ant", "bee"), seed=0)
    >>> sum(p.numel() for p in module.parameters())
    1771394
    """
    module: nn.Module = material_of(input_type).network(name, outputs, seed, size)
    return module


def new_sound_network(name: str, outputs: Sequence[str], seed: int, size: int) -> nn.Module:
    """A network for sounds of 16 kHz; see `new_network`."""
    from headstart.nn.bodies.sound_network import SoundConfig, new_sound_network

    if name not in SOUND_ARCHITECTURES:
        raise _unknown(name, SOUND_ARCHITECTURES)
    config = SoundConfig.sized(name, rate=RATE, samples=size, n_mels=MELS)
    return new_sound_network(config, tuple(outputs), seed)


def new_picture_network(name: str, outputs: Sequence[str], seed: int, size: int) -> nn.Module:
    """A network for pictures; see `new_network`."""
    if name in ARCHITECTURES:
        config = _named(name, size)
    elif "/" in name or "\\" in name or name.endswith(".json") or Path(name).is_dir():
        config = _from_file(Path(name).expanduser(), size)
    else:
        raise _unknown(name, tuple(ARCHITECTURES))
    config.id2label = dict(enumerate(outputs))
    config.label2id = {label: i for i, label in enumerate(outputs)}
    config.problem_type = "single_label_classification"
    from transformers import AutoModelForImageClassification

    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module: nn.Module = AutoModelForImageClassification.from_config(config)
    except ValueError as error:
        raise SourceError(
            f"Expected the configuration of a network that classifies pictures, found {type(config).__name__} in "
            f"{name}.",
            f"Take another, or one of {', '.join(ARCHITECTURES)}.",
        ) from error
    return module.float()


def _named(name: str, size: int) -> Any:
    import transformers

    kind, settings = ARCHITECTURES[name]
    sized = {"image_size": size} if kind in ("ViTConfig", "ConvNextConfig", "MobileNetV2Config") else {}
    return getattr(transformers, kind)(**settings, **sized)


def _from_file(path: Path, size: int) -> Any:
    """A transformers configuration, with the size of the pictures that it will see."""
    from transformers import AutoConfig

    file = path / "config.json" if path.is_dir() else path
    check_there(file, "a transformers config.json", ParameterError)
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
        kind = settings.pop("model_type")
        config = AutoConfig.for_model(kind, **settings)
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise SourceError(
            f"Expected the configuration of a transformers network in {file}, found one that cannot be used: {error}."
        ) from error
    if isinstance(getattr(config, "image_size", None), int):
        config.image_size = size
    if getattr(config, "num_channels", 3) != 3:
        raise SourceError(f"Expected a network for pictures of 3 channels in {file}, found {config.num_channels}.")
    return config


def _unknown(name: str, known: Sequence[str]) -> ParameterError:
    return ParameterError(
        f"Expected a network of {', '.join(known)}; found {name!r}.",
        "Take one of these, or the path of a transformers config.json.",
    )

"""Read a network from a transformers folder, checked for what is missing."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import torch
from torch import nn

from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import SourceError
from headstart.networks.network import Network
from headstart.networks.reading.card_of import transformers_card
from headstart.networks.reading.config_file import PROCESSORS, read_config
from headstart.networks.reading.files_of import load_config, load_processor, load_weights
from headstart.networks.reading.preprocess_of import preprocessing_of, takes_bgr
from headstart.networks.refuse import refuse_bad_numbers, refuse_type, type_names

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def read_transformers(
    folder: Path,
    *,
    kind: str = "transformers",
    name: str | None = None,
    origin: str = "",
    input_type: str | None = None,
) -> Network:
    """Read a folder with ``config.json``, weights and ``preprocessor_config.json``.

    Parameters
    ----------
    folder : Path
        An existing folder.
    kind : str, default="transformers"
        What the network's ``kind`` becomes ("headstart" and "starter" are such folders too).
    name : str, optional
        What reports call it; default: the folder's name.
    origin : str, default=""
        Where it came from; default: the folder.
    input_type : {"image", "audio"}, optional
        What is wanted, for the words of a refusal.

    Returns
    -------
    Network
        In evaluation mode, float32.

    Raises
    ------
    SourceError
        If it is not a picture network, its weights are missing or damaged, or it needs code of its own.
    """
    name = name or folder.resolve().name
    settings = read_settings(folder)
    refuse_type(folder, settings, input_type)
    config = load_config(folder)
    module, notes = _weights(folder, config, name)
    refuse_bad_numbers(module, name)
    channels = int(getattr(config, "num_channels", 3) or 3)
    preprocessing, more = _preprocessing(folder, config, module, channels)
    _require_input(module, config, preprocessing, name)
    card = transformers_card(folder, config, module, origin or str(folder), (*notes, *more), bool(notes))
    return Network(module.eval(), name, kind, preprocessing, card, config=config)


def read_settings(folder: Path) -> dict[str, Any]:
    """Content of a folder's ``config.json``.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Returns
    -------
    dict

    Raises
    ------
    SourceError
        If it is not there or no JSON object.
    """
    file = folder / "config.json"
    if not file.is_file():
        found = ", ".join(sorted(item.name for item in folder.iterdir())[:8]) or "nothing"
        raise SourceError(
            f"Expected a network's folder with config.json and model.safetensors, found {folder} (it holds {found}).",
            "Give the folder that holds config.json.",
        )
    return read_config(file)


def _weights(folder: Path, config: Any, name: str) -> tuple[nn.Module, tuple[str, ...]]:
    from transformers import AutoModel, AutoModelForImageClassification

    names = type_names()
    with_head = config.model_type in names.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES
    module, report = load_weights(AutoModelForImageClassification if with_head else AutoModel, folder, config)
    if "pixel_values" not in inspect.signature(module.forward).parameters:
        raise SourceError(
            f"Expected a network that takes pixels, found {type(module).__name__} ({module.main_input_name}).",
            "Take another network.",
        )
    return module, _missing(module, report, name)


def _missing(module: Any, report: dict[str, Any], name: str) -> tuple[str, ...]:
    """Refuse a body that is not whole; say so if only the head is missing."""
    missing = set(report["missing_keys"]) | {str(item[0]) for item in report["mismatched_keys"]}
    prefix = f"{module.base_model_prefix}."
    headed = type(module).__name__.endswith("ForImageClassification")
    body = sorted(key for key in missing if not headed or (key.startswith(prefix) and ".pooler." not in key))
    if body:
        raise SourceError(
            f"Expected all weights of {name}, found {len(body)} of {len(module.state_dict())} missing or of another "
            f"shape, the first: {body[0]}.",
            "The file belongs to another network or is not whole.",
        )
    if not headed:
        return ("It has no output layer of its own.",)
    if not missing:
        return ()
    return ("The file holds the body alone; its own output layer is random, so its own classes mean nothing.",)


def _preprocessing(
    folder: Path, config: Any, module: nn.Module, channels: int
) -> tuple[Preprocessing, tuple[str, ...]]:
    if any((folder / name).is_file() for name in PROCESSORS):
        processor = load_processor(folder)
        bgr = channels == 3 and takes_bgr(processor.to_dict()) and _red_first(module)
        note = "It was trained on pictures with blue first; its first layer is turned to take red first."
        return preprocessing_of(processor, channels, bgr=bgr), (note,) if bgr else ()
    side = getattr(config, "image_size", None) or 224
    height, width = (side, side) if isinstance(side, int) else tuple(side)
    mean, std = (_IMAGENET[0], _IMAGENET[1]) if channels == 3 else ((0.5,) * channels, (0.5,) * channels)
    note = f"No preprocessor_config.json: pictures are resized to {height} x {width} and normalised as for ImageNet."
    return Preprocessing(resize=(height, width), crop=None, mean=mean, std=std, channels=channels), (note,)


def _require_input(module: nn.Module, config: Any, preprocessing: Preprocessing, name: str) -> None:
    """Try the network on its own preprocessing's size where the configuration names another."""
    side = getattr(config, "image_size", None) or getattr(getattr(config, "vision_config", None), "image_size", None)
    if side is None or preprocessing.size == ((side, side) if isinstance(side, int) else tuple(side)):
        return
    try:
        with torch.inference_mode():
            module(torch.zeros(1, preprocessing.channels, *preprocessing.size))
    except Exception as error:
        height, width = preprocessing.size
        raise SourceError(
            f"Expected a network that takes what its own image processor makes, found {name} for {side} pixels with "
            f"a processor that makes {height} x {width}.",
            "Repair preprocessor_config.json.",
        ) from error


def _red_first(module: nn.Module) -> bool:
    """Turn the first convolution round, so that a network made for blue first takes red first."""
    first = next((part for part in module.modules() if isinstance(part, nn.Conv2d)), None)
    if first is None or first.in_channels != 3 or first.groups != 1:
        return False
    first.weight.data = first.weight.data.flip(1).contiguous()
    return True

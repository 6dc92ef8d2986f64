"""What the files of sentence-transformers say about a folder: pooling, further layers, longest text; and back."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import nn

from headstart.data.base.json_files import TEXT, Shape, maybe, read_json, record, several, whole
from headstart.errors import SourceError
from headstart.networks.reading.config_file import read_config
from headstart.nn.bodies.text_network import TextNetwork, UnitLength

MODULES = "modules.json"
LENGTH = "sentence_bert_config.json"
_PLACE = Shape(
    "a folder inside", lambda x: isinstance(x, str) and not Path(x).is_absolute() and ".." not in Path(x).parts
)
_MODULES = several(record({}, {"type": TEXT, "path": _PLACE}), 0, 100)
_LENGTH = record({}, {"max_seq_length": maybe(whole(1, 1 << 22))})
_NAMES = {
    "cls": "first",
    "max": "max",
    "mean": "mean",
    "mean_sqrt_len_tokens": "mean_sqrt",
    "weightedmean": "weighted_mean",
    "lasttoken": "last",
}
#: In the order in which several are put side by side, with the keys of older files.
_OLD_KEYS = {
    "pooling_mode_cls_token": "first",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt",
    "pooling_mode_weightedmean_tokens": "weighted_mean",
    "pooling_mode_lasttoken": "last",
}
_ACTIVATIONS = {
    "torch.nn.modules.activation.Tanh": nn.Tanh,
    "torch.nn.modules.activation.ReLU": nn.ReLU,
    "torch.nn.modules.activation.GELU": nn.GELU,
    "torch.nn.modules.linear.Identity": nn.Identity,
}


@dataclass(frozen=True)
class SentenceLayout:
    """What follows the body of a network for texts.

    Parameters
    ----------
    poolings : tuple of str
        As in `headstart.nn.bodies.text_network.TokenPooling`; empty where no file says.
    after : tuple of nn.Module
        Dense layers and normalisation.
    n_features : int or None
        Width after the last dense layer; None without one.
    window : int or None
        Most tokens, where a file says.
    body : Path
        Folder of the body.
    """

    poolings: tuple[str, ...]
    after: tuple[nn.Module, ...]
    n_features: int | None
    window: int | None
    body: Path


def read_layout(folder: Path) -> SentenceLayout:
    """Read ``modules.json`` and what it names; a folder without it has no layout.

    Raises
    ------
    SourceError
        For a layer that cannot be carried over, or damaged files.
    """
    layout = SentenceLayout((), (), None, None, folder)
    modules = read_json(folder / MODULES, _MODULES) if (folder / MODULES).is_file() else []
    for entry in modules:
        kind, place = str(entry.get("type", "")).rpartition(".")[2], folder / str(entry.get("path", ""))
        layout = _with(layout, kind, place, folder)
    settings = layout.body / LENGTH
    length = read_json(settings, _LENGTH).get("max_seq_length") if settings.is_file() else None
    return dataclasses.replace(layout, window=None if length is None else int(length))


def _with(layout: SentenceLayout, kind: str, place: Path, folder: Path) -> SentenceLayout:
    if kind == "Transformer":
        return dataclasses.replace(layout, body=place)
    if kind == "Pooling":
        return dataclasses.replace(layout, poolings=_poolings(read_config(place / "config.json"), folder))
    if kind == "Dense":
        dense, width = _dense(place)
        return dataclasses.replace(layout, after=(*layout.after, *dense), n_features=width)
    if kind == "Normalize":
        return dataclasses.replace(layout, after=(*layout.after, UnitLength()))
    if kind == "Dropout":
        return layout
    raise SourceError(
        f"Expected a body, pooling, dense layers and normalisation in {folder / MODULES}, found {kind}.",
        "Take another network.",
    )


def _poolings(settings: dict[str, Any], folder: Path) -> tuple[str, ...]:
    modes = settings.get("pooling_mode")
    if modes is None:
        return tuple(name for key, name in _OLD_KEYS.items() if settings.get(key)) or ("mean",)
    modes = [modes] if isinstance(modes, str) else list(modes)
    unknown = [mode for mode in modes if mode not in _NAMES]
    if unknown:
        raise SourceError(
            f"Expected a pooling of {', '.join(_NAMES)} in {folder}, found {unknown[0]!r}.", "Take another network."
        )
    return tuple(_NAMES[mode] for mode in modes)


def _dense(place: Path) -> tuple[tuple[nn.Module, ...], int]:
    settings = read_config(place / "config.json")
    activation = settings.get("activation_function", "torch.nn.modules.activation.Tanh")
    file = place / "model.safetensors"
    if activation not in _ACTIVATIONS or not file.is_file():
        found = f"the activation {activation!r}" if file.is_file() else "no model.safetensors"
        raise SourceError(
            f"Expected a dense layer with safetensors and one of {', '.join(_ACTIVATIONS)} in {place}, found {found}.",
            "Take another network.",
        )
    tensors = {key.removeprefix("linear."): value.float() for key, value in load_file(file).items()}
    n_out, n_in = tensors["weight"].shape
    layer = nn.Linear(n_in, n_out, bias="bias" in tensors)
    layer.load_state_dict(tensors)
    return (layer, _ACTIVATIONS[activation]()), int(n_out)


def write_layout(module: TextNetwork, folder: Path, window: int) -> None:
    """Write the files from which sentence-transformers gives the features of a network for texts.

    Parameters
    ----------
    module : TextNetwork
    folder : Path
        Where its body is.
    window : int
        Most tokens of a text.
    """
    names = {name: theirs for theirs, name in _NAMES.items()}
    width = _width(module)
    modes = [names[mode] for mode in module.pooling.modes]
    pooling = {"word_embedding_dimension": width, "pooling_mode": modes[0] if len(modes) == 1 else modes}
    pooling |= {old: name in module.pooling.modes for old, name in _OLD_KEYS.items()}
    listed: list[tuple[str, str, dict[str, Any]]] = [("", "Transformer", {}), ("1_Pooling", "Pooling", pooling)]
    layers = list(module.after)
    for layer, place, following in zip(layers, layer_folders(module), [*layers, None][1:], strict=True):
        if isinstance(layer, nn.Linear):
            listed.append((place, "Dense", _dense_settings(layer, following)))
            (folder / place).mkdir(exist_ok=True)
            tensors = {f"linear.{key}": value.detach().cpu().contiguous() for key, value in layer.state_dict().items()}
            save_file(tensors, str(folder / place / "model.safetensors"))
        elif isinstance(layer, UnitLength):
            listed.append((place, "Normalize", {}))
    for place, _, settings in listed:
        if settings:
            (folder / place).mkdir(exist_ok=True)
            _write(folder / place / "config.json", settings)
    entries = [
        {"idx": i, "name": str(i), "path": place, "type": f"sentence_transformers.models.{kind}"}
        for i, (place, kind, _) in enumerate(listed)
    ]
    _write(folder / MODULES, entries)
    _write(folder / LENGTH, {"max_seq_length": window, "do_lower_case": False})


def layer_folders(module: TextNetwork) -> list[str]:
    """Folder of each layer between pooling and output; empty for an activation, which belongs to the one before it."""
    found: list[str] = []
    for layer in module.after:
        kind = "Dense" if isinstance(layer, nn.Linear) else "Normalize" if isinstance(layer, UnitLength) else ""
        found.append(f"{2 + sum(map(bool, found))}_{kind}" if kind else "")
    return found


def _width(module: TextNetwork) -> int:
    """Channels of the body's output."""
    first = next((layer for layer in module.after if isinstance(layer, nn.Linear)), None)
    return (module.n_features if first is None else first.in_features) // len(module.pooling.modes)


def _dense_settings(layer: nn.Linear, following: nn.Module | None) -> dict[str, Any]:
    activation = next((name for name, kind in _ACTIVATIONS.items() if type(following) is kind), None)
    return {
        "in_features": layer.in_features,
        "out_features": layer.out_features,
        "bias": layer.bias is not None,
        "activation_function": activation or "torch.nn.modules.linear.Identity",
    }


def _write(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

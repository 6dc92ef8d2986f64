"""Read a network from a module in memory."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from headstart.data.base.kinds import CLIPS, PICTURES, Kind, kind_named
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.inputs.canvases import AnyPreprocessing
from headstart.data.inputs.registry import entry_of, preprocessing_of, resolve
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import SourceError
from headstart.networks.folder import MANIFEST, read_manifest
from headstart.networks.network import Network, SourceCard
from headstart.networks.reading.card_of import manifest_card
from headstart.networks.reading.files_of import first_line
from headstart.networks.reading.text_source import read_sentence_transformer
from headstart.networks.refuse import refuse_bad_numbers, refuse_file, refuse_missing
from headstart.nn.bodies.sound_network import SoundConfig, SoundNetwork
from headstart.source import NetworkSource

_SECONDS = (1.0, 2.0, 0.5, 4.0, 10.0)
_HEARD = {"input_values": CLIPS, "input_features": CLIPS}
_SIDES = (224, 32, 28, 64, 96, 128, 160, 192, 256, 299, 384)


def read_module(source: NetworkSource | nn.Module, input_type: str | None = None) -> Network:
    """Take a module as a network; its weights are copied, so the caller's module is never changed.

    Parameters
    ----------
    source : NetworkSource or torch.nn.Module
        For a bare module the input size is the first of the usual ones (224, 32, 28, 64, ...) that it takes; our own
        network for sounds says it itself.
    input_type : {"image", "audio"}, optional
        What is wanted; without it a module is one for pictures unless it says otherwise. For sounds 16,000 Hz are
        usual, and the first of the usual lengths (1 s, 2 s, ...) that it takes.

    Returns
    -------
    Network
        Kind "module", "transformers" for a transformers network in memory, also in a ``SentenceTransformer``,
        "headstart" for a `SoundNetwork`.

    Raises
    ------
    SourceError
        If the weights do not belong to the module, are a pickle or not finite, or the module does not take a batch
        of pictures, or of waves where these are wanted or its source states a sampling rate.
    """
    bare = not isinstance(source, NetworkSource)
    given = source if isinstance(source, NetworkSource) else NetworkSource(source)
    name = given.name or type(given.module).__name__
    if hasattr(given.module, "tokenizer") and type(given.module).__module__.startswith("sentence_transformers."):
        return read_sentence_transformer(given.module, given.name or "SentenceTransformer")
    config = getattr(given.module, "config", None)
    kind = _kind(given, config)
    if kind == "transformers":
        _require_pixels(given.module, name, input_type)
    module = _copy(given.module, name)
    origin = "a module in memory"
    saved: dict[str, Any] = {}
    if given.weights is not None:
        path = Path(given.weights).expanduser()
        saved = _saved(path)
        _load_weights(module, path, name, other_head=bool(saved.get("head_inside")))
        origin = str(given.weights)
    refuse_bad_numbers(module, name)
    for parameter in module.parameters():
        parameter.requires_grad_(parameter.is_floating_point())
    takes, preprocessing, notes = _taken(module, given, saved, bare, input_type, name)
    card = SourceCard(
        n_examples=given.n_examples,
        n_parameters=sum(parameter.numel() for parameter in module.parameters()),
        licence=given.licence,
        origin=origin,
        notes=notes,
    )
    if given.weights is not None:
        card = manifest_card(Path(given.weights).expanduser().parent, card)
    if isinstance(module, SoundNetwork):
        config = _with_outputs_of(module)
    return Network(
        module,
        name,
        kind,
        preprocessing,
        card,
        config=None if kind == "module" else config,
        input_type=takes.input_type,
    )


def _kind(given: NetworkSource, config: Any) -> str:
    if isinstance(given.module, SoundNetwork):
        return "headstart"
    is_transformers = hasattr(given.module, "base_model_prefix") and hasattr(config, "to_json_string")
    return "transformers" if is_transformers and not given.heard else "module"


def _with_outputs_of(module: SoundNetwork) -> SoundConfig:
    """Its configuration, also where its output layer was exchanged for one of another width."""
    width = getattr(module.output, "out_features", module.config.n_outputs)
    labels = module.config.labels if len(module.config.labels) == width else ()
    return dataclasses.replace(module.config, n_outputs=width, labels=labels)


def _taken(
    module: nn.Module, given: NetworkSource, saved: dict[str, Any], bare: bool, input_type: str | None, name: str
) -> tuple[Kind, AnyPreprocessing, tuple[str, ...]]:
    """What the module takes and in which form, tried out unless headstart wrote it down, and notes for the card."""
    stated = given.heard or given.size != NetworkSource.size or given.mean != NetworkSource.mean
    if saved.get("preprocessing") is not None and not stated:
        kind = kind_named(saved["input_type"])
        return kind, preprocessing_of(kind.input_type, saved["preprocessing"]), ()
    kind = PICTURES if stated or input_type is None else kind_named(input_type)
    if given.heard or isinstance(module, SoundNetwork):
        kind = CLIPS
    how = entry_of(kind).module
    if how is None:  # refused later, in the words of what it was wanted for
        kind, how = PICTURES, entry_of(PICTURES).module
    return kind, *resolve(str(how))(module, given, bare, name)


def taken_pixels(
    module: nn.Module, given: NetworkSource, bare: bool, name: str
) -> tuple[Preprocessing, tuple[str, ...]]:
    """Side and channels of a network for pictures: as stated, or the first usual ones that it takes."""
    channels = input_channels(module) if bare else len(given.mean)
    side, notes = _side(module, channels, given, bare, name)
    return _preprocessing(given, side, channels), notes


def taken_waves(
    module: nn.Module, given: NetworkSource, bare: bool, name: str
) -> tuple[SoundPreprocessing, tuple[str, ...]]:
    """Rate and window of a network for sounds: as stated, as its own settings say, or the usual ones."""
    rate, seconds = given.wave
    if isinstance(module, SoundNetwork):
        rate = module.config.rate
        seconds = module.config.samples / rate if given.seconds is None else seconds
    guessed = not given.heard and not isinstance(module, SoundNetwork)
    first: Exception | None = None
    for length in _SECONDS if guessed else (seconds,):
        sound = SoundPreprocessing(rate, max(1, round(rate * length)))
        error = _takes_waves(module, sound.samples)
        if error is None:
            note = f"Its sampling rate was not given; {rate} Hz is usual, and it takes {length:g} s."
            return sound, (note,) if guessed else ()
        first = first or error
    raise SourceError(
        f"Expected a module that takes sounds (N, {round(rate * seconds)}) at {rate} Hz, found {name}, which fails: "
        f"{first_line(first, 200)}",
        "Say what it takes: headstart.NetworkSource(module, sampling_rate=..., seconds=...).",
    ) from first


def _takes_waves(module: nn.Module, samples: int) -> Exception | None:
    noise = 0.1 * torch.randn(2, samples, generator=torch.Generator().manual_seed(0))
    try:
        with torch.inference_mode():
            module(noise)
    except Exception as error:
        return error
    return None


def input_channels(module: nn.Module) -> int:
    """Channels of the first convolution, 3 where there is none."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            return part.in_channels if part.in_channels in (1, 3) else 3
    return 3


def _require_pixels(module: Any, name: str, input_type: str | None) -> None:
    if module.main_input_name == "pixel_values":
        return
    heard = _HEARD.get(module.main_input_name)
    if heard is not None and (input_type is None or kind_named(input_type) is heard):
        raise SourceError(
            f"Expected a network for sounds with its feature extractor, found {name} ({module.config.model_type}) in "
            "memory without one.",
            "Save both into one folder (save_pretrained) and give the folder; or say what a network on waves hears: "
            "NetworkSource(module, sampling_rate=16000, seconds=...).",
        )
    raise SourceError(
        f"Expected a network for pictures, found {name} ({module.config.model_type}), which takes "
        f"{module.main_input_name}.",
        "Take a network for pictures, for instance 'starter:pictures'; of one for texts give the folder or the id, "
        "since its tokenizer has to come with it.",
    )


def _copy(module: nn.Module, name: str) -> nn.Module:
    try:
        return copy.deepcopy(module).float().cpu().eval()
    except Exception as error:
        raise SourceError(
            f"Expected a module that can be copied, found {name}: {error}", "Keep what cannot be copied out of it."
        ) from error


def _saved(weights: Path) -> dict[str, Any]:
    """What the manifest beside the weights says about the network, where headstart saved them."""
    if not (weights.parent / MANIFEST).is_file():
        return {}
    return read_manifest(weights.parent).get("network") or {}


def _load_weights(module: nn.Module, path: Path, name: str, *, other_head: bool) -> None:
    refuse_missing(path)
    if path.suffix != ".safetensors":
        refuse_file(path)
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise SourceError(f"Expected safetensors in {path}, found: {error}", "Get the file again.") from error
    if other_head:
        _fit_head(module, tensors)
    fill(module, tensors, name, path)


def fill(module: nn.Module, tensors: dict[str, torch.Tensor], name: str, path: Path) -> None:
    """Put weights into a module, all of them.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place.
    tensors : dict of str to Tensor
        Of any floating type.
    name : str
        What the message calls the module.
    path : Path
        Where the weights come from.

    Raises
    ------
    SourceError
        If some are missing, of another shape, or unknown to the module.
    """
    own = module.state_dict()
    missing = sorted(key for key in own if key not in tensors and not key.endswith("num_batches_tracked"))
    wrong = sorted(key for key in own if key in tensors and own[key].shape != tensors[key].shape)
    unknown = sorted(key for key in tensors if key not in own)
    if missing or wrong or unknown:
        words = [
            f"{len(keys)} {what} (the first: {keys[0]})"
            for what, keys in (
                ("missing", missing),
                ("of another shape", wrong),
                ("that the module does not have", unknown),
            )
            if keys
        ]
        raise SourceError(
            f"Expected the weights of {name} in {path}, found {', '.join(words)}.",
            "The names must match module.state_dict().",
        )
    module.load_state_dict(tensors, strict=False)


def _fit_head(module: nn.Module, tensors: dict[str, torch.Tensor]) -> None:
    """Give the module's output layer as many outputs as the trained one had."""
    for key, part in list(module.named_modules()):
        new = tensors.get(f"{key}.weight")
        if not key or not isinstance(part, nn.Linear) or new is None or new.ndim != 2:
            continue
        biased = f"{key}.bias" in tensors
        if new.shape[1] == part.in_features and (len(new), biased) != (part.out_features, part.bias is not None):
            module.set_submodule(key, nn.Linear(part.in_features, len(new), bias=biased))


def _side(module: nn.Module, channels: int, given: NetworkSource, bare: bool, name: str) -> tuple[int, tuple[str, ...]]:
    sides = _SIDES if bare else (given.size,)
    first: Exception | None = None
    for side in sides:
        error = _takes(module, channels, side)
        if error is None:
            guessed = f"Its input size was not given; {side} x {side} is the first usual one that it takes."
            return side, (guessed,) if bare else ()
        first = first or error
    tried = " or ".join(str(side) for side in sides[:3]) if bare else str(given.size)
    raise SourceError(
        f"Expected a module that takes pictures (N, {channels}, height, width), found {name}, which fails at a side of "
        f"{tried} pixels: {first_line(first, 200)}",
        "Say what it takes: headstart.NetworkSource(module, size=..., mean=..., std=...).",
    )


def _takes(module: nn.Module, channels: int, side: int) -> Exception | None:
    try:
        with torch.inference_mode():
            module(torch.zeros(2, channels, side, side))
    except Exception as error:
        return error
    return None


def _preprocessing(given: NetworkSource, side: int, channels: int) -> Preprocessing:
    mean, std = tuple(given.mean), tuple(given.std)
    if len(mean) != channels:
        mean, std = (sum(mean) / len(mean),) * channels, (sum(std) / len(std),) * channels
    resize = round(side * 256 / 224) if side >= 128 else side
    return Preprocessing(resize=resize, crop=(side, side), mean=mean, std=std, channels=channels)

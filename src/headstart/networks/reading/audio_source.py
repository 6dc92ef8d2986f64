"""Read a network of transformers' audio families from its folder, with the front end that it was trained behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from torch import nn

from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.errors import ParameterError, SourceError
from headstart.networks.folder import MANIFEST, read_manifest
from headstart.networks.network import Network
from headstart.networks.reading.card_of import transformers_card
from headstart.networks.reading.files_of import load_config, load_weights, missing_keys, quiet
from headstart.networks.reading.transformers_source import read_settings
from headstart.networks.refuse import refuse_bad_numbers, type_names
from headstart.nn.bodies.audio_network import AudioNetwork
from headstart.nn.bodies.front_ends import FRONT_ENDS, FrontEnd, front_end_of

#: CLAP's whole network, of which the audio tower is taken, and that tower alone.
TOWERS = ("clap", "clap_audio_model")
#: Window of a network that takes waves of any length, in seconds, until it is fitted to clips.
SECONDS = 4.0
HEAD = "head.safetensors"
_HEAD_KEYS = ("classifier.", "projector.", "layer_weights", "output.")
_UNUSED_KEYS = ("masked_spec_embed",)
_EXTRACTORS = ("preprocessor_config.json", "processor_config.json")
_TODO = "Take another, for instance 'starter:speech'."


def is_audio_type(model_type: str) -> bool:
    """Whether a transformers folder of this model type can be read as a network for sounds.

    Examples
    --------
    >>> is_audio_type("wav2vec2"), is_audio_type("clap"), is_audio_type("bert")
    (True, True, False)
    """
    names = type_names()
    return model_type in names.MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING_NAMES or model_type in TOWERS


def read_audio(folder: Path, *, kind: str = "transformers", name: str | None = None, origin: str = "") -> Network:
    """Read a folder of AST, wav2vec 2.0 and its kin, HuBERT, Whisper (its encoder) or CLAP (its audio tower).

    A network that was never trained to classify gets the mean over time of its last layer as features. Its window is
    what its front end is made for (AST 10.24 s, Whisper 30 s, CLAP 10 s); one that takes any length starts from 4 s,
    see `headstart.networks.window.fitted`.

    Parameters
    ----------
    folder : Path
        With ``config.json``, weights and ``preprocessor_config.json``.
    kind, name, origin : str
        As in `read_transformers`.

    Returns
    -------
    Network
        In evaluation mode, float32; its module is an `AudioNetwork`.

    Raises
    ------
    SourceError
        If files are missing, damaged or do not belong together, or its front end is not one of `FRONT_ENDS`.
    """
    name = name or folder.resolve().name
    config = _config(folder, read_settings(folder))
    front_end = _front_end(folder, name)
    module, notes = _weights(folder, config, front_end, name)
    module.eval()
    refuse_bad_numbers(module, name)
    card = transformers_card(folder, module.body.config, module, origin or str(folder), notes, bool(notes))
    saved = _saved_window(folder)
    samples = front_end.samples or round(SECONDS * front_end.rate)
    preprocessing = saved or SoundPreprocessing(front_end.rate, samples, True, front_end.samples is None)
    _require_input(module, preprocessing, name)
    return Network(module, name, kind, preprocessing, card, config=module.body.config, input_type="audio")


def _config(folder: Path, settings: dict[str, Any]) -> Any:
    if settings.get("auto_map"):
        raise SourceError(
            f"Expected a network for sounds, found one in {folder} that must run code of its own "
            f"({settings.get('model_type')}).",
            _TODO,
        )
    config = load_config(folder)
    config = getattr(config, "audio_config", config) if config.model_type in TOWERS else config
    if hasattr(config, "apply_spec_augment"):
        config.apply_spec_augment = False  # it draws from numpy's global random state
    return config


def _front_end(folder: Path, name: str) -> FrontEnd:
    """The front end of ``preprocessor_config.json``, tried against transformers' own feature extractor."""
    from transformers import AutoFeatureExtractor

    if not any((folder / file).is_file() for file in _EXTRACTORS):
        raise SourceError(
            f"Expected preprocessor_config.json in {folder}, found none: without it nobody knows at what rate and "
            f"through which filters {name} hears.",
            "Get it from where the network came from.",
        )
    try:
        with quiet():
            extractor = AutoFeatureExtractor.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        settings = {**extractor.to_dict(), "feature_extractor_type": type(extractor).__name__}
    except Exception as error:
        raise SourceError(
            f"Expected a feature extractor in {folder}, found: {str(error).strip()[:300]}",
            "Get preprocessor_config.json again.",
        ) from error
    if settings["feature_extractor_type"] not in FRONT_ENDS:
        raise SourceError(
            f"Expected a network whose front end is one of {', '.join(sorted(FRONT_ENDS))}, found {name} with "
            f"{settings['feature_extractor_type']}.",
            _TODO,
        )
    try:
        front_end = front_end_of(json.loads(json.dumps(settings, default=str)))
        SoundPreprocessing(front_end.rate, front_end.samples or front_end.rate)
    except ParameterError as error:
        raise SourceError(f"{folder / _EXTRACTORS[0]}: {error.message}", error.todo or "Get the file again.") from error
    _require_same_input(extractor, front_end, name)
    return front_end


def _require_same_input(extractor: Any, front_end: FrontEnd, name: str) -> None:
    """Try both on noise as long as the window."""
    wave = 0.1 * np.random.default_rng(0).standard_normal(front_end.samples or front_end.rate)
    ours = front_end(torch.from_numpy(wave.astype(np.float32))[None])
    try:
        with quiet():
            theirs = extractor(wave.astype(np.float32), sampling_rate=front_end.rate, return_tensors="pt")
    except Exception as error:
        raise SourceError(f"Expected a feature extractor that takes a wave, found {error!r}.", _TODO) from error
    key = next(iter(ours))
    same = theirs[key].shape == ours[key].shape and torch.allclose(theirs[key].float(), ours[key], atol=1e-2)
    if not same:
        raise SourceError(
            f"Expected a feature extractor that works as transformers describes, found {type(extractor).__name__} of "
            f"{name}, which gives other values.",
            "Take another network, or wrap this one with its own front end: NetworkSource(module, sampling_rate=...).",
        )


def _weights(folder: Path, config: Any, front_end: FrontEnd, name: str) -> tuple[AudioNetwork, tuple[str, ...]]:
    from transformers import AutoModelForAudioClassification, ClapAudioModel

    tower = config.model_type in TOWERS
    model_class: Any = ClapAudioModel if tower else AutoModelForAudioClassification
    more: dict[str, Any] = {"key_mapping": {r"^audio_model\.": ""}} if tower else {}
    body, report = load_weights(model_class, folder, config, ignore_mismatched_sizes=True, **more)
    missing = missing_keys(report)
    lost = sorted(key for key in missing if not key.startswith(_HEAD_KEYS) and not key.endswith(_UNUSED_KEYS))
    if lost:
        raise SourceError(
            f"Expected all weights of {name}, found {len(lost)} of {len(body.state_dict())} missing or of another "
            f"shape, the first: {lost[0]}.",
            "The file belongs to another network or is not whole.",
        )
    if tower:
        output = _saved_output(folder, int(config.hidden_size))
        return AudioNetwork(front_end, body, output), () if _has_output(folder) else (_NO_HEAD,)
    return AudioNetwork(front_end, with_mean_features(body, missing)), (_NO_HEAD,) if missing else ()


_NO_HEAD = "It has no output layer of its own; what it says of a clip is the mean over time of its last layer."


def with_mean_features(body: Any, missing: set[str]) -> Any:
    """Let the mean over time of the last layer be the output layer's input where no trained layer stands between.

    Between the two a network for classification has a projection, random where it was never trained to classify, or
    the identity where `headstart.networks.saving.audio_saving` wrote it.
    """
    projector = getattr(body, "projector", None)
    if not isinstance(projector, nn.Linear):
        return body
    with torch.no_grad():
        size = projector.in_features
        plain = projector.out_features == size and torch.equal(projector.weight, torch.eye(size))
    if "projector.weight" in missing or (plain and not projector.bias.any()):
        body.projector, body.config.classifier_proj_size = nn.Identity(), size
        if body.classifier.in_features != size:
            body.classifier = nn.Linear(size, body.classifier.out_features)
    return body


def _has_output(folder: Path) -> bool:
    if not (folder / HEAD).is_file():
        return False
    with safe_open(folder / HEAD, "pt") as file:
        return {"output.weight", "output.bias"} <= set(file.keys())


def _saved_output(folder: Path, n_features: int) -> nn.Linear:
    """A tower's output layer: the saved one, else one with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        layer = nn.Linear(n_features, 2)
    if _has_output(folder):
        with safe_open(folder / HEAD, "pt") as file, torch.no_grad():
            weight, bias = file.get_tensor("output.weight").float(), file.get_tensor("output.bias").float()
            layer = nn.Linear(n_features, len(weight))
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
    return layer


def _saved_window(folder: Path) -> SoundPreprocessing | None:
    """The window that headstart wrote down, where it saved the folder."""
    if not (folder / MANIFEST).is_file():
        return None
    settings = (read_manifest(folder).get("network") or {}).get("preprocessing")
    return None if settings is None else SoundPreprocessing.from_dict(settings)


def _require_input(module: AudioNetwork, preprocessing: SoundPreprocessing, name: str) -> None:
    """Try the network on a wave: extractor and configuration may not belong together."""
    wave = 0.1 * torch.randn(1, preprocessing.samples, generator=torch.Generator().manual_seed(0))
    try:
        with torch.inference_mode():
            module(wave)
    except Exception as error:
        raise SourceError(
            f"Expected a network that takes what its own feature extractor makes of {preprocessing.seconds:g} s, found "
            f"{name}, which fails: {str(error).strip().splitlines()[0][:200] if str(error).strip() else error!r}",
            "Repair preprocessor_config.json.",
        ) from error

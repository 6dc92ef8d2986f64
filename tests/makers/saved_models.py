"""Tiny models of every kind that can be saved, each with fifty inputs to ask it about."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import transformers
from audio_families import family
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingRegressor
from small_sounds import sound_network, tones
from text_families import TEXTS, family_folder
from tiny_pictures import pictures, source

from headstart import CORAL, AlignedClassifier, Model, Source
from headstart.data.clips.clips import Clips
from headstart.data.tables.encoder import TableEncoder
from headstart.guard.baselines.classical import BaselineClassifier, BaselineRegressor
from headstart.guard.baselines.texts import TextBaselineClassifier, TextBaselineRegressor
from headstart.keywords.listener import Detector
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.parameters.transfer import TransferClassifier, TransferRegressor
from headstart.source import NetworkSource

N = 50
CONFIGS: dict[str, Any] = {
    "resnet": transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 12, 16], depths=[1, 1, 1], layer_type="basic"
    ),
    "vit": transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8
    ),
    "mobilenet_v2": transformers.MobileNetV2Config(depth_multiplier=0.35, image_size=32),
    "convnext": transformers.ConvNextConfig(num_stages=2, hidden_sizes=[8, 16], depths=[1, 1]),
    "swin": transformers.SwinConfig(image_size=32, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4),
}
#: Head -> arguments of a transfer.
HEADS: dict[str, dict[str, Any]] = {
    "linear": {"head": "linear"},
    "depths": {"head": "depths"},
    "layers": {"head": [8], "epochs": 2},
    "hidden": {"head": "hidden"},
    "tuned": {"train": "last:1", "epochs": 2, "augment": None},
}
FAMILIES = {
    "pictures": tuple(CONFIGS),
    "clips": ("ast", "wav2vec2", "hubert", "whisper", "clap"),
    "texts": ("bert", "gpt2"),
}


@cache
def network_of(name: str) -> Network:
    """A network of transformers' with random weights, by the name of its family."""
    with tempfile.TemporaryDirectory() as place, torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if name in CONFIGS:
            module = transformers.AutoModelForImageClassification.from_config(CONFIGS[name])
            return load_network(NetworkSource(module, size=32, name=name, n_examples=100, licence="mit"))
        if name in FAMILIES["texts"]:
            return load_network(family_folder(name, Path(place)), input_type="text")
        return load_network(family(name, Path(place) / name))


def inputs_of(input_type: str, n: int = N, seed: int = 0, rate: int = 8000, seconds: float = 0.3) -> tuple[Any, Any]:
    """So many examples of two classes and their labels."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    if input_type == "image":
        return pictures(n, seed)[0], y
    if input_type == "audio":
        t = np.arange(round(rate * seconds)) / rate
        low = 2 * np.pi * (300 + 500 * y + 40 * rng.random(n))
        waves = [(0.3 * np.sin(one * t) + rng.normal(0, 0.02, len(t))).astype(np.float32) for one in low]
        return Clips(waves, sampling_rate=rate), y
    words = sorted({word for text in TEXTS for word in text.replace(",", "").split()})
    liked = np.array_split(words, 2)
    return [" ".join(rng.choice(liked[label], 5)) for label in y], y


def transferred(family_name: str, head: str, task: str = "classification", n: int = N) -> tuple[Model, Any]:
    """A model on a network of a family, with a kind of head, and the inputs that it learned from."""
    network = network_of(family_name)
    input_type = network.input_type
    rate = getattr(network.preprocessing, "rate", 8000)
    seconds = min(0.3, network.preprocessing.samples / rate) if input_type == "audio" else 0.3
    X, y = inputs_of(input_type, n, rate=rate, seconds=seconds)
    kind: Any = TransferRegressor if task == "regression" else TransferClassifier
    settings = dict(HEADS[head])
    if settings.get("augment", 0) is None and input_type == "text":
        settings.pop("augment")
    labels: Any = np.array(["<no>", "yes|maybe"])[y]
    classes: list[Any] | None = ["<no>", "yes|maybe"]
    if task == "multilabel":
        labels, classes = np.stack([y, 1 - y, (np.arange(n) // 2) % 2], axis=1), ["a", "b", "c"]
    elif task == "regression":
        labels, classes = 10.0 + 3.0 * y + np.arange(n) / n, None
    fitted = kind(network, random_state=0, **settings).fit(X, labels)
    temperature = 1.0 if task == "regression" else 1.5
    return Model(fitted, {}, task=task, classes=classes, temperature=temperature, input_type=input_type), X


def _rows(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    found = pd.DataFrame({"age": rng.normal(50, 9, n), "dose": rng.normal(size=n), "site": rng.choice(["a", "b"], n)})
    found.loc[::7, "dose"], found.loc[::5, "site"] = np.nan, None
    return found


def table(which: str) -> tuple[Model, Any]:
    """A model of rows with categories and gaps."""
    near, far = _rows(N, 1), _rows(N, 2)
    encoder = TableEncoder().fit(near, others=[("far", far)])
    rows, others = encoder.encode(near), encoder.encode(far)
    y, ys = (np.array(["no", "yes"])[(part[:, 0] > 0).astype(int)] for part in (rows, others))
    made: dict[str, Any] = {
        "trees": lambda: ExtraTreesClassifier(3, random_state=0).fit(rows, y),
        "linear": lambda: TransferClassifier(None, head="linear", random_state=0).fit(rows, y),
        "aligned": lambda: AlignedClassifier(CORAL(), source=Source(others, ys, name="far")).fit(rows, y),
        "boosting": lambda: HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=5).fit(rows, rows[:, 0]),
    }
    task, classes = ("regression", None) if which == "boosting" else ("classification", ["no", "yes"])
    return Model(made[which](), {}, task=task, classes=classes, input_type="table", encoder=encoder), near


def baseline(input_type: str, task: str = "classification") -> tuple[Model, Any]:
    """A model without a network."""
    X, y = inputs_of(input_type)
    numbers = task == "regression"
    kinds: Any = (
        (TextBaselineClassifier, TextBaselineRegressor)
        if input_type == "text"
        else (BaselineClassifier, BaselineRegressor)
    )
    fitted = kinds[numbers]().fit(X, y * 2.0 if numbers else np.array(["no", "yes"])[y])
    return Model(fitted, {}, task=task, classes=None if numbers else ["no", "yes"], input_type=input_type), X


def sounds(head: str, words: bool = False) -> tuple[Model, Any]:
    """A model on our own network for sounds; with ``words`` one that listens."""
    X, y = tones(N, seconds=(0.3, 0.5))
    fitted = TransferClassifier(sound_network(), random_state=0, **HEADS[head]).fit(X, np.array(["_other_", "hey"])[y])
    heard = Detector(("hey",), (1,), 8000, 4000, 2.0, 1.0, 800) if words else None
    return Model(fitted, {}, task="classification", classes=["_other_", "hey"], input_type="audio", detector=heard), X


def of_own_module() -> tuple[Model, Any]:
    """A model on somebody's own module, which its folder does not hold."""
    X, y = inputs_of("image")
    fitted = TransferClassifier(source(), head="linear", random_state=0).fit(X, y)
    return Model(fitted, {}, task="classification", classes=[0, 1]), X


#: Name -> maker of (model, inputs).
MODELS: dict[str, Callable[[], tuple[Model, Any]]] = {
    "pictures, linear": lambda: transferred("resnet", "linear"),
    "pictures, depths": lambda: transferred("resnet", "depths"),
    "pictures, layers": lambda: transferred("resnet", "layers"),
    "pictures, hidden": lambda: transferred("resnet", "hidden"),
    "pictures, numbers": lambda: transferred("resnet", "linear", "regression"),
    "pictures, labels": lambda: transferred("resnet", "linear", "multilabel"),
    "pictures, baseline": lambda: baseline("image"),
    "clips, linear": lambda: transferred("ast", "linear"),
    "clips, depths": lambda: transferred("ast", "depths"),
    "clips, own network": lambda: sounds("linear"),
    "clips, words": lambda: sounds("depths", words=True),
    "clips, baseline": lambda: baseline("audio"),
    "texts, linear": lambda: transferred("bert", "linear"),
    "texts, depths": lambda: transferred("bert", "depths"),
    "texts, layers": lambda: transferred("bert", "layers"),
    "texts, baseline": lambda: baseline("text"),
    "texts, baseline of numbers": lambda: baseline("text", "regression"),
    "tables, trees": lambda: table("trees"),
    "tables, linear": lambda: table("linear"),
    "tables, aligned": lambda: table("aligned"),
    "tables, boosting": lambda: table("boosting"),
}

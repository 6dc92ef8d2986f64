"""Features that `advice.py` replays on: each set through every network once, kept in a folder of their own.

Pictures go through two MobileNets, the bundled starter, a MobileNet with random weights, and blocks in the middle of
MobileNetV2; clips through the starter for speech and its blocks; texts through MiniLM, its blocks, and the same with
random weights. Beside them stands what is measured without a network.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from text import minilm
from text import sets as sets_of_texts

from common import DATA, NETWORK, digits
from headstart import Pictures, read_dataset
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.running.embed import embed
from headstart.networks.running.simple_features import side_by_side, simple_features

#: Constants were fitted on the first half of each row, and are judged on the second.
FITTED = ("hymenoptera", "mnist", "amazon", "sketch")
JUDGED = ("caltech", "chest", "cifar", "photo", "dslr", "speakers")
#: Sets of texts, measured after all constants had been fitted.
TEXTS = ("ag_news_subset", "sms_spam", "movie_sentences", "amazon_reviews")
_MOST, _SIDE = 400, 128
Set = tuple[dict[str, np.ndarray], np.ndarray]


def rows_of(name: str, kept: Path) -> Set:
    """Features of a set by source ("simple" among them), each (n, d), and its labels."""
    file = kept / f"{name}.npz"
    if not file.exists():
        kept.mkdir(parents=True, exist_ok=True)
        found, y = _computed(name)
        np.savez(file, y=y, **{f"x {source}": X for source, X in found.items()})
    with np.load(file, allow_pickle=False) as stored:
        return {key[2:]: stored[key] for key in stored if key != "y"}, stored["y"]


def _computed(name: str) -> Set:
    inputs, y = _inputs(name)
    chosen = np.random.default_rng(0).permutation(len(y))[:_MOST]
    inputs, y = inputs[chosen], y[chosen]
    found = {"simple": side_by_side(simple_features(inputs), by_column=name == "speakers")}
    if name == "speakers":
        features = embed(load_network("starter:speech"), inputs)
        return found | {"starter": features.output, **_blocks("starter", features)}, y
    if name in TEXTS:
        network = load_network(str(minilm()), input_type="text")
        features = embed(network, inputs)
        found["random weights"] = embed(random_network(network, 0), inputs).output
        return found | {"minilm": features.output, **_blocks("minilm", features)}, y
    for source in (str(NETWORK), str(DATA / "networks" / "mobilenet_v1_0.25_128"), "starter:pictures"):
        network = load_network(source)
        smaller = network
        if not source.startswith("starter"):
            smaller = dataclasses.replace(network, preprocessing=network.preprocessing.resized(_SIDE))
        features, called = embed(smaller, inputs), Path(source).name.removesuffix("_224").removesuffix("_128")
        found[called] = features.output
        if source == str(NETWORK):
            found |= _blocks(called, features)
        elif "v1" in source:
            found["random weights"] = embed(random_network(smaller, 0), inputs).output
    return found, y


def _blocks(name: str, features: object) -> dict[str, np.ndarray]:
    depths = features.depths  # type: ignore[attr-defined]
    return {f"{name}, block {i}": depths[i] for i in sorted({1, len(depths) // 2})}


def _inputs(name: str) -> tuple[object, np.ndarray]:
    if name in TEXTS:
        return sets_of_texts()[name]
    if name == "mnist":
        pictures, y = digits(_MOST)
        return Pictures(list(pictures)), y
    if name == "cifar":
        file = np.load(DATA / "cifar10_subset" / "cifar10_subset.npz")
        keys = sorted(file)
        x = next(key for key in keys if file[key].ndim == 4)
        y = next(key for key in keys if file[key].ndim == 1 and len(file[key]) == len(file[x]))
        return Pictures(list(file[x])), file[y]
    places = {"caltech": "caltech101_subset", "chest": "chest_xray", "speakers": "spoken_digits"}
    places |= {one: f"office_caltech10_images/{one}" for one in ("amazon", "dslr")}
    places |= {one: f"pacs/{one}" for one in ("photo", "sketch")}
    label = r"re:(\d)_" if name == "speakers" else None
    dataset = read_dataset(DATA / places.get(name, name), label=label)
    return dataset.inputs, np.asarray(dataset.y)

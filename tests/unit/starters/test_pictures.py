"""The starter in the package: small, whole, and worth something on pictures it has never seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import headstart.starters
from headstart.data.pictures.pictures import Pictures
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.running.embed import embed

FOLDER = Path(headstart.starters.__file__).parent / "pictures"


def test_it_is_small_and_whole() -> None:
    sizes = {file.name: file.stat().st_size for file in FOLDER.iterdir()}
    assert set(sizes) == {
        *("README.md", "config.json", "headstart.json", "model.safetensors", "preprocessor_config.json")
    }
    assert sizes["model.safetensors"] <= 4_000_000
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "license: apache-2.0" in card and "research" in card and "MobileNet".lower() in card.lower()


def test_its_card_says_what_it_was_made_of() -> None:
    network = load_network("starter:pictures")
    assert network.kind == "starter"
    assert network.card.n_examples == 400_000 + 1_500 + 4_856  # its own pictures, not its teacher's 1,281,167
    assert network.card.licence == "apache-2.0"
    assert {p.dtype for p in network.module.parameters()} == {torch.float32}


def test_its_features_beat_random_weights_on_real_digits() -> None:
    digits = load_digits()
    rows = np.random.default_rng(0).permutation(len(digits.target))[:650]
    pictures = Pictures(list((digits.images[rows] * (255 / 16)).astype(np.uint8)))
    y = digits.target[rows]
    network = load_network("starter:pictures")
    scores = []
    for candidate in (network, random_network(network, 0)):
        depths = embed(candidate, pictures).depths[-3:]
        features = np.concatenate([np.sqrt(np.maximum(depth, 0)) for depth in depths], axis=1)
        features = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
        splits = [(slice(i, i + 50), slice(150, 650)) for i in (0, 50, 100)]
        heads = [LogisticRegression(C=0.03, max_iter=200).fit(features[a], y[a]) for a, _ in splits]
        scores.append(np.mean([h.score(features[b], y[b]) for h, (_, b) in zip(heads, splits, strict=True)]))
    assert scores[0] > 0.75
    assert scores[0] > scores[1] + 0.05

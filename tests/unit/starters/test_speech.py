"""The speech starter in the package: small, whole, and worth something on voices it has never heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

import headstart.starters
from headstart.cli.demos.wake_words import N_WORDS, wake_words
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.running.embed import embed

FOLDER = Path(headstart.starters.__file__).parent / "speech"


def test_it_is_small_and_whole() -> None:
    sizes = {file.name: file.stat().st_size for file in FOLDER.iterdir()}
    assert set(sizes) == {"README.md", "config.json", "headstart.json", "model.safetensors"}
    assert sizes["model.safetensors"] <= 4_000_000
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(words in card for words in ("license: apache-2.0", "CC BY-SA 4.0", "espeak-ng", "speech_embedding"))


def test_it_takes_waves_of_16_khz_from_half_a_second_on() -> None:
    network = load_network("starter:speech")
    assert (network.kind, network.input_type) == ("starter", "audio")
    assert network.preprocessing.rate == 16_000
    rng = np.random.default_rng(0)
    for seconds in (0.5, 1.5, 4.0):
        wave = torch.as_tensor(rng.normal(0, 0.1, (2, int(16_000 * seconds))), dtype=torch.float32)
        assert torch.isfinite(network.module(wave)).all()


def test_its_features_beat_random_weights_on_names_in_new_voices() -> None:
    data = wake_words(10 * N_WORDS, 0)
    known, new = data.part("train"), data.part("test")
    network = load_network("starter:speech")
    scores = []
    for candidate in (network, random_network(network, 0)):
        sides = [np.concatenate(embed(candidate, part.inputs).depths[-3:], axis=1) for part in (known, new)]
        mean, spread = sides[0].mean(axis=0), sides[0].std(axis=0) + 1e-6
        head = LogisticRegression(C=0.03, max_iter=300).fit((sides[0] - mean) / spread, known.y)
        scores.append(head.score((sides[1] - mean) / spread, new.y))
    assert scores[0] > 0.7
    assert scores[0] > scores[1] + 0.3, scores

"""What processes of a team compute in shares, each kind once."""

from __future__ import annotations

import numpy as np
import torch
from small_networks import CifarResNet
from tiny_pictures import pictures

import headstart
from headstart.data.inputs.inputs import as_inputs
from headstart.networks.reading.loading import load_network
from headstart.networks.running.cache import default_cache
from headstart.networks.running.embed import boundary, embed
from headstart.source import NetworkSource


def net() -> CifarResNet:
    """The same in every process that asks."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return CifarResNet(1).eval()


def computed() -> dict[str, np.ndarray]:
    """Features, activations, and probabilities of fine-tuned networks."""
    X, y = pictures(27)
    y[:12] = y[11::-1]  # where every answer is right, gradients are noise, which the optimiser makes as large as any
    network = load_network(NetworkSource(net(), size=32, name="small"))
    inputs = as_inputs(X)
    found = {"features": embed(network, inputs, cache=default_cache(), exact=True).output}
    found["boundary"] = boundary(network, inputs, 1)
    ways = {"last": {"train": "last:1"}, "all": {"train": "all"}, "held": {"train": "all", "early_stopping": True}}
    for name, way in ways.items():
        model = headstart.TransferClassifier(network, epochs=2, batch_size=5, learning_rate=1e-3, **way).fit(X, y)
        found[name] = model.predict_proba(X)
        found[f"{name}, loss"] = np.array([record["train_loss"] for record in model.history_])
    return found

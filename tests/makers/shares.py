"""What processes of a team compute in shares, each kind once."""

from __future__ import annotations

import dataclasses
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import CifarResNet
from tiny_pictures import pictures

import headstart
from headstart.data.inputs.inputs import as_inputs
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.running.cache import default_cache
from headstart.networks.running.embed import boundary, embed
from headstart.nn.steps import postponed
from headstart.parameters.tuning import trainee, tuning
from headstart.source import NetworkSource
from headstart.training import loop


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
    smaller = dataclasses.replace(network, preprocessing=network.preprocessing.resized(24))
    found["features of smaller ones"] = embed(smaller, inputs, cache=default_cache(), exact=True).output
    found["boundary"] = boundary(network, inputs, 1)
    sgd = {"optimizer": "sgd", "learning_rate": 0.02}
    ways = {"last": {"train": "last:1", **sgd}, "all": {"train": "all", **sgd}}
    ways["held"] = {"train": "all", "early_stopping": True, "learning_rate": 1e-3}
    for name, way in ways.items():
        model = headstart.TransferClassifier(network, epochs=2, batch_size=5, **way).fit(X, y)
        found[name] = model.predict_proba(X)
        found[f"{name}, loss"] = np.array([record["train_loss"] for record in model.history_])
    return found


class Interrupted(BaseException):
    """As somebody's Ctrl-C."""


def computed_in_shares(folder: Path) -> dict[str, np.ndarray]:
    """Probabilities of networks whose training lies in shares, if there are several processes; one is interrupted.

    Leaves its checkpoint as ``half``, which is gone on with where it is there already.
    """
    X, y = pictures(27)
    y[:12] = y[11::-1]
    network = load_network(NetworkSource(net(), size=32, name="small"))
    ways = {"last": {"train": "last:1", "l2_sp": 0.1}, "sgd": {"train": "all", "optimizer": "sgd", "l2_sp": 0.1}}
    interrupted = {"train": "all", "epochs": 4, "early_stopping": True, "checkpoint": folder / "run"}
    saves: list[Path] = []

    def saved(path: Path, state: dict[str, object]) -> None:
        saves.append(path)
        save(path, state)
        if len(saves) == 2 and not (folder / "half").exists():
            shutil.copy(path, folder / "half")
            if not postponed(Interrupted()):
                raise Interrupted

    save, shard, shared = loop.save_checkpoint, trainee.shard, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainee, "PART", 0)
        patch.setattr(trainee, "shard", lambda *what: (shared.append(1), shard(*what)))
        patch.setattr(loop, "save_checkpoint", saved)
        patch.setattr(tuning, "LoopSettings", partial(loop.LoopSettings, checkpoint_seconds=0.0))
        found = {name: _answers(network, X, y, way) for name, way in ways.items()}
        if (folder / "half").exists():
            shutil.copy(folder / "half", folder / "run")
        else:
            with pytest.raises(Interrupted):
                _answers(network, X, y, interrupted)
        saves.clear()
        found["interrupted"] = _answers(network, X, y, interrupted)
    assert len(saves) == 2  # of four epochs
    found["shared"] = np.array(len(shared))
    return found


def _answers(network: Network, X: np.ndarray, y: np.ndarray, way: dict[str, object]) -> np.ndarray:
    settings = {"epochs": 2, "batch_size": 5, "learning_rate": 1e-3, **way}
    return headstart.TransferClassifier(network, **settings).fit(X, y).predict_proba(X)

"""The compiled forward pass, where OpenVINO is installed, and the choice to use it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import small_network, wrapped

from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.running import runners
from headstart.networks.running.compiled import worth_compiling

PIXELS = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)


def small() -> Network:
    return wrapped(*small_network("resnet"))


@pytest.mark.parametrize("name", ["resnet", "vit", "mobilenet v2"])
def test_compiled_features_are_close(name: str) -> None:
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    module, side = small_network(name)
    network = wrapped(module, side)
    pixels = PIXELS[:, :side, :side]
    exact = runners.Runner(network, "cpu", torch.float32)(pixels)
    compiled = runners._compiled(network, "cpu")
    for n in (8, 3):
        found = compiled(pixels[:n])
        assert found.shape == exact[:n].shape
        assert np.linalg.norm(found - exact[:n]) <= 0.05 * np.linalg.norm(exact[:n])


def test_many_pictures_are_worth_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def compiled(network: Network, device: str) -> runners.Forward:
        made.append(device)
        return runners.Runner(network, device, torch.float32)

    monkeypatch.setattr(runners, "openvino_installed", lambda: True)
    monkeypatch.setattr(runners, "_compiled", compiled)
    network = small()
    few = runners.runner_for(network, "cpu", False, lambda: PIXELS, 10)
    assert made == []
    many = runners.runner_for(network, "cpu", False, lambda: PIXELS, 10**9)
    assert made == ["cpu"]
    assert many is not few
    assert runners.runner_for(network, "cpu", False, lambda: PIXELS, 10**9) is many
    assert runners.runner_for(network, "cpu", True, None, 10**9) is not many


@pytest.mark.parametrize(
    ("name", "few", "many"), [("mobilenet_v2_1.0_224", 150, 400), ("mobilenet_v1_0.25_128", 1500, 5000)]
)
def test_compiling_pays_from_fewer_pictures_on_the_larger_the_network(
    shared_data: Path, name: str, few: int, many: int
) -> None:
    network = load_network(shared_data / "networks" / name)
    assert not worth_compiling(network, few)
    assert worth_compiling(network, many)


def test_a_network_that_cannot_be_compiled_runs_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(network: Network, device: str) -> runners.Forward:
        raise RuntimeError("OpenVINO cannot compile this network: unknown operation")

    monkeypatch.setattr(runners, "openvino_installed", lambda: True)
    monkeypatch.setattr(runners, "_compiled", compiled)
    assert isinstance(runners.runner_for(small(), "cpu", False, lambda: PIXELS, 10**9), runners.Runner)

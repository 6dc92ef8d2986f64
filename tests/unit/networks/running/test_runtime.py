"""The faster forward pass: what is merged, and when 16 bits are good enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import SMALL_NETWORKS, batch, small_network
from torch import Tensor, nn

from headstart.networks.cutting.chain import find_chain
from headstart.networks.cutting.features import read_features
from headstart.networks.cutting.trace import twin
from headstart.networks.reading.loading import load_network
from headstart.networks.running.precision import agrees
from headstart.networks.running.runners import sample_rows
from headstart.networks.running.simplify import simplify


@pytest.mark.parametrize("name", SMALL_NETWORKS)
def test_less_work_gives_the_same_features(name: str) -> None:
    module, side = small_network(name)
    layer = find_chain(module, batch(side)).output_layer
    before = {key: value.clone() for key, value in module.state_dict().items()}
    simple = simplify(module, batch(side, 1), layer)
    x = batch(side, 3, seed=5)
    with torch.no_grad():
        expected, found = (read_features(twin(net), layer, x) for net in (module, simple))
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-5 * float(expected.abs().max()))
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())


def test_norms_and_padding_of_a_real_network_are_gone(shared_data: Path) -> None:
    network = load_network(shared_data / "networks" / "mobilenet_v1_0.25_128")
    simple = simplify(network.module, network.example(), network.chain.output_layer)
    assert not any(isinstance(sub, nn.BatchNorm2d) for sub in simple.modules())
    layers = [sub for sub in simple.modules() if hasattr(sub, "convolution")]
    assert len(layers) == 27
    assert not any(layer.config.tf_padding for layer in layers)
    assert network.module.config.tf_padding
    x = network.example(2)
    with torch.no_grad():
        torch.testing.assert_close(simple(x).logits, network.module(x).logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("pads", [(1, 1, 1, 1), (0, 1, 0, 1), (0, 2, 1, 1), (1, 0, 1, 0)])
def test_zero_padding_goes_into_the_convolution_where_it_can(pads: tuple[int, int, int, int]) -> None:
    net = nn.Sequential(nn.ZeroPad2d(pads), nn.Conv2d(3, 4, 3, stride=2), nn.ReLU()).eval()
    x = batch(13)
    simple = simplify(net, x[:1])
    assert isinstance(simple[0], nn.Identity) == (pads != (1, 0, 1, 0))
    with torch.no_grad():
        torch.testing.assert_close(simple(x), net(x))


def test_what_is_used_twice_is_not_merged() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
            nn.init.uniform_(self.norm.running_var, 2, 3)
            self.relu = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            y = self.conv(x)
            return self.relu(self.norm(y)) + y

    net = Twice().eval()
    x = batch(8)
    with torch.no_grad():
        torch.testing.assert_close(simplify(net, x[:1])(x), net(x))


def test_small_errors_pass_and_large_ones_do_not() -> None:
    rng = np.random.default_rng(0)
    exact = rng.normal(size=(12, 200)) + 1
    noise = rng.normal(size=exact.shape)
    assert agrees(exact, exact)
    assert agrees(exact, exact + 0.02 * noise)
    assert not agrees(exact, exact + 0.3 * noise)
    assert not agrees(exact, exact[:, ::-1])
    assert not agrees(exact, np.where(noise > 3, np.nan, exact))


def test_an_error_counts_against_what_tells_the_pictures_apart() -> None:
    rng = np.random.default_rng(0)
    exact = 10 + 0.1 * rng.normal(size=(12, 200))
    near = exact + 0.05 * rng.normal(size=exact.shape)
    assert np.abs(near / exact - 1).max() < 0.03
    assert not agrees(exact, near)
    assert agrees(np.full((4, 5), 3.0), np.full((4, 5), 3.01))


def test_pictures_for_the_trial_are_spread_and_few() -> None:
    assert sample_rows(7) is None
    chosen = sample_rows(5000)
    assert chosen is not None
    assert (len(chosen), chosen[0], chosen[-1]) == (16, 0, 4999)

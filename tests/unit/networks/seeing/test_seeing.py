"""Where a place looks, filters the right way round, the strongest places, and what hand-made filters prefer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers
from torch import nn

from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.seeing.fields import field_of
from headstart.networks.seeing.filters import first_filters
from headstart.networks.seeing.pictures import see
from headstart.networks.seeing.preferences import preferences, stem_selectivity
from headstart.networks.seeing.responses import depths_of
from headstart.networks.seeing.strongest import strongest
from headstart.source import NetworkSource

PLAIN = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}


def network(*layers: nn.Module, width: int, size: int = 48) -> Network:
    tail = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 3))
    return load_network(NetworkSource(nn.Sequential(*layers, *tail).eval(), size=size, **PLAIN))


def conv(kernels: np.ndarray, **how: int) -> nn.Conv2d:
    layer = nn.Conv2d(3, len(kernels), kernels.shape[-1], bias=False, **how)
    layer.weight.data = torch.from_numpy(np.ascontiguousarray(kernels, dtype=np.float32))
    return layer


def test_a_field_is_where_the_kernels_lie_also_where_padding_moves_the_map() -> None:
    torch.manual_seed(0)
    moved = nn.ZeroPad2d((0, 1, 0, 1))  # TensorFlow's "same" padding for even sides and stride 2
    layers = [part for i in range(3) for part in (moved, nn.Conv2d(3 if i == 0 else 8, 8, 3, 2))]
    net = network(*layers, width=8, size=64)
    field = field_of(net, "5")
    assert field.shape == (8, 8)
    assert field.step == (8, 8)
    # The middle of place 0 lies at 1.5 + 2 * 1 + 4 * 1 pixels; even cells would have it at 4.
    assert field.start == pytest.approx((7.5, 7.5), abs=1.0)
    assert 3 <= field.size[0] <= 15
    even = network(nn.Conv2d(3, 8, 3, 1, 1), nn.ReLU(), width=8)
    assert field_of(even, "0").start == pytest.approx((0.5, 0.5), abs=0.4)


def test_filters_are_shown_as_light_and_dead_ones_are_named() -> None:
    kernels = np.zeros((3, 3, 3, 3))
    kernels[0, :, 1] = 1.0  # a light line
    kernels[1, :, 1] = -1.0  # its norm turns it round
    norm = nn.BatchNorm2d(3)
    norm.weight.data = torch.tensor([1.0, -1.0, 0.0])
    kernels[2] = np.random.default_rng(0).standard_normal((3, 3, 3))
    found = first_filters(network(conv(kernels, padding=1), norm, nn.ReLU(), width=3))
    assert found is not None
    assert (found.channels, found.dead) == ((0, 1), (2,))
    for picture in found.pictures:
        assert picture[1].min() == 255
        assert picture[0].max() == picture[2].max() == 128


def test_the_division_of_the_input_is_seen_in_the_colours_of_filters() -> None:
    net = load_network(
        NetworkSource(
            nn.Sequential(
                conv(np.ones((2, 3, 3, 3))), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2)
            ),
            size=32,
            mean=(0.5, 0.5, 0.5),
            std=(0.25, 0.5, 0.5),
        )
    )
    found = first_filters(net)
    assert found is not None
    assert found.pictures[0, 0, 0].tolist() == [255, 191, 191]


def test_filters_of_patches_and_depths_of_a_transformer() -> None:
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, image_size=32, patch_size=8
    )
    torch.manual_seed(0)
    net = load_network(NetworkSource(transformers.ViTForImageClassification(config), size=32, **PLAIN))
    found = first_filters(net)
    assert found is not None
    assert found.pictures.shape == (16, 8, 8, 3)
    sight = see(net, None)
    assert len(sight.depths) >= 2
    shown = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    for one in strongest(net, shown, depths_of(net)):
        assert one.shape == (4, 4)


def test_the_strongest_place_is_where_the_pattern_was_put() -> None:
    kernels = np.zeros((3, 3, 3, 3))
    kernels[0, 0] = 1.0  # red
    kernels[1, 2] = 1.0  # blue
    net = network(conv(kernels, padding=1), nn.ReLU(), width=3)
    shown = np.full((4, 48, 48, 3), 20, np.uint8)
    shown[2, 10:14, 30:34, 0] = 255
    shown[1, 40:44, 5:9, 2] = 255
    (found,) = strongest(net, shown, ["0"])
    assert found.silent == (2,)
    assert set(found.places) == {0, 1}
    red, blue = found.places[0][0], found.places[1][0]
    assert red.input == 2 and 10 <= red.cell[0] < 14 and 30 <= red.cell[1] < 34
    assert blue.input == 1 and 40 <= blue.cell[0] < 44 and 5 <= blue.cell[1] < 9


def oriented(n: int, k: int = 7) -> np.ndarray:
    """Filters of light lines in n directions."""
    at = np.arange(k) - k // 2
    down, across = np.meshgrid(at, at, indexing="ij")
    found = []
    for angle in np.pi * np.arange(n) / n:
        away = np.cos(angle) * across + np.sin(angle) * down
        one = np.exp(-(away**2)) * np.exp(-(down**2 + across**2) / 12)
        found.append(np.broadcast_to(one - one.mean(), (3, k, k)) / np.abs(one).sum())
    return np.stack(found)


def test_filters_of_lines_are_selective_and_round_ones_are_not() -> None:
    lines = network(conv(oriented(8), padding=3), nn.ReLU(), width=8)
    at = np.arange(7) - 3
    ring = np.exp(-(at[:, None] ** 2 + at**2) / 2)
    round_ = np.broadcast_to(ring - ring.mean(), (2, 3, 7, 7))
    spots = network(conv(round_, padding=3), nn.ReLU(), width=2)
    assert stem_selectivity(lines, "0") > 0.4
    assert stem_selectivity(spots, "0") < 0.1


def test_lines_prefer_edges_and_the_same_network_at_random_less_so() -> None:
    net = network(conv(oriented(16), padding=3), nn.ReLU(), width=16)
    found = preferences(net)
    assert found.shares[0]["edges"].mean > found.random[0]["edges"].mean
    assert found.selectivity.mean > found.random_selectivity.mean + 0.1
    assert sum(share.mean for share in found.shares[0].values()) == pytest.approx(1.0)
    again = preferences(net)
    assert again == found

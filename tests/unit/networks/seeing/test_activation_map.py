"""A class activation map adds up to the score, whatever pools the map, and there is none where it cannot."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers
from small_sounds import sound_network
from torch import Tensor, nn

from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.running.runtime import to_tensor
from headstart.networks.seeing.activation_map import activation_maps, last_map
from headstart.source import NetworkSource


class MeanAndMax(nn.Module):
    """Mean and maximum over places, side by side."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


class Tokens(nn.Module):
    """Maps as tokens, with a class token before them that the mean leaves out or not."""

    def __init__(self, with_class: bool) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.ones(1, 1, 12))
        self.with_class = with_class

    def forward(self, x: Tensor) -> Tensor:
        tokens = torch.cat([self.class_token.expand(len(x), -1, -1), x.flatten(2).transpose(1, 2)], 1)
        return tokens[:, 0] if self.with_class else tokens[:, 1:].mean(1)


def network(*pooling: nn.Module, width: int = 12) -> Network:
    torch.manual_seed(0)
    body = (nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Conv2d(8, 12, 3, 2, 1), nn.ReLU())
    return load_network(NetworkSource(nn.Sequential(*body, *pooling, nn.Linear(width, 4)), size=32))


def head(d: int, K: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.standard_normal((d, K)), rng.standard_normal(K)


PICTURES = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def test_with_a_mean_over_places_it_is_the_weighted_sum_of_the_channels() -> None:
    net = network(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    coef, _ = head(12)
    chosen = np.array([0, 1, 2, 1, 0])
    found = activation_maps(net, PICTURES, coef, chosen)
    with torch.no_grad():
        maps = net.module[:5](to_tensor(PICTURES, net.preprocessing)).double().numpy()
    expected = np.einsum("nchw,nc->nhw", maps, coef.T[chosen])
    np.testing.assert_allclose(found.maps, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.features, maps.mean((2, 3)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("pooling", "width"),
    [
        ((nn.AdaptiveAvgPool2d(1), nn.Flatten()), 12),
        ((nn.AdaptiveMaxPool2d(1), nn.Flatten()), 12),
        ((MeanAndMax(),), 24),
        ((nn.Flatten(),), 768),
        ((Tokens(with_class=False),), 12),
    ],
    ids=["mean", "max", "mean and max", "all places", "tokens"],
)
def test_the_mean_of_the_map_and_the_intercept_are_the_logit(pooling: tuple[nn.Module, ...], width: int) -> None:
    net = network(*pooling, width=width)
    coef, intercept = head(width)
    chosen = np.array([2, 0, 1, 1, 2])
    found = activation_maps(net, PICTURES, coef, chosen)
    logits = found.features @ coef + intercept
    added = found.maps.mean((1, 2)) + intercept[chosen]
    np.testing.assert_allclose(added, logits[np.arange(5), chosen], atol=1e-5 * np.abs(logits).max())


def test_clips_have_maps_of_time_and_tones() -> None:
    net = sound_network()
    waves = np.random.default_rng(0).standard_normal((2, *net.preprocessing.size)).astype(np.float32)
    coef, intercept = head(net.chain.n_features)
    found = activation_maps(net, waves, coef, np.array([1, 2]))
    logits = found.features @ coef + intercept
    expected = [logits[0, 1], logits[1, 2]]
    np.testing.assert_allclose(found.maps.mean((1, 2)) + intercept[[1, 2]], expected, atol=1e-4)
    assert found.maps.shape[1] > 1


@pytest.mark.parametrize(
    "pooling",
    [
        (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 12), nn.ReLU()),
        (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(12)),
        (Tokens(with_class=True),),
    ],
    ids=["another layer", "a norm", "a class token"],
)
def test_there_is_none_where_the_places_do_not_add_up(pooling: tuple[nn.Module, ...]) -> None:
    net = network(*pooling)
    assert last_map(net) is None
    with pytest.raises(ValueError, match="Expected a network whose last map is pooled"):
        activation_maps(net, PICTURES, *head(12)[:1], np.zeros(5, int))


def test_a_transformer_that_answers_by_its_class_token_has_none(tmp_path: object) -> None:
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, image_size=32, patch_size=8
    )
    torch.manual_seed(0)
    net = load_network(NetworkSource(transformers.ViTForImageClassification(config), size=32))
    assert last_map(net) is None


def test_the_network_is_not_changed() -> None:
    net = network(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    before = {name: value.clone() for name, value in net.module.state_dict().items()}
    activation_maps(net, PICTURES, *head(12)[:1], np.zeros(5, int))
    assert all(torch.equal(before[name], value) for name, value in net.module.state_dict().items())
    assert not any(part._forward_hooks for part in net.module.modules())
    assert all(p.grad is None for p in net.module.parameters())

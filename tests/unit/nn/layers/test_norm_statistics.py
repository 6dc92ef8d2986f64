"""Batch norm of other data: against statistics that are computed layer by layer, whatever the batches."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from headstart.nn.layers.norm_statistics import reestimate


def network() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        parts = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5), nn.ReLU()]
        return nn.Sequential(*parts, nn.Flatten(), nn.Linear(5 * 16, 6), nn.BatchNorm1d(6)).eval()


def slow(net: nn.Sequential, X: torch.Tensor) -> list[tuple[np.ndarray, np.ndarray]]:
    """All rows at once through each layer; what goes into a batch norm is measured, and normalised by that."""
    found, x = [], X.double().numpy()
    for layer in net:
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            rows = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
            found.append((rows.mean(axis=0), rows.var(axis=0, ddof=1)))
            shape = (1, -1) + (1,) * (x.ndim - 2)
            mean, variance = (part.reshape(shape) for part in found[-1])
            weight, bias = (p.detach().double().numpy().reshape(shape) for p in (layer.weight, layer.bias))
            x = (x - mean) / np.sqrt(variance + layer.eps) * weight + bias
        else:
            with torch.no_grad():
                x = layer.double()(torch.from_numpy(x)).numpy()
    return found


def test_each_layer_gets_the_statistics_of_what_goes_into_it_behind_the_new_ones() -> None:
    X = 3 + 2 * torch.randn(11, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    net, before = network(), {name: p.clone() for name, p in network().named_parameters()}
    layers = [layer for layer in net if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)]

    def run() -> None:
        for part in (X[:2], X[2:9], X[9:]):
            net(part)

    reestimate(layers[::-1], run)  # in the order in which they run, not the one in which they are given
    for layer, (mean, variance) in zip(layers, slow(network(), X), strict=True):
        assert np.allclose(layer.running_mean, mean, atol=1e-5) and np.allclose(layer.running_var, variance, rtol=1e-4)
    assert all(torch.equal(p, before[name]) for name, p in net.named_parameters())
    assert not any(layer._forward_pre_hooks for layer in layers)


def test_a_layer_that_nothing_goes_through_stays() -> None:
    used, idle = nn.BatchNorm1d(2).eval(), nn.BatchNorm1d(2).eval()
    reestimate([used, idle], lambda: used(torch.tensor([[1.0, 2.0]])))
    assert used.running_mean.tolist() == [1, 2] and used.running_var.tolist() == [0, 0]
    assert idle.running_mean.tolist() == [0, 0] and idle.running_var.tolist() == [1, 1]

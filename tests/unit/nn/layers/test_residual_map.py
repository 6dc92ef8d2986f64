"""The map that begins as the identity."""

from __future__ import annotations

import torch

from headstart.nn.layers.residual_map import ResidualMap


def test_it_begins_as_the_identity_and_has_a_gradient() -> None:
    x, mapping = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), ResidualMap(3)
    assert torch.equal(mapping(x), x)
    mapping(x).square().sum().backward()
    assert torch.allclose(mapping.weight.grad, 2 * x.T @ x)  # type: ignore[arg-type]


def test_folded_coefficients_give_the_same_scores() -> None:
    generator = torch.Generator().manual_seed(1)
    x, coef, mapping = torch.randn(5, 3, generator=generator), torch.randn(3, 2, generator=generator), ResidualMap(3)
    with torch.no_grad():
        mapping.weight.copy_(torch.randn(3, 3, generator=generator))
    assert torch.allclose(x @ mapping.folded(coef), mapping(x) @ coef, atol=1e-5)

"""VICReg's terms against loops and closed forms; what tells that a network has collapsed."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.nn.self_supervised import covariance_term, effective_rank, evenness, expander, variance_term, vicreg


def embeddings(n: int, d: int, seed: int = 0, scale: float = 1.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(n, d, generator=generator) @ torch.randn(d, d, generator=generator) + 3.0


def covariance_by_loops(z: list[list[float]]) -> float:
    """Equations 3 and 4 of the paper, letter by letter."""
    n, d = len(z), len(z[0])
    means = [sum(row[j] for row in z) / n for j in range(d)]
    total = 0.0
    for i in range(d):
        for j in range(d):
            if i != j:
                c = sum((row[i] - means[i]) * (row[j] - means[j]) for row in z) / (n - 1)
                total += c * c
    return total / d


def variance_by_loops(z: list[list[float]], eps: float = 1e-4) -> float:
    """Equations 1 and 2 of the paper."""
    n, d = len(z), len(z[0])
    total = 0.0
    for j in range(d):
        mean = sum(row[j] for row in z) / n
        total += max(0.0, 1 - math.sqrt(sum((row[j] - mean) ** 2 for row in z) / (n - 1) + eps))
    return total / d


@settings(max_examples=25, deadline=None)
@given(n=st.integers(2, 9), d=st.integers(1, 6), seed=st.integers(0, 1000), scale=st.floats(0.01, 2.0))
def test_terms_equal_the_papers_sums(n: int, d: int, seed: int, scale: float) -> None:
    z = embeddings(n, d, seed, scale).double()
    assert float(covariance_term(z)) == pytest.approx(covariance_by_loops(z.tolist()), rel=1e-9, abs=1e-12)
    assert float(variance_term(z)) == pytest.approx(variance_by_loops(z.tolist()), rel=1e-9, abs=1e-12)


def test_the_whole_loss_is_the_weighted_sum() -> None:
    a, b = embeddings(6, 4, 0, 0.2).double(), embeddings(6, 4, 1, 0.2).double()
    x, y = a.tolist(), b.tolist()
    alike = sum((p - q) ** 2 for r, s in zip(x, y, strict=True) for p, q in zip(r, s, strict=True)) / 24
    expected = (
        3 * alike
        + 5 * (variance_by_loops(x) + variance_by_loops(y)) / 2
        + 7 * (covariance_by_loops(x) + covariance_by_loops(y))
    )
    assert float(vicreg(a, b, invariance=3, variance=5, covariance=7)) == pytest.approx(expected, rel=1e-12)


def test_order_of_examples_and_of_views_does_not_matter() -> None:
    a, b = embeddings(16, 5, 0), embeddings(16, 5, 1)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(vicreg(a[order], b[order]), vicreg(a, b))
    torch.testing.assert_close(vicreg(b, a), vicreg(a, b))
    assert not torch.isclose(vicreg(a[order], b), vicreg(a, b)), "views of different examples count as the same"


def test_a_shift_of_all_changes_nothing_and_spreading_more_costs_nothing() -> None:
    a, b = embeddings(12, 5, 0), embeddings(12, 5, 1)
    torch.testing.assert_close(vicreg(a + 9, b + 9), vicreg(a, b), rtol=1e-3, atol=1e-3)
    wide = 10 * torch.eye(4)
    assert float(variance_term(wide)) == 0.0


def test_collapse_is_what_costs_most() -> None:
    same = torch.ones(8, 4)
    assert float(vicreg(same, same)) == pytest.approx(25 * (1 - 1e-2), rel=1e-6)
    z = embeddings(8, 4, 3)
    copied = z[:, :1].expand(8, 4)
    assert float(covariance_term(copied)) == pytest.approx(3 * float(z[:, 0].var()) ** 2, rel=1e-5)


def test_gradients_reach_both_views_and_stay_finite_where_all_is_constant() -> None:
    a, b = torch.ones(6, 3, requires_grad=True), torch.full((6, 3), 2.0, requires_grad=True)
    vicreg(a, b).backward()
    for z in (a, b):
        assert z.grad is not None
        assert torch.isfinite(z.grad).all()
        assert z.grad.abs().sum() > 0


def test_descent_on_the_embeddings_alone_reaches_zero() -> None:
    z = torch.nn.Parameter(0.01 * torch.randn(32, 4, generator=torch.Generator().manual_seed(0)))
    optimizer = torch.optim.Adam([z], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        vicreg(z, z).backward()
        optimizer.step()
    assert float(vicreg(z, z).detach()) < 0.05
    assert torch.linalg.cond(torch.cov(z.detach().T)) < 1.5


@pytest.mark.parametrize("shapes", [((3, 2), (4, 2)), ((1, 2), (1, 2)), ((3, 2, 2), (3, 2, 2))])
def test_wrong_shapes_are_named(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ValueError, match=r"Expected two equal shapes \(n, d\) with n >= 2, found \("):
        vicreg(torch.zeros(shapes[0]), torch.zeros(shapes[1]))


def test_the_expander_ends_with_a_plain_linear_layer() -> None:
    layers = list(expander(5, 7, 8, 9))
    assert [type(layer).__name__ for layer in layers] == ["Linear", "BatchNorm1d", "ReLU"] * 2 + ["Linear"]
    assert expander(5, 7, 8, 9)(torch.randn(4, 5)).shape == (4, 9)
    assert len(expander(5, 9)) == 1


def test_evenness_is_one_on_the_sphere_and_nought_in_a_point() -> None:
    generator = torch.Generator().manual_seed(0)
    assert evenness(torch.randn(4000, 16, generator=generator)) == pytest.approx(1.0, abs=0.02)
    assert evenness(torch.randn(4000, 16, generator=generator) * 1e-3 + 1) < 0.01
    assert evenness(7 * embeddings(50, 8)) == pytest.approx(evenness(embeddings(50, 8)), rel=1e-5)


@pytest.mark.parametrize("rank", [1, 3, 8])
def test_effective_rank_counts_directions(rank: int) -> None:
    generator = torch.Generator().manual_seed(0)
    basis = torch.linalg.qr(torch.randn(20, rank, generator=generator))[0]
    spread = torch.linalg.qr(torch.randn(200, rank + 1, generator=generator))[0]
    spread = torch.linalg.qr(spread - spread.mean(0))[0][:, :rank]
    assert effective_rank(spread @ basis.T + 5) == pytest.approx(rank, rel=1e-3)
    assert effective_rank(1000 * spread @ basis.T) == pytest.approx(rank, rel=1e-3)

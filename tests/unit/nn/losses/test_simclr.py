"""SimCLR's loss against loops and closed forms; what tells that a network has collapsed."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.nn.losses.simclr import effective_rank, evenness, found, nt_xent, projector


def embeddings(n: int, d: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator) @ torch.randn(d, d, generator=generator) + 0.3


def cosine(a: list[float], b: list[float]) -> float:
    lengths = math.sqrt(sum(x * x for x in a) * sum(x * x for x in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths


def loss_by_loops(z1: list[list[float]], z2: list[list[float]], temperature: float) -> float:
    """Algorithm 1 of the paper, letter by letter: views 2k - 1 and 2k are of the same example."""
    z = [view for pair in zip(z1, z2, strict=True) for view in pair]

    def one(i: int, j: int) -> float:
        total = sum(math.exp(cosine(z[i], z[k]) / temperature) for k in range(len(z)) if k != i)
        return -math.log(math.exp(cosine(z[i], z[j]) / temperature) / total)

    return sum(one(k, k + 1) + one(k + 1, k) for k in range(0, len(z), 2)) / len(z)


@settings(max_examples=30)
@given(n=st.integers(2, 8), d=st.integers(1, 6), seed=st.integers(0, 1000), temperature=st.floats(0.05, 5.0))
def test_the_loss_is_the_papers_sum(n: int, d: int, seed: int, temperature: float) -> None:
    a, b = embeddings(n, d, seed).double(), embeddings(n, d, seed + 1).double()
    expected = loss_by_loops(a.tolist(), b.tolist(), temperature)
    assert float(nt_xent(a, b, temperature)) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_order_of_examples_and_of_views_and_length_do_not_matter() -> None:
    a, b = embeddings(16, 5, 0), embeddings(16, 5, 1)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(nt_xent(a[order], b[order]), nt_xent(a, b))
    torch.testing.assert_close(nt_xent(b, a), nt_xent(a, b))
    torch.testing.assert_close(nt_xent(7 * a, 0.01 * b), nt_xent(a, b))
    assert not torch.isclose(nt_xent(a[order], b), nt_xent(a, b)), "views of different examples count as the same"


@pytest.mark.parametrize("n", [2, 5, 32])
def test_collapse_costs_what_guessing_does(n: int) -> None:
    same = torch.ones(n, 4)
    assert float(nt_xent(same, same)) == pytest.approx(math.log(2 * n - 1), rel=1e-6)


def test_even_spread_has_its_closed_form() -> None:
    z = torch.eye(6)  # each view finds its like at cosine 1 and 10 strangers at cosine 0
    expected = math.log(math.exp(1 / 0.5) + 10) - 1 / 0.5
    assert float(nt_xent(z, z, temperature=0.5)) == pytest.approx(expected, rel=1e-6)


def test_gradients_reach_both_views_and_change_directions_alone() -> None:
    a, b = (embeddings(6, 3, k).requires_grad_() for k in range(2))
    nt_xent(a, b).backward()
    for z in (a, b):
        assert z.grad is not None
        assert z.grad.abs().sum() > 0
        assert (z.grad * z.detach()).sum(1).abs().max() < 1e-5  # none along the embedding: its length is free


def test_descent_on_the_embeddings_alone_brings_likes_together_and_drives_strangers_apart() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.nn.Parameter(torch.randn(5, 8, generator=generator)) for _ in range(2))
    optimizer = torch.optim.Adam([a, b], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        nt_xent(a, b).backward()
        optimizer.step()
    u, v = (torch.nn.functional.normalize(z.detach(), dim=1) for z in (a, b))
    assert (u * v).sum(1).min() > 0.98
    assert (u @ v.T).fill_diagonal_(-1).max() < -0.2  # as far apart as five directions can be: -1/4
    assert found(a.detach(), b.detach()) == 1.0


def test_found_counts_views_whose_nearest_is_their_like() -> None:
    a, b = embeddings(9, 4, 0).double(), embeddings(9, 4, 1).double()
    views = [*a.tolist(), *b.tolist()]
    right = 0
    for i, view in enumerate(views):
        others = {k: cosine(view, other) for k, other in enumerate(views) if k != i}
        right += max(others, key=lambda k: others[k]) == (i + 9) % 18
    assert found(a, b) == right / 18


@pytest.mark.parametrize("shapes", [((3, 2), (4, 2)), ((1, 2), (1, 2)), ((3, 2, 2), (3, 2, 2))])
def test_wrong_shapes_are_named(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ValueError, match=r"Expected two equal shapes \(n, d\) with n >= 2, found \("):
        nt_xent(torch.zeros(shapes[0]), torch.zeros(shapes[1]))


def test_the_projector_ends_with_a_plain_linear_layer() -> None:
    layers = list(projector(5, 7, 8, 9))
    assert [type(layer).__name__ for layer in layers] == ["Linear", "BatchNorm1d", "ReLU"] * 2 + ["Linear"]
    assert projector(5, 7, 8, 9)(torch.randn(4, 5)).shape == (4, 9)
    assert len(projector(5, 9)) == 1


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


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark that the loss was chosen by; a comparison is worth what the losers' code is."""
    folder = Path(__file__).parents[4] / "benchmarks"
    monkeypatch.syspath_prepend(str(folder))
    spec = importlib.util.spec_from_file_location("self_supervised_benchmark", folder / "self_supervised.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_losers_losses_are_the_papers(others: ModuleType) -> None:
    n, d = 7, 4
    a, b = 0.2 * embeddings(n, d, 0).double(), 0.2 * embeddings(n, d, 1).double()
    cov = [torch.cov(z.T) for z in (a, b)]
    spread = sum(torch.relu(1 - (c.diagonal() + 1e-4).sqrt()).mean() for c in cov) / 2
    shared = sum((c - c.diagonal().diag()).square().sum() / d for c in cov)
    expected = 25 * (a - b).square().mean() + 25 * spread + shared
    assert float(others.vicreg(a, b)) == pytest.approx(float(expected), rel=1e-9)
    correlation = torch.corrcoef(torch.cat([a, b], dim=1).T)[:d, d:]
    off = correlation.square().sum() - correlation.diagonal().square().sum()
    expected = ((correlation.diagonal() - 1).square().sum() + 5e-3 * off) / d
    assert float(others.barlow_twins(a, b)) == pytest.approx(float(expected), rel=1e-3)


def test_no_gradient_flows_through_targets_and_the_teacher_is_the_moving_average(others: ModuleType) -> None:
    p, z = (embeddings(5, 3, k).requires_grad_() for k in range(2))
    others.cosine(p, z).backward()
    assert p.grad is not None
    assert z.grad is None

    def features(network: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        return network(x)

    method = others.Method("byol", torch.nn.Linear(6, 4), features, 4)
    method(torch.randn(8, 6, generator=torch.Generator().manual_seed(0))).backward()
    assert all(weight.grad is None for weight in method.teacher.parameters())
    assert all(weight.grad is not None for weight in [*method.network.parameters(), *method.projector.parameters()])
    before = [weight.clone() for weight in method.teacher.parameters()]
    online = [*method.network.parameters(), *method.projector.parameters()]
    with torch.no_grad():
        for weight in online:
            weight += 1.0
    method.after_step(0.5, base=0.9)  # half way: 1 - 0.1 * (cos(pi / 2) + 1) / 2
    for old, new, own in zip(before, method.teacher.parameters(), online, strict=True):
        torch.testing.assert_close(new, 0.95 * old + 0.05 * own.detach())
    method.after_step(1.0)
    for old, new in zip(before, method.teacher.parameters(), strict=True):
        torch.testing.assert_close(new, old + 0.05)  # at the end it stands still

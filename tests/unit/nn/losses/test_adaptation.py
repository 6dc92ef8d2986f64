"""Losses of domain adaptation against the papers' formulas, written out slowly in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from headstart.nn.layers.gradient_reversal import reversal_strength, reverse_gradient
from headstart.nn.losses.adversarial import domain_loss, entropy_weights, multilinear_map
from headstart.nn.losses.class_confusion import class_confusion
from headstart.nn.losses.disagreement import classifier_discrepancy, margin_disparity
from headstart.nn.losses.information import centroid_labels, information_maximisation
from headstart.nn.losses.joint_transport import joint_costs, transported
from headstart.nn.losses.kernel_means import kernel_mean_distance, mixed_kernel
from headstart.nn.losses.moments import coral_distance, norm_step

SEEDS = st.integers(0, 2**31 - 1)


def drawn(seed: int, *shapes: tuple[int, ...], scale: float = 2.0) -> list[Tensor]:
    rng = np.random.default_rng(seed)
    return [torch.from_numpy(scale * rng.normal(size=shape)) for shape in shapes]


def softmax(row: np.ndarray) -> np.ndarray:
    return np.exp(row) / np.exp(row).sum()


def entropy(p: np.ndarray) -> float:
    return -sum(value * np.log(value) for value in p)


def slow_information(logits: np.ndarray) -> float:
    P = np.array([softmax(row) for row in logits])
    return np.mean([entropy(p) for p in P]) - entropy(P.mean(axis=0))


def slow_confusion(logits: np.ndarray, T: float) -> float:
    P = np.array([softmax(row / T) for row in logits])
    n, K = P.shape
    w = np.array([1 + np.exp(-entropy(p)) for p in P])
    w = n * w / w.sum()
    C = np.array([[sum(P[i, j] * w[i] * P[i, k] for i in range(n)) for k in range(K)] for j in range(K)])
    C = C / C.sum(axis=1, keepdims=True)
    return sum(C[j, k] for j in range(K) for k in range(K) if j != k) / K


def slow_coral(S: np.ndarray, T: np.ndarray) -> float:
    def covariance(D: np.ndarray) -> np.ndarray:
        ones = np.ones((1, len(D)))
        return (D.T @ D - (ones @ D).T @ (ones @ D) / len(D)) / (len(D) - 1)

    return float(((covariance(S) - covariance(T)) ** 2).sum() / (4 * S.shape[1] ** 2))


def slow_kernel(rows: np.ndarray, bandwidths: list[float]) -> np.ndarray:
    n = len(rows)
    D = np.array([[((a - b) ** 2).sum() for b in rows] for a in rows])
    s = D.sum() / (n * (n - 1))
    return sum(np.exp(-D / (c * s)) for c in bandwidths) / len(bandwidths)


def slow_mmd(kernel: np.ndarray, n: int) -> float:
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()


@settings(max_examples=20)
@given(SEEDS)
def test_values_are_those_of_the_formulas(seed: int) -> None:
    logits, other, S, T, more = drawn(seed, (7, 3), (7, 3), (6, 4), (5, 4), (5, 3))
    assert float(information_maximisation(logits)) == pytest.approx(slow_information(logits.numpy()))
    assert float(class_confusion(logits, 1.7)) == pytest.approx(slow_confusion(logits.numpy(), 1.7))
    assert float(coral_distance(S, T)) == pytest.approx(slow_coral(S.numpy(), T.numpy()))
    both = torch.cat([S, T])
    kernel = slow_kernel(both.numpy(), [1.0, 2.0])
    assert np.allclose(mixed_kernel(both, 2.0, 1).numpy(), kernel)
    assert float(kernel_mean_distance(mixed_kernel(both, 2.0, 1), 6)) == pytest.approx(slow_mmd(kernel, 6))
    P, Q = ([softmax(row) for row in part.numpy()] for part in (logits, other))
    gap = np.mean([abs(p[k] - q[k]) for p, q in zip(P, Q, strict=True) for k in range(3)])
    assert float(classifier_discrepancy(logits, other)) == pytest.approx(gap)
    d, e = (part.numpy()[:, 0] for part in (logits, more))
    v, w = np.exp(d / 2), np.exp(e / 3)
    sure_s, sure_t = 1 / (1 + np.exp(-d)), 1 / (1 + np.exp(-e))
    said = -0.5 * (v / v.sum()) @ np.log(sure_s) - 0.5 * (w / w.sum()) @ np.log(1 - sure_t)
    weights = torch.from_numpy(v), torch.from_numpy(w)
    assert float(domain_loss(logits[:, 0], more[:, 0], weights)) == pytest.approx(said)
    assert np.allclose(entropy_weights(logits), [1 + np.exp(-entropy(p)) for p in P])
    outer = [np.outer(softmax(g), f).ravel() for f, g in zip(T.numpy(), more.numpy(), strict=True)]
    assert np.allclose(multilinear_map(T, torch.softmax(more, dim=1)), outer)


@settings(max_examples=20)
@given(SEEDS, st.floats(1.0, 8.0))
def test_margin_disparity_is_that_of_the_formula(seed: int, margin: float) -> None:
    head_s, rival_s, head_t, rival_t = drawn(seed, (6, 3), (6, 3), (4, 3), (4, 3), scale=1.0)
    said = margin * np.mean(
        [np.log(softmax(r)[h.argmax()]) for h, r in zip(head_s.numpy(), rival_s.numpy(), strict=True)]
    ) + np.mean([np.log(1 - softmax(r)[h.argmax()]) for h, r in zip(head_t.numpy(), rival_t.numpy(), strict=True)])
    assert float(margin_disparity((head_s, rival_s), (head_t, rival_t), margin)) == pytest.approx(said)


@settings(max_examples=20)
@given(SEEDS)
def test_joint_costs_are_those_of_the_formula(seed: int) -> None:
    S, T, logits, mass = drawn(seed, (4, 5), (3, 5), (3, 2), (4, 3))
    y = np.array([0, 1, 1, 0])
    said = np.array(
        [
            [
                0.3 * ((s - t) ** 2).sum() / 5 - 0.7 * np.log(softmax(g)[label])
                for t, g in zip(T.numpy(), logits.numpy(), strict=True)
            ]
            for s, label in zip(S.numpy(), y, strict=True)
        ]
    )
    costs = joint_costs(S, torch.eye(2, dtype=torch.float64)[y], T, logits, distance=0.3, label=0.7)
    assert np.allclose(costs, said)
    assert float(transported(costs, mass.abs())) == pytest.approx((said * mass.abs().numpy()).sum())


def slow_centroids(Z: np.ndarray, logits: np.ndarray) -> list[int]:
    Z = np.column_stack([Z, np.ones(len(Z))])
    Z = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    P = np.array([softmax(row) for row in logits])
    K = P.shape[1]
    centres = {k: sum(P[i, k] * Z[i] for i in range(len(Z))) / P[:, k].sum() for k in range(K)}
    for _ in range(2):
        cosine = {k: Z @ c / np.linalg.norm(c) for k, c in centres.items()}
        labels = [max(cosine, key=lambda k: cosine[k][i]) for i in range(len(Z))]
        centres = {k: Z[np.array(labels) == k].mean(axis=0) for k in set(labels)}
    return labels


@settings(max_examples=20)
@given(SEEDS)
def test_centroid_labels_are_those_of_the_paper(seed: int) -> None:
    Z, logits = drawn(seed, (12, 4), (12, 3))
    assert centroid_labels(Z, logits).tolist() == slow_centroids(Z.numpy(), logits.numpy())


def test_centroids_bring_back_a_class_that_the_head_leans_from() -> None:
    Z = torch.tensor([[4.0, 0.0], [5.0, 0.5], [0.0, 4.0], [0.5, 5.0]])
    logits = torch.tensor([[3.0, 0.0], [3.0, 0.0], [0.2, 0.0], [0.1, 0.0]])
    assert logits.argmax(dim=1).tolist() == [0, 0, 0, 0]
    assert centroid_labels(Z, logits).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    "loss",
    [
        information_maximisation,
        class_confusion,
        lambda x: coral_distance(x[:4], x[4:]),
        lambda x: classifier_discrepancy(x, 0.5 * x.flip(0)),
        lambda x: domain_loss(x[:4, 0], x[4:, 0]),
    ],
)
def test_gradients_are_those_of_differences(loss: Callable[[Tensor], Tensor]) -> None:
    x = drawn(3, (7, 3))[0].requires_grad_()
    assert torch.autograd.gradcheck(loss, x)


def test_the_scale_of_the_kernel_is_a_constant_to_the_gradient() -> None:
    x = drawn(3, (7, 3))[0]
    n = len(x)
    scale = float(((x[:, None] - x[None]) ** 2).sum() / (n * (n - 1)))

    def fixed(rows: Tensor) -> Tensor:
        return torch.exp(-((rows[:, None] - rows[None]) ** 2).sum(dim=2) / scale)

    found, expected = x.clone().requires_grad_(), x.clone().requires_grad_()
    kernel_mean_distance(mixed_kernel(found, 1.0, 0), 4).backward()
    kernel_mean_distance(fixed(expected), 4).backward()
    assert torch.allclose(found.grad, expected.grad)  # type: ignore[arg-type]


def test_features_grow_outwards() -> None:
    x = drawn(1, (5, 3))[0].requires_grad_()
    value = norm_step(x, 0.5)
    value.backward()
    gradient: Any = x.grad
    assert float(value.detach()) == pytest.approx(0.25)
    outward = x.detach() / x.detach().norm(dim=1, keepdim=True)
    assert torch.allclose(gradient, -2 * 0.5 / 5 * outward)


def test_a_reversed_gradient_is_that_of_the_other_player() -> None:
    x = drawn(5, (4, 2))[0]
    plain, reversed_ = x.clone().requires_grad_(), x.clone().requires_grad_()
    (plain**3).sum().backward()
    (reverse_gradient(reversed_, 0.3) ** 3).sum().backward()
    assert torch.allclose(reversed_.grad, -0.3 * plain.grad)  # type: ignore[arg-type, operator]
    assert reversal_strength(0.0) == 0.0 and 0.999 < reversal_strength(1.0) < 1.0


def test_entropy_weights_carry_no_gradient() -> None:
    assert not entropy_weights(torch.zeros(2, 2, requires_grad=True)).requires_grad

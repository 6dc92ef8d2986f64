"""Consistency against SoftMatch written out slowly; skewed shares; and which way gradients go."""

from __future__ import annotations

import numpy as np
import torch

from headstart.nn.losses.consistency import aligned, confidence_weights, consistency_loss, followed


def _softmax(row: np.ndarray) -> np.ndarray:
    e = np.exp(row - row.max())
    return e / e.sum()


def _slow(batches: list[tuple[np.ndarray, np.ndarray]], u: np.ndarray, m: float) -> list[float]:
    """Algorithm 1 of the paper, row by row; the first batch gives the first averages."""
    answers = mean = variance = None
    losses = []
    for weak, strong in batches:
        P = np.array([_softmax(row) for row in weak])
        answers = P.mean(axis=0) if answers is None else m * answers + (1 - m) * P.mean(axis=0)
        largest = []
        for p in P:
            q = p * u / answers
            largest.append((q / q.sum()).max())
        B = len(largest)
        now_mean = sum(largest) / B
        now_variance = B / (B - 1) * sum((x - now_mean) ** 2 for x in largest) / B
        mean = now_mean if mean is None else m * mean + (1 - m) * now_mean
        variance = now_variance if variance is None else m * variance + (1 - m) * now_variance
        total = 0.0
        for x, p, row in zip(largest, P, strong, strict=True):
            weight = 1.0 if x >= mean else np.exp(-((x - mean) ** 2) / (2 * variance))
            total -= weight * np.log(_softmax(row)[p.argmax()])
        losses.append(total / B)
    return losses


def test_it_is_the_paper_written_out_slowly_over_several_batches() -> None:
    rng = np.random.default_rng(0)
    batches = [(2 * rng.normal(size=(7, 4)), rng.normal(size=(7, 4))) for _ in range(5)]
    for u in (np.full(4, 0.25), np.array([0.7, 0.1, 0.1, 0.1])):
        shares, state, found = torch.from_numpy(u), None, []
        for weak, strong in batches:
            pair = torch.from_numpy(weak), torch.from_numpy(strong)
            state = followed(state, pair[0], shares, 0.9)
            found.append(float(consistency_loss(*pair, state, shares)))
        assert np.allclose(found, _slow(batches, u, 0.9), atol=1e-10)


def test_no_gradient_goes_through_weak_views() -> None:
    weak, strong = torch.randn(5, 3, requires_grad=True), torch.randn(5, 3, requires_grad=True)
    shares = torch.full((3,), 1 / 3)
    consistency_loss(weak, strong, followed(None, weak, shares, 0.9), shares).backward()
    assert weak.grad is None and strong.grad is not None and bool((strong.grad != 0).any())


def test_equal_shares_hold_frequent_classes_back_where_the_true_ones_do_not() -> None:
    rng = np.random.default_rng(1)
    y = (rng.random(400) < 0.1).astype(int)  # 10 : 1
    logits = torch.from_numpy(1.5 * np.eye(2)[y] + 0.3 * rng.normal(size=(400, 2)))
    means = {}
    for name, u in (("true", [0.9, 0.1]), ("equal", [0.5, 0.5])):
        shares = torch.tensor(u, dtype=torch.float64)
        state = followed(None, logits, shares, 0.9)
        largest = aligned(torch.softmax(logits, dim=1), state.answers, shares).amax(dim=1)
        weights = confidence_weights(largest, state.mean, state.variance).numpy()
        means[name] = weights[y == 0].mean() / weights[y == 1].mean()
    assert means["true"] > 1 > means["equal"]


def test_a_class_that_nobody_answers_and_one_row_alone_leave_numbers() -> None:
    shares = torch.tensor([0.5, 0.5])
    state = followed(None, torch.tensor([[200.0, -200.0]]), shares, 0.9)
    loss = consistency_loss(torch.tensor([[200.0, -200.0]]), torch.zeros(1, 2), state, shares)
    assert bool(torch.isfinite(loss)) and float(state.variance) == 0.0

"""Losses and gradients of several tasks, against slow rewrites of the papers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from headstart.errors import MissingExtra, ParameterError
from headstart.nn.losses.gradient_surgery import pcgrad, with_gradient
from headstart.nn.losses.several_tasks import TaskPart, several_losses
from headstart.nn.losses.uncertainty import uncertainty_weighted
from headstart.parameters.tuning.objective import Objective

PARTS = [TaskPart("classification", 0, 3), TaskPart("multilabel", 3, 5), TaskPart("regression", 5, 6)]


def drawn() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    Y = np.full((7, 6), np.nan)
    for i in range(7):
        if i % 2:
            Y[i, :3] = np.eye(3)[rng.integers(3)]
        if i % 3:
            Y[i, 3:5] = rng.integers(2, size=2)
        if i < 4:
            Y[i, 5] = rng.normal()
    outputs = torch.tensor(rng.normal(size=(7, 6)), requires_grad=True)
    return outputs, torch.tensor(Y), torch.tensor(rng.random(7) + 0.5)


def test_each_loss_is_the_mean_over_rows_with_a_label_in_units_of_guessing() -> None:
    outputs, Y, weight = drawn()
    found = dict(several_losses(outputs, Y, weight, PARTS))
    total = [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    for row, truth, w in zip(outputs.tolist(), Y.tolist(), weight.tolist(), strict=True):
        if not math.isnan(truth[0]):
            log_sum = math.log(sum(math.exp(v) for v in row[:3]))
            total[0][0] += w * (log_sum - row[truth[:3].index(1.0)]) / math.log(3)
            total[0][1] += w
        if not math.isnan(truth[3]):
            each = [math.log1p(math.exp(-v if t else v)) for v, t in zip(row[3:5], truth[3:5], strict=True)]
            total[1][0] += w * sum(each) / (2 * math.log(2))
            total[1][1] += w
        if not math.isnan(truth[5]):
            total[2][0] += w * (row[5] - truth[5]) ** 2
            total[2][1] += w
    for t, (loss, mass) in enumerate(total):
        assert float(found[t]) == pytest.approx(loss / mass)


def test_gaps_give_no_gradient() -> None:
    outputs, Y, weight = drawn()
    sum(loss for _, loss in several_losses(outputs, Y, weight, PARTS)).backward()
    assert outputs.grad is not None and torch.isfinite(outputs.grad).all()
    assert (outputs.grad[torch.isnan(Y)] == 0).all() and (outputs.grad[~torch.isnan(Y)] != 0).all()


def test_a_task_without_labels_in_a_batch_takes_no_part() -> None:
    outputs, Y, weight = drawn()
    assert [t for t, _ in several_losses(outputs[4:5], Y[4:5], weight[4:5], PARTS)] == [1]
    nothing = torch.full((2, 6), math.nan)
    objective = Objective(PARTS, "equal")
    assert float(objective.loss(outputs[:2], nothing, weight[:2], [])) == 0.0


def test_uncertainty_is_least_where_the_variance_is_the_loss() -> None:
    """For numbers the best variance is the squared error itself (the derivative of equation 7)."""
    losses, numbers = torch.tensor([0.5, 2.0]), torch.tensor([True, False])
    logs = torch.log(torch.tensor([0.5, 4.0])).requires_grad_()
    uncertainty_weighted(losses, logs, numbers).backward()
    assert logs.grad is not None and torch.allclose(logs.grad, torch.zeros(2), atol=1e-6)
    slow = (0.5 / 0.3 * 0.5 + math.log(math.sqrt(0.3)) + 1 / 0.7 * 2.0 + math.log(math.sqrt(0.7))) / 2
    found = uncertainty_weighted(losses, torch.log(torch.tensor([0.3, 0.7])), numbers)
    assert float(found) == pytest.approx(slow, rel=1e-5)


def slow_pcgrad(gradients: np.ndarray, orders: list[list[int]]) -> np.ndarray:
    """Algorithm 1 as it stands in the paper, with the mean in the place of the sum."""
    changed = []
    for i, order in enumerate(orders):
        g = gradients[i].copy()
        for j in order:
            if j != i and g @ gradients[j] < 0:
                g = g - (g @ gradients[j]) / (gradients[j] @ gradients[j]) * gradients[j]
        changed.append(g)
    return np.mean(changed, axis=0)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(1, 6))
def test_pcgrad_is_algorithm_1(seed: int, tasks: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    gradients = rng.normal(size=(tasks, width))
    orders = [rng.permutation(tasks).tolist() for _ in range(tasks)]
    found = pcgrad(torch.tensor(gradients), orders).numpy()
    assert np.allclose(found, slow_pcgrad(gradients, orders))


def test_two_gradients_that_agree_are_left_alone() -> None:
    gradients = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    assert torch.equal(pcgrad(gradients, [[1], [0]]), gradients.mean(dim=0))


def test_shared_parameters_get_the_joined_gradient_and_heads_that_of_the_mean() -> None:
    torch.manual_seed(0)
    body, heads = nn.Linear(3, 2), nn.Linear(2, 2)
    x = torch.randn(5, 3)

    def losses() -> list[torch.Tensor]:
        out = heads(body(x))
        return [(out[:, 0] ** 2).mean(), (out[:, 1] - 1).abs().mean()]

    value = with_gradient(losses(), list(body.parameters()), lambda g: 3 * g[0] - g[1])
    assert float(value) == pytest.approx(float(torch.stack(losses()).mean()))
    value.backward()
    each = [torch.autograd.grad(loss, list(body.parameters()), retain_graph=True) for loss in losses()]
    for k, parameter in enumerate(body.parameters()):
        assert parameter.grad is not None and torch.allclose(parameter.grad, 3 * each[0][k] - each[1][k], atol=1e-6)
    own = torch.autograd.grad(torch.stack(losses()).mean(), list(heads.parameters()))
    for parameter, gradient in zip(heads.parameters(), own, strict=True):
        assert parameter.grad is not None and torch.allclose(parameter.grad, gradient)


def test_equal_weights_are_the_gradient_of_the_mean_and_others_are_refused() -> None:
    outputs, Y, weight = drawn()
    found = Objective(PARTS, "equal").loss(outputs, Y, weight, [])
    mean = torch.stack([loss for _, loss in several_losses(outputs, Y, weight, PARTS)]).mean()
    assert float(found) == pytest.approx(float(mean))
    with pytest.raises(ParameterError, match="'equal', 'uncertainty', 'upgrad', 'pcgrad', found 'gradnorm'"):
        Objective(PARTS, "gradnorm")


def test_upgrad_without_its_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torchjd.aggregation", None)
    with pytest.raises(MissingExtra, match=r"weighting='upgrad' needs torchjd.*pip install 'headstart\[torchjd\]'"):
        Objective(PARTS, "upgrad")

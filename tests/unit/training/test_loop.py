"""The epoch loop: schedule, best weights, freezing to the last bit, and going on after a kill."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from headstart.errors import ParameterError
from headstart.training.checkpoint import load_checkpoint, save_checkpoint
from headstart.training.loop import LoopSettings, train
from headstart.training.optimizers import make_optimizer, parameter_groups
from headstart.training.schedule import warmup_cosine


def run(epochs: int, settings: LoopSettings, optimizer: str = "adamw", stop_after: int | None = None) -> nn.ModuleDict:
    """A small network with dropout, trained on fixed data; ``stop_after`` raises in the middle of that epoch."""
    generator = torch.Generator().manual_seed(1)
    X, y = torch.randn(24, 5, generator=generator), torch.randint(0, 3, (24,), generator=generator)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        modules = nn.ModuleDict({"net": nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))})

    def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(24, generator=torch.Generator().manual_seed(epoch))
        for i in range(0, 24, 8):
            if epoch == stop_after and i == 8:
                raise KeyboardInterrupt
            yield X[order[i : i + 8]], y[order[i : i + 8]]

    def loss(batch: tuple[Tensor, Tensor]) -> Tensor:
        return nn.functional.cross_entropy(modules["net"](batch[0]), batch[1])

    groups = parameter_groups(modules.parameters(), [], learning_rate=0.05, layer_decay=1.0, weight_decay=0.01)
    train(modules, make_optimizer(optimizer, groups), batches, loss, settings, set_mode=modules.train)
    return modules


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("stop_after", [1, 3])
def test_a_stopped_run_ends_with_the_weights_of_an_unstopped_one(
    tmp_path: Path, optimizer: str, stop_after: int
) -> None:
    whole = run(5, LoopSettings(5, 3, seed=7), optimizer)
    settings = LoopSettings(5, 3, seed=7, checkpoint=tmp_path / "run.ckpt", key="a", checkpoint_seconds=0)
    with pytest.raises(KeyboardInterrupt):
        run(5, settings, optimizer, stop_after=stop_after)
    assert (tmp_path / "run.ckpt").exists()
    resumed = run(5, settings, optimizer)
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_checkpoint_of_other_work_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    run(5, LoopSettings(5, 3, seed=1, checkpoint=path, key="other", checkpoint_seconds=0))
    mine = run(5, LoopSettings(5, 3, seed=7, checkpoint=path, key="mine", checkpoint_seconds=0))
    fresh = run(5, LoopSettings(5, 3, seed=7))
    assert all(torch.equal(a, b) for a, b in zip(mine.parameters(), fresh.parameters(), strict=True))


def test_a_damaged_checkpoint_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    save_checkpoint(path, {"key": "k", "epoch": 1})
    assert load_checkpoint(path, "k") == {"key": "k", "epoch": 1}
    path.write_bytes(path.read_bytes()[:40])
    assert load_checkpoint(path, "k") is None
    path.write_bytes(b"")
    assert load_checkpoint(path, "k") is None


def test_the_callers_random_state_is_left_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    run(2, LoopSettings(2, 3))
    assert torch.equal(torch.rand(2), expected)


def test_the_best_weights_are_kept_and_patience_stops() -> None:
    layer = nn.Linear(1, 1, bias=False)
    modules = nn.ModuleDict({"net": layer})
    with torch.no_grad():
        layer.weight.fill_(0.0)
    seen: list[float] = []

    def evaluate() -> dict[str, float]:
        seen.append(float(layer.weight))
        return {"val_loss": abs(len(seen) - 3.0)}

    groups = parameter_groups(layer.parameters(), [], learning_rate=0.1, layer_decay=1.0, weight_decay=0.0)
    history = train(
        modules,
        make_optimizer("adam", groups),
        lambda epoch: [None],
        lambda batch: -layer.weight.sum(),
        LoopSettings(20, 1, patience=2, clip=0),
        evaluate=evaluate,
    )
    assert len(history) == 5
    assert float(layer.weight) == pytest.approx(seen[2])


def test_layers_get_rates_that_fall_and_norms_no_decay() -> None:
    layers = [nn.Linear(2, 2), nn.Linear(2, 2)]
    groups = parameter_groups(
        nn.Linear(2, 1).parameters(),
        [list(layer.parameters()) for layer in layers],
        learning_rate=1.0,
        layer_decay=0.5,
        weight_decay=0.1,
    )
    assert [group["lr"] for group in groups] == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    assert all((group["weight_decay"] == 0.1) == (group["params"][0].ndim > 1) for group in groups)


def test_the_schedule_starts_low_peaks_after_warmup_and_ends_near_zero() -> None:
    factors = [warmup_cosine(step, 100, 10) for step in range(100)]
    assert factors[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert max(factors) == 1.0 and factors[-1] < 1e-3
    assert factors[55] == pytest.approx(0.5 * (1 + math.cos(math.pi / 2)))


def test_an_unknown_optimizer_is_refused() -> None:
    with pytest.raises(ParameterError, match="Expected optimizer one of sgd, adam, adamw, found 'lion'"):
        make_optimizer("lion", [])

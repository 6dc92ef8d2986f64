"""Training on pairs: the loss against its definition, balanced batches, a toy set, going on after a kill."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from headstart import NetworkSource, TransferClassifier, TransferRegressor
from headstart.data.inputs.inputs import as_inputs
from headstart.errors import ParameterError
from headstart.networks.cutting.cut import frozen_names
from headstart.networks.folder import write_manifest
from headstart.networks.reading.loading import load_network
from headstart.networks.saving.model_card import model_card
from headstart.nn.losses.pairs import alikeness, pair_loss
from headstart.parameters.heads.targets import class_targets
from headstart.parameters.loading import load_estimator
from headstart.parameters.saving import save_estimator
from headstart.parameters.tuning.contrastive import contrast
from headstart.parameters.tuning.plan import settings_for
from headstart.parameters.tuning.tuning import epochs_for
from headstart.training.batches import balanced_rows, steps_per_epoch
from headstart.training.loop import LoopSettings


class Net(nn.Module):
    """A small network, as somebody's own might be."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU())
        self.blocks = nn.Sequential(*(nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1), nn.ReLU()) for _ in range(3)))
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.blocks(self.stem(x)).mean((2, 3)))


@pytest.fixture(scope="module")
def source() -> NetworkSource:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return NetworkSource(Net().eval(), size=32, name="own", n_examples=1000)


def stripes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Faint stripes across or upright, in strong noise of any brightness."""
    generator = np.random.default_rng(seed)
    y = np.arange(n) % 2
    pictures = 128 + 45 * generator.standard_normal((n, 32, 32, 3)) + generator.uniform(-50, 50, (n, 1, 1, 1))
    wave = 28 * np.sign(np.sin(np.arange(32) * np.pi / 2 + 0.1))
    for picture, label in zip(pictures, y, strict=True):
        picture += wave[:, None, None] if label else wave[None, :, None]
    return pictures.clip(0, 255).astype(np.uint8), np.array(["across", "upright"])[y]


def slow_loss(X: np.ndarray, Y: np.ndarray, w: np.ndarray) -> float:
    """The formula, pair by pair."""
    sums = np.zeros((2, 2))
    for i in range(len(X)):
        for j in range(i + 1, len(X)):
            both, either = int((Y[i] * Y[j]).sum()), int(((Y[i] + Y[j]) > 0).sum())
            t = both / either if either else 1.0
            c = X[i] @ X[j] / np.linalg.norm(X[i]) / np.linalg.norm(X[j])
            sums[0] += w[i] * w[j] * t * np.array([(1 - c) ** 2, 1])
            sums[1] += w[i] * w[j] * (1 - t) * np.array([c**2, 1])
    return float(np.mean([above / below for above, below in sums if below > 0]))


@pytest.mark.parametrize("several", [False, True], ids=["classes", "labels"])
def test_loss_is_its_definition(several: bool) -> None:
    generator = np.random.default_rng(0)
    X, w = generator.standard_normal((9, 4)), generator.uniform(0.5, 2, 9)
    Y = generator.integers(0, 2, (9, 3)) if several else np.eye(3)[generator.integers(0, 3, 9)]
    if several:
        Y[:2] = 0
    found = pair_loss(torch.from_numpy(X), torch.from_numpy(Y.astype(float)), torch.from_numpy(w))
    assert float(found) == pytest.approx(slow_loss(X, Y, w), rel=1e-10)


def test_loss_has_the_gradient_of_its_differences() -> None:
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(6, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    Y = torch.eye(3, dtype=torch.float64)[[0, 0, 1, 1, 2, 2]]
    w = torch.rand(6, dtype=torch.float64, generator=generator) + 0.5
    assert torch.autograd.gradcheck(lambda rows: pair_loss(rows, Y, w), (X,))


def test_loss_without_any_pair_is_zero_and_has_a_gradient() -> None:
    X = torch.ones(1, 3, requires_grad=True)
    pair_loss(X, torch.ones(1, 1), torch.ones(1)).backward()
    assert X.grad is not None and float(X.grad.abs().sum()) == 0.0


def test_loss_ignores_the_order_of_rows_and_the_length_of_features() -> None:
    generator = torch.Generator().manual_seed(1)
    X, Y, w = torch.randn(8, 5, generator=generator), torch.eye(2)[torch.arange(8) % 2], torch.ones(8)
    order = torch.randperm(8, generator=generator)
    scaled = X * torch.rand(8, 1, generator=generator).add(0.1)
    assert float(pair_loss(scaled[order], Y[order], w)) == pytest.approx(float(pair_loss(X, Y, w)), abs=1e-6)


def test_rows_without_labels_are_alike() -> None:
    assert alikeness(torch.zeros(2, 3)).tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_batches_hold_all_classes_alike_however_rare() -> None:
    codes = np.repeat([0, 1, 2], [100, 20, 3])
    batches = balanced_rows(codes, 12, seed=5, epoch=2)
    assert len(batches) == steps_per_epoch(123, 12)
    for rows in batches:
        assert np.bincount(codes[rows], minlength=3).tolist() == [4, 4, 3] and len(set(rows.tolist())) == len(rows)
    assert all((a == b).all() for a, b in zip(batches, balanced_rows(codes, 12, seed=5, epoch=2), strict=True))
    assert any((a != b).any() for a, b in zip(batches, balanced_rows(codes, 12, seed=5, epoch=3), strict=True))


def test_batches_of_many_classes_hold_two_rows_of_some() -> None:
    codes = np.repeat(np.arange(40), 5)
    batches = balanced_rows(codes, 16, seed=0, epoch=0)
    assert all(sorted(np.bincount(codes[rows]).tolist())[-8:] == [2] * 8 and len(rows) == 16 for rows in batches)
    assert len(np.unique(codes[np.concatenate(batches)])) > 25


def test_a_toy_set_is_learned_better_than_by_a_head_alone(source: NetworkSource) -> None:
    (X, y), (seen, truth) = stripes(48, 0), stripes(200, 1)
    settings = {"head": "linear", "learning_rate": 1e-2, "epochs": 40, "random_state": 0}
    head = TransferClassifier(source, **settings).fit(X, y).score(seen, truth)
    model = TransferClassifier(source, train="contrastive:3", **settings).fit(X, y)
    assert model.score(seen, truth) >= head + 0.1
    assert model.history_[-1]["train_loss"] < 0.5 * model.history_[0]["train_loss"]


def test_only_the_last_blocks_move_and_the_caller_s_network_does_not(source: NetworkSource) -> None:
    X, y = stripes(16, 0)
    network = load_network(source)
    before = {name: tensor.clone() for name, tensor in network.module.state_dict().items()}
    found = TransferClassifier(source, train="contrastive:1", epochs=2, random_state=0).fit(X, y).network_
    assert found is not None
    after, frozen = found.module.state_dict(), frozen_names(network.module, network.chain, 1)
    assert frozen and all(torch.equal(after[name], before[name]) for name in frozen)
    assert any(not torch.equal(after[name], before[name]) for name in before)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.module.state_dict().items())


def test_the_same_seed_gives_the_same_answer_and_another_does_not(source: NetworkSource) -> None:
    X, y = stripes(40, 0)

    def proba(seed: int) -> np.ndarray:
        model = TransferClassifier(source, train="contrastive", epochs=3, batch_size=8, random_state=seed)
        return model.fit(X, y).predict_proba(X)

    assert (proba(0) == proba(0)).all() and (proba(0) != proba(1)).any()


def test_goes_on_after_a_kill_with_the_same_result(
    source: NetworkSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = stripes(24, 0)
    network, inputs, targets = load_network(source), as_inputs(X), class_targets(y, None)
    begun = LoopSettings.__init__

    def saved_at_once(settings: LoopSettings, *args: Any, **named: Any) -> None:
        begun(settings, *args, **{**named, "checkpoint_seconds": 0.0})

    monkeypatch.setattr(LoopSettings, "__init__", saved_at_once)
    stages: list[str] = []

    def fit(checkpoint: Path | None, killed_in: str = "never") -> np.ndarray:
        def progress(stage: str, done: int, total: int) -> None:
            stages.append(stage)
            if killed_in in stage:
                raise KeyboardInterrupt

        model = TransferClassifier(source, train="contrastive", epochs=4, random_state=0, checkpoint=checkpoint)
        found = contrast(network, inputs, targets, settings_for(model), "linear", progress=progress)
        assert found.solved is not None
        return found.solved.parts[0].coef

    whole = fit(None)
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "point", killed_in="epoch 3")
    stages.clear()
    assert (fit(tmp_path / "point") == whole).all()
    assert not any("epoch 1 " in stage for stage in stages) and any("epoch 4 " in stage for stage in stages)


def test_several_labels_a_row_and_class_weights_are_learned_from(source: NetworkSource) -> None:
    X, y = stripes(32, 0)
    Y = np.stack([y == "across", y == "upright", np.arange(32) % 3 == 0], axis=1).astype(int)
    model = TransferClassifier(source, train="contrastive", epochs=2, class_weight="balanced", random_state=0)
    assert model.fit(X, Y).predict(X).shape == (32, 3)
    assert set(model.fit(X, y).predict(X)) <= {"across", "upright"}


def test_a_model_for_texts_is_saved_and_predicts_the_same(minilm: Path, tmp_path: Path) -> None:
    X = [f"{word} is {what}" for word in ("tea", "soup", "bread") for what in ("very good", "awful", "lovely", "bad")]
    y = ["good", "bad"] * 6
    model = TransferClassifier(str(minilm), train="contrastive:1", epochs=2, random_state=0).fit(X, y)
    manifest = save_estimator(model, tmp_path)
    write_manifest(tmp_path, manifest)
    loaded: Any = load_estimator(tmp_path, manifest)
    assert np.allclose(loaded.predict_proba(X), model.predict_proba(X), atol=1e-5)
    assert {part.name for part in model.fitted_.solved.parts} == {"output", "layers"}


def test_steps_are_limited(source: NetworkSource) -> None:
    settings = settings_for(TransferClassifier(source, train="contrastive"))
    assert (epochs_for(settings, 32), epochs_for(settings, 3200), epochs_for(settings, 100_000)) == (20, 3, 1)
    assert epochs_for(dataclasses.replace(settings, pairs=False), 100_000) == 20


def test_what_it_cannot_do_is_said(source: NetworkSource) -> None:
    X, y = stripes(8, 0)
    with pytest.raises(ParameterError, match="Expected classes or labels for train='contrastive', found numbers"):
        TransferRegressor(source, train="contrastive").fit(X, np.arange(8.0))
    with pytest.raises(ParameterError, match=r"Expected head 'auto', 'linear' or 'depths' .* found \[16\]"):
        TransferClassifier(source, train="contrastive", head=[16]).fit(X, y)
    with pytest.raises(ParameterError, match="found 'contrastive:0'"):
        TransferClassifier(source, train="contrastive:0").fit(X, y)


@pytest.mark.parametrize("several", [False, True], ids=["classes", "labels"])
def test_the_card_s_lines_give_the_logits_of_a_head_over_layers(minilm: Path, tmp_path: Path, several: bool) -> None:
    X = [f"{word} is {what}" for word in ("tea", "soup", "bread") for what in ("very good", "awful", "lovely", "bad")]
    y = np.array([0, 1] * 6)
    target = np.stack([y, np.arange(12) < 4], axis=1).astype(int) if several else y
    model = TransferClassifier(str(minilm), head="depths", random_state=0).fit(X, target)
    lines = model_card(save_estimator(model, tmp_path)).split("# or without headstart\n")[1].split("```")[0]
    texts = [*X[:4], "word " * 300]
    found: dict[str, Any] = {}
    exec(lines.replace("this-folder", str(tmp_path)).replace('["a text"]', repr(texts)), found)
    here = found["logits"].numpy()
    if several:
        np.testing.assert_allclose(here, model.logits(texts), atol=1e-4)
    else:
        np.testing.assert_allclose(here[:, 1] - here[:, 0], model.decision_function(texts), atol=1e-4)


def test_the_card_s_lines_give_numbers_in_their_units(minilm: Path, tmp_path: Path) -> None:
    X = [f"{word} is {what}" for word in ("tea", "soup", "bread") for what in ("very good", "awful", "lovely", "bad")]
    model = TransferRegressor(str(minilm), head="depths", random_state=0).fit(X, 100.0 + 20.0 * np.arange(12))
    lines = model_card(save_estimator(model, tmp_path)).split("# or without headstart\n")[1].split("```")[0]
    found: dict[str, Any] = {}
    exec(lines.replace("this-folder", str(tmp_path)).replace('["a text"]', repr(X[:5])), found)
    np.testing.assert_allclose(found["logits"].numpy()[:, 0], model.predict(X[:5]), rtol=1e-5)

"""Borrowed parameters on a real small network: heads, freezing, last blocks, all layers, saving, going on."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from headstart import NetworkSource, TransferClassifier, TransferRegressor
from headstart.data.pictures.augment import Augmentation
from headstart.data.pictures.pictures import as_pictures
from headstart.errors import DataError, ParameterError, SourceError
from headstart.networks.cutting.cut import frozen_names
from headstart.networks.folder import write_manifest
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed
from headstart.networks.running.runtime import half_type
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.heads.solved import solve_head
from headstart.parameters.heads.targets import class_targets
from headstart.parameters.loading import load_estimator
from headstart.parameters.on_inputs import held_rows
from headstart.parameters.saving import save_estimator
from headstart.parameters.tuning.augmenting import mirror_is_harmless
from headstart.parameters.tuning.trainee import Trainee


class Net(nn.Module):
    """A small network with batch norm, as somebody's own might be."""

    def __init__(self, classes: int = 7) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU())
        self.blocks = nn.Sequential(*(Block(8) for _ in range(3)))
        self.fc = nn.Linear(8, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.blocks(self.stem(x)).mean((2, 3)))


class Block(nn.Module):
    def __init__(self, wide: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(wide, wide, 3, 1, 1), nn.BatchNorm2d(wide)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.relu(self.norm(self.conv(x)))


@pytest.fixture(scope="module")
def source() -> NetworkSource:
    with torch.random.fork_rng():
        torch.manual_seed(123)
        net = Net()
        net(torch.randn(64, 3, 32, 32))
    return NetworkSource(net.eval(), size=32, name="own", n_examples=1000)


@pytest.fixture(scope="module")
def task() -> tuple[np.ndarray, np.ndarray]:
    """Pictures of two kinds: bright on the left, bright on the right, with noise."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = rng.integers(0, 120, (40, 32, 32, 3))
    for i, label in enumerate(y):
        X[i, :, 16 * label : 16 * label + 16] += 90
    return X.astype(np.uint8), np.array(["left", "right"])[y]


def weights(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"head": "linear"},
        {"head": [16], "dropout": 0.2},
        {"train": "last:1", "optimizer": "sgd", "learning_rate": 0.01},
        {"train": "last:2", "l2_sp": 0.1, "class_weight": "balanced"},
        {"train": "last:2", "channel_dropout": 0.1, "head": [16]},
        {"train": "all", "early_stopping": True, "augment": Augmentation(flip=False)},
        {"train": "all", "head": [8], "optimizer": "adam", "batch_size": 8, "learning_rate": 0.01},
    ],
)
def test_every_way_learns_and_leaves_source_and_arrays_alone(
    source: NetworkSource, task: tuple[np.ndarray, np.ndarray], arguments: dict[str, Any]
) -> None:
    X, y = task
    before, pixels, labels = weights(source.module), X.copy(), y.copy()
    model = TransferClassifier(source, random_state=0, epochs=25, **{"learning_rate": 5e-3, **arguments})
    parameters = model.get_params()
    model.fit(X, y)
    assert model.score(X, y) >= 0.9
    assert model.predict_proba(X).shape == (40, 2) and np.allclose(model.predict_proba(X).sum(axis=1), 1)
    assert model.classes_.tolist() == ["left", "right"]
    assert all(torch.equal(before[name], tensor) for name, tensor in source.module.state_dict().items())
    assert np.array_equal(X, pixels) and np.array_equal(y, labels) and model.get_params() == parameters
    again = TransferClassifier(source, random_state=0, epochs=25, **{"learning_rate": 5e-3, **arguments}).fit(X, y)
    assert np.array_equal(model.logits(X), again.logits(X))


@pytest.mark.parametrize("train", ["last:1", "all"])
def test_hidden_layers_are_on_their_optimum_before_the_network_moves(
    source: NetworkSource, task: tuple[np.ndarray, np.ndarray], train: str
) -> None:
    X, y = task
    how: dict[str, Any] = {"head": [16], "epochs": 12, "augment": None, "early_stopping": False, "random_state": 3}
    head = TransferClassifier(source, **how).fit(X, y)
    still = TransferClassifier(source, train=train, learning_rate=1e-12, **how).fit(X, y)
    rounding = 1e-4 if half_type("cpu") is None else 0.02  # of 16 bits, in which a head alone sees what it learns from
    assert np.allclose(still.logits(X), head.logits(X), atol=rounding)
    moved = TransferClassifier(source, train=train, **how).fit(X, y)
    assert moved.history_[-1]["train_loss"] < head.history_[-1]["train_loss"]


def test_hidden_channels_are_the_same_with_and_without_the_cache(
    source: NetworkSource, task: tuple[np.ndarray, np.ndarray]
) -> None:
    X, y = task
    how: dict[str, Any] = {"train": "last:1", "epochs": 3, "augment": None, "early_stopping": False, "random_state": 3}
    plain = TransferClassifier(source, **how).fit(X, y).logits(X)
    stored = TransferClassifier(source, channel_dropout=0.5, **how).fit(X, y).logits(X)
    run = TransferClassifier(source, channel_dropout=0.5, cache=False, **how).fit(X, y).logits(X)
    assert np.allclose(stored, run, atol=1e-3)
    assert not np.allclose(stored, plain, atol=1e-2)


@pytest.mark.parametrize("train", ["head", "all", "last:99"])
def test_channels_can_be_hidden_where_the_network_is_cut_alone(
    source: NetworkSource, task: tuple[np.ndarray, np.ndarray], train: str
) -> None:
    with pytest.raises(ParameterError, match="channel_dropout"):
        TransferClassifier(source, train=train, channel_dropout=0.2, epochs=1).fit(*task)


@pytest.mark.parametrize("blocks", [1, 2])
def test_frozen_tensors_do_not_move_by_one_bit(
    source: NetworkSource, task: tuple[np.ndarray, np.ndarray], blocks: int
) -> None:
    X, y = task
    network = load_network(source)
    before = weights(network.module)
    model = TransferClassifier(source, train=f"last:{blocks}", epochs=3, learning_rate=0.05).fit(X, y)
    assert model.network_ is not None
    after, frozen = model.network_.module.state_dict(), frozen_names(network.module, network.chain, blocks)
    assert any("running_mean" in name for name in frozen) and "stem.0.weight" in frozen
    assert all(torch.equal(before[name], after[name]) for name in frozen)
    moved = {name for name in before if name not in frozen and not name.startswith("fc")}
    assert any(not torch.equal(before[name], after[name]) for name in moved if name.endswith("weight"))
    for name in moved:
        if "running" in name or "num_batches" in name:
            assert torch.equal(before[name], after[name]), "batch-norm statistics stay in evaluation mode"


@pytest.mark.parametrize("blocks", [1, 2])
def test_replaying_from_the_boundary_equals_the_full_forward_pass(
    source: NetworkSource, task: tuple[np.ndarray, np.ndarray], blocks: int
) -> None:
    X, y = task
    stored, full = (
        TransferClassifier(source, train=f"last:{blocks}", epochs=20, random_state=1, cache=cache).fit(X, y)
        for cache in (True, False)
    )
    assert stored.network_ is not None and full.network_ is not None
    other = full.network_.module.state_dict()
    for name, tensor in stored.network_.module.state_dict().items():
        assert torch.equal(tensor, other[name]), name


def test_the_linear_head_is_the_penalised_optimum_on_the_features(
    source: NetworkSource, task: tuple[np.ndarray, np.ndarray]
) -> None:
    X, y = task
    model = TransferClassifier(source, head="linear", random_state=0).fit(X, y)
    assert model.fitted_.linear is not None
    coef, intercept = model.fitted_.linear
    features = embed(load_network(source), as_pictures(X), exact=True).output
    assert np.allclose(features @ coef + intercept, model.logits(X), atol=1e-4)


def test_a_combination_of_depths_beats_its_worst_part_and_weighs_by_loss(
    source: NetworkSource, task: tuple[np.ndarray, np.ndarray]
) -> None:
    X, y = task
    features, targets = embed(load_network(source), as_pictures(X)), class_targets(y, None)
    head = solve_head(features, targets, "depths")
    assert set(head.losses) == {"output", "depths", "grid"}
    assert head.loss <= max(head.losses.values())
    shares = {part.name: part.weight for part in head.parts}
    best = min(head.losses, key=lambda name: head.losses[name])
    assert max(shares, key=lambda name: shares[name]) == best == "grid"


def test_numbers_and_several_labels(source: NetworkSource, task: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = task
    bright = X.astype(float).mean(axis=(1, 2, 3))
    for arguments in ({}, {"train": "last:1"}):
        model = TransferRegressor(source, random_state=0, **arguments).fit(X, bright)
        assert np.corrcoef(model.predict(X), bright)[0, 1] > 0.6
    two = np.stack([y == "left", bright > np.median(bright)], axis=1).astype(int)
    labels = TransferClassifier(source, random_state=0).fit(X, two)
    assert labels.predict(X).shape == (40, 2) and (labels.predict(X)[:, 0] == two[:, 0]).mean() > 0.9
    assert ((labels.predict_proba(X) >= 0) & (labels.predict_proba(X) <= 1)).all()


def test_source_none_learns_from_the_target_alone(source: NetworkSource, task: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = task
    model = TransferClassifier(None, network=source, epochs=2, random_state=0, augment=None).fit(X, y)
    other = TransferClassifier(None, network=source, epochs=2, random_state=1, augment=None).fit(X, y)
    assert model.network_ is not None and other.network_ is not None
    mine, others = model.network_.module.state_dict(), other.network_.module.state_dict()
    assert not torch.allclose(mine["stem.0.weight"], source.module.state_dict()["stem.0.weight"], atol=1e-2)
    assert not torch.equal(mine["stem.0.weight"], others["stem.0.weight"])


def test_cross_validation_scores_the_target(source: NetworkSource, task: tuple[np.ndarray, np.ndarray]) -> None:
    from sklearn.model_selection import GridSearchCV, cross_val_score

    X, y = task
    paths = list(X)
    assert cross_val_score(TransferClassifier(source), paths, y, cv=3).mean() > 0.8
    grid = GridSearchCV(TransferClassifier(source), {"head": ["linear", "depths"]}, cv=2).fit(X, y)
    assert grid.best_params_["head"] in ("linear", "depths")


@pytest.mark.parametrize(
    ("arguments", "task_name"),
    [
        ({"head": "linear"}, "classes"),
        ({"head": "depths"}, "classes"),
        ({"head": [8], "dropout": 0.1}, "classes"),
        ({"train": "last:1"}, "classes"),
        ({"train": "all", "epochs": 1, "augment": None}, "numbers"),
        ({"head": "linear"}, "numbers"),
        ({}, "labels"),
    ],
)
def test_saved_and_loaded_it_says_the_same(
    tmp_path: Path, task: tuple[np.ndarray, np.ndarray], arguments: dict[str, Any], task_name: str, shared_data: Path
) -> None:
    X, y = task
    folder = shared_data / "networks" / "mobilenet_v1_0.25_128"
    target: Any = {"classes": y, "numbers": X.mean(axis=(1, 2, 3)), "labels": np.stack([y == "left", y != ""], 1) * 1}
    kind = TransferRegressor if task_name == "numbers" else TransferClassifier
    if task_name == "labels":
        target["labels"][0] = 0
    model: Any = kind(str(folder), random_state=0, image_size=64, **arguments).fit(X, target[task_name])
    manifest = save_estimator(model, tmp_path)
    write_manifest(tmp_path, manifest)
    again: Any = load_estimator(tmp_path, manifest)
    assert np.array_equal(model.predict(X), again.predict(X)) or np.allclose(model.predict(X), again.predict(X), 1e-4)
    if task_name != "numbers":
        assert np.allclose(model.predict_proba(X), again.predict_proba(X), atol=1e-5)
    assert manifest["network"]["loads_with"] == "transformers"


def test_transformers_alone_gives_the_same_logits(
    tmp_path: Path, task: tuple[np.ndarray, np.ndarray], shared_data: Path
) -> None:
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    X, y = task
    folder = shared_data / "networks" / "mobilenet_v1_0.25_128"
    for arguments in ({"head": "linear"}, {"train": "last:1", "epochs": 3}):
        out = tmp_path / str(len(arguments))
        out.mkdir()
        model = TransferClassifier(str(folder), random_state=0, **arguments).fit(X, y)
        save_estimator(model, out)
        peer = AutoModelForImageClassification.from_pretrained(out).eval()
        pixels = AutoImageProcessor.from_pretrained(out, backend="pil")(
            [Image.fromarray(x) for x in X], return_tensors="pt"
        )
        with torch.no_grad():
            logits = peer(**pixels).logits.numpy()
        assert np.abs(logits - model.logits(X)).max() < 1e-4
        assert peer.config.id2label == {0: "left", 1: "right"}


def test_a_stopped_fit_goes_on_to_the_same_weights(
    source: NetworkSource, task: tuple[np.ndarray, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headstart.training import loop

    X, y = task
    arguments: dict[str, Any] = {"train": "all", "epochs": 4, "random_state": 0, "dropout": 0.3}
    whole = TransferClassifier(source, **arguments).fit(X, y)
    monkeypatch.setattr(loop.LoopSettings, "checkpoint_seconds", 0.0)
    real, calls = loop._run_epoch, []

    def stopping(*args: Any, **kwargs: Any) -> float:
        calls.append(args[0])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(loop, "_run_epoch", stopping)
    path = tmp_path / "fit.ckpt"
    original = loop.train

    def eager(*args: Any, **kwargs: Any) -> Any:
        settings = copy.copy(args[4])
        object.__setattr__(settings, "checkpoint_seconds", 0.0)
        return original(*args[:4], settings, **kwargs)

    from headstart.parameters.tuning import tuning

    monkeypatch.setattr(tuning, "train", eager)
    with pytest.raises(KeyboardInterrupt):
        TransferClassifier(source, checkpoint=path, **arguments).fit(X, y)
    assert path.exists()
    resumed = TransferClassifier(source, checkpoint=path, **arguments).fit(X, y)
    assert calls == [0, 1, 2, 2, 3], "the first two epochs are not run again"
    assert np.array_equal(whole.logits(X), resumed.logits(X))


def test_digits_are_not_mirrored_and_plain_scenes_may_be(task: tuple[np.ndarray, np.ndarray], source: Any) -> None:
    X, y = task
    network = load_network(source)
    assert not mirror_is_harmless(network, as_pictures(X), class_targets(y, None))
    rows = X.transpose(0, 2, 1, 3)
    assert mirror_is_harmless(network, as_pictures(np.ascontiguousarray(rows)), class_targets(y, None))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"train": "last"}, ParameterError, "Expected train 'head', 'last:k'"),
        ({"train": "last:0"}, ParameterError, "found 'last:0'"),
        ({"head": "deep"}, ParameterError, "Expected head 'auto', 'linear', 'depths', 'hidden', a list"),
        ({"head": []}, ParameterError, "Expected head"),
        ({"optimizer": "lion"}, ParameterError, "Expected optimizer one of"),
        ({"epochs": 0, "train": "all"}, ParameterError, "Expected epochs to be a number at least 1"),
        ({"dropout": 1.5}, ParameterError, "Expected dropout to be a number from 0 to 0.99"),
        ({"augment": "wild", "train": "all"}, ParameterError, "Expected augment 'auto'"),
        ({"early_stopping": 3}, ParameterError, "Expected early_stopping"),
        ({"device": "tpu:x"}, ParameterError, "Expected device auto, cpu, cuda or mps"),
        ({"class_weight": {"up": 2}}, ParameterError, "unknown class 'up'"),
        ({"train": "last:9"}, None, ""),
    ],
)
def test_wrong_arguments_are_refused_in_words(
    source: NetworkSource, task: tuple[np.ndarray, np.ndarray], arguments: dict[str, Any], error: Any, words: str
) -> None:
    X, y = task
    model = TransferClassifier(source, **{"epochs": 1, **arguments})
    if error is None:
        model.fit(X, y)
        return
    with pytest.raises(error, match=words.replace("(", r"\(")):
        model.fit(X, y)


def test_wrong_data_are_refused_in_words(source: NetworkSource, task: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = task
    with pytest.raises(DataError, match="Expected at least 2 classes, found one class only"):
        TransferClassifier(source).fit(X, ["a"] * 40)
    with pytest.raises(ParameterError, match="Expected a label for each of 40 pictures, found 3"):
        TransferClassifier(source).fit(X, y[:3])
    with pytest.raises(ParameterError, match="Expected pictures for the network"):
        TransferClassifier(source).fit(X.reshape(40, -1)[:, :5].astype(float), y)
    with pytest.raises(DataError, match="Expected finite targets, found 1"):
        TransferRegressor(source).fit(X, np.r_[np.nan, np.ones(39)])
    with pytest.raises(SourceError):
        TransferClassifier("no/such/folder/anywhere").fit(X, y)


@pytest.mark.parametrize(("side", "half"), [(32, True), (8, False)])
def test_maps_narrower_than_a_stride_are_trained_in_float32(
    monkeypatch: pytest.MonkeyPatch, side: int, half: bool
) -> None:
    monkeypatch.setattr("headstart.parameters.tuning.trainee.has_bf16", lambda device: True)
    strided = [nn.Conv2d(n, 4, 3, stride=2, padding=1) for n in (3, 4, 4, 4)]
    module = nn.Sequential(*strided, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    network = load_network(NetworkSource(module, size=side))
    assert Trainee(network, 2, TuningSettings(blocks=None)).bf16 == half
    assert Trainee(network, 2, TuningSettings(blocks=1)).bf16 == half
    assert not Trainee(network, 2, TuningSettings(blocks=1, pairs=True)).bf16


def test_a_tail_in_bfloat16_learns_the_same_and_is_judged_in_float32(
    source: NetworkSource, task: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = task
    how: dict[str, Any] = {"train": "last:2", "head": [16], "epochs": 6, "augment": None, "early_stopping": True}
    found = {}
    for half in (False, True):
        monkeypatch.setattr("headstart.parameters.tuning.trainee.has_bf16", lambda device, half=half: half)
        model = TransferClassifier(source, random_state=0, learning_rate=1e-3, **how).fit(X, y)
        held = held_rows(model, model._targets(y), None)
        assert held is not None
        p = model.predict_proba(X[held[1]])[np.arange(len(held[1])), np.searchsorted(model.classes_, y[held[1]])]
        best = min(record["val_loss"] for record in model.history_)
        assert -np.log(p).mean() == pytest.approx(best, rel=1e-3, abs=1e-6)
        found[half] = model.logits(X)
    assert not np.array_equal(found[False], found[True])
    assert np.abs(found[False] - found[True]).max() < 0.1 * np.abs(found[False]).max()

"""What every public method must keep: arrays and parameters, seeds, the baseline, row order, and no leak of labels."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone, is_classifier
from torch import nn

from headstart import (
    MultiTaskClassifier,
    MultiTaskRegressor,
    NetworkSource,
    SafeTransferClassifier,
    SafeTransferRegressor,
    TransferClassifier,
    TransferRegressor,
)
from headstart.data.clips.clips import Clips
from headstart.nn.bodies.sound_network import SoundConfig, new_sound_network

ON_CLIPS: dict[str, Callable[[Any], Any]] = {
    "head on clips": lambda s: TransferClassifier(s, network=s or SOUND, epochs=2, random_state=0),
    "last block on clips": lambda s: TransferClassifier(
        s, network=s or SOUND, train="last:1", epochs=2, random_state=0
    ),
    "tasks on clips": lambda s: MultiTaskClassifier(s, network=s or SOUND, epochs=2, random_state=0),
    "all on clips": lambda s: TransferClassifier(s, network=s or SOUND, train="all", epochs=2, random_state=0),
    "numbers on clips": lambda s: TransferRegressor(s, network=s or SOUND, epochs=2, random_state=0),
    "safe on clips": lambda s: SafeTransferClassifier(s, budget=2.0, n_splits=3),
}
METHODS: dict[str, Callable[[Any], Any]] = {
    "head": lambda s: TransferClassifier(s, network=s or SOURCE, epochs=2, random_state=0),
    "deep head": lambda s: TransferClassifier(s, network=s or SOURCE, head=[8], epochs=2, random_state=0),
    "last block": lambda s: TransferClassifier(s, network=s or SOURCE, train="last:1", epochs=2, random_state=0),
    "all": lambda s: TransferClassifier(s, network=s or SOURCE, train="all", epochs=2, random_state=0),
    "numbers": lambda s: TransferRegressor(s, network=s or SOURCE, epochs=2, random_state=0),
    "safe": lambda s: SafeTransferClassifier(s, budget=2.0, n_splits=3),
    "safe numbers": lambda s: SafeTransferRegressor(s, budget=2.0, n_splits=3),
    "tasks": lambda s: MultiTaskClassifier(s, network=s or SOURCE, epochs=2, random_state=0),
    "tasks of numbers": lambda s: MultiTaskRegressor(s, network=s or SOURCE, train="all", epochs=2, random_state=0),
    **ON_CLIPS,
}


def make_source() -> NetworkSource:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        net = nn.Sequential(
            nn.Conv2d(3, 6, 3, 2, 1),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.Conv2d(6, 12, 3, 2, 1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(12, 5),
        )
    return NetworkSource(net.eval(), size=16, name="tiny", n_examples=5000)


def make_sound_source() -> NetworkSource:
    config = SoundConfig(rate=8000, samples=2400, n_mels=24, f_max=3800.0, widths=(8, 12), depths=(1, 1))
    net = new_sound_network(config, ["a", "b", "c"], seed=5).eval()
    return NetworkSource(net, sampling_rate=8000, seconds=0.3, name="tiny", n_examples=5000)


SOURCE, SOUND = make_source(), make_sound_source()


def source_of(name: str) -> NetworkSource:
    return SOUND if name in ON_CLIPS else SOURCE


def made(name: str, source: Any = SOURCE) -> Any:
    """A method, with the source of its kind of input or with none."""
    return METHODS[name](None if source is None else source_of(name))


def data(n: int = 24) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures whose red or blue tells the class and whose light is the number."""
    rng = np.random.default_rng(1)
    y, light = np.arange(n) % 2, rng.uniform(0, 100, n)
    X = rng.integers(0, 40, (n, 16, 16, 3)) + light[:, None, None, None] * 0.5
    for i, label in enumerate(y):
        X[i, ..., 2 * label] += 90
    return X.astype(np.uint8), np.array(["blue", "red"])[1 - y], light


def clips(n: int = 24) -> Clips:
    """Tones whose pitch tells the class and whose loudness is the number; some are longer than the network's window."""
    rng = np.random.default_rng(1)
    _, labels, light = data(n)
    waves = []
    for label, loud in zip(labels, light, strict=True):
        t = np.arange(rng.integers(1600, 4000)) / 8000
        tone = np.sin(2 * np.pi * (2000 if label == "red" else 350) * t)
        waves.append(((0.05 + loud / 200) * tone + rng.normal(0, 0.01, len(t))).astype(np.float32))
    return Clips(waves, sampling_rate=8000)


def task(name: str) -> tuple[Any, Any]:
    """What a method learns from; of several tasks a frame with gaps."""
    X, labels, light = data()
    if name.startswith("tasks"):
        Y = pd.DataFrame({"light": light, "label": light * 2 if "numbers" in name else labels})
        Y.loc[:3, "label"] = None
        return (clips() if name in ON_CLIPS else X), Y
    return (clips() if name in ON_CLIPS else X), (labels if is_classifier(made(name)) else light)


def arrays(X: Any) -> list[np.ndarray]:
    return [X.items[i][0] for i in range(len(X))] if isinstance(X, Clips) else [X]


def answers(method: Any, X: Any) -> np.ndarray:
    """All that a method says of rows, as numbers; of several tasks side by side."""
    if not hasattr(method, "models_"):
        return method.predict_proba(X) if is_classifier(method) else method.predict(X)
    shares = [part for part in getattr(method, "predict_proba", lambda X: [])(X) if part is not None]
    return np.column_stack([*shares, method.predict(X).select_dtypes("number")])


@pytest.mark.parametrize("name", METHODS)
def test_arrays_parameters_source_and_random_state_stay_as_they_were(name: str) -> None:
    X, y = task(name)
    source = source_of(name)
    kept, labels = [array.copy() for array in arrays(X)], y.copy()
    weights = {k: v.clone() for k, v in source.module.state_dict().items()}
    method = made(name)
    parameters = method.get_params(deep=False)
    np.random.seed(3)
    torch.manual_seed(3)
    before = (np.random.get_state()[1].copy(), torch.get_rng_state())
    method.fit(X, y).predict(X)
    assert all(np.array_equal(a, b) for a, b in zip(arrays(X), kept, strict=True))
    assert y.equals(labels) if hasattr(y, "equals") else np.array_equal(y, labels)
    assert method.get_params(deep=False) == parameters
    assert all(torch.equal(weights[k], v) for k, v in source.module.state_dict().items())
    assert np.array_equal(before[0], np.random.get_state()[1]) and torch.equal(before[1], torch.get_rng_state())


@pytest.mark.parametrize("name", METHODS)
def test_the_same_seed_gives_the_same_answer_and_clones_share_the_source(name: str) -> None:
    X, y = task(name)
    method = made(name)
    twin = clone(method)
    assert twin.source is source_of(name)
    assert np.array_equal(method.fit(X, y).predict(X), twin.fit(X, y).predict(X))


@pytest.mark.parametrize("name", ["head", "last block", "all", "numbers", "safe", "tasks", *ON_CLIPS])
def test_predictions_do_not_depend_on_the_company_of_a_row(name: str) -> None:
    X, y = task(name)
    method = made(name).fit(X, y)
    order = np.random.default_rng(0).permutation(len(X))
    assert np.allclose(answers(method, X)[order], answers(method, X[order]), atol=1e-4)
    assert np.allclose(answers(method, X)[:1], answers(method, X[:1]), atol=1e-4)


@pytest.mark.parametrize(
    "name", ["head", "deep head", "last block", "all", "numbers", "tasks", "head on clips", "last block on clips"]
)
def test_source_none_is_the_same_as_a_network_of_random_weights_trained_whole(name: str) -> None:
    X, y = task(name)
    baseline = made(name, None).fit(X, y)
    whole = made(name, None).set_params(train="all").fit(X, y)
    assert np.array_equal(baseline.predict(X), whole.predict(X))


def test_labels_are_learned_from_and_nothing_else_tells_them() -> None:
    """With labels that mean nothing, rows that were not seen are guessed no better than by chance."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 255, (120, 16, 16, 3), dtype=np.uint8)
    y = rng.permutation(np.arange(120) % 2)
    for name in ("head", "safe"):
        method = METHODS[name](SOURCE).fit(X[:60], y[:60])
        assert 0.3 < (method.predict(X[60:]) == y[60:]).mean() < 0.7


@pytest.mark.parametrize("name", ["head", "last block", "tasks", "head on clips", "last block on clips"])
def test_a_fitted_method_survives_pickling_by_other_tools(name: str) -> None:
    X, y = task(name)
    method = made(name).fit(X, y)
    assert np.array_equal(pickle.loads(pickle.dumps(method)).predict(X), method.predict(X))

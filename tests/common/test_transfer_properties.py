"""What every public method must keep: arrays and parameters, seeds, the baseline, row order, and no leak of labels."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone, is_classifier
from torch import nn

from headstart import (
    NetworkSource,
    SafeTransferClassifier,
    SafeTransferRegressor,
    TransferClassifier,
    TransferRegressor,
)

METHODS: dict[str, Callable[[Any], Any]] = {
    "head": lambda s: TransferClassifier(s, network=s or SOURCE, epochs=2, random_state=0),
    "deep head": lambda s: TransferClassifier(s, network=s or SOURCE, head=[8], epochs=2, random_state=0),
    "last block": lambda s: TransferClassifier(s, network=s or SOURCE, train="last:1", epochs=2, random_state=0),
    "all": lambda s: TransferClassifier(s, network=s or SOURCE, train="all", epochs=2, random_state=0),
    "numbers": lambda s: TransferRegressor(s, network=s or SOURCE, epochs=2, random_state=0),
    "safe": lambda s: SafeTransferClassifier(s, budget=2.0, n_splits=3),
    "safe numbers": lambda s: SafeTransferRegressor(s, budget=2.0, n_splits=3),
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


SOURCE = make_source()


def data(n: int = 24) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures whose red or blue tells the class and whose light is the number."""
    rng = np.random.default_rng(1)
    y, light = np.arange(n) % 2, rng.uniform(0, 100, n)
    X = rng.integers(0, 40, (n, 16, 16, 3)) + light[:, None, None, None] * 0.5
    for i, label in enumerate(y):
        X[i, ..., 2 * label] += 90
    return X.astype(np.uint8), np.array(["blue", "red"])[1 - y], light


def target(method: Any) -> np.ndarray:
    return data()[1] if is_classifier(method) else data()[2]


@pytest.mark.parametrize("name", METHODS)
def test_arrays_parameters_source_and_random_state_stay_as_they_were(name: str) -> None:
    X, y = data()[0], target(METHODS[name](SOURCE))
    kept, labels, weights = X.copy(), y.copy(), {k: v.clone() for k, v in SOURCE.module.state_dict().items()}
    method = METHODS[name](SOURCE)
    parameters = method.get_params(deep=False)
    np.random.seed(3)
    torch.manual_seed(3)
    before = (np.random.get_state()[1].copy(), torch.get_rng_state())
    method.fit(X, y).predict(X)
    assert np.array_equal(X, kept) and np.array_equal(y, labels)
    assert method.get_params(deep=False) == parameters
    assert all(torch.equal(weights[k], v) for k, v in SOURCE.module.state_dict().items())
    assert np.array_equal(before[0], np.random.get_state()[1]) and torch.equal(before[1], torch.get_rng_state())


@pytest.mark.parametrize("name", METHODS)
def test_the_same_seed_gives_the_same_answer_and_clones_share_the_source(name: str) -> None:
    X, y = data()[0], target(METHODS[name](SOURCE))
    method = METHODS[name](SOURCE)
    twin = clone(method)
    assert twin.source is SOURCE
    assert np.array_equal(method.fit(X, y).predict(X), twin.fit(X, y).predict(X))


@pytest.mark.parametrize("name", ["head", "last block", "all", "numbers", "safe"])
def test_predictions_do_not_depend_on_the_company_of_a_row(name: str) -> None:
    X, y = data()[0], target(METHODS[name](SOURCE))
    method = METHODS[name](SOURCE).fit(X, y)
    say = method.predict_proba if is_classifier(method) else method.predict
    order = np.random.default_rng(0).permutation(len(X))
    assert np.allclose(say(X)[order], say(X[order]), atol=1e-4)
    assert np.allclose(say(X)[:1], say(X[:1]), atol=1e-4)


@pytest.mark.parametrize("name", ["head", "deep head", "last block", "all", "numbers"])
def test_source_none_is_the_same_as_a_network_of_random_weights_trained_whole(name: str) -> None:
    X, y = data()[0], target(METHODS[name](SOURCE))
    baseline = METHODS[name](None).fit(X, y)
    whole = METHODS[name](None).set_params(train="all").fit(X, y)
    assert np.array_equal(baseline.predict(X), whole.predict(X))


def test_labels_are_learned_from_and_nothing_else_tells_them() -> None:
    """With labels that mean nothing, rows that were not seen are guessed no better than by chance."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 255, (120, 16, 16, 3), dtype=np.uint8)
    y = rng.permutation(np.arange(120) % 2)
    for name in ("head", "safe"):
        method = METHODS[name](SOURCE).fit(X[:60], y[:60])
        assert 0.3 < (method.predict(X[60:]) == y[60:]).mean() < 0.7


@pytest.mark.parametrize("name", ["head", "last block"])
def test_a_fitted_method_survives_pickling_by_other_tools(name: str) -> None:
    X, y = data()[0], target(METHODS[name](SOURCE))
    method = METHODS[name](SOURCE).fit(X, y)
    assert np.array_equal(pickle.loads(pickle.dumps(method)).predict(X), method.predict(X))

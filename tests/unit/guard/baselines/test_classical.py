"""The baseline without a network: it learns, it is deterministic, and it is saved without pickle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headstart.data.pictures.pictures import as_pictures
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import DataError, SourceError
from headstart.guard.baselines.classical import BaselineClassifier, BaselineRegressor
from headstart.models.saving.baselines import load_baseline, save_baseline
from headstart.networks.running.simple_features import simple_features


def stripes(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy pictures of 32 px with upright or lying stripes."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    wave = (np.arange(32) // 4 % 2) * 120
    pictures = rng.integers(0, 100, (n, 32, 32, 3))
    pictures += np.where(y[:, None, None] == 0, wave[None, None, :], wave[None, :, None])[..., None]
    return pictures.astype(np.uint8), y


def test_it_learns_directions_and_gives_probabilities() -> None:
    X, y = stripes(60)
    names = np.array(["upright", "lying"])[y]
    model = BaselineClassifier().fit(X[:40], names[:40])
    assert model.score(X[40:], names[40:]) == 1.0
    p = model.predict_proba(X[40:])
    assert p.shape == (20, 2) and p.sum(axis=1) == pytest.approx(1)
    assert model.classes_.tolist() == ["lying", "upright"]


def test_it_learns_colours() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (40, 16, 16, 3)).astype(np.uint8)
    X[::2, ..., 0] //= 4
    y = np.arange(40) % 2
    assert BaselineClassifier().fit(X[:30], y[:30]).score(X[30:], y[30:]) == 1.0


def test_multilabel() -> None:
    X, upright = stripes(80)
    red = np.arange(80) // 2 % 2
    X[red == 1, ..., 1:] //= 8
    Y = np.column_stack([upright, red])
    model = BaselineClassifier().fit(X[:60], Y[:60])
    assert model.predict(X[60:]).shape == (20, 2)
    assert (model.predict(X[60:]) == Y[60:]).mean() > 0.9
    assert model.predict_proba(X[60:]).max() <= 1


@pytest.mark.parametrize("targets", [1, 2])
def test_numbers(targets: int) -> None:
    rng = np.random.default_rng(0)
    light = rng.random((60, targets))
    X = np.full((60, 16, 16, 3), 20.0)
    X[..., 0] += 200 * light[:, :1, None]
    X[..., 2] += 200 * light[:, -1:, None]
    y = light[:, 0] if targets == 1 else light
    model = BaselineRegressor().fit(X[:40].astype(np.uint8), y[:40])
    assert model.predict(X[40:].astype(np.uint8)).shape == y[40:].shape
    assert model.score(X[40:].astype(np.uint8), y[40:]) > 0.9


def test_one_class_is_an_error() -> None:
    X, _ = stripes(6)
    with pytest.raises(DataError, match="Expected two classes or more, found one"):
        BaselineClassifier().fit(X, ["a"] * 6)


def test_three_pictures_are_enough_to_run() -> None:
    X, _ = stripes(3)
    assert BaselineClassifier().fit(X, ["a", "b", "b"]).predict(X).shape == (3,)


def test_the_same_data_give_the_same_model_and_the_caller_keeps_its_arrays() -> None:
    X, y = stripes(30)
    before = X.copy()
    first, second = (BaselineClassifier().fit(X, y) for _ in range(2))
    assert np.array_equal(first.coef_, second.coef_)
    assert np.array_equal(X, before)


def test_features_are_computed_once_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    from headstart.data.pictures import simple as module

    X = as_pictures(stripes(10, seed=7)[0])
    expected = simple_features(X)
    monkeypatch.setattr(module, "hog", None)
    again = simple_features(X[np.array([3, 1])])
    assert np.array_equal(again["edges"], expected["edges"][[3, 1]])


@pytest.mark.parametrize("task", ["classes", "labels", "numbers"])
def test_saved_and_loaded_it_is_the_same(task: str, tmp_path: Path) -> None:
    X, y = stripes(24)
    size = Preprocessing(40, (32, 32), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    if task == "numbers":
        model: BaselineRegressor | BaselineClassifier = BaselineRegressor(size).fit(X, y * 2.5)
    else:
        model = BaselineClassifier(size).fit(X, y if task == "classes" else np.column_stack([y, 1 - y]))
    described = save_baseline(model, tmp_path)
    again = load_baseline(tmp_path, described)
    assert np.array_equal(again.predict(X), model.predict(X))
    if task != "numbers":
        assert again.predict_proba(X) == pytest.approx(model.predict_proba(X), abs=1e-12)
    assert [path.suffix for path in tmp_path.iterdir()] == [".safetensors"]


def test_something_else_is_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Expected a baseline"):
        load_baseline(tmp_path, {"class": "Pickle", "features": "edges"})

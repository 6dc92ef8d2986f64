"""Models of several views on disk: whole, each network in a folder of its own, nothing that could run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import headstart
from headstart import CoTrainingClassifier, MultiViewCCA, MultiViewClassifier, MultiViewRegressor, NetworkSource
from headstart.errors import OutputError, SourceError
from headstart.models.model import Model
from headstart.models.saving.tables import load_table_model, save_table_model
from headstart.multiview.encoder import ViewEncoder
from headstart.networks.reading.loading import load_network

VIEWS = {"picture": ["photo"], "lab": ["age"]}


def table(place: Path, n: int = 12) -> tuple[pd.DataFrame, np.ndarray]:
    rng, y = np.random.default_rng(0), np.arange(n) % 2
    for i in range(n):
        Image.fromarray(rng.integers(100 * y[i], 100 * y[i] + 99, (16, 16), dtype=np.uint8)).save(place / f"{i}.png")
    frame = pd.DataFrame({"photo": [str(place / f"{i}.png") for i in range(n)], "age": 30.0 + 9 * y + rng.random(n)})
    frame.loc[0, "photo"], frame.loc[1, "age"] = None, None
    return frame, np.array(["a", "b"])[y]


def fitted(frame: pd.DataFrame, y: np.ndarray, source: Any = "auto") -> Model:
    encoder = ViewEncoder(VIEWS, source=source).fit(frame)
    estimator = MultiViewClassifier(dict(encoder.slices_), source=None).fit(encoder.transform(frame), y)
    return Model(estimator, {}, task="classification", classes=["a", "b"], input_type="table", encoder=encoder)


def test_a_model_comes_back_with_its_networks(tmp_path: Path) -> None:
    frame, y = table(tmp_path)
    model = fitted(frame, y)
    folder = model.save(tmp_path / "m")
    again = headstart.load(folder)
    assert np.allclose(again.predict_proba(frame), model.predict_proba(frame), atol=1e-4)
    assert load_network(folder / "views" / "0").trained  # a source for the next transfer
    twice = headstart.load(again.save(tmp_path / "n"))
    assert np.allclose(twice.predict_proba(frame), model.predict_proba(frame), atol=1e-4)
    assert {file.suffix for file in folder.rglob("*") if file.is_file()} <= {".json", ".safetensors", ".md"}


def test_a_changed_network_is_refused(tmp_path: Path) -> None:
    folder = fitted(*table(tmp_path)).save(tmp_path / "m")
    weights = folder / "views" / "0" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(SourceError, match=r"views/0/model\.safetensors in .* as it was written, found other bytes"):
        headstart.load(folder)


def test_a_module_in_memory_has_no_safe_form(tmp_path: Path) -> None:
    frame, y = table(tmp_path)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 2)
    )
    source = NetworkSource(module, size=16)
    with pytest.raises(OutputError, match="Expected a network that can be loaded by itself for the view 'picture'"):
        fitted(frame, y, {"picture": source}).save(tmp_path / "m")


@pytest.mark.parametrize("kind", [MultiViewClassifier, MultiViewRegressor, CoTrainingClassifier, MultiViewCCA])
def test_estimators_of_views_are_saved_without_pickle(kind: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = y[:, None] + rng.normal(0, 0.3, (40, 5))
    X[::4, :2] = np.nan
    model = kind({"a": [0, 1], "b": slice(2, 5)}, source=None, unlabelled=X).fit(X, y)
    save_table_model(model, None, tmp_path)
    again = load_table_model(tmp_path)[0]
    way = "transform" if kind is MultiViewCCA else "predict"
    assert np.array_equal(getattr(again, way)(X), getattr(model, way)(X)) and again.unlabelled is None

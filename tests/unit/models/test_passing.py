"""What a model was asked about is not held: neither canvases nor features grow with the number of answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from saved_models import network_of
from tiny_pictures import pictures

import headstart
from headstart import Model
from headstart.data.inputs.canvases import default_store
from headstart.networks.running import cache as caching
from headstart.networks.running.cache import FeatureCache, default_cache
from headstart.networks.running.passing import passing
from headstart.parameters.transfer import TransferClassifier


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    X, y = pictures(12, seed=0)
    fitted = TransferClassifier(network_of("resnet"), train="head").fit(X, y)
    folder = Model(fitted, {}, task="classification", classes=fitted.classes_.tolist()).save(
        tmp_path_factory.mktemp("m") / "model"
    )
    return headstart.load(folder)


@pytest.mark.parametrize("files", [True, False])
def test_answers_leave_nothing_behind(
    model: Model, files: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path) if files else "off")
    monkeypatch.setattr(caching, "FEW", 20_000)
    X = np.random.default_rng(1).integers(0, 255, (150, 20, 20, 3), dtype=np.uint8)
    before, seen = len(default_store()), set[int]()
    for picture in X:
        with passing():
            model.predict([picture])
            held = default_cache()
        assert isinstance(held, FeatureCache) and held._used <= 20_000
        seen.add(len(held._rows))
    assert len(default_store()) == before and len(default_cache()._rows) == 0
    assert len(seen) < 100  # it has forgotten some
    assert bool(list(tmp_path.rglob("*.rows"))) == files


def test_answers_are_the_same_as_of_the_estimator(model: Model) -> None:
    X = np.random.default_rng(2).integers(0, 255, (9, 20, 20, 3), dtype=np.uint8)
    assert np.array_equal(model.predict_proba(X), model.estimator.predict_proba(X))

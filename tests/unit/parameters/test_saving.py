"""An estimator alone as a folder: loaded as a model, a source of the next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import headstart
from headstart import TransferClassifier, TransferRegressor
from headstart.errors import ParameterError


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)


def test_an_estimator_saves_itself_and_comes_back_as_a_model(tmp_path: Path, pictures: np.ndarray) -> None:
    labels = np.array(["ant", "bee"] * 6)
    estimator = TransferClassifier("starter:pictures").fit(pictures, labels)
    folder = estimator.save(tmp_path / "model")
    model = headstart.load(folder)
    assert np.allclose(model.predict_proba(pictures), estimator.predict_proba(pictures), atol=1e-5)
    assert model.evidence == {} and model.verdict == "cannot tell" and model.classes_.tolist() == ["ant", "bee"]
    assert TransferClassifier(folder).fit(pictures, labels).score(pictures, labels) >= 0.5
    numbers = TransferRegressor("starter:pictures").fit(pictures, np.arange(12.0))
    again = headstart.load(numbers.save(tmp_path / "numbers"))
    assert np.allclose(again.predict(pictures), numbers.predict(pictures), atol=1e-4)


def test_ready_made_features_are_refused(tmp_path: Path) -> None:
    estimator = TransferClassifier(None).fit(np.random.default_rng(0).normal(size=(20, 5)), np.arange(20) % 2)
    with pytest.raises(ParameterError, match="found one of ready-made features"):
        estimator.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()

"""The estimate covers the truth, and probabilities are scaled only where that makes them better."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.dummy import DummyClassifier

from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.out_of_fold import Outcome
from headstart.guard.evidence.evidence import calibration

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coverage_benchmark", BENCHMARKS / "coverage.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SAMPLE = [
    ("accuracy", 0.98, 40, 4, 0.0, 1),
    ("accuracy", 0.7, 50, 4, 0.05, 1),
    ("accuracy", 0.95, 100, 2, 0.05, 5),
    ("balanced_accuracy", 0.9, 60, 2, 0.05, 1),
    ("log_loss", 0.9, 60, 2, 0.0, 1),
    ("r2", 0.7, 60, 2, 0.05, 1),
]


@pytest.mark.parametrize(("metric", "level", "n", "candidates", "unequal", "group"), SAMPLE)
def test_a_sample_of_the_grid_is_covered(
    coverage: ModuleType, metric: str, level: float, n: int, candidates: int, unequal: float, group: int
) -> None:
    setting = coverage.Setting(metric, level, n, candidates, unequal, group)
    share, width = coverage.coverage(setting, 60)
    assert share >= 0.88 and width > 0


def scaled(sharpness: float) -> tuple[float, dict[str, float], Outcome]:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (300, 3))
    p = softmax(logits, axis=1)
    y = np.array([rng.choice(3, p=row) for row in p])
    outcome = Outcome(Candidate("x", DummyClassifier(), False, "x"), [softmax(sharpness * logits, axis=1)])
    found, prediction, changed = calibration(
        Material(np.zeros((300, 1)), y, "classification"), outcome, np.arange(300) % 5
    )
    assert changed["temperature"] == found
    if found == 1.0:
        assert (prediction == outcome.predictions[0]).all() and changed["ece_before"] == changed["ece_after"]
    else:
        assert changed["ece_after"] < changed["ece_before"]
    return found, changed, outcome


def test_overconfident_probabilities_are_scaled() -> None:
    found, changed, _ = scaled(4.0)
    assert 3.0 < found < 5.5 and changed["ece_after"] < 0.07 < changed["ece_before"]


def test_good_probabilities_are_left_as_they_are() -> None:
    assert scaled(1.0)[0] == 1.0

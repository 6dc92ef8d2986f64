"""What training a network's blocks will cost: all examples that it learns from count, also those that are lent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headstart import Source, TransferClassifier
from headstart.data.inputs.inputs import as_inputs
from headstart.data.sets.other_tasks import OtherTasks
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.journal import Journal
from headstart.guard.comparing.pricing import price_of
from headstart.parameters.beside import BesideClassifier


def test_examples_of_sets_and_of_other_tasks_are_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def predicted(estimator: Any, n_train: int, *given: Any) -> tuple[float, float]:
        return float(n_train), 10.0 * n_train

    monkeypatch.setattr("headstart.parameters.tuning.price.predict_parts", predicted)
    pictures = as_inputs(np.random.default_rng(0).integers(0, 255, (50, 8, 8)).astype(np.uint8))
    own = np.arange(50) < 20
    others = OtherTasks(pictures, {}, own, np.full(50, ""))
    material = Material(pictures[:20], np.arange(20) % 2, "classification")
    common: dict[str, Any] = {"train": "last:1"}
    ways = {
        "alone": TransferClassifier("starter:pictures", **common),
        "sets": TransferClassifier(["starter:pictures", Source(pictures[20:], np.arange(30) % 2)], **common),
        "tasks": BesideClassifier("starter:pictures", beside=others, **common),
    }
    prices = {
        name: price_of(Candidate(name, one, True, name, dear=True), material, 5, 1000.0, Journal(None))
        for name, one in ways.items()
    }
    assert (prices["alone"].fold, prices["alone"].refit, prices["alone"].once) == (160.0, 200.0, 20.0)
    for name in ("sets", "tasks"):
        assert (prices[name].fold, prices[name].refit, prices[name].once) == (460.0, 500.0, 50.0)

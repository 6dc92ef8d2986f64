"""The curves of dropout: from one start, what is learned by heart without it is learned less with it."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.errors import ParameterError
from headstart.parameters.heads import dropout_curves as module
from headstart.parameters.heads.dropout_curves import dropout_curves, units_alike
from headstart.parameters.heads.targets import class_targets, number_targets
from headstart.report.dropout import dropout


def test_the_head_without_dropout_learns_by_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EPOCHS", 40)
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((90, 60)).astype(np.float32), np.arange(90) % 2
    X[:, 0] += y
    before = X.copy()
    found = dropout_curves(X, class_targets(y, None), np.arange(60), np.arange(60, 90))
    assert np.array_equal(X, before)
    gap = {name: found[name]["train"][-1] - found[name]["held_out"][-1] for name in ("without", "with")}
    assert found["without"]["train"][-1] > 0.98
    assert found["with"]["train_loss"][-1] > found["without"]["train_loss"][-1]
    assert gap["without"] > 0.1
    assert found == dropout_curves(X, class_targets(y, None), np.arange(60), np.arange(60, 90))
    page = dropout(found, "rows")
    assert page is not None
    assert [row["name"] for row in page["rows"]] == ["without dropout", "with dropout"]
    assert page["figure"].count("<polyline") == 4


def test_numbers_are_refused() -> None:
    with pytest.raises(ParameterError, match="Expected classes for the curves of dropout, found numbers"):
        dropout_curves(np.eye(4), number_targets(np.arange(4.0)), np.arange(2), np.arange(2, 4))


def test_units_that_point_one_way_are_alike_whatever_their_length_and_sign() -> None:
    assert units_alike(np.array([[1.0, 2.0], [-3.0, -6.0]])) == pytest.approx(1.0)
    assert units_alike(np.eye(3)) == 0.0

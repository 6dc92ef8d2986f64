"""Rows of a table without labels: what learns from them, what is said, and what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

import headstart
from headstart import SafeTransferClassifier, SafeTransferRegressor

RNG = np.random.default_rng(0)
Y = RNG.integers(2, size=240)
X = RNG.normal(size=(240, 12)) + 3.0 * np.eye(12)[[1, 3]][Y]
FEW = np.r_[np.flatnonzero(Y == 0)[:4], np.flatnonzero(Y == 1)[:4]]
REST = np.setdiff1d(np.arange(240), FEW)


def frame(rows: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(X[rows], columns=list("abcdefghijkl")).assign(town=np.where(X[rows, 0] > 0, "Ulm", "Bonn"))


@pytest.mark.parametrize("kind", [frame, lambda rows: X[rows]], ids=["frame", "array"])
def test_they_are_compared_and_copies_of_labelled_rows_are_left_out(kind: Any) -> None:
    model = SafeTransferClassifier(None, unlabelled=kind(np.r_[REST, FEW, FEW[:1]]), budget=30).fit(kind(FEW), Y[FEW])
    evidence = model.evidence_
    assert {"target, unlabelled", "propagation"} <= {row["name"] for row in evidence["candidates"]}
    assert evidence["source"]["n_unlabelled"] == 232 and evidence["source"]["sources"] == []
    assert "9 of 241 rows without labels are among the labelled ones and were left out." in evidence["data"]["notes"]


def test_they_are_learned_from_where_that_is_ahead() -> None:
    digits, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    few = np.concatenate([order[labels[order] == k][:2] for k in range(10)])
    rest = np.setdiff1d(order[:800], few)
    model = SafeTransferClassifier(None, unlabelled=digits[rest], budget=60).fit(digits[few], labels[few])
    alone = SafeTransferClassifier(None, budget=60).fit(digits[few], labels[few])
    assert model.best_candidate_.name in ("target, unlabelled", "propagation")
    assert model.score(digits[order[800:]], labels[order[800:]]) > alone.score(digits[order[800:]], labels[order[800:]])
    told = " ".join(model.evidence_["data"]["notes"])
    assert "Your labels" in told and "the unlabelled look like" in told


def test_blank_labels_are_rows_without_and_the_model_is_saved(tmp_path: Path) -> None:
    table = frame(np.arange(240)).assign(y=np.array(["ill", "well"], dtype=object)[Y])
    table.loc[REST, "y"] = None
    model = headstart.fit(table, None, label="y", budget=30)
    assert model.evidence["source"]["n_unlabelled"] == 232
    assert {"target, unlabelled", "propagation"} <= {row["name"] for row in model.evidence["candidates"]}
    again = headstart.load(model.save(tmp_path / "model"))
    assert np.array_equal(again.predict_proba(frame(REST)), model.predict_proba(frame(REST)))


def test_where_they_help_with_nothing_that_is_said() -> None:
    plain = SafeTransferRegressor(None, budget=5).fit(X[FEW], X[FEW, 0])
    model = SafeTransferRegressor(None, unlabelled=X[REST], budget=5).fit(X[FEW], X[FEW, 0])
    assert (
        "The 232 rows without labels were not used: they help with classes alone." in model.evidence_["data"]["notes"]
    )
    assert model.evidence_["source"] is None and np.array_equal(model.predict(X), plain.predict(X))
    only = SafeTransferClassifier(None, unlabelled=X[:24], budget=5).fit(X[:24], Y[:24])
    assert only.evidence_["source"] is None

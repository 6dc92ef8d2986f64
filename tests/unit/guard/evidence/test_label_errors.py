"""Wrong labels are found among right ones."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

import headstart
from headstart.guard.evidence.label_errors import likely_wrong


@pytest.mark.parametrize("seed", range(3))
def test_most_of_the_listed_are_flipped_and_most_flipped_are_listed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = np.repeat(np.arange(4), 100)
    X = rng.normal(size=(400, 10)) + 3.0 * np.eye(4, 10)[true]
    flipped = rng.choice(400, 20, replace=False)
    said = true.copy()
    said[flipped] = (true[flipped] + rng.integers(1, 4, 20)) % 4
    found = cross_val_predict(LogisticRegression(), X, said, cv=5, method="predict_proba")
    rows, suggested = likely_wrong(found, said)
    listed = rows[:20]
    assert np.isin(listed, flipped).mean() > 0.8
    hit = np.isin(rows, flipped)
    assert (suggested[hit] == true[rows[hit]]).mean() > 0.9


def test_a_class_answered_less_surely_has_a_lower_bar() -> None:
    logits = np.zeros((6, 2))
    logits[:3, 0], logits[3:, 1] = 4.0, 0.3  # class 1 is never surer than 57%
    p = softmax(logits, axis=1)
    said = np.array([0, 0, 0, 1, 1, 0])
    rows, suggested = likely_wrong(p, said, surer=0.1)
    assert not len(likely_wrong(p, said)[0])
    assert rows.tolist() == [5] and suggested.tolist() == [1]


def test_a_class_without_examples_is_never_suggested() -> None:
    p = np.array([[0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1]])
    assert 2 not in likely_wrong(p, np.array([0, 0, 1]))[1]


def test_flipped_labels_of_a_table_are_listed_in_evidence_and_beside_the_sealed_model(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    true = np.arange(200) % 2
    X = rng.normal(size=(200, 4)) + 2.5 * true[:, None]
    flipped = rng.choice(200, 10, replace=False)
    said = np.array(["=no", "yes"])[np.where(np.isin(np.arange(200), flipped), 1 - true, true)]
    model = headstart.fit((X, said), None, budget=10, out=tmp_path / "model")
    listed = model.evidence["label_errors"]
    found = [int(one["name"].split()[-1]) - 1 for one in listed]
    assert np.isin(found, flipped).mean() > 0.8 and np.isin(flipped, found).mean() > 0.6
    assert all(one["true"] != one["predicted"] for one in listed)
    with open(tmp_path / "model" / "label-errors.csv", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["name"] for row in rows] == [one["name"] for one in listed]
    assert {row["label"] for row in rows} == {"'=no", "yes"}
    again = headstart.load(tmp_path / "model")
    assert again.evidence["more_labels"][1]["n"] == 800
    assert len(again.evidence["held_out"]["of_label"]) == 200
    (tmp_path / "model" / "label-errors.csv").write_text("other")
    with pytest.raises(headstart.errors.SourceError, match=r"label-errors\.csv"):
        headstart.load(tmp_path / "model")

"""A sheet of `label_next` read back: estimates count what was drawn at random, learning counts all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

import headstart
from headstart.data.sets.sheet import COVERS, RANDOM, UNSURE

TREES = [("a tree", DecisionTreeClassifier(max_depth=2, random_state=0))]


def sheet(n_random: int, n_chosen: int) -> pd.DataFrame:
    """Rows whose class is easy where they were drawn at random, and chance where they were chosen."""
    rng = np.random.default_rng(0)
    n = n_random + n_chosen
    y = rng.integers(2, size=n)
    drawn = np.arange(n) < n_random
    told = np.where(drawn, 6.0 * y, rng.normal(3, 0.2, n)) + rng.normal(0, 0.5, n)
    why = np.where(drawn, RANDOM, np.where(np.arange(n) % 2, COVERS, UNSURE))
    frame = pd.DataFrame({"size": told, "age": rng.normal(size=n), "ill": np.array(["no", "yes"])[y], "reason": why})
    return frame.iloc[rng.permutation(n)].reset_index(drop=True)


def test_from_twenty_on_the_estimate_counts_what_was_drawn_at_random(tmp_path: Path) -> None:
    sheet(30, 40).to_csv(tmp_path / "sheet.csv", index=False)
    model = headstart.fit(tmp_path / "sheet.csv", None, label="ill", budget=10, candidates=TREES)
    assert model.evidence["estimate"]["value"] > 0.9 and model.evidence["metrics"]["accuracy"] > 0.9
    assert model.evidence["data"]["n"] == 70
    assert any(
        "count the 30 rows that were drawn at random; all 70" in note for note in model.evidence["data"]["notes"]
    )
    low, high = model.evidence["estimate"]["interval"]
    assert high - low > 0.05  # as wide as 30 examples make it


def test_under_twenty_it_is_said_that_the_estimate_may_flatter() -> None:
    model = headstart.fit(sheet(10, 30), None, label="ill", budget=10, candidates=TREES)
    assert any("may flatter or run down" in note for note in model.evidence["data"]["notes"])


def test_marks_follow_the_rows_that_have_a_label() -> None:
    frame = sheet(6, 6)
    frame.loc[3, "ill"] = None
    dataset = headstart.read_dataset(frame, label="ill")
    assert dataset.drawn is not None
    assert dataset.drawn.tolist() == (frame["reason"] == RANDOM).drop(index=3).tolist()
    assert dataset.select([0, 1]).drawn.tolist() == dataset.drawn[:2].tolist()  # type: ignore[union-attr]

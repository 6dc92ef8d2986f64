"""More examples than a budget is enough for: as many as are, drawn by class, and said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import headstart
from headstart.data.reading.options import Reading
from headstart.guard.effort import Effort
from headstart.models import within_budget as module
from headstart.models.target import Target, read_target
from headstart.models.within_budget import enough, note_beside, within_budget
from headstart.report.page import build


def target(n: int = 900) -> Target:
    y = np.arange(n) % 3
    X = (np.random.default_rng(0).random((n, 8, 8)) * 60 + 60 * y[:, None, None]).astype(np.uint8)
    return read_target((X, np.array(["a", "b", "c"])[y]), None, Reading())


def test_all_are_taken_where_the_budget_is_enough() -> None:
    whole = target()
    assert within_budget(whole, Effort(budget=3600)) is whole


def test_of_too_many_each_class_gives_its_share_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_seconds", lambda *_: (0.1, 0.0))
    found = within_budget(target(), Effort(budget=100)).dataset
    assert 0.9 * 500 - 2 < len(found) <= 500
    counts = np.unique(found.y, return_counts=True)[1]
    assert counts.max() - counts.min() <= 1
    assert found.notes[-1] == (
        f"Of 900 pictures {len(found)} were drawn by chance, for which the budget of 100 seconds is enough."
    )


def test_few_are_always_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_seconds", lambda *_: (100.0, 1.0))
    assert len(within_budget(target(), Effort(budget=1)).dataset) == module.FEWEST


def test_a_run_that_goes_on_draws_what_it_drew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    effort = Effort(budget=100, checkpoint=tmp_path / ".model.progress")
    monkeypatch.setattr(module, "_seconds", lambda *_: (0.1, 0.0))
    first = within_budget(target(), effort).dataset
    monkeypatch.setattr(module, "_seconds", lambda *_: (0.0001, 0.0))
    again = within_budget(target(), effort).dataset
    assert len(first) == len(again) == int(note_beside(tmp_path / ".model.progress").read_text())


def test_a_budget_of_more_is_enough_for_more() -> None:
    found = [enough(50_000, left, 0.001, 0.001, 5) for left in (1, 10, 100)]
    assert found == sorted(found) and found[0] < 1000 and found[-1] == 50_000


def test_rows_of_a_table_and_of_its_sources_are_drawn_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    for name, n in (("here", 1000), ("there", 4000)):
        X = rng.normal(size=(n, 4)).round(3)
        y = np.where(X[:, 0] + rng.normal(size=n) > 0, "yes", "no")
        pd.DataFrame({**{f"c{i}": X[:, i] for i in range(4)}, "y": y}).to_csv(tmp_path / f"{name}.csv", index=False)
    monkeypatch.setattr(module, "_AFTER_READING", 1e9)
    model = headstart.fit(tmp_path / "here.csv", tmp_path / "there.csv", label="y", budget=60)
    assert any("Of 1,000 rows 400 were drawn by chance" in note for note in model.evidence["data"]["notes"])
    assert model.evidence["plan"]["rows"] == 400


def test_labels_that_were_left_out_for_time_are_named_before_more_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Effort, "spent", property(lambda _: 1.0))  # reading the table took it
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(3000, 3)), columns=["a", "b", "c"])
    frame["y"] = np.where(frame["a"] + rng.normal(size=3000) > 0, "ill", "well")
    model = headstart.fit(frame, None, label="y", budget=3.5)
    left = 3000 - model.evidence["plan"]["rows"]
    assert model.evidence["data"]["left_for_time"] == left == 2250
    page = build(model.evidence)
    known = f"{left:,} labelled rows were left out for time; a larger --budget uses them."
    assert page["next_step"].startswith(f"Next: {known}")
    assert page["more_labels"].startswith(known) and " of them: about" in page["more_labels"]
    assert "more labelled rows" not in page["next_step"] and "Start with" not in page["next_step"]

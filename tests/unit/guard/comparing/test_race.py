"""Racing: a dear candidate that is behind stops, one that keeps up does not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.budget import Price
from headstart.guard.comparing.comparison import Comparison
from headstart.guard.comparing.journal import Journal
from headstart.guard.comparing.race import behind, leader
from headstart.guard.comparing.run import compare


def splits_of(n: int, k: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(np.setdiff1d(np.arange(n), np.arange(f, n, k)), np.arange(f, n, k)) for f in range(k)]


@pytest.mark.parametrize("n", [40, 200])
def test_behind_is_a_standard_error_of_the_paired_difference(n: int) -> None:
    rng = np.random.default_rng(n)
    y, splits = np.arange(n) % 2, splits_of(n, 5)
    for _ in range(30):
        a, b = rng.random(n) < 0.8, rng.random(n) < rng.uniform(0.5, 0.9)
        other, mine = (np.eye(2)[np.where(right, y, 1 - y)] for right in (a, b))
        done = int(rng.integers(1, 5))
        rows = np.concatenate([test for _, test in splits[:done]])
        gap = a[rows].astype(float) - b[rows]
        expected = done > 1 and len(rows) >= 12 and gap.mean() > gap.std(ddof=1) / np.sqrt(len(rows))
        found = behind("classification", y, [mine[test] for _, test in splits[:done]], other, splits)
        assert (found is not None) == expected
        assert found is None or found == pytest.approx(gap.mean())


@pytest.fixture(autouse=True)
def prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "headstart.guard.comparing.planning.price_of", lambda c, m, k, *rest: Price(c.name, 1.0, 1.0, k)
    )


def run(dear: object, instead_of: str = "") -> tuple[Comparison, Material]:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 3)) + 3 * y[:, None]
    material = Material(X, y, "classification")
    candidates = [
        Candidate("quick", LogisticRegression(), True, "a quick one"),
        Candidate("slow", dear, True, "a slow one", dear=True, instead_of=instead_of),
    ]
    return compare(material, candidates, budget=600.0, n_splits=5, random_state=0, journal=Journal(None)), material


def test_what_is_far_behind_is_stopped_and_said() -> None:
    comparison, material = run(DummyClassifier())
    assert [outcome.candidate.name for outcome in comparison.outcomes] == ["quick"]
    assert "stopped after 2 of 5 folds" in comparison.left_out[0]["words"]
    assert "behind quick" in comparison.left_out[0]["words"]
    assert leader(comparison.outcomes, False, material, comparison.splits[0]) is None


def test_what_keeps_up_runs_to_the_end() -> None:
    comparison, _ = run(LogisticRegression(C=0.5))
    assert [outcome.candidate.name for outcome in comparison.outcomes] == ["quick", "slow"]
    assert not comparison.left_out


def test_a_candidate_steps_back_where_the_one_in_its_place_was_run() -> None:
    comparison, material = run(DummyClassifier(), instead_of="quick")
    assert [outcome.candidate.name for outcome in comparison.outcomes] == ["slow"]
    assert comparison.left_out[0]["name"] == "quick"
    assert "a slow one takes its place" in comparison.left_out[0]["words"]
    assert comparison.table(material).scores.shape[1] == 1

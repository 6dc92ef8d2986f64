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
from headstart.guard.comparing.race import behind, leader, outclassed
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


def said(right: np.ndarray, sure: np.ndarray | float, y: np.ndarray) -> np.ndarray:
    """Probabilities of two classes that are right or not, and so sure of it."""
    own = np.where(right, sure, 1 - np.asarray(sure))
    return np.where(np.eye(2)[y] == 1, own[:, None], 1 - own[:, None])


def of_a_table(n: int) -> Material:
    return Material(np.zeros((n, 1)), np.arange(n) % 2, "classification")


def test_of_a_table_log_loss_tells_who_is_behind_where_scores_do_not() -> None:
    rng = np.random.default_rng(0)
    n, splits = 600, splits_of(600, 5)
    given, y = of_a_table(n), np.arange(n) % 2
    right = rng.random(n) < 0.8
    knows, vague = np.where(right, 0.95, 0.6), np.full(n, 0.8)
    better, worse = said(right, knows, y), said(right, vague, y)
    tests = [test for _, test in splits]
    gap, metric = outclassed(given, [worse[tests[0]]], better, splits) or (0.0, None)
    assert gap > 0.02 and metric == "log_loss"
    assert outclassed(given, [better[tests[0]]], worse, splits) is None
    assert (
        outclassed(given, [better[tests[0]] ** 2 / (better[tests[0]] ** 2).sum(1, keepdims=True)], better, splits)
        is None
    )
    lower = said(right & (rng.random(n) < 0.9), 0.8, y)
    gap, metric = outclassed(given, [lower[test] for test in tests[:3]], worse, splits) or (0.0, "")
    assert gap > 0.02 and metric is None


def test_who_is_as_good_is_seldom_stopped_and_never_on_few_rows() -> None:
    rng = np.random.default_rng(1)
    given, splits, y = of_a_table(600), splits_of(600, 5), np.arange(600) % 2
    stopped = 0
    for _ in range(200):
        a, b = (said(rng.random(600) < sure, sure, y) for sure in rng.uniform(0.6, 0.95, (2, 600)))
        stopped += outclassed(given, [a[splits[0][1]]], b, splits) is not None
    assert stopped <= 0.08 * 200
    few, some, wrong = of_a_table(400), splits_of(400, 5), np.arange(400) % 2
    worst, best = said(np.zeros(400, bool), 0.9, wrong), said(np.ones(400, bool), 0.9, wrong)
    assert outclassed(few, [worst[some[0][1]]], best, some) is None
    assert outclassed(few, [worst[some[f][1]] for f in (0, 1)], best, some) is not None


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
    assert "behind a quick one" in comparison.left_out[0]["words"]
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

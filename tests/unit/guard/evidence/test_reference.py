"""What a model keeps of its data: at most so many rows are held at a time, and heads see no row of their fold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from headstart.data.sets.splits import folds
from headstart.guard.candidates.material import Material
from headstart.guard.evidence import reference as reference_file
from headstart.guard.evidence.reference import MOST, Reference, features_for, reference_of, unit


def kept_of(n: int) -> tuple[Reference, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 3
    X = rng.normal(size=(n, 6)) + 2 * np.eye(3, 6)[y]
    return reference_of(Material(X, y, "classification"), folds(y, "classification"), None, random_state=0), X, y


def test_of_many_rows_some_are_drawn_and_their_folds_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference_file, "_LEARNED", 300)
    seen: list[tuple[int, list[np.ndarray]]] = []
    solve = reference_file.solve_folds

    def spied(X: np.ndarray, Y: np.ndarray, trains: list[np.ndarray], penalty: float) -> np.ndarray:
        seen.append((len(X), trains))
        return solve(X, Y, trains, penalty)

    monkeypatch.setattr(reference_file, "solve_folds", spied)
    found, X, y = kept_of(1200)
    ((n, trains),) = seen
    assert n == len(found.rows) == 300 and len(found.marks) == 1200
    left_out = np.concatenate([np.setdiff1d(np.arange(n), train) for train in trains])
    assert sorted(left_out.tolist()) == list(range(n))
    rows = unit(features_for("columns", X, None, "cpu", found.ranks))
    right = [(found.confidence(rows[y == k]).argmax(axis=1) == k).mean() for k in range(3)]
    assert min(right) > 0.8
    assert (found.held.argmax(axis=1) == found.codes).mean() > 0.8


def test_of_few_rows_all_are_used_and_held_ones_come_from_the_head_without_them() -> None:
    found, X, y = kept_of(90)
    assert len(found.rows) == 90 < MOST
    rows = unit(features_for("columns", X, None, "cpu", found.ranks))
    for head, (_, test) in zip(found.heads.astype(np.float64), folds(y, "classification"), strict=True):
        said = softmax(rows[test] @ head[:-1] + head[-1], axis=1)
        assert np.allclose(found.held[test], said, atol=0.02)


def test_heads_differ_by_the_pairs_that_answer_otherwise() -> None:
    found, X, _ = kept_of(90)
    rows = unit(features_for("columns", X, None, "cpu", found.ranks))
    answers = np.stack([(rows @ head[:-1] + head[-1]).argmax(axis=1) for head in found.heads.astype(np.float64)])
    pairs = [answers[f] != answers[g] for f in range(5) for g in range(f)]
    assert found.differ(rows) == pytest.approx(2 * np.mean(pairs, axis=0))  # the root of five folds less one
    assert 0 < found.differ(rows).mean() < found.differ(rows + np.random.default_rng(0).normal(size=rows.shape)).mean()

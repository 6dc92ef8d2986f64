"""t-SNE against its definition written out: the perplexity, the gradient, and what its steps lessen."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.math.samples.tsne import _alike, _slope, tsne


def divergence(alike: np.ndarray, places: np.ndarray) -> float:
    near = np.array([[0.0 if i is j else 1 / (1 + ((i - j) ** 2).sum()) for j in places] for i in places])
    np.fill_diagonal(near, 0.0)
    rest = ~np.eye(len(places), dtype=bool)
    return float((alike[rest] * np.log(alike[rest] / (near / near.sum())[rest])).sum())


def test_each_row_has_as_many_neighbours_as_were_asked_for() -> None:
    rows = np.random.default_rng(0).normal(size=(12, 3)) * 50 + 1000
    apart = ((rows[:, None] - rows) ** 2).sum(axis=2)
    found, expected = _alike(rows, 4.0), np.zeros((12, 12))
    for i in range(12):
        others = np.delete(np.arange(12), i)
        low, high = 1e-9, 1.0
        for _ in range(200):
            p = np.exp(-np.sqrt(low * high) * apart[i, others])
            p /= p.sum()
            low, high = (
                (np.sqrt(low * high), high) if -(p * np.log(p)).sum() > np.log(4.0) else (low, np.sqrt(low * high))
            )
        expected[i, others] = p
    assert found == pytest.approx((expected + expected.T) / 24, abs=1e-7)


def test_a_step_goes_down_the_slope_of_the_divergence() -> None:
    rng = np.random.default_rng(1)
    alike, places = _alike(rng.normal(size=(9, 4)), 3.0), rng.normal(size=(9, 2))
    slope = 4 * _slope(places.astype(np.float32), alike.astype(np.float32))
    for i, j in ((0, 0), (3, 1), (8, 0)):
        moved = np.zeros_like(places)
        moved[i, j] = 1e-5
        by_hand = (divergence(alike, places + moved) - divergence(alike, places - moved)) / 2e-5
        assert slope[i, j] == pytest.approx(by_hand, abs=1e-4)


def test_the_divergence_is_no_larger_than_that_of_scikit_learn() -> None:
    from sklearn.manifold import TSNE

    rng = np.random.default_rng(2)
    rows = rng.normal(size=(60, 5)) + 4.0 * np.repeat(np.eye(3, 5), 20, axis=0)
    start = 1e-4 * rows[:, :2]
    given = start.copy()
    theirs = TSNE(2, perplexity=10.0, init=start, max_iter=500, method="exact").fit_transform(rows)
    alike = _alike(rows, 10.0)
    assert divergence(alike, tsne(rows, start, perplexity=10.0)) < 1.1 * divergence(alike, theirs)
    assert np.array_equal(start, given)


def test_equal_rows_lie_together() -> None:
    rows = np.repeat(np.random.default_rng(3).normal(size=(10, 2)), 2, axis=0)
    found = tsne(rows, 1e-4 * rows, perplexity=4.0)
    assert np.isfinite(found).all() and found[::2] == pytest.approx(found[1::2], abs=0.05 * float(np.ptp(found)))

"""Which boxes are kept: against the definition, and what follows from it; voting by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headstart.math.boxes.overlap import overlaps
from headstart.math.boxes.suppression import supported, suppressed, voted


def some_boxes(seed: int, n: int = 20) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 1, (n, 2))
    return np.column_stack([corner, corner + rng.uniform(0.1, 0.6, (n, 2))]), rng.uniform(size=n).round(1)


def slow(overlap: np.ndarray, scores: np.ndarray, most: float) -> list[int]:
    kept: list[int] = []
    for i in sorted(range(len(scores)), key=lambda i: (-scores[i], i)):
        if all(overlap[i, j] <= most for j in kept):
            kept.append(i)
    return kept


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_it_is_greedy_and_keeps_the_first_of_equals(seed: int, most: float) -> None:
    boxes, scores = some_boxes(seed)
    shared = overlaps(boxes, boxes)
    assert suppressed(shared, scores, most).tolist() == slow(shared, scores, most)


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_what_is_kept_is_apart_and_what_is_left_out_is_near_a_better_one(seed: int, most: float) -> None:
    boxes, scores = some_boxes(seed)
    shared = overlaps(boxes, boxes)
    kept = suppressed(shared, scores, most)
    between = shared[np.ix_(kept, kept)]
    assert (between[~np.eye(len(kept), dtype=bool)] <= most).all()
    for i in set(range(len(scores))) - set(kept.tolist()):
        assert any(shared[i, j] > most and scores[j] >= scores[i] for j in kept)


def test_nothing_of_nothing() -> None:
    assert suppressed(np.zeros((0, 0)), np.zeros(0), 0.5).shape == (0,)


def test_votes_count_by_weight_and_overlap() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [0, 0, 20, 10], [90, 90, 99, 99]])
    found = voted(boxes, np.array([3.0, 4.0, 100.0]), np.array([[1.0, 0.5, 0.0]]), 0.5)
    np.testing.assert_allclose(found, [[0, 0, (3 * 10 + 4 * 0.25 * 20) / 4, 10]])


def test_a_box_without_company_stays() -> None:
    boxes, scores = some_boxes(3, 5)
    np.testing.assert_allclose(voted(boxes, scores + 0.1, np.eye(5), 0.6), boxes)


@given(st.integers(0, 10_000))
def test_support_grows_with_each_box_that_agrees_and_is_the_surest_one_s_where_it_is_cold(seed: int) -> None:
    boxes, ranks = some_boxes(seed)
    shared = overlaps(boxes, boxes)
    warm, cold = supported(ranks, shared, 0.5, 2.0), supported(ranks, shared, 0.5, 1e-3)
    best = np.where(shared >= 0.5, ranks, -np.inf).max(axis=1)
    np.testing.assert_allclose(cold, best, atol=1e-2)
    assert (warm >= best - 1e-9).all()
    np.testing.assert_allclose(warm - best <= 1e-9, (shared >= 0.5).sum(axis=1) == 1)

"""Spread labels against the inverse of the dense matrix."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from headstart.math.alignment.graph import nearest_neighbour_graph
from headstart.math.alignment.label_propagation import smoothed_answers, spread_labels


@pytest.mark.parametrize("reach", [0.5, 0.9, 0.99])
def test_it_is_zhous_closed_form(reach: float) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 6))
    known = np.full(80, -1)
    known[:7] = [0, 0, 0, 1, 2, 2, 1]
    W = nearest_neighbour_graph(X, 8).toarray()
    root = np.diag(1 / np.sqrt(W.sum(axis=1)))
    Y = np.zeros((80, 3))
    for i in range(7):
        Y[i, known[i]] = 1 / (known == known[i]).sum()
    closed = (1 - reach) * np.linalg.inv(np.eye(80) - reach * root @ W @ root) @ Y
    assert np.allclose(spread_labels(X, known, 3, neighbours=8, reach=reach), closed, atol=1e-9)


def test_labels_follow_a_strand_and_leave_islands_alone() -> None:
    angle = np.linspace(0, 3, 200)
    strand = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(200)])
    island = np.tile([0.0, 0.0, 1.0], (10, 1)) + np.random.default_rng(0).normal(0, 0.01, (10, 3))
    known = np.full(210, -1)
    known[[0, 199]] = [0, 1]
    found = spread_labels(np.concatenate([strand, island]), known, 2, neighbours=4, reach=0.99)
    assert (found[:95].argmax(axis=1) == 0).all() and (found[105:200].argmax(axis=1) == 1).all()
    assert not found[200:].any()


def test_memory_does_not_grow_with_the_square_of_the_rows() -> None:
    rng = np.random.default_rng(0)
    peaks = []
    for n in (2000, 6000):
        X, known = rng.normal(size=(n, 8)), np.full(n, -1)
        known[:4] = [0, 1, 0, 1]
        tracemalloc.start()
        spread_labels(X, known, 2, neighbours=5)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 4 * peaks[0] and peaks[1] < 6000**2 * 8 / 4


def test_answers_are_mixed_along_the_graph_and_stay_where_there_are_no_neighbours() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(20, 3)), np.zeros((1, 3))])  # a row of zeros is like no other
    told = rng.dirichlet(np.ones(4), size=21)
    W = nearest_neighbour_graph(X, 3).toarray()
    root = np.sqrt(np.where(W.sum(axis=1) > 0, W.sum(axis=1), 1.0))
    closed = np.linalg.solve(np.eye(21) - 0.6 * W / np.outer(root, root), told)
    found = smoothed_answers(X, told, neighbours=3, reach=0.6)
    assert np.allclose(found, closed / closed.sum(axis=1, keepdims=True), atol=1e-8)
    assert np.allclose(found[20], told[20]) and np.allclose(found.sum(axis=1), 1.0)

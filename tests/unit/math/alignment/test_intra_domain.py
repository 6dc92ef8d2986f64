"""Intra-domain programming against a solver of linear programmes, and the rule for new rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from headstart.math.alignment.gradual import domains_between, margins, surest_rows
from headstart.math.alignment.intra_domain import class_centres, intra_domain_programming


def linear_programme(D: np.ndarray) -> float:
    m, K = D.shape
    rows, columns = np.kron(np.eye(m), np.ones(K)), np.kron(np.ones(m), np.eye(K))
    return linprog(D.ravel(), A_ub=-columns, b_ub=-np.ones(K), A_eq=rows, b_eq=np.ones(m), bounds=(0, 1)).fun


@pytest.mark.parametrize("seed", range(40))
def test_programme_is_solved_and_its_prices_are_dual(seed: int) -> None:
    rng = np.random.default_rng(seed)
    K = int(rng.integers(2, 6))
    D = rng.random((int(rng.integers(K, 12)), K)) ** 2
    D[:, 0] *= 0.1
    codes, prices = intra_domain_programming(D)
    wanted = linear_programme(D)
    assert D[np.arange(len(D)), codes].sum() == pytest.approx(wanted)
    assert set(codes) == set(range(K)) and (prices >= 0).all()
    assert (D - prices).min(axis=1).sum() + prices.sum() == pytest.approx(wanted)
    assert np.allclose((D - prices)[np.arange(len(D)), codes], (D - prices).min(axis=1))


def test_nearest_centres_need_no_prices() -> None:
    D = np.array([[0.1, 2.0], [3.0, 0.2], [0.3, 0.5]])
    codes, prices = intra_domain_programming(D)
    assert codes.tolist() == [0, 1, 0] and prices.tolist() == [0.0, 0.0]


def test_classes_that_cannot_be_stay_empty() -> None:
    D = np.array([[0.1, np.inf, 0.5], [0.1, np.inf, 0.3]])
    codes, prices = intra_domain_programming(D)
    assert codes.tolist() == [0, 2] and prices[1] == 0.0
    assert intra_domain_programming(np.array([[2.0, 1.0, 3.0]]))[0].tolist() == [1]


def test_class_centres_are_weighted_means() -> None:
    X, codes, w = np.array([[0.0, 1], [4, 1], [7, 7]]), np.array([0, 0, 2]), np.array([3.0, 1.0, 2.0])
    centres = class_centres(X, codes, 3, w)
    assert np.allclose(centres[[0, 2]], [[1, 1], [7, 7]]) and np.isnan(centres[1]).all()


def test_surest_rows_are_taken_class_by_class() -> None:
    margin = np.array([9.0, 8.0, 7.0, 6.0, 0.2, 0.1])
    predicted = np.array(["a", "a", "a", "a", "b", "b"])
    assert surest_rows(margin, predicted, 0.5).tolist() == [0, 1, 4]
    assert surest_rows(margin, predicted, 1.0).tolist() == list(range(6))
    assert surest_rows(margin, predicted, 0.01).tolist() == [0, 4]


def test_margins_of_columns() -> None:
    assert margins(np.array([[0.2, 0.5, 0.3], [0.9, 0.0, 0.1]])).tolist() == pytest.approx([0.2, 0.8])
    assert margins(np.array([[-3.0], [2.0]])).tolist() == [3.0, 2.0]


def test_domains_between_lie_on_straight_lines_between_pairs() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    shifted = (X + np.array([10.0, 0.0]))[rng.permutation(40)]
    third, two_thirds = domains_between(X, shifted, 2)
    assert np.allclose(np.sort(third[:, 0]), np.sort(X[:, 0] + 10 / 3))
    assert np.allclose(two_thirds - third, [10 / 3, 0])

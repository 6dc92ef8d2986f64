"""Several views in pure numbers: scales, a missing view, canonical correlation, products, co-training."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import eigh

from headstart.math.views.canonical import canonical_views, view_correlations
from headstart.math.views.co_training import co_train
from headstart.math.views.imputation import impute_views
from headstart.math.views.products import product_of_classes, product_of_numbers
from headstart.math.views.scaling import equal_variance


def two_views(n: int, seed: int = 0, wide: int = 5) -> list[np.ndarray]:
    """Two views of one hidden number each row, with noise of their own."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 2))
    views = [shared @ rng.normal(size=(2, d)) + 0.5 * rng.normal(size=(n, d)) for d in (wide, wide + 2)]
    return [X - X.mean(axis=0) for X in views]


def test_views_of_any_width_and_unit_get_the_same_variance() -> None:
    rng = np.random.default_rng(0)
    narrow, wide = 1e6 * rng.normal(size=(50, 2)) + 7, rng.normal(size=(50, 300))
    squares = [(equal_variance(X)(X) ** 2).sum(axis=1).mean() for X in (narrow, wide)]
    assert np.allclose(squares, 1.0)


def test_a_constant_column_and_a_gap_count_nothing() -> None:
    X = np.array([[1.0, 4.0], [3.0, 4.0], [np.nan, 4.0]])
    Z = equal_variance(X)(X)
    assert (Z[:, 1] == 0).all() and Z[2, 0] == 0 and Z[0, 0] == -Z[1, 0] != 0


def test_a_missing_view_is_ridge_regression_on_the_other() -> None:
    views, penalty = two_views(60), 0.1
    present = np.ones((60, 2), dtype=bool)
    present[:20, 1] = False
    found = impute_views(views, present, penalty=penalty).fill(views, present)
    A, B = views[0][20:], views[1][20:]
    strength = penalty * (A**2).sum() / len(A)
    slow = views[0][:20] @ np.linalg.inv(A.T @ A + strength * np.eye(A.shape[1])) @ A.T @ B
    assert np.allclose(found[1][:20], slow, atol=1e-6)
    assert np.array_equal(found[1][20:], B) and np.array_equal(found[0], views[0])


def test_what_stands_in_missing_rows_is_never_read() -> None:
    views, present = two_views(40), np.ones((40, 2), dtype=bool)
    present[::3, 0] = False
    marked = [views[0].copy(), views[1]]
    marked[0][::3] = 1e9
    one, other = (impute_views(these, present).fill(these, present) for these in (views, marked))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_wide_views_are_imputed_from_their_components() -> None:
    rng = np.random.default_rng(1)
    hidden = rng.normal(size=(300, 3))
    views = [hidden @ rng.normal(size=(3, 400)), hidden @ rng.normal(size=(3, 200))]
    present = np.ones((300, 2), dtype=bool)
    present[:50, 1] = False
    found = impute_views(views, present, penalty=1e-8).fill(views, present)
    assert np.abs(found[1][:50] - views[1][:50]).max() < 1e-2


def test_with_all_views_it_is_kettenring_s_eigenproblem() -> None:
    views, ridge = two_views(80), 0.05
    found = canonical_views(views, np.ones((80, 2), dtype=bool), 3, ridge=ridge)
    total = np.zeros((80, 80))
    for X in views:
        largest = np.linalg.eigvalsh(X.T @ X).max()
        total += X @ np.linalg.inv(X.T @ X + ridge * largest * np.eye(X.shape[1])) @ X.T
    values = eigh(total / 2, eigvals_only=True)[::-1][:3]
    assert np.allclose(found.agreement, values, atol=1e-8)


def test_missing_rows_follow_van_de_velden_and_takane() -> None:
    views, present = two_views(50), np.ones((50, 2), dtype=bool)
    present[:15, 0] = False
    found = canonical_views(views, present, 2, ridge=0.01)
    counts, total = present.sum(axis=1), np.zeros((50, 50))
    for X, there in zip(views, present.T, strict=True):
        centred = np.where(there[:, None], X - X[there].mean(axis=0), 0.0)
        largest = np.linalg.eigvalsh(centred.T @ centred).max()
        total += centred @ np.linalg.inv(centred.T @ centred + 0.01 * largest * np.eye(X.shape[1])) @ centred.T
    half = 1 / np.sqrt(counts)
    values = eigh(half[:, None] * total * half, eigvals_only=True)[::-1][:2]
    assert np.allclose(found.agreement, values, atol=1e-8)


def test_correlations_in_sample_flatter_and_held_out_ones_do_not() -> None:
    rng = np.random.default_rng(0)
    noise = [rng.normal(size=(60, 50)), rng.normal(size=(60, 50))]
    there = np.ones((30, 2), dtype=bool)
    found = canonical_views([X[:30] for X in noise], there, 3, ridge=1e-6)
    inside = view_correlations(found.each([X[:30] for X in noise]), there)
    outside = view_correlations(found.each([X[30:] for X in noise]), there)
    assert inside[0] > 0.95 and abs(outside).max() < 0.6
    assert np.isnan(view_correlations(found.each([X[:2] for X in noise]), there[:2])).all()


def test_a_view_that_knows_nothing_changes_no_product() -> None:
    rng = np.random.default_rng(0)
    prior = np.log([0.7, 0.3])
    told = np.log(rng.dirichlet([1, 1], size=20))
    nothing = np.tile(prior, (20, 1))
    there = np.ones((20, 2), dtype=bool)
    assert np.allclose(product_of_classes([told, nothing], there, prior), told)
    assert np.allclose(product_of_classes([told, told], np.zeros((20, 2), dtype=bool), prior), prior)


def test_numbers_are_multiplied_as_normal_distributions() -> None:
    mean, error, there = np.array([2.0]), np.array([4.0]), np.ones((1, 2), dtype=bool)
    said, own = [np.array([[3.0]]), np.array([[1.0]])], [np.array([1.0]), np.array([2.0])]
    weight = 1 / 4 + (1 - 1 / 4) + (1 / 2 - 1 / 4)
    wanted = (2 / 4 + (3 / 1 - 2 / 4) + (1 / 2 - 2 / 4)) / weight
    assert product_of_numbers(said, own, there, mean, error).item() == pytest.approx(wanted)
    there[:, 1] = False
    assert product_of_numbers(said, own, there, mean, error).item() == pytest.approx(3.0)


def test_co_training_takes_the_surest_of_each_class_and_view() -> None:
    """One round by hand: three rows are watched, each view is sure of one of class 0 and one of class 1."""
    said = {0: {2: 0.99, 3: 0.4, 4: 0.05}, 1: {2: 0.6, 3: 0.01, 4: 0.3}}

    def learn(v: int, rows: np.ndarray, codes: np.ndarray) -> object:
        return lambda asked: np.array([[said[v][int(i)], 1 - said[v][int(i)]] for i in asked])

    known = np.array([0, 1, -1, -1, -1])
    there = np.ones((5, 2), dtype=bool)
    assert co_train(learn, known, there, 2, rounds=1).tolist() == [0, 1, 0, 1, 1]  # type: ignore[arg-type]
    there[3, 1] = False  # view 1 does not see row 3, of which it was the surest
    assert co_train(learn, known, there, 2, rounds=1).tolist() == [0, 1, 0, -1, 1]  # type: ignore[arg-type]


def test_co_training_labels_by_the_shares_of_the_labels_and_ends() -> None:
    X = np.r_[np.zeros(40), np.ones(10)][:, None] + np.random.default_rng(0).normal(0, 0.1, (50, 2))
    known = np.full(50, -1)
    known[:8], known[48:] = 0, 1

    def learn(v: int, rows: np.ndarray, codes: np.ndarray) -> object:
        centres = np.array([X[rows[codes == k], v].mean() for k in range(2)])

        def said(asked: np.ndarray) -> np.ndarray:
            p = np.exp(-5 * abs(X[asked, v][:, None] - centres))
            return np.asarray(p / p.sum(axis=1, keepdims=True))

        return said

    there = np.ones((50, 2), dtype=bool)
    one = co_train(learn, known, there, 2, rounds=1)  # type: ignore[arg-type]
    assert 4 <= ((one == 0) & (known < 0)).sum() <= 8 and 1 <= ((one == 1) & (known < 0)).sum() <= 2
    assert np.array_equal(co_train(learn, known, there, 2, rounds=99), (np.arange(50) >= 40).astype(int))  # type: ignore[arg-type]
    assert np.array_equal(known[8:48], np.full(40, -1))

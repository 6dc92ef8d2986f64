"""The discriminant by expectation maximisation against a slow rewrite, and what it must keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit
from scipy.stats import multivariate_normal, ortho_group

from headstart.math.linear.discriminant import discriminant_by_em


def rows(seed: int, n: int = 60, d: int = 5, K: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(K, size=n)
    y[:K] = np.arange(K)
    X = rng.normal(size=(K, d))[y] * 3 + rng.normal(size=(n, d)) * np.linspace(0.5, 1.5, d)
    return X, y, np.where(np.arange(n) < 2 * K, y, -1)


def slowly(
    X: np.ndarray,
    known: np.ndarray,
    K: int,
    prior: np.ndarray,
    shares: np.ndarray | None,
    shrinkage: float,
    given: np.ndarray | None = None,
) -> np.ndarray:
    """Log-scores of the rows, by loops and scipy's normal distribution, in the columns as they are."""
    n, d = X.shape
    labelled = known >= 0
    weight = np.where(labelled, max(1.0, 0.2 * (~labelled).sum() / max(labelled.sum(), 1)), 1.0)
    q = np.eye(K)[known] * labelled[:, None]
    if given is not None:
        weight = given
        q[~labelled] = np.exp(prior[~labelled])
    centres = np.array([np.average(X, axis=0, weights=weight * q[:, k]) for k in range(K)])
    scatter = np.cov(X.T, bias=True)
    pi = np.full(K, 1 / K) if shares is None else shares

    def scores(amount: float) -> np.ndarray:
        covariance = (1 - amount) * scatter + amount * np.trace(scatter) / d * np.eye(d)
        density = [0.5 * multivariate_normal(centres[k], covariance).logpdf(X) + np.log(pi[k]) for k in range(K)]
        return np.column_stack(density) + prior

    def brought(found: np.ndarray) -> np.ndarray:
        """Scores of the classes moved, one after the other, until the rows without labels have the shares."""
        for k in [] if shares is None else np.tile(np.arange(K), 100):
            q = np.exp(found[~labelled]) / np.exp(found[~labelled]).sum(axis=1, keepdims=True)
            found = found + np.eye(K)[k] * (logit(shares[k]) - logit(q[:, k].mean()))
        return found

    for step in range(30):
        found = brought(scores(max(shrinkage, 0.9 + (shrinkage - 0.9) * step / 15)))
        q = np.exp(found) / np.exp(found).sum(axis=1, keepdims=True)
        q[labelled] = np.eye(K)[known[labelled]]
        held = np.array([sum(weight[i] * q[i, k] for i in range(n)) for k in range(K)])
        if shares is None:
            pi = 0.5 * held / held.sum() + 0.5 / K
        centres = np.array([sum(weight[i] * q[i, k] * X[i] for i in range(n)) / held[k] for k in range(K)])
        scatter = np.zeros((d, d))
        for k in range(K):
            gap = X - centres[k]
            scatter += (gap.T * (weight * q[:, k])) @ gap / weight.sum()
    return brought(scores(shrinkage))


@pytest.mark.parametrize("shares", [None, np.array([0.2, 0.3, 0.5])], ids=["estimated", "given"])
def test_it_is_expectation_maximisation_by_hand(shares: np.ndarray | None) -> None:
    X, _, known = rows(0)
    prior = np.log(np.random.default_rng(1).dirichlet(np.ones(3), size=len(X)))
    found = discriminant_by_em(X, known, 3, prior=prior, shares=shares)
    mine = X @ found.coef + found.intercept + prior
    theirs = slowly(X, known, 3, prior, shares, 0.2)
    assert np.allclose(mine - mine[:, :1], theirs - theirs[:, :1], atol=1e-5)


def test_rows_count_by_their_weights_and_classes_begin_where_the_prior_puts_the_rows() -> None:
    X, _, known = rows(3)
    rng = np.random.default_rng(1)
    prior, weight = np.log(rng.dirichlet(np.ones(3), size=len(X))), rng.uniform(0.1, 3.0, len(X))
    found = discriminant_by_em(X, known, 3, prior=prior, weight=weight)
    mine = X @ found.coef + found.intercept + prior
    theirs = slowly(X, known, 3, prior, None, 0.2, weight)
    assert np.allclose(mine - mine[:, :1], theirs - theirs[:, :1], atol=1e-5)
    assert not np.allclose(found.coef, discriminant_by_em(X, known, 3, prior=prior).coef, atol=1e-3)


def test_given_shares_are_those_of_the_rows_without_labels() -> None:
    """Rows are twenty to one, and it is known: groups that a classifier mixes up are told apart by it."""
    rng = np.random.default_rng(0)
    y = np.where(rng.random(420) < 0.05, 1, 0)
    y[:4] = [0, 0, 1, 1]
    X = np.column_stack([2.0 * y + rng.normal(0, 0.7, 420), rng.normal(0, 1, 420)])
    known = np.where(np.arange(420) < 4, y, -1)
    shares = np.bincount(y[4:]) / 416
    told = discriminant_by_em(X, known, 2, shares=shares)
    assert np.allclose(told.posterior[4:].mean(axis=0), shares, atol=1e-3)
    assert (told.posterior.argmax(axis=1) == y).mean() > (
        discriminant_by_em(X, known, 2).posterior.argmax(axis=1) == y
    ).mean()


@pytest.mark.parametrize("sure", [0.05, 50.0])
def test_another_classifier_that_is_hardly_sure_has_a_say_in_the_end(sure: float) -> None:
    X, _, known = rows(2)
    prior = sure * np.log(np.random.default_rng(1).dirichlet(np.ones(3), size=len(X)))
    found = discriminant_by_em(X, known, 3, prior=prior)
    asked = known < 0
    own, other = (s - s.mean(axis=1, keepdims=True) for s in ((X @ found.coef + found.intercept)[asked], prior[asked]))
    assert found.weight * other.std() == pytest.approx(max(0.3 * own.std(), other.std()))
    assert (found.weight > 1) == (sure < 1)
    both = np.exp(own + found.weight * other)
    assert np.allclose(found.posterior[asked], both / both.sum(axis=1, keepdims=True))
    nothing = discriminant_by_em(X, known, 3, prior=1e-12 * prior)
    assert np.allclose(nothing.weight * 1e-12 * prior, 0.0, atol=1e-4)


def test_labels_alone_give_fishers_discriminant() -> None:
    X, y, _ = rows(2)
    found = discriminant_by_em(X, y, 3, shares=np.full(3, 1 / 3), shrinkage=0.0)
    centres = np.array([X[y == k].mean(axis=0) for k in range(3)])
    within = sum((X[y == k] - centres[k]).T @ (X[y == k] - centres[k]) for k in range(3)) / len(X)
    axes = 0.5 * np.linalg.solve(within, centres.T)
    assert np.allclose(found.coef - found.coef[:, :1], axes - axes[:, :1], atol=1e-5)
    assert np.array_equal(found.posterior, np.eye(3)[y])


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), wide=st.booleans())
def test_neither_turning_nor_moving_the_rows_changes_the_answer(seed: int, wide: bool) -> None:
    X, _, known = rows(seed, n=30, d=40 if wide else 6)
    turn = ortho_group.rvs(X.shape[1], random_state=seed)
    one = discriminant_by_em(X, known, 3, n_components=8)
    other = discriminant_by_em(X @ turn + 2.0, known, 3, n_components=8)
    assert np.allclose(one.posterior, other.posterior, atol=1e-5)
    assert np.allclose(one.posterior.sum(axis=1), 1) and np.allclose(one.posterior[:6], np.eye(3)[known[:6]])


def test_unlabelled_rows_show_the_direction_that_two_labels_hide() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=400)
    y[:2] = [0, 1]
    X = np.column_stack([np.where(y == 1, 1.5, -1.5) + rng.normal(0, 0.3, 400), rng.normal(0, 0.8, (400, 20))])
    known = np.where(np.arange(400) < 2, y, -1)
    by_labels = (X - X[:2].mean(axis=0)) @ (X[1] - X[0]) > 0  # the nearer of two rows
    assert (by_labels == y).mean() < 0.85
    assert (discriminant_by_em(X, known, 2).posterior.argmax(axis=1) == y).mean() > 0.97


def test_rows_that_are_all_the_same_are_no_error() -> None:
    found = discriminant_by_em(np.ones((6, 3)), np.array([0, 1, -1, -1, -1, -1]), 2)
    assert np.allclose(found.posterior[2:], 0.5) and np.isfinite(found.coef).all()


def test_without_any_label_it_begins_where_the_prior_puts_the_rows() -> None:
    """Where the prior is sure of the labels, it ends as with them; rows of a class without a label need a prior."""
    X, y, known = rows(2)
    prior = np.log(np.full((len(X), 3), 0.2) + 0.4 * np.eye(3)[y])
    blind = discriminant_by_em(X, np.full(len(X), -1), 3, prior=prior)
    assert np.array_equal((X @ blind.coef + blind.intercept + prior).argmax(axis=1), y)
    gone = np.where(known == 2, -1, known)
    assert np.array_equal(discriminant_by_em(X, gone, 3, prior=prior).posterior.argmax(axis=1), y)
    labelled = known >= 0
    with_labels = discriminant_by_em(X, known, 3, prior=prior)
    assert np.array_equal(with_labels.posterior[labelled].argmax(axis=1), y[labelled])

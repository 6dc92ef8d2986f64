"""TrAdaBoost and its kin against literal rewrites of the papers' algorithms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import AdaBoostRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from headstart.math.ensembles.multi_source import adaboost, choose_hypotheses, multi_source_tradaboost
from headstart.math.ensembles.tradaboost import tradaboost
from headstart.math.ensembles.tradaboost_r2 import (
    adaboost_r2_frozen_source,
    adjusted_errors,
    shift_to_target,
    stage_weights,
    tradaboost_r2,
    weighted_median,
)


def two_domains(seed: int, n: int = 60, m: int = 20, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Noisy classes; the source's are turned a little against the target's."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n + m, 3))
    score = X[:, 0] + 0.5 * X[:, 1] + np.r_[0.8 * X[:n, 2], -0.2 * X[n:, 2]] + 0.7 * rng.normal(size=n + m)
    return X, np.digitize(score, np.quantile(score, np.arange(1, classes) / classes))


def stump(X: np.ndarray, y: np.ndarray, p: np.ndarray, depth: int = 1) -> np.ndarray:
    return DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X, y, sample_weight=p).predict(X)


def slow_tradaboost(X, y, n, rounds):
    """Algorithm 1 of Dai et al., line by line, with plain powers; votes of rounds ceil(N/2)..N."""
    m = len(y) - n
    w = [1.0] * (n + m)
    beta = 1 / (1 + math.sqrt(2 * math.log(n) / rounds))
    record = []
    for t in range(1, rounds + 1):
        total = sum(w)
        p = [value / total for value in w]
        h = stump(X, y, np.array(p))
        error = sum(w[i] * abs(h[i] - y[i]) for i in range(n, n + m)) / sum(w[n:])
        beta_t = error / (1 - error)
        for i in range(n):
            w[i] = w[i] * beta ** abs(h[i] - y[i])
        for i in range(n, n + m):
            w[i] = w[i] * beta_t ** (-abs(h[i] - y[i]))
        if t >= math.ceil(rounds / 2):
            record.append((math.log(1 / beta_t), p, error))
    return record


@pytest.mark.parametrize("rounds", [1, 2, 7, 10])
@pytest.mark.parametrize("seed", [0, 3, 6])
def test_two_classes_follow_the_paper_line_by_line(seed: int, rounds: int) -> None:
    X, y = two_domains(seed)
    slow = slow_tradaboost(X, y, 60, rounds)
    assert all(0.5 / 20 < error < 0.5 for *_, error in slow)
    run = tradaboost(lambda p, t: stump(X, y, p) != y, 60, 20, rounds)
    assert np.allclose(run.votes, [0.0] * (rounds - len(slow)) + [vote for vote, *_ in slow])
    expected = sum(vote * np.array(p) for vote, p, _ in slow) / sum(vote for vote, *_ in slow)
    assert np.allclose(run.use, expected * 80)


def test_more_classes_are_samme_on_the_target() -> None:
    X, y = two_domains(3, classes=3)
    w, votes = np.ones(80), []
    beta = 1 / (1 + math.sqrt(2 * math.log(60) / 6))
    for _ in range(6):
        miss = stump(X, y, w / w.sum()) != y
        error = w[60:] @ miss[60:] / w[60:].sum()
        votes.append(max(0.0, math.log((1 - error) / error) + math.log(2)))
        w[:60] *= beta ** miss[:60]
        w[60:] *= np.exp(votes[-1] * miss[60:])
    run = tradaboost(lambda p, t: stump(X, y, p) != y, 60, 20, 6, n_classes=3)
    assert np.allclose(run.votes[2:], votes[2:]) and not run.votes[:2].any()


def test_an_error_of_half_or_more_has_no_vote_but_the_source_goes_on_losing() -> None:
    miss, seen = np.array([1.0, 0.0, 1.0, 1.0]), []
    run = tradaboost(lambda p, t: seen.append(p) or miss, 2, 2, 4)
    assert not run.votes.any() and not run.use.any() and run.errors.tolist() == [1.0] * 4
    rate = 1 + math.sqrt(2 * math.log(2) / 4)
    assert [p[1] / p[0] for p in seen] == pytest.approx([rate**t for t in range(4)])
    assert all(p[2] == pytest.approx(p[3]) for p in seen)


def test_no_error_gives_a_finite_vote_and_a_faultless_hypothesis_ends_the_run() -> None:
    run = tradaboost(lambda p, t: np.array([0.0, 1, 0, 0]), 2, 2, 6)
    assert run.votes[2:] == pytest.approx([math.log(3)] * 4)
    calls: list[int] = []
    short = tradaboost(lambda p, t: calls.append(t) or np.zeros(4), 2, 2, 6)
    assert calls == [0] and short.votes == pytest.approx([4 * math.log(3)])
    assert np.allclose(short.use, 1.0)


def test_a_thousand_rounds_do_not_underflow() -> None:
    run = tradaboost(
        lambda p, t: np.array([1.0] * 50 + [0.0] * 50 + [float(i == t % 5) for i in range(5)]), 100, 5, 1000
    )
    assert np.isfinite(run.votes).all() and np.isfinite(run.use).all() and run.use[:50].max() < 1e-9


@pytest.mark.parametrize("loss", ["linear", "square", "exponential"])
def test_r2_follows_the_paper(loss: str) -> None:
    rng = np.random.default_rng(0)
    n, m, rounds = 50, 20, 8
    X = rng.normal(size=(n + m, 3))
    y = X @ [1.0, 2.0, -1.0] + np.r_[X[:n, 0], np.zeros(m)] + 0.3 * rng.normal(size=n + m)

    def predict(p):
        return DecisionTreeRegressor(max_depth=2, random_state=0).fit(X, y, sample_weight=p).predict(X)

    w = np.full(n + m, 1 / (n + m))
    beta, votes, used = 1 / (1 + math.sqrt(2 * math.log(n) / rounds)), [], []
    for _ in range(rounds):
        gap = abs(y - predict(w))
        e = gap / gap.max()
        e = {"linear": e, "square": e**2, "exponential": 1 - np.exp(-e)}[loss]
        error = w[n:] @ e[n:] / w[n:].sum()
        if error >= 0.5:
            break
        beta_t = error / (1 - error)
        votes.append(math.log(1 / beta_t))
        used.append(w)
        w = np.r_[w[:n] * beta ** e[:n], w[n:] * beta_t ** -e[n:]]
        w = w / w.sum()
    first = math.ceil(len(votes) / 2) - 1
    run = tradaboost_r2(lambda p, t: y - predict(p), n, m, rounds, loss=loss)
    assert len(run.votes) == len(votes)
    assert np.allclose(run.votes[first:], votes[first:]) and not run.votes[:first].any()
    assert np.allclose(run.use, np.average(used[first:], axis=0, weights=votes[first:]) * (n + m), atol=1e-5)


def test_r2_stops_where_the_error_reaches_one_half() -> None:
    gaps = [np.array([1.0, 0.1, 0.1]), np.array([0.1, 1.0, 1.0])]
    run = tradaboost_r2(lambda p, t: gaps[t], 1, 2, 5)
    assert run.errors.tolist() == pytest.approx([0.1]) and len(run.votes) == 1
    assert len(tradaboost_r2(lambda p, t: gaps[1], 1, 2, 5).votes) == 0


def test_frozen_source_is_adaboost_r2_where_there_is_no_source_weight() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 3))
    y = np.sin(X[:, 0]) + X[:, 1] ** 2 + 0.1 * rng.normal(size=60)
    trees: list[DecisionTreeRegressor] = []

    def learn(p, t):
        trees.append(DecisionTreeRegressor(max_depth=2, random_state=0).fit(X, y, sample_weight=p))
        return y - trees[-1].predict(X)

    run = adaboost_r2_frozen_source(learn, 20, 40, 6, weight=np.r_[np.zeros(20), np.ones(40)])
    w = np.full(40, 1 / 40)
    for vote, tree in zip(run.votes, trees, strict=True):
        gap = abs(y[20:] - tree.predict(X[20:]))
        error = w @ (gap / gap.max())
        assert vote == pytest.approx(math.log((1 - error) / error))
        w = w * (error / (1 - error)) ** (1 - gap / gap.max())
        w /= w.sum()
    peer = AdaBoostRegressor(n_estimators=1, random_state=0)
    peer.estimators_, peer.estimator_weights_ = trees, run.votes
    ours = weighted_median(np.column_stack([tree.predict(X) for tree in trees]), run.votes)
    assert np.allclose(ours, peer._get_median_predict(X, len(trees)))


def test_frozen_source_keeps_every_source_weight() -> None:
    rng = np.random.default_rng(2)
    seen = []
    adaboost_r2_frozen_source(
        lambda p, t: seen.append(p) or rng.normal(size=30) * 0.2 + (np.arange(30) == 3), 20, 10, 5
    )
    assert len(seen) == 5
    for p in seen:
        assert np.array_equal(p[:20], seen[0][:20]) and p.sum() == pytest.approx(1)


@settings(max_examples=30)
@given(seed=st.integers(0, 999), share=st.floats(0.3, 0.999))
def test_beta_gives_the_target_the_stated_share(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    p, e = rng.uniform(0.1, 1, 40), rng.uniform(0, 1, 40)
    p[:30] *= 3
    p /= p.sum()
    share = max(share, p[30:].sum())
    moved, beta = shift_to_target(p, e, 30, share)
    assert moved.sum() == pytest.approx(1) and moved[30:].sum() == pytest.approx(share, rel=1e-9)
    plain = p[:30] * beta ** e[:30]
    if beta > 1e-12:
        assert np.allclose(moved[:30] / moved[30:].sum(), plain / p[30:].sum(), rtol=1e-6)


def test_stages_move_the_weight_in_even_steps_to_the_target() -> None:
    rng = np.random.default_rng(0)
    steps = stage_weights(lambda p, t: rng.normal(size=50), 40, 10, 5)
    assert np.allclose(steps[:, 40:].sum(axis=1), 0.2 + np.arange(5) / 4 * 0.8)
    assert np.allclose(steps.sum(axis=1), 1) and not steps[-1, :40].any()


def test_adjusted_errors_and_the_median() -> None:
    r = np.array([0.0, -2.0, 1.0])
    assert adjusted_errors(r).tolist() == [0, 1, 0.5] and adjusted_errors(r, "square").tolist() == [0, 1, 0.25]
    assert adjusted_errors(r, "exponential") == pytest.approx([0, 1 - math.exp(-1), 1 - math.exp(-0.5)])
    assert adjusted_errors(r, counted=np.array([True, False, True])).tolist() == [0, 1, 1]
    assert not adjusted_errors(np.zeros(3)).any()
    assert weighted_median(np.array([[3.0, 1.0, 2.0]]), np.array([5.0, 1.0, 1.0])).tolist() == [3.0]


def test_several_sources_follow_the_paper_in_its_own_signs() -> None:
    """Labels -1/+1 and factors of one half, as printed in Yao & Doretto's Algorithm 1."""
    X, y = two_domains(5, n=70, m=20)
    s, sizes, rounds = 2 * y - 1, (30, 40), 6
    rows = [np.r_[0:30, 70:90], np.r_[30:70, 70:90]]
    w = np.ones(90)
    alpha_s, record = 0.5 * math.log(1 + math.sqrt(2 * math.log(70) / rounds)), []
    for _ in range(rounds):
        w = w / w.sum()
        candidates = []
        for k, own in enumerate(rows):
            tree = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X[own], s[own], sample_weight=w[own])
            h = tree.predict(X)
            candidates.append((float(w[70:] @ (h[70:] != s[70:]) / w[70:].sum()), k, h))
        error, k, h = min(candidates, key=lambda c: c[:2])
        alpha = 0.5 * math.log((1 - error) / error)
        w[:70] *= np.exp(-alpha_s * abs(h - s)[:70])
        w[70:] *= np.exp(alpha * abs(h - s)[70:])
        record.append((k, 2 * alpha))

    def learn(k, p, t):
        own = p > 0
        return DecisionTreeClassifier(max_depth=1, random_state=0).fit(X[own], y[own], p[own]).predict(X) != y

    run = multi_source_tradaboost(learn, sizes, 20, rounds)
    assert run.chosen.tolist() == [k for k, _ in record]
    assert np.allclose(run.votes, [vote for _, vote in record])
    assert set(run.chosen.tolist()) == {0, 1}


def test_a_source_that_is_never_chosen_is_not_used() -> None:
    truth = np.array([1.0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
    run = multi_source_tradaboost(lambda k, p, t: np.ones(10) if k == 0 else truth, (2, 3), 5, 4)
    assert run.chosen.tolist() == [1] * 4 and not run.use[:2].any() and run.use[2:5].all()


def test_adaboost_of_one_source_follows_freund_and_schapire() -> None:
    X, y = two_domains(7)
    votes, p = adaboost(lambda p, t: stump(X, y, p) != y, 80, 5)
    w = np.full(80, 1 / 80)
    for t in range(5):
        assert np.allclose(p[t], w)
        miss = stump(X, y, w) != y
        error = w @ miss
        assert votes[t] == pytest.approx(math.log((1 - error) / error))
        w = w * np.exp(votes[t] * miss)
        w /= w.sum()


def test_choosing_takes_the_best_once_and_turns_the_wrong_round() -> None:
    rng = np.random.default_rng(0)
    table = (rng.uniform(size=(12, 30)) < rng.uniform(0.2, 0.8, 12)[:, None]).astype(float)
    taken = choose_hypotheses(table, 5)
    w, left = np.full(30, 1 / 30), list(range(12))
    for number, vote, turned in zip(taken.chosen, taken.votes, taken.turned, strict=True):
        error = {h: w @ table[h] for h in left}
        best = min(left, key=lambda h: min(error[h], 1 - error[h]))
        assert number == best and turned == (error[best] > 0.5)
        least = min(error[best], 1 - error[best])
        assert vote == pytest.approx(math.log((1 - least) / least))
        w = w * np.exp(vote * (1 - table[best] if turned else table[best]))
        w /= w.sum()
        left.remove(best)
    assert len(set(taken.chosen.tolist())) == 5
    assert len(choose_hypotheses(np.ones((3, 4)), 5, n_classes=3).chosen) == 0

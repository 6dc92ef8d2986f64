"""Several sources: each is measured by itself, the good ones are named, and the gain is theirs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from headstart import SafeTransferClassifier, SafeTransferRegressor, Source
from headstart.guard.candidates.pooling import PooledClassifier
from headstart.guard.candidates.worth import WorthyPooledClassifier, WorthyPooledRegressor
from headstart.math.linear.source_worth import answers_with_each, mean_and_error, worthy

GOOD = (3, 11)


def drawn(seed: int, n_sources: int = 20, *, numbers: bool = False) -> tuple[Any, ...]:
    """60 rows, 2,000 to judge by, and sources of 200 rows of which two follow almost the target's rule."""
    rng = np.random.default_rng(seed)
    rule = rng.normal(size=15)

    def rows(n: int, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        X = rng.normal(size=(n, 15))
        y = X @ weights + 2 * rng.normal(size=n)
        return X, y if numbers else (y > 0).astype(int)

    rules = [rule + 0.2 * rng.normal(size=15) if s in GOOD else rng.normal(size=15) for s in range(n_sources)]
    return *rows(60, rule), rows(2000, rule), [Source(*rows(200, r), name=f"s{s}") for s, r in enumerate(rules)]


def test_two_of_twenty_are_named_and_the_gain_is_that_of_borrowing_from_them() -> None:
    scores, named = [], []
    for seed in range(10):
        X, y, new, sources = drawn(seed)
        pool = WorthyPooledClassifier(target_share=0.5, source=sources).fit(X, y)
        named += np.flatnonzero(pool.worth_["used"]).tolist()
        two = PooledClassifier(target_share=0.5, source=[sources[s] for s in GOOD]).fit(X, y)
        scores.append([pool.score(*new), two.score(*new), LogisticRegression().fit(X, y).score(*new)])
    ours, theirs, alone = np.mean(scores, axis=0)
    assert ours > theirs - 0.01 and ours > alone + 0.03
    assert sum(s in GOOD for s in named) >= 18 and sum(s not in GOOD for s in named) <= 1


def test_the_guard_names_them_and_keeps_their_gain() -> None:
    X, y, new, sources = drawn(0)
    safe = SafeTransferClassifier(sources, budget=40).fit(X, y)
    entries = safe.evidence_["source"]["sources"]
    assert [e["name"] for e in entries if e["used"]] == ["s3", "s11"]
    assert set(entries[0]) == {"name", "n", "gain", "standard_error", "used"}
    said = " ".join(finding["words"] for finding in safe.evidence_["before"]["findings"])
    assert "Of 20 sources 2 help a linear model by itself: s3 (+" in said and "s11 (+" in said
    assert safe.score(*new) > LogisticRegression().fit(X, y).score(*new) + 0.01


def test_numbers_and_no_worthy_source() -> None:
    X, y, new, sources = drawn(3, numbers=True)
    pool = WorthyPooledRegressor(target_share=0.5, source=sources).fit(X, y)
    named = {s for s, used in enumerate(pool.worth_["used"]) if used}
    assert named == set(GOOD) and pool.score(*new) > Ridge().fit(X, y).score(*new) + 0.02
    none = [source for s, source in enumerate(sources) if s not in GOOD]
    alone = WorthyPooledRegressor(source=none).fit(X, y)
    assert not any(alone.worth_["used"])
    assert np.allclose(alone.predict(X), WorthyPooledRegressor().fit(X, y).predict(X))
    safe = SafeTransferRegressor(none[:2], candidates={"a": WorthyPooledRegressor(source=none[:2])}, budget=5).fit(X, y)
    assert "Of 2 sources none helps a linear model by itself." in str(safe.evidence_["before"]["findings"])


def test_the_order_of_sources_is_that_of_the_list() -> None:
    X, y, _, sources = drawn(2, 12)
    there = WorthyPooledClassifier(source=sources[::-1]).fit(X, y).worth_
    back = WorthyPooledClassifier(source=sources).fit(X, y).worth_
    assert there["gain"] == pytest.approx(back["gain"][::-1]) and there["used"] == back["used"][::-1]


def test_pools_are_those_of_weighted_ridge_regression() -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
    S, T = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
    train, test = np.arange(8), np.arange(8, 12)
    found = answers_with_each(X, Y, [(S, T)], [(train, test), (test, train)])
    rows = np.column_stack([np.vstack([X[train], S]), np.ones(38)])
    weight = np.repeat([1.0, 8 / 30], [8, 30])[:, None]
    penalty = np.diag([*X.var(axis=0), 1e-9])
    W = np.linalg.solve(rows.T @ (weight * rows) + 1.6 * penalty, rows.T @ (weight * np.vstack([Y[train], T])))
    assert np.allclose(found[1, test], np.column_stack([X[test], np.ones(4)]) @ W)
    assert np.allclose(found[2, test], Y[train].mean(axis=0))


def test_useless_sources_are_seldom_called_worthy_however_many() -> None:
    rng = np.random.default_rng(0)
    found = [worthy(rng.normal(size=(20, 50)), rng.normal(size=(20, 50))).any() for _ in range(200)]
    assert np.mean(found) < 0.3
    gains = np.repeat(rng.normal(size=(3, 20)), 5, axis=1)
    error = mean_and_error(gains, np.arange(100) // 5)[1]
    assert error == pytest.approx(gains[:, ::5].std(axis=1, ddof=1) / np.sqrt(20))

"""Columns with few distinct values."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.math.ensembles.bins import coarse_columns


def test_bins_are_even_keep_the_order_and_the_mean() -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=5000), np.exp(3 * rng.normal(size=5000)), rng.integers(0, 9, 5000)])
    found = coarse_columns(X, 255)
    for before, after in zip(X.T[:2], found.T[:2], strict=True):
        values, counts = np.unique(after, return_counts=True)
        assert len(values) == 255 and counts.min() >= 18 and counts.max() <= 21
        order = np.argsort(before)
        assert (np.diff(after[order]) >= 0).all() and after.mean() == pytest.approx(before.mean())
    assert np.array_equal(found[:, 2], X[:, 2])


def test_missing_and_repeated_values_stay_themselves() -> None:
    column = np.concatenate([np.zeros(900), np.arange(1.0, 101.0), [np.nan] * 7])
    found = coarse_columns(column[:, None], 20)[:, 0]
    assert np.isnan(found[-7:]).all() and len(np.unique(found[:-7])) <= 20 and found[999] > found[940] > found[0]

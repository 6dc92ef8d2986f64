"""Ties of two sets of columns: against chi-squared and correlation, and how often chance is taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from headstart.math.statistics.association import association


def test_it_is_chi_squared_of_classes_and_the_squared_correlation_of_numbers() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(3, size=50), rng.integers(2, size=50)
    table = np.array([[np.sum((a == i) & (b == j)) for j in range(2)] for i in range(3)])
    value, p = association(np.eye(3)[a], np.eye(2)[b])
    assert value == pytest.approx(stats.chi2_contingency(table, correction=False).statistic / 50)
    x, y = rng.normal(size=(2, 50, 1))
    assert association(x, y)[0] == pytest.approx(np.corrcoef(x[:, 0], y[:, 0])[0, 1] ** 2)
    assert association(x, np.ones((50, 1))) == (0.0, 1.0) and 0 < p <= 1


def test_few_rows_without_a_tie_are_rarely_taken_for_one() -> None:
    rng = np.random.default_rng(0)
    digit = np.eye(10)[np.arange(20) % 10]
    found = [association(digit, np.eye(3)[rng.permutation(20) % 3], permutations=99)[1] for _ in range(100)]
    assert np.mean(np.array(found) <= 0.05) <= 0.1

"""Agreement of groupings, and k-means, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from headstart.math.statistics.cluster_agreement import adjusted_agreement, rows_in_groups

GROUPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=3, max_size=30)


@given(GROUPS)
def test_it_is_the_adjusted_rand_index(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs).T
    sizes = {len(set(a.tolist())), len(set(b.tolist()))}
    if sizes not in ({1}, {len(a)}):  # one group for all, or one for each row: scikit-learn gives 1
        assert adjusted_agreement(a, b) == pytest.approx(adjusted_rand_score(a, b))
    else:
        assert adjusted_agreement(a, b) == 0.0


def test_groups_are_as_tight_as_those_of_scikit_learn_and_the_seed_decides() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4)) + 6 * rng.normal(size=(5, 4))[np.arange(200) % 5]
    found = rows_in_groups(X, 5)
    assert found.shape == (10, 200) and np.array_equal(found, rows_in_groups(X, 5))
    best = found[0]
    spread = sum(((X[best == k] - X[best == k].mean(axis=0)) ** 2).sum() for k in np.unique(best))
    assert spread <= 1.02 * KMeans(5, n_init=10, random_state=0).fit(X).inertia_


def test_equal_rows_and_more_groups_than_rows_are_taken() -> None:
    assert rows_in_groups(np.zeros((4, 2)), 3, draws=2).shape == (2, 4)
    assert rows_in_groups(np.eye(2), 5, draws=1).max() < 2

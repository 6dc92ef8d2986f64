"""Which ways to learn a table are compared, by its size."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from headstart import Source
from headstart.guard.candidates.for_tables import table_candidates
from headstart.guard.candidates.material import Material

TREES = {
    "classification": (ExtraTreesClassifier, HistGradientBoostingClassifier),
    "regression": (ExtraTreesRegressor, HistGradientBoostingRegressor),
}


def rows(n: int, task: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels that a step in one column decides, which the other columns hide from a linear model."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    numbers = np.where(np.abs(X[:, 0]) < 0.7, 1.0, 0.0)
    return X, numbers if task == "regression" else numbers.astype(int)


@pytest.mark.parametrize("task", TREES)
@pytest.mark.parametrize(("n_source", "kinds"), [(100, (0,)), (300, (0, 1)), (2500, (1,))])
def test_boosting_on_both_sets_is_tried_from_200_rows_on(task: str, n_source: int, kinds: tuple[int, ...]) -> None:
    X, y = rows(60, task, 0)
    material = Material(X, y, task, sources=(Source(*rows(n_source, task, 1)),))
    pooled = {c.name: c.estimator for c in table_candidates(material) if c.name in ("pooled trees", "pooled boosting")}
    assert [type(one.estimator) for one in pooled.values()] == [TREES[task][kind] for kind in kinds]
    new = rows(400, task, 2)
    for one in pooled.values():
        assert one.fit(X, y).score(*new) > 0.55

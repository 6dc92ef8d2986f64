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
from headstart.guard.comparing.planning import in_order

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


def smooth(n: int, seed: int, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(n, 5))
    y = np.sin(3 * np.pi * X[:, 0]) + 2 * X[:, 1] * X[:, 2] + X[:, 3]
    return X, y + noise * y.std() * rng.normal(size=n)


def test_numbers_of_a_smooth_rule_are_boosted_nearer_than_scikit_learns_defaults_do() -> None:
    X, y = smooth(60, 0, 0.1)
    material = Material(X, y, "regression", sources=(Source(*smooth(500, 1, 0.1)),))
    (ours,) = [c.estimator for c in table_candidates(material) if c.name == "pooled boosting"]
    theirs = ours.__sklearn_clone__().set_params(estimator=HistGradientBoostingRegressor(random_state=0))
    new = smooth(1000, 2)
    assert 1 - ours.fit(X, y).score(*new) < 0.9 * (1 - theirs.fit(X, y).score(*new))


def test_with_many_rows_boosted_trees_are_run_first_since_they_tell_who_is_behind() -> None:
    leads = {}
    for n, m in ((60, 300), (600, 300), (600, 2500)):
        X, y = rows(n, "classification", 0)
        material = Material(X, y, "classification", sources=(Source(*rows(m, "classification", 1)),))
        leads[n, m] = [c.name for c in in_order(table_candidates(material))][:4]
    assert leads[60, 300] == ["target alone", "source alone", "pooled boosting", "target alone, loose"]
    assert leads[600, 300] == ["target alone", "source alone", "trees alone", "pooled boosting"]
    assert leads[600, 2500] == ["target alone", "source alone", "trees alone", "pooled trees"]

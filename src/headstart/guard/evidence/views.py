"""What each view is worth: alone, left out, and what it costs where it is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone

from headstart.contract.answers import predicted
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.out_of_fold import Split
from headstart.source import Source


def view_worth(
    material: Material, estimator: Any, views: Mapping[str, slice], splits: Sequence[Split]
) -> dict[str, Any]:
    """Scores of each view on rows that were left out.

    Parameters
    ----------
    material : Material
        Rows of numbers, NaN where a view is missing.
    estimator : MultiViewClassifier or MultiViewRegressor
        What was chosen; not fitted.
    views : dict of str to slice
    splits : sequence of (train, test)

    Returns
    -------
    dict
        ``metric``, ``together`` and, for each view in ``rows``: ``view``; ``n``, rows that have it; ``alone``, the view
        alone, in these; ``left_out``, learned without it; ``missing``, learned with it and asked without; the last two
        in rows that have another view. None where there is nothing to be measured.
    """
    names = list(views)
    there = {name: ~np.isnan(material.rows[:, part]).all(axis=1) for name, part in views.items()}
    together = _out_of_fold(material, estimator, splits)
    rows = []
    for name in names:
        others = {view: part for view, part in views.items() if view != name}
        kept = np.any([there[view] for view in others], axis=0) if others else np.zeros(len(material), dtype=bool)
        alone = clone(estimator).set_params(fusion=name) if others else estimator
        entry: dict[str, Any] = {"view": name, "n": int(there[name].sum())}
        entry["alone"] = _score(material, _out_of_fold(material, alone, splits), there[name])
        entry["left_out"] = entry["missing"] = None
        if others:
            fewer = clone(estimator).set_params(views=others, unlabelled=_having(estimator.unlabelled, others))
            if fewer.unlabelled is None and fewer.fusion == "discriminant":
                fewer.set_params(fusion="product")
            if fewer.fusion in (name, "joint", "product", "discriminant") and len(others) == 1:
                fewer.set_params(fusion=next(iter(others)))
            elif fewer.fusion == name:
                fewer.set_params(fusion="product")
            entry["left_out"] = _score(material, _out_of_fold(material, fewer, splits, kept), kept)
            entry["missing"] = _score(material, _out_of_fold(material, estimator, splits, kept, views[name]), kept)
            entry["with_it"] = _score(material, together, kept)
        rows.append(entry)
    return {"metric": material.measured.name, "together": _score(material, together), "rows": rows}


def _having(more: Source | None, views: Mapping[str, slice]) -> Source | None:
    """Those of the rows without labels that have one of the views."""
    if more is None:
        return None
    there = np.any([~np.isnan(more.X[:, part]).all(axis=1) for part in views.values()], axis=0)
    return Source(more.X[there], None, more.name) if there.any() else None


def _out_of_fold(
    material: Material, estimator: Any, splits: Sequence[Split], kept: np.ndarray | None = None, emptied: Any = None
) -> np.ndarray:
    """Predictions of rows left out, (n, ...), zeros for those that take no part; a view may be emptied before."""
    part = np.ones(len(material), dtype=bool) if kept is None else kept
    found: np.ndarray | None = None
    for train, test in splits:
        learned = train if emptied is not None else train[part[train]]
        asked = test[part[test]]
        if not len(asked) or not len(learned):
            continue
        model = clone(estimator).fit(material.rows[learned], material.y[learned])
        rows = material.rows[asked].copy()
        if emptied is not None:
            rows[:, emptied] = np.nan
        said = predicted(model, rows, material.task, material.classes)
        found = np.zeros((len(material), *said.shape[1:])) if found is None else found
        found[asked] = said
    return np.zeros((len(material), *material.columns.shape[1:])) if found is None else found


def _score(material: Material, prediction: np.ndarray, rows: np.ndarray | None = None) -> float | None:
    """What is measured, of some of the rows; None where it cannot be."""
    some = np.arange(len(material)) if rows is None else np.flatnonzero(rows)
    target = material.target[some]
    if len(some) < 2 or (material.task == "classification" and len(np.unique(target)) < 2):
        return None
    weight = None if material.weight is None else material.weight[some]
    value = material.measured.value(target, prediction[some], weight)
    return float(value) if np.isfinite(value) else None

"""What candidates say of a few labelled rows that they did not learn from, and what the rows left out would add."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone

from headstart.contract.answers import predicted
from headstart.contract.weighted_fit import takes_weights
from headstart.data.base.rows import Inputs
from headstart.data.sets.splits import folds
from headstart.guard.comparing.out_of_fold import Split
from headstart.guard.mixture import mean_log_likelihood, still_to_come

#: Draws of the folds by which the target's learning curve is told.
_CURVE_DRAWS = 3
HeldOut = dict[str, list[np.ndarray]]


def rows_of(X: Any) -> Any:
    """What gives some rows of X by their positions."""
    return X.iloc if hasattr(X, "iloc") else X if hasattr(X, "shape") or isinstance(X, Inputs) else np.asarray(X)


def learns_weighted(candidate: Any) -> bool:
    """Whether a candidate, and the estimator in it, take weights of rows."""
    inner = candidate._unfitted() if hasattr(candidate, "_unfitted") else candidate
    return takes_weights(candidate) and takes_weights(inner)


def fitted(candidate: Any, X: Any, y: Any, weight: np.ndarray | None) -> Any:
    """A candidate fitted to rows of the target, with their weights where there are any and it takes them."""
    if weight is None or not learns_weighted(candidate):
        return candidate.fit(X, y)
    return candidate.fit(X, y, sample_weight=weight)


def held_out_answers(
    candidates: Mapping[str, Any],
    X: Any,
    truth: np.ndarray,
    splits: Sequence[Sequence[Split]],
    classes: np.ndarray | None,
    weight: np.ndarray | None = None,
    always: Collection[str] = (),
) -> HeldOut:
    """What each candidate says of rows that it did not learn from, for each draw of the folds.

    Parameters
    ----------
    candidates : dict of str to unfitted estimator
    X : array-like or frame of shape (n, d)
    truth : array of shape (n,)
        Labels, or numbers.
    splits : sequence of sequences of (train, test)
    classes : array of shape (K,) or None
        None: numbers.
    weight : array of shape (n,), optional
    always : names
        Those that learn the same whatever the fold: they are fitted once.

    Returns
    -------
    dict of str to list of array
        Probabilities (n, K), or numbers (n,).
    """
    inside, task = rows_of(X), "regression" if classes is None else "classification"
    found: HeldOut = {}
    for name, candidate in candidates.items():
        if name in always:
            alone = fitted(clone(candidate), X, truth, weight)
            found[name] = [predicted(alone, X, task, classes)] * len(splits)
            continue
        found[name] = []
        for parts in splits:
            said = np.empty(len(truth) if classes is None else (len(truth), len(classes)))
            for train, test in parts:
                model = fitted(clone(candidate), inside[train], truth[train], _some(weight, train))
                said[test] = predicted(model, inside[test], task, classes)
            found[name].append(said)
    return found


def learned_from_the_rest(
    alone: Any, X: Any, truth: np.ndarray, classes: np.ndarray, k: int, weight: np.ndarray | None = None
) -> float:
    """Log-likelihood a row that the target alone gains by learning from all rows, not from all but one of k folds.

    It is extrapolated from what is learned from all but a fold and from a fold alone, see `still_to_come`; 0 at least.

    Parameters
    ----------
    alone : unfitted classifier
    X : array-like or frame of shape (n, d)
    truth : array of shape (n,)
    classes : array of shape (K,)
    k : int
        Up to 2 nothing can be told: 0.
    weight : array of shape (n,), optional
    """
    codes, inside, found = np.searchsorted(classes, truth), rows_of(X), []
    for seed in range(_CURVE_DRAWS if k > 2 else 0):
        parts = folds(truth, "classification", n_splits=k, random_state=seed)
        levels = []
        for few in (False, True):
            said = np.zeros((len(truth), len(classes)))
            for some, others in parts:
                train, test = (others, some) if few else (some, others)
                if len(np.unique(truth[train])) > 1:
                    model = fitted(clone(alone), inside[train], truth[train], _some(weight, train))
                    said[test] += predicted(model, inside[test], "classification", classes)
            levels.append(mean_log_likelihood(said, codes, weight))
        found.append(still_to_come(levels[0], levels[1], k))
    return max(0.0, float(np.mean(found))) if found else 0.0


def _some(weight: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if weight is None else weight[rows]

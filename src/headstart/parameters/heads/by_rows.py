"""A head by a method of rows: fitted to features, and read off as the linear map that it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from headstart.contract.weighted_fit import fit_weighted
from headstart.errors import ParameterError
from headstart.networks.running.features import Features
from headstart.parameters.heads.solved import Part, SolvedHead
from headstart.parameters.heads.targets import Targets
from headstart.source import Source

#: How far the linear map may be from what the method says, in logits or standardised numbers.
_NEAR = 1e-3


def is_method(head: Any) -> bool:
    """Whether a head is given as an estimator of rows."""
    return hasattr(head, "fit") and hasattr(head, "get_params") and not isinstance(head, type)


def solve_by(method: Any, features: Features, targets: Targets, sources: list[Source], more: Any = None) -> SolvedHead:
    """Fit a method of rows to features, with labelled rows of other sets as its source, and read off its linear map.

    Whatever happens inside (rows are moved, weighed, standardised), what is handed over is one linear layer, so
    that the network and its head are saved as any other.

    Parameters
    ----------
    method : classifier or regressor
        Its scores must be linear in the rows: logarithms of probabilities up to a term that all classes share, or
        numbers.
    features : Features of n rows
        Of the target.
    targets : Targets of n rows
        Without any the method is fitted to ``more`` without labels.
    sources : list of Source
        Rows of features, with labels as in ``targets.classes``, or standardised numbers.
    more : array of shape (m, d), optional
        Features of examples without labels.

    Raises
    ------
    ParameterError
        If the method cannot borrow from rows, or its answers are not linear in them.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from headstart.parameters.heads.targets import class_targets
    >>> features = Features.of(np.array([[0.0], [1.0], [3.0], [4.0]]))
    >>> head = solve_by(LogisticRegression(), features, class_targets(list("aabb"), None), [])
    >>> head.scores(features).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    if targets.task == "multilabel":
        raise ParameterError("Expected classes or numbers for a method as the head, found several labels.")
    known, given = method.get_params(deep=False), {"source": sources or None, "unlabelled": more}
    given = {name: value for name, value in given.items() if name in known and value is not None}
    if not len(targets):
        given.pop("unlabelled", None)
    if sources and "source" not in known:
        raise ParameterError(
            f"Expected a head that borrows labelled rows, found {method!r}, which has no source=.",
            "Take one of headstart's methods, or leave the labelled sets out of source=.",
        )
    fresh = clone(method).set_params(**given)
    rows, n_columns = features.output if len(targets) else more, targets.Y.shape[1]
    answers = targets.Y[:, 0] if targets.task == "regression" else np.asarray(targets.classes)[targets.labels]
    weight = None if (targets.weight == targets.weight[:1]).all() else targets.weight
    fitted = fit_weighted(fresh, rows, answers, weight) if len(targets) else fresh.fit(rows)
    coef, intercept = linear_map(lambda X: _scores(fitted, X, targets), rows, n_columns)
    return SolvedHead(targets.task, (Part("output", coef, intercept, 1.0),), float("nan"), {})


def linear_map(scores: Any, rows: np.ndarray, n_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (d, K) and intercepts (K,) of a map that is linear, found by asking it.

    Parameters
    ----------
    scores : callable
        Rows (n, d) to (n, K).
    rows : array of shape (n, d)
        About which it is asked, and on which it is checked.
    n_columns : int

    Raises
    ------
    ParameterError
        If it is not linear.

    Examples
    --------
    >>> coef, intercept = linear_map(lambda X: X @ np.array([[2.0], [0.5]]) + 1, np.array([[1.0, 2], [3, 5]]), 1)
    >>> coef.round(6).tolist(), intercept.round(6).tolist()
    ([[2.0], [0.5]], [1.0])
    """
    X = np.asarray(rows, dtype=np.float64)
    centre, step = X.mean(axis=0), np.maximum(X.std(axis=0), 1e-3 * (1e-6 + X.std()))
    base = scores(centre[None])
    coef = (scores(centre + np.diag(step)) - base) / step[:, None]
    intercept = (base - centre[None] @ coef)[0]
    off = np.abs(X @ coef + intercept - scores(X)) / (1 + np.abs(scores(X)))
    if coef.shape[1] != n_columns or not off.max() < _NEAR:
        raise ParameterError(
            f"Expected a head whose answers are linear in the features, found one that is {off.max():.2g} off a line.",
            "Take one with a linear estimator, for instance LogisticRegression().",
        )
    return coef, intercept


def _scores(fitted: Any, X: np.ndarray, targets: Targets) -> np.ndarray:
    """Numbers, or logits (n, K) of the classes of the targets, with mean 0."""
    if targets.task == "regression":
        return np.asarray(fitted.predict(X), dtype=np.float64).reshape(len(X), -1)
    order = [fitted.classes_.tolist().index(label) for label in np.asarray(targets.classes).tolist()]
    logits = np.log(np.maximum(fitted.predict_proba(X)[:, order], 1e-300))
    return np.asarray(logits - logits.mean(axis=1, keepdims=True))

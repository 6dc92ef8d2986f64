"""Fitting somebody else's estimator with weights, or saying that it takes none; seeding it.

scikit-learn is imported where it is used: a saved model predicts pictures without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from headstart.errors import DataError, ParameterError


def fit_weighted(estimator: Any, X: Any, y: np.ndarray, sample_weight: np.ndarray | None = None) -> Any:
    """Fit a clone of an estimator, with weights where there are any.

    Parameters
    ----------
    estimator : estimator
        Not changed. Of a `Pipeline` the last step gets the weights.
    X : array or CSR matrix of shape (n, d)
    y : ndarray of shape (n,)
    sample_weight : ndarray of shape (n,), optional
        None fits without weights, which is bit for bit what the estimator does by itself.

    Returns
    -------
    fitted clone

    Raises
    ------
    ParameterError
        If there are weights and the estimator takes none.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> fit_weighted(KNeighborsClassifier(1), np.eye(2), np.array([0, 1]), np.ones(2))
    Traceback (most recent call last):
    headstart.errors.ParameterError: Expected an estimator that takes sample_weight, found KNeighborsClassifier. ...
    """
    from sklearn.base import clone

    twin = clone(estimator)
    if sample_weight is None:
        return twin.fit(X, y)
    return twin.fit(X, y, **{weight_argument(twin): sample_weight})


def row_weights(sample_weight: Any, n: int) -> np.ndarray:
    """Weights of n rows as floats, checked.

    Raises
    ------
    DataError
        If there is not a finite number of 0 or more for each row, or every one is 0.

    Examples
    --------
    >>> row_weights([1, 2], 2).tolist()
    [1.0, 2.0]
    """
    found = np.asarray(sample_weight, dtype=np.float64)
    if found.shape != (n,):
        raise DataError(f"Expected a weight for each of {n} rows, found an array of shape {found.shape}.")
    if not (np.isfinite(found).all() and found.min(initial=0.0) >= 0 and found.sum() > 0):
        raise DataError(
            "Expected weights of rows of zero or more, not all zero, found others.", "Repair sample_weight."
        )
    return found


def seeded(estimator: Any, rng: np.random.Generator) -> Any:
    """A clone whose ``random_state``, and those of its parts, are drawn from ``rng`` where they are None.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> seeded(DecisionTreeClassifier(random_state=7), np.random.default_rng(0)).random_state
    7
    """
    from sklearn.base import clone

    twin = clone(estimator)
    names = [name for name in sorted(twin.get_params()) if name.rpartition("__")[2] == "random_state"]
    drawn = {name: int(rng.integers(2**31 - 1)) for name in names if twin.get_params()[name] is None}
    return twin.set_params(**drawn)


def takes_weights(estimator: Any) -> bool:
    """Whether ``fit`` takes weights of rows."""
    try:
        return bool(weight_argument(estimator))
    except ParameterError:
        return False


def weight_argument(estimator: Any) -> str:
    """Name of the argument of ``fit`` that takes weights: "sample_weight", or a step's."""
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import has_fit_parameter

    path, inner = "", estimator
    while isinstance(inner, Pipeline):
        name, inner = inner.steps[-1]
        path += f"{name}__"
    if not has_fit_parameter(inner, "sample_weight"):
        raise ParameterError(
            f"Expected an estimator that takes sample_weight, found {type(inner).__name__}.",
            "Give one that does, for example LogisticRegression(), or no weights.",
        )
    return f"{path}sample_weight"


def unweighted(names: Iterable[str]) -> tuple[str, ...]:
    """A note that names the candidates that learn without weights, where there are any.

    Examples
    --------
    >>> unweighted([]), unweighted(["nearest"])
    ((), ('These take no weights and learned without them: nearest.',))
    """
    found = ", ".join(names)
    return (f"These take no weights and learned without them: {found}.",) if found else ()

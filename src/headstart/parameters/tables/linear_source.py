"""Coefficients of a fitted linear model, as something to borrow."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.errors import SourceError
from headstart.parameters.tables.model_source import unfrozen


def classifier_model(source: Any) -> Any:
    """The fitted linear classifier itself.

    Raises
    ------
    SourceError
        If it is no fitted linear classifier.
    """
    model = unfrozen(source, "coef_", "linear model")
    if not hasattr(model, "classes_"):
        raise SourceError(
            f"Expected a fitted linear classifier as source, found {type(model).__name__} without classes_.",
            "Give for example LogisticRegression().fit(X, y).",
        )
    return model


def number_coefficients(model: Any, d: int) -> np.ndarray:
    """Coefficients (d,) of a regressor.

    Raises
    ------
    SourceError
        If it predicts several numbers, or from other columns.
    """
    coef = _checked(np.atleast_2d(_dense(model.coef_)), d)
    if len(coef) != 1 or hasattr(model, "classes_"):
        raise SourceError(
            f"Expected the coefficients of a model for one number, found {type(model).__name__} with {len(coef)} rows "
            "of them.",
            "Give a fitted regressor such as Ridge().fit(X, y).",
        )
    return coef[0]


def class_coefficients(model: Any, classes: np.ndarray, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and intercepts of a classifier, among the classes of target and source.

    Parameters
    ----------
    model : fitted linear classifier
        With ``coef_`` (1, d) or (K', d), ``intercept_`` and ``classes_``.
    classes : ndarray of shape (K,)
        Sorted; holds ``model.classes_``.
    d : int

    Returns
    -------
    coef : ndarray of shape (d, 1) for two classes, else (d, K)
        0 for classes that the model lacks.
    intercept : ndarray of shape (1,) or (K,)

    Raises
    ------
    SourceError
        If it has other columns.
    """
    coef = _checked(np.atleast_2d(_dense(model.coef_)), d).T
    level = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64).ravel(), (coef.shape[1],))
    if len(classes) == 2:
        return coef.copy(), level.copy()
    if coef.shape[1] == 1:
        coef, level = np.hstack([-coef / 2, coef / 2]), np.concatenate([-level / 2, level / 2])
    place = np.searchsorted(classes, model.classes_)
    wide, levels = np.zeros((d, len(classes))), np.zeros(len(classes))
    wide[:, place], levels[place] = coef, level
    return wide, levels


def _dense(values: Any) -> np.ndarray:
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)


def _checked(coef: np.ndarray, d: int) -> np.ndarray:
    if coef.shape[1] != d:
        raise SourceError(
            f"Expected a source with coefficients for {d} columns, as the target has, found {coef.shape[1]}.",
            "Give a model of the same columns.",
        )
    return coef

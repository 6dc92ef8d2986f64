"""Targets of the three tasks as one matrix, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headstart.contract.weighted_fit import row_weights
from headstart.data.base.kinds import things
from headstart.data.base.rows import Inputs
from headstart.errors import DataError, ParameterError


@dataclass(frozen=True)
class Targets:
    """What a head is fitted to.

    Attributes
    ----------
    task : {"classification", "multilabel", "regression"}
    Y : ndarray of shape (n, K)
        One-hot classes, 0/1 labels, or numbers standardised by ``shift`` and ``scale``.
    weight : ndarray of shape (n,)
        Row weights, mean 1.
    classes : ndarray of shape (K,) or None
        Sorted labels; None for numbers.
    shift, scale : ndarray of shape (K,)
        Of numbers; 0 and 1 otherwise.
    flat : bool
        Whether y had one dimension.
    """

    task: str
    Y: np.ndarray
    weight: np.ndarray
    classes: np.ndarray | None
    shift: np.ndarray
    scale: np.ndarray
    flat: bool

    def __len__(self) -> int:
        return len(self.Y)

    def rows(self, index: np.ndarray) -> Targets:
        """The same for some rows."""
        return Targets(self.task, self.Y[index], self.weight[index], self.classes, self.shift, self.scale, self.flat)

    def weighed(self, sample_weight: Any) -> Targets:
        """The same with rows that weigh as given too, (n,), 0 or more; None changes nothing."""
        if sample_weight is None:
            return self
        weight = self.weight * row_weights(sample_weight, len(self))
        return replace(self, weight=weight / weight.mean())

    @property
    def labels(self) -> np.ndarray:
        """What splits are made on: class numbers (n,), 0/1 labels (n, K) or numbers."""
        if self.task == "classification":
            return self.Y.argmax(axis=1)
        return self.Y if self.Y.shape[1] > 1 else self.Y[:, 0]


def class_targets(y: Any, class_weight: Any) -> Targets:
    """Encode labels (n,) or a 0/1 matrix (n, L).

    Raises
    ------
    DataError
        With a single class, or a matrix that holds something else than 0 and 1.
    """
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] > 1:
        if not np.isin(y, (0, 1)).all():
            raise DataError("Expected 0 and 1 alone in a matrix of labels, found other values.")
        Y, classes, task = y.astype(float), np.arange(y.shape[1]), "multilabel"
        weight = _label_weights(Y, class_weight)
    else:
        y = y.ravel()
        classes, codes = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise DataError(
                f"Expected at least 2 classes, found one class only ({classes[0]!s})."
                if len(classes)
                else "Expected labels, found none.",
                "Add examples of another class.",
            )
        Y, task = np.eye(len(classes))[codes], "classification"
        weight = class_weights(classes, codes, class_weight)
    K = Y.shape[1]
    return Targets(task, Y, weight / max(weight.mean(), 1e-12), classes, np.zeros(K), np.ones(K), task != "multilabel")


def number_targets(y: Any) -> Targets:
    """Standardise numbers (n,) or (n, t).

    Raises
    ------
    DataError
        If a number is NaN or infinite.
    """
    y = np.asarray(y, dtype=float)
    Y = y[:, None] if y.ndim == 1 else y
    if not np.isfinite(Y).all():
        raise DataError(f"Expected finite targets, found {int((~np.isfinite(Y)).sum())} that are NaN or infinite.")
    weight = np.ones(len(Y))
    shift, scale = Y.mean(axis=0), Y.std(axis=0)
    scale = np.where(scale > 1e-12 * (1 + np.abs(shift)), scale, 1.0)
    return Targets("regression", (Y - shift) / scale, weight, None, shift, scale, y.ndim == 1)


def task_targets(y: Any, task: str) -> Targets:
    """Targets of classes, several labels or numbers, all rows alike."""
    return number_targets(y) if task == "regression" else class_targets(y, None)


def class_weights(classes: np.ndarray, codes: np.ndarray, class_weight: Any) -> np.ndarray:
    """Weight of each row, (n,), from that of its class.

    Parameters
    ----------
    classes : array of shape (K,)
    codes : array of int, shape (n,)
        Class number of each row.
    class_weight : None, "balanced" or dict of class to weight
        "balanced" gives every class the same weight in all; classes that a dict does not name weigh 1.

    Raises
    ------
    ParameterError
        For a class that there is not, or anything else.
    """
    counts = np.bincount(codes, minlength=len(classes))
    if class_weight is None:
        return np.ones(len(codes))
    if isinstance(class_weight, str) and class_weight == "balanced":
        return (len(codes) / (len(classes) * counts))[codes]
    if isinstance(class_weight, Mapping):
        unknown = [key for key in class_weight if key not in classes.tolist()]
        if unknown:
            raise ParameterError(
                f"Expected class_weight for classes {classes.tolist()}, found the unknown class {unknown[0]!r}."
            )
        return np.array([float(class_weight.get(label, 1.0)) for label in classes.tolist()])[codes]
    raise ParameterError(f"Expected class_weight None, 'balanced' or a dict, found {class_weight!r}.")


def _label_weights(Y: np.ndarray, class_weight: Any) -> np.ndarray:
    """Rows with rare labels count more: mean over a row's labels of n / (2 * count of its value)."""
    if class_weight is None:
        return np.ones(len(Y))
    if isinstance(class_weight, str) and class_weight == "balanced":
        ones = np.clip(Y.mean(axis=0), 1e-6, 1 - 1e-6)
        return (Y / (2 * ones) + (1 - Y) / (2 * (1 - ones))).mean(axis=1)
    raise ParameterError(f"Expected class_weight None or 'balanced' for several labels, found {class_weight!r}.")


def one_column(y: Any) -> np.ndarray:
    """Targets as an array; a single column is flattened, with scikit-learn's warning."""
    array = np.asarray(y)
    if array.ndim != 2 or array.shape[1] != 1:
        return array
    from sklearn.utils.validation import column_or_1d  # not where a saved model only predicts

    return np.asarray(column_or_1d(array, warn=True))


def matched(y: Any, inputs: Inputs) -> Any:
    """Labels, if there is one for each picture or clip."""
    n = len(inputs)
    if y is None or len(y) != n:
        kind = things(inputs.input_type)
        raise ParameterError(f"Expected a label for each of {n} {kind}, found {0 if y is None else len(y)}.")
    return y


def some_rows(n: int, most: int, random_state: int | None) -> np.ndarray | None:
    """Positions of some of n rows, ascending; None where all of them are few enough.

    Examples
    --------
    >>> some_rows(5, 9, 0), len(some_rows(50, 9, 0))
    (None, 9)
    """
    if n <= most:
        return None
    return np.sort(np.random.default_rng(0 if random_state is None else random_state).permutation(n)[:most])

"""The base of every weighting: how much each row of a source counts for a target."""

from __future__ import annotations

import warnings
from abc import ABCMeta, abstractmethod
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_array

from headstart.contract.card import MethodCard
from headstart.errors import DataError, TransferWarning
from headstart.math.ratios.odds import effective_sample_size, mean_one


class Weighting(BaseEstimator, metaclass=ABCMeta):
    """Weights of the source's rows under which the source looks like the target.

    A subclass says in `_ratio` what the weights are, up to their scale. It is used alone, ``fit(X_source, X_target)``,
    or inside `ImportanceWeightedClassifier` and `ImportanceWeightedRegressor`.

    Attributes
    ----------
    weights_ : ndarray of shape (n_source,)
        Not negative, mean 1.
    effective_sample_size_ : float
        As many equal rows would count as much: ``(sum w)^2 / sum w^2``.
    target_share_ : float or None
        Share of all weight that labelled rows of the target should get; None: each counts as a row of mean weight.
    n_features_in_ : int

    Notes
    -----
    `fit` warns with a `TransferWarning` when the effective sample size is below 10 (below half of the rows, where there
    are fewer than 20), or below 1% of the source's rows: then a few rows speak for all.
    """

    card: ClassVar[MethodCard]

    @abstractmethod
    def _ratio(self, source: Any, target: Any, y: np.ndarray | None) -> np.ndarray:
        """Weights (n_source,) of any scale; rows are dense or CSR, of one precision."""

    def fit(self, X_source: Any, X_target: Any, y_source: Any = None) -> Any:
        """Weigh the source's rows.

        Parameters
        ----------
        X_source : array-like or CSR matrix of shape (n_source, d)
        X_target : array-like or CSR matrix of shape (n_target, d)
            Rows of the target; labels are not needed.
        y_source : array-like of shape (n_source,), optional
            Classes of the source's rows, for methods that correct a shift of the classes.

        Returns
        -------
        self

        Raises
        ------
        DataError, ParameterError
            In words, for data and options that cannot be used.
        """
        source, target = self._samples(X_source, X_target)
        y = None if y_source is None else np.asarray(y_source)
        if y is None and self._needs_classes():
            raise DataError(
                f"Expected classes of the source's rows for {type(self).__name__}, found none.",
                "Call fit(X_source, X_target, y_source).",
            )
        if y is not None and y.shape != (source.shape[0],):
            raise DataError(f"Expected one label for each of {source.shape[0]} source rows, found shape {y.shape}.")
        self.n_features_in_ = int(source.shape[1])
        self.target_share_: float | None = None
        self.weights_ = mean_one(self._ratio(source, target, y))
        self.effective_sample_size_ = effective_sample_size(self.weights_)
        self._warn_if_collapsed()
        return self

    def _needs_classes(self) -> bool:
        """Whether `fit` needs classes of the source's rows."""
        return False

    def _samples(self, X_source: Any, X_target: Any) -> tuple[Any, Any]:
        options: dict[str, Any] = {"accept_sparse": "csr", "dtype": [np.float64, np.float32]}
        source = check_array(X_source, input_name="X_source", **options)
        target = check_array(X_target, input_name="X_target", **options)
        if source.shape[1] != target.shape[1]:
            raise DataError(
                f"Expected the same columns on both sides, found {source.shape[1]} in the source and "
                f"{target.shape[1]} in the target.",
                "Give both the same features.",
            )
        kind = np.result_type(source.dtype, target.dtype)
        return source.astype(kind, copy=False), target.astype(kind, copy=False)

    def _warn_if_collapsed(self) -> None:
        n, size = len(self.weights_), self.effective_sample_size_
        if size < max(min(10.0, 0.5 * n), 0.01 * n):
            warnings.warn(
                f"The weights of {type(self).__name__} have collapsed: {n} source rows count as much as {size:.1f} "
                "equal ones. The target may lie outside of the source; try RULSIF, a larger width, or no weights.",
                TransferWarning,
                stacklevel=3,
            )

    def _options(self) -> dict[str, Any]:
        """All options but the seed, for a function that takes them by the same names, and a generator in its place."""
        given = {name: value for name, value in self.get_params(deep=False).items() if name != "random_state"}
        return {**given, "rng": self._rng()}

    def _rng(self) -> np.random.Generator:
        """A generator of its own; no global state is touched."""
        return np.random.default_rng(getattr(self, "random_state", None))

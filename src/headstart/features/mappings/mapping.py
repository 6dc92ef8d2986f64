"""Mappings: transformers that bring rows of the source and rows of the target into one space."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils._set_output import _wrap_data_with_container
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from headstart.contract.borrower import Borrower
from headstart.contract.domains import Domains


class Mapping(TransformerMixin, Borrower):
    """Base of the mappings: a subclass writes `_fit_mapping` and `_map_target`, `_map_source` or both.

    ``fit(X)`` gets rows of the target, `transform` maps rows of the target, `transform_source` those of the source.
    Without a source every mapping is the identity. float32 stays float32.

    A subclass whose output has the columns of its input sets ``_keeps_columns = True``; one that needs labels of the
    source says so on its card.

    Parameters
    ----------
    source : Source, list of Source or None, default=None
        Rows to map; labels are not looked at. None: the identity.

    Attributes
    ----------
    identity_ : bool
        Whether there was no source.

    Raises
    ------
    ParameterError
        If an option is outside its range.
    """

    _keeps_columns: ClassVar[bool] = False

    @property
    def _task(self) -> str | None:
        return self.card.tasks[0] if self.card.source_labels == "needed" else None

    @abstractmethod
    def _fit_mapping(self, domains: Domains) -> None:
        """Learn the mapping; check options here. Called only where there is a source."""

    def _map_target(self, X: Any) -> Any:
        """Checked rows of the target (n, d) in the common space (n, k); by default they are there already."""
        return X

    def _map_source(self, X: Any) -> Any:
        """Checked rows of the source in the common space; by default as those of the target."""
        return self._map_target(X)

    def fit(self, X: Any, y: Any = None) -> Any:
        """Fit to rows of the target (n, d); what is borrowed was given at construction.

        Their labels ``y`` (n,) are for the mappings whose card says that they use them; else not looked at.
        """
        uses_labels = self._task is not None and self.card.target_labels != "none"
        domains = self._domains(
            X,
            y if uses_labels else None,
            task=self._task,
            need_source_labels=self.card.source_labels == "needed",
            need_target_labels=self.card.target_labels == "some" and self.source is not None,
        )
        return self._fit_domains(domains)

    def _fit_domains(self, domains: Domains) -> Any:
        """Fit to what has been checked and preprocessed already."""
        self.identity_ = not domains.sources
        if not self.identity_:
            self._fit_mapping(domains)
        first = domains.target.X[:1]
        self._n_features_out = first.shape[1] if self.identity_ else self._map_target(first).shape[1]
        return self

    def _adopt(self, other: Borrower, domains: Domains) -> Any:
        """Fit inside another method, which has checked and preprocessed the rows; afterwards usable alone."""
        self.set_params(
            source=other.source,
            unlabelled=other.unlabelled,
            preprocess=other.preprocess,
            preprocess_scope=other.preprocess_scope,
        )
        self.n_features_in_ = other.n_features_in_
        if hasattr(other, "network_"):
            self.network_ = other.network_
        if hasattr(other, "feature_names_in_"):
            self.feature_names_in_ = other.feature_names_in_
        self.preprocess_, self.source_preprocess_ = other.preprocess_, other.source_preprocess_
        if self._task is not None and domains.classes is not None:
            self.classes_ = domains.classes
        return self._fit_domains(domains)

    def transform(self, X: Any) -> Any:
        """Map rows of the target.

        Parameters
        ----------
        X : array-like of shape (n, d)

        Returns
        -------
        ndarray of shape (n, k)
        """
        rows = self._rows(X)
        return rows if self.identity_ else self._map_target(rows)

    def transform_source(self, X: Any = None) -> Any:
        """Map rows of the source.

        Parameters
        ----------
        X : array-like of shape (n, d), optional
            Rows like the source's. Default: the rows of all sources, stacked in their canonical order (of a single
            source: its own order).

        Returns
        -------
        ndarray of shape (n, k)

        Raises
        ------
        SourceError
            If there is no source.
        """
        rows = self._source_rows(X)
        return _wrap_data_with_container("transform", self._map_source(rows), [], self)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that `transform` gives.

        Parameters
        ----------
        input_features : array-like of str, optional
            Default: the target's names, or "x0", "x1", ...

        Returns
        -------
        ndarray of str
            The input's names where the mapping keeps the columns, else "tca0", "tca1", ... with the class's name.
        """
        check_is_fitted(self, "n_features_in_")
        if not (self.identity_ or self._keeps_columns):
            prefix = type(self).__name__.lower()
            return np.asarray([f"{prefix}{i}" for i in range(self._n_features_out)], dtype=object)
        names = _check_feature_names_in(self, input_features)
        if self.preprocess_ is None:
            return names
        if hasattr(self.preprocess_, "get_feature_names_out"):
            return self.preprocess_.get_feature_names_out(names)
        return np.asarray([f"x{i}" for i in range(self._n_features_out)], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

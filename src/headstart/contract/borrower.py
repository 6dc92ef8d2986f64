"""The base of every classical method: the target comes to `fit`, what is borrowed was given at construction."""

from __future__ import annotations

import copy
import warnings
from abc import ABCMeta
from dataclasses import KW_ONLY
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.utils import get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    _check_y,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from headstart.contract.card import MethodCard
from headstart.contract.domains import Domains, Side, encode
from headstart.contract.estimator_class import estimator_class
from headstart.contract.network_rows import features_by, network_among, network_for_rows, refuse_inputs
from headstart.contract.options import check_option
from headstart.contract.raw_sources import as_numbers, as_sources, labels_of, named, raw_rows, weights_of
from headstart.contract.shared_preprocessing import SCOPES, fit_preprocessing, preprocessed, same_width, untouched
from headstart.contract.target_alone import target_alone
from headstart.data.tables.column_names import alike, digest, framed, stack
from headstart.errors import DataError, SourceError, TransferWarning
from headstart.source import Source


@estimator_class
class Borrower(BaseEstimator, metaclass=ABCMeta):
    """What every classical method shares: checks, preprocessing of both sides, labels, the card.

    A method's own options come first, then these four, by name. It calls `_domains` in its `fit` and `_rows` in its
    `predict` or `transform`. With ``source=None`` it must be its base estimator fitted on the target alone, exactly.

    Parameters
    ----------
    source : Source, list of Source or None, default=None
        Labelled rows to borrow. None: the target alone. With a network among them, as in
        ``source=["starter:pictures", Source(pictures, y)]``, all sides are pictures, clips or texts, and rows are
        their features.
    unlabelled : array-like of shape (m, d), optional
        More rows of the target, without labels: an array, a frame or a `Source`. Clones share it.
    preprocess : transformer, optional
        For rows of both sides, before anything else: a step of an outer pipeline never sees the source.
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"
        "joint": fitted on all rows together; "per-domain": on each side alone; "source": on the source.

    Attributes
    ----------
    n_features_in_, feature_names_in_
        As in scikit-learn, of the target as given.
    classes_ : ndarray of shape (K,)
        Of labels that are classes: those of target and sources together, sorted.
    preprocess_ : fitted transformer or None
        For rows of the target.
    source_preprocess_ : list of fitted transformers
        One for each source, in canonical order.
    network_ : Network
        What makes rows of pictures, clips or texts, where there is one among the sources.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "fit" in vars(cls):
            cls.fit = target_alone(vars(cls)["fit"])

    card: ClassVar[MethodCard]
    _: KW_ONLY
    source: Any = None
    unlabelled: Any = None
    preprocess: Any = None
    preprocess_scope: str = "joint"

    def _takes_sparse(self) -> bool:
        """Whether CSR matrices are welcome; override it."""
        return False

    def _takes_missing(self) -> bool:
        """Whether NaN in X is welcome; override it."""
        return False

    def _given(self) -> list[Source]:
        """The sources that hold rows; a method that also borrows from models overrides it."""
        return as_sources(self.source, getattr(self, "network_", None))

    def _featured(self, X: Any, who: str) -> Any:
        """Rows as they are, or those that the network among the sources makes of pictures, clips or texts."""
        network = getattr(self, "network_", None)
        return X if network is None else features_by(network, X, who)

    def _unlabelled_rows(self) -> Any:
        """The unlabelled rows as they were given, or their features."""
        if self.unlabelled is None or getattr(self, "network_", None) is None:
            return self.unlabelled
        return self._featured(_plain(self.unlabelled), "the unlabelled rows")

    def _domains(
        self,
        X: Any,
        y: Any = None,
        *,
        task: str | None,
        sample_weight: Any = None,
        sparse: bool | None = None,
        need_source_labels: bool = True,
        need_target_labels: bool = True,
    ) -> Domains:
        """Check the target, the sources and the unlabelled rows, and bring them into one form.

        Parameters
        ----------
        X : array-like of shape (n, d), CSR matrix or frame
            Rows of the target.
        y : array-like of shape (n,), optional
            Not looked at with ``task=None``.
        task : {"classification", "regression", None}
            What labels are; None: nobody's labels are looked at.
        sample_weight : array-like of shape (n,), optional
            Of the target's rows.
        sparse : bool, optional
            Whether CSR is welcome. Default: what `_takes_sparse` says.
        need_source_labels, need_target_labels : bool
            Whether missing labels are refused. Without a source the target's are needed whenever there is a task and
            ``need_target_labels`` is true; with one, ``need_target_labels=False`` allows ``fit(X)``.

        Returns
        -------
        Domains

        Raises
        ------
        SourceError, DataError, ParameterError, ValueError
            In words, for everything that cannot be used.
        """
        check_option("preprocess_scope", self.preprocess_scope, SCOPES)
        sparse = self._takes_sparse() if sparse is None else sparse
        if "network_" in vars(self):
            delattr(self, "network_")  # of an earlier fit
        named_network, _ = network_among(self.source)
        if named_network is None:
            refuse_inputs(X)
        else:
            self.network_ = network_for_rows(named_network, X)
        X = self._featured(X, "the target")
        given = self._given()
        target = self._target(X, sparse)
        labels = self._target_labels(y, target.shape[0], task, need_target_labels)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, target, dtype=np.float64)
        raw = [self._fitting(source.X, who) for source, who in zip(given, named(given), strict=True)]
        order = self._canonical(given, raw)
        sources, who = [raw[i] for i in order], [named(given)[i] for i in order]
        more = self._unlabelled_rows()
        more = None if more is None else self._fitting(_plain(more), "the unlabelled rows")
        target, more, sources = self._prepared(target, more, sources, who, sparse)
        answers = [labels_of(given[i], task, name, need_source_labels) for i, name in zip(order, who, strict=True)]
        classes = None
        if task == "classification" and any(values is not None for values in (labels, *answers)):
            classes, coded = encode(list(zip(("the target", *who), (labels, *answers), strict=True)))
            labels, *answers = coded
            self.classes_ = classes
        return Domains(
            Side(target, labels, weights, "target"),
            tuple(
                Side(rows, values, weights_of(given[i], name), given[i].name or name)
                for i, rows, values, name in zip(order, sources, answers, who, strict=True)
            ),
            more,
            classes,
            tuple(order),
        )

    def _target(self, X: Any, sparse: bool) -> Any:
        """The target's rows: numbers, or as they are where `preprocess` makes numbers of them."""
        if self.preprocess is not None:
            return self._raw(X, reset=True)
        return as_numbers(self, X, reset=True, sparse=sparse, allow_nan=self._takes_missing())

    def _names(self) -> list[str] | None:
        found = getattr(self, "feature_names_in_", None)
        return None if found is None else list(found)

    def _fitting(self, X: Any, who: str) -> Any:
        """Rows of somebody else, with the target's columns."""
        return raw_rows(X, self._names(), self.n_features_in_, who)

    def _raw(self, X: Any, reset: bool) -> Any:
        rows = X if hasattr(X, "shape") else np.asarray(X)
        if len(rows.shape) != 2:
            raise DataError(f"Expected 2D array, got {len(rows.shape)}D array instead: rows and columns are needed.")
        return validate_data(self, rows, reset=reset, skip_check_array=True)

    def _target_labels(self, y: Any, n: int, task: str | None, needed: bool) -> np.ndarray | None:
        if task is None:
            return None
        if y is None:
            alone = not self._given()
            if needed or (alone and (is_classifier(self) or is_regressor(self))):
                why = "without a source nothing else tells them" if alone else "this method needs some"
                raise DataError(
                    f"This {type(self).__name__} estimator requires y to be passed, but the target y is None: {why}."
                )
            return None
        values = _check_y(y, y_numeric=task == "regression", estimator=self)
        if values.shape[0] != n:
            check_consistent_length(np.empty(n), values)
        if task == "regression":
            return np.asarray(values, dtype=np.float64)
        check_classification_targets(values)
        return values

    def _canonical(self, given: list[Any], raw: list[Any]) -> list[int]:
        """Positions of the sources, sorted by content."""
        if len(given) < 2:
            return list(range(len(given)))
        keys = [
            (digest(rows, source.y, source.sample_weight), str(source.name))
            for source, rows in zip(given, raw, strict=True)
        ]
        return sorted(range(len(given)), key=keys.__getitem__)

    def _prepared(
        self, target: Any, more: Any, sources: list[Any], who: list[str], sparse: bool
    ) -> tuple[Any, Any, list[Any]]:
        """All rows as numbers of one precision; `preprocess` fitted and used."""
        self.preprocess_, self.source_preprocess_ = None, []
        allow_nan = self._takes_missing()
        if self.preprocess is None:
            others = [
                as_numbers(None, X, sparse=sparse, allow_nan=allow_nan, who=w)
                for X, w in zip(sources, who, strict=True)
            ]
            if more is not None:
                more = as_numbers(None, more, sparse=sparse, allow_nan=allow_nan, who="the unlabelled rows")
            for rows, name in zip(others, who, strict=True):
                _warn_if_untouched(target, rows, name)
        else:
            own, fits = fit_preprocessing(self.preprocess, self.preprocess_scope, target, more, sources)
            self.preprocess_, self.source_preprocess_, container = own, fits, target
            common: dict[str, Any] = {"accept_sparse": sparse, "allow_nan": allow_nan}
            target = preprocessed(own, target, "the target", **common)
            others = [
                preprocessed(fit, alike(container, X), name, **common)
                for fit, X, name in zip(fits, sources, who, strict=True)
            ]
            more = None if more is None else preprocessed(own, alike(container, more), "the unlabelled rows", **common)
            same_width(target, others, who)
        kind = np.result_type(target.dtype, *[X.dtype for X in others], *([] if more is None else [more.dtype]))
        target, *others = (X.astype(kind, copy=False) for X in (target, *others))
        return target, None if more is None else more.astype(kind, copy=False), list(others)

    def _rows(self, X: Any) -> Any:
        """Checked and preprocessed rows of the target, for `predict` and `transform`."""
        check_is_fitted(self)
        X, sparse, allow_nan = self._featured(X, "the target"), self._takes_sparse(), self._takes_missing()
        if self.preprocess_ is None:
            return as_numbers(self, X, reset=False, sparse=sparse, allow_nan=allow_nan)
        rows = self._raw(X, reset=False)
        return preprocessed(self.preprocess_, rows, "the target", accept_sparse=sparse, allow_nan=allow_nan)

    def _source_rows(self, X: Any = None) -> Any:
        """Preprocessed rows of the sources, stacked in canonical order; or other rows like theirs.

        Raises
        ------
        SourceError
            If there is no source, or other rows are given where each of several sources has a transformer of its own.
        """
        check_is_fitted(self)
        given = self._given()
        if not given:
            raise SourceError("Expected a source, found source=None.", "Give source=Source(X, y) before fitting.")
        raw = given if X is None else [Source(self._featured(X, "the source rows"))]
        who = named(given) if X is None else ["the source rows"]
        rows = [self._fitting(source.X, w) for source, w in zip(raw, who, strict=True)]
        order = self._canonical(raw, rows)
        fits = self.source_preprocess_
        if X is not None and len({id(fit) for fit in fits}) > 1:
            raise SourceError(
                "Expected rows of one source, found several sources, each with preprocessing of its own.",
                'Use preprocess_scope="joint", or one source.',
            )
        options: dict[str, Any] = {"allow_nan": self._takes_missing()}
        sparse = self._takes_sparse()
        if self.preprocess_ is None:
            return stack([as_numbers(None, rows[i], sparse=sparse, who=who[i], **options) for i in order])
        rows = [framed(X, self._names()) for X in rows]
        return stack(
            [preprocessed(fits[k], rows[i], who[i], accept_sparse=sparse, **options) for k, i in enumerate(order)]
        )

    def __sklearn_clone__(self) -> Any:
        """A clone that shares the unlabelled rows, as it shares its sources."""
        bare = copy.copy(self)
        bare.unlabelled = None
        twin = BaseEstimator.__sklearn_clone__(bare)
        twin.unlabelled = self.unlabelled
        return twin

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._takes_sparse()
        tags.input_tags.allow_nan = self._takes_missing()
        if hasattr(self.preprocess, "__sklearn_tags__"):
            inner = get_tags(self.preprocess).input_tags
            tags.input_tags.allow_nan |= inner.allow_nan
            tags.input_tags.string |= inner.string
            tags.input_tags.categorical |= inner.categorical
        return tags


def _plain(unlabelled: Any) -> Any:
    return unlabelled.X if isinstance(unlabelled, Source) else unlabelled


def _warn_if_untouched(target: Any, source: Any, who: str) -> None:
    done = untouched(target, source)
    if done:
        warnings.warn(
            f"The target's columns have {done}, those of {who} have not: a step of an outer pipeline never sees the "
            "source. Move that step to preprocess=.",
            TransferWarning,
            stacklevel=4,
        )

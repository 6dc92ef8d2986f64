"""An estimator on aligned rows: a mapping brings source and target together, the estimator learns from both."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import ClassifierMixin, RegressorMixin, clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import get_tags

from headstart.contract.borrower import Borrower
from headstart.contract.card import MethodCard
from headstart.contract.delegating import DelegatingMixin
from headstart.contract.domains import Domains
from headstart.contract.weighted_fit import fit_weighted
from headstart.data.tables.column_names import stack
from headstart.errors import ParameterError
from headstart.features.mappings.coral import CORAL
from headstart.features.mappings.mapping import Mapping


class BaseAligned(DelegatingMixin, Borrower):
    """What classes and numbers have in common; see `AlignedClassifier`."""

    _task: ClassVar[str]

    def __init__(
        self,
        mapping: Any = None,
        estimator: Any = None,
        *,
        source: Any = None,
        unlabelled: Any = None,
        preprocess: Any = None,
        preprocess_scope: str = "joint",
    ) -> None:
        self.mapping = mapping
        self.estimator = estimator
        self.source = source
        self.unlabelled = unlabelled
        self.preprocess = preprocess
        self.preprocess_scope = preprocess_scope

    def _mapping(self) -> Mapping:
        """The mapping that will be fitted."""
        mapping = CORAL() if self.mapping is None else self.mapping
        if not isinstance(mapping, Mapping):
            raise ParameterError(
                f"Expected a mapping such as CORAL(), found {mapping!r}.", "headstart methods lists them."
            )
        given = [name for name in ("source", "unlabelled", "preprocess") if getattr(mapping, name) is not None]
        if given:
            raise ParameterError(
                f"Expected {', '.join(given)} as an argument of {type(self).__name__}, found it in its mapping.",
                f"Write {type(self).__name__}(mapping, estimator, {given[0]}=...).",
            )
        return clone(mapping)

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fit to the target; what is borrowed was given at construction.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows of the target.
        y : array-like of shape (n,), optional
            Their labels. Without, the estimator learns from mapped source rows alone.
        sample_weight : array-like of shape (n,), optional
            Weights of the target's rows, for the estimator; with a source whose rows have none, those count 1 each.

        Returns
        -------
        self
        """
        mapping = self._mapping()
        domains = self._domains(X, y, task=self._task, sample_weight=sample_weight, need_target_labels=False)
        self.mapping_ = mapping._adopt(self, domains)
        self.estimator_ = fit_weighted(self._unfitted(), *self._training_rows(domains))
        return self

    def _training_rows(self, domains: Domains) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """Mapped source rows and mapped labelled target rows, their labels as given, their weights."""
        target = domains.target
        labels = [target.y] if target.y is not None else []
        if not domains.sources:
            self.dense_ = False
            return target.X, self._as_given(domains, labels), target.sample_weight
        sides = [domains.source, *([target] if labels else [])]
        rows = [self.mapping_._map_source(domains.source.X)]
        rows += [self.mapping_._map_target(target.X)] if labels else []
        self.dense_ = not all(sparse.issparse(part) for part in rows)
        weighted = any(side.sample_weight is not None for side in sides)
        return (
            stack([self._final(part) for part in rows]),
            self._as_given(domains, [domains.source.y, *labels]),
            np.concatenate([side.weights for side in sides]) if weighted else None,
        )

    @staticmethod
    def _as_given(domains: Domains, labels: list[Any]) -> np.ndarray:
        values = np.concatenate(labels)
        return values if domains.classes is None else domains.classes[values]

    def _final(self, rows: Any) -> Any:
        return rows.toarray() if self.dense_ and sparse.issparse(rows) else rows

    def _final_rows(self, X: Any) -> Any:
        rows = self._rows(X)
        return self._final(rows if self.mapping_.identity_ else self.mapping_._map_target(rows))

    def _takes_sparse(self) -> bool:
        inner = self._unfitted()
        mapping = CORAL() if self.mapping is None else self.mapping
        alone = self.source is None
        return bool(get_tags(inner).input_tags.sparse and (alone or get_tags(mapping).input_tags.sparse))

    def _takes_missing(self) -> bool:
        return self.source is None and bool(get_tags(self._unfitted()).input_tags.allow_nan)


class AlignedClassifier(ClassifierMixin, BaseAligned):
    """A classifier that learns from mapped source rows and from the target's labelled rows, mapped likewise.

    Without labels of the target, ``fit(X)``, it learns from the source alone. Without a source it is its estimator,
    fitted on the target, exactly.

    Parameters
    ----------
    mapping : Mapping, default=None
        How the two sides are brought together; None is `CORAL()`. It is cloned, and gets its source from here.
    estimator : classifier, default=None
        What learns; None is `LogisticRegression(max_iter=1000)`.
    source : Source, list of Source or None, default=None
        Labelled rows to borrow. None: the target alone.
    unlabelled : array-like of shape (m, d), optional
        More rows of the target, for the mapping.
    preprocess : transformer, optional
        For both sides, before the mapping.
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"
        Fitted on all rows together, on each side alone, or on the source.

    Attributes
    ----------
    mapping_ : Mapping
        Fitted, usable alone.
    estimator_ : classifier
        Fitted on mapped rows.
    classes_ : ndarray of shape (K,)
        Labels of target and sources together.
    dense_ : bool
        Whether mapped rows are brought into a dense array.

    Raises
    ------
    ParameterError
        If the mapping is none, or has a source of its own.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import CORAL, AlignedClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["no", "yes"], 100)
    >>> books = rng.normal(0, 1, (200, 2)) + 4.0 * (y == "yes")[:, None]
    >>> music = 3 * books[:, ::-1] + 20
    >>> adapted = AlignedClassifier(CORAL(), source=Source(books, y, name="books")).fit(music)
    >>> bool(adapted.score(music, y) > 0.95)
    True
    """

    card: ClassVar[MethodCard] = MethodCard(
        transfers="features",
        target_labels="optional",
        source_labels="needed",
        tasks=("classification",),
        cost="that of its mapping and its estimator",
        paper="the mapping's",
        words="Trains any classifier on rows that a mapping has brought together.",
    )
    _task: ClassVar[str] = "classification"

    def _unfitted(self) -> Any:
        return LogisticRegression(max_iter=1000) if self.estimator is None else self.estimator


class AlignedRegressor(RegressorMixin, BaseAligned):
    """A regressor that learns from mapped source rows and from the target's labelled rows, mapped likewise.

    Parameters
    ----------
    mapping : Mapping, default=None
        How the two sides are brought together; None is `CORAL()`. It is cloned, and gets its source from here.
    estimator : regressor, default=None
        What learns; None is `Ridge()`.
    source : Source, list of Source or None, default=None
        Rows with numbers to borrow. None: the target alone.
    unlabelled : array-like of shape (m, d), optional
        More rows of the target, for the mapping.
    preprocess : transformer, optional
        For both sides, before the mapping.
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"
        Fitted on all rows together, on each side alone, or on the source.

    Attributes
    ----------
    mapping_ : Mapping
        Fitted, usable alone.
    estimator_ : regressor
        Fitted on mapped rows.
    dense_ : bool
        Whether mapped rows are brought into a dense array.

    Raises
    ------
    ParameterError
        If the mapping is none, or has a source of its own.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import CORAL, AlignedRegressor, Source
    >>> rng = np.random.default_rng(0)
    >>> summer = rng.normal(0, 1, (200, 2))
    >>> y, winter = summer @ [1.0, 2.0], 3 * summer + 20
    >>> adapted = AlignedRegressor(CORAL(), source=Source(summer, y, name="summer")).fit(winter)
    >>> bool(adapted.score(winter, y) > 0.95)
    True
    """

    card: ClassVar[MethodCard] = MethodCard(
        transfers="features",
        target_labels="optional",
        source_labels="needed",
        tasks=("regression",),
        cost="that of its mapping and its estimator",
        paper="the mapping's",
        words="Trains any regressor on rows that a mapping has brought together.",
    )
    _task: ClassVar[str] = "regression"

    def _unfitted(self) -> Any:
        return Ridge() if self.estimator is None else self.estimator

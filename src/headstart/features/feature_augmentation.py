"""Feature augmentation (Daume): shared columns and own columns for each domain."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import get_tags

from headstart.contract.borrower import Borrower
from headstart.contract.card import MethodCard
from headstart.contract.delegating import DelegatingMixin
from headstart.contract.domains import Domains
from headstart.contract.weighted_fit import fit_weighted
from headstart.data.tables.column_names import stack
from headstart.features.mappings.mapping import Mapping
from headstart.math.alignment.domain_copies import domain_copies


class FeatureAugmentation(Mapping):
    r"""Give every row its columns twice: once shared, once for its own side.

    .. math:: x_S \mapsto (x, x, 0), \qquad x_T \mapsto (x, 0, x)

    A linear model on top then learns what holds everywhere and what holds in the target alone. It needs labelled rows
    of both sides: see `FeatureAugmentationClassifier`, which also keeps several sources apart; here they are one side.

    Parameters
    ----------
    source : Source, list of Source or None, default=None
        None: the identity.
    unlabelled : array-like of shape (m, d), optional
        Not used.
    preprocess : transformer, optional
        For both sides.
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"

    Attributes
    ----------
    identity_ : bool
        Whether there was no source.

    References
    ----------
    Daume (2007), "Frustratingly easy domain adaptation", ACL, Equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import FeatureAugmentation, Source
    >>> mapping = FeatureAugmentation(source=Source(np.array([[1.0], [2.0]]))).fit(np.array([[5.0]]))
    >>> mapping.transform([[5.0]]).tolist(), mapping.transform_source().tolist()
    ([[5.0, 0.0, 5.0]], [[1.0, 1.0, 0.0], [2.0, 2.0, 0.0]])
    """

    card: ClassVar[MethodCard] = MethodCard(
        transfers="features",
        target_labels="none",
        source_labels="none",
        tasks=("classification", "regression"),
        cost="O(n d)",
        paper="Daume 2007, Equation 1",
        words="Copies the columns: one set shared, one for each side.",
    )

    def __init__(
        self,
        *,
        source: Any = None,
        unlabelled: Any = None,
        preprocess: Any = None,
        preprocess_scope: str = "joint",
    ) -> None:
        self.source = source
        self.unlabelled = unlabelled
        self.preprocess = preprocess
        self.preprocess_scope = preprocess_scope

    def _takes_sparse(self) -> bool:
        return True

    def _fit_mapping(self, domains: Domains) -> None:
        self.n_domains_ = 2

    def _map_target(self, X: Any) -> Any:
        return domain_copies(X, 1, 2)

    def _map_source(self, X: Any) -> Any:
        return domain_copies(X, 0, 2)


class BaseFeatureAugmentation(DelegatingMixin, Borrower):
    """What classes and numbers have in common; see `FeatureAugmentationClassifier`."""

    _task: ClassVar[str]

    def __init__(
        self,
        estimator: Any = None,
        *,
        source: Any = None,
        unlabelled: Any = None,
        preprocess: Any = None,
        preprocess_scope: str = "joint",
    ) -> None:
        self.estimator = estimator
        self.source = source
        self.unlabelled = unlabelled
        self.preprocess = preprocess
        self.preprocess_scope = preprocess_scope

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit to the target; what is borrowed was given at construction.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows of the target.
        y : array-like of shape (n,)
            Their labels: without any, nothing says what holds in the target.
        sample_weight : array-like of shape (n,), optional
            Weights of the target's rows; with a source whose rows have none, those count 1 each.

        Returns
        -------
        self
        """
        domains = self._domains(X, y, task=self._task, sample_weight=sample_weight)
        sides = [*domains.sources, domains.target]
        self.n_domains_ = len(sides)
        rows = [self._copies(side.X, k) for k, side in enumerate(sides)]
        labels = np.concatenate([side.y for side in sides if side.y is not None])
        weighted = any(side.sample_weight is not None for side in sides)
        weights = np.concatenate([side.weights for side in sides]) if weighted else None
        labels = labels if domains.classes is None else domains.classes[labels]
        self.estimator_ = fit_weighted(self._unfitted(), stack(rows), labels, weights)
        return self

    def _copies(self, X: Any, domain: int) -> Any:
        return X if self.n_domains_ == 1 else domain_copies(X, domain, self.n_domains_)

    def _final_rows(self, X: Any) -> Any:
        return self._copies(self._rows(X), self.n_domains_ - 1)

    def _takes_sparse(self) -> bool:
        return bool(get_tags(self._unfitted()).input_tags.sparse)

    def _takes_missing(self) -> bool:
        return bool(get_tags(self._unfitted()).input_tags.allow_nan)


class FeatureAugmentationClassifier(ClassifierMixin, BaseFeatureAugmentation):
    r"""A classifier on shared columns and on own columns for each domain.

    .. math:: \Phi_k(x) = (x, 0, \dots, 0, \underbrace{x}_{k}, 0, \dots, 0)

    A linear model splits its weights into a part that holds everywhere and one for each domain, both drawn to zero.
    Hard to beat where there are some labels of the target; it does little for trees, which take one column at a time.

    Parameters
    ----------
    estimator : classifier, default=None
        What learns; None is `LogisticRegression(max_iter=1000)`.
    source : Source, list of Source or None, default=None
        Labelled rows to borrow; each source is a domain of its own. None: the estimator on the target alone.
    unlabelled : array-like of shape (m, d), optional
        Not used.
    preprocess : transformer, optional
        For both sides.
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"

    Attributes
    ----------
    estimator_ : classifier
        Fitted on the copied columns; the target's own copy is the last.
    n_domains_ : int
    classes_ : ndarray of shape (K,)

    References
    ----------
    Daume (2007), "Frustratingly easy domain adaptation", ACL, Equation 1 and section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import FeatureAugmentationClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["no", "yes"], 50)
    >>> books = rng.normal(0, 1, (100, 2)) + 4.0 * (y == "yes")[:, None]
    >>> model = FeatureAugmentationClassifier(source=Source(books, y, name="books")).fit(books[40:60] + 1, y[40:60])
    >>> bool(model.score(books + 1, y) > 0.95)
    True
    """

    card: ClassVar[MethodCard] = MethodCard(
        transfers="features",
        target_labels="some",
        source_labels="needed",
        tasks=("classification",),
        cost="that of its estimator on (domains + 1) d columns",
        paper="Daume 2007, Equation 1",
        words="Learns what holds everywhere and what holds in the target alone.",
    )
    _task: ClassVar[str] = "classification"

    def _unfitted(self) -> Any:
        return LogisticRegression(max_iter=1000) if self.estimator is None else self.estimator


class FeatureAugmentationRegressor(RegressorMixin, BaseFeatureAugmentation):
    """A regressor on shared columns and on own columns for each domain; see `FeatureAugmentationClassifier`.

    Parameters
    ----------
    estimator : regressor, default=None
        What learns; None is `Ridge()`.
    source : Source, list of Source or None, default=None
        Rows with numbers to borrow; each source is a domain of its own. None: the estimator on the target alone.
    unlabelled : array-like of shape (m, d), optional
        Not used.
    preprocess : transformer, optional
        For both sides.
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"

    Attributes
    ----------
    estimator_ : regressor
        Fitted on the copied columns; the target's own copy is the last.
    n_domains_ : int

    References
    ----------
    Daume (2007), "Frustratingly easy domain adaptation", ACL, Equation 1 and section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import FeatureAugmentationRegressor, Source
    >>> books = np.linspace(0, 1, 50)[:, None]
    >>> model = FeatureAugmentationRegressor(source=Source(books, books[:, 0])).fit(books[::9], books[::9, 0] + 0.1)
    >>> bool(model.score(books, books[:, 0] + 0.1) > 0.8)
    True
    """

    card: ClassVar[MethodCard] = MethodCard(
        transfers="features",
        target_labels="some",
        source_labels="needed",
        tasks=("regression",),
        cost="that of its estimator on (domains + 1) d columns",
        paper="Daume 2007, Equation 1",
        words="Learns what holds everywhere and what holds in the target alone.",
    )
    _task: ClassVar[str] = "regression"

    def _unfitted(self) -> Any:
        return Ridge() if self.estimator is None else self.estimator

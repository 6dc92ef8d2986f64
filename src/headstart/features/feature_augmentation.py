"""Feature augmentation (Daume): shared columns and own columns for each domain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sklearn.base import ClassifierMixin, RegressorMixin

from headstart.contract.delegating import DelegatingMixin
from headstart.contract.domains import Domains, together
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import WeightedLearner
from headstart.contract.weighted_fit import fit_weighted
from headstart.features.mappings.mapping import Mapping
from headstart.math.alignment.domain_copies import domain_copies


@estimator_class
class FeatureAugmentation(Mapping):
    r"""Give every row its columns twice: once shared, once for its own side.

    .. math:: x_S \mapsto (x, x, 0), \qquad x_T \mapsto (x, 0, x)

    A linear model on top then learns what holds everywhere and what holds in the target alone. It needs labelled rows
    of both sides: see `FeatureAugmentationClassifier`, which also keeps several sources apart; here they are one side.

    Parameters
    ----------
    source : Source, list of Source or None, default=None
        None: the identity.

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

    def _takes_sparse(self) -> bool:
        return True

    def _fit_mapping(self, domains: Domains) -> None:
        self.n_domains_ = 2

    def _map_target(self, X: Any) -> Any:
        return domain_copies(X, 1, 2)

    def _map_source(self, X: Any) -> Any:
        return domain_copies(X, 0, 2)


@estimator_class
class BaseFeatureAugmentation(WeightedLearner, DelegatingMixin):
    """What classes and numbers have in common; see `FeatureAugmentationClassifier`.

    Parameters
    ----------
    unlabelled : array-like of shape (m, d), optional
        Looked at by `preprocess` alone.
    source : Source, list of Source or None, default=None
        Rows to borrow, with classes or numbers; each source is a domain of its own. None: the estimator on the target
        alone.

    Attributes
    ----------
    n_domains_ : int
    estimator_ : classifier or regressor
        Fitted on the copied columns; the target's own copy is the last.
    """

    estimator: Any = None

    def _learn_alone(self, domains: Domains) -> None:
        self.n_domains_ = 1
        super()._learn_alone(domains)

    def _learn(self, domains: Domains) -> None:
        sides = [*domains.sources, domains.target]
        self.n_domains_ = len(sides)
        whole = together([replace(side, X=self._copies(side.X, k)) for k, side in enumerate(sides)])
        self.estimator_ = fit_weighted(self._unfitted(), whole.X, domains.labels(whole), whole.sample_weight)

    def _copies(self, X: Any, domain: int) -> Any:
        return X if self.n_domains_ == 1 else domain_copies(X, domain, self.n_domains_)

    def _final_rows(self, X: Any) -> Any:
        return self._copies(self._rows(X), self.n_domains_ - 1)


@estimator_class
class FeatureAugmentationClassifier(ClassifierMixin, BaseFeatureAugmentation):
    r"""A classifier on shared columns and on own columns for each domain.

    .. math:: \Phi_k(x) = (x, 0, \dots, 0, \underbrace{x}_{k}, 0, \dots, 0)

    A linear model splits its weights into a part that holds everywhere and one for each domain, both drawn to zero.
    Hard to beat where there are some labels of the target; it does little for trees, which take one column at a time.

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


@estimator_class
class FeatureAugmentationRegressor(RegressorMixin, BaseFeatureAugmentation):
    """A regressor on shared columns and on own columns for each domain; see `FeatureAugmentationClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import FeatureAugmentationRegressor, Source
    >>> books = np.linspace(0, 1, 50)[:, None]
    >>> model = FeatureAugmentationRegressor(source=Source(books, books[:, 0])).fit(books[::9], books[::9, 0] + 0.1)
    >>> bool(model.score(books, books[:, 0] + 0.1) > 0.8)
    True
    """

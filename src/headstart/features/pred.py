"""PRED (Daume): what a model of the source says, as columns for a model of the target."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack, issparse
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.dummy import DummyClassifier
from sklearn.utils import get_tags

from headstart.contract.delegating import DelegatingMixin
from headstart.contract.domains import Domains, Side
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import WeightedLearner
from headstart.contract.remembered import fit_on_source
from headstart.contract.weighted_fit import fit_weighted


@estimator_class
class BasePRED(WeightedLearner, DelegatingMixin):
    """What classes and numbers have in common; see `PREDClassifier`.

    Parameters
    ----------
    unlabelled : array-like of shape (m, d), optional
        Looked at by `preprocess` alone.
    source_estimator : classifier or regressor, default=None
        What learns from a source; None is the same as `estimator`.

    Attributes
    ----------
    source_estimators_ : list of classifier
        One for each source, in canonical order.
    estimator_ : classifier or regressor
        Fitted on the wider rows.
    """

    estimator: Any = None
    source_estimator: Any = None

    def _learn_alone(self, domains: Domains) -> None:
        self.source_estimators_: list[Any] = []
        super()._learn_alone(domains)

    def _learn(self, domains: Domains) -> None:
        self.source_estimators_ = [self._source_model(side, domains) for side in domains.sources]
        target = domains.target
        wider = self._wider(target.X)
        self.estimator_ = fit_weighted(self._unfitted(), wider, domains.labels(target), target.sample_weight)

    def _source_model(self, side: Side, domains: Domains) -> Any:
        labels = domains.labels(side)
        model = self._unfitted() if self.source_estimator is None else self.source_estimator
        if domains.classes is not None and len(np.unique(labels)) == 1:
            model = DummyClassifier()
        return fit_on_source(model, side.X, labels, side.sample_weight)

    def _wider(self, X: Any) -> Any:
        """The columns, and what each source's model says."""
        if not self.source_estimators_:
            return X
        said = np.hstack([self._said(model, X) for model in self.source_estimators_]).astype(X.dtype, copy=False)
        if issparse(X):
            return csr_matrix(hstack([X, csr_matrix(said)], format="csr"))
        return np.hstack([X, said])

    def _said(self, model: Any, X: Any) -> np.ndarray:
        return np.asarray(model.predict(X), dtype=np.float64).reshape(len(X) if not issparse(X) else X.shape[0], -1)

    def _final_rows(self, X: Any) -> Any:
        return self._wider(self._rows(X))

    def _models(self) -> list[Any]:
        return [self._unfitted(), *([] if self.source_estimator is None else [self.source_estimator])]

    def _takes_sparse(self) -> bool:
        return all(bool(get_tags(model).input_tags.sparse) for model in self._models())

    def _takes_missing(self) -> bool:
        return all(bool(get_tags(model).input_tags.allow_nan) for model in self._models())


@estimator_class
class PREDClassifier(ClassifierMixin, BasePRED):
    """A classifier of the target that gets, as more columns, what a classifier of the source says.

    A strong baseline where there are some labels of the target: the source's answer counts as far as it is right. Each
    source has a model of its own; its columns are probabilities, else scores, else the predicted class as 0 and 1.
    Where the target has only a handful of labels, the many other columns may drown them.

    Parameters
    ----------
    estimator : classifier, default=None
        What learns from the target; None is `LogisticRegression(max_iter=1000)`.

    References
    ----------
    Daume (2007), "Frustratingly easy domain adaptation", ACL, section 2 (PRED); Daume and Marcu (2006).

    Examples
    --------
    >>> from headstart import PREDClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["no", "yes"], 50)
    >>> books = rng.normal(0, 1, (100, 2)) + 4.0 * (y == "yes")[:, None]
    >>> model = PREDClassifier(source=Source(books, y, name="books")).fit(books[40:60] + 1, y[40:60])
    >>> bool(model.score(books + 1, y) > 0.95)
    True
    """

    def _said(self, model: Any, X: Any) -> np.ndarray:
        for name in ("predict_proba", "decision_function"):
            if hasattr(model, name):
                said = np.asarray(getattr(model, name)(X), dtype=np.float64)
                said = said[:, None] if said.ndim == 1 else said
                return said[:, 1:] if said.shape[1] == 2 else said
        return (np.asarray(model.predict(X))[:, None] == model.classes_[None, :]).astype(np.float64)


@estimator_class
class PREDRegressor(RegressorMixin, BasePRED):
    """A regressor of the target that gets, as one more column, what a regressor of the source says.

    See `PREDClassifier`.

    Parameters
    ----------
    estimator : regressor, default=None
        What learns from the target; None is `Ridge()`.

    Examples
    --------
    >>> from headstart import PREDRegressor, Source
    >>> books = np.linspace(0, 1, 50)[:, None]
    >>> y = np.sin(books[:, 0])
    >>> model = PREDRegressor(source=Source(10 * books, y)).fit(10 * books[::9], y[::9])
    >>> bool(model.score(10 * books, y) > 0.8)
    True
    """

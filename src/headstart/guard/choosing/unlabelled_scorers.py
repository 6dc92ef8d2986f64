"""Choosing without target labels: scorers that grid searches and cross-validation take as ``scoring=``."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from headstart.contract.answers import probabilities_of
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.contract.raw_sources import as_sources
from headstart.data.sets.splits import folds
from headstart.data.tables.column_names import stack
from headstart.errors import SourceError
from headstart.math.statistics.validation import (
    circular_validation,
    deep_embedded_risk,
    importance_weighted_risk,
    mean_entropy,
    soft_neighbourhood_density,
)
from headstart.source import Source

_MOST = 50.0


class UnlabelledScorer(BaseEstimator):
    """Base of the scorers: called as ``scorer(estimator, X)`` with a fitted method and target rows without labels.

    Larger is better, as everywhere in scikit-learn; labels that a search passes on are not looked at.
    """

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:
        """Score a fitted method on rows of the target.

        Parameters
        ----------
        estimator : fitted estimator
        X : array-like of shape (n, d)
            Rows of the target.
        y : ignored
        """
        return float(self._score(estimator, X))

    @abstractmethod
    def _score(self, estimator: Any, X: Any) -> float:
        """The score."""


class CircularValidation(UnlabelledScorer):
    """Score a method by how well its answers on the target bring the source's labels back.

    The fitted method labels the target's rows; a clone then learns the other way, from these rows and labels for the
    source, and is scored there: accuracy, or R^2 for numbers. It costs one more fit. Blind to classes that were
    exchanged on both ways. In a comparison of published runs choosing by it among many methods cost 5.8 points against
    the best of them, so keep the list short and *no transfer* in it.

    References
    ----------
    Bruzzone and Marconcini (2010), Domain adaptation problems: a DASVM classification technique and a circular
    validation strategy.

    Examples
    --------
    >>> from headstart import CORAL, AlignedClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(80) % 2
    >>> books = rng.normal(0, 1, (80, 2)) + 5.0 * y[:, None]
    >>> method = AlignedClassifier(CORAL(), source=Source(books, y)).fit(books * 2 + 30)
    >>> CircularValidation()(method, books * 2 + 30)
    1.0
    """

    def _score(self, estimator: Any, X: Any) -> float:
        X_source, y_source = labelled_source(estimator)
        forward = np.asarray(estimator.predict(X))

        def learn(rows: Any, labels: np.ndarray, others: Any) -> np.ndarray:
            if rows is X_source:
                return forward
            back = clone(estimator).set_params(source=Source(rows, labels), **_without_unlabelled(estimator))
            return np.asarray(back.fit(others).predict(others))

        backward, _ = circular_validation(learn, X_source, y_source, X)
        if is_regressor(estimator):
            spread = float(((y_source - y_source.mean()) ** 2).sum())
            return 1.0 - float(((y_source - backward) ** 2).sum()) / max(spread, 1e-12)
        return float((backward == y_source).mean())


@estimator_class
class ImportanceWeightedValidation(UnlabelledScorer):
    """Score a method by its errors on held-out source rows, weighted by how much each is like the target.

    The source is divided; a clone borrows one part and answers for the other. Each answer counts by the density ratio
    of its row. The score is 1 minus the weighted share of errors, or minus the weighted mean squared error. It costs
    ``cv`` fits. Right where rows are distributed otherwise but the rule is the same; it cannot see that the rule
    differs, and is noisy where few source rows are like the target's.

    Parameters
    ----------
    cv : int, default=3
        Parts of the source, at least 2.
    weighting : Weighting, optional
        An unfitted density ratio with ``fit(X_source, X_target)`` and ``weights_``. Default: the odds of a logistic
        regression that tells the two sides apart.
    random_state : int, default=0
        Seed of the division.

    References
    ----------
    Sugiyama, Krauledat and Müller (2007), Covariate shift adaptation by importance weighted cross validation. Its
    weights multiply training losses too; here only the validation is weighted, whatever the method does. Weights are
    divided by their sum.

    Examples
    --------
    >>> from headstart import CORAL, AlignedClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(80) % 2
    >>> books = rng.normal(0, 1, (80, 2)) + 5.0 * y[:, None]
    >>> method = AlignedClassifier(CORAL(), source=Source(books, y)).fit(books)
    >>> ImportanceWeightedValidation()(method, books) > 0.95
    True
    """

    cv: int = 3
    weighting: Any = None
    random_state: int = 0

    def _score(self, estimator: Any, X: Any) -> float:
        losses, weights = self._weighted_losses(estimator, X, mapped=False)
        risk = importance_weighted_risk(losses, weights, normalised=True)
        return -risk if is_regressor(estimator) else 1.0 - risk

    def _weighted_losses(self, estimator: Any, X: Any, *, mapped: bool) -> tuple[np.ndarray, np.ndarray]:
        """Loss and weight of every held-out source row."""
        check_number("cv", self.cv, low=2, whole=True)
        X_source, y_source = labelled_source(estimator)
        numbers = is_regressor(estimator)
        task = "regression" if numbers else "classification"
        losses, weights = np.empty(len(y_source)), np.empty(len(y_source))
        for train, test in folds(y_source, task, n_splits=self.cv, random_state=self.random_state):
            part = Source(_take(X_source, train), y_source[train])
            twin = clone(estimator).set_params(source=part).fit(X)
            held_out = _take(X_source, test)
            answers = predict_source(twin, held_out)
            losses[test] = (answers - y_source[test]) ** 2 if numbers else answers != y_source[test]
            mapping = getattr(twin, "mapping_", None) if mapped else None
            rows = (held_out, X) if mapping is None else (mapping.transform_source(held_out), mapping.transform(X))
            weights[test] = self._ratio(*rows)
        return losses, weights

    def _ratio(self, source: Any, target: Any) -> np.ndarray:
        if self.weighting is not None:
            return np.asarray(clone(self.weighting).fit(_array(source), _array(target)).weights_)
        return discriminator_ratio(_array(source), _array(target))


@estimator_class
class DeepEmbeddedValidation(ImportanceWeightedValidation):
    """Score a method as `ImportanceWeightedValidation` does, with the weights as control variate, on mapped rows.

    The density ratio is estimated where the method's mapping has brought the two sides together, and the known mean of
    the weights corrects the risk: less noise for the same rows. Use it for mappings; blind to the same things.

    References
    ----------
    You, Wang, Long and Jordan (2019), Towards accurate model selection in deep unsupervised domain adaptation,
    Algorithm 1. The paper holds one part of the source out; here each part is held out in turn.

    Examples
    --------
    >>> from headstart import CORAL, AlignedClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(80) % 2
    >>> books = rng.normal(0, 1, (80, 2)) + 5.0 * y[:, None]
    >>> method = AlignedClassifier(CORAL(), source=Source(books, y)).fit(books + 9)
    >>> DeepEmbeddedValidation()(method, books + 9) > 0.95
    True
    """

    def _score(self, estimator: Any, X: Any) -> float:
        risk = deep_embedded_risk(*self._weighted_losses(estimator, X, mapped=True))
        return -risk if is_regressor(estimator) else 1.0 - risk


class PredictionEntropy(UnlabelledScorer):
    """Score a classifier by how sure it is of the target's rows: minus the mean entropy of its probabilities.

    No fit at all. Sure and wrong counts as well as sure and right, and one class for all rows is the surest answer:
    only for comparing settings of one method that are known not to collapse.

    References
    ----------
    Morerio, Cavazza and Murino (2018), Minimal-entropy correlation alignment for unsupervised deep domain adaptation.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X = np.array([[0.0], [1.0], [10.0], [11.0]])
    >>> round(PredictionEntropy()(GaussianNB().fit(X, [0, 0, 1, 1]), X), 6) == 0.0
    True
    """

    def _score(self, estimator: Any, X: Any) -> float:
        return -mean_entropy(probabilities_of(estimator, X))


@estimator_class
class SoftNeighbourhoodDensity(UnlabelledScorer):
    """Score a classifier by how densely its answers for the target's rows lie in bundles.

    No fit at all. High where each row has many others with nearly the same probabilities. One bundle for all is the
    densest, so a collapse is not seen.

    Parameters
    ----------
    temperature : float, default=0.05
        Above 0; small ones look at the nearest neighbours alone.

    References
    ----------
    Saito, Kim, Teterwak, Sclaroff, Darrell and Saenko (2021), Tune it the right way: unsupervised validation of domain
    adaptation via soft neighborhood density.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X = np.array([[0.0], [1.0], [10.0], [11.0]])
    >>> round(SoftNeighbourhoodDensity()(GaussianNB().fit(X, [0, 0, 1, 1]), X), 3)
    0.0
    """

    temperature: float = 0.05

    def _score(self, estimator: Any, X: Any) -> float:
        return soft_neighbourhood_density(probabilities_of(estimator, X), self.temperature)


def labelled_source(estimator: Any) -> tuple[Any, np.ndarray]:
    """Rows and labels of all sources of a method, one below the other.

    Raises
    ------
    SourceError
        If it borrows nothing, or from rows without labels.
    """
    given = as_sources(getattr(estimator, "source", None), getattr(estimator, "network_", None))
    if not given or any(source.y is None for source in given):
        raise SourceError(
            f"Expected a method with a labelled source to validate on, found {type(estimator).__name__} with "
            f"source={getattr(estimator, 'source', None)!r}.",
            "Scorers without labels compare methods that borrow; score the others with labels.",
        )
    if len(given) == 1:
        X = given[0].X
        return (X if hasattr(X, "shape") else np.asarray(X)), np.asarray(given[0].y)
    rows = [source.X if sparse.issparse(source.X) else np.asarray(source.X) for source in given]
    return stack(rows), np.concatenate([np.asarray(source.y) for source in given])


def predict_source(estimator: Any, X: Any) -> np.ndarray:
    """What a fitted method says of rows of the source: through its mapping of the source, where it has one."""
    mapping = getattr(estimator, "mapping_", None)
    if mapping is None or not hasattr(estimator, "estimator_"):
        return np.asarray(estimator.predict(X))
    return np.asarray(estimator.estimator_.predict(mapping.transform_source(X)))


def discriminator_ratio(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    r"""Density ratios of source rows from a logistic regression d that tells the sides apart.

    .. math:: w(x) = \frac{n_S}{n_T} \cdot \frac{P(T \mid x)}{P(S \mid x)}

    Parameters
    ----------
    source : array of shape (n, d)
    target : array of shape (m, d)

    Returns
    -------
    array of shape (n,)
        Above 0, at most 50.

    References
    ----------
    Bickel, Brückner and Scheffer (2007), Discriminative learning for differing training and test distributions.
    """
    side = np.repeat([0, 1], [len(source), len(target)])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    odds = model.fit(np.vstack([source, target]), side).decision_function(source)
    return np.minimum(np.exp(np.minimum(odds, 50.0)) * len(source) / len(target), _MOST)


def _without_unlabelled(estimator: Any) -> dict[str, Any]:
    return {"unlabelled": None} if "unlabelled" in estimator.get_params(deep=False) else {}


def _take(X: Any, rows: np.ndarray) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _array(X: Any) -> np.ndarray:
    return X.toarray() if sparse.issparse(X) else np.asarray(X, dtype=np.float64)

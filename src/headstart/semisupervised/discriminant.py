"""A discriminant of labelled and unlabelled rows, joined with a supervised classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.math.linear.discriminant import discriminant_by_em
from headstart.math.linear.soft_labels import normalised
from headstart.semisupervised.base import UnlabelledLearner, unit_rows


@estimator_class
class SemiSupervisedDiscriminantClassifier(UnlabelledLearner):
    r"""Normal distributions of one covariance, fitted to labelled and unlabelled rows, times a supervised classifier.

    .. math:: p(k \mid x) \propto N(x; \mu_k, \Sigma)^{1/2}\, \pi_k\, p_{\text{supervised}}(k \mid x)^w

    Means, covariance and shares come from all rows by expectation maximisation, see
    `headstart.math.linear.discriminant.discriminant_by_em`; where ``class_shares`` are stated, the unlabelled rows are
    brought to them in every round. Made for pooled features of a network with 2 to 20 labels a
    class and hundreds of rows without: the unlabelled rows tell the shape of the classes, the labels which is which.

    It does harm where the rows fall into groups that are not the classes, as may be with few labels and features that
    show something else (sex, camera). Let the guard measure it.

    Parameters
    ----------
    shrinkage : float, default=0.2
        How far the covariance is moved to one that is the same in every direction, above 0 and up to 1.
    n_components : int, default=64
        Principal components of all rows that it is fitted in, at most.

    Attributes
    ----------
    coef_ : ndarray of shape (d, K) or None
        Of the discriminant, for rows of length 1 (d + 1 where there is a constant); None without unlabelled rows.
    intercept_ : ndarray of shape (K,) or None
    weight_ : float
        The w above, 1 or more: so much that the supervised classifier has a say, however unsure it is of few labels.

    References
    ----------
    Nigam, McCallum, Thrun and Mitchell (2000), "Text classification from labeled and unlabeled documents using EM",
    section 5.3 (unlabelled rows that count less); O'Neill (1978), "Normal discrimination with unclassified
    observations". Where we differ: the covariance cools down from a round one, shares go half way, and the supervised
    classifier takes part in every round.

    Examples
    --------
    >>> from headstart import SemiSupervisedDiscriminantClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=200)
    >>> X = rng.normal(0, [1.0, 0.3, 0.3], (200, 3)) + np.array([[0.0, 3, 0], [0, 0, 3]])[y]
    >>> few = np.r_[np.flatnonzero(y == 0)[:2], np.flatnonzero(y == 1)[:2]]
    >>> model = SemiSupervisedDiscriminantClassifier(unlabelled=X).fit(X[few], y[few])
    >>> bool(model.score(X, y) > 0.97)
    True
    """

    shrinkage: float = 0.2
    n_components: int = 64
    weight_ = 1.0  # of models that were saved before there was one

    def _check(self) -> None:
        check_number("shrinkage", self.shrinkage, 0, 1, open_low=True)
        check_number("n_components", self.n_components, 1, whole=True)

    def _start(self) -> None:
        self.coef_: np.ndarray | None = None
        self.intercept_: np.ndarray | None = None
        self.weight_ = 1.0

    def _learn_more(self, X: np.ndarray, y: np.ndarray, unlabelled: np.ndarray, shares: Any) -> np.ndarray:
        rows = np.concatenate([X, unlabelled])
        found = discriminant_by_em(
            unit_rows(rows, self.constant),
            np.concatenate([y, np.full(len(unlabelled), -1)]),
            len(self.classes_),
            prior=self._supervised(rows),
            shares=shares,
            shrinkage=float(self.shrinkage),
            n_components=int(self.n_components),
        )
        self.coef_, self.intercept_, self.weight_ = found.coef, found.intercept, found.weight
        return np.asarray(found.posterior[len(y) :].mean(axis=0))

    def _supervised(self, rows: np.ndarray) -> np.ndarray:
        """Log-probabilities by the supervised classifier."""
        return np.log(np.maximum(self.estimator_.predict_proba(rows), 1e-12))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes in ``classes_``, (n, K)."""
        check_is_fitted(self)
        rows = self._rows(X)
        if self.coef_ is None or self.intercept_ is None:
            return np.asarray(self.estimator_.predict_proba(rows))
        return normalised(
            unit_rows(rows, self.constant) @ self.coef_ + self.intercept_ + self.weight_ * self._supervised(rows)
        )

    def predict(self, X: Any) -> np.ndarray:
        """Labels of rows of the target, (n,)."""
        check_is_fitted(self)
        if self.coef_ is None:
            return np.asarray(self.estimator_.predict(self._rows(X)))
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

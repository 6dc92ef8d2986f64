"""Regular transfer: a linear model that is shrunk towards the source's coefficients."""

from __future__ import annotations

from dataclasses import KW_ONLY
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import check_cv
from sklearn.utils.validation import check_is_fitted

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.contract.remembered import remembered
from headstart.data.sets.splits import folds
from headstart.errors import ParameterError
from headstart.math.linear.biased_logistic import solve_biased_logistic
from headstart.math.linear.biased_ridge import solve_biased_ridge
from headstart.math.linear.solution import LinearSolution
from headstart.parameters.tables.linear_source import class_coefficients, classifier_model, number_coefficients
from headstart.parameters.tables.model_source import ModelLearner, is_model, unfrozen


@estimator_class
class RegularTransfer(ModelLearner):
    r"""What both have: a penalty to choose, rows of any kind, a source of rows or coefficients.

    Attributes
    ----------
    penalty_ : float
        The :math:`\lambda` that was used.
    """

    _: KW_ONLY
    penalty: Any = "auto"

    def _takes_sparse(self) -> bool:
        return True

    def _takes_missing(self) -> bool:
        return False

    def _check(self) -> None:
        self._penalties()

    def _learn_alone(self, domains: Domains) -> None:
        self._learn(domains)

    def _penalties(self) -> list[float] | None:
        """The penalty to take, or None for a choice."""
        if self.penalty == "auto" and isinstance(self.penalty, str):
            return None
        if isinstance(self.penalty, str):
            raise ParameterError(f"Expected penalty to be a number above 0 or 'auto', found {self.penalty!r}.")
        check_number("penalty", self.penalty, 0, open_low=True)
        return [float(self.penalty)]


@estimator_class
class RegularTransferRegressor(RegressorMixin, RegularTransfer):
    r"""Ridge regression that is shrunk towards the source's coefficients instead of towards nothing.

    .. math:: \min_{w,b}\; \sum_i s_i (y_i - x_i^\top w - b)^2 + \lambda \|w - w_{source}\|^2

    In closed form, with :math:`\lambda` chosen by the exact leave-one-out error on the target; a large one keeps the
    source's slopes, a small one forgets them. The intercept is not penalised, so a shifted target costs nothing.

    Use it when source and target share columns and roughly the same linear relation, and the target has fewer rows
    than it needs for a model of its own. Bring columns to one scale first (``preprocess=StandardScaler()``).

    Parameters
    ----------
    penalty : float or "auto", default="auto"
        :math:`\lambda` itself, above 0. "auto": the least leave-one-out error among 37, from 1e-6 to 1e6 times the mean
        squared norm of the centred rows.
    source : Source, list of Source, fitted linear model or None
        Labelled rows, on which ridge regression (penalty by leave-one-out) gives :math:`w_{source}`; several are taken
        together. Or anything fitted with ``coef_``; wrap it in scikit-learn's ``FrozenEstimator`` where it goes into a
        grid. None: ridge regression of the target alone.

    Attributes
    ----------
    coef_ : ndarray of shape (d,)
    intercept_ : float
    source_coef_ : ndarray of shape (d,)
        What it was shrunk towards.
    leave_one_out_ : float
        Mean squared leave-one-out error at ``penalty_``.

    Notes
    -----
    Biased regularisation: Schoelkopf, Herbrich and Smola (2001), A generalized representer theorem, section 4; for
    transfer: Kienzle and Chellapilla (2006), Personalized handwriting recognition via biased regularization.

    Examples
    --------
    >>> from headstart import RegularTransferRegressor, Source
    >>> rng = np.random.default_rng(0)
    >>> w = np.arange(20.0)
    >>> Xs, X, X_new = (rng.normal(size=(n, 20)) for n in (500, 10, 100))
    >>> model = RegularTransferRegressor(source=Source(Xs, Xs @ w)).fit(X, X @ w + 5)
    >>> round(model.score(X_new, X_new @ w + 5), 3), round(float(model.intercept_), 2)
    (1.0, 5.0)
    """

    def _learn(self, domains: Domains) -> None:
        target = domains.target
        assert target.y is not None
        d = target.X.shape[1]
        self.source_coef_ = self._source_coefficients(domains, d)
        solved = solve_biased_ridge(
            target.X, target.y, self.source_coef_, penalties=self._penalties(), sample_weight=target.sample_weight
        )
        self.coef_, self.intercept_ = solved.coef, solved.intercept
        self.penalty_, self.leave_one_out_ = solved.penalty, solved.loss

    def _source_coefficients(self, domains: Domains, d: int) -> np.ndarray:
        if is_model(self.source):
            return number_coefficients(unfrozen(self.source, "coef_", "linear model"), d)
        if not domains.sources:
            return np.zeros(d)
        source = domains.source
        assert source.y is not None
        rows, labels, weight = source.X, source.y, source.sample_weight
        return remembered(
            "ridge", [rows, labels, weight], lambda: solve_biased_ridge(rows, labels, sample_weight=weight).coef
        ).copy()

    @property
    def _baseline(self) -> Any:
        """What it is without a source: ridge regression."""
        return Ridge(alpha=self.penalty_)

    def predict(self, X: Any) -> np.ndarray:
        """``X @ coef_ + intercept_``, (n,)."""
        check_is_fitted(self)
        return np.asarray(self._rows(X) @ self.coef_).ravel() + self.intercept_


@estimator_class
class RegularTransferClassifier(ClassifierMixin, RegularTransfer):
    r"""Logistic regression that is shrunk towards the source's coefficients instead of towards nothing.

    .. math:: \min_{W,b}\; \sum_i s_i\, \ell(y_i, W^\top x_i + b) + \lambda \|W - W_{source}\|_F^2

    with the logistic loss and one column for two classes, the softmax loss and a column a class for more. It is convex
    and solved to its optimum; :math:`\lambda` is chosen by cross-validated log-loss on the target. The intercepts are
    not penalised.

    Use it when source and target share columns and classes, and the target has fewer rows than it needs for a model of
    its own. Bring columns to one scale first (``preprocess=StandardScaler()``).

    Parameters
    ----------
    penalty : float or "auto", default="auto"
        :math:`\lambda` itself, above 0; at ``w_source = 0`` it is 1/(2C) of scikit-learn. "auto": the least
        cross-validated log-loss among 13, from 1e-4 to 1e4 times the mean squared norm of the centred rows.
    cv : int, splitter or iterable of (train, test), default=5
        Folds for "auto", at least 2; a number makes fewer where there are fewer rows. With a single row nothing can be
        chosen: the smallest penalty is taken.
    source : Source, list of Source, fitted linear model or None
        Labelled rows, on which logistic regression (penalty by cross-validation) gives :math:`W_{source}`; several are
        taken together. Or anything fitted with ``coef_`` and ``classes_``; wrap it in scikit-learn's
        ``FrozenEstimator`` where it goes into a grid. A class that the source lacks is shrunk towards nothing. None:
        logistic regression of the target alone.
    random_state : int or None, default=None
        Seed of the folds.

    Attributes
    ----------
    coef_ : ndarray of shape (1, d) or (K, d)
    intercept_ : ndarray of shape (1,) or (K,)
    source_coef_, source_intercept_
        What they were shrunk towards and started from, of the same shapes.
    log_loss_ : float
        Cross-validated log-loss at ``penalty_``; nan where it was given.

    Notes
    -----
    Biased regularisation, as in `RegularTransferRegressor`. A class without a row in the target keeps about the
    intercept that makes it improbable: details in :func:`headstart.math.linear.biased_logistic.solve_biased_logistic`.

    Examples
    --------
    >>> from headstart import RegularTransferClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> w = np.arange(20.0) - 9
    >>> Xs, X, X_new = (rng.normal(size=(n, 20)) for n in (500, 10, 400))
    >>> alone = RegularTransferClassifier(random_state=0).fit(X, X @ w > 0)
    >>> moved = RegularTransferClassifier(source=Source(Xs, Xs @ w > 0), random_state=0).fit(X, X @ w > 0)
    >>> alone.score(X_new, X_new @ w > 0) < 0.8 < 0.9 < moved.score(X_new, X_new @ w > 0)
    True
    """

    _: KW_ONLY
    cv: Any = 5
    random_state: int | None = None

    def _check(self) -> None:
        super()._check()
        if isinstance(self.cv, Real):
            check_number("cv", self.cv, 2, whole=True)

    def _learn(self, domains: Domains) -> None:
        target, penalties = domains.target, self._penalties()
        assert target.y is not None
        codes, labels = target.y, self.classes_[target.y]
        if is_model(self.source):
            model = classifier_model(self.source)
            self.classes_ = np.union1d(self.classes_, model.classes_)
            codes = np.searchsorted(self.classes_, labels)
        if len(self.classes_) < 2:
            raise ParameterError(
                f"Expected at least two classes in target and source, found one class: {self.classes_.tolist()}.",
                "Add rows of another class.",
            )
        towards, level = self._source_coefficients(domains, target.X.shape[1])
        solved = solve_biased_logistic(
            target.X,
            codes,
            len(self.classes_),
            towards,
            level,
            penalties=penalties,
            folds=self._folds(codes) if penalties is None else (),
            sample_weight=target.sample_weight,
        )
        self.source_coef_, self.source_intercept_ = towards.T, level
        self.coef_, self.intercept_ = np.ascontiguousarray(solved.coef.T), solved.intercept
        self.penalty_, self.log_loss_ = solved.penalty, solved.loss

    @property
    def _baseline(self) -> Any:
        """What it is without a source: logistic regression."""
        return LogisticRegression(C=1 / (2 * self.penalty_), tol=1e-8, max_iter=10_000)

    def _folds(self, codes: np.ndarray, own: bool = True) -> list[tuple[np.ndarray, np.ndarray]]:
        """Folds of the target's rows (own), or of the source's."""
        if len(codes) < 2:
            return []
        if isinstance(self.cv, Integral) or not own:
            n_splits = int(self.cv) if isinstance(self.cv, Integral) else 5
            return folds(codes, "classification", n_splits=n_splits, random_state=self.random_state)
        return list(check_cv(self.cv).split(np.empty((len(codes), 1)), codes))

    def _source_coefficients(self, domains: Domains, d: int) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (d, columns) and intercepts (columns,) of the source among all classes."""
        K = len(self.classes_)
        if is_model(self.source):
            return class_coefficients(unfrozen(self.source, "coef_", "linear model"), self.classes_, d)
        if not domains.sources:
            columns = 1 if K == 2 else K
            return np.zeros((d, columns)), np.zeros(columns)
        source = domains.source
        assert source.y is not None
        rows, codes, weight = source.X, source.y, source.sample_weight

        def solve() -> LinearSolution:
            return solve_biased_logistic(rows, codes, K, folds=self._folds(codes, own=False), sample_weight=weight)

        what = f"logistic {K} {self.cv if isinstance(self.cv, Integral) else 5} {self.random_state}"
        solved = solve() if self.random_state is None else remembered(what, [rows, codes, weight], solve)
        coef, level = solved.coef.copy(), solved.intercept.copy()
        if K > 2:
            absent = ~np.isin(np.arange(K), source.y)
            coef[:, absent] = 0.0
            level = np.where(absent, 0.0, level)
        return coef, level

    def decision_function(self, X: Any) -> np.ndarray:
        """``X @ coef_.T + intercept_``: (n,) for two classes, else (n, K)."""
        check_is_fitted(self)
        scores = np.asarray(self._rows(X) @ self.coef_.T) + self.intercept_
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row, (n,)."""
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes in ``classes_``, (n, K)."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return np.column_stack([expit(-scores), expit(scores)])
        return softmax(scores, axis=1)

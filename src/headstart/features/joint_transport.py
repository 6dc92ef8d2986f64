"""Joint distribution optimal transport: transport and learning take turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import get_tags

from headstart.contract.delegating import DelegatingMixin
from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import Learner
from headstart.contract.options import check_number
from headstart.contract.weighted_fit import fit_weighted
from headstart.errors import DataError, ParameterError
from headstart.math.transport.joint_plan import joint_transport, log_loss, squared_loss
from headstart.math.transport.squared_distances import squared_distances


@estimator_class
class BaseJointTransport(Learner, DelegatingMixin):
    """What classes and numbers have in common; see `JointDistributionOptimalTransportClassifier`.

    Parameters
    ----------
    alpha : float, default=0.5
        Share of the labels' loss beside the mean distance, from 0 to 1.
    max_iter : int, default=10
        Rounds of transport and learning.
    tol : float, default=5e-4
        Rounds end when the objective changes by less than this share of itself.
    source : Source, list of Source or None, default=None
        Rows to borrow, with classes or numbers; weights are their mass. None: the estimator on the target alone.

    Attributes
    ----------
    plan_ : csr_array of shape (n_source, n_target)
    objectives_ : list of float
        One a round.
    n_iter_ : int
        Rounds.
    """

    estimator: Any = None
    alpha: float = 0.5
    max_iter: int = 10
    tol: float = 5e-4

    def _check(self) -> None:
        check_number("alpha", self.alpha, 0, 1)
        check_number("max_iter", self.max_iter, 1, whole=True)
        check_number("tol", self.tol, 0)

    def _learn_alone(self, domains: Domains) -> None:
        self.n_iter_ = 1
        super()._learn_alone(domains)

    def _learn(self, domains: Domains) -> None:
        source, target = domains.source, domains.target_rows
        assert source.y is not None
        labels = self._as_columns(domains, source.y)
        known = np.full((len(target), labels.shape[1]), np.nan)
        if domains.target.y is not None:
            known[: len(domains.target)] = self._as_columns(domains, domains.target.y)
        self._check_learnable(labels, known)

        def learn(arrived: np.ndarray) -> Callable[[], np.ndarray]:
            self.estimator_ = self._learned(domains, target, arrived)
            return lambda: self._losses(domains, labels, target)

        found = joint_transport(
            squared_distances(source.X, target),
            labels,
            learn,
            a=source.mass,
            b=np.full(len(target), 1 / len(target)),
            alpha=float(self.alpha),
            known=known,
            known_cost=self._known_losses(labels, known),
            tol=float(self.tol),
            max_iter=int(self.max_iter),
        )
        self.plan_, self.objectives_ = found.plan.plan, found.objectives
        self.n_iter_ = len(found.objectives)
        self.transported_ = found.labels if domains.classes is not None else found.labels[:, 0]

    def _as_columns(self, domains: Domains, y: np.ndarray) -> np.ndarray:
        return y[:, None] if domains.classes is None else np.eye(len(domains.classes))[y]

    def _check_learnable(self, labels: np.ndarray, known: np.ndarray) -> None:
        """Refuse what no estimator can learn from."""

    def _learned(self, domains: Domains, target: np.ndarray, arrived: np.ndarray) -> Any:
        return fit_weighted(self._unfitted(), target, arrived[:, 0])

    def _losses(self, domains: Domains, labels: np.ndarray, target: np.ndarray) -> np.ndarray:
        return squared_loss(labels[:, 0], np.asarray(self.estimator_.predict(target)).ravel())

    def _known_losses(self, labels: np.ndarray, known: np.ndarray) -> np.ndarray | None:
        return None if np.isnan(known).all() else squared_loss(labels[:, 0], known[:, 0])

    def _takes_sparse(self) -> bool:
        return False

    def _takes_missing(self) -> bool:
        return self.source is None and bool(get_tags(self._unfitted()).input_tags.allow_nan)


@estimator_class
class JointDistributionOptimalTransportClassifier(ClassifierMixin, BaseJointTransport):
    r"""A classifier of the target, learned from labels that travel with the source rows (JDOT).

    .. math:: \min_{f, P}\; \sum_{ij} P_{ij} \big( (1 - \alpha)\, \|x_i - x'_j\|^2 / \bar d
        - \alpha \log f_{y_i}(x'_j) \big)

    Source rows are carried to target rows by an optimal transport without regularisation (proved to 0.05% of its
    cost); f is learned from the labels that arrive; then rows that f disagrees with are carried elsewhere, and so
    on. Unlike `OptimalTransportMapping` it can correct a pairing that mixes classes. It does harm where the two
    sides hold their classes in different shares.

    Parameters
    ----------
    estimator : classifier, default=None
        What learns, with ``sample_weight`` and `predict_proba`; None is `LogisticRegression(max_iter=1000)`.

    Attributes
    ----------
    estimator_ : classifier
        Fitted on the target's rows with the labels that arrived.
    transported_ : ndarray of shape (n_target, K)
        Class shares that arrived at the target's rows, then the unlabelled ones.

    Raises
    ------
    ParameterError
        If an option is outside its range, or the estimator has no probabilities or takes no weights.
    DataError
        If source and target together have one class only.

    References
    ----------
    Courty, Flamary, Habrard and Rakotomamonjy (2017), "Joint distribution optimal transportation for domain
    adaptation", NeurIPS, Equations 7 and 10. Where we differ: distances are divided by their mean; labelled target rows
    keep their label.

    Examples
    --------
    >>> from headstart import JointDistributionOptimalTransportClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["no", "yes"], 50)
    >>> books = rng.normal(0, 1, (100, 2)) + 4.0 * (y == "yes")[:, None]
    >>> model = JointDistributionOptimalTransportClassifier(source=Source(books, y)).fit(books[::-1] + 5)
    >>> bool(model.score(books + 5, y) > 0.95)
    True
    """

    def _check_learnable(self, labels: np.ndarray, known: np.ndarray) -> None:
        if not hasattr(self._unfitted(), "predict_proba"):
            raise ParameterError(
                f"Expected an estimator with predict_proba, found {type(self._unfitted()).__name__}.",
                "Give one that has it, for example LogisticRegression().",
            )
        if ((labels.sum(axis=0) + np.nansum(known, axis=0)) > 0).sum() < 2:
            raise DataError("Expected two classes or more in source and target together, found one.")

    def _learned(self, domains: Domains, target: np.ndarray, arrived: np.ndarray) -> Any:
        assert domains.classes is not None
        rows, codes = np.nonzero(arrived > 1e-6)
        return fit_weighted(self._unfitted(), target[rows], domains.classes[codes], arrived[rows, codes])

    def _losses(self, domains: Domains, labels: np.ndarray, target: np.ndarray) -> np.ndarray:
        assert domains.classes is not None
        shares = np.zeros((len(target), len(domains.classes)))
        shares[:, np.searchsorted(domains.classes, self.estimator_.classes_)] = self.estimator_.predict_proba(target)
        return log_loss(labels, shares)

    def _known_losses(self, labels: np.ndarray, known: np.ndarray) -> np.ndarray | None:
        if np.isnan(known).all():
            return None
        losses = log_loss(labels, np.where(np.isnan(known), 1.0, np.clip(known, 0.01, 0.99)))
        losses[:, np.isnan(known).any(axis=1)] = np.nan
        return losses


@estimator_class
class JointDistributionOptimalTransportRegressor(RegressorMixin, BaseJointTransport):
    r"""A regressor of the target, learned from numbers that travel with the source rows (JDOT).

    .. math:: \min_{f, P}\; \sum_{ij} P_{ij} \big( (1 - \alpha)\, \|x_i - x'_j\|^2 / \bar d
        + \alpha\, (y_i - f(x'_j))^2 / \mathrm{var}(y) \big)

    See `JointDistributionOptimalTransportClassifier`.

    Parameters
    ----------
    estimator : regressor, default=None
        What learns by least squares; None is `Ridge()`.

    Attributes
    ----------
    estimator_ : regressor
        Fitted on the target's rows with the numbers that arrived.
    transported_ : ndarray of shape (n_target,)
        Numbers that arrived at the target's rows, then the unlabelled ones.

    References
    ----------
    Courty, Flamary, Habrard and Rakotomamonjy (2017), "Joint distribution optimal transportation for domain
    adaptation", NeurIPS, Equations 7 and 8. Where we differ: distances are divided by their mean and squared errors by
    the variance of the source's numbers; labelled target rows keep their number.

    Examples
    --------
    >>> from headstart import JointDistributionOptimalTransportRegressor, Source
    >>> books = np.linspace(0, 1, 50)[:, None]
    >>> model = JointDistributionOptimalTransportRegressor(source=Source(books, books[:, 0])).fit(books[::-1] + 3)
    >>> bool(model.score(books + 3, books[:, 0]) > 0.8)
    True
    """

    def _losses(self, domains: Domains, labels: np.ndarray, target: np.ndarray) -> np.ndarray:
        return super()._losses(domains, labels, target) / _variance(labels)

    def _known_losses(self, labels: np.ndarray, known: np.ndarray) -> np.ndarray | None:
        losses = super()._known_losses(labels, known)
        return None if losses is None else losses / _variance(labels)


def _variance(labels: np.ndarray) -> float:
    found = float(labels.var())
    return found if found > 0 else 1.0

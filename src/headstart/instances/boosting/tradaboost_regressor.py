"""TrAdaBoost.R2: borrow rows with numbers to predict."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin

from headstart.contract.borrower import Borrower
from headstart.contract.card import MethodCard
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.instances.boosting.learners import fit_on_weight, initial_weights
from headstart.instances.boosting.voting import MedianMixin, stacked
from headstart.instances.source_use import SourceUseMixin
from headstart.math.ensembles.tradaboost_r2 import LOSSES, tradaboost_r2


@estimator_class
class TrAdaBoostRegressor(SourceUseMixin, MedianMixin, RegressorMixin, Borrower):
    r"""Boost a regressor on few target rows and many source rows, and weed out source rows that contradict the target.

    TrAdaBoost with the adjusted errors of AdaBoost.R2, :math:`e_i = |y_i - h_t(x_i)|/\max_j|y_j - h_t(x_j)|`: source
    rows get the factor :math:`\beta^{e_i}`, target rows :math:`\beta_t^{-e_i}`. The weighted median of the second half
    of the hypotheses is the answer.

    Use it when the source's numbers mean the same as the target's (shift or scale them first where they do not). With
    very few target rows prefer `TwoStageTrAdaBoostRegressor`, which chooses by cross-validation how much to borrow.

    Parameters
    ----------
    estimator : regressor, optional
        The base learner; its ``fit`` takes ``sample_weight`` (of a `Pipeline`, that of the last step). The weights that
        it gets have mean 1. Default: ``DecisionTreeRegressor(max_depth=6)``. ``random_state`` of a base learner that is
        None is drawn anew in each round.
    n_estimators : int, default=50
        Most rounds N, at least 1.
    loss : {"linear", "square", "exponential"}, default="linear"
        Form of the adjusted errors.
    source_share : float, optional
        Share of all weight that the source starts with, above 0 and below 1. None: every row starts with its own
        ``sample_weight``, or all with the same.
    source : Source, list of Source or None
        Labelled rows; several are taken together. None: the base estimator on the target alone.
    random_state : int or None, default=None
        Seed of the base learners.

    Attributes
    ----------
    estimators_ : list of regressors
        The hypotheses that vote.
    estimator_weights_ : ndarray of shape (T,)
        Their weights in the median; they sum to 1.
    errors_ : ndarray of shape (N',)
        Mean adjusted error on the target, round by round.
    weights_ : ndarray of shape (n_source,)
        Weight of every source row behind the final answer, in the order of ``source``: 1 is as one row among equals.

    Notes
    -----
    Pardoe and Stone (2010), Boosting for regression transfer, ICML, section 4.1 (TrAdaBoost.R2). As there, the run
    ends at the first error of 1/2 or more; where that is the first round, the base estimator is fitted on the target
    alone, with a `TransferWarning`. Details: :func:`headstart.math.ensembles.tradaboost_r2.tradaboost_r2`.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import Source, TrAdaBoostRegressor
    >>> rng = np.random.default_rng(0)
    >>> Xs, X = rng.normal(size=(300, 2)), rng.normal(size=(20, 2))
    >>> ys, y = 2 * Xs[:, 0], 2 * X[:, 0]
    >>> ys[:60] = 9.0                                                 # a part of the source is wrong
    >>> model = TrAdaBoostRegressor(source=Source(Xs, ys), random_state=0).fit(X, y)
    >>> bool(model.weights_[:60].mean() < 0.5 * model.weights_[60:].mean())
    True
    """

    estimator: Any = None
    _: KW_ONLY
    n_estimators: int = 50
    loss: str = "linear"
    source_share: float | None = None
    random_state: int | None = None

    card: ClassVar[MethodCard] = MethodCard(
        transfers="instances",
        target_labels="some",
        source_labels="needed",
        tasks=("regression",),
        cost="N times that of the base learner on all rows",
        paper="Pardoe & Stone 2010, TrAdaBoost.R2",
        words="Boosting for numbers; source rows that contradict the target lose their weight.",
    )

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> TrAdaBoostRegressor:
        """Fit to the target.

        Parameters
        ----------
        X : array-like or CSR matrix of shape (n, d)
        y : array-like of shape (n,)
        sample_weight : array-like of shape (n,), optional
            First weights of the target's rows, on one scale with the source's.

        Returns
        -------
        self
        """
        check_number("n_estimators", self.n_estimators, 1, whole=True)
        check_option("loss", self.loss, LOSSES)
        if self.source_share is not None:
            check_number("source_share", self.source_share, 0, 1, open_low=True, open_high=True)
        domains = self._domains(X, y, task="regression", sample_weight=sample_weight)
        self.fitted_with_source_ = bool(domains.sources)
        self.errors_ = np.zeros(0)
        if not domains.sources:
            self._alone(domains, coded=False)
            return self
        rows, numbers, source = stacked(domains)
        rng, made = self._rng(), []

        def learn(p: np.ndarray, t: int) -> np.ndarray:
            made.append(fit_on_weight(self._base(), rows, numbers, p, rng))
            return numbers - np.ravel(made[-1].predict(rows))

        run = tradaboost_r2(
            learn,
            len(source),
            len(domains.target),
            self.n_estimators,
            loss=self.loss,
            weight=initial_weights(source, domains.target, self.source_share),
        )
        self.errors_ = run.errors
        if run.votes.any():
            self._keep(made, run.votes, domains, run.use[: len(source)])
        else:
            self._without_use(domains, "The first hypothesis has an adjusted error of 1/2 or more on the target")
        return self

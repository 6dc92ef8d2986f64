"""TrAdaBoost.R2: borrow rows with numbers to predict."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from headstart.contract.domains import Domains, together
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.instances.boosting.learners import fit_on_weight, initial_weights
from headstart.instances.boosting.voting import MedianBooster
from headstart.math.ensembles.tradaboost_r2 import LOSSES, tradaboost_r2


@estimator_class
class TrAdaBoostRegressor(RegressorMixin, MedianBooster):
    r"""Boost a regressor on few target rows and many source rows, and weed out source rows that contradict the target.

    TrAdaBoost with the adjusted errors of AdaBoost.R2, :math:`e_i = |y_i - h_t(x_i)|/\max_j|y_j - h_t(x_j)|`: source
    rows get the factor :math:`\beta^{e_i}`, target rows :math:`\beta_t^{-e_i}`. The weighted median of the second half
    of the hypotheses is the answer.

    Use it when the source's numbers mean the same as the target's (shift or scale them first where they do not). With
    very few target rows prefer `TwoStageTrAdaBoostRegressor`, which chooses by cross-validation how much to borrow.

    Attributes
    ----------
    errors_ : ndarray of shape (N',)
        Mean adjusted error on the target, round by round.

    Notes
    -----
    Pardoe and Stone (2010), Boosting for regression transfer, ICML, section 4.1 (TrAdaBoost.R2). As there, the run
    ends at the first error of 1/2 or more; where that is the first round, the base estimator is fitted on the target
    alone, with a `TransferWarning`. Details: :func:`headstart.math.ensembles.tradaboost_r2.tradaboost_r2`.

    Examples
    --------
    >>> from headstart import Source, TrAdaBoostRegressor
    >>> rng = np.random.default_rng(0)
    >>> Xs, X = rng.normal(size=(300, 2)), rng.normal(size=(20, 2))
    >>> ys, y = 2 * Xs[:, 0], 2 * X[:, 0]
    >>> ys[:60] = 9.0                                                 # a part of the source is wrong
    >>> model = TrAdaBoostRegressor(source=Source(Xs, ys), random_state=0).fit(X, y)
    >>> bool(model.weights_[:60].mean() < 0.5 * model.weights_[60:].mean())
    True
    """

    _: KW_ONLY
    loss: str = "linear"
    source_share: float | None = None

    def _check(self) -> None:
        super()._check()
        check_option("loss", self.loss, LOSSES)
        check_number("source_share", self.source_share, 0, 1, open_low=True, open_high=True, optional=True)

    def _boost(self, domains: Domains) -> None:
        source, both = domains.source, together(domains.sides)
        rng, numbers = self._rng(), np.asarray(both.y)
        made: list[Any] = []

        def learn(p: np.ndarray, t: int) -> np.ndarray:
            made.append(fit_on_weight(self._unfitted(), both.X, numbers, p, rng))
            return numbers - np.ravel(made[-1].predict(both.X))

        run = tradaboost_r2(
            learn,
            len(source),
            len(domains.target),
            self.n_estimators,
            loss=self.loss,
            weight=initial_weights(source, domains.target, self.source_share),
        )
        self._finish(made, run, domains, "The first hypothesis has an adjusted error of 1/2 or more on the target")

"""Two-stage TrAdaBoost.R2: how much to borrow is chosen by cross-validation on the target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.model_selection import check_cv

from headstart.contract.domains import Domains, together
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.data.sets.splits import folds
from headstart.instances.boosting.learners import fit_on_weight, initial_weights
from headstart.instances.boosting.voting import MedianBooster
from headstart.math.ensembles.tradaboost import Boosting
from headstart.math.ensembles.tradaboost_r2 import LOSSES, adaboost_r2_frozen_source, stage_weights, weighted_median


@estimator_class
class TwoStageTrAdaBoostRegressor(RegressorMixin, MedianBooster):
    r"""Phase the source out in steps, boost on the target at each, and keep the step that predicts the target best.

    Stage 1 makes weights :math:`w^1 \dots w^S`: source rows get :math:`\beta_t^{e_i}`, with the :math:`\beta_t`
    (binary search) that brings the target's share of the weight to :math:`\frac{m}{n+m} +
    \frac{t}{S-1}(1-\frac{m}{n+m})`. Stage 2 runs AdaBoost.R2 from each of them without ever changing the weights of
    the source's rows. The step with the least cross-validated error on the target is the answer; the last one is the
    target alone, so the method can decide against the source.

    Use it with few target rows and a source of unknown worth. It costs S (F + 1) boosting runs.

    Parameters
    ----------
    n_steps : int, default=10
        Steps S of stage 1, at least 2.
    n_estimators : int, default=20
        Most rounds N of boosting at each step.
    cv : int, splitter or iterable of (train, test), default=5
        Folds F of the target's rows, at least 2; a number makes fewer where there are fewer rows. A target of a single
        row cannot choose: all of the source is used.

    Attributes
    ----------
    best_step_ : int
        The step that was kept, from 0.
    step_errors_ : ndarray of shape (S,)
        Cross-validated root mean squared error on the target at each step.
    step_shares_ : ndarray of shape (S,)
        The target's share of all weight at each step.

    Notes
    -----
    Pardoe and Stone (2010), Boosting for regression transfer, ICML, Algorithm 3. The folds divide the target; the
    source is in every training part, and the training part of the target keeps the target's share of the weight.

    Examples
    --------
    >>> from headstart import Source, TwoStageTrAdaBoostRegressor
    >>> rng = np.random.default_rng(0)
    >>> Xs, X = rng.normal(size=(200, 2)), rng.normal(size=(20, 2))
    >>> good, bad = Source(Xs, Xs.sum(axis=1)), Source(Xs, rng.normal(size=200) * 9)
    >>> options = {"n_steps": 4, "n_estimators": 5, "random_state": 0}
    >>> first = TwoStageTrAdaBoostRegressor(source=good, **options).fit(X, X.sum(axis=1))
    >>> second = TwoStageTrAdaBoostRegressor(source=bad, **options).fit(X, X.sum(axis=1))
    >>> first.best_step_ < second.best_step_
    True
    """

    _: KW_ONLY
    n_steps: int = 10
    n_estimators: int = 20
    cv: Any = 5
    loss: str = "linear"

    def _check(self) -> None:
        super()._check()
        check_number("n_steps", self.n_steps, 2, whole=True)
        if isinstance(self.cv, Real):
            check_number("cv", self.cv, 2, whole=True)
        check_option("loss", self.loss, LOSSES)

    def _clear(self) -> None:
        self.best_step_, self.step_errors_, self.step_shares_ = 0, np.zeros(0), np.zeros(0)

    def _boost(self, domains: Domains) -> None:
        source, both = domains.source, together(domains.sides)
        rows, numbers, n, rng = both.X, np.asarray(both.y), len(source), self._rng()

        def fitted(p: np.ndarray) -> Any:
            return fit_on_weight(self._unfitted(), rows, numbers, p, rng)

        steps = stage_weights(
            lambda p, t: numbers - np.ravel(fitted(p).predict(rows)),
            n,
            len(domains.target),
            self.n_steps,
            loss=self.loss,
            weight=initial_weights(source, domains.target),
        )
        self.step_shares_ = steps[:, n:].sum(axis=1)
        self.step_errors_ = self._cross_validated(steps, rows, numbers, n, domains.target.weights, fitted)
        self.best_step_ = int(np.argmin(self.step_errors_))
        run, made = self._boosted(steps[self.best_step_], numbers, n, rows, fitted)
        self._keep(made, run.votes, domains, run.use[:n])

    def _boosted(
        self, p: np.ndarray, numbers: np.ndarray, n: int, rows: Any, fitted: Callable[[np.ndarray], Any]
    ) -> tuple[Boosting, list[Any]]:
        """AdaBoost.R2' from one step's weights; rows of weight 0 are predicted and do not count."""
        made: list[Any] = []

        def learn(q: np.ndarray, t: int) -> np.ndarray:
            made.append(fitted(q))
            return numbers - np.ravel(made[-1].predict(rows))

        return adaboost_r2_frozen_source(learn, n, len(p) - n, self.n_estimators, loss=self.loss, weight=p), made

    def _cross_validated(
        self,
        steps: np.ndarray,
        rows: Any,
        numbers: np.ndarray,
        n: int,
        weight: np.ndarray,
        fitted: Callable[[np.ndarray], Any],
    ) -> np.ndarray:
        """Root mean squared error of each step over the held-out rows of the target."""
        m = len(numbers) - n
        if m < 2:
            return np.zeros(len(steps))
        if isinstance(self.cv, Integral):
            splits = folds(numbers[n:], "regression", n_splits=int(self.cv), random_state=self.random_state)
        else:
            splits = list(check_cv(self.cv).split(np.empty((m, 1)), numbers[n:]))
        squares = np.zeros(len(steps))
        for s, p in enumerate(steps):
            for train, test in splits:
                q = p.copy()
                q[n + test] = 0.0
                kept = q[n + train].sum()
                if kept <= 0:
                    continue
                q[n + train] *= p[n:].sum() / kept
                run, made = self._boosted(q, numbers, n, rows, fitted)
                held = rows[n + test]
                said = np.column_stack([np.ravel(made[t].predict(held)) for t in range(len(run.votes))])
                gaps = numbers[n + test] - weighted_median(said, run.votes)
                squares[s] += weight[test] @ gaps**2
        return np.sqrt(squares / weight.sum())

"""TaskTrAdaBoost: the sources make hypotheses once, each target then chooses among them quickly."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.instances.boosting.learners import fit_on_weight, initial_weights
from headstart.instances.boosting.voting import VotingBooster, hypothesis
from headstart.math.ensembles.multi_source import adaboost, choose_hypotheses


@estimator_class
class TaskTrAdaBoostClassifier(ClassifierMixin, VotingBooster):
    r"""Boost on each source, then boost on the target by choosing among the hypotheses that the sources made.

    Phase I runs AdaBoost on each source and keeps hypotheses whose vote :math:`\alpha = \frac12\ln\frac{1-\epsilon}
    {\epsilon}` exceeds a threshold. Phase II takes, round by round, the kept hypothesis with the least weighted error
    on the target, and never fits anything: it is fast, and cannot overfit a handful of target rows as easily.

    Use it when the tasks share parts (features that tell classes apart) rather than whole rows, and the target has few
    labels. A target that needs something no source has seen is better served by `TrAdaBoostClassifier`.

    Parameters
    ----------
    estimator : classifier, optional
        The base learner; its ``fit`` takes ``sample_weight``. Weak ones (shallow trees) give a richer pool. Default:
        ``LogisticRegression(max_iter=1000)``.
    n_estimators : int, default=50
        Rounds M of either phase, at least 1.
    source : Source, list of Source or None
        Labelled rows. None: the base estimator on the target alone.
    threshold : float, default=0.0
        The paper's gamma: least :math:`\alpha` of a hypothesis on its own source, 0 or more.

    Attributes
    ----------
    turned_ : ndarray of bool, shape (T,)
        Which of them vote with their answer turned round: wrong more often than right (two classes only).
    chosen_ : ndarray of int, shape (T,)
        Number of the source, in the order of ``source``, that made each of them.
    weights_ : ndarray of shape (n_source,)
        Weight of every source row behind the final vote: the mean of its weights in the fits of the chosen hypotheses,
        1 being one row among equals of its source.

    Notes
    -----
    Yao and Doretto (2010), Boosting for transfer learning with multiple sources, CVPR, Algorithms 2 and 3. More than
    two classes follow SAMME, and nothing is turned round then. Where no hypothesis is better than chance on the
    target, the base estimator is fitted on the target alone, with a `TransferWarning`.

    Examples
    --------
    >>> from headstart import Source, TaskTrAdaBoostClassifier
    >>> rng = np.random.default_rng(0)
    >>> Xs, X = rng.normal(size=(200, 2)), rng.normal(size=(20, 2))
    >>> opposite = Source(Xs, Xs[:, 0] < 0)
    >>> model = TaskTrAdaBoostClassifier(n_estimators=1, source=opposite).fit(X, X[:, 0] > 0)
    >>> model.turned_.tolist(), bool(model.score(X, X[:, 0] > 0) > 0.9)
    ([True], True)
    """

    _: KW_ONLY
    threshold: float = 0.0

    def _check(self) -> None:
        super()._check()
        check_number("threshold", self.threshold, 0)

    def _clear(self) -> None:
        super()._clear()
        self.chosen_, self.turned_ = np.zeros(0, dtype=np.int64), np.zeros(1, dtype=bool)

    def _boost(self, domains: Domains) -> None:
        pool, origin, behind = self._hypotheses(domains)
        target = domains.target
        K, first = len(self.classes_), initial_weights(domains.source, target)
        misses = np.array([1.0 - hypothesis(h, target.X, K)[np.arange(len(target)), target.y] for h in pool])
        taken = choose_hypotheses(
            misses.reshape(len(pool), len(target)), self.n_estimators, n_classes=K, weight=first[-len(target) :]
        )
        if not len(taken.chosen):
            self._without_use(domains, "No hypothesis of the sources is better than chance on the target")
            return
        self.errors_, self.turned_ = taken.errors, taken.turned
        self.chosen_ = np.array(domains.order)[origin[taken.chosen]]
        starts = np.concatenate([[0], np.cumsum([len(side) for side in domains.sources])])
        use = np.zeros(starts[-1])
        for h, vote in zip(taken.chosen, taken.votes / taken.votes.sum(), strict=True):
            use[starts[origin[h]] : starts[origin[h] + 1]] += vote * len(behind[h]) * behind[h]
        self._keep([pool[h] for h in taken.chosen], taken.votes, domains, use)

    def _hypotheses(self, domains: Domains) -> tuple[list[Any], np.ndarray, list[np.ndarray]]:
        """Phase I: kept hypotheses of all sources, the source of each, and the distribution behind each."""
        rng = self._rng()
        pool: list[Any] = []
        origin: list[int] = []
        behind: list[np.ndarray] = []
        for k, side in enumerate(domains.sources):
            made: list[Any] = []
            labels = side.y
            assert labels is not None

            def learn(
                p: np.ndarray, t: int, side: Any = side, labels: np.ndarray = labels, made: list[Any] = made
            ) -> np.ndarray:
                made.append(fit_on_weight(self._unfitted(), side.X, labels, p, rng))
                return 1.0 - hypothesis(made[-1], side.X, len(self.classes_))[np.arange(len(side)), labels]

            votes, distributions = adaboost(
                learn, len(side), self.n_estimators, n_classes=len(self.classes_), weight=side.weights
            )
            for t in np.flatnonzero(votes > 2.0 * self.threshold):
                pool.append(made[t])
                origin.append(k)
                behind.append(distributions[t])
        return pool, np.array(origin, dtype=np.int64), behind

"""Boosting with several sources: the nearest source each round, or hypotheses that the sources made beforehand."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin

from headstart.contract.borrower import Borrower
from headstart.contract.card import MethodCard
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.instances.boosting.learners import fit_on_weight, initial_weights
from headstart.instances.boosting.voting import VotingMixin, hypothesis, stacked
from headstart.instances.source_use import SourceUseMixin
from headstart.math.ensembles.multi_source import multi_source_tradaboost


@estimator_class
class MultiSourceTrAdaBoostClassifier(SourceUseMixin, VotingMixin, ClassifierMixin, Borrower):
    r"""Boost with several sources; each round borrows from the one that helps most.

    In each round one hypothesis a source is fitted on that source and the target; the one with the least weighted
    error on the target joins the vote, and its misses change the weights as in `TrAdaBoostClassifier`. A source that
    resembles the target is taken often, an unrelated one never, so several sources harm less than one of them alone.

    Parameters
    ----------
    estimator : classifier, optional
        The base learner; its ``fit`` takes ``sample_weight``. The weights that it gets have mean 1. Default:
        ``LogisticRegression(max_iter=1000)``. ``random_state`` of a base learner that is None is drawn anew each time.
    n_estimators : int, default=50
        Rounds M, at least 1. All of them vote.
    source : Source, list of Source or None
        Labelled rows. None: the base estimator on the target alone.
    random_state : int or None, default=None
        Seed of the base learners.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    estimators_, estimator_weights_
        The hypotheses that vote, on codes, and their votes.
    chosen_ : ndarray of int, shape (M,)
        Number of the source, in the order of ``source``, that each round took.
    errors_ : ndarray of shape (M,)
        Weighted error on the target, round by round.
    weights_ : ndarray of shape (n_source,)
        Weight of every source row behind the final vote, in the order of ``source``: 1 is as one row among equals, 0
        not used. See `explain_source`.

    Notes
    -----
    Yao and Doretto (2010), Boosting for transfer learning with multiple sources, CVPR, Algorithm 1. More than two
    classes and hypotheses no better than chance: as in `TrAdaBoostClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import MultiSourceTrAdaBoostClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> Xs, X = rng.normal(size=(200, 2)), rng.normal(size=(20, 2))
    >>> near, far = Source(Xs, Xs[:, 0] > 0, "near"), Source(Xs, Xs[:, 0] < 0, "far")
    >>> model = MultiSourceTrAdaBoostClassifier(n_estimators=5, source=[far, near]).fit(X, X[:, 0] > 0)
    >>> [(entry["source"], entry["share"]) for entry in model.explain_source().by_source]
    [('far', 0.0), ('near', 1.0)]
    """

    estimator: Any = None
    _: KW_ONLY
    n_estimators: int = 50
    random_state: int | None = None

    card: ClassVar[MethodCard] = MethodCard(
        transfers="instances",
        target_labels="some",
        source_labels="needed",
        tasks=("classification",),
        cost="M times that of the base learner on the target with each source",
        paper="Yao & Doretto 2010, Algorithm 1",
        words="Boosting that borrows, round by round, from whichever source helps the target most.",
    )

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> MultiSourceTrAdaBoostClassifier:
        """Fit to the target.

        Parameters
        ----------
        X : array-like or CSR matrix of shape (n, d)
        y : array-like of shape (n,)
        sample_weight : array-like of shape (n,), optional
            First weights of the target's rows, on one scale with the sources'.

        Returns
        -------
        self
        """
        check_number("n_estimators", self.n_estimators, 1, whole=True)
        domains = self._domains(X, y, task="classification", sample_weight=sample_weight)
        self.fitted_with_source_ = bool(domains.sources)
        self.errors_, self.chosen_ = np.zeros(0), np.zeros(0, dtype=np.int64)
        if not domains.sources:
            self._alone(domains, coded=False)
            return self
        rows, codes, source = stacked(domains)
        rng = self._rng()
        made: list[list[Any]] = []

        def learn(k: int, p: np.ndarray, t: int) -> np.ndarray:
            if len(made) == t:
                made.append([])
            made[t].append(fit_on_weight(self._base(), rows, codes, p, rng))
            said = hypothesis(made[t][k], rows, len(self.classes_))
            return 1.0 - said[np.arange(len(codes)), codes]

        run = multi_source_tradaboost(
            learn,
            tuple(len(side) for side in domains.sources),
            len(domains.target),
            self.n_estimators,
            n_classes=len(self.classes_),
            weight=initial_weights(source, domains.target),
        )
        self.errors_, self.chosen_ = run.errors, np.array(domains.order)[run.chosen]
        if run.votes.any():
            kept = [candidates[k] for candidates, k in zip(made, run.chosen, strict=True)]
            self._keep(kept, run.votes, domains, run.use[: len(source)])
        else:
            self._without_use(domains, "No hypothesis is better than chance on the target")
        return self

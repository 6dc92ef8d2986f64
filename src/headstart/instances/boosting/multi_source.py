"""Boosting with several sources: the nearest source each round, or hypotheses that the sources made beforehand."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from headstart.contract.domains import Domains, together
from headstart.contract.estimator_class import estimator_class
from headstart.instances.boosting.learners import fit_on_weight, initial_weights
from headstart.instances.boosting.voting import VotingBooster, hypothesis
from headstart.math.ensembles.multi_source import multi_source_tradaboost


@estimator_class
class MultiSourceTrAdaBoostClassifier(ClassifierMixin, VotingBooster):
    r"""Boost with several sources; each round borrows from the one that helps most.

    In each round one hypothesis a source is fitted on that source and the target; the one with the least weighted
    error on the target joins the vote, and its misses change the weights as in `TrAdaBoostClassifier`. A source that
    resembles the target is taken often, an unrelated one never, so several sources harm less than one of them alone.

    Parameters
    ----------
    n_estimators : int, default=50
        Rounds M, at least 1. All of them vote.
    source : Source, list of Source or None
        Labelled rows. None: the base estimator on the target alone.

    Attributes
    ----------
    chosen_ : ndarray of int, shape (M,)
        Number of the source, in the order of ``source``, that each round took.

    Notes
    -----
    Yao and Doretto (2010), Boosting for transfer learning with multiple sources, CVPR, Algorithm 1. More than two
    classes and hypotheses no better than chance: as in `TrAdaBoostClassifier`.

    Examples
    --------
    >>> from headstart import MultiSourceTrAdaBoostClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> Xs, X = rng.normal(size=(200, 2)), rng.normal(size=(20, 2))
    >>> near, far = Source(Xs, Xs[:, 0] > 0, "near"), Source(Xs, Xs[:, 0] < 0, "far")
    >>> model = MultiSourceTrAdaBoostClassifier(n_estimators=5, source=[far, near]).fit(X, X[:, 0] > 0)
    >>> [(entry["source"], entry["share"]) for entry in model.explain_source().by_source]
    [('far', 0.0), ('near', 1.0)]
    """

    def _clear(self) -> None:
        super()._clear()
        self.chosen_ = np.zeros(0, dtype=np.int64)

    def _boost(self, domains: Domains) -> None:
        source, both = domains.source, together(domains.sides)
        rng, codes = self._rng(), np.asarray(both.y)
        made: list[list[Any]] = []

        def learn(k: int, p: np.ndarray, t: int) -> np.ndarray:
            if len(made) == t:
                made.append([])
            made[t].append(fit_on_weight(self._unfitted(), both.X, codes, p, rng))
            said = hypothesis(made[t][k], both.X, len(self.classes_))
            return 1.0 - said[np.arange(len(codes)), codes]

        run = multi_source_tradaboost(
            learn,
            tuple(len(side) for side in domains.sources),
            len(domains.target),
            self.n_estimators,
            n_classes=len(self.classes_),
            weight=initial_weights(source, domains.target),
        )
        self.chosen_ = np.array(domains.order)[run.chosen]
        kept = [candidates[k] for candidates, k in zip(made, run.chosen, strict=True)]
        self._finish(kept, run, domains, "No hypothesis is better than chance on the target")

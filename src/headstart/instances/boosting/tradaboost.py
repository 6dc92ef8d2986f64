"""TrAdaBoost: borrow the rows of another data set that agree with your own."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from headstart.contract.domains import Domains, together
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.instances.boosting.learners import fit_on_weight, initial_weights
from headstart.instances.boosting.voting import VotingBooster, hypothesis
from headstart.math.ensembles.tradaboost import tradaboost


@estimator_class
class TrAdaBoostClassifier(ClassifierMixin, VotingBooster):
    r"""Boost a classifier on few target rows and many source rows, and weed out source rows that contradict the target.

    In round t the base learner is fitted on all rows with weights :math:`w^t`. Source rows that it gets wrong lose
    the factor :math:`1+\sqrt{2\ln n/N}`; target rows that it gets wrong gain :math:`(1-\epsilon_t)/\epsilon_t`, with
    its weighted error :math:`\epsilon_t` on the target. The second half of the rounds votes.

    Use it when the source has the same classes, is only partly like the target, and the target has some labels. Do not
    use it with a handful of target labels, where a few of them decide which source rows stay, or when all of the
    source differs: compare with ``source=None``.

    Parameters
    ----------
    confidence : bool, default=False
        Whether a hypothesis is judged, and votes, by its probabilities (the paper's :math:`h_t: X \to [0, 1]`) rather
        than by its labels. The base learner then needs ``predict_proba``.
    source : Source, list of Source or None
        Labelled rows; several are taken together (see `MultiSourceTrAdaBoostClassifier`). None: the base estimator on
        the target alone.

    Notes
    -----
    Dai, Yang, Xue and Yu (2007), Boosting for transfer learning, ICML, Algorithm 1, which knows two classes. More
    follow SAMME on the target (Zhu et al. 2009). Hypotheses that are no better than chance do not vote; if none is, the
    base estimator is fitted on the target alone, with a `TransferWarning`. A tie goes to the first class, where the
    paper gives it to the second. Details: :func:`headstart.math.ensembles.tradaboost.tradaboost`.

    Examples
    --------
    >>> from headstart import Source, TrAdaBoostClassifier
    >>> rng = np.random.default_rng(0)
    >>> Xs, X = rng.normal(size=(300, 2)), rng.normal(size=(20, 2))
    >>> ys, y = Xs[:, 0] > 0, X[:, 0] > 0
    >>> ys[:100] = ~ys[:100]                                          # a third of the source is wrong
    >>> model = TrAdaBoostClassifier(source=Source(Xs, ys), random_state=0).fit(X, y)
    >>> bool(model.weights_[:100].mean() < 0.1 * model.weights_[100:].mean())
    True
    """

    _: KW_ONLY
    confidence: bool = False
    source_share: float | None = None

    def _check(self) -> None:
        super()._check()
        check_option("confidence", self.confidence, (False, True))
        check_number("source_share", self.source_share, 0, 1, open_low=True, open_high=True, optional=True)

    def _boost(self, domains: Domains) -> None:
        source, both = domains.source, together(domains.sides)
        rng, codes = self._rng(), np.asarray(both.y)
        made: list[Any] = []

        def learn(p: np.ndarray, t: int) -> np.ndarray:
            made.append(fit_on_weight(self._unfitted(), both.X, codes, p, rng))
            said = hypothesis(made[-1], both.X, len(self.classes_), self.confidence)
            return 1.0 - said[np.arange(len(codes)), codes]

        run = tradaboost(
            learn,
            len(source),
            len(domains.target),
            self.n_estimators,
            n_classes=len(self.classes_),
            weight=initial_weights(source, domains.target, self.source_share),
        )
        self._finish(made, run, domains, "No hypothesis of the second half is better than chance on the target")

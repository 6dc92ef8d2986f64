"""TrAdaBoost: borrow the rows of another data set that agree with your own."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin

from headstart.contract.borrower import Borrower
from headstart.contract.card import MethodCard
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.instances.boosting.learners import fit_on_weight, initial_weights
from headstart.instances.boosting.voting import VotingMixin, hypothesis, stacked
from headstart.instances.source_use import SourceUseMixin
from headstart.math.ensembles.tradaboost import tradaboost


@estimator_class
class TrAdaBoostClassifier(SourceUseMixin, VotingMixin, ClassifierMixin, Borrower):
    r"""Boost a classifier on few target rows and many source rows, and weed out source rows that contradict the target.

    In round t the base learner is fitted on all rows with weights :math:`w^t`. Source rows that it gets wrong lose
    the factor :math:`1+\sqrt{2\ln n/N}`; target rows that it gets wrong gain :math:`(1-\epsilon_t)/\epsilon_t`, with
    its weighted error :math:`\epsilon_t` on the target. The second half of the rounds votes.

    Use it when the source has the same classes, is only partly like the target, and the target has some labels. Do not
    use it with a handful of target labels, where a few of them decide which source rows stay, or when all of the
    source differs: compare with ``source=None``.

    Parameters
    ----------
    estimator : classifier, optional
        The base learner; its ``fit`` takes ``sample_weight`` (of a `Pipeline`, that of the last step). The weights that
        it gets have mean 1. Default: ``LogisticRegression(max_iter=1000)``. ``random_state`` of a base learner that is
        None is drawn anew in each round.
    n_estimators : int, default=50
        Rounds N, at least 1.
    confidence : bool, default=False
        Whether a hypothesis is judged, and votes, by its probabilities (the paper's :math:`h_t: X \to [0, 1]`) rather
        than by its labels. The base learner then needs ``predict_proba``.
    source_share : float, optional
        Share of all weight that the source starts with, above 0 and below 1. None: every row starts with its own
        ``sample_weight``, or all with the same.
    source : Source, list of Source or None
        Labelled rows; several are taken together (see `MultiSourceTrAdaBoostClassifier`). None: the base estimator on
        the target alone.
    random_state : int or None, default=None
        Seed of the base learners.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    estimators_ : list of classifiers
        The hypotheses that vote, on codes 0..K-1.
    estimator_weights_ : ndarray of shape (T,)
        Their votes; they sum to 1.
    errors_ : ndarray of shape (N',)
        Weighted error on the target, round by round.
    weights_ : ndarray of shape (n_source,)
        Weight of every source row behind the final vote, in the order of ``source``: 1 is as one row among equals, 0
        not used. See `explain_source`.

    Notes
    -----
    Dai, Yang, Xue and Yu (2007), Boosting for transfer learning, ICML, Algorithm 1, which knows two classes. More
    follow SAMME on the target (Zhu et al. 2009). Hypotheses that are no better than chance do not vote; if none is, the
    base estimator is fitted on the target alone, with a `TransferWarning`. A tie goes to the first class, where the
    paper gives it to the second. Details: :func:`headstart.math.ensembles.tradaboost.tradaboost`.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import Source, TrAdaBoostClassifier
    >>> rng = np.random.default_rng(0)
    >>> Xs, X = rng.normal(size=(300, 2)), rng.normal(size=(20, 2))
    >>> ys, y = Xs[:, 0] > 0, X[:, 0] > 0
    >>> ys[:100] = ~ys[:100]                                          # a third of the source is wrong
    >>> model = TrAdaBoostClassifier(source=Source(Xs, ys), random_state=0).fit(X, y)
    >>> bool(model.weights_[:100].mean() < 0.1 * model.weights_[100:].mean())
    True
    """

    estimator: Any = None
    _: KW_ONLY
    n_estimators: int = 50
    confidence: bool = False
    source_share: float | None = None
    random_state: int | None = None

    card: ClassVar[MethodCard] = MethodCard(
        transfers="instances",
        target_labels="some",
        source_labels="needed",
        tasks=("classification",),
        cost="N times that of the base learner on all rows",
        paper="Dai et al. 2007, Algorithm 1",
        words="Boosting on the target; source rows that contradict it lose their weight.",
    )

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> TrAdaBoostClassifier:
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
        check_option("confidence", self.confidence, (False, True))
        if self.source_share is not None:
            check_number("source_share", self.source_share, 0, 1, open_low=True, open_high=True)
        domains = self._domains(X, y, task="classification", sample_weight=sample_weight)
        self.fitted_with_source_ = bool(domains.sources)
        self.errors_ = np.zeros(0)
        if not domains.sources:
            self._alone(domains, coded=False)
            return self
        rows, codes, source = stacked(domains)
        rng, made = self._rng(), []

        def learn(p: np.ndarray, t: int) -> np.ndarray:
            made.append(fit_on_weight(self._base(), rows, codes, p, rng))
            said = hypothesis(made[-1], rows, len(self.classes_), self.confidence)
            return 1.0 - said[np.arange(len(codes)), codes]

        run = tradaboost(
            learn,
            len(source),
            len(domains.target),
            self.n_estimators,
            n_classes=len(self.classes_),
            weight=initial_weights(source, domains.target, self.source_share),
        )
        self.errors_ = run.errors
        if run.votes.any():
            self._keep(made, run.votes, domains, run.use[: len(source)])
        else:
            self._without_use(domains, "No hypothesis of the second half is better than chance on the target")
        return self

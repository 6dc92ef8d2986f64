"""Choosing how to adapt to a domain without labels, or not at all: by joining the strong ways, or by a test."""

from __future__ import annotations

import warnings
from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from scipy.stats import chi2_contingency
from sklearn.base import ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from headstart.contract.borrower import Borrower
from headstart.contract.delegating import for_all_classes, inner_has
from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.data.sets.splits import folds
from headstart.errors import ParameterError, TransferWarning
from headstart.features.adapted.adapted import AdaptedClassifier
from headstart.features.adapted.names import adaptation_of
from headstart.guard.candidates.kept_apart import offered_apart
from headstart.guard.candidates.pooling import PooledClassifier
from headstart.guard.candidates.short_list import NO_TRANSFER
from headstart.guard.choosing.against_plain import compared
from headstart.guard.choosing.verdict import FEWEST_ROWS
from headstart.guard.choosing.without_labels import chosen_without_labels, consensus, domain_auc, group_agreement
from headstart.guard.few_labels import held_out_answers

SOURCE_ONLY = "source only"
#: What is tried besides the source as it is.
CANDIDATES = ("z-score", "linear monge", "discriminant", "shot", "z-shot", "monge-shot", "joined")
#: Taken without labels where it is a candidate: about as good as the best of its parts, whichever that is.
JOINED = "joined"
#: Mean probability of its own answers from which on the source's head has nothing to gain, and the level at which their
#: shares must not differ from those of the source's classes: far from all that it knows a head is sure of one class.
_SURE, _SAME = 0.98, 0.05
NOT_PROVEN, NOTHING, HELPS, NO_EVIDENCE = "not proven", "nothing to adapt", "helps", "no evidence either way"
_AGREES = "its answers agree most with what all candidates say together"
_CANNOT_TELL = (
    "Whether the target has every class of the source cannot be told without labels; where it lacks some, adapting "
    "does harm. If you know its classes, name them (target_classes=; in fit classes=, --classes)."
)


@estimator_class
class SafeAdaptedClassifier(ClassifierMixin, Borrower):
    """Chooses an adaptation for a target with few labels or none, and leaves the source as it is where nothing differs.

    Three steps. **The gate**: where a classifier cannot tell the domains apart (area under its ROC curve below
    ``gate``), or where the source's head is sure of its answers on the target (mean probability 0.98 or more) and gives
    each class about as often as the source has it (by a chi-squared test at 5%), there is nothing to adapt. **The
    choice without labels**: "joined" is taken, the mean of the strong candidates' heads; of candidates without it the
    one whose answers agree most with those of all together (the sum of their probabilities). Accuracy on the source
    says nothing. The verdict is then "not proven".
    **The test**: with 20 or more labels of the target the candidates answer for rows that they did not learn from, and
    one is taken where it is better than the source as it is, and than the target alone, by an exact McNemar test,
    corrected for the number of candidates, and by a point or more.

    Parameters
    ----------
    estimator : linear classifier, default=None
        As in `AdaptedClassifier`.
    candidates : list of str or Adaptation, or dict by name, default=None
        What is tried besides the source as it is. None: z-score, linear monge, discriminant,
        shot, z-shot, monge-shot and joined.
    target_classes : array-like of labels, optional
        The classes that the target has. None: all; that this cannot be told stands in ``notes_``.
    gate : float, default=0.7
        Area under the curve, 0 to 1, below which nothing is adapted; 0 adapts always, to sure answers too.
    level : float, default=0.05
        Of the test, between 0 and 1.
    n_splits : int, default=5
        Folds of the target, where it has labels enough; at least 2.
    source : Source, list of Source or None, default=None
        Labelled rows of another domain. None: the estimator on the target alone.
    random_state : int or None, default=0
        Seed of folds, groups and candidates.

    Attributes
    ----------
    best_estimator_ : fitted estimator
    chosen_ : str
        Name of the candidate, "source only" or "no transfer".
    verdict_ : str
        "not proven" (chosen without labels), "nothing to adapt", "helps" or "no evidence either way".
    domain_auc_ : float
        How well the domains are told apart; nan without a source.
    evidence_ : list of dict
        ``name``, ``plain``, ``score``, ``gain`` over the best plain way, corrected ``p_value`` and ``accepted`` from
        labels (without them from circular validation: how well answers on the target bring the source's labels back),
        ``agreement`` with the groups, ``consensus`` with the other candidates, and ``weight``, 1 for what was chosen.
    notes_ : tuple of str
        What has to be known, in words.

    Raises
    ------
    ParameterError
        If an option is outside its range, or candidates have no names of their own.

    Warns
    -----
    TransferWarning
        What ``notes_`` says of rows on both sides.

    References
    ----------
    Hubert and Arabie (1985) for the agreement; Bruzzone and Marconcini (2010) for circular validation; McNemar (1947).

    Examples
    --------
    >>> from headstart import SafeAdaptedClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(200) % 2
    >>> books = rng.normal(0, 1, (200, 2)) + 4.0 * y[:, None]
    >>> safe = SafeAdaptedClassifier(source=Source(books, y)).fit(books + rng.normal(0, 0.1, (200, 2)))
    >>> safe.chosen_, safe.verdict_
    ('source only', 'nothing to adapt')
    """

    estimator: Any = None
    _: KW_ONLY
    candidates: Any = None
    target_classes: Any = None
    gate: float = 0.7
    level: float = 0.05
    n_splits: int = 5
    random_state: int | None = 0

    def _unfitted(self) -> Any:
        return LogisticRegression(max_iter=1000) if self.estimator is None else self.estimator

    def fit(self, X: Any, y: Any = None) -> SafeAdaptedClassifier:
        """Look at the domains, choose, and fit; what is borrowed was given at construction.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows of the target.
        y : array-like of shape (n,), optional
            Their labels; more rows without labels go to ``unlabelled``. Without a source they are needed.

        Returns
        -------
        self
        """
        check_number("gate", self.gate, 0, 1)
        check_number("level", self.level, 0, 1, open_low=True, open_high=True)
        check_number("n_splits", self.n_splits, 2, whole=True)
        domains = self._domains(X, y, task="classification", need_target_labels=False)
        X = self._featured(X, "the target")
        _, source, self.notes_ = offered_apart(self, X, y)
        for words in self.notes_:
            warnings.warn(words, TransferWarning, stacklevel=2)
        ways = self._ways(source)
        self.evidence_: list[dict[str, Any]] = []
        self.domain_auc_ = float("nan")
        if source is None:
            self.chosen_, self.verdict_ = NO_TRANSFER, NO_EVIDENCE
            alone = PooledClassifier(self._unfitted(), unlabelled=self._unlabelled_rows(), **self._preparation())
            self.best_estimator_ = alone.fit(X, y)
            return self
        if self.target_classes is None:
            self.notes_ += (_CANNOT_TELL,)
        fitted = self._choose(ways, X, y, domains)
        for row in self.evidence_:
            row["weight"] = float(row["name"] == self.chosen_)
        self.best_estimator_ = fitted if fitted is not None else ways[self.chosen_].fit(X, y)
        return self

    def _choose(self, ways: dict[str, Any], X: Any, y: Any, domains: Domains) -> Any:
        """Set what is chosen, the verdict and the evidence; returns it fitted where it is already."""
        self.domain_auc_ = domain_auc(domains.source.X, domains.target_rows, self._seed)
        labels = 0 if y is None else len(domains.target)
        if self.domain_auc_ < self.gate:
            self.chosen_, self.verdict_ = SOURCE_ONLY, NOTHING
            self.notes_ += (
                f"The domains can hardly be told apart (area under the curve {self.domain_auc_:.2f}, below "
                f"{self.gate:g}): the source was taken as it is.",
            )
            return None
        if labels >= FEWEST_ROWS and int((np.bincount(domains.known[:labels]) > 1).sum()) > 1:
            self._test(ways, X, np.asarray(y))
            return None
        fitted = {SOURCE_ONLY: clone(ways[SOURCE_ONLY]).fit(X, y)}
        head = fitted[SOURCE_ONLY].estimator_
        sure, same = _sure_and_same(head.predict_proba(domains.target_rows), head.classes_, domains)
        if self.gate > 0 and sure >= _SURE and same >= _SAME:
            self.chosen_, self.verdict_ = SOURCE_ONLY, NOTHING
            self.notes_ += (
                f"The source's model is sure of its answers on the target (mean probability {sure:.2f}, {_SURE:g} or "
                "more), and gives each class about as often as the source has it: it was taken as it is.",
            )
            return fitted[SOURCE_ONLY]
        fitted |= {name: clone(way).fit(X, y) for name, way in ways.items() if name not in (NO_TRANSFER, SOURCE_ONLY)}
        self._without_labels(fitted, X, y, domains)
        few = f"{labels} labels of the target are too few to test on" if labels else "the target has no labels"
        self.verdict_ = NOT_PROVEN
        why = "it joins the strong candidates" if self.chosen_ == JOINED else _AGREES
        self.notes_ += (
            f"Not proven: {few}, so {self.chosen_} was chosen because {why}. {FEWEST_ROWS} labels of rows drawn at "
            "random would test it.",
        )
        return fitted[self.chosen_]

    def _without_labels(self, fitted: dict[str, Any], X: Any, y: Any, domains: Domains) -> None:
        """Choose, and write down what all say together, what groups say and what circular validation says."""
        inner = {name: way.estimator_ for name, way in fitted.items()}
        target = domains.target_rows
        classes = inner[SOURCE_ONLY].classes_
        shares = {name: one.predict_proba(target) for name, one in inner.items()}
        codes = {name: one.argmax(axis=1) for name, one in shares.items()}
        agreement, alike = group_agreement(target, codes, len(classes), self._seed), consensus(shares)
        self.chosen_ = JOINED if JOINED in fitted else chosen_without_labels(alike, agreement, (SOURCE_ONLY,))
        back = {name: way.carried_back(X, y) for name, way in fitted.items()}
        said, truth = {name: found for name, (found, _) in back.items()}, back[SOURCE_ONLY][1]
        self.evidence_ = compared(said, truth, (SOURCE_ONLY,), self.level, numbers=False)
        for row in self.evidence_:
            row["agreement"], row["consensus"] = agreement[row["name"]], alike[row["name"]]
            row["accepted"] = row["name"] == self.chosen_ != SOURCE_ONLY

    def _test(self, ways: dict[str, Any], X: Any, truth: np.ndarray) -> None:
        """Choose by answers for rows that were not learned from, on the same folds."""
        counts = np.unique(truth, return_counts=True)[1]
        k = int(min([self.n_splits, *counts[counts > 1]]))
        splits = [folds(truth, "classification", n_splits=k, random_state=self.random_state)]
        held_out = held_out_answers(ways, X, truth, splits, self.classes_)
        said = {name: self.classes_[answers[0].argmax(axis=1)] for name, answers in held_out.items()}
        plain = (NO_TRANSFER, SOURCE_ONLY)
        self.evidence_ = compared(said, truth, plain, self.level, numbers=False)
        taken = [row for row in self.evidence_ if row["accepted"]] or [row for row in self.evidence_ if row["plain"]]
        self.chosen_ = str(max(taken, key=lambda row: row["score"])["name"])
        self.verdict_ = NO_EVIDENCE if self.chosen_ in plain else HELPS
        for row in self.evidence_:
            row["agreement"] = row["consensus"] = float("nan")

    @property
    def _seed(self) -> int:
        return 0 if self.random_state is None else int(self.random_state)

    def _preparation(self) -> dict[str, Any]:
        return {"preprocess": self.preprocess, "preprocess_scope": self.preprocess_scope}

    def _ways(self, source: Any) -> dict[str, Any]:
        """Unfitted candidates by name; the plain ones first."""
        given = CANDIDATES if self.candidates is None else self.candidates
        pairs = list(given.items()) if isinstance(given, dict) else [(_name(one), one) for one in given]
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names) or {NO_TRANSFER, SOURCE_ONLY} & set(names):
            raise ParameterError(
                f"Expected candidates with names of their own, found {names}.",
                'For instance candidates=["shot", "mcc"], or a dict by name.',
            )
        common = {"unlabelled": self._unlabelled_rows(), **self._preparation()}
        found = {NO_TRANSFER: PooledClassifier(self._unfitted(), target_share=1.0, source=source, **common)}
        options = {"target_classes": self.target_classes, "random_state": self.random_state}
        for name, one in [(SOURCE_ONLY, SOURCE_ONLY), *pairs]:
            adaptation_of(one)
            found[name] = AdaptedClassifier(one, self.estimator, source=source, **options, **common)
        return found

    def predict(self, X: Any) -> np.ndarray:
        """Predict rows of the target, (n,)."""
        check_is_fitted(self, "best_estimator_")
        return np.asarray(self.best_estimator_.predict(self._featured(X, "the target")))

    @available_if(inner_has("predict_proba", "best_estimator_"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes in ``classes_``, (n, K)."""
        check_is_fitted(self, "best_estimator_")
        shares = self.best_estimator_.predict_proba(self._featured(X, "the target"))
        return for_all_classes(shares, self.best_estimator_, self, 0.0)


def _name(adaptation: Any) -> str:
    return adaptation if isinstance(adaptation, str) else type(adaptation).__name__


def _sure_and_same(shares: np.ndarray, classes: np.ndarray, domains: Domains) -> tuple[float, float]:
    """Mean probability of the answers, and how likely they are to be drawn with the shares of the source's classes."""
    labels = domains.labels(domains.source)
    known = [int((labels == one).sum()) for one in classes]
    counts = np.array([np.bincount(shares.argmax(axis=1), minlength=len(classes)), known])
    return float(shares.max(axis=1).mean()), float(chi2_contingency(counts[:, counts.any(axis=0)]).pvalue)

"""A classifier for a domain without labels: a head solved on another domain, adapted to the target's rows."""

from __future__ import annotations

from dataclasses import KW_ONLY, replace
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, clone

from headstart.contract.delegating import DelegatingMixin
from headstart.contract.domains import Domains, Side
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import Learner
from headstart.contract.options import check_number
from headstart.contract.remembered import remembered
from headstart.errors import DataError, ParameterError
from headstart.features.adapted.adaptation import Adaptation
from headstart.features.adapted.linear_answers import LinearAnswers
from headstart.features.adapted.names import adaptation_of
from headstart.features.adapted.once import adapted_once, carried_back
from headstart.features.adapted.problem import Coordinates, Problem, common_coordinates, solved_head


@estimator_class
class AdaptedClassifier(ClassifierMixin, Learner, DelegatingMixin):
    r"""Solve a head on the source, adapt it to the target's rows without labels, and hand over one linear model.

    Both domains are brought into their common principal components, and a logistic head is solved there on the source.
    What is trained is the map :math:`z = x + A x` in front of it, from A = 0 on: what the head knows is not thrown
    away, as by the fresh layers that networks are usually adapted with. Map, head, components and standardisation are
    all linear, so the outcome is one matrix (``coef_``, ``intercept_``), and answers need no more than that.

    Use it on features of a network, or of tables, where the target has no labels or few. Labelled rows of the target
    take part by their cross-entropy. **Every adaptation here takes it that the target has all classes of the source.**
    Where it has not, rows are given to classes that are not there (58% right become 42%), and no statistic can tell:
    name the classes that the target has in ``target_classes``.

    The last blocks of a network are adapted too by ``TransferClassifier([network, Source(X, y)], train="last:1",
    head=AdaptedClassifier("shot")).fit(pictures)``; with "z-score" their batch norm is estimated anew (AdaBN).

    Parameters
    ----------
    adaptation : str or Adaptation, default=None
        "shot" (None), "z-shot", "monge-shot", "joined", "mcc", "deep coral", "dan", "jan", "dann", "cdan+e", "mcd",
        "mdd", "afn", "deepjdot", "z-score", "linear monge", "discriminant", "self-training", "source only"; or an
        object of `headstart.features.adapted` with options of its own, such as ``SHOT(steps=200)``.
    estimator : linear classifier, default=None
        What solves the head; with ``coef_`` after its fit. None is logistic regression, its penalty chosen by held-out
        loss on the source; without a source `LogisticRegression(max_iter=1000)`.
    target_classes : array-like of labels, optional
        The classes that the target has, two or more; rows of the source of other classes are left out. None: all.
    n_components : int, default=128
        Principal components in which is adapted, at most; 1 or more.
    unlabelled : array-like of shape (m, d), optional
        More rows of the target without labels.
    source : Source, list of Source or None, default=None
        Labelled rows of another domain. None: the estimator on the target alone.
    random_state : int or None, default=0
        Seed of batches, discriminators and second heads.

    Attributes
    ----------
    coef_ : ndarray of shape (d, K)
        With a source: scores are ``X @ coef_ + intercept_``, a column for each of ``estimator_.classes_``, which are
        the classes that the target may have.
    intercept_ : ndarray of shape (K,)
    estimator_ : linear classifier

    Raises
    ------
    ParameterError
        If an option is outside its range, ``target_classes`` names a class that nobody has or leaves out one that the
        target's labels have, or the estimator is not linear.
    DataError
        If there are not two classes to learn.

    References
    ----------
    Liang, Hu and Feng (2020) for SHOT; each adaptation names its own paper.

    Examples
    --------
    >>> from headstart import AdaptedClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["no", "yes"], 100)
    >>> books = rng.normal(0, 1, (200, 3)) + 4.0 * (y == "yes")[:, None]
    >>> music = books + [3, -2, 0]
    >>> adapted = AdaptedClassifier(source=Source(books, y, name="books")).fit(music)
    >>> bool(adapted.score(music, y) > 0.95), adapted.coef_.shape
    (True, (3, 2))
    """

    adaptation: Any = None
    estimator: Any = None
    _: KW_ONLY
    target_classes: Any = None
    n_components: int = 128
    random_state: int | None = 0

    def _takes_sparse(self) -> bool:
        return False

    def _takes_missing(self) -> bool:
        return False

    def _check(self) -> None:
        adaptation_of(self.adaptation)
        check_number("n_components", self.n_components, 1, whole=True)

    def _learn_alone(self, domains: Domains) -> None:
        for name in ("coef_", "intercept_"):
            self.__dict__.pop(name, None)
        super()._learn_alone(domains)

    @property
    def asked(self) -> Adaptation:
        """The adaptation, made of its name where it was named."""
        return adaptation_of(self.adaptation)

    @property
    def aligns(self) -> bool:
        """Whether more is done than to take the source's head as it is."""
        return bool(self.adaptation != "source only")

    def _placed(self, domains: Domains) -> Domains:
        sources, _, _, problem = self._start(domains)
        source, target = self.asked.sides(problem)
        n = len(domains.target)
        return replace(domains, sources=tuple(sources)).moved(source, target[:n])

    def carried_back(self, X: Any, y: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """What the source's rows are told to be when learning goes back, from the answers for the target, and are.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows of the target, as for `fit`.
        y : array-like of shape (n,), optional
            Their labels.

        Returns
        -------
        tuple of ndarray (m,)
            Labels that were found for the m rows of the sources, and those that they have.
        """
        domains = clone(self)._domains(X, y, task=self._task, need_target_labels=False)
        sources, have, _, problem = self._start(domains)
        adaptation = self.asked
        coef, intercept = adapted_once(adaptation, problem)
        said = carried_back(adaptation, problem, (problem.target @ coef + intercept).argmax(axis=1))
        assert domains.classes is not None
        return domains.classes[have[said]], np.concatenate([domains.labels(side) for side in sources])

    def _learn(self, domains: Domains) -> None:
        _, have, place, problem = self._start(domains)
        coef, intercept = adapted_once(self.asked, problem)
        self.coef_, self.intercept_ = place.folded(coef, intercept)
        assert domains.classes is not None
        self.estimator_ = LinearAnswers(domains.classes[have], self.coef_, self.intercept_)

    def _start(self, domains: Domains) -> tuple[list[Side], np.ndarray, Coordinates, Problem]:
        """Sources of the allowed classes, the classes that are there, the target's coordinates, and the problem."""
        allowed = self._allowed(domains)
        sources = [one for side in domains.sources if (one := _of_classes(side, allowed)) is not None]
        target, known = np.asarray(domains.target_rows), domains.known
        have = np.unique(np.concatenate([*(side.y for side in sources), known[known >= 0]]).astype(np.int64))
        if len(have) < 2 or not sources:
            raise DataError(
                f"Expected two classes or more in source and target together, found {len(have)}.",
                "Give a source with labels of every class that the target has.",
            )
        known = np.where(known < 0, -1, np.searchsorted(have, known))
        return sources, have, *self._problem(sources, target, known, have)

    def _problem(
        self, sources: list[Side], target: np.ndarray, known: np.ndarray, have: np.ndarray
    ) -> tuple[Coordinates, Problem]:
        """Coordinates of the target's rows, and all that an adaptation is given; several adaptations share both."""
        standardise, most = self.asked.standardise, int(self.n_components)
        y = np.searchsorted(have, np.concatenate([side.y for side in sources if side.y is not None]))
        weight = np.concatenate([side.weights for side in sources])

        def start() -> tuple[Coordinates, tuple[Any, ...]]:
            places, place = common_coordinates(sources, target, most, standardise)
            rows = np.concatenate([one(side.X) for one, side in zip(places, sources, strict=True)])
            mapped, labelled = place(target), np.flatnonzero(known >= 0)
            X, codes = np.concatenate([rows, mapped[labelled]]), np.concatenate([y, known[labelled]])
            weights = np.concatenate([weight, np.ones(len(labelled))])
            return place, (rows, mapped, *solved_head(self.estimator, X, codes, weights, len(have)))

        arrays = [*(side.X for side in sources), y, weight, target, known]
        words = f"adapted start, {most} components, standardised {standardise}, {len(have)} classes"
        place, (rows, mapped, coef, intercept, penalty) = (
            remembered(words, arrays, start) if self.estimator is None else start()
        )
        seed = np.random.default_rng().integers(2**31) if self.random_state is None else self.random_state
        return place, Problem(rows, y, weight, mapped, known, coef, intercept, penalty, self.estimator, int(seed))

    def _allowed(self, domains: Domains) -> np.ndarray:
        """Codes of the classes that the target may have."""
        assert domains.classes is not None
        if self.target_classes is None:
            return np.arange(len(domains.classes))
        named = np.unique(np.asarray(self.target_classes))
        if not np.isin(named, domains.classes).all() or len(named) < 2:
            raise ParameterError(
                f"Expected target_classes to be two or more of {domains.classes.tolist()[:12]}, found "
                f"{named.tolist()[:12]}.",
                "Write them as the source's labels are written.",
            )
        allowed = np.searchsorted(domains.classes, named)
        beyond = np.setdiff1d(domains.known[domains.known >= 0], allowed)
        if len(beyond):
            raise ParameterError(
                f"Expected target_classes to have every label of the target, found {domains.classes[beyond].tolist()} "
                "among the labels.",
                "Add them to target_classes, or leave it out.",
            )
        return np.asarray(allowed)


def _of_classes(side: Side, allowed: np.ndarray) -> Side | None:
    """A side without rows of other classes; None where nothing is left."""
    assert side.y is not None
    kept = np.flatnonzero(np.isin(side.y, allowed))
    if len(kept) == len(side):
        return side
    weight = None if side.sample_weight is None else side.sample_weight[kept]
    return Side(side.X[kept], side.y[kept], weight, side.name) if len(kept) else None

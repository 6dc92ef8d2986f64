"""A target that learns with other tasks beside it, each of which has to show that it helps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.linear_model import LogisticRegression, Ridge

from headstart.contract.answers import predicted
from headstart.contract.delegating import DelegatingMixin
from headstart.contract.domains import Domains, Side, together
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import WeightedLearner
from headstart.contract.raw_sources import as_numbers, labels_of, listed_sources, weights_of
from headstart.contract.shared_preprocessing import preprocessed
from headstart.contract.weighted_fit import fit_weighted
from headstart.data.sets.splits import folds
from headstart.data.sets.task import task_of
from headstart.errors import ParameterError, SourceError
from headstart.multitask.task_answers import Helper, OtherTask, helpful, row_keys
from headstart.source import Source

_SPLITS = 5


@estimator_class
class BaseAuxiliaryTask(WeightedLearner, DelegatingMixin):
    """What classes and numbers have in common; see `AuxiliaryTaskClassifier`.

    Parameters
    ----------
    auxiliary : Source, list of Source or None, default=None
        Other tasks: rows with the target's columns, the same rows or others, and their labels, classes or numbers.
        None: the target alone.
    weights : sequence of float, optional
        How strongly each counts, above 0: what its columns are multiplied by, which are then less shrunk. At 1, the
        default, each is as large as all columns of the target together.
    source : network, Source, list or None, default=None
        A network makes rows of pictures, clips or texts, also of those of the auxiliary tasks; a `Source` holds more
        rows of the target's own task.

    Attributes
    ----------
    auxiliary_ : list of dict
        Of each task ``name``, ``n``, ``task``, the ``gain`` in loss on rows of the target out of fold and its ``error``
        (nats, or parts of the variance), whether it was ``kept``, and ``words``.
    refused_ : list of str
        Names of those that were not kept.
    helpers_ : list of Helper
        Models of the tasks that were kept.
    notes_ : list of str
        The words of all tasks.
    estimator_ : fitted estimator
        Of the target's columns and the helpers' answers.
    """

    estimator: Any = None
    auxiliary: Any = None
    weights: Any = None

    def _takes_sparse(self) -> bool:
        return self.auxiliary is None and super()._takes_sparse()

    def _takes_missing(self) -> bool:
        return self.auxiliary is None and super()._takes_missing()

    def _offered(self) -> list[Source]:
        """The auxiliary tasks as a list."""
        wrap = "Wrap the rows and labels of the other task: Source(X1, y1, name='speaker')."
        return listed_sources(self.auxiliary, "auxiliary", wrap, "the auxiliary tasks")

    def _fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        self.auxiliary_, self.helpers_ = list[dict[str, Any]](), list[Helper]()
        self.refused_, self.notes_ = list[str](), list[str]()
        return super()._fit(X, y, sample_weight)

    def _learn_alone(self, domains: Domains) -> None:
        self._learn(domains)

    def _learn(self, domains: Domains) -> None:
        rows, offered = together(domains.sides), self._offered()
        weights = self._strengths(len(offered))
        order = self._by_content(offered)
        if offered:
            X = np.asarray(rows.X)
            names = [one.name or f"task {i + 1}" for i, one in enumerate(offered)]
            spread = float(np.sqrt(X.var(axis=0).sum())) or 1.0  # one column, as large as all of the target's together
            found = [self._other(offered[i], names[i], spread * weights[i]) for i in order]
            self._choose(rows, domains, [names[i] for i in order], found)
        wider = self._wider(rows.X, self.helpers_)
        self.estimator_ = fit_weighted(self._unfitted(), wider, domains.labels(rows), rows.sample_weight)

    def _by_content(self, offered: Sequence[Source]) -> list[int]:
        """Positions of the tasks by name, so that their order in a list does not matter."""
        return sorted(range(len(offered)), key=lambda i: str(offered[i].name))

    def _strengths(self, n: int) -> list[float]:
        if self.weights is None:
            return [1.0] * n
        try:
            found = [float(one) for one in self.weights]
        except (TypeError, ValueError):
            found = []
        if len(found) != n or not all(np.isfinite(one) and one > 0 for one in found):
            raise ParameterError(
                f"Expected weights above 0, one for each of {n} auxiliary tasks, found {self.weights!r}.",
                "Leave out a task that is to have no weight.",
            )
        return found

    def _other(self, one: Source, name: str, spread: float) -> OtherTask:
        """Rows of an auxiliary task as numbers, and its labels."""
        who = f"the auxiliary task {name!r}"
        raw = self._fitting(self._featured(one.X, who), who)
        if self.preprocess_ is None:
            X = as_numbers(None, raw, sparse=False, allow_nan=False, who=who)
        else:
            X = preprocessed(self.preprocess_, raw, who, accept_sparse=False, allow_nan=False)
        if one.y is None:
            raise SourceError(f"Expected labels in {who}, found rows alone.", "Give Source(X1, y1).")
        task = task_of(one.y)
        if task == "multilabel":
            raise SourceError(f"Expected one label a row in {who}, found several.", "Give a Source for each of them.")
        y = np.asarray(labels_of(one, task, who, True))
        model = Ridge() if task == "regression" else LogisticRegression(max_iter=1000)
        return OtherTask(model, np.asarray(X), y, task, weights_of(one, who), spread)

    def _choose(self, rows: Side, domains: Domains, names: list[str], tasks: list[OtherTask]) -> None:
        """Keep the tasks that help the target on rows out of fold, of which they have not seen the labels either."""
        X, n_own = np.asarray(rows.X), len(domains.target)
        first = len(rows) - n_own  # rows of sources stand before the target's and are never judged
        labels, keys = domains.labels(rows), row_keys(X)
        y = labels[first:]
        unit = 1.0 if self._task == "classification" else float(np.var(y)) or 1.0
        whole = {s: helper for s, one in enumerate(tasks) if (helper := one.helper()) is not None}
        able = list(whole)
        parts = []
        for inner, outer in folds(y, self._task, n_splits=min(_SPLITS, n_own)):
            train, test = np.concatenate([np.arange(first), first + inner]), first + outer
            if self._task == "regression" or len(np.unique(labels[train])) > 1:
                own = [tasks[s].without(keys[test]) for s in able]
                helpers = [whole[s] if one is tasks[s] else one.helper() for s, one in zip(able, own, strict=True)]
                parts.append((train, test, [None if one is None else one.answers(X) for one in helpers]))

        def losses(taken: Sequence[int]) -> np.ndarray:
            found = np.zeros(n_own)
            for train, test, answers in parts:
                more = [part for s in taken if (part := answers[s]) is not None]
                wide = np.hstack([X, *more])
                weight = None if rows.sample_weight is None else rows.sample_weight[train]
                model = fit_weighted(self._unfitted(), wide[train], labels[train], weight)
                found[test - first] = self._losses(model, wide[test], labels[test]) / unit
            return found

        gains = helpful(losses, len(able)) if able and parts else None
        for s, (name, one) in enumerate(zip(names, tasks, strict=True)):
            entry: dict[str, Any] = {"name": name, "n": len(one.y), "task": one.task, "gain": 0.0, "error": 0.0}
            if gains is None or s not in whole:
                why = (
                    f"all its labels are {one.y[0]!s}"
                    if s not in whole
                    else "the target has too few rows to measure it"
                )
                entry |= {"kept": False, "words": f"{name} is refused: {why}."}
            else:
                place = able.index(s)
                gain, error, kept = float(gains.gain[place]), float(gains.error[place]), place in gains.kept
                entry |= {"gain": gain, "error": error, "kept": kept, "words": task_told(name, gain, error, kept)}
                self.helpers_ += [whole[s]] if kept else []
            self.auxiliary_.append(entry)
        self.refused_ = [entry["name"] for entry in self.auxiliary_ if not entry["kept"]]
        self.notes_ = [entry["words"] for entry in self.auxiliary_]

    def _losses(self, model: Any, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Loss of each row, (n,): log-loss, or squared error."""
        if self._task == "regression":
            return np.asarray((np.asarray(model.predict(X)) - y) ** 2)
        p = predicted(model, X, self._task, self.classes_)
        return -np.log(np.maximum(p[np.arange(len(y)), np.searchsorted(self.classes_, y)], 1e-12))

    def _wider(self, X: Any, helpers: Sequence[Helper]) -> Any:
        if not helpers:
            return X
        return np.hstack([X, *(one.answers(np.asarray(X)) for one in helpers)]).astype(X.dtype, copy=False)

    def _final_rows(self, X: Any) -> Any:
        return self._wider(self._rows(X), self.helpers_)


def task_told(name: str, gain: float, error: float, kept: bool) -> str:
    """What an auxiliary task did for the target, in a sentence.

    Examples
    --------
    >>> task_told("speaker", -0.02, 0.01, False)
    "speaker is refused: the target's loss out of fold rises by 0.02 (standard error 0.01)."
    """
    changed = f"falls by {gain:.3g}" if gain > 0 else f"rises by {-gain:.3g}"
    did = "is learned with" if kept else "is refused"
    return f"{name} {did}: the target's loss out of fold {changed} (standard error {error:.2g})."


@estimator_class
class AuxiliaryTaskClassifier(ClassifierMixin, BaseAuxiliaryTask):
    """A classifier of the target, with what models of other tasks say of a row as further columns.

    `fit` gets the target alone, so that cross-validation scores the target. Each auxiliary task, on the same examples
    or on others, is measured on the target out of fold, with it and without on the same folds; one that does not help
    is refused and named, with its figures in ``auxiliary_``. On features of a network that stays as it is a shared
    layer does not pay; what another task has learned from more rows may.

    Parameters
    ----------
    estimator : classifier, default=None
        None is `LogisticRegression(max_iter=1000)`.

    References
    ----------
    Caruana (1997), "Multitask learning", for tasks as inputs section 2.6 and 7; Standley et al. (2020), "Which tasks
    should be learned together in multi-task learning?", for measuring instead of guessing. Where we differ: answers are
    given by models that have not seen the row.

    Examples
    --------
    >>> from headstart import AuxiliaryTaskClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 40))
    >>> size, sex = X[:, :20].sum(axis=1), rng.integers(2, size=600)
    >>> tasks = [Source(X, size > 1, name="large"), Source(X, sex, name="sex")]
    >>> model = AuxiliaryTaskClassifier(auxiliary=tasks).fit(X[:40], size[:40] > 0)
    >>> model.refused_, bool(model.score(X[40:], size[40:] > 0) > 0.85)
    (['sex'], True)
    """


@estimator_class
class AuxiliaryTaskRegressor(RegressorMixin, BaseAuxiliaryTask):
    """A regressor of the target, with what models of other tasks say of a row as further columns.

    See `AuxiliaryTaskClassifier`.

    Parameters
    ----------
    estimator : regressor, default=None
        None is `Ridge()`.

    Examples
    --------
    >>> from headstart import AuxiliaryTaskRegressor, Source
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 40))
    >>> size = X[:, :20].sum(axis=1)
    >>> task = Source(X, size + rng.normal(size=600), name="weight")
    >>> model = AuxiliaryTaskRegressor(auxiliary=task).fit(X[:30], size[:30])
    >>> model.refused_, bool(model.score(X[30:], size[30:]) > 0.9)
    ([], True)
    """

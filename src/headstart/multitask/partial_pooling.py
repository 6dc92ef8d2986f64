"""One task in many groups (schools, hospitals, shops): a shared model, and what each group adds to it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any, Self

import numpy as np
from scipy import stats
from scipy.special import expit
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from headstart.contract.answers import predicted
from headstart.contract.delegating import DelegatingMixin, inner_has
from headstart.contract.domains import Domains, Side, together
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import WeightedLearner
from headstart.contract.raw_sources import named
from headstart.contract.weighted_fit import fit_weighted
from headstart.data.sets.splits import folds
from headstart.errors import DataError, ParameterError
from headstart.math.linear.partial_pooling import Pooling, partial_pooling, partial_pooling_logistic
from headstart.math.statistics.comparison import holm
from headstart.multitask.row_groups import codes_in, parted
from headstart.source import Source

#: Directions in which slopes of a group may deviate, at most: those of the largest variance.
_MOST = 64
_SPLITS = 5
#: Groups that a note names.
_NAMED = 8
#: What rows of the target are called as a group, where each side is one.
TARGET = "the target"


@estimator_class
class BasePartialPooling(WeightedLearner, DelegatingMixin):
    r"""What classes and numbers have in common; see `PartialPoolingRegressor`.

    Parameters
    ----------
    estimator : classifier or regressor, default=None
        The shared model; deviations are then fitted to what it misses on rows that it has not seen. None: shared and
        deviating coefficients are found together, of more than 64 columns after a linear model.
    group : str or int, optional
        The column of X with the groups: its name in a frame, its position in an array. It is not learned from
        otherwise. None: with a source each side is a group; without one it is the estimator alone.
    source : Source, list of Source or None, default=None
        Rows of more groups, with the same columns.

    Attributes
    ----------
    groups_ : ndarray of str, shape (G,)
        Sorted; rows without one, and of one that is not among them, get the shared model.
    poolings_ : list of Pooling
        For numbers one, for classes one, or of more than two one each: ``coef``, ``deviations`` (G, p), ``variances``,
        and the ``covariance`` of deviations (p, p).
    group_scores_ : list of dict
        Of each group ``group``, ``n``, its mean loss out of fold ``alone``, ``shared`` and ``pooled`` (squared errors,
        or log-losses), ``p_value`` that pooled is no worse than alone, corrected for as many groups, and ``worse``.
    worse_groups_ : list of str
        Those that pooling makes worse than the same model of the group alone, at 5% for all groups together (Holm).
    notes_ : list of str
    estimator_ : fitted estimator
        The shared model, where it is one.
    """

    estimator: Any = None
    group: Any = None

    def _takes_sparse(self) -> bool:
        return self.group is None and self.source is None and super()._takes_sparse()

    def _takes_missing(self) -> bool:
        return self.group is None and self.source is None and super()._takes_missing()

    def _featured(self, X: Any, who: str) -> Any:
        rows = super()._featured(X, who)
        if self.group is not None and getattr(self, "network_", None) is not None:
            raise ParameterError(
                f"Expected rows of numbers with group={self.group!r}, found a network among what is borrowed from.",
                "Leave group out: each source is a group then.",
            )
        return rows if self.group is None else parted(rows, self.group, who)[0]

    def _unlabelled_rows(self) -> Any:
        rows = super()._unlabelled_rows()
        if rows is None or self.group is None:
            return rows
        return parted(rows.X if isinstance(rows, Source) else rows, self.group, "the unlabelled rows")[0]

    def _given(self) -> list[Source]:
        found = super()._given()
        if self.group is None:
            return found
        parts = [parted(one.X, self.group, who)[0] for one, who in zip(found, named(found), strict=True)]
        return [Source(X, one.y, one.name, one.sample_weight) for X, one in zip(parts, found, strict=True)]

    def _fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        if hasattr(self, "estimator_"):
            del self.estimator_  # of an earlier fit
        self.groups_, self.poolings_ = np.zeros(0, dtype=str), list[Pooling]()
        self.group_scores_, self.worse_groups_, self.notes_ = list[dict[str, Any]](), list[str](), list[str]()
        self.shift_, self.scale_ = np.zeros(1), np.ones(1)
        self.components_: np.ndarray | None = None
        self._told = [] if self.group is None else self._keys(X)
        try:
            return super()._fit(X, y, sample_weight)
        finally:
            del self._told

    def _keys(self, X: Any) -> list[np.ndarray]:
        """Groups of the target's rows, then of each source's, in the order in which they were given."""
        given = super()._given()
        sides = [(X, TARGET), *((one.X, name) for one, name in zip(given, named(given), strict=True))]
        return [parted(rows, self.group, name)[1] for rows, name in sides]

    def _learn_alone(self, domains: Domains) -> None:
        if self.group is None:
            super()._learn_alone(domains)
        else:
            self._learn(domains)

    def _learn(self, domains: Domains) -> None:
        sides = [*domains.sources, domains.target]
        if self.group is None:
            keys = np.repeat(np.array([*(side.name for side in domains.sources), TARGET]), [len(s) for s in sides])
        else:
            keys = np.concatenate([*(self._told[1 + i] for i in domains.order), self._told[0]])
        rows = together(sides)
        assert rows.y is not None
        self.groups_ = np.unique(keys[keys != ""])
        if len(self.groups_) < 2:
            raise DataError(
                f"Expected two groups or more in {self.group!r}, found {len(self.groups_)}.",
                "Name the column of groups (group=), or use the estimator alone.",
            )
        codes, Z = codes_in(keys, self.groups_), self._standardise(np.asarray(rows.X, dtype=np.float64))
        parts = folds(rows.y, self._task, n_splits=min(_SPLITS, len(rows)))
        offset = self._shared_answers(rows, domains, parts)
        T = self._columns(rows.y, domains)
        weight = rows.sample_weight
        self.poolings_ = [
            self._pooled(Z, T[:, c], codes, offset=offset[:, c], weight=weight) for c in range(T.shape[1])
        ]
        self._measure(Z, T, codes, offset, weight, parts)

    def _standardise(self, X: np.ndarray) -> np.ndarray:
        self.shift_, spread = X.mean(axis=0), X.std(axis=0)
        self.scale_ = np.where(spread > 1e-12 * (1 + np.abs(self.shift_)), spread, 1.0)
        if X.shape[1] > _MOST:
            Z = (X - self.shift_) / self.scale_
            self.components_ = np.linalg.eigh(Z.T @ Z)[1][:, -_MOST:]
        return self._directions(X)

    def _directions(self, X: np.ndarray) -> np.ndarray:
        Z = (np.asarray(X, dtype=np.float64) - self.shift_) / self.scale_
        return Z if self.components_ is None else Z @ self.components_

    def _shared_answers(self, rows: Side, domains: Domains, parts: list[Any]) -> np.ndarray:
        """What the shared estimator says of rows that it has not seen, on the scale of deviations; zeros without."""
        n_columns = self._columns(rows.y, domains).shape[1]  # type: ignore[arg-type]
        if self.estimator is None and self.components_ is None:
            return np.zeros((len(rows), n_columns))
        labels, weight = domains.labels(rows), rows.sample_weight
        offset = np.zeros((len(rows), n_columns))
        for train, test in parts:
            own = None if weight is None else weight[train]
            model = fit_weighted(self._unfitted(), rows.X[train], labels[train], own)
            offset[test] = self._said_by(model, rows.X[test])
        self.estimator_ = fit_weighted(self._unfitted(), rows.X, labels, weight)
        return offset

    @abstractmethod
    def _columns(self, y: np.ndarray, domains: Domains) -> np.ndarray:
        """Targets of the poolings, (n, C)."""

    @abstractmethod
    def _said_by(self, model: Any, X: Any) -> np.ndarray:
        """Answers of the shared estimator on the scale of deviations, (n, C)."""

    @abstractmethod
    def _pooled(self, Z: np.ndarray, t: np.ndarray, codes: np.ndarray, *, offset: np.ndarray, **how: Any) -> Pooling:
        """Shared and deviating coefficients of one column."""

    @abstractmethod
    def _losses(self, said: np.ndarray, T: np.ndarray) -> np.ndarray:
        """Loss of each row, (n,)."""

    def _scores(self, X: Any) -> np.ndarray:
        """Answers on the scale of deviations, (n, C)."""
        check_is_fitted(self)
        rows = self._rows(X)
        keys = np.repeat(np.array([TARGET]), len(rows)) if self.group is None else parted(X, self.group, TARGET)[1]
        Z, codes = self._directions(rows), codes_in(keys, self.groups_)
        own = np.column_stack([one.answers(Z, codes) for one in self.poolings_])
        return own + self._said_by(self.estimator_, rows) if hasattr(self, "estimator_") else own

    def _measure(
        self, Z: np.ndarray, T: np.ndarray, codes: np.ndarray, offset: np.ndarray, weight: Any, parts: list[Any]
    ) -> None:
        """Losses of each group out of fold: alone, by the shared part, pooled; variances stay as they were found."""
        said = {name: np.zeros_like(T) for name in ("alone", "shared", "pooled")}
        zero = np.zeros(len(T))
        for c, whole in enumerate(self.poolings_):
            t = T[:, c]
            alone = self._pooled(Z, t, codes, offset=zero, weight=weight, shared=False)
            for train, test in parts:
                at: dict[str, Any] = {"Z": Z[train], "t": t[train], "codes": codes[train]}
                at["weight"] = None if weight is None else weight[train]
                found = self._pooled(**at, offset=offset[train, c], found=whole)
                single = self._pooled(**at, offset=zero[train], found=alone, shared=False)
                said["pooled"][test, c] = offset[test, c] + found.answers(Z[test], codes[test])
                said["shared"][test, c] = offset[test, c] + found.answers(Z[test], np.full(len(test), -1))
                said["alone"][test, c] = single.answers(Z[test], codes[test])
        losses = {name: self._losses(values, T) for name, values in said.items()}
        each = [np.flatnonzero(codes == g) for g in range(len(self.groups_))]
        lost = losses["pooled"] - losses["alone"]
        corrected = holm(np.array([no_worse(lost[own]) for own in each]))
        for group, own, p_value in zip(self.groups_.tolist(), each, corrected.tolist(), strict=True):
            entry = {name: float(values[own].mean()) for name, values in losses.items()}
            worse = p_value < 0.05
            self.group_scores_.append({"group": group, "n": len(own), **entry, "p_value": p_value, "worse": worse})
        self.worse_groups_ = [entry["group"] for entry in self.group_scores_ if entry["worse"]]
        self.notes_ = [pooling_told(self.worse_groups_, len(self.groups_))]


def no_worse(difference: np.ndarray) -> float:
    """One-sided p-value of Student's test that differences have no mean above 0; 1 for fewer than two.

    Examples
    --------
    >>> no_worse(np.array([1.0])), bool(no_worse(np.array([1.0, 2.0, 3.0])) < 0.05)
    (1.0, True)
    """
    n = len(difference)
    if n < 2 or difference.mean() <= 0:
        return 1.0
    error = float(difference.std(ddof=1)) / np.sqrt(n)
    return float(stats.t.sf(difference.mean() / error, n - 1)) if error > 0 else 0.0


def pooling_told(worse: list[str], n: int) -> str:
    """Which groups pooling makes worse, in a sentence.

    Examples
    --------
    >>> pooling_told(["3", "8"], 139)
    'Pooling makes 2 of 139 groups worse than each alone, out of fold (at 5%): 3, 8.'
    """
    if not worse:
        return f"Pooling makes none of {n:,} groups worse than each alone, out of fold (at 5%)."
    shown = ", ".join(worse[:_NAMED]) + (f" and {len(worse) - _NAMED} more" if len(worse) > _NAMED else "")
    many = "group" if n == 1 else "groups"
    return f"Pooling makes {len(worse):,} of {n:,} {many} worse than each alone, out of fold (at 5%): {shown}."


@estimator_class
class PartialPoolingRegressor(RegressorMixin, BasePartialPooling):
    r"""A regressor of one task in many groups: a shared model, and shrunk deviations of each group.

    .. math:: y = f(x) + x^T (\beta + u_g), \qquad u_g \sim N(0, D)

    How far groups deviate, D, is found from all groups by restricted likelihood in closed form steps
    (`headstart.math.linear.partial_pooling.partial_pooling`): groups with few rows stay near the shared model, those
    with many become their own. Made for schools, hospitals, shops: the same question in many places.

    Parameters
    ----------
    estimator : regressor, default=None
        The shared model f, as gradient boosting; None: linear.

    References
    ----------
    Laird and Ware (1982), "Random-effects models for longitudinal data"; Gelman and Hill (2007), chapter 12 (partial
    pooling). Where we differ: the shared slopes are shrunk too, the covariance of deviations has a prior around one
    variance of intercepts and one of slopes, and each group is measured out of fold against itself alone.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> school = np.repeat(np.arange(30), 8)
    >>> X = np.column_stack([school, rng.normal(size=240)])
    >>> y = 3 * rng.normal(size=30)[school] + X[:, 1] + rng.normal(size=240)
    >>> model = PartialPoolingRegressor(group=0).fit(X[::2], y[::2])
    >>> bool(model.score(X[1::2], y[1::2]) > 0.7), len(model.groups_)
    (True, 30)
    """

    def _columns(self, y: np.ndarray, domains: Domains) -> np.ndarray:
        return y[:, None]

    def _said_by(self, model: Any, X: Any) -> np.ndarray:
        return predicted(model, X, "regression", None).reshape(-1, 1)

    def _pooled(self, Z: np.ndarray, t: np.ndarray, codes: np.ndarray, *, offset: np.ndarray, **how: Any) -> Pooling:
        rest = t - offset
        middle = float(rest.mean())
        found = partial_pooling(Z, rest - middle, codes, len(self.groups_), **how)
        return replace(found, coef=found.coef + np.eye(1, len(found.coef))[0] * middle)

    def _losses(self, said: np.ndarray, T: np.ndarray) -> np.ndarray:
        return np.asarray(((said - T) ** 2)[:, 0])

    def predict(self, X: Any) -> np.ndarray:
        """Numbers of rows, (n,); a row of an unknown group gets the shared model's."""
        check_is_fitted(self)
        return self._scores(X)[:, 0] if self.poolings_ else super().predict(X)


@estimator_class
class PartialPoolingClassifier(ClassifierMixin, BasePartialPooling):
    """A classifier of one task in many groups: shared log-odds, and shrunk deviations of each group.

    See `PartialPoolingRegressor`. Of more than two classes each is told from all others, and the probabilities are
    divided by their sum.

    Parameters
    ----------
    estimator : classifier, default=None
        The shared model, with `predict_proba`; None: logistic.

    References
    ----------
    Breslow and Clayton (1993), "Approximate inference in generalized linear mixed models".

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> clinic = np.repeat(np.arange(30), 20)
    >>> X = np.column_stack([clinic, rng.normal(size=600)])
    >>> ill = rng.random(600) < expit(2 * rng.normal(size=30)[clinic] + 2 * X[:, 1])
    >>> model = PartialPoolingClassifier(group=0).fit(X[::2], ill[::2])
    >>> bool(model.score(X[1::2], ill[1::2]) > 0.75)
    True
    """

    def _columns(self, y: np.ndarray, domains: Domains) -> np.ndarray:
        assert domains.classes is not None
        if len(domains.classes) < 2:
            raise DataError(
                f"Expected two classes or more, found one class: {domains.classes[0]!r}.",
                "Add rows of another class.",
            )
        hot = np.eye(len(domains.classes))[y]
        return hot[:, 1:] if len(domains.classes) == 2 else hot

    def _said_by(self, model: Any, X: Any) -> np.ndarray:
        if not hasattr(model, "predict_proba"):
            raise ParameterError(
                f"Expected an estimator with predict_proba, found {type(model).__name__}.",
                "Give one that says how sure it is, for example LogisticRegression().",
            )
        p = np.clip(predicted(model, X, "classification", self.classes_), 1e-4, 1 - 1e-4)
        p = p[:, 1:] if p.shape[1] == 2 else p
        return np.asarray(np.log(p) - np.log1p(-p))

    def _pooled(self, Z: np.ndarray, t: np.ndarray, codes: np.ndarray, *, offset: np.ndarray, **how: Any) -> Pooling:
        return partial_pooling_logistic(Z, t, codes, len(self.groups_), offset=offset, **how)

    def _losses(self, said: np.ndarray, T: np.ndarray) -> np.ndarray:
        truth = T if T.shape[1] > 1 else np.column_stack([1 - T, T])
        return -np.log(np.maximum((_shares(said) * truth).sum(axis=1), 1e-12))

    @available_if(inner_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes in ``classes_``, (n, K)."""
        check_is_fitted(self)
        return _shares(self._scores(X)) if self.poolings_ else super().predict_proba(X)

    @available_if(inner_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Log-odds, (n,), or of each of more than two classes against all others, (n, K)."""
        check_is_fitted(self)
        if not self.poolings_:
            return np.asarray(super().decision_function(X))
        scores = self._scores(X)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, X: Any) -> np.ndarray:
        """Labels of rows, (n,)."""
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(axis=1)] if self.poolings_ else super().predict(X)


def _shares(scores: np.ndarray) -> np.ndarray:
    """Probabilities of the classes from log-odds (n, C)."""
    p = expit(scores)
    if p.shape[1] == 1:
        return np.column_stack([1 - p, p])
    p = np.maximum(p, 1e-12)
    return np.asarray(p / p.sum(axis=1, keepdims=True))

"""Learning from the target alone with no network at all: the baseline that transfer has to beat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.extmath import randomized_svd
from sklearn.utils.validation import check_is_fitted

from headstart.contract.estimator_class import estimator_class
from headstart.data.base.kinds import kind_named
from headstart.data.inputs.inputs import as_inputs
from headstart.data.inputs.registry import simple_of
from headstart.data.sets.splits import telling_folds
from headstart.errors import DataError
from headstart.guard.baselines.logits import ClassScorer, NumberScorer, some_rows
from headstart.math.linear.logistic import compare_penalties
from headstart.math.linear.ridge import solve_ridge
from headstart.networks.running.simple_features import simple_features

_COMPONENTS = 300
_SAMPLE = 1000
#: Values of features beyond which they are not all held, and rows that are then read at a time.
_HELD, _BLOCK = 2**25, 2048


@estimator_class
class _Baseline(BaseEstimator):
    """What both baselines share: blocks of features, scaled as wholes, and a solved linear model on the best.

    Parameters
    ----------
    preprocessing : Preprocessing or SoundPreprocessing, optional
        Of the network under comparison, to share its resized pictures or resampled clips. Default: 64 x 64 pixels, or
        16 kHz.
    n_splits : int, default=3
        Folds of the inner cross-validation.
    random_state : int, default=0
        Seed of the inner folds.

    Attributes
    ----------
    input_type_ : {"image", "audio"}
    features_ : str
        What was chosen: "edges", "pixels", "edges and pixels"; or "timbre", "course", "timbre and course".
    coef_ : array of shape (d, K)
    intercept_ : array of shape (K,)
    """

    takes_inputs = True

    preprocessing: Any = None
    n_splits: int = 3
    random_state: int = 0

    #: What another fit chose, its ``choices_``; where it is set, nothing is chosen anew.
    known = None  # type: Any

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def _fit(
        self, X: Any, targets: np.ndarray, y: np.ndarray, task: str, groups: np.ndarray | None, sample_weight: Any
    ) -> None:
        inputs = as_inputs(X)
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        self.input_type_ = inputs.input_type
        simple = simple_of(kind_named(self.input_type_))
        seen = self.preprocessing or simple.preprocessing
        settled = inputs.settle(seen)
        self.preprocessing_ = self.preprocessing if settled == seen else settled
        if len(y) * sum(simple.blocks.values()) > _HELD:
            self._fit_many(inputs, targets, y, task, groups, weight)
            return
        found = simple_features(inputs, self.preprocessing_)
        self.centre_ = {name: values.mean(axis=0, dtype=np.float64) for name, values in found.items()}
        self.scale_ = {name: _scale(values, simple.by_column) for name, values in found.items()}
        if self.known is not None:
            features, penalty = self.known
            self.features_ = str(features)
            how: dict[str, Any] = {"weight": weight, "penalties": (penalty,)}
            self._take(_solve(self._table(found, self.features_), targets, task, [], **how))
            return
        rows = some_rows(len(y), _SAMPLE, self.random_state)
        part = {name: values[rows] for name, values in found.items()}
        some = None if groups is None else np.asarray(groups)[rows]
        inner = self._inner(y[rows], task, some)
        solved = {
            name: _solve(self._table(part, name), targets[rows], task, inner, _of(weight, rows))
            for name in simple.choices
        }
        told = bool(inner) or task == "regression"
        self.features_ = min(solved, key=lambda name: solved[name].loss) if told else list(solved)[-1]
        best = solved[self.features_]
        if len(rows) < len(y):
            inner = self._inner(y, task, groups)
            best = _solve(self._table(found, self.features_), targets, task, inner, weight)
        self._take(best)

    def _inner(self, y: np.ndarray, task: str, groups: np.ndarray | None) -> list:
        return telling_folds(y, task, groups=groups, n_splits=self.n_splits, random_state=self.random_state)

    def _take(self, best: _Solved) -> None:
        self.coef_, self.intercept_ = best.solution()
        self.choices_ = None if best.penalty is None else (self.features_, best.penalty)

    def _fit_many(
        self, inputs: Any, targets: np.ndarray, y: np.ndarray, task: str, groups: Any, weight: np.ndarray | None
    ) -> None:
        """Find features, scales and principal components on some of the rows, and solve on these components of all."""
        rows = some_rows(len(y), _HELD // (2 * sum(simple_of(inputs.kind).blocks.values())), self.random_state)
        some = None if groups is None else np.asarray(groups)[rows]
        self._fit(inputs[rows], targets[rows], y[rows], task, some, _of(weight, rows))
        few = self._table(simple_features(inputs[rows], self.preprocessing_), self.features_)
        rotation = randomized_svd(few, _COMPONENTS, n_iter=2, random_state=self.random_state)[2].T
        table = np.empty((len(y), rotation.shape[1]), np.float32)
        for part, found in self._blocks(inputs):
            table[part] = self._table(found, self.features_) @ rotation
        inner = self._inner(y, task, groups)
        coef, self.intercept_ = _solve(table, targets, task, inner, weight).solution()
        self.coef_ = rotation @ coef

    def _blocks(self, inputs: Any) -> Iterator[tuple[slice, dict[str, np.ndarray]]]:
        """The features of all inputs, some rows at a time."""
        for start in range(0, max(len(inputs), 1), _BLOCK):
            part = slice(start, min(start + _BLOCK, len(inputs)))
            yield part, simple_features(inputs[part], self.preprocessing_)

    def _table(self, found: dict[str, np.ndarray], features: str) -> np.ndarray:
        """The blocks side by side, centred, each with rows of unit mean squared length; float32."""
        names = simple_of(kind_named(self.input_type_)).choices[features]
        centre, scale = ({name: of[name].astype(np.float32) for name in names} for of in (self.centre_, self.scale_))
        return np.concatenate([(found[name] - centre[name]) * scale[name] for name in names], axis=1)

    def _scores(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "coef_")
        return np.concatenate([self.logits_of(found) for _, found in self._blocks(as_inputs(X))])

    def logits_of(self, found: dict[str, np.ndarray]) -> np.ndarray:
        """Scores (n, K) of blocks of features that were measured before."""
        return np.asarray(self._table(found, self.features_) @ self.coef_ + self.intercept_)


def _scale(values: np.ndarray, by_column: bool) -> np.ndarray:
    """Factors that give a block's rows unit mean squared length: one for all columns, or one for each."""
    variance = values.var(axis=0, dtype=np.float64)
    spread = np.sqrt(variance * variance.size) if by_column else np.sqrt(variance.sum(keepdims=True))
    return np.where(spread > 1e-9, 1.0 / np.maximum(spread, 1e-9), 0.0)


def _of(weight: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if weight is None else weight[rows]


def _solve(
    table: np.ndarray,
    targets: np.ndarray,
    task: str,
    inner: list,
    weight: np.ndarray | None,
    penalties: tuple[float, ...] | None = None,
) -> _Solved:
    """The linear model of a task on the leading principal components, and its cross-validated loss.

    For numbers the loss is the leave-one-out one.
    """
    if task == "regression":
        ridge = solve_ridge(table, targets, sample_weight=weight)
        return _Solved(ridge.loss, lambda: (ridge.coef, ridge.intercept))
    most = _COMPONENTS if min(table.shape) > 2 * _COMPONENTS else None
    options: dict[str, Any] = {"sample_weight": weight, "multilabel": task == "multilabel", "most": most}
    compared = compare_penalties(table, targets, penalties=penalties, folds=inner, **options)

    def solution() -> tuple[np.ndarray, Any]:
        found = compared.solution()
        return found.coef, found.intercept

    return _Solved(compared.loss, solution, compared.penalty)


class _Solved(NamedTuple):
    """A held-out loss, how to come by coefficients (d, K) and intercepts (K,), and of classes the penalty."""

    loss: float
    solution: Callable[[], tuple[np.ndarray, Any]]
    penalty: float | None = None


@estimator_class
class BaselineClassifier(ClassScorer, ClassifierMixin, _Baseline):
    """Logistic regression on simple features: edges, colours and thumbnails of pictures, mel cepstra of clips.

    Borrows nothing. The features (of pictures edges, pixels, or both; of clips timbre, course, or both) and the
    penalty are chosen by cross-validated log-loss within the data given, so that transfer is compared with a baseline
    that was tuned too.

    References
    ----------
    Dalal and Triggs (2005) for the edge directions.

    Examples
    --------
    >>> X = np.zeros((20, 16, 16), dtype=np.uint8)
    >>> X[::2, :, 8:] = 255
    >>> X[1::2, 8:] = 255
    >>> BaselineClassifier().fit(X, ["upright", "lying"] * 10).score(X, ["upright", "lying"] * 10)
    1.0
    """

    def fit(self, X: Any, y: Any, groups: Any = None, sample_weight: Any = None) -> BaselineClassifier:
        """Fit to pictures or clips ``X`` (anything `as_inputs` takes) and labels ``y``, (n,) or (n, L) of 0/1."""
        labels = np.asarray(y)
        if labels.ndim == 2:
            self.classes_ = np.arange(labels.shape[1])
            self._fit(X, labels.astype(np.float64), labels, "multilabel", groups, sample_weight)
        else:
            self.classes_, index = np.unique(labels, return_inverse=True)
            if len(self.classes_) < 2:
                raise DataError(
                    f"Expected two classes or more, found one ({self.classes_[0]!r}).", "Add examples of another class."
                )
            self._fit(X, np.eye(len(self.classes_))[index], labels, "classification", groups, sample_weight)
        self.multilabel_ = labels.ndim == 2
        self.temperature_ = 1.0
        return self


@estimator_class
class BaselineRegressor(NumberScorer, RegressorMixin, _Baseline):
    """Ridge regression on simple features of pictures or clips; see the classifier."""

    def fit(self, X: Any, y: Any, groups: Any = None, sample_weight: Any = None) -> BaselineRegressor:
        """Fit to pictures or clips ``X`` (anything `as_inputs` takes) and numbers ``y``, (n,) or (n, t)."""
        values = np.asarray(y, dtype=np.float64)
        self.single_ = values.ndim == 1
        self._fit(X, values.reshape(len(values), -1), values, "regression", groups, sample_weight)
        return self

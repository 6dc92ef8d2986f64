"""Gradual self-training: a classifier of the source teaches itself the target, the surest rows first."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils import get_tags

from headstart.contract.delegating import DelegatingMixin
from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import Learner
from headstart.contract.options import check_number, check_option
from headstart.contract.weighted_fit import fit_weighted
from headstart.data.tables.column_names import stack
from headstart.errors import DataError, ParameterError
from headstart.math.alignment.class_balance import surest_by_shares
from headstart.math.alignment.gradual import domains_between, margins, surest_rows

PATHS = ("surest first", "transport")


@estimator_class
class GradualSelfTrainingClassifier(ClassifierMixin, Learner, DelegatingMixin):
    r"""Learn from the source, then step by step from the target's rows with the labels that one gives them oneself.

    With ``path="surest first"`` round r of R learns from the source and from the surest r / R of the target's rows,
    taken class by class, with labels of the round before: what both sides share carries over to what only the target
    has. Strong on text, also sparse. With ``path="transport"`` rows are made on the way from source to target,

    .. math:: x_t = (1 - t)\, x_i + t\, x'_j \quad\text{for the pairs of an exact optimal transport},

    and each step learns from the surest rows of one domain on the way, labelled by the step before. With domains of
    one's own (years, angles, places) give ``intermediate=``, nearest to the source first.

    It does harm where the source's classifier is mostly wrong about the target: then it believes its own errors.

    Parameters
    ----------
    estimator : classifier, default=None
        What learns; None is `LogisticRegression(C=10.0, max_iter=1000)`.
    path : {"surest first", "transport"}, default="surest first"
        Not looked at where ``intermediate`` is given.
    rounds : int, default=4
        Rounds, or domains made on the way; 1 or more.
    keep : float, default=0.9
        Share of each domain on the way that is believed, the surest, above 0 and up to 1.
    class_shares : {"predicted", "source"}, default="predicted"
        With "surest first": how many rows of each class are believed. "predicted": the same share of the rows of each
        predicted class. "source": in the class shares of the source, whatever is predicted; far stronger where both
        sides hold their classes in the same shares (a classifier that leans to one class on the target cannot lean
        further), harmful where they do not.
    intermediate : list of array-like of shape (m, d), optional
        Rows without labels of domains on the way from source to target, in order.
    source : Source, list of Source or None, default=None
        Labelled rows to borrow. None: the estimator on the target alone.

    Attributes
    ----------
    estimator_ : classifier
        Of the last step.
    pseudo_labels_ : ndarray of shape (n_target,)
        Labels of the target's rows, then the unlabelled ones, as the last step got them; given labels are kept.
    history_ : list of dict
        One record a step: "rows" believed and "changed", the share of target rows whose label the step changed.

    Raises
    ------
    ParameterError
        If an option is outside its range, or the estimator says neither scores nor probabilities.
    DataError
        If source and target together have one class only.

    References
    ----------
    Kumar, Ma and Liang (2020), "Understanding self-training for gradual domain adaptation", section 2.2 (10% of the
    least sure rows are dropped); He et al. (2023), GOAT, Algorithm 1. Where we differ: labelled target rows join every
    step; "surest first" keeps the source in every round and needs no domains on the way.

    Examples
    --------
    >>> from headstart import GradualSelfTrainingClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["no", "yes"], 100)
    >>> books = rng.normal(0, 0.5, (200, 2)) + np.where(y == "yes", 1.5, -1.5)[:, None] * [1, 0]
    >>> music = books @ np.array([[0.6, 0.8], [-0.8, 0.6]])
    >>> model = GradualSelfTrainingClassifier(path="transport", source=Source(books, y)).fit(music)
    >>> bool(model.score(music, y) > 0.95)
    True
    """

    estimator: Any = None
    path: str = "surest first"
    rounds: int = 4
    keep: float = 0.9
    class_shares: str = "predicted"
    intermediate: Any = None

    def _check(self) -> None:
        check_option("path", self.path, PATHS)
        check_option("class_shares", self.class_shares, ("predicted", "source"))
        check_number("rounds", self.rounds, 1, whole=True)
        check_number("keep", self.keep, 0, 1, open_low=True)
        self.history_: list[dict[str, float]] = []

    def _learn_alone(self, domains: Domains) -> None:
        super()._learn_alone(domains)
        self.pseudo_labels_ = domains.labels(domains.target)

    def _learn(self, domains: Domains) -> None:
        self._sides = _Sides(domains)
        self._check_learnable()
        self._step(*self._sides.labelled())
        target = domains.target_rows
        if self.intermediate is None and self.path == "surest first":
            for r in range(int(self.rounds)):
                self._learn_from(target, (r + 1) / int(self.rounds), with_source=True)
        else:
            for rows in [*self._on_the_way(domains), target]:
                self._learn_from(rows, float(self.keep), with_source=False)
        self.pseudo_labels_ = self._sides.with_known(np.asarray(self.estimator_.predict(target)))
        del self._sides

    def _on_the_way(self, domains: Domains) -> list[Any]:
        if self.intermediate is not None:
            if not isinstance(self.intermediate, (list, tuple)):
                raise ParameterError(
                    f"Expected intermediate to be a list of arrays, found {type(self.intermediate).__name__}.",
                    "Write intermediate=[X1, X2], nearest to the source first.",
                )
            return [self._rows(rows) for rows in self.intermediate]
        return domains_between(domains.source.X, domains.target_rows, int(self.rounds), domains.source.mass)

    def _learn_from(self, rows: Any, share: float, *, with_source: bool) -> None:
        """Label rows, and learn from the surest of them, the labelled target rows, and the source where it stays."""
        target = self._sides.domains.target_rows
        before = self.estimator_.predict(target)
        predicted = self.estimator_.predict(rows)
        scores = _scores(self.estimator_, rows)
        if with_source and self.class_shares == "source":
            sure, codes = surest_by_shares(scores, self._sides.shares(self.estimator_.classes_), share)
            predicted = predicted.copy()
            predicted[sure] = self.estimator_.classes_[codes]
        else:
            sure = surest_rows(margins(scores), predicted, share)
        if rows is target:
            sure = sure[sure >= self._sides.n_known]
        if len(np.unique(predicted[sure])) < 2 and not with_source and self._sides.n_known == 0:
            raise DataError(
                "Expected two classes among the labels that the classifier gives itself, found one.",
                "The target is too far from the source for path='transport'; raise rounds, or give target labels.",
            )
        kept = self._sides.labelled(source=with_source)
        self._step([*kept[0], rows[sure]], [*kept[1], predicted[sure]], [*kept[2], np.ones(len(sure))])
        changed = float((self.estimator_.predict(target) != before).mean())
        self.history_.append({"rows": float(len(sure)), "changed": changed})

    def _step(self, rows: list[Any], labels: list[np.ndarray], weights: list[np.ndarray]) -> None:
        weighted = any((part != 1).any() for part in weights)
        self.estimator_ = fit_weighted(
            self._unfitted(), stack(rows), np.concatenate(labels), np.concatenate(weights) if weighted else None
        )

    def _check_learnable(self) -> None:
        inner = self._unfitted()
        if not (hasattr(inner, "decision_function") or hasattr(inner, "predict_proba")):
            raise ParameterError(
                f"Expected an estimator with decision_function or predict_proba, found {type(inner).__name__}.",
                "Give one that says how sure it is, for example LogisticRegression().",
            )
        if len(np.unique(np.concatenate(self._sides.labelled()[1]))) < 2:
            raise DataError("Expected two classes or more in source and target together, found one.")

    def _default(self) -> Any:
        return LogisticRegression(C=10.0, max_iter=1000)

    def _takes_missing(self) -> bool:
        return self.path == "surest first" and bool(get_tags(self._unfitted()).input_tags.allow_nan)


class _Sides:
    """Labelled rows of source and target, with labels as given."""

    def __init__(self, domains: Domains) -> None:
        assert domains.classes is not None and domains.source.y is not None
        self.domains, self.classes = domains, domains.classes
        self.n_known = 0 if domains.target.y is None else len(domains.target)

    def labelled(self, source: bool = True) -> tuple[list[Any], list[np.ndarray], list[np.ndarray]]:
        """Rows, labels and weights: of the source if it is wanted, then of the labelled target."""
        sides = [self.domains.source] if source else []
        sides += [self.domains.target] if self.n_known else []
        labels = [self.classes[side.y] for side in sides if side.y is not None]
        return [side.X for side in sides], labels, [side.weights for side in sides]

    def shares(self, classes: np.ndarray) -> np.ndarray:
        """Share of each of ``classes`` in the source, by weight."""
        source = self.domains.source
        held = np.bincount(np.asarray(source.y), weights=source.weights, minlength=len(self.classes))
        return held[np.searchsorted(self.classes, classes)] / held.sum()

    def with_known(self, predicted: np.ndarray) -> np.ndarray:
        """Predicted labels of the target's rows, with the known ones in their place."""
        if self.n_known:
            predicted = predicted.copy()
            predicted[: self.n_known] = self.classes[self.domains.target.y]
        return predicted


def _scores(estimator: Any, rows: Any) -> np.ndarray:
    name = "decision_function" if hasattr(estimator, "decision_function") else "predict_proba"
    return np.asarray(getattr(estimator, name)(rows))

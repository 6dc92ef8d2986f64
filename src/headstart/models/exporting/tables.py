"""Fitted estimators of rows of numbers, as nodes of a graph: each by the name of its class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from headstart.errors import OutputError
from headstart.guard.mixture import _EVEN
from headstart.models.exporting.answers import mean_of, probabilities, spread, tempered
from headstart.models.exporting.graph import Graph, Value
from headstart.models.exporting.trees import of_boosted, of_packed, of_scikit, single, sum_of_trees

Writer = Callable[[Graph, Any, Value], Value]

_ELSE = (
    "Hand the model's folder on as it is, or fit again with a candidate that can be written, for instance "
    '--candidates "target alone".'
)


def said_by(graph: Graph, estimator: Any, rows: Value) -> Value:
    """Probabilities (n, K) of the estimator's own ``classes_``, or numbers (n, t), of rows (n, d) in float64.

    Raises
    ------
    OutputError
        For an estimator that has no form in a graph; it is named.
    """
    name = type(estimator).__name__
    if name not in WRITERS:
        raise OutputError(f"Expected a linear model, trees, boosting, or a mixture of these, found {name}.", _ELSE)
    return WRITERS[name](graph, estimator, rows)


def class_probabilities(graph: Graph, estimator: Any, rows: Value, classes: np.ndarray) -> Value:
    """Probabilities (n, K) of all ``classes``."""
    return spread(said_by(graph, estimator, rows), np.asarray(estimator.classes_), np.asarray(classes))


def _linear(graph: Graph, model: Any, rows: Value) -> Value:
    """Scores (n, K) of a linear model."""
    coef = np.atleast_2d(np.asarray(model.coef_, np.float64)).T
    return rows @ coef + np.atleast_1d(np.asarray(model.intercept_, np.float64))


def _of_scores(graph: Graph, scores: Value, n_columns: int) -> Value:
    """Probabilities of scores: one column is the log-odds of the second class."""
    if n_columns > 1:
        return probabilities(scores, False)
    second = scores.to("Sigmoid")
    return graph.joined([second * -1.0 + 1.0, second])


def _logistic(graph: Graph, model: Any, rows: Value) -> Value:
    return _of_scores(graph, _linear(graph, model, rows), len(np.atleast_2d(model.coef_)))


def _mean_probability(graph: Graph, model: Any, rows: Value) -> Value:
    if isinstance(model.n_classes_, list):
        raise OutputError("Expected trees of one label a row, found trees of several labels.", _ELSE)
    return _mean_number(graph, model, rows, classes=True)


def _mean_number(graph: Graph, model: Any, rows: Value, classes: bool = False) -> Value:
    trees = getattr(model, "estimators_", [model])
    return sum_of_trees(graph, single(rows), [of_scikit(tree, classes) for tree in trees]) / float(len(trees))


def _boosted(graph: Graph, model: Any, rows: Value) -> Value:
    """Raw scores (n, K) of histogram gradient boosting."""
    if model._preprocessor is not None:
        raise OutputError("Expected boosted trees on numbers, found some on categories.", _ELSE)
    columns = []
    for k, start in enumerate(np.asarray(model._baseline_prediction, np.float64).ravel()):
        trees = [of_boosted(step[k]) for step in model._predictors]
        columns.append(sum_of_trees(graph, rows, trees) + float(start))
    return graph.joined(columns)


def _boosted_classes(graph: Graph, model: Any, rows: Value) -> Value:
    return _of_scores(graph, _boosted(graph, model, rows), model.n_trees_per_iteration_)


def _boosted_numbers(graph: Graph, model: Any, rows: Value) -> Value:
    if model.loss != "squared_error":
        raise OutputError(f"Expected boosting of squared errors, found loss={model.loss!r}.", _ELSE)
    return _boosted(graph, model, rows)


def _dummy_classes(graph: Graph, model: Any, rows: Value) -> Value:
    if model._strategy == "prior":
        shares = np.asarray(model.class_prior_)
    elif model._strategy == "most_frequent":
        shares = np.eye(len(model.classes_))[int(np.argmax(model.class_prior_))]
    else:
        raise OutputError(f"Expected a constant answer, found strategy={model._strategy!r}.", _ELSE)
    return _constant(rows, shares)


def _dummy_numbers(graph: Graph, model: Any, rows: Value) -> Value:
    return _constant(rows, np.ravel(model.constant_))


def _constant(rows: Value, answer: np.ndarray) -> Value:
    """The same answer for every row."""
    return rows.part(0, 1) * 0.0 @ np.zeros((1, len(answer))) + answer


def _scaled(graph: Graph, scaler: Any, rows: Value) -> Value:
    mean = 0.0 if scaler.mean_ is None else scaler.mean_
    return (rows - mean) / (1.0 if scaler.scale_ is None else scaler.scale_)


def _pipeline(graph: Graph, model: Any, rows: Value) -> Value:
    for _, step in model.steps[:-1]:
        rows = said_by(graph, step, rows)
    return said_by(graph, model.steps[-1][1], rows)


def _mixed_classes(graph: Graph, model: Any, rows: Value) -> Value:
    """As `headstart.guard.mixture.MixedClassifier`."""
    even = [
        class_probabilities(graph, part, rows, model.classes_) * (1 - _EVEN) + _EVEN / len(model.classes_)
        for part in model.parts
    ]
    warm = [probabilities(p.to("Log") / float(t), False) for p, t in zip(even, model.temperatures, strict=True)]
    return mean_of(graph, warm, model.weights)


def _mixed_numbers(graph: Graph, model: Any, rows: Value) -> Value:
    return mean_of(graph, [said_by(graph, part, rows) for part in model.parts], model.weights)


def _blended_classes(graph: Graph, model: Any, rows: Value) -> Value:
    heat = [1.0] * len(model.estimators_) if model.temperatures is None else list(model.temperatures)
    said = [
        tempered(class_probabilities(graph, part, rows, model.classes_), float(t))
        for part, t in zip(model.estimators_, heat, strict=True)
    ]
    return mean_of(graph, said, model.weights_)


def _blended_numbers(graph: Graph, model: Any, rows: Value) -> Value:
    return mean_of(graph, [said_by(graph, part, rows) for part in model.estimators_], model.weights_)


def _prepared(graph: Graph, model: Any, rows: Value) -> Value:
    """Rows as a borrower's inner estimator sees them before its own changes."""
    if getattr(model, "network_", None) is not None:
        raise OutputError("Expected a model of numbers, found one whose rows a network makes.", _ELSE)
    return rows if model.preprocess_ is None else said_by(graph, model.preprocess_, rows)


def _delegated(graph: Graph, model: Any, rows: Value) -> Value:
    """What the inner estimator says of rows that are ready, for all classes."""
    if not hasattr(model, "classes_"):
        return said_by(graph, model.estimator_, rows)
    return class_probabilities(graph, model.estimator_, rows, model.classes_)


def _plain(graph: Graph, model: Any, rows: Value) -> Value:
    return _delegated(graph, model, _prepared(graph, model, rows))


def _augmented(graph: Graph, model: Any, rows: Value) -> Value:
    ready, k = _prepared(graph, model, rows), model.n_domains_
    if k > 1:
        ready = graph.joined([ready, *[ready * 0.0] * (k - 1), ready])
    return _delegated(graph, model, ready)


def _aligned(graph: Graph, model: Any, rows: Value) -> Value:
    mapping = model.mapping_
    if not mapping.identity_ and type(mapping).__name__ not in ("CORAL", "LinearMonge"):
        raise OutputError(
            f"Expected rows of the target that an alignment leaves as they are, found {type(mapping).__name__}.", _ELSE
        )
    return _plain(graph, model, rows)


def _with_answers(graph: Graph, model: Any, rows: Value) -> Value:
    """As `headstart.features.pred.PREDClassifier`: the columns, and what the sources' models say."""
    ready = _prepared(graph, model, rows)
    said = [said_by(graph, source, ready) for source in model.source_estimators_]
    pairs = zip(said, model.source_estimators_, strict=True)
    said = [one.part(1, 2) if len(getattr(source, "classes_", ())) == 2 else one for one, source in pairs]
    return _delegated(graph, model, graph.joined([ready, *said]))


def _shrunk_classes(graph: Graph, model: Any, rows: Value) -> Value:
    return _logistic(graph, model, _prepared(graph, model, rows))


def _shrunk_numbers(graph: Graph, model: Any, rows: Value) -> Value:
    return _prepared(graph, model, rows) @ np.reshape(model.coef_, (-1, 1)) + float(model.intercept_)


def _refined(graph: Graph, model: Any, rows: Value) -> Value:
    ready = _prepared(graph, model, rows)
    if model.estimator_ is not None:
        return _delegated(graph, model, ready)
    return sum_of_trees(graph, single(ready), of_packed(model)) / float(len(model.roots_))


def _votes(graph: Graph, model: Any, rows: Value) -> Value:
    """As `headstart.instances.boosting.voting.VotingBooster`: votes of classifiers on codes."""
    ready, k = _prepared(graph, model, rows), len(model.classes_)
    if model._baseline is not None:
        return said_by(graph, model._baseline, ready)
    turned = getattr(model, "turned_", np.zeros(len(model.estimators_), dtype=bool))
    soft, votes = bool(getattr(model, "confidence", False)), []
    for estimator, turn in zip(model.estimators_, turned, strict=True):
        beliefs = class_probabilities(graph, estimator, ready, np.arange(k))
        if not soft:
            first = beliefs.to("ArgMax", axis=1, keepdims=0, dtype=np.int64)
            beliefs = graph.constant(np.eye(k)).to("Gather", first)
        votes.append(beliefs.columns(np.arange(k)[::-1]) if turn else beliefs)
    return mean_of(graph, votes, model.estimator_weights_)


def _median(graph: Graph, model: Any, rows: Value) -> Value:
    """As `headstart.math.ensembles.tradaboost_r2.weighted_median`: where half of the votes are reached."""
    ready = _prepared(graph, model, rows)
    if model._baseline is not None:
        return said_by(graph, model._baseline, ready)
    said = graph.joined([said_by(graph, estimator, ready) for estimator in model.estimators_])
    ordered, places = said.ascending(len(model.estimators_), axis=1)
    votes = graph.constant(model.estimator_weights_, np.float64).to("Gather", places)
    reached = votes.to("CumSum", graph.constant(1, np.int64))
    half = reached.part(-1, np.iinfo(np.int64).max) * (0.5 * (1.0 - 1e-12))
    first = reached.to("GreaterOrEqual", half, dtype=bool).cast(np.int32).to("ArgMax", axis=1, dtype=np.int64)
    return ordered.to("GatherElements", first, axis=1)


def _named(writer: Writer, *names: str, ends: tuple[str, ...] = ("",)) -> dict[str, Writer]:
    return {f"{name}{end}": writer for name in names for end in ends}


_BOTH = ("Classifier", "Regressor")
_FORESTS = ("DecisionTree", "ExtraTree", "ExtraTrees", "RandomForest")
#: By the name of the class.
WRITERS: dict[str, Writer] = {
    **_named(_logistic, "LogisticRegression", "LogisticRegressionCV"),
    **_named(_linear, "Ridge", "RidgeCV", "LinearRegression"),
    **_named(_mean_probability, *_FORESTS, ends=("Classifier",)),
    **_named(_mean_number, *_FORESTS, ends=("Regressor",)),
    **_named(_boosted_classes, "HistGradientBoostingClassifier"),
    **_named(_boosted_numbers, "HistGradientBoostingRegressor"),
    **_named(_dummy_classes, "DummyClassifier"),
    **_named(_dummy_numbers, "DummyRegressor"),
    **_named(_scaled, "StandardScaler"),
    **_named(_pipeline, "Pipeline"),
    **_named(_mixed_classes, "MixedClassifier"),
    **_named(_mixed_numbers, "MixedRegressor"),
    **_named(_blended_classes, "BlendedClassifier"),
    **_named(_blended_numbers, "BlendedRegressor"),
    **_named(_plain, "Pooled", "WorthyPooled", "ImportanceWeighted", ends=_BOTH),
    **_named(_augmented, "FeatureAugmentation", ends=_BOTH),
    **_named(_aligned, "Aligned", ends=_BOTH),
    **_named(_with_answers, "PRED", ends=_BOTH),
    **_named(_shrunk_classes, "RegularTransferClassifier"),
    **_named(_shrunk_numbers, "RegularTransferRegressor"),
    **_named(_refined, "TransferForest", ends=_BOTH),
    **_named(_votes, "TrAdaBoostClassifier", "MultiSourceTrAdaBoostClassifier", "TaskTrAdaBoostClassifier"),
    **_named(_median, "TrAdaBoostRegressor", "TwoStageTrAdaBoostRegressor"),
}

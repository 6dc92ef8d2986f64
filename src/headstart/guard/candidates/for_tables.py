"""The ways to learn a table that are compared: from the target alone, and with rows of other tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from headstart.contract.catalogue import CATALOGUE, method
from headstart.features.aligned import AlignedClassifier, AlignedRegressor
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.pooling import PooledClassifier, PooledRegressor
from headstart.guard.candidates.worth import WorthyPooledClassifier, WorthyPooledRegressor
from headstart.parameters.heads.targets import some_rows
from headstart.semisupervised.base import UnlabelledLearner
from headstart.semisupervised.discriminant import SemiSupervisedDiscriminantClassifier
from headstart.semisupervised.propagation import LabelPropagationClassifier
from headstart.source import Source

_ENOUGH_FOR_BOOSTING = 200
_MANY_ROWS = 2000
#: Of few rows, trees of few leaves: for numbers more of them, for classes, which they would make too sure, no more than
#: scikit-learn's; and the rows up to which they are.
_SMALL_TREES = {
    True: {"max_leaf_nodes": 6, "min_samples_leaf": 5, "max_iter": 400},
    False: {"max_leaf_nodes": 12, "min_samples_leaf": 5},
}
_FEW_ROWS = {True: 10_000, False: _MANY_ROWS}
#: Trees of a transfer forest, and rows of each, where there are many.
_TREES, _TREE_ROWS = 50, 2000
#: Trees of an ensemble on few rows of the target alone.
_OWN_TREES = 60
_MOST_COLUMNS = 300
#: Rows without labels at most, and what stands beside their columns, see `UnlabelledLearner`.
_MOST_UNLABELLED, _CONSTANT = 10_000, 1.5
Family = tuple[str, str, dict[str, Any], str]
_CHEAP: tuple[Family, ...] = (
    ("feature augmentation", "FeatureAugmentation", {}, "shared and own copies of the columns"),
    ("PRED", "PRED", {}, "what a model of the source says, as one more column"),
    ("importance weighted", "ImportanceWeighted", {}, "source rows weigh as they are like the target"),
)
_COSTLY: tuple[Family, ...] = (
    ("regular transfer", "RegularTransfer", {}, "the source's linear model, pulled towards the target"),
    ("TrAdaBoost", "TrAdaBoost", {"n_estimators": 10}, "boosting that weeds out source rows"),
    ("transfer forest", "TransferForest", {}, "trees of the source, changed by the target's rows"),
)


def table_candidates(material: Material, *, random_state: int = 0) -> list[Candidate]:
    """Candidates for rows of numbers with labelled rows of other tables to borrow from.

    Without transfer: a linear model and trees on the target alone. With transfer: the source alone, pooled with the
    target, pooled so that both weigh the same, each side standardised by itself, of several sources those alone that
    help; trees on both sets, up to 2,000 rows randomised ones and boosted ones; and the methods of the catalogue that
    help most often: augmented features, aligned rows, importance weights, boosting, biased regularisation, transferred
    trees.

    Parameters
    ----------
    material : Material
        Rows of numbers; without ``sources`` the candidates without transfer are all, and what learns from rows without
        labels.
    random_state : int, default=0
        Seed.

    Returns
    -------
    list of Candidate
        The cheapest first.
    """
    task, sources, n = material.task, material.sources, len(material)
    found = [*alone(task, n, random_state), *by_unlabelled(material, random_state)]
    if not sources:
        return found
    borrowed: dict[str, Any] = {"source": list(sources), "unlabelled": material.unlabelled}
    numbers = task == "regression"
    pooled = PooledRegressor if numbers else PooledClassifier
    by_domain: dict[str, Any] = {"preprocess": StandardScaler(), "preprocess_scope": "per-domain"}
    n_both = n + sum(map(_length, sources))
    trees = _trees(numbers, n_both if n_both >= _MANY_ROWS else 0, random_state)
    ways = {
        "source alone": (pooled(target_share=0.0, **borrowed), "the source's rows alone"),
        "pooled": (pooled(**borrowed), "rows of source and target as one set"),
        "balanced pool": (pooled(target_share=0.5, **borrowed), "both sets, with the same weight in total"),
        "standardised pool": (
            pooled(target_share=0.5, **borrowed, **by_domain),
            "both sets, each brought to mean 0 and variance 1 by itself",
        ),
    }
    if len(sources) > 1:
        worthy = WorthyPooledRegressor if numbers else WorthyPooledClassifier
        words = "the target and those sources that each help it, with the same weight in total"
        ways["worthy sources"] = (worthy(target_share=0.5, **borrowed), words)
    found += [Candidate(name, estimator, True, words) for name, (estimator, words) in ways.items()]
    found += _families(task, borrowed, _CHEAP, random_state)
    if material.rows.shape[1] <= _MOST_COLUMNS:
        found += _aligned(task, borrowed)
    words = "trees on both sets, with the same weight in total"
    many = n_both >= _MANY_ROWS
    found.append(Candidate("pooled trees", pooled(trees, 0.5, **borrowed), True, words, leads=many))
    if _ENOUGH_FOR_BOOSTING <= n_both < _MANY_ROWS:  # with more the pooled trees are boosted ones
        words = "gradient boosting on rows of source and target as one set"
        boosting = pooled(_trees(numbers, n_both, random_state), **borrowed)
        found.append(Candidate("pooled boosting", boosting, True, words, leads=True))
    forest = _forest(numbers, n_both - n, random_state)
    return found + _families(task, borrowed, _COSTLY, random_state, TransferForest=forest)


def alone(task: str, n: int, random_state: int) -> list[Candidate]:
    """Candidates that learn from the target alone.

    Parameters
    ----------
    task : {"classification", "regression"}
    n : int
        Labelled rows.
    random_state : int
    """
    numbers = task == "regression"
    linear: list[tuple[str, Any, str]]
    if numbers:
        tuned = RidgeCV([10.0**k for k in range(-3, 4)])
        linear = [
            ("target alone", Ridge(), "ridge regression"),
            ("target alone, tuned", tuned, "ridge regression with a penalty by leave-one-out"),
            ("mean", DummyRegressor(), "the mean"),
        ]
    else:
        loose = LogisticRegression(C=10.0, max_iter=1000)
        linear = [
            ("target alone", LogisticRegression(max_iter=1000), "logistic regression"),
            ("target alone, loose", loose, "logistic regression with a tenth of the penalty"),
        ]
    trees = _trees(numbers, n, random_state)
    boosted = n >= _ENOUGH_FOR_BOOSTING
    words = "histogram gradient boosting" if boosted else "extremely randomised trees"
    found = [Candidate(name, model, False, f"{said} on the target's rows alone") for name, model, said in linear]
    return [*found, Candidate("trees alone", trees, False, f"{words} on the target's rows alone", leads=boosted)]


def by_unlabelled(material: Material, random_state: int) -> list[Candidate]:
    """Candidates that learn from rows without labels beside the target's; of numbers and of several labels none.

    Of over 10,000 such rows so many are drawn.
    """
    more = material.unlabelled
    if more is None or material.task != "classification":
        return []
    drawn = some_rows(len(more), _MOST_UNLABELLED, random_state)
    more = more if drawn is None else more[drawn]
    ways: dict[str, tuple[type[UnlabelledLearner], str]] = {
        "target, unlabelled": (SemiSupervisedDiscriminantClassifier, "logistic regression and a discriminant"),
        "propagation": (
            LabelPropagationClassifier,
            "logistic regression on labels that spread along nearest neighbours",
        ),
    }
    return [
        Candidate(
            name,
            kind(LogisticRegression(max_iter=1000), constant=_CONSTANT, unlabelled=more, preprocess=StandardScaler()),
            True,
            f"{words}, of {len(more):,} rows without labels too",
            wary=True,
        )
        for name, (kind, words) in ways.items()
    ]


def _forest(numbers: bool, n: int, random_state: int) -> Any:
    """What a transfer forest begins with: with many rows fewer trees, each of at most 2,000 rows; None is its own."""
    if n < _MANY_ROWS:
        return None
    kind = RandomForestRegressor if numbers else RandomForestClassifier
    return kind(_TREES, max_samples=_TREE_ROWS if n > _TREE_ROWS else None, random_state=random_state)


def _trees(numbers: bool, n: int, random_state: int) -> Any:
    """Histogram gradient boosting where there are rows enough for its bins, else randomised trees."""
    if n < _ENOUGH_FOR_BOOSTING:
        return randomised_trees("regression" if numbers else "classification", random_state)
    boosting = HistGradientBoostingRegressor if numbers else HistGradientBoostingClassifier
    return boosting(random_state=random_state, **(_SMALL_TREES[numbers] if n < _FEW_ROWS[numbers] else {}))


def _families(
    task: str, borrowed: dict[str, Any], wanted: Sequence[Family], random_state: int, **estimators: Any
) -> list[Candidate]:
    """Methods of the catalogue; ``estimators`` by the start of their names, where they are not to take their own."""
    end = "Regressor" if task == "regression" else "Classifier"
    found = []
    for name, start, settings, words in wanted:
        public = start + end
        if public not in CATALOGUE:
            continue
        kind = method(public)
        names = kind().get_params(deep=False)
        given = {key: value for key, value in {**settings, **borrowed}.items() if key in names}
        if "random_state" in names:
            given["random_state"] = random_state
        if start in estimators:
            given["estimator"] = estimators[start]
        found.append(Candidate(name, kind(**given), True, words))
    return found


def _aligned(task: str, borrowed: dict[str, Any]) -> list[Candidate]:
    """Mappings with the default estimator behind them."""
    aligned = AlignedRegressor if task == "regression" else AlignedClassifier
    known = {
        "CORAL": "source rows brought to the target's mean and covariance",
        "LinearMonge": "source rows moved onto the target's by the shortest linear way",
    }
    return [
        Candidate(f"{name} aligned", aligned(method(name)(), **borrowed), True, words)
        for name, words in known.items()
        if name in CATALOGUE
    ]


def standard_for_tables(task: str, *, random_state: int = 0) -> list[Candidate]:
    """Candidates for rows of numbers, where nothing can be borrowed from a network: a linear model and trees.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression"}
    random_state : int, default=0
        Seed.
    """
    if task == "regression":
        linear = make_pipeline(StandardScaler(), RidgeCV([10.0**k for k in range(-3, 4)]))
        words = "ridge regression"
    else:
        from headstart.parameters.transfer import TransferClassifier

        linear = TransferClassifier(None, head="linear", random_state=random_state)
        words = "logistic regression"
    return [
        Candidate("linear", linear, False, f"{words} on the numbers as given"),
        Candidate("trees", randomised_trees(task, random_state), False, "extremely randomised trees"),
    ]


def randomised_trees(task: str, random_state: int) -> Any:
    """Extremely randomised trees for numbers or for classes, unfitted."""
    kind = ExtraTreesRegressor if task == "regression" else ExtraTreesClassifier
    return kind(_OWN_TREES, random_state=random_state)


def _length(source: Source) -> int:
    return len(source.y)

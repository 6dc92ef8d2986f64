"""Transfer forests: a source's random forest, each tree refined on the target."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.utils.validation import check_is_fitted

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_option
from headstart.contract.remembered import fit_on_source
from headstart.math.ensembles.tree_growth import grow_trees
from headstart.math.ensembles.tree_transfer import UNREACHED, expand_and_reduce_all, transfer_structure_all
from headstart.math.ensembles.trees import BLOCK, PackedTrees, Tree, joined, pack, predict_trees
from headstart.parameters.tables.forest_source import check_forest, read_tree
from headstart.parameters.tables.model_source import ModelLearner, is_model, unfrozen

ALGORITHMS = ("mix", "ser", "strut")


@estimator_class
class TransferForest(ModelLearner):
    """What both have: the source's forest, its trees refined, all of them walked together.

    Parameters
    ----------
    algorithm : {"mix", "ser", "strut"}, default="mix"
    bootstrap : bool, default=False
        Whether each tree is refined on target rows drawn with replacement.
    unreached : {"keep", "prune"}, default="keep"
        What SER does with parts of a tree that no target row reaches: keep the source's answer, and cut nothing above
        them, or answer as the source does one node above, as the authors' program does.
    source : Source, list of Source, fitted forest or None
        Labelled rows, several are taken together; or a fitted forest (in a grid: in a
        ``FrozenEstimator``). None: the forest of the target alone.
    random_state : int or None, default=None
        Seed of the forest where it has none, of the drawing of rows and of the grown trees.

    Attributes
    ----------
    estimator_ : forest or None
        The forest of the target alone, where there is no source.
    feature_, threshold_, children_left_, children_right_, values_, roots_
        The refined trees, one behind another.
    """

    estimator: Any = None
    _: KW_ONLY
    algorithm: str = "mix"
    bootstrap: bool = False
    unreached: str = "keep"
    random_state: int | None = None

    def _unfitted(self) -> Any:
        """The forest as given, or the default, with this estimator's seed where it has none."""
        own = clone(super()._unfitted())
        if "random_state" in own.get_params() and own.get_params()["random_state"] is None:
            own.set_params(random_state=self.random_state)
        return own

    def _takes_sparse(self) -> bool:
        return False

    def _takes_missing(self) -> bool:
        return False

    def _learn_alone(self, domains: Domains) -> None:
        if is_model(self.source):
            self._learn(domains)
        else:
            super()._learn_alone(domains)

    def _check(self) -> None:
        check_option("algorithm", self.algorithm, ALGORITHMS)
        check_option("bootstrap", self.bootstrap, (False, True))
        check_option("unreached", self.unreached, UNREACHED)
        if self.estimator is not None:
            check_forest(self.estimator)

    def _source_forest(self, domains: Domains) -> Any:
        """The source's forest, fitted: as given, or on the source's rows (codes for classes)."""
        if is_model(self.source):
            return unfrozen(self.source, "estimators_", "forest", check_forest)
        source = domains.source
        assert source.y is not None
        return fit_on_source(self._unfitted(), source.X, source.y, source.sample_weight)

    def _refine(self, forest: Any, trees: list[Tree], X: Any, Y: np.ndarray, weight: Any, numbers: bool) -> None:
        """Refine every tree of the source on the target and keep the result as plain arrays."""
        rng = np.random.default_rng(self.random_state)
        rows = np.asarray(X, dtype=np.float32)
        counts = np.ones(len(rows)) if weight is None else np.asarray(weight, dtype=np.float64)
        columns = int(np.ravel(forest.estimators_)[0].max_features_)

        def grow(group: np.ndarray, row: np.ndarray, held: np.ndarray) -> PackedTrees:
            return grow_trees(group, rows[row], Y[row], held, columns, rng)

        made: list[PackedTrees] = []
        step = max(1, BLOCK // Y.size)
        for start in range(0, len(trees), step):
            packed = pack(trees[start : start + step])
            drawn = self._drawn(counts, len(packed.roots), rng)
            if self.algorithm != "strut":
                made.append(expand_and_reduce_all(packed, rows, Y, drawn, grow, self.unreached))
            if self.algorithm != "ser":
                made.append(transfer_structure_all(packed, rows, Y, drawn, numbers=numbers))
        refined = joined(made)
        self.feature_, self.threshold_ = refined.feature, refined.threshold
        self.children_left_, self.children_right_ = refined.left, refined.right
        self.values_, self.roots_ = refined.value, refined.roots

    def _drawn(self, counts: np.ndarray, n_trees: int, rng: np.random.Generator) -> np.ndarray:
        """Weight of each row in each tree, (T, m); not all are 0."""
        if not self.bootstrap:
            return np.tile(counts, (n_trees, 1))
        m = len(counts)
        drawn = np.stack([counts * np.bincount(rng.integers(m, size=m), minlength=m) for _ in range(n_trees)])
        return np.where((drawn > 0).any(axis=1, keepdims=True), drawn, counts)

    def _answers(self, X: Any) -> np.ndarray:
        """Mean of the trees' answers, (n, K) or (n, 1)."""
        check_is_fitted(self)
        trees = PackedTrees(
            self.feature_, self.threshold_, self.children_left_, self.children_right_, self.values_, self.roots_
        )
        return predict_trees(trees, self._rows(X))


@estimator_class
class TransferForestClassifier(ClassifierMixin, TransferForest):
    """A random forest of the source whose trees are refined on the target.

    *SER* grows each leaf further on the target rows that reach it and cuts back what they do not need: it adapts where
    the target needs more detail, or less. *STRUT* keeps which columns a tree asks about and finds the thresholds anew:
    it adapts where columns are shifted or scaled. *MIX* takes both forests together, and is the safest of the three.

    Use it for tables whose source follows the same logic as the target at other places. With a source of another logic
    the trees still start from its structure; compare with ``source=None``.

    Parameters
    ----------
    estimator : forest, optional
        A `RandomForestClassifier` or `ExtraTreesClassifier`, fitted on the source's rows (or on the target's, without a
        source). Default: ``RandomForestClassifier()``.

    Notes
    -----
    Segev, Harel, Mannor, Crammer and El-Yaniv (2017), Learn on source, refine on target: a model transfer learning
    framework with random forests, IEEE TPAMI 39:1811. We keep unreached parts of the source by default. Details:
    :mod:`headstart.math.ensembles.tree_transfer`.

    Examples
    --------
    >>> from headstart import Source, TransferForestClassifier
    >>> rng = np.random.default_rng(0)
    >>> Xs, X, X_new = (rng.normal(size=(n, 3)) for n in (500, 30, 300))
    >>> rule = lambda X: (X[:, 0] > 0) ^ (X[:, 1] > 0)
    >>> source = Source(Xs + 2, rule(Xs))                             # the source's columns are shifted
    >>> model = TransferForestClassifier(algorithm="strut", source=source, random_state=0).fit(X, rule(X))
    >>> bool(model.score(X_new, rule(X_new)) > 0.7)
    True
    """

    def _default(self) -> Any:
        return RandomForestClassifier()

    def _learn(self, domains: Domains) -> None:
        target, labels = domains.target, domains.labels(domains.target)
        self.estimator_ = None
        forest = self._source_forest(domains)
        if is_model(self.source):
            self.classes_ = np.union1d(self.classes_, forest.classes_)
            known = np.searchsorted(self.classes_, forest.classes_)
        else:
            known = forest.classes_
        K = len(self.classes_)
        trees = [read_tree(inner.tree_, known, K) for inner in forest.estimators_]
        Y = np.eye(K)[np.searchsorted(self.classes_, labels)]
        self._refine(forest, trees, target.X, Y, target.sample_weight, numbers=False)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Mean of the leaves' class shares, (n, K)."""
        check_is_fitted(self)
        if self.estimator_ is not None:
            return self.estimator_.predict_proba(self._rows(X))
        return self._answers(X)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row, (n,)."""
        check_is_fitted(self)
        if self.estimator_ is not None:
            return self.estimator_.predict(self._rows(X))
        return self.classes_[self._answers(X).argmax(axis=1)]


@estimator_class
class TransferForestRegressor(RegressorMixin, TransferForest):
    """A random forest of the source, for numbers, whose trees are refined on the target.

    As `TransferForestClassifier`, with squared errors for SER, and with variances and squared Hellinger distances for
    STRUT, each domain's numbers in units of its own mean and standard deviation. The paper knows classes only.

    Parameters
    ----------
    estimator : forest, optional
        A `RandomForestRegressor` or `ExtraTreesRegressor` with ``criterion="squared_error"``, fitted on the source's
        rows (or on the target's, without a source). Default: ``RandomForestRegressor()``.

    Notes
    -----
    After Segev et al. (2017), Learn on source, refine on target, IEEE TPAMI 39:1811.

    Examples
    --------
    >>> from headstart import Source, TransferForestRegressor
    >>> rng = np.random.default_rng(0)
    >>> Xs, X, X_new = (rng.normal(size=(n, 3)) for n in (500, 30, 300))
    >>> model = TransferForestRegressor(source=Source(Xs, np.sin(Xs[:, 0])), random_state=0).fit(X, np.sin(X[:, 0]))
    >>> bool(model.score(X_new, np.sin(X_new[:, 0])) > 0.8)
    True
    """

    def _default(self) -> Any:
        return RandomForestRegressor()

    def _learn(self, domains: Domains) -> None:
        target = domains.target
        assert target.y is not None
        self.estimator_ = None
        forest = self._source_forest(domains)
        trees = [read_tree(inner.tree_, None, 1) for inner in forest.estimators_]
        self._refine(forest, trees, target.X, target.y[:, None], target.sample_weight, numbers=True)

    def predict(self, X: Any) -> np.ndarray:
        """Mean of the trees' answers, (n,)."""
        check_is_fitted(self)
        if self.estimator_ is not None:
            return self.estimator_.predict(self._rows(X))
        return self._answers(X)[:, 0]

"""Manifold embedded distribution alignment, a classifier."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import Learner
from headstart.contract.options import check_number
from headstart.contract.weighted_fit import fit_weighted
from headstart.features.mappings.bda import check_balance
from headstart.features.mappings.component_options import generator, landmark_count
from headstart.features.mappings.subspace_mapping import principal_subspaces, project_centred
from headstart.math.alignment.geodesic import geodesic_flow
from headstart.math.alignment.kernels import unit_rows
from headstart.math.alignment.meda import ManifoldClassifier, ManifoldTerms, fit_meda


def _scores(meda: Any) -> bool:
    return meda.source is not None or hasattr(meda.estimator, "decision_function")


@estimator_class
class ManifoldEmbeddedAlignment(ClassifierMixin, Learner):
    r"""MEDA: one kernel classifier that fits the source, agrees between sides and classes, and is smooth on a graph.

    .. math:: \min_f \sum_{i\in\text{labelled}} \|y_i-f(z_i)\|^2 + \eta\|f\|_K^2
        + \lambda\,\mathrm{MMD}_\mu(f) + \rho\,\mathrm{tr}(f^\top Lf)

    on the features of the geodesic flow kernel, at unit length. Pseudo-labels of the target and mu are made anew each
    round. Without target labels; those that are given are fitted like the source's. The strongest of the classical
    methods in published tables; standardise both sides (`preprocess=StandardScaler(), preprocess_scope="per-domain"`).

    Parameters
    ----------
    n_components : int, optional
        Size of the subspaces. None: 20, or fewer where rows and columns allow no more.
    ridge : float, default=0.1
        Eta, > 0.
    alignment : float, default=10.0
        Lambda, 0 or more.
    smoothness : float, default=1.0
        Rho, 0 or more.
    neighbours : int, default=10
        Of the cosine graph.
    balance : float or "auto", default="auto"
        Mu in 0..1; 0 is the sides alone, 1 the classes alone. "auto": from proxy distances.
    rounds : int, default=10
        At most so many, at least 1; they end when no pseudo-label changes.
    estimator : classifier, default=None
        Makes the first pseudo-labels; None is one nearest neighbour. Without a source it is what is fitted.
    landmarks : int, "auto" or None, default="auto"
        Nystroem features of so many rows; None: the exact kernel; "auto": exact up to 2,000 rows, then 800 landmarks.
    source : Source, list of Source or None, default=None
        Labelled rows to borrow; weights are not used. None: the estimator, fitted on the target alone.
    random_state : int, RandomState or None, default=None
        Draws the landmarks; None is 0.

    Attributes
    ----------
    classifier_ : ManifoldClassifier or None
        Scores of rows of manifold features; None without a source.
    estimator_ : classifier
        Fitted: the first labels', or without a source the whole answer.
    pseudo_labels_ : ndarray of shape (n_target,)
        Labels of the target's rows, then the unlabelled ones; given labels are kept.
    balance_ : float
        Mu of the last round.
    history_ : list of dict
        One record a round: "changed", the share of labels that changed, and "balance".
    root_ : ndarray of shape (d, q)
        Root of the geodesic flow kernel.
    target_mean_ : ndarray of shape (d,)

    Raises
    ------
    ParameterError
        If an option is outside its range, or more components are asked for than there can be.
    DataError
        If there are neither labels nor a source.

    References
    ----------
    Wang, Feng, Chen, Yu, Huang and Yu (2018), "Visual domain adaptation with manifold embedded distribution alignment",
    Algorithm 1. Where we differ: proxy distances use leave-one-out errors; the mean of each side is subtracted before
    the geodesic flow; rounds end early; the kernel's width is the authors' on rows of unit length.

    Examples
    --------
    >>> from headstart import ManifoldEmbeddedAlignment, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["no", "yes"], 60)
    >>> books = rng.normal(0, 1, (120, 4)) + 5.0 * np.eye(4)[(y == "yes").astype(int)]
    >>> meda = ManifoldEmbeddedAlignment(2, source=Source(books, y, name="books")).fit(books + [3, 0, 0, 3])
    >>> bool(meda.score(books + [3, 0, 0, 3], y) > 0.95)
    True
    """

    n_components: int | None = None
    ridge: float = 0.1
    alignment: float = 10.0
    smoothness: float = 1.0
    neighbours: int = 10
    balance: float | str = "auto"
    rounds: int = 10
    estimator: Any = None
    landmarks: int | str | None = "auto"
    _: KW_ONLY
    random_state: Any = None

    def _default(self) -> Any:
        return KNeighborsClassifier(1)

    def _check(self) -> None:
        check_number("ridge", self.ridge, 0, open_low=True)
        check_number("alignment", self.alignment, 0)
        check_number("smoothness", self.smoothness, 0)
        check_number("neighbours", self.neighbours, 1, whole=True)
        check_number("rounds", self.rounds, 1, whole=True)
        check_balance(self.balance)

    def _learn_alone(self, domains: Domains) -> None:
        self.classifier_: ManifoldClassifier | None = None
        super()._learn_alone(domains)

    def _learn(self, domains: Domains) -> None:
        (mean, mine), (self.target_mean_, theirs) = principal_subspaces(domains, self.n_components)
        self.root_ = geodesic_flow(mine, theirs)
        source, target, known = domains.source, domains.target_rows, domains.known
        Zs, Zt = unit_rows(project_centred(source.X, mean, self.root_)), self._manifold(target)
        labelled = np.flatnonzero(known >= 0)
        codes = np.asarray(source.y)
        inner = self._unfitted()
        self.estimator_ = fit_weighted(inner, np.vstack([Zs, Zt[labelled]]), np.r_[codes, known[labelled]])
        found = fit_meda(
            Zs,
            codes,
            Zt,
            np.asarray(self.estimator_.predict(Zt)),
            ManifoldTerms(float(self.ridge), float(self.alignment), float(self.smoothness), int(self.neighbours)),
            known=known,
            balance=self.balance,
            rounds=int(self.rounds),
            landmarks=landmark_count(self.landmarks, len(source) + len(target)),
            rng=generator(self.random_state),
        )
        self.classifier_, self.history_ = found, found.history
        self.balance_ = found.history[-1]["balance"]
        self.pseudo_labels_ = self.classes_[found.pseudo_labels]

    def _manifold(self, X: np.ndarray) -> np.ndarray:
        return unit_rows(project_centred(X, self.target_mean_, self.root_))

    def predict(self, X: Any) -> np.ndarray:
        """Predict rows of the target, (n, d); labels of shape (n,)."""
        check_is_fitted(self)
        rows = self._rows(X)
        if self.classifier_ is None:
            return self.estimator_.predict(rows)
        return self.classes_[self.classifier_(self._manifold(rows)).argmax(axis=1)]

    @available_if(_scores)
    def decision_function(self, X: Any) -> np.ndarray:
        """Scores of rows of the target, (n,) for two classes, else (n, K); of the estimator without a source."""
        check_is_fitted(self)
        rows = self._rows(X)
        if self.classifier_ is None:
            return self.estimator_.decision_function(rows)
        scores = self.classifier_(self._manifold(rows))
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

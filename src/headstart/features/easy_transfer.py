"""EasyTL: nearest class centre, with no class left empty, after an alignment; nothing to tune."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.neighbors import NearestCentroid
from sklearn.utils.validation import check_is_fitted

from headstart.contract.domains import Domains, together
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import Learner
from headstart.contract.options import check_option
from headstart.math.alignment.coral import coral
from headstart.math.alignment.intra_domain import class_centres, intra_domain_programming
from headstart.math.transport.squared_distances import squared_distances


@estimator_class
class EasyTransfer(ClassifierMixin, Learner):
    r"""Classify each target row by the nearest class centre of the aligned source, leaving no class empty (EasyTL).

    .. math:: \min_M \sum_{jc} D_{jc} M_{jc} \quad\text{s.t.}\quad \sum_c M_{jc} = 1,\; \sum_j M_{jc} \ge 1,
        \qquad D_{jc} = \|x'_j - h_c\|

    Solved exactly as an assignment problem. New rows follow the programme's dual prices, which are zero for each class
    that some fitted row is nearest to: answers never depend on what else is asked. A baseline without parameters that
    heavier methods should beat first.

    Parameters
    ----------
    align : {"coral", None}, default="coral"
        How the two sides are brought together first: `CORAL` without means, as in the paper, or not at all.
    distance : {"euclidean", "sqeuclidean", "cosine"}, default="euclidean"
        Between rows and class centres.
    source : Source, list of Source or None, default=None
        Labelled rows to borrow. None: scikit-learn's `NearestCentroid()` on the target alone.
    preprocess : transformer, optional
        For both sides; the paper standardises each side (``StandardScaler()`` with ``preprocess_scope="per-domain"``).

    Attributes
    ----------
    centres_ : ndarray of shape (K, d)
        Of aligned source rows and labelled target rows together; NaN for a class without rows.
    prices_ : ndarray of shape (K,)
        What a class is allowed so that it is not empty.
    labels_ : ndarray of shape (n_target,)
        Of the target's rows, then the unlabelled ones; rows with a label keep it.

    References
    ----------
    Wang, Chen, Yu, Huang and Yang (2019), "Easy transfer learning by exploiting intra-domain structures", ICME,
    Equations 2 to 5. Where we differ: an assignment problem in place of a solver for linear programmes; a rule for new
    rows; labelled target rows count in the centres.

    Examples
    --------
    >>> from headstart import EasyTransfer, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["no", "yes"], 50)
    >>> books = rng.normal(0, 1, (100, 2)) + 4.0 * (y == "yes")[:, None]
    >>> model = EasyTransfer(source=Source(books, y, name="books")).fit(books[::-1] + 0.5)
    >>> bool(model.score(books + 0.5, y) > 0.95)
    True
    """

    align: str | None = "coral"
    distance: str = "euclidean"

    def _unfitted(self) -> Any:
        return NearestCentroid()

    def _check(self) -> None:
        check_option("align", self.align, ("coral", None))
        check_option("distance", self.distance, ("euclidean", "sqeuclidean", "cosine"))

    def _learn(self, domains: Domains) -> None:
        self.estimator_ = None
        assert domains.classes is not None
        source, known = domains.source, domains.target.y
        rows = source.X
        if self.align == "coral":
            rows = coral(rows, domains.target_rows, align_means=False)(rows)
        whole = together([replace(source, X=rows), *domains.sides[1:]])
        assert whole.y is not None
        self.centres_ = class_centres(whole.X, whole.y, len(domains.classes), whole.weights)
        distance = self._distance(domains.target_rows)
        if known is not None:
            own = distance[np.arange(len(known)), known]
            distance[: len(known)] = np.inf
            distance[np.arange(len(known)), known] = own
        found, self.prices_ = intra_domain_programming(distance)
        self.labels_ = domains.classes[found]

    def _distance(self, X: np.ndarray) -> np.ndarray:
        """Distances of rows to the centres, (n, K); infinite where a class has no centre."""
        there = np.isfinite(self.centres_).all(axis=1)
        centres, rows = self.centres_[there], np.asarray(X, dtype=np.float64)
        distance = np.full((len(rows), len(there)), np.inf)
        if self.distance == "cosine":
            lengths = np.linalg.norm(rows, axis=1)[:, None] * np.linalg.norm(centres, axis=1)
            distance[:, there] = 1 - rows @ centres.T / np.maximum(lengths, 1e-300)
        else:
            squares = squared_distances(rows, centres)
            distance[:, there] = squares if self.distance == "sqeuclidean" else np.sqrt(squares)
        return distance

    def _takes_sparse(self) -> bool:
        return False

    def _takes_missing(self) -> bool:
        return False

    def predict(self, X: Any) -> np.ndarray:
        """Predict rows of the target, (n, d); labels of shape (n,)."""
        check_is_fitted(self)
        rows = self._rows(X)
        if self.estimator_ is not None:
            return self.estimator_.predict(rows)
        return self.classes_[(self._distance(rows) - self.prices_ * (1 + 1e-9)).argmin(axis=1)]

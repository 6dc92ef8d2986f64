"""Labels that spread along a graph of nearest neighbours, and a classifier that learns them."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.contract.delegating import DelegatingMixin
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.math.alignment.label_propagation import spread_labels
from headstart.math.linear.soft_labels import brought_to, certainty
from headstart.semisupervised.base import UnlabelledLearner, unit_rows


@estimator_class
class LabelPropagationClassifier(UnlabelledLearner, DelegatingMixin):
    """Labels spread from row to similar row; a classifier then learns from all rows, so that new ones are predicted.

    The graph joins each row to its nearest neighbours by cosine and is sparse: memory is linear in the number of rows.
    A row counts in the classifier as far as its spread label is certain: 1 minus its entropy over log K.

    For features in which rows of a class lie together, as those of texts and of speech. On pictures it loses as often
    as it gains, and where the classes are skewed but the labels are not it loses most; see `docs/unlabelled.md`. As the
    ``estimator`` of `SemiSupervisedDiscriminantClassifier` it is safer than alone.

    Parameters
    ----------
    neighbours : int, default=15
        1 or more.
    reach : float, default=0.9
        How far labels spread, above 0 and below 1.

    Attributes
    ----------
    soft_labels_ : ndarray of shape (m, K) or None
        Of the unlabelled rows, brought to the class shares; zeros for a row that no label reaches, which takes no part.

    References
    ----------
    Zhou et al. (2004), "Learning with local and global consistency", equation 4; Iscen et al. (2019), "Label
    propagation for deep semi-supervised learning", equation 9.

    Examples
    --------
    >>> from headstart import LabelPropagationClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=200)
    >>> X = rng.normal(0, 0.5, (200, 3)) + np.array([[0.0, 3, 0], [0, 0, 3]])[y]
    >>> model = LabelPropagationClassifier(unlabelled=X[20:]).fit(X[:20], y[:20])
    >>> bool(model.score(X, y) > 0.97)
    True
    """

    neighbours: int = 15
    reach: float = 0.9

    def _check(self) -> None:
        check_number("neighbours", self.neighbours, 1, whole=True)
        check_number("reach", self.reach, 0, 1, open_low=True, open_high=True)

    def _start(self) -> None:
        self.soft_labels_: np.ndarray | None = None

    def _learn_more(self, X: np.ndarray, y: np.ndarray, unlabelled: np.ndarray, shares: Any) -> np.ndarray:
        known = np.concatenate([y, np.full(len(unlabelled), -1)])
        rows = unit_rows(np.concatenate([X, unlabelled]), self.constant)
        found = spread_labels(
            rows, known, len(self.classes_), neighbours=int(self.neighbours), reach=float(self.reach)
        )[len(y) :]
        reached = np.flatnonzero(found.sum(axis=1) > 0)
        soft = self.soft_labels_ = np.zeros_like(found)
        if not reached.size:
            return self.class_shares_
        soft[reached] = brought_to(found[reached] / found[reached].sum(axis=1, keepdims=True), shares)
        self._refit(X, y, unlabelled, (reached, soft[reached].argmax(axis=1), certainty(soft[reached])))
        return np.asarray(soft[reached].mean(axis=0))

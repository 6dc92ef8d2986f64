"""What joint and balanced distribution adaptation have in common: components made anew by rounds of pseudo-labels."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.features.mappings.component_mapping import ComponentMapping
from headstart.features.mappings.component_options import generator
from headstart.math.alignment.components import Components
from headstart.math.alignment.jda import Classify, JointAlignment, fit_jda
from headstart.math.alignment.nearest_first import label_nearest_first
from headstart.math.alignment.tca import Projection

LABELLING = ("separate", "nearest-first")


@estimator_class
class JointMapping(ComponentMapping):
    """Base of both; see `JointDistributionAdaptation`.

    Parameters
    ----------
    kernel : {"primal", "linear", "rbf", "laplacian"}, default="primal"
        "linear" penalises the kernel form's coefficients instead of the map's.
    rounds : int, default=10
        At most so many, at least 1; they end when no pseudo-label changes.
    estimator : classifier, default=None
        Makes the pseudo-labels; None is one nearest neighbour.
    labelling : {"separate", "nearest-first"}, default="separate"
        As in `JointDistributionAdaptation`.
    source : Source, list of Source or None, default=None
        Labelled rows to borrow; weights are not used. None: the identity.

    Attributes
    ----------
    pseudo_labels_ : ndarray of shape (n_target,)
        Labels of the target's rows, then the unlabelled ones, that the last projection was made with; given labels
        are kept.
    history_ : list of dict
        One record a round: "changed", the share of labels that changed.
    """

    kernel: str = "primal"
    _: KW_ONLY
    rounds: int = 10
    estimator: Any = None
    labelling: str = "separate"

    def _check(self) -> None:
        check_number("rounds", self.rounds, 1, whole=True)
        check_option("labelling", self.labelling, LABELLING)

    def _find(self, domains: Domains, components: Components) -> Projection:
        return self._joint(domains, components).projection

    def _joint(
        self, domains: Domains, components: Components, *, balance: Any = None, weighted: bool = False
    ) -> JointAlignment:
        found = fit_jda(
            domains.source.X,
            np.asarray(domains.source.y),
            domains.target_rows,
            label_nearest_first if self.labelling == "nearest-first" else self._labeller(),
            components,
            known=domains.known,
            rounds=int(self.rounds),
            balance=balance,
            weighted=weighted,
            unit_length=self.unit_length,
            rng=generator(self.random_state),
        )
        self.history_, self.pseudo_labels_ = found.history, self.classes_[found.pseudo_labels]
        return found

    def _labeller(self) -> Classify:
        """Pseudo-labels of each target row by the estimator, on its own."""

        def separate(X: np.ndarray, y: np.ndarray, target: np.ndarray) -> np.ndarray:
            inner = KNeighborsClassifier(1) if self.estimator is None else clone(self.estimator)
            return np.asarray(inner.fit(X, y).predict(target))

        return separate

"""What joint and balanced distribution adaptation have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier

from headstart.contract.domains import Domains
from headstart.contract.options import check_number, check_option
from headstart.features.mappings.component_options import (
    check_kernel,
    check_rows_differ,
    components_to_find,
    generator,
    landmark_count,
)
from headstart.math.alignment.jda import Classify, JointAlignment, fit_jda
from headstart.math.alignment.nearest_first import label_nearest_first

KERNELS = ("primal", "linear", "rbf", "laplacian")
LABELLING = ("separate", "nearest-first")


def labeller(estimator: Any, labelling: str) -> Classify:
    """How target rows get their pseudo-labels.

    Parameters
    ----------
    estimator : classifier or None
        None: one nearest neighbour.
    labelling : {"separate", "nearest-first"}

    Returns
    -------
    callable
        ``(rows, codes, target rows) -> codes``
    """
    check_option("labelling", labelling, LABELLING)
    if labelling == "nearest-first":
        return label_nearest_first

    def separate(X: np.ndarray, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        inner = KNeighborsClassifier(1) if estimator is None else clone(estimator)
        return np.asarray(inner.fit(X, y).predict(target))

    return separate


def known_codes(domains: Domains) -> np.ndarray:
    """Codes of the target's rows and of the unlabelled ones, -1 where there is no label."""
    known = np.full(domains.target_rows.shape[0], -1, dtype=np.int64)
    if domains.target.y is not None:
        known[: len(domains.target)] = domains.target.y
    return known


def fit_joint(mapping: Any, domains: Domains, *, balance: Any = None, weighted: bool = False) -> JointAlignment:
    """Check the options that `JointDistributionAdaptation` describes, and fit."""
    check_kernel(mapping.kernel, mapping.gamma, KERNELS)
    check_number("penalty", mapping.penalty, 0, open_low=True)
    check_number("rounds", mapping.rounds, 1, whole=True)
    check_option("unit_length", mapping.unit_length, (True, False))
    source, target = domains.source, domains.target_rows
    check_rows_differ(source.X, target)
    n, d = len(source) + len(target), source.X.shape[1]
    most = n - 1 if mapping.kernel in ("rbf", "laplacian") else min(n - 1, d)
    return fit_jda(
        source.X,
        np.asarray(source.y),
        target,
        labeller(mapping.estimator, mapping.labelling),
        known=known_codes(domains),
        n_components=components_to_find(mapping.n_components, most, 30),
        kernel=mapping.kernel,
        gamma=mapping.gamma,
        penalty=float(mapping.penalty),
        rounds=int(mapping.rounds),
        balance=balance,
        weighted=weighted,
        unit_length=mapping.unit_length,
        landmarks=landmark_count(mapping.landmarks, n),
        rng=generator(mapping.random_state),
    )

"""Subspace alignment as a mapping."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.features.mappings.subspace_mapping import SubspaceMapping, project_centred
from headstart.math.alignment.subspace import align_subspaces


@estimator_class
class SubspaceAlignment(SubspaceMapping):
    r"""Turn the source's principal components onto the target's.

    .. math:: Z_S = (X_S-m_S)\,P_SP_S^\top P_T, \qquad Z_T = (X_T-m_T)\,P_T

    with the k leading principal directions P of each side. Fast and without labels. Use it where both sides vary in a
    few directions that are related; with as many components as columns nothing is aligned but the means.

    Attributes
    ----------
    source_directions_, target_directions_ : ndarray of shape (d, n_components_)
        What centred rows of each side are multiplied with.

    References
    ----------
    Fernando, Habrard, Sebban and Tuytelaars (2013), "Unsupervised visual domain adaptation using subspace alignment",
    Algorithm 1. Where we differ: means are subtracted here, so columns need not be standardised before.

    Examples
    --------
    >>> from headstart import Source, SubspaceAlignment
    >>> rng = np.random.default_rng(0)
    >>> books = rng.normal(0, [9, 3, 1], (300, 3))
    >>> mapping = SubspaceAlignment(2, source=Source(books, name="books")).fit(books + 7)
    >>> bool(np.allclose(mapping.transform_source(), mapping.transform(books + 7)))
    True
    """

    def _fit_mapping(self, domains: Domains) -> None:
        mine, theirs = self._subspaces(domains, self.n_components)
        self.source_directions_, self.target_directions_ = align_subspaces(mine, theirs), theirs
        self.n_components_ = theirs.shape[1]

    def _map_target(self, X: Any) -> np.ndarray:
        return project_centred(X, self.target_mean_, self.target_directions_)

    def _map_source(self, X: Any) -> np.ndarray:
        return project_centred(X, self.source_mean_, self.source_directions_)

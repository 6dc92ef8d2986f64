"""Subspace alignment as a mapping."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from headstart.contract.card import MethodCard
from headstart.contract.domains import Domains
from headstart.features.mappings.component_options import components_to_find
from headstart.features.mappings.mapping import Mapping
from headstart.math.alignment.subspace import align_subspaces, principal_subspace


class SubspaceAlignment(Mapping):
    r"""Turn the source's principal components onto the target's.

    .. math:: Z_S = (X_S-m_S)\,P_SP_S^\top P_T, \qquad Z_T = (X_T-m_T)\,P_T

    with the k leading principal directions P of each side. Fast and without labels. Use it where both sides vary in a
    few directions that are related; with as many components as columns nothing is aligned but the means.

    Parameters
    ----------
    n_components : int, optional
        Size of the subspaces. None: 20, or fewer where rows and columns allow no more.
    source : Source, list of Source or None, default=None
        Rows to map; labels are not looked at. None: the identity.
    unlabelled : array-like of shape (m, d), optional
        More rows of the target.
    preprocess : transformer, optional
        For both sides; `StandardScaler()` per domain is what the paper does.
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"

    Attributes
    ----------
    source_directions_, target_directions_ : ndarray of shape (d, n_components_)
        What centred rows of each side are multiplied with.
    source_mean_, target_mean_ : ndarray of shape (d,)
    n_components_ : int
    identity_ : bool
        Whether there was no source.

    Raises
    ------
    ParameterError
        If more components are asked for than there can be.

    References
    ----------
    Fernando, Habrard, Sebban and Tuytelaars (2013), "Unsupervised visual domain adaptation using subspace alignment",
    Algorithm 1. Where we differ: means are subtracted here, so columns need not be standardised before.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import Source, SubspaceAlignment
    >>> rng = np.random.default_rng(0)
    >>> books = rng.normal(0, [9, 3, 1], (300, 3))
    >>> mapping = SubspaceAlignment(2, source=Source(books, name="books")).fit(books + 7)
    >>> bool(np.allclose(mapping.transform_source(), mapping.transform(books + 7)))
    True
    """

    card: ClassVar[MethodCard] = MethodCard(
        transfers="features",
        target_labels="none",
        source_labels="none",
        tasks=("classification", "regression"),
        cost="O(n d^2 + d^3), or O(n d k) with many rows and columns",
        paper="Fernando, Habrard, Sebban and Tuytelaars 2013, Algorithm 1",
        words="Turns the principal components of the source onto those of the target.",
    )

    def __init__(
        self,
        n_components: int | None = None,
        *,
        source: Any = None,
        unlabelled: Any = None,
        preprocess: Any = None,
        preprocess_scope: str = "joint",
    ) -> None:
        self.n_components = n_components
        self.source = source
        self.unlabelled = unlabelled
        self.preprocess = preprocess
        self.preprocess_scope = preprocess_scope

    def _fit_mapping(self, domains: Domains) -> None:
        source, target = domains.source.X, domains.target_rows
        most = max(1, min(len(source) - 1, len(target) - 1, source.shape[1]))
        k = components_to_find(self.n_components, most, 20)
        self.source_mean_, mine = principal_subspace(source, k)
        self.target_mean_, theirs = principal_subspace(target, k)
        self.source_directions_, self.target_directions_ = align_subspaces(mine, theirs), theirs
        self.n_components_ = theirs.shape[1]

    def _map_target(self, X: Any) -> np.ndarray:
        return project_centred(X, self.target_mean_, self.target_directions_)

    def _map_source(self, X: Any) -> np.ndarray:
        return project_centred(X, self.source_mean_, self.source_directions_)


def project_centred(X: np.ndarray, mean: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """``(X - mean) @ directions`` in the precision of X, without a copy of X.

    Examples
    --------
    >>> project_centred(np.array([[1.0, 2.0]]), np.array([1.0, 1.0]), np.array([[1.0], [1.0]])).tolist()
    [[1.0]]
    """
    return X @ directions.astype(X.dtype, copy=False) - (mean @ directions).astype(X.dtype)

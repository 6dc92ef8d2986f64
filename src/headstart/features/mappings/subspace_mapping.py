"""What the mappings on principal subspaces have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.features.mappings.component_options import components_to_find
from headstart.features.mappings.mapping import Mapping
from headstart.math.alignment.subspace import principal_subspace


@estimator_class
class SubspaceMapping(Mapping):
    """Base of the mappings on the principal subspaces of both sides, each about its own mean.

    Parameters
    ----------
    n_components : int, optional
        Size of the subspaces. None: 20, or fewer where rows and columns allow no more.
    preprocess : transformer, optional
        For both sides; `StandardScaler()` per domain is what the paper does.

    Attributes
    ----------
    source_mean_, target_mean_ : ndarray of shape (d,)
        Subtracted from the rows of each side.
    n_components_ : int
        Size of the subspaces.

    Raises
    ------
    ParameterError
        If more components are asked for than there can be.
    """

    n_components: Any = None

    def _subspaces(self, domains: Domains, n_components: Any) -> tuple[np.ndarray, np.ndarray]:
        (self.source_mean_, mine), (self.target_mean_, theirs) = principal_subspaces(domains, n_components)
        return mine, theirs


def principal_subspaces(domains: Domains, n_components: Any) -> tuple[Any, Any]:
    """Mean and principal directions (d, k) of either side, of 20 components where ``n_components`` is None.

    Raises
    ------
    ParameterError
        If more are asked for than rows and columns allow.
    """
    source, target = domains.source.X, domains.target_rows
    k = components_to_find(n_components, most_directions(domains), 20)
    return principal_subspace(source, k), principal_subspace(target, k)


def most_directions(domains: Domains) -> int:
    """Principal directions that both sides can have."""
    source, target = domains.source.X, domains.target_rows
    return max(1, min(len(source) - 1, len(target) - 1, source.shape[1]))


def project_centred(X: np.ndarray, mean: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """``(X - mean) @ directions`` in the precision of X, without a copy of X.

    Examples
    --------
    >>> project_centred(np.array([[1.0, 2.0]]), np.array([1.0, 1.0]), np.array([[1.0], [1.0]])).tolist()
    [[1.0]]
    """
    return X @ directions.astype(X.dtype, copy=False) - (mean @ directions).astype(X.dtype)

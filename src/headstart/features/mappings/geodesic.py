"""The geodesic flow kernel as a mapping."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_option
from headstart.features.mappings.subspace_mapping import SubspaceMapping, most_directions, project_centred
from headstart.math.alignment.geodesic import geodesic_flow
from headstart.math.alignment.subspace import principal_subspace, subspace_disagreement


@estimator_class
class GeodesicFlowKernel(SubspaceMapping):
    r"""Compare rows in all the subspaces on the way from the source to the target at once.

    .. math:: \langle z_i, z_j\rangle = x_i^\top G\,x_j, \qquad G = \int_0^1 \Phi(t)\Phi(t)^\top dt

    with :math:`\Phi(t)` the geodesic between the principal subspaces of both sides. The integral is taken in closed
    form, and its root has at most 2k columns, so no d x d matrix is made. Without labels. Use it with nearest
    neighbours or kernel methods on standardised columns.

    Parameters
    ----------
    n_components : int, "auto" or None, default=None
        Size k of the subspaces. None: 20, or fewer where rows and columns allow no more. "auto": the smallest size at
        which the subspaces' disagreement with the common one reaches 1 (section 3.4 of the paper), at most half of
        what rows and columns allow.

    Attributes
    ----------
    root_ : ndarray of shape (d, q)
        ``root_ @ root_.T`` is G.

    References
    ----------
    Gong, Shi, Sha and Grauman (2012), "Geodesic flow kernel for unsupervised domain adaptation", eq. 5-8. Where we
    differ: the mean of each side is subtracted, so columns need not be standardised before.

    Examples
    --------
    >>> from headstart import GeodesicFlowKernel, Source
    >>> rng = np.random.default_rng(0)
    >>> books, music = rng.normal(0, [9, 1, 1], (300, 3)), rng.normal(0, [1, 9, 1], (200, 3))
    >>> mapping = GeodesicFlowKernel(1, source=Source(books, name="books")).fit(music)
    >>> (mapping.root_ @ mapping.root_.T).round(1)[:2, :2].tolist()
    [[0.5, 0.3], [0.3, 0.5]]
    """

    def _fit_mapping(self, domains: Domains) -> None:
        size = self.n_components
        if isinstance(size, str):
            check_option("n_components", size, ("auto", None))
            size = _agreeing_size(domains.source.X, domains.target_rows, max(1, most_directions(domains) // 2))
        mine, theirs = self._subspaces(domains, size)
        self.root_ = geodesic_flow(mine, theirs)
        self.n_components_ = min(mine.shape[1], theirs.shape[1])

    def _map_target(self, X: Any) -> np.ndarray:
        return project_centred(X, self.target_mean_, self.root_)

    def _map_source(self, X: Any) -> np.ndarray:
        return project_centred(X, self.source_mean_, self.root_)


def _agreeing_size(source: np.ndarray, target: np.ndarray, most: int) -> int:
    """Smallest size at which either side is orthogonal to the common subspace in some direction."""
    _, mine = principal_subspace(source, most)
    _, theirs = principal_subspace(target, most)
    _, both = principal_subspace(np.vstack([source - source.mean(axis=0), target - target.mean(axis=0)]), most)
    full = np.flatnonzero(subspace_disagreement(mine, theirs, both) > 1 - 1e-3)
    return int(full[0]) + 1 if len(full) else most

"""The geodesic flow kernel as a mapping."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from headstart.contract.card import MethodCard
from headstart.contract.domains import Domains
from headstart.contract.options import check_option
from headstart.features.mappings.component_options import components_to_find
from headstart.features.mappings.mapping import Mapping
from headstart.features.mappings.subspace import project_centred
from headstart.math.alignment.geodesic import geodesic_flow
from headstart.math.alignment.subspace import principal_subspace, subspace_disagreement


class GeodesicFlowKernel(Mapping):
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
    source : Source, list of Source or None, default=None
        Rows to map; labels are not looked at. None: the identity.
    unlabelled : array-like of shape (m, d), optional
        More rows of the target.
    preprocess : transformer, optional
        For both sides; `StandardScaler()` per domain is what the paper does.
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"

    Attributes
    ----------
    root_ : ndarray of shape (d, q)
        ``root_ @ root_.T`` is G.
    source_mean_, target_mean_ : ndarray of shape (d,)
        Subtracted from the rows of each side.
    n_components_ : int
        Size of the subspaces.
    identity_ : bool
        Whether there was no source.

    Raises
    ------
    ParameterError
        If more components are asked for than there can be.

    References
    ----------
    Gong, Shi, Sha and Grauman (2012), "Geodesic flow kernel for unsupervised domain adaptation", eq. 5-8. Where we
    differ: the mean of each side is subtracted, so columns need not be standardised before.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import GeodesicFlowKernel, Source
    >>> rng = np.random.default_rng(0)
    >>> books, music = rng.normal(0, [9, 1, 1], (300, 3)), rng.normal(0, [1, 9, 1], (200, 3))
    >>> mapping = GeodesicFlowKernel(1, source=Source(books, name="books")).fit(music)
    >>> (mapping.root_ @ mapping.root_.T).round(1)[:2, :2].tolist()
    [[0.5, 0.3], [0.3, 0.5]]
    """

    card: ClassVar[MethodCard] = MethodCard(
        transfers="features",
        target_labels="none",
        source_labels="none",
        tasks=("classification", "regression"),
        cost="O(n d^2 + d^3), or O(n d k) with many rows and columns",
        paper="Gong, Shi, Sha and Grauman 2012, eq. 5-8",
        words="Compares rows in all the subspaces on the way from the source to the target.",
    )

    def __init__(
        self,
        n_components: int | str | None = None,
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
        if isinstance(self.n_components, str):
            check_option("n_components", self.n_components, ("auto", None))
            k = _agreeing_size(source, target, max(1, most // 2))
        else:
            k = components_to_find(self.n_components, most, 20)
        self.source_mean_, mine = principal_subspace(source, k)
        self.target_mean_, theirs = principal_subspace(target, k)
        k = min(mine.shape[1], theirs.shape[1])
        self.root_, self.n_components_ = geodesic_flow(mine[:, :k], theirs[:, :k]), k

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

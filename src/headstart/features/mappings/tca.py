"""Transfer component analysis as a mapping."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from headstart.contract.card import MethodCard
from headstart.contract.domains import Domains
from headstart.contract.options import check_number, check_option
from headstart.features.mappings.component_options import (
    check_kernel,
    check_rows_differ,
    components_to_find,
    generator,
    landmark_count,
)
from headstart.features.mappings.mapping import Mapping
from headstart.math.alignment.kernels import unit_rows
from headstart.math.alignment.tca import fit_tca

KERNELS = ("linear", "primal", "rbf", "laplacian")


class TransferComponentAnalysis(Mapping):
    r"""Project both sides on components in which they vary much and their means differ little.

    .. math:: \max_W\; \mathrm{tr}(W^\top KHKW) \quad\text{subject to}\quad W^\top(K\hat LK + \lambda I)W = I,
        \qquad Z = KW

    :math:`\hat L` is the matrix of the maximum mean discrepancy, with Frobenius norm 1. It has rank one, so linear
    components are a d x d problem (a million rows of 256 columns take seconds, in blocks), and kernel components with
    landmarks as well. Use it as a first look with a few tens of components. It aligns means alone: it cannot help where
    classes moved against each other, and does harm where the two sides hold them in different shares.

    Parameters
    ----------
    n_components : int, optional
        None: 30, or fewer where rows and columns allow no more.
    kernel : {"linear", "primal", "rbf", "laplacian"}, default="linear"
        "primal" is the linear one with the penalty on the map's coefficients instead of the kernel form's.
    gamma : float, optional
        Inverse squared width of "rbf" and "laplacian". None: one over the mean squared distance between rows.
    penalty : float, default=1.0
        Lambda, > 0. The trade-off mu of other libraries, before an MMD matrix that is not normalised, is
        :math:`\lambda = 1/(\mu(1/n_S+1/n_T))`.
    unit_length : bool, default=False
        Whether rows of components are scaled to unit length, as in most published tables. Not for few components.
    lengths : {"constraint", "coefficients"}, default="constraint"
        Lengths of the components. "constraint": as above, so a component in which the sides still differ is short.
        "coefficients": :math:`\lambda\|w\|^2=1` for each, as in codes that take eigenvectors as a solver returns them;
        the published tables have it so. The directions are the same.
    landmarks : int, "auto" or None, default="auto"
        For "rbf" and "laplacian": Nystroem features of so many rows; None: the exact kernel, n x n numbers; "auto":
        exact up to 6,000 rows (3 seconds), then 800 landmarks.
    source : Source, list of Source or None, default=None
        Rows to borrow; labels are not looked at. None: the identity.
    unlabelled : array-like of shape (m, d), optional
        More rows of the target.
    preprocess : transformer, optional
        For both sides.
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"
    random_state : int, RandomState or None, default=None
        Draws the landmarks; None is 0.

    Attributes
    ----------
    projection_ : Projection
        Features and coefficients; ``projection_.coef`` of shape (d, k) for the linear kernels.
    n_components_ : int
    values_ : ndarray of shape (n_components_,)
        Spread of each component for one unit of the constraint, falling.
    identity_ : bool
        Whether there was no source.

    Raises
    ------
    ParameterError
        If an option is outside its range, or more components are asked for than there can be.
    DataError
        If all rows are the same.

    References
    ----------
    Pan, Tsang, Kwok and Yang (2011), "Domain adaptation via transfer component analysis", eq. 8. Where we differ: the
    MMD matrix is normalised, so that lambda means the same for any number of rows; the eigenproblem is solved in its
    symmetric form.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import Source, TransferComponentAnalysis
    >>> rng = np.random.default_rng(0)
    >>> books, music = rng.normal(0, 1, (300, 3)), rng.normal([5, 0, 0], 1, (200, 3))
    >>> mapping = TransferComponentAnalysis(2, penalty=0.01, source=Source(books, name="books")).fit(music)
    >>> gap = mapping.transform_source().mean(axis=0) - mapping.transform(music).mean(axis=0)
    >>> bool(np.abs(gap).max() < 0.01 * mapping.transform(music).std())
    True
    """

    card: ClassVar[MethodCard] = MethodCard(
        transfers="features",
        target_labels="none",
        source_labels="none",
        tasks=("classification", "regression"),
        cost="O(n d^2 + d^3) linear; O(n m^2) with m landmarks; O(n^2 k) exact kernel",
        paper="Pan, Tsang, Kwok and Yang 2011, eq. 8",
        words="Projects both sides on components in which they vary much and their means differ little.",
    )

    def __init__(
        self,
        n_components: int | None = None,
        kernel: str = "linear",
        gamma: float | None = None,
        penalty: float = 1.0,
        unit_length: bool = False,
        lengths: str = "constraint",
        landmarks: int | str | None = "auto",
        *,
        source: Any = None,
        unlabelled: Any = None,
        preprocess: Any = None,
        preprocess_scope: str = "joint",
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.penalty = penalty
        self.unit_length = unit_length
        self.lengths = lengths
        self.landmarks = landmarks
        self.source = source
        self.unlabelled = unlabelled
        self.preprocess = preprocess
        self.preprocess_scope = preprocess_scope
        self.random_state = random_state

    def _fit_mapping(self, domains: Domains) -> None:
        check_kernel(self.kernel, self.gamma, KERNELS)
        check_number("penalty", self.penalty, 0, open_low=True)
        check_option("unit_length", self.unit_length, (True, False))
        check_option("lengths", self.lengths, ("constraint", "coefficients"))
        source, target = domains.source.X, domains.target_rows
        check_rows_differ(source, target)
        n, d = len(source) + len(target), source.shape[1]
        most = n - 1 if self.kernel in ("rbf", "laplacian") else min(n - 1, d)
        self.projection_ = fit_tca(
            source,
            target,
            n_components=components_to_find(self.n_components, most, 30),
            kernel=self.kernel,
            gamma=self.gamma,
            penalty=float(self.penalty),
            lengths=self.lengths,
            landmarks=landmark_count(self.landmarks, n, exact_rows=6000),
            rng=generator(self.random_state),
        )
        self.values_ = self.projection_.values
        self.n_components_ = len(self.values_)

    def _map_target(self, X: Any) -> np.ndarray:
        Z = self.projection_(X)
        return unit_rows(Z) if self.unit_length else Z

    def _map_source(self, X: Any) -> np.ndarray:
        return self._map_target(X)

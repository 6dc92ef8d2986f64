"""Transfer joint matching as a mapping."""

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
from headstart.math.alignment.tjm import fit_tjm

KERNELS = ("linear", "rbf", "laplacian")


class TransferJointMatching(Mapping):
    r"""Project both sides on components in which their means agree, and leave out source rows that do not fit.

    .. math:: \min_W\; \mathrm{tr}(W^\top K\hat LKW) + \lambda(\|W_S\|_{2,1}+\|W_T\|_F^2)
        \quad\text{subject to}\quad W^\top KHKW = I, \qquad Z=KW

    The first norm makes whole rows of :math:`W_S` zero: those source rows take no part. It is solved by rounds, each an
    r x r eigenproblem, until the objective stays. Use it where part of the source is beside the point.

    Parameters
    ----------
    n_components : int, optional
        None: 30, or fewer where rows and columns allow no more.
    kernel : {"linear", "rbf", "laplacian"}, default="linear"
    gamma : float, optional
        Inverse squared width of "rbf" and "laplacian". None: one over the mean squared distance between rows.
    penalty : float, default=1.0
        Lambda, > 0.
    rounds : int, default=20
        At most so many, at least 1.
    tolerance : float, default=1e-6
        Rounds end when the objective falls by a smaller share; 0 or more.
    unit_length : bool, default=False
        Whether rows of components are scaled to unit length, as in most published tables. Not for few components.
    landmarks : int, "auto" or None, default="auto"
        For "rbf" and "laplacian": Nystroem features of so many rows; None: the exact kernel; "auto": exact up to 2,000
        rows, then 800 landmarks.
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
    relevance_ : ndarray of shape (n_source,)
        Length of each stacked source row's coefficients; next to 0: left out.
    objective_ : list of float
        Value at the start and after each round; it never rises.
    n_iter_ : int
        Rounds after the first solution.
    n_components_ : int
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
    Long, Wang, Ding, Sun and Yu (2014), "Transfer joint matching for unsupervised domain adaptation", Algorithm 1.
    Where we differ: rounds end by the objective; weights are the paper's :math:`1/(2\|w_i\|)`, not the code's
    :math:`1/\|w_i\|`.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import Source, TransferJointMatching
    >>> rng = np.random.default_rng(0)
    >>> books, music = rng.normal(0, 1, (80, 4)), rng.normal(1, 1, (60, 4))
    >>> mapping = TransferJointMatching(2, source=Source(books, name="books")).fit(music)
    >>> mapping.transform(music).shape, bool(mapping.n_iter_ > 2)
    ((60, 2), True)
    """

    card: ClassVar[MethodCard] = MethodCard(
        transfers="features",
        target_labels="none",
        source_labels="none",
        tasks=("classification", "regression"),
        cost="O(n d^2 + d^3) a round; with m landmarks O(n m^2)",
        paper="Long, Wang, Ding, Sun and Yu 2014, Algorithm 1",
        words="Projects both sides on components in which they agree, and leaves out source rows that do not fit.",
    )

    def __init__(
        self,
        n_components: int | None = None,
        kernel: str = "linear",
        gamma: float | None = None,
        penalty: float = 1.0,
        rounds: int = 20,
        tolerance: float = 1e-6,
        unit_length: bool = False,
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
        self.rounds = rounds
        self.tolerance = tolerance
        self.unit_length = unit_length
        self.landmarks = landmarks
        self.source = source
        self.unlabelled = unlabelled
        self.preprocess = preprocess
        self.preprocess_scope = preprocess_scope
        self.random_state = random_state

    def _fit_mapping(self, domains: Domains) -> None:
        check_kernel(self.kernel, self.gamma, KERNELS)
        check_number("penalty", self.penalty, 0, open_low=True)
        check_number("rounds", self.rounds, 1, whole=True)
        check_number("tolerance", self.tolerance, 0)
        check_option("unit_length", self.unit_length, (True, False))
        source, target = domains.source.X, domains.target_rows
        check_rows_differ(source, target)
        n, d = len(source) + len(target), source.shape[1]
        found = fit_tjm(
            source,
            target,
            n_components=components_to_find(self.n_components, min(n - 1, d) if self.kernel == "linear" else n - 1, 30),
            kernel=self.kernel,
            gamma=self.gamma,
            penalty=float(self.penalty),
            rounds=int(self.rounds),
            tolerance=float(self.tolerance),
            landmarks=landmark_count(self.landmarks, n),
            rng=generator(self.random_state),
        )
        self.projection_, self.relevance_, self.objective_ = found.projection, found.relevance, found.objective
        self.n_iter_, self.n_components_ = len(found.objective) - 1, len(found.projection.values)

    def _map_target(self, X: Any) -> np.ndarray:
        Z = self.projection_(X)
        return unit_rows(Z) if self.unit_length else Z

    def _map_source(self, X: Any) -> np.ndarray:
        return self._map_target(X)

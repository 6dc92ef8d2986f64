"""Joint distribution adaptation as a mapping."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from headstart.contract.card import MethodCard
from headstart.contract.domains import Domains
from headstart.features.mappings.joint_fit import fit_joint
from headstart.features.mappings.mapping import Mapping
from headstart.math.alignment.kernels import unit_rows


class JointDistributionAdaptation(Mapping):
    r"""Project both sides on components in which the sides agree, and their classes agree, by rounds of pseudo-labels.

    .. math:: \min_B\; \mathrm{tr}(B^\top X^\top M XB)+\lambda\|B\|^2\quad\text{subject to}\quad B^\top X^\top HXB=I

    M sums the maximum mean discrepancy between the sides and between each class of both. The target's classes are
    pseudo-labels, made anew in the components of the last round. M has rank 1 + C, so no n x n matrix is made. Use it
    where the source's labels, carried over, are right more often than not; wrong ones draw classes onto each other.

    Parameters
    ----------
    n_components : int, optional
        None: 30, or fewer where rows and columns allow no more. The number of classes is often a good size.
    kernel : {"primal", "linear", "rbf", "laplacian"}, default="primal"
        "linear" penalises the kernel form's coefficients instead of the map's.
    gamma : float, optional
        Inverse squared width of "rbf" and "laplacian". None: one over the mean squared distance between rows.
    penalty : float, default=1.0
        Lambda, > 0; meant for rows of about unit length.
    rounds : int, default=10
        At most so many, at least 1; they end when no pseudo-label changes.
    estimator : classifier, default=None
        Makes the pseudo-labels; None is one nearest neighbour.
    labelling : {"separate", "nearest-first"}, default="separate"
        "separate": each target row by the estimator, on its own. "nearest-first": one nearest neighbour, the closest
        row first; a row that has its label counts as labelled for the rest, so labels travel along chains of views.
    unit_length : bool, default=False
        Whether rows of components are scaled to unit length, as in most published tables. Not for few components.
    landmarks : int, "auto" or None, default="auto"
        For "rbf" and "laplacian": Nystroem features of so many rows; None: the exact kernel; "auto": exact up to 2,000
        rows, then 800 landmarks.
    source : Source, list of Source or None, default=None
        Labelled rows to borrow; weights are not used. None: the identity.
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
    pseudo_labels_ : ndarray of shape (n_target,)
        Labels of the target's rows, then the unlabelled ones, that the last projection was made with; given labels
        are kept.
    history_ : list of dict
        One record a round: "changed", the share of labels that changed.
    n_components_ : int
    classes_ : ndarray of shape (K,)
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
    Long, Wang, Ding, Sun and Yu (2013), "Transfer feature learning with joint distribution adaptation", Algorithm 1.
    Where we differ: labels of the target are used where they are given; a class without pseudo-labels has no term;
    components have :math:`B^\top(X^\top MX+\lambda I)B=I`, which changes their lengths alone.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import JointDistributionAdaptation, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(200) % 2
    >>> books = rng.normal(0, 1, (200, 3)) + 6.0 * np.eye(3)[y]
    >>> mapping = JointDistributionAdaptation(2, source=Source(books, y, name="books")).fit(books + [1, 1, 0])
    >>> bool(np.mean(mapping.pseudo_labels_ == y) > 0.99)
    True
    """

    card: ClassVar[MethodCard] = MethodCard(
        transfers="features",
        target_labels="optional",
        source_labels="needed",
        tasks=("classification",),
        cost="O(n d^2 + d^3) and, each round, O(n d C + d^2 k) and the estimator's",
        paper="Long, Wang, Ding, Sun and Yu 2013, Algorithm 1",
        words="Projects both sides on components in which they and their classes agree, by rounds of pseudo-labels.",
    )
    _task: ClassVar[str | None] = "classification"

    def __init__(
        self,
        n_components: int | None = None,
        kernel: str = "primal",
        gamma: float | None = None,
        penalty: float = 1.0,
        rounds: int = 10,
        estimator: Any = None,
        labelling: str = "separate",
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
        self.estimator = estimator
        self.labelling = labelling
        self.unit_length = unit_length
        self.landmarks = landmarks
        self.source = source
        self.unlabelled = unlabelled
        self.preprocess = preprocess
        self.preprocess_scope = preprocess_scope
        self.random_state = random_state

    def _fit_mapping(self, domains: Domains) -> None:
        found = fit_joint(self, domains)
        self.projection_, self.history_ = found.projection, found.history
        self.pseudo_labels_ = self.classes_[found.pseudo_labels]
        self.n_components_ = len(found.projection.values)

    def _map_target(self, X: Any) -> np.ndarray:
        Z = self.projection_(X)
        return unit_rows(Z) if self.unit_length else Z

    def _map_source(self, X: Any) -> np.ndarray:
        return self._map_target(X)

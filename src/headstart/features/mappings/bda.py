"""Balanced distribution adaptation as a mapping."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from headstart.contract.card import MethodCard
from headstart.contract.domains import Domains
from headstart.contract.options import check_number, check_option
from headstart.features.mappings.joint_fit import fit_joint
from headstart.features.mappings.mapping import Mapping
from headstart.math.alignment.kernels import unit_rows


class BalancedDistributionAdaptation(Mapping):
    r"""Joint adaptation with a weight between what differs between the sides and what differs within classes.

    .. math:: M = (1-\mu)\,C\,M_0 + \mu \sum_c M_c

    in the problem of `JointDistributionAdaptation`. With ``class_weighted=True`` (W-BDA) each side's class means count
    by the share of the class on that side, for sides with different shares of the classes.

    Parameters
    ----------
    n_components : int, optional
        None: 30, or fewer where rows and columns allow no more.
    kernel : {"primal", "linear", "rbf", "laplacian"}, default="primal"
        "linear" penalises the kernel form's coefficients instead of the map's.
    gamma : float, optional
        Inverse squared width of "rbf" and "laplacian". None: one over the mean squared distance between rows.
    penalty : float, default=1.0
        Lambda, > 0; meant for rows of about unit length.
    balance : float or "auto", default="auto"
        Mu in 0..1; 0 is the sides alone, 1 the classes alone. "auto": anew each round, the share of the classes in the
        proxy distances between the sides and between their classes.
    class_weighted : bool, default=False
        W-BDA.
    rounds : int, default=10
        At most so many, at least 1; they end when no pseudo-label changes.
    estimator : classifier, default=None
        Makes the pseudo-labels; None is one nearest neighbour.
    labelling : {"separate", "nearest-first"}, default="separate"
        As in `JointDistributionAdaptation`.
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
    pseudo_labels_ : ndarray of shape (n_target,)
        Labels of the target's rows, then the unlabelled ones, that the last projection was made with.
    balance_ : float
        Mu of the last projection.
    history_ : list of dict
        One record a round: "changed", the share of labels that changed, and "balance".
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
    Wang, Chen, Hao, Feng and Shen (2017), "Balanced distribution adaptation for transfer learning", eq. 5 and 12; mu as
    in Wang et al. (2018), eq. 22-23. Where we differ: the paper leaves mu to the user or a search; the terms' factor C
    before :math:`M_0` is that of the authors' code; shares of classes weigh means, as eq. 12 has it, in both domains.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import BalancedDistributionAdaptation, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(200) % 2
    >>> books = rng.normal(0, 1, (200, 3)) + 6.0 * np.eye(3)[y]
    >>> mapping = BalancedDistributionAdaptation(2, source=Source(books, y, name="books")).fit(books + [1, 1, 0])
    >>> bool(np.mean(mapping.pseudo_labels_ == y) > 0.99 and 0 <= mapping.balance_ <= 1)
    True
    """

    card: ClassVar[MethodCard] = MethodCard(
        transfers="features",
        target_labels="optional",
        source_labels="needed",
        tasks=("classification",),
        cost="O(n d^2 + d^3) and, each round, O(n d C + n k^2) and the estimator's",
        paper="Wang, Chen, Hao, Feng and Shen 2017, eq. 5 and 12",
        words="Joint adaptation with a weight between sides and classes, and with shares of classes.",
    )
    _task: ClassVar[str | None] = "classification"

    def __init__(
        self,
        n_components: int | None = None,
        kernel: str = "primal",
        gamma: float | None = None,
        penalty: float = 1.0,
        balance: float | str = "auto",
        class_weighted: bool = False,
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
        self.balance = balance
        self.class_weighted = class_weighted
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
        check_balance(self.balance)
        check_option("class_weighted", self.class_weighted, (True, False))
        found = fit_joint(self, domains, balance=self.balance, weighted=self.class_weighted)
        self.projection_, self.history_ = found.projection, found.history
        self.balance_ = found.balance
        self.pseudo_labels_ = self.classes_[found.pseudo_labels]
        self.n_components_ = len(found.projection.values)

    def _map_target(self, X: Any) -> np.ndarray:
        Z = self.projection_(X)
        return unit_rows(Z) if self.unit_length else Z

    def _map_source(self, X: Any) -> np.ndarray:
        return self._map_target(X)


def check_balance(balance: Any) -> None:
    """Refuse a balance that is neither "auto" nor in 0..1.

    Examples
    --------
    >>> check_balance("automatic")
    Traceback (most recent call last):
    headstart.errors.ParameterError: Expected balance to be one of 'auto', found 'automatic'.
    """
    if isinstance(balance, str):
        check_option("balance", balance, ("auto",))
    else:
        check_number("balance", balance, 0, 1)

"""Transfer joint matching as a mapping."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import ClassVar

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.features.mappings.component_mapping import ComponentMapping
from headstart.features.mappings.component_options import generator
from headstart.math.alignment.components import Components
from headstart.math.alignment.tca import Projection
from headstart.math.alignment.tjm import fit_tjm


@estimator_class
class TransferJointMatching(ComponentMapping):
    r"""Project both sides on components in which their means agree, and leave out source rows that do not fit.

    .. math:: \min_W\; \mathrm{tr}(W^\top K\hat LKW) + \lambda(\|W_S\|_{2,1}+\|W_T\|_F^2)
        \quad\text{subject to}\quad W^\top KHKW = I, \qquad Z=KW

    The first norm makes whole rows of :math:`W_S` zero: those source rows take no part. It is solved by rounds, each an
    r x r eigenproblem, until the objective stays. Use it where part of the source is beside the point.

    Parameters
    ----------
    kernel : {"linear", "rbf", "laplacian"}, default="linear"
    rounds : int, default=20
        At most so many, at least 1.
    tolerance : float, default=1e-6
        Rounds end when the objective falls by a smaller share; 0 or more.

    Attributes
    ----------
    relevance_ : ndarray of shape (n_source,)
        Length of each stacked source row's coefficients; next to 0: left out.
    objective_ : list of float
        Value at the start and after each round; it never rises.
    n_iter_ : int
        Rounds after the first solution.

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

    _: KW_ONLY
    rounds: int = 20
    tolerance: float = 1e-6

    _kernels: ClassVar[tuple[str, ...]] = ("linear", "rbf", "laplacian")

    def _check(self) -> None:
        check_number("rounds", self.rounds, 1, whole=True)
        check_number("tolerance", self.tolerance, 0)

    def _find(self, domains: Domains, components: Components) -> Projection:
        found = fit_tjm(
            domains.source.X,
            domains.target_rows,
            components,
            rounds=int(self.rounds),
            tolerance=float(self.tolerance),
            rng=generator(self.random_state),
        )
        self.relevance_, self.objective_ = found.relevance, found.objective
        self.n_iter_ = len(found.objective) - 1
        return found.projection

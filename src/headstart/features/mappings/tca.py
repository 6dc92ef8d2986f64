"""Transfer component analysis as a mapping."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import ClassVar

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_option
from headstart.features.mappings.component_mapping import ComponentMapping
from headstart.features.mappings.component_options import generator
from headstart.math.alignment.components import Components
from headstart.math.alignment.tca import Projection, fit_tca


@estimator_class
class TransferComponentAnalysis(ComponentMapping):
    r"""Project both sides on components in which they vary much and their means differ little.

    .. math:: \max_W\; \mathrm{tr}(W^\top KHKW) \quad\text{subject to}\quad W^\top(K\hat LK + \lambda I)W = I,
        \qquad Z = KW

    :math:`\hat L` is the matrix of the maximum mean discrepancy, with Frobenius norm 1. It has rank one, so linear
    components are a d x d problem (a million rows of 256 columns take seconds, in blocks), and kernel components with
    landmarks as well. Use it as a first look with a few tens of components. It aligns means alone: it cannot help where
    classes moved against each other, and does harm where the two sides hold them in different shares.

    Parameters
    ----------
    penalty : float, default=1.0
        Lambda, > 0. The trade-off mu of other libraries, before an MMD matrix that is not normalised, is
        :math:`\lambda = 1/(\mu(1/n_S+1/n_T))`.
    lengths : {"constraint", "coefficients"}, default="constraint"
        Lengths of the components. "constraint": as above, so a component in which the sides still differ is short.
        "coefficients": :math:`\lambda\|w\|^2=1` for each, as in codes that take eigenvectors as a solver returns them;
        the published tables have it so. The directions are the same.
    landmarks : int, "auto" or None, default="auto"
        For "rbf" and "laplacian": Nystroem features of so many rows; None: the exact kernel, n x n numbers; "auto":
        exact up to 6,000 rows (3 seconds), then 800 landmarks.

    Attributes
    ----------
    values_ : ndarray of shape (n_components_,)
        Spread of each component for one unit of the constraint, falling.

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

    _: KW_ONLY
    lengths: str = "constraint"

    _exact_rows: ClassVar[int] = 6000

    def _check(self) -> None:
        check_option("lengths", self.lengths, ("constraint", "coefficients"))

    def _find(self, domains: Domains, components: Components) -> Projection:
        found = fit_tca(
            domains.source.X,
            domains.target_rows,
            components,
            lengths=self.lengths,
            rng=generator(self.random_state),
        )
        self.values_ = found.values
        return found

"""CORAL as a mapping: source rows take the target's mean and covariance; target rows stay as they are."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.features.mappings.mapping import Mapping
from headstart.math.alignment.coral import coral


@estimator_class
class CORAL(Mapping):
    r"""Give the source the covariance and the mean of the target (correlation alignment).

    .. math:: x_S \mapsto (x_S - m_S)\, C_S^{-1/2}\, C_T^{1/2} + m_T, \qquad
        C = \mathrm{cov}(X) + \lambda\, \frac{\mathrm{tr}\,\mathrm{cov}(X)}{d}\, I

    A first thing to try: fast, no labels, one number to set. It cannot help where classes moved against each other, and
    it does harm where the two sides hold their classes in different shares, since means are aligned over all of them.

    Parameters
    ----------
    regularisation : float, default=1.0
        Lambda, 0 or more, in units of the mean variance of each side. Large: only scale and mean are matched.
    align_means : bool, default=True
        Whether the means are aligned too. The paper takes data that are centred already.
    accept_sparse : bool, default=False
        Whether CSR matrices are welcome. Mapped source rows are dense all the same.
    preprocess : transformer, optional
        For both sides; `StandardScaler()` per domain is what the paper does.

    Attributes
    ----------
    map_ : CoralMap
        Means and the two roots; ``map_.matrix()`` is the linear part (d, d).

    References
    ----------
    Sun, Feng and Saenko (2016), "Return of frustratingly easy domain adaptation", Algorithm 1. Where we differ:
    lambda is in units of the mean variance, which is the paper's where columns are standardised; means are aligned.

    Examples
    --------
    >>> from headstart import CORAL, Source
    >>> rng = np.random.default_rng(0)
    >>> books, music = rng.normal(0, 5, (300, 2)), rng.normal(3, 1, (200, 2))
    >>> mapping = CORAL(source=Source(books, name="books")).fit(music)
    >>> mapping.transform_source().mean(axis=0).round(1).tolist(), music.mean(axis=0).round(1).tolist()
    ([2.9, 2.9], [2.9, 2.9])
    """

    regularisation: float = 1.0
    align_means: bool = True
    accept_sparse: bool = False

    _keeps_columns: ClassVar[bool] = True

    def _takes_sparse(self) -> bool:
        return bool(self.accept_sparse)

    def _fit_mapping(self, domains: Domains) -> None:
        check_number("regularisation", self.regularisation, low=0)
        check_option("align_means", self.align_means, (True, False))
        self.map_ = coral(
            domains.source.X,
            domains.target_rows,
            regularisation=float(self.regularisation),
            align_means=self.align_means,
        )

    def _map_source(self, X: Any) -> np.ndarray:
        return self.map_(X)

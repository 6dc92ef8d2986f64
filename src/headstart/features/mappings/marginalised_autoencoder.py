"""Marginalised stacked denoising autoencoders as a mapping of both sides."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack, issparse

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.data.tables.column_names import stack
from headstart.errors import ParameterError
from headstart.features.mappings.component_options import generator
from headstart.features.mappings.mapping import Mapping
from headstart.math.alignment.marginalised_autoencoder import denoising_map, frequent_columns, part_maps, rebuild

#: Above so many columns "auto" rebuilds the most frequent ones from parts.
MANY_COLUMNS = 2000
#: ... and so many are rebuilt.
PIVOTS = 500


@estimator_class
class MarginalisedAutoencoder(Mapping):
    r"""Learn from all rows, of both sides, which columns stand for one another (mSDA).

    .. math:: W = \arg\min_W \mathbb{E}_{\text{corruption}} \| [\tilde X, 1] W - X \|_F^2, \qquad
        h = \tanh([x, 1]\, W)

    Each layer is the best linear repair of rows whose cells are set to zero at random, over all corruptions at once, in
    closed form; the next layer learns from its output. What is given on are the columns themselves and all layers.
    Made for bags of words: a word that only the target uses is rebuilt from the words it stands beside. Columns should
    lie between -1 and 1 (counts cut at 1, tf-idf, standardised). No labels are needed.

    Parameters
    ----------
    corruption : float, default=0.5
        Probability that a cell is set to zero, from 0 to below 1.
    n_layers : int, default=1
        Layers, 1 or more.
    pivots : int, "auto" or None, default="auto"
        Rebuild only so many of the most frequent columns, from random parts of the columns whose repairs are averaged:
        for thousands of columns. None: all columns from all. "auto": None up to 2,000 columns, else 500.
    keep_input : bool, default=True
        Whether the columns themselves are given on.
    regularisation : float, default=1e-5
        Share of the mean of the diagonal that is added to it, above 0.
    source : Source, list of Source or None, default=None
        Rows to learn from; labels are not looked at. None: the identity.
    random_state : int, RandomState or None, default=None
        Draws the parts; None is 0. Not used with ``pivots=None``.

    Attributes
    ----------
    layers_ : list of ndarray
        Of shape (columns + 1, columns of the layer); the last row is the intercept.

    References
    ----------
    Chen, Xu, Weinberger and Sha (2012), "Marginalized denoising autoencoders for domain adaptation", Algorithm 1 and
    the extension for high dimensional data. Where we differ: the ridge is relative to the data's scale.

    Examples
    --------
    >>> from headstart import MarginalisedAutoencoder, Source
    >>> books = (np.random.default_rng(0).random((30, 4)) < 0.3).astype(float)
    >>> mapping = MarginalisedAutoencoder(n_layers=2, source=Source(books)).fit(books[:10])
    >>> mapping.transform(books).shape
    (30, 12)
    """

    corruption: float = 0.5
    n_layers: int = 1
    pivots: int | str | None = "auto"
    keep_input: bool = True
    regularisation: float = 1e-5
    _: KW_ONLY
    random_state: Any = None

    def _takes_sparse(self) -> bool:
        return True

    def _fit_mapping(self, domains: Domains) -> None:
        check_number("corruption", self.corruption, 0, 1, open_high=True)
        check_number("n_layers", self.n_layers, 1, whole=True)
        check_number("regularisation", self.regularisation, 0, open_low=True)
        check_option("keep_input", self.keep_input, (True, False))
        hidden = stack([domains.source.X, domains.target_rows])
        pivots, p, ridge = self._pivots(hidden.shape[1]), float(self.corruption), float(self.regularisation)
        self.layers_: list[np.ndarray] = []
        for layer in range(int(self.n_layers)):
            if layer == 0 and pivots is not None:
                parts = self._parts(hidden.shape[1], pivots)
                W = part_maps(hidden, frequent_columns(hidden, pivots), parts, p, regularisation=ridge)
            else:
                W = denoising_map(hidden, p, regularisation=ridge)
            self.layers_.append(W)
            hidden = rebuild(hidden, W)

    def _pivots(self, d: int) -> int | None:
        if self.pivots is None or (self.pivots == "auto" and isinstance(self.pivots, str)):
            return None if self.pivots is None or d <= MANY_COLUMNS else PIVOTS
        if isinstance(self.pivots, str):
            raise ParameterError(f"Expected pivots to be a whole number, 'auto' or None, found {self.pivots!r}.")
        check_number("pivots", self.pivots, 1, whole=True)
        return None if self.pivots >= d else int(self.pivots)

    def _parts(self, d: int, pivots: int) -> list[np.ndarray]:
        order = generator(self.random_state).permutation(d)
        return [np.sort(part) for part in np.array_split(order, max(1, round(d / pivots)))]

    def _map_target(self, X: Any) -> Any:
        hidden, outputs = X, [X] if self.keep_input else []
        for W in self.layers_:
            hidden = rebuild(hidden, W)
            outputs.append(hidden)
        if any(issparse(part) for part in outputs):
            return csr_matrix(hstack([csr_matrix(part) for part in outputs], format="csr"))
        return np.hstack(outputs)

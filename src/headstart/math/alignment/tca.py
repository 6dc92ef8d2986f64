"""Transfer component analysis: directions in which two domains vary much and differ little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headstart.math.alignment.components import Components, leading_components
from headstart.math.alignment.kernels import FeatureMap
from headstart.math.alignment.mmd import marginal_direction


@dataclass(frozen=True)
class Projection:
    """A fitted map ``rows -> features(rows) @ coef``.

    Attributes
    ----------
    coef : ndarray of shape (r, k)
    values : ndarray of shape (k,)
        Eigenvalues, falling.
    """

    features: FeatureMap
    coef: np.ndarray
    values: np.ndarray

    def __call__(self, X: np.ndarray) -> np.ndarray:
        return self.features.project(X, self.coef)

    @staticmethod
    def collapsed(features: FeatureMap, coef: np.ndarray, values: np.ndarray) -> Projection:
        """A linear kernel needs no rows to be kept: ``k(x, X) W = x (X' W)``."""
        if features.kernel == "linear" and features.landmarks is not None:
            return Projection(FeatureMap(), features.landmarks.T @ coef, values)
        return Projection(features, coef, values)


def fit_tca(
    source: np.ndarray,
    target: np.ndarray,
    components: Components,
    *,
    lengths: str = "constraint",
    rng: np.random.Generator | None = None,
) -> Projection:
    r"""Solve transfer component analysis (Pan et al. 2011, eq. 8) as the generalised symmetric problem that it is.

    .. math:: \max_W\; \mathrm{tr}(W^\top KHKW) \quad\text{subject to}\quad W^\top(K\hat LK + \lambda I)W = I

    with :math:`\hat L=ee^\top/\|ee^\top\|_F`. The MMD matrix has rank one, so :math:`K\hat LK` is one direction, the
    constraint's inverse square root is known, and for a linear kernel or Nystroem features the whole problem is d x d:
    with :math:`Z=KW=Xb` it reads :math:`\max b^\top X^\top HX b` subject to
    :math:`b^\top(dd^\top+\lambda(X^\top X)^{-1})b=1`. One pass over blocks of rows; O(n d^2).

    Parameters
    ----------
    source : ndarray of shape (n_s, d)
    target : ndarray of shape (n_t, d)
    components : Components
    lengths : {"constraint", "coefficients"}
        As in :func:`headstart.math.alignment.components.leading_components`.
    rng : Generator, optional
        Draws the landmarks.

    Returns
    -------
    Projection
        Maps rows of either domain; on the training rows ``Z = K W``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> Xs, Xt = rng.normal(size=(50, 3)), rng.normal(size=(60, 3)) + [9, 0, 0]
    >>> tca = fit_tca(Xs, Xt, Components(1, penalty=1e-3))
    >>> bool(abs(tca(Xs).mean() - tca(Xt).mean()) < 0.05 * tca(Xs).std())
    True
    """
    features, spread = components.measure((source, target), rng)
    direction = marginal_direction(spread.means[0], spread.means[1], len(source), len(target))
    coef, values = leading_components(spread, direction, components.penalty, components.number, lengths=lengths)
    return Projection.collapsed(features, coef, values)

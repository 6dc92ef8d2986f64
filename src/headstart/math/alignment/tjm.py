"""Transfer joint matching: components that agree between domains, on the source rows that resemble the target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from headstart.math.alignment.components import NOISE, Components
from headstart.math.alignment.kernels import FeatureMap, kernel_features, width
from headstart.math.alignment.tca import Projection


@dataclass(frozen=True)
class JointMatching:
    """What transfer joint matching found.

    Attributes
    ----------
    relevance : ndarray of shape (n_s,)
        Length of each source row's coefficients; 0: the row is left out.
    objective : list of float
        Value before the first and after every round, never rising.
    """

    projection: Projection
    relevance: np.ndarray
    objective: list[float]


def fit_tjm(
    source: np.ndarray,
    target: np.ndarray,
    components: Components,
    *,
    rounds: int = 10,
    tolerance: float = 1e-6,
    rng: np.random.Generator | None = None,
) -> JointMatching:
    r"""Transfer joint matching (Long et al. 2014, Algorithm 1), iterated to its end.

    .. math:: \min_W\; \mathrm{tr}(W^\top K\hat LKW) + \lambda(\|W_s\|_{2,1}+\|W_t\|_F^2)
        \quad\text{subject to}\quad W^\top KHKW = I

    Each round replaces :math:`\|w_i\|` by :math:`\|w_i\|^2/(2\|w_i'\|)` with the last round's lengths, an upper bound
    that touches, so the objective never rises. Given the weights G, eq. 9's problem
    :math:`(K\hat LK+\lambda G)W=KHKW\Phi` is solved without n x n matrices: with :math:`K=FF^\top` and
    :math:`\Psi=F^\top(\lambda G+vv^\top)^{-1}F` (a diagonal and one direction), the eigenvectors of the r x r matrix
    :math:`\Psi^{1/2}F^\top HF\Psi^{1/2}` are all that is needed. O(n r^2) a round.

    Parameters
    ----------
    source : ndarray of shape (n_s, d)
    target : ndarray of shape (n_t, d)
    components : Components
        Of the kernels "linear", "rbf", "laplacian".
    rounds : int
        At most this many, at least 1.
    tolerance : float
        Rounds end when the objective falls by less than this share.
    rng : Generator, optional
        Draws the landmarks.

    Notes
    -----
    Lengths below :math:`10^{-8}` of the largest count as that, so that a row that was left out does not divide by
    zero. The authors' code lacks the 1/2 of the bound; ours follows the paper.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> fit = fit_tjm(rng.normal(size=(30, 4)), rng.normal(size=(20, 4)) + 1, Components(2))
    >>> bool(len(fit.objective) > 3 and np.all(np.diff(fit.objective) <= 1e-9))
    True
    """
    n_s, n_t, penalty = len(source), len(target), components.penalty
    features, F, basis = _rows_as_features((source, target), components, rng)
    e = np.r_[np.full(n_s, 1.0 / n_s), np.full(n_t, -1.0 / n_t)] / np.sqrt(1.0 / n_s + 1.0 / n_t)
    gap = F.T @ e
    v = F @ gap
    centred = F - F.mean(axis=0)
    spread, turn = eigh(centred.T @ centred)
    root = turn * np.sqrt(np.maximum(spread, 0.0))
    G = np.ones(n_s + n_t)
    objective: list[float] = []
    W = b = values = np.zeros(0)
    for _ in range(rounds + 1):
        W, b, values = _solve(F, v, root, penalty * G, components.number)
        lengths = np.sqrt(np.einsum("ij,ij->i", W, W))
        now = float(((gap @ b) ** 2).sum() + penalty * (lengths[:n_s].sum() + (lengths[n_s:] ** 2).sum()))
        objective.append(now)
        if len(objective) > 1 and objective[-2] - now <= tolerance * abs(now):
            break
        floor = max(float(lengths.max()), 1e-300) * 1e-8
        G[:n_s] = 0.5 / np.maximum(lengths[:n_s], floor)
    relevance = np.sqrt(np.einsum("ij,ij->i", W[:n_s], W[:n_s]))
    coef = b if basis is None else basis @ b
    return JointMatching(Projection(features, coef, values), relevance, objective)


def _rows_as_features(
    parts: tuple[np.ndarray, np.ndarray], components: Components, rng: np.random.Generator | None
) -> tuple[FeatureMap, np.ndarray, np.ndarray | None]:
    """Feature map, features F (n, r) of all rows with ``K = F F'``, and the basis they are coordinates in."""
    rows = np.vstack(parts)
    if components.kernel == "linear":
        F = rows.astype(np.float64)
        if F.shape[1] <= len(F):
            return FeatureMap(), F, None
        values, left = eigh(F @ F.T)
        keep = values > values[-1] * NOISE
        basis = F.T @ (left[:, keep] / np.sqrt(values[keep]))
        return FeatureMap(), F @ basis, basis
    rng = np.random.default_rng(0) if rng is None else rng
    gamma = width(parts) if components.gamma is None else components.gamma
    features = kernel_features(parts, components.kernel, gamma, components.landmarks, rng)
    return features, features(rows).astype(np.float64), None


def _solve(
    F: np.ndarray, v: np.ndarray, root: np.ndarray, G: np.ndarray, n_components: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """W (n, k), F'W (r, k) and eigenvalues, largest spread for its price first; ``root @ root.T`` is the scatter."""
    DF, Dv = F / G[:, None], v / G
    cross = F.T @ Dv
    psi = F.T @ DF - np.outer(cross, cross) / (1.0 + v @ Dv)
    inner = root.T @ psi @ root
    size = len(inner)
    most = max(1, min(n_components, size))
    values, vectors = eigh((inner + inner.T) / 2, subset_by_index=(size - most, size - 1))
    keep = np.flatnonzero(values > max(float(values[-1]), 1e-300) * NOISE)[::-1]
    values, turned = values[keep], root @ vectors[:, keep] / values[keep]
    W = DF @ turned - np.outer(Dv, (cross @ turned) / (1.0 + v @ Dv))
    b = psi @ turned
    flip = np.where(b[np.abs(b).argmax(axis=0), np.arange(b.shape[1])] < 0, -1.0, 1.0)
    return W * flip, b * flip, values

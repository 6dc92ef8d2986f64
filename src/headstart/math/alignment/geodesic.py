"""The geodesic flow kernel: all the subspaces on the way from one domain to the other, in closed form."""

from __future__ import annotations

import numpy as np

#: Angles below this (radians) are no angles.
SMALL = 1e-7


def geodesic_flow(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    r"""Factor A (d, q) of the geodesic flow kernel ``G = A A'``, so that ``x' G z`` is an inner product of ``A' x``.

    .. math:: G = \int_0^1 \Phi(t)\Phi(t)^\top dt,\qquad \Phi(t) = P_sU_1\cos(t\Theta) - R_sU_2\sin(t\Theta)

    along the geodesic from the span of ``source`` (t = 0) to that of ``target`` (t = 1), with
    :math:`P_s^\top P_t = U_1\cos\Theta\,V^\top`. The integral falls apart into a 2 x 2 block for each principal angle,

    .. math:: \tfrac12\begin{pmatrix}1+\frac{\sin2\theta}{2\theta} & \frac{\cos2\theta-1}{2\theta}\\
        \frac{\cos2\theta-1}{2\theta} & 1-\frac{\sin2\theta}{2\theta}\end{pmatrix},

    whose root is taken block by block: no d x d matrix is made and no complement of the subspace is needed.

    Parameters
    ----------
    source, target : ndarray of shape (d, k)
        Orthonormal columns; as many as both have, the first, are taken.

    Returns
    -------
    ndarray of shape (d, q)
        q = k + number of angles that are not zero.

    References
    ----------
    Gong et al. (2012), Geodesic flow kernel for unsupervised domain adaptation, eq. 5-8. The paper asks for
    k < d/2; that is needed for no step here.

    Examples
    --------
    >>> A = geodesic_flow(np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]]))
    >>> (A @ A.T).round(4).tolist()
    [[0.5, 0.3183], [0.3183, 0.5]]
    """
    k = min(source.shape[1], target.shape[1])
    source, target = source[:, :k], target[:, :k]
    U, cosine, Vt = np.linalg.svd(source.T @ target)
    start = source @ U  # P_s U_1
    away = target @ Vt.T - start * cosine  # - R_s U_2 sin(theta)
    sine = np.sqrt(np.einsum("ij,ij->j", away, away))
    theta = np.arctan2(sine, cosine)
    turning = np.flatnonzero(theta > SMALL)
    theta = theta[turning]
    turn = away[:, turning] / sine[turning]
    same = np.delete(start, turning, axis=1)
    ratio = np.sin(2 * theta) / (2 * theta)
    a, c = 0.5 * (1 + ratio), 0.5 * (1 - ratio)
    b = np.sin(theta) ** 2 / (2 * theta)
    first, corner = np.sqrt(a), b / np.sqrt(a)  # Cholesky root [[first, 0], [corner, rest]] of [[a, b], [b, c]]
    rest = np.sqrt(np.maximum(c - corner**2, 0.0))
    return np.hstack([same, start[:, turning] * first + turn * corner, turn * rest])

"""Label shift: how much more often each class occurs in the target, from rows without labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from headstart.errors import DataError, ParameterError
from headstart.math.ratios.box_program import DenseMatrix, solve_box_program
from headstart.math.ratios.gaussian import (
    centred,
    check_samples,
    draw_rows,
    gaussian_kernel,
    kernel_row_sums,
    kernel_width,
)


@dataclass(frozen=True)
class ClassRatios:
    """How the target's share of each class relates to the source's.

    Attributes
    ----------
    ratios : ndarray of shape (K,)
        Share in the target over share in the source; 0 for a class that the source lacks.
    priors : ndarray of shape (K,)
        Estimated shares in the target; they sum to 1.
    condition : float
        Condition number of the system that was solved; large where classes cannot be told apart.
    """

    ratios: np.ndarray
    priors: np.ndarray
    condition: float


#: Kernel values up to which means are compared with the true kernel, n_source * (n_source + n_target).
TRUE_KERNEL = 4_000_000_000

#: Landmarks above that.
LANDMARKS = 500


def mmd_target_shift(
    source: Any,
    codes: np.ndarray,
    target: Any,
    *,
    n_classes: int | None = None,
    width: str | float = "median",
    rng: np.random.Generator,
) -> ClassRatios:
    r"""Find the class shares under which the source's classes mix to the target, by the distance of kernel means.

    .. math:: \min_{p} \Bigl\| \sum_k p_k \mu_k - \mu_t \Bigr\|^2_{\mathcal H}
        = p^\top M p - 2 p^\top v + c \quad\text{with}\quad p \ge 0,\ \sum_k p_k = 1

    with :math:`M_{kl}` the mean kernel value between classes k and l of the source and :math:`v_k` that between class k
    and the target: a problem of K variables, whatever the number of rows. It is the paper's quadratic program in one
    weight a row, where rows of a class share a weight and the regularisation of its conditional embedding goes to
    zero. Kernel values are summed in blocks; above 4e9 of them by 500 landmarks.

    Parameters
    ----------
    source : ndarray or CSR matrix of shape (n_source, d)
    codes : ndarray of shape (n_source,) of int
        Classes 0..K-1.
    target : ndarray or CSR matrix of shape (n_target, d)
    n_classes : int, optional
        K. Default: the largest code plus 1.
    width : "median" or float > 0, default="median"
    rng : numpy.random.Generator

    References
    ----------
    Zhang, Schoelkopf, Muandet & Wang 2013, "Domain adaptation under target and conditional shift", section 3,
    equation 6.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> codes = np.repeat([0, 1], 200)
    >>> source = rng.normal(codes[:, None] * 3.0, 1.0)
    >>> target = rng.normal(np.repeat([0, 1], [300, 100])[:, None] * 3.0, 1.0)
    >>> bool(abs(mmd_target_shift(source, codes, target, rng=rng).priors[1] - 0.25) < 0.05)
    True
    """
    check_samples(source, target)
    members = _members(codes, source.shape[0], n_classes)
    source, target = centred(source, target)
    sigma = kernel_width(width, source, target, rng=rng)
    present = np.flatnonzero(members.sum(axis=0))
    shares = members[:, present] / members[:, present].sum(axis=0)
    if source.shape[0] * (source.shape[0] + target.shape[0]) <= TRUE_KERNEL:
        between = shares.T @ kernel_row_sums(source, source, sigma, shares)
        across = shares.T @ (kernel_row_sums(source, target, sigma) / target.shape[0])
    else:
        means, aim = _landmark_means(source, target, shares, sigma, rng)
        between, across = means.T @ means, means.T @ aim
    priors = np.zeros(members.shape[1])
    if len(present) == 1:
        priors[present] = 1.0
    else:
        matrix = 0.5 * (between + between.T)
        priors[present] = solve_box_program(
            DenseMatrix(matrix), across, upper=1.0 + 1e-3, low=1.0, high=1.0, tolerance=1e-10
        )
        priors /= priors.sum()
    return _ratios(priors, members, float(np.linalg.cond(between)))


def black_box_shift(
    predicted: np.ndarray, codes: np.ndarray, target_predicted: np.ndarray, *, n_classes: int | None = None
) -> ClassRatios:
    r"""Find the class ratios from the mistakes of any classifier (black-box shift estimation, BBSE).

    .. math:: \hat w = \hat C^{-1} \hat\mu,\qquad \hat C_{ij} = \hat P_s(f(x) = i, y = j),\quad
        \hat\mu_i = \hat P_t(f(x) = i)

    Negative ratios become 0, and they are scaled so that the shares in the target sum to 1. A singular matrix is
    solved by least squares; `ClassRatios.condition` tells.

    Parameters
    ----------
    predicted : ndarray of shape (n_source,) of int, or (n_source, K)
        Classes (or probabilities: the soft variant) that the classifier gives source rows that it did not learn from.
    codes : ndarray of shape (n_source,) of int
        Their true classes.
    target_predicted : ndarray of shape (n_target,) or (n_target, K)
        What it gives the target's rows.
    n_classes : int, optional

    References
    ----------
    Lipton, Wang & Smola 2018, "Detecting and correcting for label shift with black box predictors", algorithm 1.

    Examples
    --------
    >>> found = black_box_shift(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]))
    >>> found.ratios.round(3).tolist()
    [1.5, 0.5]
    """
    predicted, target_predicted = _both(predicted, target_predicted)
    if predicted.ndim == 2:
        K = n_classes or predicted.shape[1]
    else:
        K = n_classes or 1 + int(max(predicted.max(), target_predicted.max(), np.max(codes)))
    members = _members(codes, len(predicted), K)
    said, aim = (p if p.ndim == 2 else np.eye(K)[p] for p in (predicted, target_predicted))
    confusion = said.T @ members / len(members)
    present = np.flatnonzero(members.sum(axis=0))
    system = confusion[:, present]
    found = np.maximum(np.linalg.lstsq(system, aim.mean(axis=0), rcond=1e-10)[0], 0.0)
    priors = np.zeros(K)
    priors[present] = found * members.mean(axis=0)[present]
    if priors.sum() <= 0:
        priors = members.mean(axis=0)
    singular = np.linalg.svd(system / np.maximum(members.mean(axis=0)[present], 1e-300), compute_uv=False)
    condition = float(singular[0] / singular[-1]) if singular[-1] > 0 else np.inf
    return _ratios(priors / priors.sum(), members, condition)


def _both(predicted: np.ndarray, target_predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if predicted.ndim != target_predicted.ndim:
        raise DataError(
            f"Expected predictions of one kind, found {predicted.ndim} and {target_predicted.ndim} dimensions."
        )
    return predicted, target_predicted


def _members(codes: np.ndarray, n: int, n_classes: int | None) -> np.ndarray:
    """One-hot classes, (n, K)."""
    codes = np.asarray(codes)
    if codes.shape != (n,):
        raise DataError(f"Expected one class for each of {n} source rows, found {codes.shape}.")
    if codes.dtype.kind not in "iu" or codes.min() < 0 or (n_classes is not None and codes.max() >= n_classes):
        raise ParameterError("Expected classes as codes from 0 to K - 1.", "Encode the labels first.")
    return np.eye(n_classes or int(codes.max()) + 1)[codes]


def _ratios(priors: np.ndarray, members: np.ndarray, condition: float) -> ClassRatios:
    own = members.mean(axis=0)
    ratios = np.divide(priors, own, out=np.zeros_like(priors), where=own > 0)
    return ClassRatios(ratios, priors, condition)


def _landmark_means(
    source: Any, target: Any, shares: np.ndarray, sigma: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Kernel means of the source's classes (m, K) and of the target (m,) in Nystroem coordinates."""
    landmarks = source[draw_rows(source, LANDMARKS, rng)]
    corner = gaussian_kernel(landmarks, landmarks, sigma).astype(np.float64, copy=False)
    corner.flat[:: len(corner) + 1] += 1e-7 if source.dtype == np.float64 else 1e-5
    root = cholesky(corner, lower=True, check_finite=False)
    means = np.column_stack(
        [kernel_row_sums(landmarks, source, sigma, shares), kernel_row_sums(landmarks, target, sigma) / target.shape[0]]
    )
    means = solve_triangular(root, means, lower=True, check_finite=False)
    return means[:, :-1], means[:, -1]

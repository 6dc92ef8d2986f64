"""Scores of features that need few labels: distances between classes, and the evidence of a linear model."""

from __future__ import annotations

import numpy as np

from headstart.math.linear.row_space import row_space
from headstart.math.statistics.relatedness import standardised

#: Share of a class's spread that is that of all classes: few examples of a class say little of it.
_SHRUNK = 0.5


def gaussian_bhattacharyya(features: np.ndarray, codes: np.ndarray, *, n_components: int = 32) -> float:
    r"""Minus the sum over pairs of classes of how much they overlap, each seen as a Gaussian; 0 is apart.

    .. math::
        -\sum_{c \neq c'} e^{-D_B}, \qquad D_B = \tfrac18 (\mu_c - \mu_{c'})^T \Sigma^{-1} (\mu_c - \mu_{c'})
        + \tfrac12 \ln \frac{|\Sigma|}{\sqrt{|\Sigma_c| |\Sigma_{c'}|}}

    with :math:`\Sigma` the mean of both classes' diagonal covariances, on the first principal components. Unlike the
    paper, each class's variances are drawn half-way towards those within all classes, so that two examples of a class
    are enough, and the sum is divided by the number of pairs.

    Parameters
    ----------
    features : array of float, shape (n, d)
    codes : array of int, shape (n,)
        Class numbers.
    n_components : int, default=32
        Fewer where there are not that many.

    Returns
    -------
    float from -1 to 0

    References
    ----------
    Pandy, Agostinelli, Uijlings, Ferrari and Mensink (2022), Transferability estimation using Bhattacharyya class
    separability, equations 2 to 4.

    Examples
    --------
    >>> codes = np.repeat([0, 1], 10)
    >>> noise = np.random.default_rng(0).normal(size=(20, 3))
    >>> near, far = (gaussian_bhattacharyya(noise + shift * codes[:, None], codes) for shift in (0.1, 9.0))
    >>> -1 < near < far <= 0
    True
    """
    space = row_space(standardised(features).astype(np.float64))
    rows = (space.left * space.singular)[:, -n_components:]
    classes, numbers = np.unique(codes, return_inverse=True)
    means = np.array([rows[numbers == c].mean(axis=0) for c in range(len(classes))])
    within = ((rows - means[numbers]) ** 2).mean(axis=0) + 1e-6
    own = np.array([rows[numbers == c].var(axis=0) for c in range(len(classes))])
    spread = (1 - _SHRUNK) * own + _SHRUNK * within
    first, second = np.triu_indices(len(classes), 1)
    if not len(first):
        return 0.0
    shared = (spread[first] + spread[second]) / 2
    far = ((means[first] - means[second]) ** 2 / shared).sum(axis=1) / 8
    logs = np.log(spread).sum(axis=1)
    apart = far + 0.5 * (np.log(shared).sum(axis=1) - (logs[first] + logs[second]) / 2)
    return float(-np.exp(-apart).mean())


def log_evidence(features: np.ndarray, targets: np.ndarray, *, max_iter: int = 11) -> float:
    r"""Logarithm of the evidence of a Bayesian linear model of each column of the targets, a row and column (LogME).

    The precisions :math:`\alpha` of the weights and :math:`\beta` of the noise that make
    :math:`p(y | F, \alpha, \beta)` largest are found by MacKay's fixed point on the singular values of the features.

    Parameters
    ----------
    features : array of float, shape (n, d)
    targets : array, shape (n, c)
        One-hot classes, 0/1 labels or numbers.
    max_iter : int, default=11

    References
    ----------
    You, Liu, Wang and Long (2021), LogME: practical assessment of pre-trained models for transfer learning, equation 2
    and algorithm 1. Unlike there, columns of features are standardised and targets centred.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> F = rng.normal(size=(60, 5))
    >>> log_evidence(F, F[:, :1]) > log_evidence(F, rng.normal(size=(60, 1)))
    True
    """
    x = standardised(features).astype(np.float64)
    y = np.asarray(targets, dtype=np.float64).reshape(len(x), -1)
    n, space, y = len(x), row_space(x), y - y.mean(axis=0)
    squares, found = space.singular**2, []
    for column in y.T:
        along = space.left.T @ column
        beyond = float(max(column @ column - along @ along, 0.0))
        alpha, beta = 1.0, 1.0
        for _ in range(max_iter):
            shrink = beta * squares / (alpha + beta * squares)
            gamma, length, error = float(shrink.sum()), _length(shrink, along, squares), _error(shrink, along, beyond)
            alpha = float(np.clip(gamma / max(length, 1e-12), 1e-8, 1e8))
            beta = float(np.clip((n - gamma) / max(error, 1e-12), 1e-8, 1e8))
        shrink = beta * squares / (alpha + beta * squares)
        fit = beta * _error(shrink, along, beyond) + alpha * _length(shrink, along, squares)
        width = len(squares) * np.log(alpha) - float(np.log(alpha + beta * squares).sum())
        found.append((n * np.log(beta) - n * np.log(2 * np.pi) + width - fit) / (2 * n))
    return float(np.mean(found)) if found else 0.0


def _length(shrink: np.ndarray, along: np.ndarray, squares: np.ndarray) -> float:
    """Squared length of the weights."""
    return float(((shrink * along) ** 2 / squares).sum())


def _error(shrink: np.ndarray, along: np.ndarray, beyond: float) -> float:
    """Squared error of the fit."""
    return float((((1 - shrink) * along) ** 2).sum()) + beyond

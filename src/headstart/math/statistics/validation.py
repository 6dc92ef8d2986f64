"""How good is a model on a target without labels? Risks carried over from the source, and shapes of answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from headstart.errors import DataError, ParameterError

_TINY = 1e-12
_BLOCK = 2**22  # similarities held at a time


def circular_validation(
    fit_predict: Callable[[Any, np.ndarray, Any], np.ndarray], X_source: Any, y_source: np.ndarray, X_target: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Carry labels from the source to the target and back again; what returns as it left speaks for the way there.

    A learner goes from the source to the target (``forward``). Its answers are then taken for the target's labels, and
    the same learner goes the other way, with source and target exchanged (``backward``). A good transfer brings the
    source's labels back; one that mapped the classes onto each other wrongly, or onto one, does not. It cannot see
    classes that were exchanged on the way there and back.

    Parameters
    ----------
    fit_predict : callable
        ``fit_predict(X, y, X_other)``: learns from labelled rows for other rows, and gives their labels.
    X_source : array of shape (n, d)
    y_source : array of shape (n,)
        Labels.
    X_target : array of shape (m, d)

    Returns
    -------
    backward : array of shape (n,)
        Labels of the source's rows as they came back. One class alone came to the target: that class for all.
    forward : array of shape (m,)
        Labels that the target was given on the way.

    References
    ----------
    Bruzzone and Marconcini (2010), Domain adaptation problems: a DASVM classification technique and a circular
    validation strategy. They compare the accuracy on the way back with a threshold; here it is the score.

    Examples
    --------
    >>> def nearest(X, y, Z):
    ...     return y[np.abs(Z - X.T).argmin(axis=1)]
    >>> X = np.array([[0.0], [1.0], [10.0], [11.0]])
    >>> circular_validation(nearest, X, np.array([0, 0, 1, 1]), X + 2)[0].tolist()
    [0, 0, 1, 1]
    """
    forward = np.asarray(fit_predict(X_source, y_source, X_target))
    if len(np.unique(forward)) < 2:
        return np.full(len(y_source), forward[0], dtype=forward.dtype), forward
    return np.asarray(fit_predict(X_target, forward, X_source)), forward


def importance_weighted_risk(losses: np.ndarray, weights: np.ndarray, *, normalised: bool = False) -> float:
    r"""Risk on the target, from losses of held-out rows of the source: :math:`\frac1n \sum_i w(x_i)\,\ell_i`.

    With :math:`w(x) = p_T(x) / p_S(x)` it is unbiased where the two differ in the distribution of rows alone
    (covariate shift) and the weights are true and finite.

    Parameters
    ----------
    losses : array of shape (n,)
        Of rows that the model did not learn from.
    weights : array of shape (n,), at least 0
        Density ratios of these rows.
    normalised : bool, default=False
        Divide by the weights' sum in place of n: a little bias for much less variance.

    Raises
    ------
    DataError
        For weights that are negative, not finite, all 0, or not as many as losses.

    References
    ----------
    Sugiyama, Krauledat and Müller (2007), Covariate shift adaptation by importance weighted cross validation.

    Examples
    --------
    >>> importance_weighted_risk(np.array([1.0, 0.0, 1.0]), np.array([2.0, 1.0, 0.0]))
    0.6666666666666666
    """
    loss, weight = _checked(losses, weights)
    return float(loss @ weight / (weight.sum() if normalised else len(weight)))


def deep_embedded_risk(losses: np.ndarray, weights: np.ndarray) -> float:
    r"""Importance-weighted risk with the weights themselves as control variate.

    The weights' mean is known to be 1, so their chance deviation from it corrects that of the risk:

    .. math:: \overline{w\ell} + \eta\,(\bar w - 1), \qquad \eta = -\mathrm{Cov}(w\ell, w) / \mathrm{Var}(w)

    Parameters
    ----------
    losses : array of shape (n,), n at least 2
        Of rows of the source that the model did not learn from.
    weights : array of shape (n,), at least 0
        Density ratios of these rows, of mean about 1.

    Returns
    -------
    float
        Equal to the importance-weighted risk where all weights are the same. It may be below 0.

    References
    ----------
    You, Wang, Long and Jordan (2019), Towards accurate model selection in deep unsupervised domain adaptation,
    Algorithm 1.

    Examples
    --------
    >>> deep_embedded_risk(np.array([0.5, 0.5, 0.5]), np.array([0.2, 3.0, 1.0]))
    0.5
    """
    loss, weight = _checked(losses, weights)
    if len(loss) < 2:
        raise DataError(f"Expected 2 held-out rows or more, found {len(loss)}.")
    weighted = loss * weight
    covariance = np.cov(weighted, weight, ddof=1)
    eta = -covariance[0, 1] / covariance[1, 1] if covariance[1, 1] > _TINY else 0.0
    return float(round(weighted.mean() + eta * (weight.mean() - 1.0), 12))


def mean_entropy(probability: np.ndarray) -> float:
    r"""Mean entropy of predictions, :math:`-\frac1n \sum_i \sum_k p_{ik} \ln p_{ik}`; small where the model is sure.

    A model that is sure and wrong, or says one class for all, has little entropy too: the score is weak alone.

    Parameters
    ----------
    probability : array of shape (n, K)
        Rows of sum 1.

    Returns
    -------
    float
        From 0 to ln K.

    References
    ----------
    Morerio, Cavazza and Murino (2018), Minimal-entropy correlation alignment for unsupervised deep domain adaptation,
    choose by it.

    Examples
    --------
    >>> round(mean_entropy(np.array([[1.0, 0.0], [0.5, 0.5]])), 6)
    0.346574
    """
    p = _probabilities(probability)
    return float(-(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=1).mean()) + 0.0


def soft_neighbourhood_density(outputs: np.ndarray, temperature: float = 0.05) -> float:
    r"""How many neighbours a row has among the model's answers: the entropy of its soft similarities to the others.

    .. math:: P_{ij} = \frac{\exp(f_i^\top f_j / \tau)}{\sum_{k \ne i} \exp(f_i^\top f_k / \tau)}, \qquad
              \frac1n \sum_i -\sum_{j \ne i} P_{ij} \ln P_{ij}

    with :math:`f_i` the row's output at unit length. It is high where rows gather in dense bundles. One bundle for all
    is the densest, so it does not see a collapse.

    Parameters
    ----------
    outputs : array of shape (n, K), n at least 2
        Probabilities (as in the paper) or features.
    temperature : float, default=0.05
        Above 0.

    Returns
    -------
    float
        From 0 to ln(n - 1). Memory is linear in n.

    References
    ----------
    Saito, Kim, Teterwak, Sclaroff, Darrell and Saenko (2021), Tune it the right way: unsupervised validation of domain
    adaptation via soft neighborhood density, section 3.

    Examples
    --------
    >>> bundles = np.repeat(np.eye(2), 5, axis=0)
    >>> round(soft_neighbourhood_density(bundles), 6)
    1.386294
    """
    if not temperature > 0:
        raise ParameterError(f"Expected a temperature above 0, found {temperature!r}.")
    f = np.asarray(outputs, dtype=np.float64)
    if f.ndim != 2 or len(f) < 2:
        raise DataError(f"Expected outputs of shape (n, K) with n at least 2, found shape {f.shape}.")
    f = f / np.maximum(np.linalg.norm(f, axis=1, keepdims=True), _TINY)
    total, size = 0.0, max(1, _BLOCK // len(f))
    for start in range(0, len(f), size):
        z = f[start : start + size] @ f.T / temperature
        own = np.arange(len(z))
        z[own, start + own] = -np.inf
        z -= z.max(axis=1, keepdims=True)
        mass = np.exp(z)
        sums = mass.sum(axis=1)
        z[own, start + own] = 0.0
        total += float((np.log(sums) - (mass * z).sum(axis=1) / sums).sum())
    return total / len(f)


def _checked(losses: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    loss, weight = np.asarray(losses, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if loss.ndim != 1 or loss.shape != weight.shape or not len(loss):
        raise DataError(f"Expected a weight for each loss, found shapes {loss.shape} and {weight.shape}.")
    if not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
        raise DataError("Expected finite weights of at least 0, some above, found others.")
    return loss, weight


def _probabilities(probability: np.ndarray) -> np.ndarray:
    p = np.asarray(probability, dtype=np.float64)
    if p.ndim != 2 or not len(p) or (p < 0).any() or not np.allclose(p.sum(axis=1), 1.0, atol=1e-4):
        raise DataError(f"Expected rows of probabilities of sum 1, found an array of shape {p.shape} that is not.")
    return p

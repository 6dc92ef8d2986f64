"""Do probabilities mean what they say? Temperature scaling and the calibration error."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from headstart.math.statistics.probability import logits as logits_of
from headstart.math.statistics.probability import probabilities

_RANGE = np.log(20.0)
_BINS = 15


def temperature(logits: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None) -> float:
    """Temperature T that makes probabilities softmax(logits / T) fit the labels best.

    T > 1 softens the probabilities of an over-confident model, T < 1 sharpens; the predicted class never
    changes. Minimises ``sum_i -log p_i(y_i; T) + (log T)^2 / 2``.

    Parameters
    ----------
    logits : array of float, shape (n, K), or (n, L) for multi-label
        Scores on held-out examples; logarithms of probabilities serve as well.
    y : array of int, shape (n,), or (n, L) of 0/1 for multi-label
        Class numbers 0..K-1, or one 0/1 column per label (then the sigmoid takes the place of the softmax).
    sample_weight : array of float, shape (n,), optional
        How many examples each stands for. Default: 1.

    Returns
    -------
    float
        T, between 1/20 and 20.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, section 4.2. The term
    (log T)^2 / 2 is ours: it weighs as much as one example and keeps T finite when every prediction is right.

    Examples
    --------
    >>> temperature([[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [4.0, 0.0]], [0, 0, 1, 1]) > 3
    True
    """
    z, labels = np.asarray(logits, dtype=np.float64), np.asarray(y)
    several = labels.ndim == 2
    # per label its margin with the sign of what is true; per class how far its score is below the highest
    below = np.where(labels == 1, -z, z) if several else z - z.max(axis=1, keepdims=True)
    place = None if several else (np.arange(len(labels)), labels)

    def loss(log_t: float) -> float:
        scaled = below / np.exp(log_t)
        lost = np.logaddexp(0.0, scaled) if several else np.log(np.exp(scaled).sum(axis=1)) - scaled[place]
        nll = lost.sum() if sample_weight is None else (sample_weight @ lost).sum()
        return float(nll + 0.5 * log_t**2)

    return float(np.exp(minimize_scalar(loss, bounds=(-_RANGE, _RANGE), method="bounded").x))


def calibrated(y: np.ndarray, probability: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Probabilities of each fold, scaled with the temperature that fits the other folds best.

    Parameters
    ----------
    y : array of int, shape (n,) or (n, L)
        Class numbers, or 0/1 labels.
    probability : array of float, shape (n, K) or (n, L)
        Out-of-fold probabilities.
    fold : array of int, shape (n,)
        Fold of each example.

    Returns
    -------
    array of float, shape of ``probability``
    """
    z = logits_of(probability, multilabel=y.ndim == 2)
    result = np.empty_like(z)
    for f in np.unique(fold):
        here = fold == f
        t = temperature(z[~here], y[~here]) if (~here).any() else 1.0
        result[here] = probabilities(z[here] / t, multilabel=y.ndim == 2)
    return result


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray) -> float:
    """Mean gap between how sure a model is and how often it is right.

    ``ECE = sum_b |B_b| / n * |accuracy(B_b) - confidence(B_b)|`` over 15 equally wide bins of confidence.

    Parameters
    ----------
    confidence : array of float, shape (n,)
        Probability of the predicted class, 0..1.
    correct : array of bool, shape (n,)
        Whether the prediction is right.

    Returns
    -------
    float
        0 (perfectly calibrated) to 1.

    References
    ----------
    Guo et al. (2017), equation 3.

    Examples
    --------
    >>> expected_calibration_error([0.75, 0.75, 0.75, 0.75], [1, 1, 1, 0])
    0.0
    """
    p, right = np.asarray(confidence, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    if p.size == 0:
        return 0.0
    bins = np.clip(np.ceil(p * _BINS).astype(int) - 1, 0, _BINS - 1)
    gaps = np.bincount(bins, weights=right - p, minlength=_BINS)
    return float(np.abs(gaps).sum() / p.size)


def reliability(confidence: np.ndarray, correct: np.ndarray, *, n_bins: int = 10, least: int = 10) -> np.ndarray:
    """How often a model is right where it is as sure as it says: the reliability curve.

    Parameters
    ----------
    confidence, correct
        As in `expected_calibration_error`.
    n_bins : int, default=10
        Bins at most, each with the same number of predictions; equal probabilities stay in one.
    least : int, default=10
        Predictions in a bin at least.

    Returns
    -------
    array of float, shape (bins, 3)
        Mean probability, share that is right, and number of predictions, by rising probability.

    References
    ----------
    Niculescu-Mizil and Caruana (2005), Predicting good probabilities with supervised learning; bins of equal number
    after Nguyen and O'Connor (2015).

    Examples
    --------
    >>> reliability(np.repeat([0.6, 0.9], 10), np.repeat([1, 0, 1, 0], [6, 4, 9, 1])).round(2).tolist()
    [[0.6, 0.6, 10.0], [0.9, 0.9, 10.0]]
    """
    p, right = np.asarray(confidence, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    bins = max(1, min(n_bins, len(p) // least))
    edges = np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1], method="lower") if len(p) else np.zeros(0)
    place = np.searchsorted(edges, p[order], side="left")
    found = [(p[order][place == b], right[order][place == b]) for b in np.unique(place)]
    return np.array([(sure.mean(), hit.mean(), len(sure)) for sure, hit in found]).reshape(-1, 3)

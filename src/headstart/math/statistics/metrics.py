"""Scores of single examples, which tests and bootstraps need and scikit-learn does not give."""

from __future__ import annotations

import numpy as np

_TINY = 1e-12


def example_log_loss(probability: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Logarithmic loss of each example.

    Parameters
    ----------
    probability : array of float, shape (n, K), or (n, L) for multi-label
        Class probabilities, or the probability of each label.
    y : array of int, shape (n,), or (n, L) of 0/1 for multi-label
        Class numbers 0..K-1, or one column per label.

    Returns
    -------
    array of float, shape (n,)
        ``-log p(y)`` in nats; the mean over labels for multi-label. Probabilities are held above 1e-12.

    Examples
    --------
    >>> example_log_loss([[0.5, 0.5]], [1]).round(3).tolist()
    [0.693]
    """
    p, labels = np.clip(np.asarray(probability, dtype=np.float64), _TINY, 1.0), np.asarray(y)
    if labels.ndim == 2:
        other = np.clip(1.0 - np.asarray(probability, dtype=np.float64), _TINY, 1.0)
        return -np.where(labels == 1, np.log(p), np.log(other)).mean(axis=1)
    return -np.log(p[np.arange(len(labels)), labels])


def example_brier(probability: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Brier score of each example: half of the squared distance from the right answer, 0..1.

    Parameters
    ----------
    probability, y
        As in `example_log_loss`.

    Returns
    -------
    array of float, shape (n,)
        For multi-label the mean squared error over labels.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability; halved, so that of two classes it is the
    squared error of one.

    Examples
    --------
    >>> example_brier([[0.5, 0.5], [1.0, 0.0]], [1, 1]).tolist()
    [0.25, 1.0]
    """
    p, labels = np.asarray(probability, dtype=np.float64), np.asarray(y)
    if labels.ndim == 2:
        return ((p - (labels == 1)) ** 2).mean(axis=1)
    return ((p - np.eye(p.shape[1])[labels]) ** 2).sum(axis=1) / 2.0


def example_f1(y: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """F1 of each example's set of labels: ``2 |true and predicted| / (|true| + |predicted|)``.

    Parameters
    ----------
    y, predicted : array of 0/1, shape (n, L)
        True and predicted labels.

    Returns
    -------
    array of float, shape (n,)
        0..1; an example without labels and without predicted labels counts 1.

    Examples
    --------
    >>> example_f1([[1, 1, 0], [0, 0, 0]], [[1, 0, 0], [0, 0, 0]]).round(3).tolist()
    [0.667, 1.0]
    """
    t, p = np.asarray(y) == 1, np.asarray(predicted) == 1
    size = t.sum(axis=1) + p.sum(axis=1)
    return np.where(size == 0, 1.0, 2.0 * (t & p).sum(axis=1) / np.maximum(size, 1))


def example_r2(y: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Share of each example in the coefficient of determination: its mean over examples is R^2.

    ``1 - (y_i - f_i)^2 / mean_j (y_j - mean y)^2``, averaged over targets when there are several.

    Parameters
    ----------
    y, predicted : array of float, shape (n,) or (n, t)
        True and predicted values.

    Returns
    -------
    array of float, shape (n,)
        At most 1; without a lower bound. A constant target counts 1 where it is met and 0 elsewhere.

    Examples
    --------
    >>> example_r2([0.0, 2.0], [0.0, 1.0]).tolist()
    [1.0, 0.0]
    """
    t = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
    error = (t - np.asarray(predicted, dtype=np.float64).reshape(t.shape)) ** 2
    spread = t.var(axis=0)
    relative = np.where(spread > 0, error / np.where(spread > 0, spread, 1.0), (error > 0).astype(float))
    return 1.0 - relative.mean(axis=1)


def surprise(y: np.ndarray, prediction: np.ndarray) -> float:
    r"""Log-loss of the examples on which the loss falls, if the probabilities are right: :math:`E[l^2] / E[l]`.

    A loss is rare and large where a model is sure; where none was seen, the model itself says how large.

    Parameters
    ----------
    y : array of int, shape (n,) or (n, L)
        Tells classes from labels.
    prediction : array of float, shape (n, K) or (n, L)
        Probabilities.

    Examples
    --------
    >>> y = np.array([0, 0])
    >>> [round(surprise(y, np.tile([p, 1 - p], (2, 1))), 2) for p in (0.5, 0.9, 0.99)]
    [0.69, 1.66, 3.79]
    """
    p = np.asarray(prediction, dtype=np.float64)
    each = np.clip(p[:, None, :] if y.ndim == 1 else np.stack([p, 1.0 - p], axis=2), _TINY, 1.0)
    loss = -np.log(each)
    mean = (each * loss).sum(axis=2)
    variance = (each * loss**2).sum(axis=2) - mean**2
    squares = variance.sum(axis=1) / mean.shape[1] ** 2 + mean.mean(axis=1) ** 2
    return float(squares.sum() / max(mean.mean(axis=1).sum(), 1e-300))

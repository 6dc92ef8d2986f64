"""How much do features know about labels? Scores that need no training: nearest neighbours and ridge."""

from __future__ import annotations

import numpy as np

from headstart.math.linear.row_space import row_space

_PENALTIES = np.logspace(-4, 4, 17)
#: Rows and columns from which single precision serves, in which directions of next to no length are left out.
_MANY = 128
#: Rows of groups of one size that are left out at a time.
_TOGETHER = 512


def standardised(features: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and deviation 1; constant columns become 0.

    Parameters
    ----------
    features : array of float, shape (n, d)
        Finite values.

    Returns
    -------
    array of float32, shape (n, d)
        A new array.

    Examples
    --------
    >>> standardised([[1.0, 5.0], [3.0, 5.0]]).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    x = np.asarray(features, dtype=np.float32)
    centred = x - x.mean(axis=0, dtype=np.float64).astype(np.float32)
    deviation = centred.std(axis=0, dtype=np.float64)
    scale = np.where(deviation > 1e-12, 1.0 / np.maximum(deviation, 1e-12), 0.0)
    return centred * scale.astype(np.float32)


def knn_score(
    features: np.ndarray, targets: np.ndarray, *, k: int = 5, groups: np.ndarray | None = None, block: int = 1024
) -> float:
    """Leave-one-out score of k nearest neighbours by cosine similarity of standardised features.

    Each example is predicted from the k others that point in the most similar direction. Plain and hard to
    beat: on large comparisons k-NN on the features ranks sources better than most published measures.

    Parameters
    ----------
    features : array of float, shape (n, d)
        Pooled features.
    targets : array, shape (n, c)
        One-hot classes, 0/1 labels, or numbers; a 1-D array is taken as one number per example.
    k : int, default=5
        Neighbours; fewer when there are not that many.
    groups : array, shape (n,), optional
        Neighbours of the same group do not vote.
    block : int, default=1024
        Rows of similarities held in memory at a time.

    Returns
    -------
    float
        Accuracy of the largest vote when every row of ``targets`` is one-hot, else R^2 of the mean vote.

    References
    ----------
    Cover and Hart (1967), Nearest neighbor pattern classification.

    Examples
    --------
    >>> knn_score([[0.0], [0.1], [9.0], [9.1]], np.eye(2)[[0, 0, 1, 1]], k=1)
    1.0
    """
    return score_of(targets, knn_answers(features, targets, k=k, groups=groups, block=block))


def knn_answers(
    features: np.ndarray, targets: np.ndarray, *, k: int = 5, groups: np.ndarray | None = None, block: int = 1024
) -> np.ndarray:
    """Left-out answers of the nearest neighbours, (n, c); see `knn_score`.

    Examples
    --------
    >>> knn_answers([[0.0], [0.1], [9.0], [9.1]], np.array([1.0, 1.0, 5.0, 5.0]), k=1).ravel().tolist()
    [1.0, 1.0, 5.0, 5.0]
    """
    x, y = standardised(features), _columns(targets)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    n = len(x)
    index = np.arange(n) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    k = min(k, n - 1)
    predicted = np.tile(y.mean(axis=0), (n, 1))
    for start in range(0, n if k > 0 else 0, block):
        rows = np.arange(start, min(n, start + block))
        similar = x[rows] @ x.T
        similar[index[rows][:, None] == index[None, :]] = -np.inf
        nearest = np.argpartition(-similar, k - 1, axis=1)[:, :k]
        weight = np.isfinite(np.take_along_axis(similar, nearest, axis=1)).astype(np.float64)
        # The nearest neighbour breaks ties between votes.
        weight *= 1.0 + 1e-3 * (1.0 + np.nan_to_num(np.take_along_axis(similar, nearest, axis=1), neginf=-1.0))
        votes = np.einsum("nk,nkc->nc", weight, y[nearest])
        total = weight.sum(axis=1, keepdims=True)
        predicted[rows] = np.where(total > 0, votes / np.maximum(total, 1e-12), predicted[rows])
    return predicted


def ridge_loo_score(features: np.ndarray, targets: np.ndarray, *, groups: np.ndarray | None = None) -> float:
    """Leave-one-out score of ridge regression in closed form, with the best of 17 penalties.

    With the hat matrix ``H`` of the fit with an intercept, the prediction for a left-out example follows from
    the fit on all: ``r_i / (1 - H_ii)`` is its residual; for a left-out group G it is ``(I - H_GG)^-1 r_G``.
    One eigendecomposition of the smaller Gram matrix serves all penalties.

    Parameters
    ----------
    features, targets
        As in `knn_score`.
    groups : array, shape (n,), optional
        Leave whole groups out.

    Returns
    -------
    float
        Accuracy of the largest column when every row of ``targets`` is one-hot, else R^2, at the penalty with
        the smallest left-out squared error.

    References
    ----------
    Allen (1974), the PRESS statistic; Golub, Heath and Wahba (1979), equation 2.

    Examples
    --------
    >>> x = np.linspace(0, 1, 20)[:, None]
    >>> round(ridge_loo_score(x, 3 * x[:, 0] + 1), 4)
    1.0
    """
    return score_of(targets, ridge_loo_answers(features, targets, groups=groups))


def ridge_loo_answers(features: np.ndarray, targets: np.ndarray, *, groups: np.ndarray | None = None) -> np.ndarray:
    """Left-out answers of ridge regression, (n, c); see `ridge_loo_score`.

    Examples
    --------
    >>> x = np.linspace(0, 1, 20)[:, None]
    >>> bool(abs(ridge_loo_answers(x, 3 * x[:, 0] + 1) - 3 * x - 1).max() < 0.01)
    True
    """
    x, y = standardised(features), _columns(targets)
    n = len(x)
    mean = y.mean(axis=0)
    space = row_space(x, kind=np.float32 if min(x.shape) > _MANY else np.float64)
    basis, singular = space.left, space.singular.astype(np.float64)
    values = singular**2
    projected = basis.T @ (y - mean)
    shrinks = values / (values + n * _PENALTIES[:, None])
    of_each = None if groups is None else _members(np.asarray(groups))
    leverages = 1.0 / n + shrinks @ (basis**2).T if of_each is None else np.zeros((len(shrinks), 0))
    best, chosen = np.inf, np.tile(mean, (n, 1))
    for shrink, leverage in zip(shrinks, leverages, strict=True):
        residual = y - mean - basis @ (shrink[:, None] * projected)
        if of_each is None:
            left_out = residual / np.maximum(1.0 - leverage, 1e-8)[:, None]
        else:
            left_out = _leave_out(basis, shrink, residual, of_each)
        loss = float(np.mean(left_out**2))
        if loss < best:
            best, chosen = loss, y - left_out
    return chosen


def _leave_out(basis: np.ndarray, shrink: np.ndarray, residual: np.ndarray, members: list[np.ndarray]) -> np.ndarray:
    """Residuals of groups left out, from the residuals of the fit on all; ``members`` are arrays (g, size) of rows."""
    left_out = np.empty_like(residual)
    for rows in members:
        part = basis[rows]
        hat = 1.0 / len(basis) + (part * shrink) @ part.swapaxes(1, 2)
        left_out[rows] = np.linalg.solve((1.0 + 1e-10) * np.eye(rows.shape[1]) - hat, residual[rows])
    return left_out


def _members(groups: np.ndarray) -> list[np.ndarray]:
    """The rows of each group: an array (g, size) of the groups of one size, and of few enough to be held at once."""
    index = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(index)
    order, starts = np.argsort(index, kind="stable"), np.cumsum(sizes) - sizes
    found = []
    for size in np.unique(sizes):
        alike = starts[sizes == size][:, None] + np.arange(size)
        found += np.array_split(order[alike], -(-alike.size // _TOGETHER))
    return found


def _columns(targets: np.ndarray) -> np.ndarray:
    y = np.asarray(targets, dtype=np.float64)
    return y.reshape(len(y), -1)


def score_of(targets: np.ndarray, predicted: np.ndarray) -> float:
    """Share right where every row of ``targets`` is one-hot, else the mean R^2 of its columns."""
    y = _columns(targets)
    if one_hot(y):
        return float(np.mean(y.argmax(axis=1) == predicted.argmax(axis=1)))
    spread = ((y - y.mean(axis=0)) ** 2).mean(axis=0)
    error = ((y - predicted) ** 2).mean(axis=0)
    return float(np.mean(1.0 - error / np.maximum(spread, 1e-300)))


def right_of_each(targets: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """What each example adds to `score_of`, (n,): its mean is the score.

    Examples
    --------
    >>> right_of_each(np.eye(2)[[0, 1, 1]], np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])).tolist()
    [1.0, 1.0, 0.0]
    """
    y = _columns(targets)
    if one_hot(y):
        return np.asarray(y.argmax(axis=1) == predicted.argmax(axis=1), dtype=np.float64)
    spread = ((y - y.mean(axis=0)) ** 2).mean(axis=0)
    return np.asarray((1.0 - (y - predicted) ** 2 / np.maximum(spread, 1e-300)).mean(axis=1))


def one_hot(y: np.ndarray) -> bool:
    """Whether every row of an array (n, c) has a 1 in one column and 0 in the others."""
    return bool(y.shape[1] > 1 and np.all((y == 0) | (y == 1)) and np.all(y.sum(axis=1) == 1))

"""Class-regularised optimal transport: rows of one class travel together."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse
from scipy.special import xlogy

from headstart.math.transport.sinkhorn import EntropicPlan, sinkhorn

#: Added to a class's mass below the square root, as in the authors' code: the slope at zero stays finite.
OFFSET = 1e-3


def square_root_transport(
    cost: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    labels: np.ndarray,
    reg: float,
    class_reg: float,
    *,
    tol: float = 1e-5,
    max_iter: int = 20,
) -> EntropicPlan:
    r"""Lp-L1 class regularisation with p = 1/2, by majorisation.

    .. math:: \min_P \langle P, C\rangle + \varepsilon \sum P \log P
        + \eta \sum_j \sum_c \Big( \delta + \sum_{i \in I_c} P_{ij} \Big)^{1/2}

    The concave last term is replaced by its tangent, :math:`C_{ij} + \eta W_{c(i) j}` with
    :math:`W_{cj} = \tfrac12 (\delta + \sum_{I_c} P_{ij})^{-1/2}`, and solved as an entropic problem, again and again:
    the objective never rises. Each round starts from the potentials of the one before.

    Parameters
    ----------
    cost : ndarray of shape (n, m)
    a, b : ndarray of shape (n,), (m,)
        Positive weights with sum 1.
    labels : ndarray of int, shape (n,)
        Classes of the rows, 0, 1, ...
    reg : float
        :math:`\varepsilon > 0`.
    class_reg : float
        :math:`\eta \ge 0`.
    tol : float, default=1e-5
        Rounds end when the objective, without its constant :math:`\eta K m \delta^{1/2}` (K classes), falls by less
        than this share of itself.
    max_iter : int, default=20

    References
    ----------
    Courty, Flamary and Tuia (2014), Domain adaptation with regularized optimal transport, Algorithm 1. Courty et al.
    (2017), Optimal transport for domain adaptation, IEEE PAMI 39, section 4.3. They take :math:`\delta = 0` in the
    text; with it a class without mass in a column could never come back.

    Examples
    --------
    >>> cost = np.array([[0.0, 1.0], [0.9, 1.0], [1.0, 0.0], [1.0, 0.9]])
    >>> P = square_root_transport(cost, np.full(4, 0.25), np.full(2, 0.5), np.array([0, 0, 1, 1]), 0.5, 1.0).plan
    >>> bool(P[:2, 0].sum() > 0.47)
    True
    """
    members = _membership(labels)
    result = sinkhorn(cost, a, b, reg)
    if class_reg == 0:
        return result
    before = np.inf
    for _ in range(max_iter):
        mass = _dense(members @ result.plan) + OFFSET
        now = entropic_objective(cost, result.plan, reg) + class_reg * float((np.sqrt(mass) - OFFSET**0.5).sum())
        if before - now <= tol * abs(now):
            break
        before = now
        slope = (class_reg * 0.5 / np.sqrt(mass)).astype(cost.dtype)
        result = sinkhorn(cost + slope[labels], a, b, reg, start=result.g)
    return result


def group_lasso_transport(
    cost: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    labels: np.ndarray,
    reg: float,
    class_reg: float,
    *,
    tol: float = 1e-5,
    max_iter: int = 30,
) -> EntropicPlan:
    r"""Group-lasso class regularisation, by generalised conditional gradients.

    .. math:: \min_P \langle P, C\rangle + \varepsilon \sum P \log P + \eta \sum_j \sum_c \| P_{I_c, j} \|_2

    A convex problem: the last term is linearised at P, the entropic problem that remains is solved (from the
    potentials of the round before), and P moves towards its solution as far as the whole objective falls.

    Parameters
    ----------
    cost, a, b, labels, reg, class_reg, max_iter
        As in :func:`square_root_transport`.
    tol : float, default=1e-5
        Rounds end when the objective falls by less than this share of itself.

    Returns
    -------
    EntropicPlan
        Its potentials are those of the last linearised problem.

    References
    ----------
    Courty et al. (2017), Optimal transport for domain adaptation, IEEE PAMI 39, section 4.2 and Algorithm 1.

    Examples
    --------
    >>> cost = np.array([[0.0, 1.0], [0.5, 1.0], [1.0, 0.0], [1.0, 0.5]])
    >>> P = group_lasso_transport(cost, np.full(4, 0.25), np.full(2, 0.5), np.array([0, 0, 1, 1]), 0.1, 1.0).plan
    >>> bool(abs(P[0, 0] - P[1, 0]) < 0.01)
    True
    """
    members = _membership(labels)
    result = sinkhorn(cost, a, b, reg)
    if class_reg == 0:
        return result
    plan = result.plan
    for _ in range(max_iter):
        sloped = _plus_slope(cost, plan, members, labels, class_reg)
        result = sinkhorn(sloped, a, b, reg, start=result.g)
        moved, fall, value = _line_search(cost, plan, result.plan, members, labels, reg, class_reg)
        plan = moved
        if fall <= tol * abs(value):
            break
    error = float(np.abs(np.asarray(plan.sum(axis=0)).ravel() - b).sum())
    return EntropicPlan(plan, result.f, result.g, error)


def entropic_objective(cost: np.ndarray, plan: Any, reg: float) -> float:
    """``<P, C> + reg * sum P log P`` of a dense or sparse plan."""
    costs, cells = _cells(cost, plan)
    return float(cells @ costs + reg * xlogy(cells, cells).sum())


def group_norms(plan: Any, members: csr_array) -> np.ndarray:
    """Norm of every class's cells in every column, shape (classes, m)."""
    squares = plan.multiply(plan) if issparse(plan) else plan * plan
    found = members @ squares
    return np.sqrt(_dense(found))


def _dense(matrix: Any) -> np.ndarray:
    return np.asarray(matrix.toarray() if issparse(matrix) else matrix)


def _membership(labels: np.ndarray) -> csr_array:
    """One row a class, one column a row of the source."""
    n = len(labels)
    return csr_array((np.ones(n), (labels, np.arange(n))), shape=(int(labels.max()) + 1, n))


def _cells(cost: np.ndarray, plan: Any) -> tuple[np.ndarray, np.ndarray]:
    """Costs and masses of the cells that a plan keeps."""
    if not issparse(plan):
        return cost.ravel(), np.ascontiguousarray(plan).ravel()
    rows = np.repeat(np.arange(plan.shape[0]), np.diff(plan.indptr))
    return cost[rows, plan.indices].astype(np.float64), plan.data


def _slopes(plan: Any, members: csr_array, labels: np.ndarray) -> np.ndarray:
    """Gradient of the sum of norms at the cells that a plan keeps."""
    norms = np.maximum(group_norms(plan, members), 1e-300)
    if not issparse(plan):
        return (plan / norms[labels].astype(plan.dtype)).ravel()
    rows = np.repeat(np.arange(plan.shape[0]), np.diff(plan.indptr))
    return plan.data / norms[labels[rows], plan.indices]


def _plus_slope(cost: np.ndarray, plan: Any, members: csr_array, labels: np.ndarray, class_reg: float) -> np.ndarray:
    slopes = class_reg * _slopes(plan, members, labels)
    if not issparse(plan):
        return (cost + slopes.reshape(cost.shape)).astype(cost.dtype)
    sloped = cost.copy()
    rows = np.repeat(np.arange(plan.shape[0]), np.diff(plan.indptr))
    sloped[rows, plan.indices] += slopes.astype(cost.dtype)
    return sloped


def _line_search(
    cost: np.ndarray,
    plan: Any,
    towards: Any,
    members: csr_array,
    labels: np.ndarray,
    reg: float,
    class_reg: float,
    steps: int = 12,
) -> tuple[Any, float, float]:
    """The point between two plans where the objective is least (bisection on its slope), the fall, the new value."""
    if issparse(plan) and issparse(towards):
        pattern = csr_array(plan + towards)
        pattern.sort_indices()
        old, new = _on(pattern, plan), _on(pattern, towards)
    else:
        pattern, old, new = (
            None,
            *(_dense(p).ravel().astype(np.float64) for p in (plan, towards)),
        )

    def at(length: float) -> Any:
        cells = (1 - length) * old + length * new
        if pattern is None:
            return cells.reshape(cost.shape)
        return csr_array((cells, pattern.indices, pattern.indptr), shape=pattern.shape)

    costs, direction = _cells(cost, at(0.0))[0], new - old

    def slope(length: float) -> float:
        here = at(length)
        cells = _cells(cost, here)[1]
        gradient = costs + reg * np.log(np.maximum(cells, 1e-300)) + class_reg * _slopes(here, members, labels)
        return float(direction @ gradient)

    def value(length: float) -> float:
        here = at(length)
        cells = _cells(cost, here)[1]
        return float(cells @ costs + reg * xlogy(cells, cells).sum() + class_reg * group_norms(here, members).sum())

    low, high = 0.0, 1.0
    if slope(1.0) <= 0:
        low = 1.0
    else:
        for _ in range(steps):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if slope(middle) <= 0 else (low, middle)
    best = value(low)
    return at(low), value(0.0) - best, best


def _on(pattern: csr_array, plan: csr_array) -> np.ndarray:
    """Cells of a plan in the order of a larger pattern."""
    width = pattern.shape[1]

    def keys(matrix: csr_array) -> np.ndarray:
        return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)) * width + matrix.indices

    cells = np.zeros(len(pattern.data))
    plan = csr_array(plan)
    plan.sort_indices()
    cells[np.searchsorted(keys(pattern), keys(plan))] = plan.data
    return cells

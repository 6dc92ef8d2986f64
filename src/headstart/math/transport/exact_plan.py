"""Exact optimal transport: a network simplex on the few cells that matter, with a proof that the others do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array

from headstart.errors import DataError
from headstart.math.transport.sinkhorn import CELLS, sinkhorn


@dataclass(frozen=True)
class ExactPlan:
    """An optimal plan and its certificate.

    Attributes
    ----------
    plan : csr_array of shape (n, m)
        At most n + m - 1 cells are positive.
    f : ndarray of shape (n,)
    g : ndarray of shape (m,)
        Dual potentials: ``f_i + g_j <= cost_ij`` everywhere, equal where mass moves.
    value : float
        ``<plan, cost>``.
    """

    plan: csr_array
    f: np.ndarray
    g: np.ndarray
    value: float


#: Up to so many cells the whole problem goes to the network simplex at once.
SMALL = 250_000
#: Cells kept for each row and for each column, by reduced cost.
KEPT = 12


def exact_plan(
    cost: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    *,
    start: tuple[np.ndarray, np.ndarray] | None = None,
    gap: float = 0.0,
) -> ExactPlan:
    r"""Solve :math:`\min_P \langle P, C \rangle` over the plans with marginals a and b, to optimality.

    The simplex runs on the cells of smallest reduced cost :math:`C_{ij} - f_i - g_j`, first by potentials of an
    entropic problem; all n m cells are then priced with the simplex's own potentials, those of negative reduced
    cost join, and it runs again until there is none: then the plan is optimal for the whole problem.

    Parameters
    ----------
    cost : ndarray of shape (n, m)
    a : ndarray of shape (n,)
        Weights of the rows, 0 or more, with sum 1.
    b : ndarray of shape (m,)
        Weights of the columns, 0 or more, with sum 1.
    start : (f, g), optional
        Potentials of a similar problem.
    gap : float, default=0.0
        Be content when the value is proved to be within this share of the least one: the last rounds of pricing often
        prove what is optimal already. The potentials then break their inequality by as little.

    Raises
    ------
    DataError
        If the weights do not have the same sum, or costs are not finite.

    References
    ----------
    Bonneel et al. (2011), Displacement interpolation using Lagrangian mass transport (the simplex, from POT).
    Pricing: column generation as in Schmitzer (2016), A sparse multiscale algorithm for dense optimal transport,
    J. Math. Imaging Vis. 56.

    Examples
    --------
    >>> result = exact_plan(np.array([[0.0, 2.0], [1.0, 5.0]]), np.full(2, 0.5), np.full(2, 0.5))
    >>> result.plan.toarray().tolist(), round(result.value, 12)
    ([[0.0, 0.5], [0.5, 0.0]], 1.5)
    """
    if not np.isclose(a.sum(), b.sum()) or not np.isfinite(cost.sum(dtype=np.float64)):
        raise DataError(
            f"Expected finite costs and weights of the same sum, found sums {a.sum():.6g} and {b.sum():.6g}.",
            "Divide each side's weights by their sum.",
        )
    rows, columns = np.flatnonzero(a), np.flatnonzero(b)
    if len(rows) < len(a) or len(columns) < len(b):
        return _without_zeros(cost, a, b, rows, columns, gap)
    if cost.size <= SMALL:
        cells = [np.arange(cost.size)]
    else:
        f, g = _first_potentials(cost, a, b) if start is None else start
        cells = [_corner_cells(a, b), _cheap_cells(cost, f, g, KEPT)]
    scale = max(float(cost.max()), -float(cost.min())) + 1e-300
    kept = _sorted_union(*cells)
    while True:
        plan, f, g = _simplex(cost, a, b, kept)
        value = float(plan.data @ cost[np.repeat(np.arange(len(a)), np.diff(plan.indptr)), plan.indices])
        if cost.size == len(kept):
            return ExactPlan(plan, f, g, value)
        more, excess = _violations(cost, f, g, 1e-10 * scale)
        grown = _sorted_union(kept, more)
        if len(grown) == len(kept) or a @ excess < gap * abs(value):
            return ExactPlan(plan, f, g, value)
        kept = grown


def _first_potentials(cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of an entropic problem with little regularisation, loosely solved."""
    sample = cost[:: max(1, len(cost) // 200)]
    reg = 0.005 * float(np.ptp(sample)) + 1e-12 * float(np.abs(sample).max()) + 1e-300
    rough = sinkhorn(cost, a, b, reg, tol=0.02, max_rounds=3)
    return rough.f, rough.g


def _simplex(
    cost: np.ndarray, a: np.ndarray, b: np.ndarray, cells: np.ndarray
) -> tuple[csr_array, np.ndarray, np.ndarray]:
    """The problem restricted to some cells (indices into the flattened costs)."""
    from ot import emd

    i, j = np.divmod(cells, cost.shape[1])
    restricted: Any = coo_array((cost[i, j].astype(np.float64), (i, j)), shape=cost.shape)
    most = 100 * len(cells) + 1_000_000
    dense = len(cells) == cost.size
    table = np.ascontiguousarray(cost, dtype=np.float64) if dense else restricted
    plan, log = emd(a, b, table, numItermax=most, log=True, center_dual=False)
    if log["warning"] is not None:
        raise DataError(f"Expected a transport problem that can be solved; the network simplex says: {log['warning']}")
    plan = csr_array(plan)
    plan.eliminate_zeros()
    return plan, np.asarray(log["u"]), np.asarray(log["v"])


def _corner_cells(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cells of the north-west corner plan, so that the restricted problem has a solution."""
    ends = np.union1d(np.cumsum(a)[:-1], np.cumsum(b)[:-1])
    middles = np.concatenate([[0.0], ends]) / 2 + np.concatenate([ends, [1.0]]) / 2
    i = np.minimum(np.searchsorted(np.cumsum(a), middles), len(a) - 1)
    j = np.minimum(np.searchsorted(np.cumsum(b), middles), len(b) - 1)
    path = [i * len(b) + j, i[:-1] * len(b) + j[1:], i[1:] * len(b) + j[:-1]]
    return np.concatenate([*path, [0, len(a) * len(b) - 1]])


def _cheap_cells(cost: np.ndarray, f: np.ndarray, g: np.ndarray, k: int) -> np.ndarray:
    """Cells of small reduced cost, about 2 k a row, after f and g are made as large as they may be."""
    n, m = cost.shape
    step, f, low = max(1, CELLS // m), np.empty(n), np.full(m, np.inf)
    for begin in range(0, n, step):
        reduced = cost[begin : begin + step] - g
        f[begin : begin + step] = reduced.min(axis=1)
        np.minimum(low, (reduced - f[begin : begin + step, None]).min(axis=0), out=low)
    g = g + low
    some = np.arange(0, n, max(1, n // 100))
    sample = (cost[some] - f[some, None] - g).ravel()
    position = min(2 * k * len(some) * max(1, m // n), len(sample) - 1)
    threshold = np.partition(sample, position)[position] + 1e-12 * float(np.abs(cost[some]).max())
    found = []
    for begin in range(0, n, step):
        reduced = cost[begin : begin + step] - f[begin : begin + step, None]
        reduced -= g
        found.append(begin * m + np.flatnonzero(reduced <= threshold))
    return np.concatenate(found)


def _sorted_union(*parts: np.ndarray) -> np.ndarray:
    """Distinct values, ascending; by sorting, which beats hashing where most are distinct."""
    values = np.sort(np.concatenate(parts))
    return values[np.append(True, values[1:] != values[:-1])]


def _violations(cost: np.ndarray, f: np.ndarray, g: np.ndarray, slack: float) -> tuple[np.ndarray, np.ndarray]:
    """Cells of negative reduced cost, at most `KEPT` a row, the worst; and how much too large each f is, (n,)."""
    m, found, excess = cost.shape[1], [np.empty(0, dtype=np.int64)], np.zeros(len(f))
    step = max(1, CELLS // m)
    for begin in range(0, len(cost), step):
        reduced = cost[begin : begin + step] - f[begin : begin + step, None]
        reduced -= g
        least = reduced.min(axis=1)
        excess[begin : begin + step] = np.maximum(-least, 0.0)
        bad = np.flatnonzero(least < -slack)
        if len(bad):
            size = min(KEPT, m)
            best = np.argpartition(reduced[bad], size - 1, axis=1)[:, :size]
            wrong = reduced[bad[:, None], best] < -slack
            found.append(((bad + begin)[:, None] * m + best)[wrong])
    return np.concatenate(found), excess


def _without_zeros(
    cost: np.ndarray, a: np.ndarray, b: np.ndarray, rows: np.ndarray, columns: np.ndarray, gap: float
) -> ExactPlan:
    """Rows and columns without weight are left out, and get the largest potentials that stay feasible."""
    inner = exact_plan(np.ascontiguousarray(cost[np.ix_(rows, columns)]), a[rows], b[columns], gap=gap)
    g = np.full(len(b), np.inf)
    g[columns] = inner.g
    f = (cost[:, columns] - inner.g).min(axis=1)
    f[rows] = inner.f
    empty = np.flatnonzero(b == 0)
    g[empty] = (cost[:, empty] - f[:, None]).min(axis=0)
    small = inner.plan.tocoo()
    plan = csr_array((small.data, (rows[small.row], columns[small.col])), shape=cost.shape)
    return ExactPlan(plan, f, g, inner.value)

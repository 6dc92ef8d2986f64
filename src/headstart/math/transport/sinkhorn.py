"""Entropic optimal transport by scaling down the regularisation, truncated kernels and Newton steps on the dual."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

#: Cells of the cost matrix that are worked on at once: they stay in the processor's cache.
CELLS = 1 << 19
#: Above this share of cells that matter a dense kernel is quicker than a sparse one.
DENSE = 0.25


@dataclass(frozen=True)
class EntropicPlan:
    """A regularised transport plan with the potentials that made it: ``plan = exp((f + g - cost) / reg)``.

    Attributes
    ----------
    plan : ndarray or csr_array of shape (n, m)
        Row sums are ``a`` exactly; cells too small to matter are left out where the plan is sparse.
    f : ndarray of shape (n,)
    g : ndarray of shape (m,)
    error : float
        Sum over columns of \\|column sum - b\\|.
    """

    plan: Any
    f: np.ndarray
    g: np.ndarray
    error: float


def sinkhorn(
    cost: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    reg: float,
    *,
    start: np.ndarray | None = None,
    tol: float = 1e-5,
    max_rounds: int = 30,
) -> EntropicPlan:
    r"""Solve :math:`\min_P \langle P, C\rangle + \varepsilon \sum_{ij} P_{ij}(\log P_{ij} - 1)`, P with marginals a, b.

    Sinkhorn's alternation converges slowly where :math:`\varepsilon` is small beside the costs, and touches all n m
    cells each time. Here :math:`\varepsilon` comes down by factors of 4 (each level starts from the potentials of the
    one before); at the last level only cells that carry mass are kept, and the concave dual

    .. math:: D(g) = \langle b, g\rangle - \varepsilon \sum_i a_i \log \sum_j e^{(g_j - C_{ij})/\varepsilon}

    is maximised over them by Newton's method with conjugate gradients. The full problem is then looked at again, the
    kept cells are renewed, until the column sums of the *full* plan are within `tol`.

    Parameters
    ----------
    cost : ndarray of shape (n, m)
        float32 or float64; the work is done in its precision.
    a : ndarray of shape (n,)
        Positive weights of the rows, with sum 1.
    b : ndarray of shape (m,)
        Positive weights of the columns, with sum 1.
    reg : float
        :math:`\varepsilon > 0`, in the unit of the costs.
    start : ndarray of shape (m,), optional
        Potential g of a similar problem: levels above `reg` are then passed over.
    tol : float, default=1e-5
        Largest sum of the columns' errors (1e-5 at least for float32).
    max_rounds : int, default=30
        Looks at the full problem at the last level, at most.

    References
    ----------
    Cuturi (2013), Sinkhorn distances. Schmitzer (2019), Stabilized sparse scaling algorithms for entropy regularized
    transport problems, SIAM J. Sci. Comput. 41, Algorithm 4. Tang et al. (2024), Accelerating Sinkhorn algorithm with
    sparse Newton iterations, ICLR; we eliminate f, which makes the Hessian m x m.

    Examples
    --------
    >>> result = sinkhorn(np.array([[0.0, 1.0], [1.0, 0.0]]), np.full(2, 0.5), np.full(2, 0.5), reg=1.0)
    >>> bool(np.isclose(result.plan[0, 0], 0.5 / (1 + np.exp(-1))))
    True
    """
    tol = max(tol, 1e-5) if cost.dtype == np.float32 else tol
    best: EntropicPlan | None = None
    for factor in (0.0, 4.0, 2.0):
        if factor == 0.0 and start is None:
            continue
        g = _descend(cost, a, b, reg, factor) if factor else np.asarray(start, dtype=np.float64)
        found = _polish(cost, a, b, g, reg, tol, max_rounds, patience=6 if factor else 2)
        best = found if best is None or found.error < best.error else best
        if best.error <= tol:
            break
    assert best is not None
    return best


def _descend(cost: np.ndarray, a: np.ndarray, b: np.ndarray, reg: float, factor: float) -> np.ndarray:
    """Potential of the columns after the levels above `reg`."""
    g = np.zeros(len(b))
    for level in _levels(cost, reg, factor):
        g, rough = _sweep(cost, a, b, g, level)
        if rough:
            kernel = _look(cost, a, b, g, level)[1]
            g = g + level * np.log(solve_kernel(kernel, a, b, tol=0.02))
    return g


def _polish(
    cost: np.ndarray, a: np.ndarray, b: np.ndarray, g: np.ndarray, reg: float, tol: float, rounds: int, patience: int
) -> EntropicPlan:
    """Look at the full problem, solve it on the cells that matter, until it holds or no longer gets better."""
    best, stalled = EntropicPlan(None, g, g, np.inf), 0
    for _ in range(rounds + 1):
        f, kernel, columns = _look(cost, a, b, g, reg)
        error = float(np.abs(columns - b).sum())
        stalled = 0 if error < 0.7 * best.error else stalled + 1
        if error < best.error:
            best = EntropicPlan(kernel, f, g, error)
        if error <= tol or stalled > patience:
            break
        if (columns < 0.02 * b).any() or columns.max() > 50 * b.max():
            g = _column_step(cost, f, b, g, reg, columns)
        else:
            g = g + reg * np.log(solve_kernel(kernel, a, b, tol=0.3 * tol))
    return best


def solve_kernel(kernel: Any, a: np.ndarray, b: np.ndarray, *, tol: float, max_steps: int = 60) -> np.ndarray:
    """Column scaling v such that ``diag(a / (K v)) K diag(v)`` has the column sums b.

    Parameters
    ----------
    kernel : ndarray or csr_array of shape (n, m)
        Non-negative, with a positive cell in every row and column.
    a, b : ndarray
        Marginals.
    tol : float
        Sum of the columns' errors.
    max_steps : int, default=60

    Returns
    -------
    v : ndarray of shape (m,)
    """
    x, most = np.zeros(len(b)), 300.0 if kernel.dtype == np.float64 else 60.0

    def measure(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        v = np.exp(np.clip(x, -most, most))
        rows = np.maximum(_times(kernel, v), np.exp(-most))
        columns = v * _times(kernel.T, a / rows)
        return v, rows, columns, float(b @ x - a @ np.log(rows))

    for _ in range(20):
        columns = measure(x)[2]
        x = x + np.log(b / np.maximum(columns, 1e-300))
    v, rows, columns, value = measure(x)
    errors: list[float] = []
    for _ in range(max_steps):
        error = float(np.abs(columns - b).sum())
        errors.append(error)
        if error <= tol or (len(errors) > 10 and error > 0.8 * errors[-10]):
            break
        step = _newton_direction(kernel, a, b, v, rows, columns)
        step *= min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-12))
        slope, length, moved = float((b - columns) @ step), 1.0, False
        while length > 1e-3 and slope > 0:
            trial = measure(x + length * step)
            if trial[3] >= value + 1e-4 * length * slope - 1e-15 * abs(value):
                x, moved = x + length * step, True
                v, rows, columns, value = trial
                break
            length *= 0.4
        if not moved:
            x = x + np.log(b / np.maximum(columns, 1e-300))
            v, rows, columns, value = measure(x)
            if float(np.abs(columns - b).sum()) > 0.95 * error:
                break
    return v


def _times(kernel: Any, x: np.ndarray) -> np.ndarray:
    """A product in the kernel's precision: NumPy would else make a double of the whole kernel."""
    return (kernel @ x.astype(kernel.dtype)).astype(np.float64)


def _newton_direction(
    kernel: Any, a: np.ndarray, b: np.ndarray, v: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Conjugate gradients on ``(diag(c) - P' diag(1/a) P) x = b - c``, preconditioned by diag(c)."""
    weight = a / rows**2

    def hessian(x: np.ndarray) -> np.ndarray:
        return (columns + 1e-14) * x - v * _times(kernel.T, weight * _times(kernel, v * x))

    x, residual = np.zeros_like(b), b - columns
    residual = residual - residual.mean()
    scale = 1.0 / np.maximum(columns, 1e-300)
    z = scale * residual
    direction, inner = z, float(residual @ z)
    target = 0.01 * inner
    for _ in range(200):
        image = hessian(direction)
        curvature = float(direction @ image)
        if curvature <= 1e-300:
            break
        length = inner / curvature
        x = x + length * direction
        residual = residual - length * image
        z = scale * residual
        inner, before = float(residual @ z), inner
        if inner <= target:
            break
        direction = z + (inner / before) * direction
    return x


def _levels(cost: np.ndarray, reg: float, factor: float) -> Iterator[float]:
    """Regularisations above `reg`, from the spread of the costs down, by a factor."""
    sample = cost[:: max(1, len(cost) // 200)]
    level = float(sample.max() - sample.min())
    while level > np.sqrt(factor) * reg:
        yield level
        level /= factor


def _blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    step = max(1, CELLS // max(shape[1], 1))
    for begin in range(0, shape[0], step):
        yield slice(begin, min(begin + step, shape[0]))


def _exponentials(
    cost: np.ndarray, g: np.ndarray, reg: float, block: slice
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``exp((g - C) / reg - top)`` of a block of rows, its top and its row sums."""
    cells = np.subtract(g.astype(cost.dtype)[None, :], cost[block])
    cells /= cost.dtype.type(reg)
    top = cells.max(axis=1)
    cells -= top[:, None]
    np.exp(cells, out=cells)
    return cells, top.astype(np.float64), cells.sum(axis=1, dtype=np.float64)


def _sweep(
    cost: np.ndarray, a: np.ndarray, b: np.ndarray, g: np.ndarray, reg: float, most: int = 3
) -> tuple[np.ndarray, bool]:
    """A few of Sinkhorn's alternations over the whole matrix; whether the columns are still far off."""
    error = np.inf
    for _ in range(most):
        columns, f = np.zeros(len(b)), np.empty(len(a))
        for block in _blocks(cost.shape):
            cells, top, mass = _exponentials(cost, g, reg, block)
            columns += (a[block] / mass).astype(cells.dtype) @ cells
            f[block] = reg * (np.log(a[block] / mass) - top)
        error = float(np.abs(columns - b).sum())
        g = _column_step(cost, f, b, g, reg, columns)
        if error < 0.05:
            break
    return g - g.mean(), error > 0.05


def _column_step(
    cost: np.ndarray, f: np.ndarray, b: np.ndarray, g: np.ndarray, reg: float, columns: np.ndarray
) -> np.ndarray:
    """The columns' half of an alternation; columns whose sum has vanished are done in logarithms."""
    lost = np.flatnonzero(columns < 1e-30)
    g = g + reg * np.log(b / np.maximum(columns, 1e-30))
    for j in lost:
        cells = (f - cost[:, j]) / reg
        top = cells.max()
        g[j] = reg * (np.log(b[j]) - top - np.log(np.exp(cells - top).sum()))
    return g


def _look(
    cost: np.ndarray, a: np.ndarray, b: np.ndarray, g: np.ndarray, reg: float
) -> tuple[np.ndarray, Any, np.ndarray]:
    """Potential f, the plan (sparse where few cells matter) and the column sums of the whole plan."""
    n, m = cost.shape
    f, columns, pieces, dense = np.empty(n), np.zeros(m), [], False
    floor = 1e-7 / m
    for block in _blocks(cost.shape):
        cells, top, mass = _exponentials(cost, g, reg, block)
        share = (a[block] / mass).astype(cells.dtype)
        columns += share @ cells
        f[block] = reg * (np.log(a[block] / mass) - top)
        kept = None if dense else np.flatnonzero(cells > cells.dtype.type(floor))
        if kept is None or len(kept) > DENSE * cells.size:
            dense = True
            continue
        pieces.append((kept // m + block.start, kept % m, (cells * share[:, None]).ravel()[kept]))
    if not dense:
        rows, where, values = (np.concatenate(part) for part in zip(*pieces, strict=True))
        starts = np.searchsorted(rows, np.arange(n + 1))
        return f, csr_array((values.astype(np.float64), where, starts), shape=(n, m)), columns
    plan = np.empty((n, m), dtype=cost.dtype)
    for block in _blocks(cost.shape):
        cells, _, mass = _exponentials(cost, g, reg, block)
        np.multiply(cells, (a[block] / mass).astype(cells.dtype)[:, None], out=plan[block])
    return f, plan, columns

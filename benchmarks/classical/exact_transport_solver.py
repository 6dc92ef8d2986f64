"""Exact transport plans: is anything that we depend on anyway as fast as POT's network simplex?

    python benchmarks/classical/exact_transport_solver.py

solves the same problems in one run by POT's `ot.emd`, by our `exact_plan`, which calls it on few cells, by SciPy's
`linear_sum_assignment` (uniform weights and as many rows as columns alone: there a plan is an assignment) and by
SciPy's `linprog` with HiGHS, dual simplex and interior point. It prints for each the seconds as a multiple of POT's and
how much larger the value of its plan is. Costs are squared distances of Gaussian clouds in ten columns. Solvers take
turns, the least of ``--repeats`` counts; `linprog` is asked once, up to ``--most`` points.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import ot
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import eye_array, kron, vstack

from headstart.math.transport.exact_plan import exact_plan

Solver = Callable[[np.ndarray, np.ndarray, np.ndarray], float]


def problem(n: int, uniform: bool, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Costs (n, n) and weights of both sides."""
    rng = np.random.default_rng(seed)
    X, Z = rng.normal(size=(n, 10)), rng.normal(0.5, 1.2, size=(n, 10))
    cost = ((X[:, None] - Z[None]) ** 2).sum(axis=2)
    a, b = (np.ones(n), np.ones(n)) if uniform else (rng.uniform(0.5, 2, n), rng.uniform(0.5, 2, n))
    return cost, a / a.sum(), b / b.sum()


def simplex(cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """POT's."""
    plan = ot.emd(a, b, cost, numItermax=10**8)
    return float((plan * cost).sum())


def ours(cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """POT's on the cells that matter, priced until the plan is proved optimal; with potentials."""
    return exact_plan(cost, a, b).value


def assignment(cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """SciPy's shortest augmenting paths."""
    return float(cost[linear_sum_assignment(cost)].mean())


def programme(method: str) -> Solver:
    """SciPy's linear programmes, with the marginals as sparse equations, one of them left out."""

    def solve(cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
        n, m = cost.shape
        rows, columns = kron(eye_array(n), np.ones((1, m))), kron(np.ones((1, n)), eye_array(m))
        equations = vstack([rows, columns]).tocsr()[:-1]
        found = linprog(cost.ravel(), A_eq=equations, b_eq=np.concatenate([a, b])[:-1], method=method)
        return float(found.fun)

    return solve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 1500])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--most", type=int, default=500)
    options = parser.parse_args()
    print("| points | weights | solver | seconds over POT's | value over POT's |\n| --- | --- | --- | --- | --- |")
    for n in options.sizes:
        for uniform in (True, False):
            data = problem(n, uniform)
            solvers: dict[str, Solver] = {"ot.emd": simplex, "exact_plan": ours}
            if uniform:
                solvers["linear_sum_assignment"] = assignment
            if n <= options.most:
                solvers |= {f"linprog, {method}": programme(method) for method in ("highs-ds", "highs-ipm")}
            seconds = dict.fromkeys(solvers, np.inf)
            values = {}
            for repeat in range(options.repeats):
                for name, solve in solvers.items():
                    if name.startswith("linprog") and repeat:
                        continue
                    start = time.process_time()
                    values[name] = solve(*data)
                    seconds[name] = min(seconds[name], time.process_time() - start)
            for name in solvers:
                ratio, excess = seconds[name] / seconds["ot.emd"], values[name] / values["ot.emd"] - 1
                kind = "uniform" if uniform else "other"
                print(f"| {n} | {kind} | {name} | {ratio:.2f} | {excess:+.1e} |", flush=True)


if __name__ == "__main__":
    main()

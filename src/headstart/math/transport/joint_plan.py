"""Joint distribution optimal transport: rows travel by their features and their labels together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headstart.math.transport.exact_plan import ExactPlan, exact_plan

#: Each transport is proved to be within this share of the least cost.
GAP = 5e-4


@dataclass(frozen=True)
class JointPlan:
    """Where the alternation ended.

    Attributes
    ----------
    labels : ndarray of shape (m, K)
        Labels that arrived at the target rows: class shares with sum 1, or numbers with K = 1.
    plan : ExactPlan
        The last transport.
    objectives : list of float
        Cost of transport in every round, by features and labels together.
    """

    labels: np.ndarray
    plan: ExactPlan
    objectives: list[float]


def joint_transport(
    distance: np.ndarray,
    labels: np.ndarray,
    learn: Callable[[np.ndarray], Callable[[], np.ndarray]],
    *,
    a: np.ndarray,
    b: np.ndarray,
    alpha: float = 0.5,
    known: np.ndarray | None = None,
    known_cost: np.ndarray | None = None,
    tol: float = 5e-4,
    max_iter: int = 20,
) -> JointPlan:
    r"""Alternate transport and learning.

    .. math:: \min_{f, P}\; \sum_{ij} P_{ij} \big( (1 - \alpha)\, d(x_i, x'_j) / \bar d
        + \alpha\, L(y_i, f(x'_j)) \big)

    With f held, P is an optimal transport (by a network simplex, proved to 0.05% of the cost); with P held, f is
    learned from the labels that arrive at each target row. Each transport starts from the potentials of the one
    before.

    Parameters
    ----------
    distance : ndarray of shape (n, m)
        Squared distances between source and target rows; divided by their mean here.
    labels : ndarray of shape (n, K)
        One-hot classes, or numbers with K = 1.
    learn : callable
        Arrived labels (m, K) to a callable that gives the losses (n, m) of the newly learned f.
    a, b : ndarray of shape (n,), (m,)
        Weights with sum 1.
    alpha : float, default=0.5
        Share of the labels' loss, from 0 to 1.
    known : ndarray of shape (m, K), optional
        Labels of target rows that have one; rows of NaN elsewhere. They stay what they are.
    known_cost : ndarray of shape (n, m), optional
        Losses against known labels, NaN where nothing is known.
    tol : float, default=5e-4
        Rounds end when the objective changes by less than this share of itself.
    max_iter : int, default=20

    References
    ----------
    Courty, Flamary, Habrard and Rakotomamonjy (2017), Joint distribution optimal transportation for domain adaptation,
    NeurIPS, Equations 7 to 10. Their alpha weighs distances against a loss of weight 1; known target labels are ours.

    Examples
    --------
    >>> D = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> half = np.full(2, 0.5)
    >>> joint_transport(D, np.eye(2), lambda arrived: lambda: 1 - np.eye(2) @ arrived.T, a=half, b=half).labels.tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    base = (1 - alpha) * (distance / max(float(distance.mean(dtype=np.float64)), 1e-300))
    cost, potentials, objectives = base, None, list[float]()
    if known_cost is not None:
        cost = base + alpha * np.nan_to_num(known_cost).astype(base.dtype)
    while True:
        plan = exact_plan(cost, a, b, start=potentials, gap=GAP)
        potentials = (plan.f, plan.g)
        arrived = np.asarray(plan.plan.T @ labels) / b[:, None]
        if known is not None:
            arrived = np.where(np.isnan(known), arrived, known)
        losses = learn(arrived)
        objectives.append(plan.value)
        settled = len(objectives) > 2 and abs(objectives[-2] - plan.value) <= tol * abs(plan.value)
        if settled or len(objectives) >= max_iter:
            return JointPlan(arrived, plan, objectives)
        loss = losses()
        if known_cost is not None:
            loss = np.where(np.isnan(known_cost), loss, known_cost)
        cost = base + alpha * loss.astype(base.dtype)


def squared_loss(y: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """``(y_i - f_j)^2``, shape (n, m)."""
    return (y[:, None] - predicted[None, :]) ** 2


def log_loss(one_hot: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """``-log p_j(y_i)``, shape (n, m); probabilities (m, K) below 1e-12 count as 1e-12."""
    return -(one_hot @ np.log(np.maximum(probabilities, 1e-12)).T)

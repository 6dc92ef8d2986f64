"""Adaptations that are solved: the source as it is, the target's mean and covariance, its classes, self-training."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import numpy as np
from scipy.special import log_softmax

from headstart.contract.options import check_number
from headstart.features.adapted.adaptation import Adaptation
from headstart.features.adapted.once import adapted_once
from headstart.features.adapted.problem import Problem
from headstart.math.alignment.class_balance import surest_by_shares
from headstart.math.alignment.monge import moments, monge_map
from headstart.math.linear.discriminant import discriminant_by_em


@dataclass(frozen=True)
class SourceOnly(Adaptation):
    """The head of the source as it is; with ``standardise=True`` on columns that each domain standardises by itself."""

    def adapted(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """The head that the problem starts with."""
        return problem.coef, problem.intercept


@dataclass(frozen=True)
class GaussianTransport(Adaptation):
    """Carry the source's mean and covariance onto the target's, and solve the head there (linear Monge map).

    Parameters
    ----------
    regularisation : float, default=1e-3
        Share of the mean variance that is added in every direction; 0 or more.

    References
    ----------
    Flamary, Lounici and Ferrari (2019), Concentration bounds for linear Monge mapping estimation and optimal transport
    domain adaptation, equation 4. `headstart.LinearMonge` does so in all columns; here it is done in the components.
    """

    _: KW_ONLY
    regularisation: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("regularisation", self.regularisation, 0)

    def adapted(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """A head on the mapped source."""
        return problem.solved(self.sides(problem)[0])

    def sides(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """The mapped source, and the target as it is."""
        sides = moments(problem.source, problem.weight), moments(problem.target)
        carried = monge_map(*sides[0], *sides[1], float(self.regularisation))
        return carried(problem.source), problem.target


@dataclass(frozen=True)
class TransportedDiscriminant(GaussianTransport):
    """Find the classes among the target's rows: a discriminant by EM that begins with the transported head's answers.

    The linear Monge map brings mean and covariance together, but not the classes. From the answers of its head on,
    normal distributions of one covariance are fitted to the target's rows, and that head has its say in every round
    (`headstart.math.linear.discriminant.discriminant_by_em`). Scores of both are linear, so their sum is one head.

    References
    ----------
    Flamary, Lounici and Ferrari (2019) for the map; O'Neill (1978), Normal discrimination with unclassified
    observations, for the rest.
    """

    def adapted(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """The sum of both heads."""
        coef, intercept = adapted_once(GaussianTransport(regularisation=self.regularisation), problem)
        prior = log_softmax(problem.target @ coef + intercept, axis=1)
        found = discriminant_by_em(problem.target, problem.known, problem.n_classes, prior=prior)
        return found.weight * coef + found.coef, found.weight * intercept + found.intercept


@dataclass(frozen=True)
class SelfTraining(Adaptation):
    """Learn again and again from the source and from the surest target rows, as many of each class as its share.

    Round r of R believes r / R of the rows. Shares are those of the source, so a head that leans to one class on the
    target cannot lean further.

    Parameters
    ----------
    rounds : int, default=4
        1 or more.
    standardise : bool, default=True

    References
    ----------
    Zou, Yu, Kumar and Wang (2018), Unsupervised domain adaptation for semantic segmentation via class-balanced
    self-training. Rows are taken by share of the class among all rows, not by share of the predicted class.
    """

    _: KW_ONLY
    rounds: int = 4
    standardise: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("rounds", self.rounds, 1, whole=True)

    def adapted(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """The head of the last round."""
        free = np.flatnonzero(problem.known < 0)
        coef, intercept = problem.coef, problem.intercept
        shares = np.bincount(problem.y, problem.weight, minlength=problem.n_classes)
        for r in range(int(self.rounds) if len(free) else 0):
            scores = problem.target[free] @ coef + intercept
            rows, codes = surest_by_shares(scores, shares / shares.sum(), (r + 1) / int(self.rounds))
            coef, intercept = problem.solved(problem.source, free[rows], codes)
        return coef, intercept

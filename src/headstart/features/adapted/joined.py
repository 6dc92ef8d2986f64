"""Several adaptations as one: the mean of their heads, and from it on a discriminant on the target's rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headstart.features.adapted.adaptation import Adaptation
from headstart.features.adapted.once import adapted_once
from headstart.features.adapted.problem import Problem
from headstart.features.adapted.shot import SHOT
from headstart.features.adapted.solved import GaussianTransport, TransportedDiscriminant, classes_found

#: What the mean of the heads counts, as the densities of the discriminant count half.
_HEADS = 0.5


@dataclass(frozen=True)
class JoinedHeads(Adaptation):
    r"""Join the heads of linear Monge, discriminant, SHOT and Monge-SHOT, and find the classes from there on.

    .. math:: s(z) = \tfrac12 \cdot \tfrac14 \sum_a (z^\top W_a + b_a) + \log N(z; \mu, S)

    The four err in different ways and which of them is right cannot be told without labels, but their mean is about as
    good as the best of them on each pair of domains. It has its say in every round of the discriminant by EM, whose
    scores are added (`headstart.math.linear.discriminant.discriminant_by_em`). All of it is linear, so the outcome is
    one head. It takes the shares of the classes to be alike in both domains, as its parts do.

    Examples
    --------
    >>> JoinedHeads()
    JoinedHeads(standardise=False)
    """

    def adapted(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """Half the mean of the heads, and the discriminant's."""
        parts = (GaussianTransport(), TransportedDiscriminant(), SHOT(), SHOT(carried=True))
        heads = [adapted_once(one, problem) for one in parts]
        coef = _HEADS * np.mean([head[0] for head in heads], axis=0)
        intercept = _HEADS * np.mean([head[1] for head in heads], axis=0)
        return classes_found(problem, coef, intercept)

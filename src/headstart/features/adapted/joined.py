"""Several adaptations as one: their answers on average, and from there on a discriminant on rows of both domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from headstart.features.adapted.adaptation import Adaptation
from headstart.features.adapted.once import adapted_once
from headstart.features.adapted.problem import Problem
from headstart.features.adapted.shot import SHOT
from headstart.features.adapted.solved import GaussianTransport, TransportedDiscriminant
from headstart.math.alignment.label_propagation import smoothed_answers
from headstart.math.linear.discriminant import discriminant_by_em, mass_of

#: What the mean of the heads counts, as the densities of the discriminant count half.
_HEADS = 0.5
#: Weight of all rows of the source together, carried to the target, in terms of the target's.
_SOURCE = 0.4
#: Rows of a target up to which answers are smoothed: that takes time by their square.
_SMOOTHED = 10_000
#: The least probability of a class.
_LEAST = 1e-3


@dataclass(frozen=True)
class JoinedHeads(Adaptation):
    r"""Join linear Monge, discriminant, SHOT and Monge-SHOT, and find the classes from there on.

    .. math:: s(z) = \tfrac12 \cdot \tfrac14 \sum_a (z^\top W_a + b_a) + \tfrac12 \log N(z; \mu, \Sigma)

    The four err in different ways and which of them is right cannot be told without labels, but together they are about
    as good as the best of them on each pair of domains. The mean of their probabilities is smoothed: each row of the
    target hears its five nearest ones. This has its say in every round of a discriminant by EM
    (`headstart.math.linear.discriminant.discriminant_by_em`), to which the source's rows, carried by the linear Monge
    map, are rows with labels that count together 0.4 of the target's. In the end the mean of the heads is
    added to its scores. All of that is linear, so the outcome is one head. It takes the shares of the classes to be
    alike in both domains, as its parts do.

    Examples
    --------
    >>> JoinedHeads()
    JoinedHeads(standardise=False)
    """

    def adapted(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """Half the mean of the heads, and the discriminant's."""
        parts = (GaussianTransport(), TransportedDiscriminant(), SHOT(), SHOT(carried=True))
        heads = [adapted_once(one, problem) for one in parts]
        return joined(problem, heads)


def joined(
    problem: Problem, heads: Sequence[tuple[np.ndarray, np.ndarray]], shares: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Half the mean of heads, and the head of a discriminant that is found from their answers on.

    Parameters
    ----------
    problem : Problem
    heads : sequence of (coef (r, K), intercept (K,))
        For the coordinates of the target's rows.
    shares : ndarray of shape (K,), optional
        Of the classes in the target. Default: about equal ones.
    """
    target, K = problem.target, problem.n_classes
    told = np.mean([softmax(target @ coef + intercept, axis=1) for coef, intercept in heads], axis=0)
    if len(target) <= _SMOOTHED:
        told = smoothed_answers(target - target.mean(axis=0), told)
    carried = GaussianTransport().sides(problem)[0]
    mass = _SOURCE * len(target) * problem.weight / problem.weight.sum()
    found = discriminant_by_em(
        np.concatenate([target, carried]),
        np.concatenate([problem.known, problem.y]),
        K,
        prior=np.concatenate([np.log(told + _LEAST), np.zeros((len(carried), K))]),
        shares=shares,
        weight=np.concatenate([mass_of(problem.known >= 0), mass]),
    )
    coef, intercept = (np.mean([head[part] for head in heads], axis=0) for part in (0, 1))
    return _HEADS * coef + found.coef, _HEADS * intercept + found.intercept

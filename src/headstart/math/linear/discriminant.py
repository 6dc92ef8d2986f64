"""A linear discriminant that learns from labelled and unlabelled rows together, by expectation maximisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headstart.math.linear.row_space import row_space
from headstart.math.linear.soft_labels import half_way, moved_to, normalised

#: Weight of the covariance's mean variance in the first round, and rounds until the wanted weight is reached.
_FIRST_SHRINKAGE, _COOLING = 0.9, 15
#: What the log-density of a row counts: columns of a network depend on each other more than one covariance says.
_DENSITY = 0.5
#: Steps towards given shares in a round: enough for rows in doubt, too few to turn those that are sure.
_STEPS = 30
#: How far the other classifier's scores differ at least, in terms of the discriminant's. Of few labels they hardly do.
_SPREAD = 0.3
#: Scores that differ less than this say nothing, and are not made to.
_NOTHING = 1e-3


@dataclass(frozen=True, eq=False)
class SoftDiscriminant:
    """A discriminant: ``scores = X @ coef + intercept``, up to a constant of each row.

    Attributes
    ----------
    coef : ndarray of shape (d, K)
    intercept : ndarray of shape (K,)
    posterior : ndarray of shape (n, K)
        Class probabilities of the rows it was made of, by both; of a labelled row 1 for its label.
    weight : float
        What the other classifier's scores count beside these, 1 or more.
    """

    coef: np.ndarray
    intercept: np.ndarray
    posterior: np.ndarray
    weight: float


def discriminant_by_em(
    X: np.ndarray,
    known: np.ndarray,
    n_classes: int,
    *,
    prior: np.ndarray | None = None,
    shares: np.ndarray | None = None,
    shrinkage: float = 0.2,
    n_components: int = 64,
    labelled_mass: float = 0.2,
    weight: np.ndarray | None = None,
    rounds: int = 30,
) -> SoftDiscriminant:
    r"""Fit normal distributions of one shared covariance to rows of which some have labels.

    A round gives each row without a label its probabilities of the classes, then takes means, covariance and shares
    from all rows by them:

    .. math::
        \log q_{ik} = \tfrac12 \log N(z_i; \mu_k, (1 - a_t) S + a_t \tfrac{\operatorname{tr} S}{p} I) + \log\pi_k
        + \log p_{ik} + \text{const},

    in the first p principal components of all rows, where p_ik is what another classifier says (``prior``). Three
    things keep it from what plain expectation maximisation does with few labels, which is to settle on clusters that
    are no classes: the covariance begins nearly round (a_0 = 0.9) and reaches ``shrinkage`` after 15 rounds; densities
    count half; labelled rows weigh together at least ``labelled_mass`` of the others.

    In the end the other classifier's scores are made to differ at least 0.3 times as far as the discriminant's
    (standard deviation over rows without labels and classes, each row about its mean): one of few labels is hardly sure
    of anything, and would have no say against densities that are.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    known : ndarray of shape (n,)
        Class codes, -1 where there is no label. Where a class has no row, the classes begin where ``prior`` puts them.
    n_classes : int
    prior : ndarray of shape (n, K), optional
        Log-probabilities by another classifier; needed where a class has no row with a label.
    shares : ndarray of shape (K,), optional
        Class shares of the rows without labels, to which their probabilities are brought in every round and in the end.
        Default: the classes' prior goes half way from those of the round to equal ones, and nothing is brought to it.
    shrinkage : float, default=0.2
        In 0 to 1; 0 needs more rows than components.
    n_components : int, default=64
        At most so many.
    labelled_mass : float, default=0.2
        Weight of all labelled rows together, in terms of all others; a row never weighs below 1.
    weight : ndarray of shape (n,), optional
        Of the rows, above 0; classes then begin where labels and ``prior`` together put them. Default: by
        ``labelled_mass``.
    rounds : int, default=30

    Returns
    -------
    SoftDiscriminant

    Examples
    --------
    >>> X = np.array([[-2.0], [2.0], [-1.8], [-2.1], [1.9], [2.2]])
    >>> found = discriminant_by_em(X, np.array([0, 1, -1, -1, -1, -1]), 2)
    >>> found.posterior.argmax(axis=1).tolist()
    [0, 1, 0, 0, 1, 1]
    """
    space = row_space(X)
    kept = np.argsort(-space.singular, kind="stable")[:n_components]
    Z = (space.left * space.singular)[:, kept]
    labelled, asked = known >= 0, known < 0
    posterior = np.zeros((len(Z), n_classes))
    posterior[labelled, known[labelled]] = 1.0
    other = np.zeros_like(posterior) if prior is None else prior
    begin = labelled
    if prior is not None and (weight is not None or not posterior[labelled].any(axis=0).all()):
        posterior[asked], begin = normalised(prior[asked]), np.ones(len(Z), dtype=bool)
    weight = mass_of(labelled, labelled_mass) if weight is None else weight
    pi = np.full(n_classes, 1 / n_classes) if shares is None else np.asarray(shares, dtype=np.float64)
    bring = shares is not None and asked.any()
    centres = _centres(Z[begin], posterior[begin], weight[begin])
    scatter = Z.T @ Z / len(Z)
    for step in range(rounds):
        amount = max(shrinkage, _FIRST_SHRINKAGE + (shrinkage - _FIRST_SHRINKAGE) * step / _COOLING)
        axes, offset = _rule(centres, _shrunk(scatter, amount), pi)
        scores = (Z @ axes + offset + other)[asked]
        posterior[asked] = normalised(scores + moved_to(scores, pi, _STEPS) if bring else scores)
        held = weight @ posterior
        if shares is None:
            pi = half_way(held / held.sum())
        centres = _centres(Z, posterior, weight)
        scatter = ((Z.T * weight) @ Z - (centres.T * held) @ centres) / weight.sum()
    axes, offset = _rule(centres, _shrunk(scatter, shrinkage), pi)
    weight_of_prior = 1.0
    if asked.any():
        scores = Z[asked] @ axes + offset
        if prior is not None:
            weight_of_prior = max(1.0, _SPREAD * _spread(scores) / max(_spread(prior[asked]), _NOTHING))
        scores = scores + weight_of_prior * other[asked]
        moved = moved_to(scores, pi, _STEPS) if bring else np.zeros(n_classes)
        offset = offset + moved
        posterior[asked] = normalised(scores + moved)
    spread = np.zeros((len(space.singular), n_classes))
    spread[kept] = axes
    coef = space.back(spread)
    return SoftDiscriminant(coef, offset - space.mean @ coef, posterior, weight_of_prior)


def mass_of(labelled: np.ndarray, labelled_mass: float = 0.2) -> np.ndarray:
    """Weights of rows of which those with a label count together so much of the others, and never below 1.

    Examples
    --------
    >>> mass_of(np.repeat([True, False], [2, 20])).tolist()[:3]
    [2.0, 2.0, 1.0]
    """
    others = (~labelled).sum()
    held = max(1.0, labelled_mass * others / max(labelled.sum(), 1)) if others else 1.0
    return np.where(labelled, held, 1.0)


def _spread(scores: np.ndarray) -> float:
    """How far scores of the classes differ within a row."""
    return float((scores - scores.mean(axis=1, keepdims=True)).std())


def _centres(Z: np.ndarray, posterior: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted means of the classes, (K, p)."""
    held = posterior * weight[:, None]
    return np.asarray((held.T @ Z) / np.maximum(held.sum(axis=0), 1e-12)[:, None])


def _shrunk(scatter: np.ndarray, amount: float) -> np.ndarray:
    """A covariance moved towards one with the same variance in every direction, and never singular."""
    p = len(scatter)
    mean = max(float(np.trace(scatter)) / p, 1e-12) if p else 0.0
    return (1 - amount) * scatter + (amount + 1e-9) * mean * np.eye(p)


def _rule(centres: np.ndarray, covariance: np.ndarray, pi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Axes (p, K) and offsets (K,) of the scores of the classes."""
    axes = np.linalg.solve(covariance, centres.T)
    offset = -0.5 * np.einsum("kp,pk->k", centres, axes)
    return _DENSITY * axes, _DENSITY * offset + np.log(np.maximum(pi, 1e-12))

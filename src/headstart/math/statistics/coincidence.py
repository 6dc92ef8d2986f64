"""How many rows of two sets would be equal by chance, so that more of them are copies."""

from __future__ import annotations

import numpy as np

#: Standard deviations of a count beyond which it is no chance.
_SPREADS = 3.0


def equal_by_chance(one: np.ndarray, other: np.ndarray) -> float:
    r"""How many rows of one set are expected to have an equal in the other, if none is a copy.

    Two rows of one set are equal with a chance c that the pairs within both sets tell (one pair more is counted, so
    that c is above 0); then a row has an equal among m others with the chance :math:`1 - e^{-mc}`, or less where some
    rows are commoner than others.

    Parameters
    ----------
    one, other : array of shape (n,), (m,)
        Keys, equal for equal rows.

    Returns
    -------
    float
        From 0 to n.

    Examples
    --------
    >>> round(equal_by_chance(np.arange(60), np.arange(160)), 2), equal_by_chance(np.zeros(60), np.zeros(160)) > 59
    (0.66, True)
    """
    met, pairs = 1.0, 1.0
    for keys in (one, other):
        counts = np.unique(keys, return_counts=True)[1].astype(np.float64)
        met += float((counts * (counts - 1)).sum()) / 2
        pairs += len(keys) * (len(keys) - 1) / 2
    return float(len(one) * -np.expm1(-len(other) * met / pairs))


def unseen_by_chance(keys: np.ndarray, n: int) -> float:
    """How many of n new rows are expected to have no equal among those seen, by the share of keys seen once.

    Where every key is seen a whole number of times more (a table pasted below itself), that number counts as once.

    Parameters
    ----------
    keys : array of shape (m,)
        Of the rows seen.
    n : int

    References
    ----------
    Good (1953), The population frequencies of species and the estimation of population parameters, Eq. (9).

    Examples
    --------
    >>> unseen_by_chance(np.array([1, 1, 2, 3]), 10), unseen_by_chance(np.array([1, 1, 2, 2]), 10)
    (5.0, 10.0)
    """
    counts = np.unique(keys, return_counts=True)[1]
    once = int(np.gcd.reduce(counts))
    return n * float((counts == once).sum() * once / counts.sum())


def beyond_chance(found: float, expected: float) -> bool:
    """Whether a count is above what is expected by more than three standard deviations (Poisson) and one.

    Examples
    --------
    >>> beyond_chance(2, 0.01), beyond_chance(1, 0.01), beyond_chance(60, 29)
    (True, False, True)
    """
    return bool(found > expected + _SPREADS * np.sqrt(expected) + 1.0 - 1e-9 and found > 1)

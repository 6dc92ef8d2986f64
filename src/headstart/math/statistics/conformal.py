"""Sets of classes that hold the truth as often as asked, and answers only where they are right as often as asked."""

from __future__ import annotations

import numpy as np

from headstart.errors import ParameterError

#: Fewest examples that were held out: with fewer a set that holds the truth in 95% holds every class.
FEWEST = 19


def set_threshold(of_label: np.ndarray, error: float) -> float:
    r"""The probability from which on a class belongs to the set.

    The k-th smallest of the n probabilities of the true labels, k the integer part of (n + 1) error: of new examples
    like these, at most a share of ``error`` has a smaller one.

    Parameters
    ----------
    of_label : ndarray of shape (n,)
        Probability of the true label of each example that was held out, 19 or more.
    error : float
        Above 0, below 1: how often the set may miss the truth.

    Raises
    ------
    ParameterError
        If ``error`` is no share, or there are too few examples for it.

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world, section 4.2, with one minus the probability
    of the class as measure (Sadinle, Lei & Wasserman 2019).

    Examples
    --------
    >>> set_threshold(np.arange(1, 20) / 20, 0.1)
    0.1
    """
    n = _checked(len(of_label), error)
    k = int((n + 1) * error + 1e-9)
    if k < 1:
        raise _few(n, error)
    return float(np.sort(of_label)[k - 1])


def prediction_sets(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """Which classes belong to the set of each example, (n, K); the likeliest always does.

    Examples
    --------
    >>> prediction_sets(np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]]), 0.3).astype(int).tolist()
    [[1, 1, 0], [0, 1, 1]]
    """
    found = np.asarray(probabilities) >= threshold
    found[np.arange(len(found)), np.argmax(probabilities, axis=1)] = True
    return found


def answer_threshold(sure: np.ndarray, right: np.ndarray, error: float) -> float:
    r"""How sure an answer must be, so that at most a share of ``error`` of the answers is wrong.

    The smallest t for which among the m held-out examples that are at least as sure, w of them wrong,

    .. math:: \frac{w + 1}{m + 1} \le error,

    and for every greater t with as many or more answers than that needs without a mistake; infinite where there is
    none: then nothing is answered.

    Parameters
    ----------
    sure : ndarray of shape (n,)
        Probability of the answer of each example that was held out, 19 or more.
    right : ndarray of bool, shape (n,)
    error : float
        Above 0, below 1.

    Raises
    ------
    ParameterError
        If ``error`` is no share, or there are too few examples for it.

    References
    ----------
    Geifman & El-Yaniv (2017), Selective classification for deep neural networks, algorithm 1, with the mean of w + 1 of
    m + 1 in place of a bound; the one is what split conformal inference adds for the new example.

    Examples
    --------
    >>> sure = np.linspace(0.5, 1.0, 100)
    >>> round(answer_threshold(sure, sure > 0.7, 0.05), 2), answer_threshold(sure, sure > 2, 0.05)
    (0.69, inf)
    """
    n = _checked(len(sure), error)
    least = int(np.ceil(1.0 / error - 1e-9)) - 1  # so many right answers without a mistake are needed
    if n < least:
        raise _few(n, error)
    order = np.argsort(-sure, kind="stable")
    wrong = np.cumsum(~np.asarray(right, dtype=bool)[order])
    answered = np.arange(1, n + 1)
    ends = np.flatnonzero(np.append(np.diff(sure[order]) != 0, True))  # equally sure ones are answered together
    ends = ends[answered[ends] >= least]
    held = (wrong[ends] + 1) / (answered[ends] + 1) <= error + 1e-12
    if not len(held) or not held[0]:
        return float("inf")
    last = len(held) if held.all() else int(np.argmin(held))
    return float(sure[order][ends[last - 1]])


def _checked(n: int, error: float) -> int:
    if not 0 < error < 1:
        raise ParameterError(f"Expected an error rate between 0 and 1, found {error:g}.", "0.1 is one in ten.")
    if n < FEWEST:
        raise _few(n, error)
    return n


def _few(n: int, error: float) -> ParameterError:
    needed = max(FEWEST, int(np.ceil(1.0 / error - 1e-9)) - 1)
    return ParameterError(
        f"Expected {needed} or more labelled examples that were held out for an error rate of {error:g}, found {n}.",
        "Label more, or ask for a higher rate." if n >= FEWEST else "Label more.",
    )

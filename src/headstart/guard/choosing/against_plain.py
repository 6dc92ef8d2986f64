"""Is a candidate better than every plain way? A paired test on the same rows, corrected for the number of tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from headstart.math.statistics.comparison import mcnemar_exact, sign_flip

_LEAST_GAIN = 0.01


def compared(
    said: Mapping[str, np.ndarray],
    truth: np.ndarray,
    plain: Collection[str],
    level: float,
    numbers: bool,
    sample_weight: np.ndarray | None = None,
) -> list[dict[str, Any]]:
    """Score of each candidate, and whether it is better than every plain one beyond chance.

    Classes are compared by the exact McNemar test. Numbers, and classes of rows with different weights, by the
    sign-flip test of the weighted differences: if two candidates are equally good, each difference has either sign with
    the same chance, whatever its row weighs.

    Parameters
    ----------
    said : dict of str to array (n,)
        What each candidate says of rows that it did not learn from.
    truth : array of shape (n,)
        Labels, or numbers.
    plain : names
        The plain ways; the best of them is what is compared with. ``said`` has one of them at least.
    level : float
        Of the test, after a Bonferroni correction for the other candidates.
    numbers : bool
        Whether the score is R^2 and not the share of right answers.
    sample_weight : array of shape (n,), optional
        Weights of the rows, above 0; their scale does not matter.

    Returns
    -------
    list of dict
        ``name``, ``plain``, ``score``, ``gain``, corrected ``p_value``, ``accepted``.

    Examples
    --------
    >>> truth = np.arange(40) % 2
    >>> found = compared({"alone": np.zeros(40), "mapped": truth}, truth, ["alone"], 0.05, numbers=False)
    >>> [(row["score"], row["accepted"]) for row in found]
    [(0.5, False), (1.0, True)]
    """
    same = sample_weight is None or (sample_weight == sample_weight[0]).all()
    weight = None if same or sample_weight is None else sample_weight / sample_weight.mean()
    good = {name: _gains(answers, truth, numbers, weight) for name, answers in said.items()}
    known = [name for name in said if name in plain]
    reference = good[max(known, key=lambda name: good[name].mean())]
    tests = max(1, len(said) - len(known))
    found = []
    for name, score in good.items():
        by_sign = numbers or weight is not None
        p = sign_flip(score - reference) if by_sign else mcnemar_exact(score > 0.5, reference > 0.5)
        gain = float(score.mean() - reference.mean())
        enough = name not in plain and gain >= _LEAST_GAIN and p * tests < level
        row = {"name": name, "plain": name in plain, "score": float(score.mean()), "gain": gain}
        found.append(row | {"p_value": float(min(1.0, p * tests)), "accepted": bool(enough)})
    return found


def _gains(answers: np.ndarray, truth: np.ndarray, numbers: bool, weight: np.ndarray | None) -> np.ndarray:
    """What each row adds to the score, which is their mean; weights have the mean 1."""
    if not numbers:
        right = (answers == truth).astype(np.float64)
        return right if weight is None else weight * right
    if weight is None:
        return np.asarray(1.0 - (truth - answers) ** 2 / max(float(np.var(truth)), 1e-12))
    spread = np.average((truth - np.average(truth, weights=weight)) ** 2, weights=weight)
    return np.asarray(1.0 - weight * (truth - answers) ** 2 / max(float(spread), 1e-12))

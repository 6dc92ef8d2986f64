"""How good is the chosen one, really? Bootstrap bias-corrected cross-validation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def bbc_cv(
    scores: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    select: Callable[[np.ndarray], int] | None = None,
    n_boot: int = 1000,
    random_state: int = 0,
) -> float:
    """Score of the procedure "take the best candidate", corrected for the choosing.

    The best of several cross-validated scores is too good on average, because it was picked for being high.
    Here the out-of-fold results are drawn with replacement; the candidate is picked on the drawn examples and
    scored on those that were left out, again and again; no model is trained anew.

    Parameters
    ----------
    scores : array of float, shape (n, n_candidates)
        Out-of-fold score of each example under each candidate; larger is better (1/0 for right/wrong, or
        minus a loss).
    groups : array, shape (n,), optional
        Whole groups are drawn when examples of a group are not independent.
    select : callable, optional
        The rule of choice: drawn row numbers, shape (m,), to a candidate's number. Default: the largest mean.
    n_boot : int, default=1000
        Bootstrap samples.
    random_state : int, default=0
        Seed.

    Returns
    -------
    float
        Mean over bootstrap samples of the chosen candidate's mean score on the left-out examples. (The percentile
        interval of these means, as the paper has it, has no width where every answer is right; see
        `headstart.math.statistics.intervals` for ours.)

    References
    ----------
    Tsamardinos, Greasidou and Borboudakis (2018), Bootstrapping the out-of-sample predictions for efficient and
    accurate cross-validation, Machine Learning 107:1895, Algorithm 3. We draw groups where rows depend on each other.

    Examples
    --------
    >>> coin = np.random.default_rng(0).integers(0, 2, (60, 50)).astype(float)
    >>> estimate = bbc_cv(coin)
    >>> bool(coin.mean(0).max() > 0.6 and abs(estimate - 0.5) < 0.05)
    True
    """
    table = np.asarray(scores, dtype=np.float64)
    n = table.shape[0]
    index = np.arange(n) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    members = int(index.max()) + 1
    rng = np.random.default_rng(random_state)
    outcomes: list[float] = []
    while len(outcomes) < n_boot and members > 1:
        drawn = np.bincount(rng.integers(0, members, size=members), minlength=members)[index]
        left_out = drawn == 0
        if not left_out.any():
            continue
        rows = np.repeat(np.arange(n), drawn)
        chosen = int(np.argmax(table[rows].mean(axis=0))) if select is None else int(select(rows))
        outcomes.append(float(table[left_out, chosen].mean()))
    if not outcomes:
        chosen = int(np.argmax(table.mean(axis=0))) if select is None else int(select(np.arange(n)))
        outcomes = [float(table[:, chosen].mean())]
    return float(np.mean(outcomes))

"""Learning rates over time, as a function of the step alone, so that a resumed run continues where it was."""

from __future__ import annotations

import math


def warmup_cosine(step: int, total: int, warmup: int) -> float:
    """Factor of the learning rate at a step: linear warm-up, then half a cosine down to zero.

    Parameters
    ----------
    step : int
        0-based, below ``total``.
    total : int
        Number of steps of the run.
    warmup : int
        Steps of warm-up.

    Returns
    -------
    float in (0, 1]

    References
    ----------
    Loshchilov & Hutter 2017, SGDR, eq. 5 (one cycle, minimum 0).

    Examples
    --------
    >>> [round(warmup_cosine(s, 10, 2), 2) for s in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.04]
    """
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1.0 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))

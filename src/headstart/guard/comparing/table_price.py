"""What a fold of rows of numbers will cost, drawn out from a fit to a small part of them."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.curves import nested_order
from headstart.guard.comparing.deadline import OutOfTime, within
from headstart.guard.comparing.out_of_fold import fit_on, predict_on
from headstart.source import Source
from headstart.training.work_seconds import least_seconds

_SIZES = (500, 1000)
_FEWEST_TARGET = 200
#: Below so many seconds a fit says nothing about how it grows.
_TELLING = 0.05
_STEEPEST = 2.0
_LONGEST = 10.0


def table_fold(candidate: Candidate, material: Material, n_splits: int) -> float:
    """Seconds of fitting to all rows but one fold, and predicting it.

    A fit to 500 rows and one to 1,000, source and target together, are timed, and the price grows with the rows by the
    power between them, from 1 to 2. A table that is not larger is timed as it is.

    Parameters
    ----------
    candidate : Candidate
    material : Material
        Rows of numbers.
    n_splits : int
        Folds.

    Returns
    -------
    float
        Seconds; 0 where the small part cannot be learned from, which is for the folds to say.
    """
    n = len(material) - len(material) // n_splits
    total = n + (sum(len(source.y) for source in material.sources) if candidate.transfer else 0)
    sizes = [size for size in _SIZES if size < total] or [total]
    timed: list[float] = []
    for size in sizes:
        found = _timed(candidate, material, n, size / total, runs=1 if timed else 2)
        if found is None:
            break
        timed.append(found)
    if not timed:
        return 0.0
    return grown(sizes[: len(timed)], timed, total)


def grown(sizes: list[int], seconds: list[float], total: int) -> float:
    """Seconds for ``total`` rows from those for fewer.

    Examples
    --------
    >>> round(grown([500, 1000], [1.0, 4.0], 4000), 2), round(grown([500, 1000], [0.01, 0.04], 4000), 2)
    (64.0, 0.16)
    """
    power = 1.0
    if len(sizes) > 1 and seconds[-1] > _TELLING and seconds[0] > 0:
        power = float(np.clip(math.log(seconds[-1] / seconds[0]) / math.log(sizes[-1] / sizes[0]), 1.0, _STEEPEST))
    return seconds[-1] * (total / sizes[-1]) ** power


def _timed(candidate: Candidate, material: Material, n: int, share: float, runs: int) -> float | None:
    """Seconds of one fit to a part of target and source; None where it cannot be fitted, or takes very long."""
    rng = np.random.default_rng(0)
    kept = min(n, max(_FEWEST_TARGET, round(share * n)))
    rows = np.sort(nested_order(material.target, material.task, rng)[:kept])
    settings: dict[str, Any] = {}
    if candidate.transfer and share < 1:
        settings["source"] = [_part(source, share, material.task, rng) for source in material.sources]
    small = dataclasses.replace(candidate, estimator=candidate.fresh(**settings))

    def run() -> None:
        with within(_LONGEST):
            predict_on(fit_on(small, material, rows), small, material, rows)

    try:
        return least_seconds(run, times=runs)
    except OutOfTime:
        return None if runs == 1 else _LONGEST
    except Exception:  # whatever a method says of so few rows, the folds decide
        return None


def _part(source: Source, share: float, task: str, rng: np.random.Generator) -> Source:
    labels = np.asarray(source.y)
    codes = np.unique(labels, return_inverse=True)[1] if task == "classification" else labels
    rows = np.sort(nested_order(codes, task, rng)[: max(20, round(share * len(labels)))])
    weight = None if source.sample_weight is None else np.asarray(source.sample_weight)[rows]
    return dataclasses.replace(source, X=np.asarray(source.X)[rows], y=labels[rows], sample_weight=weight)

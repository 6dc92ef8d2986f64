"""Of examples that are more than a budget is enough for, as many as can be read, run and learned from in it."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import numpy as np

from headstart.data.base.reasons import BadInput
from headstart.data.sets.dataset import Dataset
from headstart.errors import BadInputs
from headstart.guard.candidates.kept_apart import taken
from headstart.guard.comparing.budget import spell
from headstart.guard.comparing.curves import nested_order
from headstart.guard.effort import Effort
from headstart.models.target import Target, seen_through
from headstart.networks.running.cache import memory_cache
from headstart.networks.running.simple_features import simple_features
from headstart.training.device import pick_device

#: Examples that are timed, and share of the budget that the least may take by these times.
_TRIED, _SHARE = 16, 0.5
#: So many examples are always learned from.
FEWEST = 400
#: Side of a matrix whose decomposition is timed, and the widest that heads decompose.
_SIDE, _WIDEST = 256, 3000
#: What is done with tables after they were read, as a multiple of what reading them took.
_AFTER_READING = 3.0


def within_budget(target: Target, effort: Effort, rows: int | None = None) -> Target:
    """The target with as many of its examples as the budget is enough for; itself where that is all of them.

    What has to fit is the least that is compared: one way to learn without transfer, and one with it. A few pictures,
    clips or texts are timed; what heads take is drawn out from the decomposition of a small matrix. Of tables the
    time of reading them tells. Examples are drawn by chance, of each class its share, and of a table's sources as
    large a part.

    Parameters
    ----------
    target : Target
    effort : Effort
        Begun when reading began. A run that goes on from its checkpoint draws what it drew.
    rows : int, optional
        How many examples an earlier run drew, whose plan is repeated.
    """
    pool = _pool(target.dataset)
    n, left = len(pool), _SHARE * effort.budget - effort.spent
    if n <= FEWEST:
        return target
    noted = None if effort.checkpoint is None else note_beside(effort.checkpoint)
    if rows is None and noted is not None and noted.exists():
        rows = int(noted.read_text(encoding="utf-8"))
    if rows is not None:
        kept = rows
    elif target.dataset.kind.values:
        kept = int(n * min(1.0, max(left, 0.0) / (_AFTER_READING * effort.spent)))
    else:
        kept = enough(n, left, *_seconds(target, effort), effort.n_splits)
    kept = min(n, max(kept, FEWEST))
    if noted is not None:
        noted.parent.mkdir(parents=True, exist_ok=True)
        noted.write_text(str(kept), encoding="utf-8")
    return target if kept == n else _drawn(target, pool, kept, effort)


def _pool(dataset: Dataset) -> np.ndarray:
    """Positions of the examples that are learned from; a part that is kept aside is never drawn from."""
    if dataset.parts is None or dataset.held_out is None:
        return np.arange(len(dataset))
    return np.flatnonzero(dataset.parts != dataset.held_out)


def note_beside(checkpoint: Path) -> Path:
    """The file that says how many examples a run drew, beside the folder that it goes on from."""
    return checkpoint.with_name(f"{checkpoint.name}.rows")


def enough(n: int, left: float, each: float, side: float, folds: int) -> int:
    """How many of n examples can be run and learned from in so many seconds.

    Parameters
    ----------
    n : int
    left : float
        Seconds.
    each : float
        Seconds of reading and running one.
    side : float
        Seconds of decomposing a symmetric matrix of 256 rows; larger ones grow with the third power.
    folds : int

    Examples
    --------
    >>> enough(1000, 60.0, 0.001, 0.01, 5), enough(100_000, 60.0, 0.001, 0.01, 5)
    (1000, 2499)
    """

    def seconds(kept: int) -> float:
        return kept * each + 2 * (folds + 1) * side * (min(kept, _WIDEST) / _SIDE) ** 3 / 2

    while n > 1 and seconds(n) > left:
        n = int(0.9 * n)
    return n


def _seconds(target: Target, effort: Effort) -> tuple[float, float]:
    """Seconds of reading and running one example, and of decomposing a matrix."""
    network, seen = seen_through(target)
    inputs = target.dataset.inputs
    inputs = inputs[np.random.default_rng(effort.seed).permutation(len(inputs))[: 2 * _TRIED]]
    device, taken_seconds = pick_device(effort.device).type, 0.0
    try:
        for part in (inputs[:_TRIED], inputs[_TRIED:]):  # the first time something is set up
            started = time.monotonic()
            simple_features(part, seen)
            if network is not None:
                from headstart.networks.running.embed import embed  # rows of a table need no torch

                embed(network, part, device=device, cache=memory_cache())
            taken_seconds = time.monotonic() - started
    except (BadInput, BadInputs):  # reading all of them tells which are broken
        return 0.0, 0.0
    matrix = np.cov(np.random.default_rng(0).normal(size=(_SIDE, 2 * _SIDE))).astype(np.float32)
    np.linalg.eigh(matrix)
    started = time.monotonic()
    np.linalg.eigh(matrix)
    return taken_seconds / max(len(inputs) - _TRIED, 1), time.monotonic() - started


def _drawn(target: Target, pool: np.ndarray, kept: int, effort: Effort) -> Target:
    dataset: Dataset = target.dataset
    rng = np.random.default_rng(effort.seed)
    order = pool[nested_order(dataset.y[pool], "classification" if dataset.task == "classification" else "", rng)]
    aside = np.setdiff1d(np.arange(len(dataset)), pool)
    words = (
        f"Of {len(pool):,} {dataset.kind.many} {kept:,} were drawn by chance, for which the budget of "
        f"{spell(effort.budget)} is enough."
    )
    fewer = dataclasses.replace(dataset.select(np.sort(np.r_[order[:kept], aside])), notes=(*dataset.notes, words))
    if not dataset.kind.values or not isinstance(target.source, list):
        return dataclasses.replace(target, dataset=fewer)
    share, sources = kept / len(pool), []
    for source in target.source:
        m = max(FEWEST, round(share * len(source.y)))
        sources.append(taken(source, np.sort(nested_order(np.asarray(source.y), "", rng)[:m])))
    return dataclasses.replace(target, dataset=fewer, source=sources)

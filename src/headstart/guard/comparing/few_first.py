"""A look at a few examples, before a control is run on all: what is far behind there is not run further."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from headstart.data.sets.splits import folds
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.journal import Journal
from headstart.guard.comparing.out_of_fold import Outcome, out_of_fold
from headstart.guard.comparing.race import behind
from headstart.math.statistics.named_metrics import metric_named

#: Examples of a look, at least and at most, so many a class in between.
_FEW, _MOST, _EACH = 100, 200, 10
#: Parts of them that are looked at one after the other, and the standard errors behind by which a control is given up:
#: at two looks 2.2 have the level of 2 at one (Pocock 1977).
_LOOKS, _ERRORS = (0.5, 1.0), 2.2
_FOLDS = 3


def few_of(material: Material) -> int:
    """How many examples are looked at: 100, of more than ten classes ten a class, and at most 200."""
    return min(_MOST, max(_FEW, _EACH * (0 if material.classes is None else len(material.classes))))


def far_behind(
    candidate: Candidate,
    rival: Outcome,
    material: Material,
    journal: Journal,
    random_state: int = 0,
    left: Callable[[], float] | None = None,
) -> str | None:
    """Why a control is not run on all examples; None where it is not far behind its rival on a few of them.

    Both are cross-validated on the same few examples: on half of those that `few_of` says, and where that does not
    tell, but would if the others were like them, on all of them. A network with random weights costs as much as the
    borrowed one, and only shows how much of a gain comes from the architecture.

    Parameters
    ----------
    candidate : Candidate
        The control.
    rival : Outcome
        The best of its side so far.
    material : Material
        Of twice as many examples or more.
    journal : Journal
        Keeps the folds.
    random_state : int, default=0
        Which examples.
    left : callable, optional
        Seconds that are left; a fold that takes longer is interrupted.

    Returns
    -------
    str or None
        None too where so few examples cannot be learned from, which is logged: of all it may be possible.

    Raises
    ------
    OutOfTime
        If a fold was interrupted.
    """
    order = np.random.default_rng(random_state).permutation(len(material))
    for share in _LOOKS:
        few = _some(material, np.sort(order[: round(share * few_of(material))]))
        try:
            splits = folds(few.target, few.task, groups=few.groups, n_splits=_FOLDS, random_state=random_state)
            mine, other = (
                out_of_fold(one, few, splits, journal, name=f"look-{len(few)}-{place}", left=left)[0]
                for place, one in enumerate((candidate, rival.candidate))
            )
        except (ValueError, np.linalg.LinAlgError) as error:  # too few of some class or group
            logging.getLogger("headstart").info("No look at %s: %s", candidate.name, str(error).splitlines()[0])
            continue
        assert mine is not None and other is not None
        parts = [mine[test] for _, test in splits]
        apart = partial(behind, few.task, few.target, parts, other, splits, metric=few.metric)
        if apart(errors=_ERRORS * share**0.5) is None:  # twice as many examples of this kind would not tell
            return None
        gap = apart(errors=_ERRORS)
        if gap is not None:
            measured = metric_named(few.metric, few.task)
            size = f"{100 * gap:.1f} points" if measured.percent else f"{gap:.3g} in {measured.words}"
            where = f"on {len(few)} of the examples, not run on all"
            return f"{candidate.words}: {size} behind {rival.candidate.words} {where}"
    return None


def _some(material: Material, rows: np.ndarray) -> Material:
    """Some of the examples as a material of their own; classes of which fewer than a fold each needs are left out."""
    if material.task == "classification":
        codes = material.target[rows]
        rows = rows[np.bincount(codes)[codes] >= _FOLDS]

    def of(part: np.ndarray | None) -> np.ndarray | None:
        return None if part is None else part[rows]

    kept: dict[str, Any] = {name: of(getattr(material, name)) for name in ("groups", "weight", "learning")}
    return replace(material, rows=material.rows[rows], y=material.y[rows], progress=None, **kept)

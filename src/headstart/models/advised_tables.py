"""What rows of other tables, or of labelled sets beside a network, are worth: the offers that the adviser ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.adviser.measuring import HELP, HURT, Measure, gain_of
from headstart.adviser.ranking import NONE, Offer
from headstart.adviser.table_sources import judge_rows
from headstart.guard.candidates.material import Material

HOW = {
    "instances": "rows pooled, both sides with equal weight",
    "parameters": "a linear model biased towards the source's",
    "features": "columns aligned, then pooled",
}


def offers_of_rows(
    X: np.ndarray, material: Material, sources: Sequence[Any], names: Sequence[str], *, strength: float = 0.0
) -> list[Offer]:
    """Ways to borrow each of several sources with rows, all that help together, and none.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows of the target: its numbers, or features of a network.
    material : Material
        The target; of each source its labels are of the target's classes.
    sources : sequence of (array (m, d), array (m,))
        Rows as X and labels.
    names : sequence of str
    strength : float, default=0
        See `Offer`.
    """
    classes = material.classes
    scale = np.maximum(material.columns.std(axis=0), 1e-12)

    def columns(y: np.ndarray) -> np.ndarray:
        if classes is None:
            return np.asarray(y, dtype=np.float64).reshape(len(y), -1) / scale
        return np.eye(len(classes))[np.searchsorted(classes, y)]

    own = columns(material.y)
    shown = None if classes is None else [str(label) for label in classes]
    pairs = [(np.asarray(rows, dtype=np.float64), columns(np.asarray(y))) for rows, y in sources]
    told: dict[str, Any] = {"groups": material.groups, "names": shown}
    X = np.asarray(X, dtype=np.float64)
    alone, error, found = judge_rows(X, own, pairs, material.target, **told)
    offers = [Offer(NONE, "-", "-", Measure(alone, alone, error), "the target alone")]
    for name, one, (rows, _) in zip(names, found, pairs, strict=True):
        for way, right in one.right.items():
            sure = one.gains[way].word == HELP
            hurts = gain_of(right, alone, material.groups).word == HURT
            said = f"{len(rows):,} rows" if sure else f"{'a loss' if hurts else 'no sure gain'} on these rows"
            why = one.refused or said
            gained = Measure(right, right, one.errors[way])
            offers.append(Offer(name, way, HOW[way], gained, why, one.refused is not None, strength, sure=sure))
            if one.refused:
                break
    help_ = [s for s, one in enumerate(found) if one.refused is None and one.gains[one.best].word == HELP]
    if len(help_) > 1:
        pool = tuple(np.concatenate([pairs[s][side] for s in help_]) for side in (0, 1))
        _, _, (whole,) = judge_rows(X, own, [(pool[0], pool[1])], material.target, **told)
        name = " + ".join(names[s] for s in help_)
        for way, right in whole.right.items():
            sure, gained = whole.gains[way].word == HELP, Measure(right, right, whole.errors[way])
            offers.append(Offer(name, way, HOW[way], gained, "together", sure=sure))
    return offers

"""Which inputs of a set are copies of one another, as they are or nearly so."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from headstart.data.base.near import Prints, near_pairs
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import merge

#: Nearly equal inputs that are copies in any case.
_FEW_COPIES = 4


def connected(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Sets of rows that pairs connect, each ascending.

    Examples
    --------
    >>> connected([(0, 4), (2, 3), (4, 1)])
    [[0, 1, 4], [2, 3]]
    """
    sets: dict[int, list[int]] = {}
    for i, j in pairs:
        one, other = sets.setdefault(i, [i]), sets.setdefault(j, [j])
        if one is not other:
            one.extend(other)
            sets |= dict.fromkeys(other, one)
    return sorted(sorted(rows) for rows in {id(rows): rows for rows in sets.values()}.values())


def with_near_copies(dataset: Dataset, prints: Prints, equal: Sequence[Sequence[int]]) -> Dataset:
    """Put near copies in one group, and tell of those that stand on both sides of the held-out part.

    Parameters
    ----------
    dataset : Dataset
    prints : Prints
        Of its inputs.
    equal : sequence of sequences of int
        Sets of inputs that are equal altogether, which others deal with.
    """
    same = {row: number for number, rows in enumerate(equal) for row in rows}
    pairs = [(i, j) for i, j in near_pairs(prints) if i not in same or same[i] != same.get(j)]
    if not pairs:
        return dataset
    kind, (sets, alike) = dataset.kind, _copies(dataset, connected(pairs), certain=prints.vectors is None)
    dataset = dataclasses.replace(dataset, notes=(*dataset.notes, *_too_many(dataset, alike)))
    if not sets:
        return dataset
    count = f"1 set of near copies among the {kind.many} was" if len(sets) == 1 else f"{len(sets)} sets of near copies"
    count += "" if len(sets) == 1 else f" among the {kind.many} were"
    first = ", ".join(dataset.names[i] for i in sets[0][:3])
    notes = [
        f"{count} found, {sum(map(len, sets))} {kind.many} in all ({NEAR.get(kind.input_type, 'nearly equal')}), as "
        f"{first}; each set counts as one group."
    ]
    unlike = sum(len(np.unique(dataset.y[rows], axis=0)) > 1 for rows in sets)
    if unlike and dataset.task != "regression":
        notes.append(f"{unlike} of these sets of near copies carry more than one label: check them.")
    held = np.zeros(len(dataset), dtype=bool)
    if dataset.held_out is not None and dataset.parts is not None:
        held = dataset.parts == dataset.held_out
    leaked = [row for rows in sets for row in rows if held[row] and not held[rows].all()]
    if leaked:
        verb = "has a near copy" if len(leaked) == 1 else "have a near copy"
        noun = kind.one if len(leaked) == 1 else kind.many
        notes.append(
            f"WARNING: {len(leaked)} {dataset.held_out} {noun} {verb} in the training part (as "
            f"{dataset.names[leaked[0]]}): what is measured there is better than the truth. Divide the data anew."
        )
    sides = [[row for row in rows if held[row] == side] for rows in sets for side in (False, True)]
    return dataclasses.replace(
        dataset,
        groups=merge(dataset.groups, [rows for rows in sides if len(rows) > 1], len(dataset)),
        near=tuple(tuple(dataset.names[i] for i in rows) for rows in sets),
        notes=(*dataset.notes, *notes),
    )


def _copies(dataset: Dataset, sets: list[list[int]], certain: bool) -> tuple[list[list[int]], list[list[int]]]:
    """Sets of copies, and sets that are too large for that.

    Vectors that are close may be of one thing or of things that are alike by nature (one word from one synthesiser).
    Too large is a set of four or more that is over half of a class, or of two or more that is all of it; of targets,
    one of over half of all. Equal keys are certain, however many.
    """
    if certain:
        return sets, []
    if dataset.task != "classification":
        large = [rows for rows in sets if len(rows) >= _FEW_COPIES and len(rows) > len(dataset) / 2]
    else:
        values, counts = np.unique(dataset.y, return_counts=True)
        whole = dict(zip(values.tolist(), counts.tolist(), strict=True))
        large = [
            rows
            for rows in sets
            if any(
                n == whole[value] or (len(rows) >= _FEW_COPIES and n > whole[value] / 2)
                for value, n in zip(
                    *(found.tolist() for found in np.unique(dataset.y[rows], return_counts=True)), strict=True
                )
            )
        ]
    return [rows for rows in sets if rows not in large], large


def _too_many(dataset: Dataset, alike: list[list[int]]) -> tuple[str, ...]:
    """A note on inputs that are alike by nature."""
    if not alike:
        return ()
    kind, n = dataset.kind, sum(map(len, alike))
    return (
        f"{n} {kind.many} are nearly equal, over half of a class: too many for copies, so they were not kept together "
        f"(as {', '.join(dataset.names[i] for i in alike[0][:2])}). If they are copies: --group-by.",
    )


NEAR = {
    "image": "re-encoded, resized, mirrored or in other light",
    "audio": "at another level, or with other silence around",
    "text": "but for spaces, capitals and what stands at the ends",
    "table": "equal, or rounded, or changed in a column or two",
}

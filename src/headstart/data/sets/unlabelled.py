"""Other examples, looked at once beside the target's: broken ones and copies of these are left out."""

from __future__ import annotations

import numpy as np

from headstart.data.base.near import near_pairs
from headstart.data.base.rows import Inputs
from headstart.data.inputs.canvases import Canvases, Seen
from headstart.data.inputs.inputs import joined
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.overlap import connected
from headstart.data.sets.screen import looked_at
from headstart.progress import Progress


def unusable(inputs: Inputs, preprocessing: Seen, progress: Progress | None = None) -> list[tuple[int, str]]:
    """Position and reason of every input that cannot be used.

    Parameters
    ----------
    inputs : Inputs
    preprocessing : Preprocessing or SoundPreprocessing
    progress : callable, optional
    """
    _, bad = looked_at(inputs, preprocessing, progress)
    return sorted({int(i): str(why) for i, why in bad}.items())


def apart_from(
    dataset: Dataset, more: Inputs, preprocessing: Seen, progress: Progress | None = None, who: str = "without labels"
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Which of other examples can be read and are no copy, equal or nearly so, of one of the target's.

    The target's are held out in some fold, or kept for the test: a copy of one, with its label or without, would be
    learned from there all the same.

    Parameters
    ----------
    dataset : Dataset
        Screened; the part kept for the test too.
    more : Inputs
    preprocessing : Preprocessing or SoundPreprocessing
        Of the network that will be used.
    progress : callable, optional
    who : str
        How the notes call the other examples, after their noun.

    Returns
    -------
    kept : array of int
        Their positions.
    notes : tuple of str
    """
    n, kind = len(dataset), dataset.kind
    both = joined([dataset.inputs, more])
    look, bad = looked_at(both, preprocessing, progress)
    broken = {i for i, _ in bad}
    whole = np.setdiff1d(np.arange(len(both)), sorted(broken))
    pairs = [(int(whole[i]), int(whole[j])) for i, j in near_pairs(look.near(whole))]
    equal = look.same(whole, Canvases(both, preprocessing, whole))
    pairs += [(int(whole[rows[0]]), int(whole[row])) for rows in equal for row in rows[1:]]
    copies = {row for alike in connected(pairs) if alike[0] < n for row in alike if row >= n}
    left = np.array([i - n for i in range(n, len(both)) if i not in broken | copies], dtype=np.int64)
    unread, notes = len([i for i in broken if i >= n]), []
    for count, why in ((unread, "cannot be read"), (len(copies), "are copies of labelled ones")):
        if count:
            notes.append(f"{count:,} of {len(more):,} {kind.many} {who} {why}; they were left out.")
    return left, tuple(notes)

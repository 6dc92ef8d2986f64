"""Labels of other tasks beside a target's: of its own examples and of others of the same table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from headstart.data.base.reasons import BadInput
from headstart.data.base.rows import Inputs
from headstart.data.inputs.canvases import Seen
from headstart.data.inputs.inputs import joined
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.labels import ReadLabels
from headstart.data.sets.unlabelled import apart_from
from headstart.progress import Progress


@dataclass(frozen=True, eq=False)
class OtherTasks:
    """What is known of m examples beside a target.

    What the target has is learned from only where it is given to learn from: in a fold, a label beside the one that is
    held out may tell it. So is what shares a group with it, as another picture of a patient who is held out.

    Parameters
    ----------
    inputs : Inputs of m examples
        Each once.
    labels : mapping of str to ReadLabels
        Of each task, over the m examples.
    own : ndarray of bool, shape (m,)
        Whether the target has the example.
    groups : ndarray of str, shape (m,)
        The target's group that an example of its own or another belongs to; "" for none.
    """

    inputs: Inputs
    labels: Mapping[str, ReadLabels]
    own: np.ndarray
    groups: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def others(self) -> int:
        """How many examples the target does not have."""
        return int((~self.own).sum())

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """Hash of the content of each example."""
        return tuple(self.inputs.digest(i) for i in range(len(self)))

    def places(self, inputs: Inputs, groups: np.ndarray | None) -> np.ndarray:
        """Where each example stands among those that are learned from and further ones below them; -1 where held out.

        Parameters
        ----------
        inputs : Inputs of n examples
            Of the target, that are learned from.
        groups : array of shape (n,), optional

        Returns
        -------
        ndarray of int, shape (m,)
            Below n where the example is among ``inputs``, from n on where it stands below them.

        Examples
        --------
        >>> from headstart.data.inputs.inputs import as_inputs
        >>> texts = as_inputs(["a", "b", "c", "d"], "text")
        >>> found = OtherTasks(texts, {}, np.array([True, True, False, False]), np.array(["p", "q", "q", ""]))
        >>> found.places(texts[:1], np.array(["p"])).tolist(), found.places(texts[[1]], np.array(["q"])).tolist()
        ([0, -1, -1, 1], [-1, 0, 1, 2])
        """
        place = {inputs.digest(i): i for i in reversed(range(len(inputs)))}
        known = {""} | (set() if groups is None else {str(group) for group in groups})
        found = np.array([place.get(digest, -1) for digest in self.digests], dtype=np.int64)
        free = (found < 0) & ~self.own & np.isin(self.groups, sorted(known))
        found[free] = len(inputs) + np.arange(int(free.sum()))
        return found


def beside(
    tasks: Mapping[str, Dataset], target: Dataset, before: Dataset, seen: Seen, progress: Progress | None = None
) -> tuple[OtherTasks | None, tuple[str, ...]]:
    """Other tasks of the table that a target is a column of, without what cannot be read or is held out.

    Parameters
    ----------
    tasks : mapping of str to Dataset
        The other columns, each with the examples that have its label.
    target : Dataset
        Screened. Of its part for the test nothing is kept, nor are copies of any of its examples, equal or nearly so.
    before : Dataset
        The same before it was screened, with the groups of the table.
    seen : Preprocessing or SoundPreprocessing
        Of the network that will be used.
    progress : callable, optional

    Returns
    -------
    OtherTasks or None
        None where nothing is left.
    notes : tuple of str
    """
    aside = np.zeros(len(target), dtype=bool) if target.parts is None else target.parts == target.held_out
    digests = _digests(target.inputs)
    own = {digest for digest, out in zip(digests, aside, strict=True) if not out}
    held = {digest for digest, out in zip(digests, aside, strict=True) if out}
    known = {name: _digests(one.inputs) for name, one in tasks.items()}
    first: dict[str, tuple[Dataset, int]] = {}
    for name, one in tasks.items():
        for i, digest in enumerate(known[name]):
            first.setdefault(digest, (one, i))
    first = {digest: where for digest, where in first.items() if digest not in held}
    more = [digest for digest in first if digest not in own]
    notes: tuple[str, ...] = ()
    if more:
        rows = joined([first[digest][0].inputs[[first[digest][1]]] for digest in more])
        kept, notes = apart_from(target, rows, seen, progress, who="of other tasks")
        for j in sorted(set(range(len(more))) - set(kept.tolist())):
            del first[more[j]]
    if not first:
        return None, notes
    place = {digest: j for j, digest in enumerate(first)}
    labels = {name: _over(one, known[name], place) for name, one in tasks.items()}
    inputs = joined([one.inputs[[i]] for one, i in first.values()])
    groups = _groups(first, target, before, digests)
    return OtherTasks(inputs, labels, np.array([digest in own for digest in first]), groups), notes


def _digests(inputs: Inputs) -> list[str]:
    """Hash of the content of each input; of what cannot be read its name."""
    found = []
    for i in range(len(inputs)):
        try:
            found.append(inputs.digest(i))
        except BadInput:
            found.append(f"unread: {inputs.names[i]}")
    return found


def _over(one: Dataset, digests: list[str], place: Mapping[str, int]) -> ReadLabels:
    """Labels of a task over all examples; of an example that stands in the table twice the first."""
    rows: dict[int, int] = {}
    for i, digest in enumerate(digests):
        if digest in place:
            rows.setdefault(place[digest], i)
    there = sorted(rows)
    kept = np.zeros(len(place), dtype=bool)
    kept[there] = True
    return ReadLabels(one.y[[rows[j] for j in there]], one.task, one.classes, kept)


def _groups(
    first: Mapping[str, tuple[Dataset, int]], target: Dataset, before: Dataset, digests: list[str]
) -> np.ndarray:
    """The target's group of each example, by its own or by that which the table gives it; "" for none."""
    if target.groups is None:
        return np.full(len(first), "")
    of = dict(zip(digests, target.groups.tolist(), strict=True))
    named: dict[str, str] = {}
    if before.groups is not None:  # screening may have merged groups, under the name of one of them
        merged = dict(zip(target.names, target.groups.tolist(), strict=True))
        pairs = zip(before.names, before.groups.tolist(), strict=True)
        named = {group: merged[name] for name, group in pairs if name in merged}
    found = []
    for digest, (one, i) in first.items():
        table = "" if one.groups is None else named.get(one.groups[i], "")
        found.append(of.get(digest, table))
    return np.array(found, dtype=str)

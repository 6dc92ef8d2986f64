"""Labelled examples of other sets, lent to the target: learned from, never judged on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.contract.domains import encode
from headstart.contract.network_rows import network_among
from headstart.contract.raw_sources import labels_of, named, weights_of
from headstart.data.base.rows import Inputs
from headstart.data.inputs.inputs import as_inputs, joined, refuse_other_kind
from headstart.errors import ParameterError, SourceError
from headstart.parameters.heads.solved import SolvedHead
from headstart.parameters.heads.targets import Targets
from headstart.source import Source

if TYPE_CHECKING:
    from headstart.networks.running.features import Features

#: What lent examples weigh in all, as multiples of what the target's do; None: each as much as one of the target's.
SHARES: tuple[float | None, ...] = (None, 1.0, 0.2)


@dataclass(frozen=True, eq=False)
class Lent:
    """Examples of all sets, one set after the other, with their labels, weights and the sizes of the sets."""

    inputs: Inputs
    y: np.ndarray
    weight: np.ndarray
    sizes: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.y)

    def rows(self, kept: np.ndarray) -> Lent:
        """Some of them, by ascending positions."""
        sets = np.repeat(np.arange(len(self.sizes)), self.sizes)[kept]
        sizes = tuple(np.bincount(sets, minlength=len(self.sizes)).tolist())
        return Lent(self.inputs[kept], self.y[kept], self.weight[kept], sizes)


def lent_examples(source: Any, inputs: Inputs) -> Lent | None:
    """The labelled sets that stand beside a network in ``source``; None where there are none.

    Parameters
    ----------
    source : network, or list of a network and of `Source`
    inputs : Inputs
        The target's; the sets have to hold the same kind.

    Raises
    ------
    ParameterError
        If there are sets and no network, or something is neither.
    SourceError
        If a set has no labels.
    DataError
        For another kind of input.
    """
    network, rest = network_among(source)
    sets = [] if rest is None else list(rest) if isinstance(rest, list | tuple) else [rest]
    if not sets or (network is None and isinstance(sets[0], Source) and sets[0].X is None):
        return None  # the name of what a saved model borrowed is refused as a network
    other = [one for one in sets if not isinstance(one, Source)]
    if other or network is None:
        found = f"{type(other[0]).__name__}" if other else f"{sets[0]!r} without a network"
        raise ParameterError(
            f"Expected a network, or a list of a network and labelled sets, found {found}.",
            "For instance source=['starter:pictures', Source(pictures, labels)].",
        )
    parts, labels, weights = [], [], []
    for one, who in zip(sets, named(sets), strict=True):
        own = examples_of(one, who, inputs)
        parts.append(own)
        given = weights_of(one, who)
        labels.append(np.asarray(one.y))
        weights.append(np.ones(len(own)) if given is None else given / given.mean())
    return Lent(joined(parts), np.concatenate(labels), np.concatenate(weights), tuple(map(len, labels)))


def examples_of(one: Source, who: str, inputs: Inputs) -> Inputs:
    """The examples of a labelled set, of the kind of the target's.

    Raises
    ------
    SourceError
        If it has no labels.
    DataError
        For another kind of input.
    """
    if one.X is None or one.y is None:
        raise SourceError(f"Expected labels in {who}, found {one}.", "Give Source(X, y).")
    own = as_inputs(one.X, inputs.input_type)
    if own.kind is not inputs.kind:
        refuse_other_kind(own.kind, inputs.kind, f"in {who} as in the target")
    return own


def all_labels(y: Any, lent: Lent, source: Any, task: str) -> np.ndarray:
    """Labels of the target, then of what is lent, written alike.

    Parameters
    ----------
    y : array of shape (n,) or None
    lent : Lent of m examples
    source : list
        As in `lent_examples`, for the words.
    task : {"classification", "regression"}

    Raises
    ------
    SourceError
        If the labels are of another kind, or no class is common to both.
    ParameterError
        For several labels or numbers an example.
    """
    own = None if y is None else np.asarray(y)
    if (own is not None and own.ndim > 1) or lent.y.ndim > 1:
        raise ParameterError(
            "Expected one class or number an example where labelled sets are borrowed from, found several.",
            "Leave the sets out of source=.",
        )
    sets: list[Source] = network_among(source)[1]
    each = [labels_of(one, task, who, True) for one, who in zip(sets, named(sets), strict=True)]
    if task == "regression":
        return np.concatenate([np.asarray(part, np.float64) for part in (own, *each) if part is not None])
    classes, codes = encode([("the target", own), *zip(named(sets), each, strict=True)])
    return np.asarray(classes[np.concatenate([code for code in codes if code is not None])])


def weighed(targets: Targets, lent: int, share: float | None) -> Targets:
    """Targets whose last rows, those of what is lent, weigh a multiple of what the others weigh in all.

    Examples
    --------
    >>> from headstart.parameters.heads.targets import class_targets
    >>> weighed(class_targets(list("abaabb"), None), 4, 1.0).weight.tolist()
    [1.5, 1.5, 0.75, 0.75, 0.75, 0.75]
    """
    if not lent or share is None:
        return targets
    weight = targets.weight.copy()
    weight[-lent:] *= share * weight[:-lent].sum() / weight[-lent:].sum()
    return dataclasses.replace(targets, weight=weight / weight.mean())


def best_share(solve: Callable[[Targets], SolvedHead], targets: Targets, lent: int) -> SolvedHead:
    """The head with the lowest loss on held-out examples of the target, among `SHARES` of what is lent.

    Parameters
    ----------
    solve : callable
        Targets, whose weights differ, to a head.
    targets : Targets of n + lent rows
    lent : int
    """
    heads = [solve(weighed(targets, lent, share)) for share in (SHARES if lent else (None,))]
    return min(heads, key=lambda head: head.loss if np.isfinite(head.loss) else np.inf)


def sets_of_rows(features: Features, labels: np.ndarray, lent: Lent) -> list[Source]:
    """What is lent as sources of rows, one a set.

    Parameters
    ----------
    features : Features of n + m rows
        Those of what is lent last.
    labels : array of shape (n + m,)
    lent : Lent of m examples
    """
    ends = np.cumsum(lent.sizes)[:-1]
    parts: Sequence[list[np.ndarray]] = [
        np.split(values, ends) for values in (features.output[-len(lent) :], labels[-len(lent) :], lent.weight)
    ]
    plain = bool((lent.weight == 1).all())
    return [Source(X, y, None, None if plain else weight) for X, y, weight in zip(*parts, strict=True)]

"""Target, sources and unlabelled rows, checked and in one form: what every classical method computes on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from headstart.data.tables.column_names import stack
from headstart.errors import SourceError, TransferWarning


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a transfer.

    Attributes
    ----------
    X : ndarray or CSR matrix of shape (n, d)
        float32 or float64, finite. May be the caller's own memory: never write to it.
    y : ndarray of shape (n,) or None
        Codes (int64) that index `Domains.classes`, or float64 numbers.
    sample_weight : ndarray of shape (n,) or None
        float64, 0 or more.
    name : str
        How messages and reports call it.
    """

    X: Any
    y: np.ndarray | None
    sample_weight: np.ndarray | None
    name: str

    def __len__(self) -> int:
        return int(self.X.shape[0])

    @property
    def weights(self) -> np.ndarray:
        """The weights, ones where none were given."""
        return np.ones(len(self)) if self.sample_weight is None else self.sample_weight

    @property
    def mass(self) -> np.ndarray:
        """Weights with sum 1; a row of weight 0 keeps a trace, so that a transport takes it somewhere."""
        weights = np.maximum(self.weights, 1e-9 * self.weights.mean())
        return weights / weights.sum()


def together(sides: Sequence[Side]) -> Side:
    """Several sides as one; a single one is not copied.

    Labels are None unless every side has them; weights are None unless any has.

    Examples
    --------
    >>> a, b = Side(np.zeros((2, 1)), np.array([0, 1]), None, "a"), Side(np.ones((1, 1)), np.array([1]), None, "b")
    >>> whole = together([a, b])
    >>> whole.y.tolist(), whole.weights.tolist(), whole.name
    ([0, 1, 1], [1.0, 1.0, 1.0], 'a and b')
    """
    if len(sides) == 1:
        return sides[0]
    labels = [side.y for side in sides if side.y is not None]
    weighted = any(side.sample_weight is not None for side in sides)
    return Side(
        stack([side.X for side in sides]),
        np.concatenate(labels) if len(labels) == len(sides) else None,
        np.concatenate([side.weights for side in sides]) if weighted else None,
        " and ".join(side.name for side in sides),
    )


@dataclass(frozen=True, eq=False)
class Domains:
    """The two sides of a transfer, and target rows without labels.

    Attributes
    ----------
    sources : tuple of Side
        In a canonical order, by content; empty where ``source=None``.
    unlabelled : ndarray or CSR matrix of shape (m, d), or None
        More rows of the target.
    classes : ndarray of shape (K,) or None
        Sorted labels of target and sources together; codes index it.
    order : tuple of int
        Position, in the list that the user gave, of each of ``sources``.
    """

    target: Side
    sources: tuple[Side, ...] = ()
    unlabelled: Any = None
    classes: np.ndarray | None = None
    order: tuple[int, ...] = ()

    @cached_property
    def source(self) -> Side:
        """All sources as one side, stacked in their canonical order, so the order of a list is irrelevant.

        A single source is not copied. Labels are None unless every source has them; weights are None unless any has.
        """
        if not self.sources:
            raise SourceError("Expected a source, found source=None.")
        return together(self.sources)

    @cached_property
    def sides(self) -> tuple[Side, ...]:
        """What there is to learn labels from: the source, where there is one, and the target, where it has labels."""
        return (*((self.source,) if self.sources else ()), *(() if self.target.y is None else (self.target,)))

    def moved(self, source: Any, target: Any) -> Domains:
        """The same sides with other rows: of all sources stacked, and of the target; rows without labels are left out.

        Examples
        --------
        >>> a, b = (Side(np.zeros((n, 1)), None, None, "") for n in (1, 2))
        >>> found = Domains(a, (a, b), order=(0, 1)).moved(np.arange(3)[:, None], np.ones((1, 1)))
        >>> [side.X[:, 0].tolist() for side in (*found.sources, found.target)]
        [[0], [1, 2], [1.0]]
        """
        ends = [0, *np.cumsum([len(side) for side in self.sources])]
        sources = [replace(one, X=source[i:j]) for one, i, j in zip(self.sources, ends[:-1], ends[1:], strict=True)]
        return replace(self, target=replace(self.target, X=target), sources=tuple(sources), unlabelled=None)

    def labels(self, side: Side) -> np.ndarray:
        """A side's labels as they were given: classes, or numbers."""
        assert side.y is not None
        return side.y if self.classes is None else self.classes[side.y]

    @property
    def known(self) -> np.ndarray:
        """Codes of the target's rows, then of the unlabelled ones, (n + m,); -1 where there is no label."""
        codes = np.full(self.target_rows.shape[0], -1, dtype=np.int64)
        if self.target.y is not None:
            codes[: len(self.target)] = self.target.y
        return codes

    @cached_property
    def target_rows(self) -> Any:
        """Rows of the target, then the unlabelled ones."""
        return self.target.X if self.unlabelled is None else stack([self.target.X, self.unlabelled])

    def as_given(self, values: np.ndarray) -> list[np.ndarray]:
        """Values (n_source, ...) of the stacked source rows, split by source, in the order that the user gave.

        Examples
        --------
        >>> a, b = (Side(np.zeros((n, 1)), None, None, "") for n in (1, 2))
        >>> [part.tolist() for part in Domains(a, (a, b), order=(1, 0)).as_given(np.arange(3))]
        [[1, 2], [0]]
        """
        ends = np.cumsum([len(side) for side in self.sources])[:-1]
        parts = np.split(values, ends)
        return [parts[i] for i in np.argsort(self.order)]


def encode(labels: Sequence[tuple[str, np.ndarray | None]]) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """Labels of several sides as codes of their sorted union.

    Parameters
    ----------
    labels : sequence of (str, ndarray or None)
        Name and labels of each side; integers, strings, booleans.

    Returns
    -------
    classes : ndarray of shape (K,)
    codes : list of ndarray of int64, or None
        One for each side.

    Raises
    ------
    SourceError
        If one side has numbers and another words, or sides have no label in common with the first that has any.

    Warns
    -----
    TransferWarning
        If the target's labels are 0, 1, ..., K - 1 and look like the numbers that `StackingClassifier`,
        `VotingClassifier` and `cross_val_predict` put in the place of labels before they fit. Words of a source are
        then taken in sorted order; of these a fold may lack some.

    Examples
    --------
    >>> classes, codes = encode([("target", np.array(["b", "a"])), ("source", np.array(["c", "b"]))])
    >>> classes.tolist(), [code.tolist() for code in codes]
    (['a', 'b', 'c'], [[1, 0], [2, 1]])
    """
    labels = [
        (name, values if i == 0 else _numbered(labels[0][1], values, name)) for i, (name, values) in enumerate(labels)
    ]
    known = [(name, values) for name, values in labels if values is not None]
    first, start = known[0]
    for name, values in known[1:]:
        if (values.dtype.kind in "OUS") != (start.dtype.kind in "OUS"):
            raise SourceError(
                f"Expected labels of one kind, found {start[:1].tolist()[0]!r} in {first} and "
                f"{values[:1].tolist()[0]!r} in {name}.",
                "Write the labels the same way on both sides.",
            )
    own = [np.unique(values) for _, values in known]
    for (name, _), found in zip(known[1:], own[1:], strict=True):
        if not np.isin(found, own[0]).any():
            raise SourceError(
                f"Expected a label that {first} and {name} have in common, found {own[0][:6].tolist()} and "
                f"{found[:6].tolist()}.",
                "Write the labels the same way on both sides, or give a source of the same classes.",
            )
    classes = own[0] if len(own) == 1 else np.unique(np.concatenate(own))
    return classes, [None if values is None else np.searchsorted(classes, values) for _, values in labels]


def _numbered(target: np.ndarray | None, source: np.ndarray | None, name: str) -> np.ndarray | None:
    """A source's labels, numbered as the target's where an outer ensemble has numbered those; it says so."""
    if target is None or source is None or target.dtype.kind not in "iu":
        return source
    theirs, own = np.unique(source), np.unique(target)
    words = theirs.dtype.kind in "OUS"
    most = len(theirs) if words else len(own)  # of words a fold may lack some
    if len(theirs) < 2 or not np.isin(own, np.arange(most)).all():
        return source
    if not words and (np.isin(theirs, own).all() or np.isin(own, theirs).all()):
        return source
    done = "they are taken as those numbers, in sorted order" if words else "they are taken as they are"
    warnings.warn(
        f"The target's labels are {own.tolist()[:9]}, as stacking and voting classifiers number them, those of "
        f"{name} are {theirs.tolist()[:9]}: {done}. Number the labels of both sides alike before fitting.",
        TransferWarning,
        stacklevel=5,
    )
    return np.searchsorted(theirs, source) if words else source

"""What is borrowed without the target's own rows: a source that holds them tells their labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse as sp

from headstart.contract.raw_sources import as_sources, named
from headstart.data.base.rows import Inputs
from headstart.data.tables.cells import Column
from headstart.data.tables.column_plan import plan_columns
from headstart.data.tables.copies import Cells, cells_of, copies, equal_pairs
from headstart.data.tables.rows import as_frame
from headstart.source import Source

_SHOWN = 5


def without_target(
    X: Any, y: np.ndarray, sources: Sequence[Source], columns: Sequence[Column] | None = None
) -> tuple[list[Source], tuple[str, ...]]:
    """Sources without the rows that are the target's too, by `headstart.data.tables.copies.copies`, and what is said.

    Parameters
    ----------
    X : Records, frame, array or CSR matrix of shape (n, d)
    y : array of shape (n,)
    sources : sequence of Source
        With labels. One of which nothing is left is left out.
    columns : sequence of Column, optional
        What the columns of a table hold. Default: told from it.

    Returns
    -------
    sources : list of Source
    notes : tuple of str

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(size=(50, 4))
    >>> kept, notes = without_target(rows[:20], np.arange(20) % 2, [Source(rows, np.arange(50) % 2)])
    >>> len(kept[0].y), notes[0][:71]
    (30, '20 rows of the source are rows of the target too (rows 1, 2, 3, 4, 5, .')
    """
    kept, notes = [], []
    for source, who in zip(sources, named(list(sources)), strict=True):
        mine, theirs = side_by_side(X, source.X, columns)
        pairs = copies(mine, theirs, (y, np.asarray(source.y)))
        left = np.setdiff1d(np.arange(len(source.y)), pairs[:, 1])
        kept += [taken(source, left)] if len(left) else []
        unlike = int((~equal_pairs(mine, theirs, pairs)).sum())
        notes += [_words(who, pairs[:, 1], len(source.y), unlike)] if len(pairs) else []
    return kept, tuple(notes)


def offered_apart(estimator: Any, X: Any, y: Any) -> tuple[list[Source], Any, tuple[str, ...]]:
    """What a safe choice may borrow: its sources of rows without the target's own, the same as a source, and notes.

    Parameters
    ----------
    estimator : Borrower
        Its source may hold a network, which has made rows of the target.
    X : array, frame or CSR matrix of shape (n, d)
        Rows of the target.
    y : array-like of shape (n,) or None
        Without labels nothing can leak, and all is borrowed.
    """
    notes: tuple[str, ...] = ()
    network = getattr(estimator, "network_", None)
    offered = as_sources(estimator.source, network)
    source = estimator.source if network is None else offered or None
    if y is not None and offered:
        offered, notes = without_target(X, np.asarray(y), offered)
        source = (offered or None) if notes else source
    return offered, source, notes


def side_by_side(X: Any, other: Any, columns: Sequence[Column] | None = None) -> tuple[Cells, Cells]:
    """Cells of two tables with the same columns: frames, arrays, CSR matrices, or a frame and an array."""
    mine, theirs = as_frame(X), as_frame(other)
    if mine is None and theirs is None:
        plain = [part if sp.issparse(part) else np.asarray(part) for part in (X, other)]
        if all(part.dtype.kind in "biuf" for part in plain):
            return cells_of(plain[0], plain[1])
        mine = pd.DataFrame(plain[0]).rename(columns=str)
    known = mine if mine is not None else theirs
    frames = [frame if frame is not None else _framed(part, known) for frame, part in ((mine, X), (theirs, other))]
    return cells_of(frames[0], frames[1], columns or plan_columns(frames[0], [("", frames[1])]).columns)


def _framed(rows: Any, like: Any) -> pd.DataFrame:
    return pd.DataFrame(rows.toarray() if sp.issparse(rows) else np.asarray(rows), columns=like.columns)


def taken(source: Source, rows: np.ndarray) -> Source:
    """Some rows of a source; itself where they are all of them."""
    if len(rows) == len(source.y):
        return source
    frame = as_frame(source.X)
    if frame is not None:
        X: Any = frame.iloc[rows]
    else:
        X = (source.X if sp.issparse(source.X) or isinstance(source.X, Inputs) else np.asarray(source.X))[rows]
    weights = None if source.sample_weight is None else np.asarray(source.sample_weight)[rows]
    return Source(X, np.asarray(source.y)[rows], source.name, weights)


def among_labelled(gone: int, n: int, many: str) -> tuple[str, ...]:
    """What is said of examples without labels that are the target's own; nothing where there are none.

    Examples
    --------
    >>> among_labelled(1, 2, "texts"), among_labelled(0, 2, "texts")
    (('1 of 2 texts without labels is among the labelled ones and was left out.',), ())
    """
    verb = "is among the labelled ones and was" if gone == 1 else "are among the labelled ones and were"
    return (f"{gone:,} of {n:,} {many} without labels {verb} left out.",) if gone else ()


def _words(who: str, rows: np.ndarray, n: int, unlike: int) -> str:
    """What is said of rows on both sides, of which some are not equal in every column.

    Examples
    --------
    >>> _words("b.csv", np.array([0, 7]), 9, 2)
    '2 rows of b.csv are nearly rows of the target too, though not in every column (rows 1, 8); they were not borrowed.'
    """
    too, near = "of the target too", ", though not in every column" if unlike == len(rows) else ""
    nearly = "nearly " if near else ""
    some = f"; {unlike:,} of them nearly, not in every column" if 0 < unlike < len(rows) else ""
    if len(rows) == n:
        return f"All {n:,} rows of {who} are {nearly}rows {too}{near}{some}: nothing of it was borrowed."
    shown = ", ".join(str(row + 1) for row in rows[:_SHOWN].tolist()) + (", ..." if len(rows) > _SHOWN else "")
    if len(rows) == 1:
        return f"1 row of {who} is {nearly}a row {too}{near} (row {shown}); it was not borrowed."
    return f"{len(rows):,} rows of {who} are {nearly}rows {too}{near} (rows {shown}{some}); they were not borrowed."

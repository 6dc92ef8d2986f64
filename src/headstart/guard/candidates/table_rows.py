"""Rows of a table, of its sources and of what has no labels, as numbers that every candidate takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from headstart.contract.raw_sources import as_numbers, as_sources, labels_of, named, raw_rows, weights_of
from headstart.data.sets.spelling import spelling_hints
from headstart.data.tables.column_names import names_of
from headstart.data.tables.copies import copies, twins
from headstart.data.tables.encoder import TableEncoder
from headstart.data.tables.records import Records
from headstart.data.tables.rows import as_frame, dense, records_of
from headstart.errors import SourceError
from headstart.guard.candidates.kept_apart import among_labelled, side_by_side, taken, without_target
from headstart.source import Source

_WIDE = 5.0


@dataclass(frozen=True, eq=False)
class Tabular:
    """What a guard learns from, in numbers.

    Parameters
    ----------
    rows : array (n, d)
    sources : tuple of Source
        Numbers, with labels of the target's classes alone.
    unlabelled : array (m, d) or None
    encoder : TableEncoder, StandardScaler or None
        What makes such numbers of new rows; None leaves them as they are.
    shown : Records or None
        The rows as they were given, where they are those of a table.
    notes : tuple of str
    shared : tuple of str
        Those of the notes that tell of rows of the target among what is borrowed.
    twins : list of (int, int)
        Pairs of equal rows of the target.
    """

    rows: np.ndarray
    sources: tuple[Source, ...] = ()
    unlabelled: np.ndarray | None = None
    encoder: Any = None
    shown: Records | None = None
    notes: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    twins: list[tuple[int, int]] = field(default_factory=list)

    def encode(self, X: Any) -> np.ndarray:
        """New rows in numbers."""
        return X if self.encoder is None else self.encoder.transform(X)


def borrows_rows(source: Any) -> bool:
    """Whether a source holds rows (one `Source` or several), and is no network."""
    return isinstance(source, Source) or (isinstance(source, list | tuple) and bool(source))


def tabulated(X: Any, y: np.ndarray, task: str, source: Any, unlabelled: Any) -> Tabular:
    """Bring target, sources and unlabelled rows into one form, without a look at labels.

    Rows of the target that stand in a source too are left out of it, see `without_target`.

    Tables become numbers by `TableEncoder`. Arrays stay as they are, unless the widest tenth of their columns spreads
    five times as much as the middle one: then each column is standardised over all rows together.

    Parameters
    ----------
    X : Records, frame or checked array (n, d)
    y : array (n,)
    task : {"classification", "multilabel", "regression"}
    source : Source, list of Source or None
    unlabelled : array-like, frame or None

    Raises
    ------
    SourceError
        For a source without labels, with other columns, or without any class of the target.
    """
    given = as_sources(source)
    if given and (task == "multilabel" or y.ndim > 1):
        raise SourceError(
            "Expected one label a row to borrow rows for, found several.", "Give one label, or source=None."
        )
    who = named(given)
    kept, notes = _labelled([replace(one, X=dense(one.X)) for one in given], who, y, task)
    kept, shared = without_target(X, y, kept)
    notes, who = (*notes, *shared), named(kept)
    names = tuple(entry.name or name.removeprefix("the ") for entry, name in zip(kept, who, strict=True))
    frame = as_frame(X)
    if frame is not None:
        others = [(name, _frame(entry.X, name)) for entry, name in zip(kept, names, strict=True)]
        more = None if unlabelled is None else _frame(unlabelled, "the unlabelled rows")
        more, said = _unseen(frame, more, task, bool(kept))
        encoder = TableEncoder().fit(X, others=[*others, *([] if more is None else [("unlabelled", more)])])
        rows, raw = encoder.encode(frame), [encoder.encode(other) for _, other in others]
        extra = None if more is None else encoder.encode(more)
        shown = records_of(X)
        notes += (*said, *encoder.notes_)
    else:
        width = X.shape[1]
        raw = [_numbers(e.X, width, w) for e, w in zip(kept, who, strict=True)]
        extra = None
        if unlabelled is not None:
            plain = unlabelled.X if isinstance(unlabelled, Source) else unlabelled
            extra = _numbers(plain, width, "the unlabelled rows")
        extra, said = _unseen(X, extra, task, bool(kept))
        notes += said
        rows, encoder, shown = X, None, None
        if kept or extra is not None:
            encoder = _scaler([rows, *raw, *([] if extra is None else [extra])])
        if encoder is not None:
            rows, raw = encoder.transform(rows), [encoder.transform(part) for part in raw]
            extra = None if extra is None else encoder.transform(extra)
    found = tuple(
        Source(part, entry.y, name, entry.sample_weight) for part, entry, name in zip(raw, kept, names, strict=True)
    )
    same = twins(side_by_side(X, X)[0]) if y.ndim == 1 else []
    return Tabular(np.asarray(rows), found, extra, encoder, shown, tuple(notes), shared, same)


def _unseen(X: Any, more: Any, task: str, borrows: bool) -> tuple[Any, tuple[str, ...]]:
    """Rows without labels that are no rows of the target, None where none is left, and what is said of them."""
    if more is None:
        return None, ()
    if task != "classification" and not borrows:
        return None, (f"The {len(more):,} rows without labels were not used: they help with classes alone.",)
    same = copies(*side_by_side(X, more))[:, 1]
    if not len(same):
        return more, ()
    rest = np.setdiff1d(np.arange(len(more)), same)
    notes = among_labelled(len(same), len(more), "rows")
    return (None if not len(rest) else more.iloc[rest] if hasattr(more, "iloc") else more[rest]), notes


def _labelled(
    given: Sequence[Source], who: Sequence[str], y: np.ndarray, task: str
) -> tuple[list[Source], tuple[str, ...]]:
    """Sources with their rows of the target's classes alone, and what was left out."""
    kept, notes = [], []
    for source, name in zip(given, who, strict=True):
        labels = np.asarray(labels_of(source, task, name, True))
        weights = weights_of(source, name)
        if task == "regression":
            kept.append(Source(source.X, labels.astype(np.float64), source.name, weights))
            continue
        known = np.isin(labels, np.unique(y))
        alike = " ".join(spelling_hints(labels, y, source.name)[:3])
        if not known.any():
            raise SourceError(
                f"Expected classes of the target in {name}, found {_shown(labels)} where the target has {_shown(y)}.",
                alike or "Write the labels the same way on both sides, or give a source of the same classes.",
            )
        if known.all():
            kept.append(Source(source.X, labels, source.name, weights))
            continue
        n, other = int((~known).sum()), _shown(labels[~known])
        words = f"{n:,} rows of {name} have classes that the target lacks ({other}); they were left out."
        notes.append(f"{words} {alike}".strip())
        kept.append(taken(Source(source.X, labels, source.name, weights), np.flatnonzero(known)))
    return kept, tuple(notes)


def _shown(labels: Any) -> str:
    found = np.unique(labels).tolist()
    return ", ".join(map(repr, found[:5])) + (", ..." if len(found) > 5 else "")


def _frame(X: Any, who: str) -> Any:
    frame = as_frame(X.X if isinstance(X, Source) else X)
    if frame is None:
        raise SourceError(
            f"Expected a table with named columns in {who}, as the target is, found {type(X).__name__}.",
            "Give a DataFrame.",
        )
    return frame


def _numbers(X: Any, width: int, who: str) -> np.ndarray:
    return as_numbers(None, raw_rows(X, None, width, who), sparse=False, allow_nan=False, who=who)


def _scaler(parts: Sequence[np.ndarray]) -> StandardScaler | None:
    """A fitted scaler where columns have units of their own."""
    spread = np.vstack(parts).std(axis=0)
    spread = spread[spread > 0]
    if not len(spread) or np.quantile(spread, 0.9) <= _WIDE * np.median(spread):
        return None
    return StandardScaler().fit(np.vstack(parts))


def in_fitted_order(X: Any, names: Any) -> Any:
    """A frame with its columns in the order of ``names``, where it has all of them; anything else as it is."""
    found = names_of(X)
    if names is None or found is None or found == list(names) or not set(names) <= set(found):
        return X
    return X[list(names)]

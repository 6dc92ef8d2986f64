"""A table whose rows are seen in several ways: a picture, a clip, a text, values, each of which may be missing."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.base.kinds import NUMBERS, ROWS, kind_named, kind_of_suffix
from headstart.data.inputs.inputs import inputs_of
from headstart.data.inputs.registry import specimen
from headstart.data.reading.options import Reading
from headstart.data.reading.roles import Roles
from headstart.data.reading.views import located, refuse_other_cells, view_columns, view_kind, view_rows
from headstart.data.sets.dataset import Dataset
from headstart.data.tables.frame import frame_notes, read_frame
from headstart.data.tables.gaps import absent
from headstart.data.tables.records import Records, row_names
from headstart.data.tables.rows import as_frame
from headstart.data.tables.specimen import specimen as cells_of_row
from headstart.errors import DataError

_MOST_NAMED = 5


class ViewRecords(Records):
    """Rows of a table that are seen in several ways.

    Parameters
    ----------
    frame : DataFrame
        The columns of the views alone; paths of files are absolute.
    names : sequence of str, optional
    views : dict of str to list of str
        Columns of each view.

    Examples
    --------
    >>> rows = ViewRecords(pd.DataFrame({"photo": ["a.png", None], "age": [31, 45]}), views={"lab": ["age"]})
    >>> rows, rows[[1]].views
    (ViewRecords(2 x 2), {'lab': ['age']})
    """

    def __init__(
        self, frame: pd.DataFrame, names: Sequence[str] | None = None, *, views: Mapping[str, list[str]]
    ) -> None:
        super().__init__(frame, names)
        self.views = dict(views)

    def __repr__(self) -> str:
        return f"View{super().__repr__()}"

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return ViewRecords(found.frame, found.names, views=self.views) if hasattr(found, "frame") else found

    def sizes(self) -> str:
        """Number of views and of columns."""
        return f"{len(self.views)} views, {self.frame.shape[1]} columns"

    def specimen(self, i: int) -> dict[str, Any]:
        """What a report shows of row ``i``: its cells, and something to see or hear of each file that they name.

        Returns
        -------
        dict
            ``cells`` in print, of a file its last name; ``seen``: for each view of files that is there ``view``, and
            what `headstart.data.inputs.registry.specimen` has of its kind.
        """
        found = cells_of_row(self, i)
        seen = []
        for view, columns in self.views.items():
            cell = self.frame[columns[0]].iloc[i]
            kind = None if absent(cell) else kind_of_suffix(os.path.splitext(str(cell).strip())[1])
            if kind is not None and len(columns) == 1:
                found["cells"][columns[0]] = os.path.basename(str(cell).strip())
                seen.append({"view": view} | specimen(inputs_of(kind, [str(cell).strip()]), 0))
        return found | ({"seen": seen} if seen else {})


def views_of(dataset: Dataset) -> dict[str, list[str]] | None:
    """The columns of each view of a data set; None where its rows are seen in one way."""
    return getattr(dataset.inputs, "views", None)


def read_views(frame: pd.DataFrame, place: Path | None, how: Reading) -> Dataset:
    """Read a table of several views.

    A column of names of pictures or clips is such a view, a column of sentences one of texts, any others are values.
    Cells that are empty are gaps. Rows without any view are left out, and named.

    Parameters
    ----------
    frame : DataFrame
    place : Path or None
        Its file; paths of files are relative to its folder, or else to the current one.
    how : Reading
        With ``view``.

    Raises
    ------
    DataError
        For views that cannot be read so, that no row has, or files that no cell leads to.
    ParameterError
        For a column that is not there, or in two views.

    Examples
    --------
    >>> frame = pd.DataFrame({"photo": ["a.png", None, "b.png"], "age": [31, 45, 28], "y": list("iwi")})
    >>> found = read_views(frame, None, Reading(label="y", view={"picture": ["photo"], "lab": ["age"]}))
    >>> [str(column) for column in found.columns][:2]
    ["view 'photo': picture, names of pictures, none in 1 of 3 rows", "view 'age': lab, values"]
    """
    views = view_columns(frame, how.view)
    taken = [column for columns in views.values() for column in columns]
    roles = Roles.of(frame, how, taken)
    for name, role in [*((label, "labels") for label in roles.labels), (roles.part, "parts"), (roles.group, "groups")]:
        if name in taken:
            raise DataError(
                f"Expected the column {name!r} with the {role} outside the views, found it in one.",
                "Leave it out of the view: what is to be told must not be learned from.",
            )
    features = frame[taken].copy()
    said: dict[str, tuple[str, str]] = {}
    for view, columns in views.items():
        there, some = view_rows(frame, columns), [one for one in columns if view_rows(frame, [one]).any()]
        kind = view_kind(frame, some, view) if some else ROWS  # what is learned from has to have it: `screen_views`
        if not kind.values and not kind.typed:
            features[columns[0]] = _files(frame[columns[0]], place, view, kind)
        holds = "values" if kind in (ROWS, NUMBERS) else kind.many if kind.typed else f"names of {kind.many}"
        gone = "" if there.all() else f", none in {int((~there).sum())} of {len(frame)} rows"
        said |= dict.fromkeys(columns, ("view", f"{view}, {holds}{gone}"))
    bare = _without_views(features, views, roles.names)
    if len(bare) == len(features):
        raise _nothing(bare, views)
    features.attrs = {}
    rows = ViewRecords(features, roles.names, views=views)
    root = "" if place is None else str(place)
    notes = frame_notes(frame)
    dataset = roles.dataset(rows, roles.read(), said, notes, root=root, layout="a table of several views")
    return _without(dataset, bare, f"it has none of the views {', '.join(views)}") if bare else dataset


def _without(dataset: Dataset, names: Sequence[str], reason: str) -> Dataset:
    """A data set without rows of some names, with labels and without."""
    apart, rest = set(names), dataset.without_label
    kept = dataset.select(np.flatnonzero([name not in apart for name in dataset.names]))
    if rest is not None:
        rest = rest[np.flatnonzero([name not in apart for name in rest.names])]
    dropped = (*dataset.dropped, *((name, reason) for name in names))
    return dataclasses.replace(kept, dropped=dropped, without_label=rest)


def unlabelled_views(
    given: Any, views: Mapping[str, list[str]], learned: Mapping[str, str], *, bare: bool = False
) -> pd.DataFrame:
    """Rows without labels, with the columns of the views; paths of files are absolute.

    Parameters
    ----------
    given : path-like or DataFrame
        A column of labels in it is passed over.
    views : dict of str to list of str
    learned : dict of str to str
        The kind of input that each view holds where there are labels.
    bare : bool, default=False
        Whether rows without any view are taken too.

    Raises
    ------
    ParameterError
        If it lacks a column.
    DataError
        If a view holds another kind here; if a row has no view.
    """
    place = Path(given).expanduser() if isinstance(given, str | os.PathLike) else None
    frame = read_frame(place) if place is not None else as_frame(given)
    if frame is None:
        raise DataError(f"Expected a table of rows without labels, found {type(given).__name__}.", "Give a DataFrame.")
    known = view_columns(frame, views)
    features = frame[[column for columns in known.values() for column in columns]].copy()
    for view, columns in known.items():
        kind = kind_named(learned[view])
        refuse_other_cells(frame, columns, view, kind)
        if not kind.values and not kind.typed:
            features[columns[0]] = _files(frame[columns[0]], place, view, kind)
    if not bare:
        lacking = _without_views(features, known, [f"{row} without a label" for row in row_names(features)])
        if lacking:
            raise _nothing(lacking, known)
    features.attrs = {name: kept for name, kept in features.attrs.items() if name == "gone"}
    return features


def _files(cells: pd.Series, place: Path | None, view: str, kind: Any) -> list[Any]:
    """Where the files of a column lie; gaps are None."""
    base = None if place is None else place.expanduser().resolve().parent
    found = [None if absent(cell) else located(cell, base) for cell in cells.tolist()]
    paths = [path for path in found if isinstance(path, Path)]
    if base is not None and paths and not any(os.path.lexists(path) for path in paths):
        raise DataError(
            f"Expected {kind.many} at the paths of the view {view!r}, found none of the {len(paths)} there; the first "
            f"one was looked for at {base / paths[0]}.",
            "Paths are absolute, or relative to the table's folder.",
        )
    return [str(path.absolute()) if isinstance(path, Path) else path for path in found]


def refuse_constant(cells: pd.DataFrame, view: str) -> None:
    """Refuse to learn from a view whose cells, of the rows that have it, are all alike."""
    values = cells.astype(str).drop_duplicates()
    if len(values) < 2:
        shown = ", ".join(map(repr, values.iloc[0].tolist()[:3])) if len(values) else "nothing"
        raise DataError(
            f"Expected values that differ in the view {view!r}, found {shown} in all {len(cells)} rows that have it.",
            "Leave it out: it tells no row from another.",
        )


def _without_views(features: pd.DataFrame, views: Mapping[str, list[str]], names: Sequence[str]) -> list[str]:
    """The names of rows without any view."""
    each = [view_rows(features, columns) for columns in views.values()]
    there = np.asarray(np.column_stack(each).any(axis=1))
    return [name for name, kept in zip(names, there, strict=True) if not kept]


def _nothing(lacking: Sequence[str], views: Mapping[str, list[str]]) -> DataError:
    """The error for rows without any view."""
    shown = ", ".join(lacking[:_MOST_NAMED]) + (", ..." if len(lacking) > _MOST_NAMED else "")
    return DataError(
        f"Expected one view or more in every row, found none of {', '.join(views)} in {len(lacking)}: {shown}.",
        "Fill one in, or leave these rows out.",
    )

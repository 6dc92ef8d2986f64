"""Views of one table as one array: features of networks, or values, and NaN where a view is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from headstart.contract.estimator_class import estimator_class
from headstart.data.base.kinds import NUMBERS, kind_named
from headstart.data.reading.views import (
    BARE,
    refuse_other_cells,
    view_columns,
    view_inputs,
    view_kind,
    view_rows,
    view_table,
)
from headstart.data.tables.encoder import TableEncoder
from headstart.errors import BadInputs, DataError, ParameterError
from headstart.networks.reading.loading import load_network
from headstart.networks.running.simple_features import simple_features
from headstart.networks.window import fitted
from headstart.training.device import pick_device

#: What is borrowed where nothing is named: the network that is bundled for the kind of input.
AUTO = "auto"
_MOST_NAMED = 5


@estimator_class
class ViewEncoder(TransformerMixin, BaseEstimator):
    """Each view of a table as columns of numbers: pictures, clips and texts by a network, values as they are.

    No label is looked at. A view that is missing in a row is NaN in all of its columns.

    Parameters
    ----------
    views : dict of str to columns, optional
        Columns of each view of a frame or an array: a name, a position, a slice, or a list of them. A column of paths
        of pictures or clips, or of sentences, goes through the view's network; other columns are values.
    source : "auto", None or dict of str to network, default="auto"
        Network of each view that needs one. "auto": the one that is bundled for its kind. None, for all or for one
        view: what can be measured without any network.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"

    Attributes
    ----------
    columns_ : dict of str to list
    input_types_ : dict of str to str
        What each view holds: "image", "audio", "text", "table", "numbers".
    slices_ : dict of str to slice
        Columns of each view in what `transform` gives.
    encoders_ : dict of str to TableEncoder
        Of views of values in frames.
    networks_ : dict of str to Network
    notes_ : tuple of str

    Examples
    --------
    >>> X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, np.nan]])
    >>> encoder = ViewEncoder({"left": slice(0, 2), "right": [2]}).fit(X)
    >>> encoder.slices_, encoder.present(encoder.transform(X)).tolist()
    ({'left': slice(0, 2, None), 'right': slice(2, 3, None)}, [[True, True], [True, False]])
    """

    views: Any = None
    _: KW_ONLY
    source: Any = AUTO
    device: str = "auto"

    def fit(self, X: Any, y: Any = None, others: Sequence[Any] = ()) -> Self:
        """Settle what each view holds, and learn how its values are written.

        Parameters
        ----------
        X : DataFrame or array of shape (n, d)
        y : ignored
        others : sequence of DataFrame or array
            More rows, without labels.
        """
        table = view_table(X)
        self.columns_ = view_columns(table, self.views)
        self._check_sources()
        self.input_types_: dict[str, str] = {}
        self.encoders_: dict[str, TableEncoder] = {}
        self.networks_: dict[str, Any] = {}
        self.slices_: dict[str, slice] = {}
        notes: list[str] = []
        start = 0
        for name, columns in self.columns_.items():
            kind = view_kind(table, columns, name)
            self.input_types_[name] = kind.input_type
            rows = np.flatnonzero(view_rows(table, columns))
            if not kind.values:
                self._borrow(name, view_inputs(table, columns, kind.input_type, rows))
                width = self._of_files(name, view_inputs(table, columns, kind.input_type, rows[:1])).shape[1]
            elif kind is NUMBERS:
                width = len(columns)
            else:
                more = [("the rows without labels", view_table(other)[columns]) for other in others]
                encoder = self.encoders_[name] = TableEncoder().fit(table.iloc[rows][columns], others=more)
                notes += [f"View {name}: {words}" for words in encoder.notes_]
                width = len(encoder.get_feature_names_out())
            self.slices_[name] = slice(start, start + width)
            start += width
        self.notes_ = tuple(notes)
        return self

    def _check_sources(self) -> None:
        if not isinstance(self.source, Mapping):
            if self.source is not None and self.source != AUTO:
                raise ParameterError(
                    f"Expected source as a dict of views to networks, found {self.source!r}.",
                    f'For instance {{"{next(iter(self.columns_))}": {self.source!r}}}.',
                )
            return
        unknown = [name for name in self.source if name not in self.columns_]
        if unknown:
            raise ParameterError(
                f"Expected a source for the views {', '.join(self.columns_)}, found one for {unknown[0]!r}.",
                "Name views that there are.",
            )

    def named_source(self, view: str) -> Any:
        """What a view borrows from: a network's name, or None."""
        given = self.source.get(view, AUTO) if isinstance(self.source, Mapping) else self.source
        return kind_named(self.input_types_[view]).starter if isinstance(given, str) and given == AUTO else given

    def _borrow(self, view: str, inputs: Any) -> None:
        """Load the network of a view."""
        named = self.named_source(view)
        if named is not None:
            self.networks_[view] = fitted(load_network(named, input_type=inputs.input_type), inputs)

    def _of_files(self, view: str, inputs: Any) -> np.ndarray:
        """Features of pictures, clips or texts, (m, d): computed once an input, then kept; the same after loading."""
        network = self.networks_.get(view)
        if network is None:
            return np.concatenate(list(simple_features(inputs).values()), axis=1)
        from headstart.networks.running.embed import embed  # values alone need no torch

        return embed(network, inputs, device=str(pick_device(self.device)), exact=True).output

    def transform(self, X: Any) -> np.ndarray:
        """All views side by side, (n, d) float64, NaN where one is missing.

        Raises
        ------
        DataError
            If a column is not there or holds another kind than it did, or a row has no view at all.
        BadInputs
            If files cannot be read; it names all of them.
        """
        found = self._all(X)
        nothing = np.flatnonzero(np.isnan(found).all(axis=1))
        if len(nothing) and not BARE.get():
            shown = ", ".join(str(row + 1) for row in nothing[:_MOST_NAMED])
            shown += ", ..." if len(nothing) > _MOST_NAMED else ""
            raise DataError(
                f"Expected one view or more in every row, found none of {', '.join(self.columns_)} in "
                f"{'row' if len(nothing) == 1 else 'rows'} {shown}.",
                "Fill one in, or leave the rows out: nothing is known of them.",
            )
        return found

    def unanswerable(self, X: Any, bad: Sequence[tuple[str, str]] = ()) -> dict[int, str]:
        """Why rows cannot be answered, by position: they have no view, or name a file that cannot be read.

        Parameters
        ----------
        X : DataFrame
        bad : sequence of (str, str)
            Such files as their cells name them, and why; of a `BadInputs`.

        Examples
        --------
        >>> import pandas as pd
        >>> encoder = ViewEncoder({"lab": ["age"]}).fit(pd.DataFrame({"age": [31, 45]}))
        >>> encoder.unanswerable(pd.DataFrame({"age": [None, 50]}))
        {0: 'it has none of the views lab'}
        """
        table, reasons, found = view_table(X), dict(bad), dict[int, str]()
        self._check_columns(table)
        there = np.column_stack([view_rows(table, columns) for columns in self.columns_.values()]).any(axis=1)
        for view, columns in self.columns_.items() if reasons else ():
            if kind_named(self.input_types_[view]).values:
                continue
            for row, cell in enumerate(table[columns[0]].tolist()):
                if str(cell) in reasons:
                    found[row] = f"view {view}, {cell}: {reasons[str(cell)]}; empty the cell to go by other views"
        nothing = f"it has none of the views {', '.join(self.columns_)}"
        return found | dict.fromkeys(np.flatnonzero(~there).tolist(), nothing)

    def answerable(self, X: Any) -> tuple[np.ndarray, dict[int, str]]:
        """All views of the rows that can be answered, (n, d), the others all NaN; and why these cannot, by position.

        Parameters
        ----------
        X : DataFrame
        """
        table, broken = view_table(X), self.unanswerable(X)
        whole = np.full((len(table), max(part.stop for part in self.slices_.values())), np.nan)
        while len(broken) < len(table):
            rows = np.setdiff1d(np.arange(len(table)), list(broken))
            try:
                whole[rows] = self.transform(table.iloc[rows])
                break
            except BadInputs as error:
                found = self.unanswerable(table, error.bad)
                if not found.keys() - broken.keys():
                    raise
                broken |= found
        return whole, broken

    def unknown(self, X: Any) -> list[str]:
        """Words for categories of new rows that were not there to learn from."""
        return [words for encoder, part in self._tables(X) for words in encoder.unknown(part)]

    def later(self, X: Any) -> list[str]:
        """Words for dates of new rows beyond all that were learned from."""
        return [words for encoder, part in self._tables(X) for words in encoder.later(part)]

    def _tables(self, X: Any) -> list[tuple[TableEncoder, Any]]:
        """Each encoder of values, with the rows that have its view."""
        table = view_table(X)
        rows = {name: table.loc[view_rows(table, self.columns_[name]), self.columns_[name]] for name in self.encoders_}
        return [(self.encoders_[name], part) for name, part in rows.items() if len(part)]

    def of_dates(self) -> np.ndarray:
        """Which columns are parts of dates, (d,) of bool."""
        found = [
            self.encoders_[name].of_dates() if name in self.encoders_ else np.zeros(part.stop - part.start, dtype=bool)
            for name, part in self.slices_.items()
        ]
        return np.concatenate(found)

    def encode(self, X: Any) -> np.ndarray:
        """As `transform`, for any rows: columns that they lack are missing, and a row without any view is all 0."""
        table = view_table(X)
        if hasattr(table, "columns"):
            lacking = {column: None for columns in self.columns_.values() for column in columns if column not in table}
            table = table.assign(**lacking)
        found = self._all(table)
        return np.where(np.isnan(found).all(axis=1, keepdims=True), 0.0, found)

    def _all(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "slices_")
        table = view_table(X)
        self._check_columns(table)
        whole = np.full((len(table), max(part.stop for part in self.slices_.values())), np.nan)
        for name, columns in self.columns_.items():
            rows, part = np.flatnonzero(view_rows(table, columns)), self.slices_[name]
            if not len(rows):
                continue
            kind = kind_named(self.input_types_[name])
            if not kind.values:
                whole[rows, part] = self._of_files(name, view_inputs(table, columns, kind.input_type, rows))
            elif name in self.encoders_:
                whole[rows, part] = self.encoders_[name].transform(table.iloc[rows][columns])
            else:
                whole[:, part] = table[:, columns]
        return whole

    def _check_columns(self, table: Any) -> None:
        named = hasattr(table, "columns")
        for name, columns in self.columns_.items():
            known = set(table.columns) if named else set(range(table.shape[1]))
            lacking = [column for column in columns if column not in known]
            if lacking:
                shown = ", ".join(map(repr, list(table.columns)[:12])) if named else f"{table.shape[1]} columns"
                raise DataError(
                    f"Expected the column {lacking[0]!r} of the view {name!r}, as in fit, found {shown}.",
                    "Give a table like the one that was learned from; leave cells empty where a view is missing.",
                )
            if named:
                refuse_other_cells(table, columns, name, kind_named(self.input_types_[name]))

    def present(self, encoded: np.ndarray) -> np.ndarray:
        """In which rows each view is there, (n, V), of what `transform` gave."""
        return np.column_stack([~np.isnan(encoded[:, part]).all(axis=1) for part in self.slices_.values()])

    def split(self, encoded: np.ndarray) -> list[np.ndarray]:
        """The views of what `transform` gave, (n, d) each."""
        return [encoded[:, part] for part in self.slices_.values()]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags

"""Tables of any columns as numbers, the same for target and source."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

from headstart.data.tables.cells import BEYOND, CATEGORY, DATE, Column, adapted, framed, typed, values_of
from headstart.data.tables.column_plan import (
    differences,
    new_values,
    no_numbers,
    other_units,
    plan_columns,
    refuse_nothing,
    spelt,
)
from headstart.data.tables.gaps import spelt_as
from headstart.data.tables.rows import as_frame, records_of
from headstart.errors import DataError

_MOST_CATEGORIES = 40
_INDICATOR = re.compile("^missingindicator_")


class TableEncoder(TransformerMixin, BaseEstimator):
    """Turns a table into numbers by scikit-learn's own transformers, fitted on the target and all that is borrowed.

    Numbers: missing ones get the median, and where the target has gaps a column says where; then each column is brought
    to mean 0 and variance 1. Dates: days, month and weekday; what lies beyond all these tables counts as their first or
    last (new rows are always later, and a line through some weeks says nothing of next year). Categories: one column
    each of the 40 commonest, missing ones are a category of their own, unknown ones are all 0. What a column holds is
    decided by the target, see `headstart.data.tables.column_plan.plan_columns`, and kept: new rows are read in the same
    form unless their cells prove another (1,5 for 1.5). No label is looked at.

    Parameters
    ----------
    most_categories : int, default=40
        Columns for one column of categories at most, at least 2; the rarest share the last one.

    Attributes
    ----------
    columns_ : list of dict
        The columns that are learned from: name, kind, and how they are written.
    notes_ : tuple of str
        What was left out, what was taken for granted (unless it was said when the rows were read), and in what the
        tables differ.
    transformer_ : ColumnTransformer

    Examples
    --------
    >>> target = pd.DataFrame({"age": [30.0, None, 50.0], "sex": ["f", "m", "f"]})
    >>> source = pd.DataFrame({"sex": ["m", "m"], "age": [40, 20]})
    >>> encoder = TableEncoder().fit(target, others=[("source", source)])
    >>> encoder.get_feature_names_out().tolist(), encoder.transform(source).shape
    (['age', 'missing age', 'sex=f', 'sex=m'], (2, 4))
    """

    def __init__(self, most_categories: int = _MOST_CATEGORIES) -> None:
        self.most_categories = most_categories

    def fit(self, X: Any, y: Any = None, others: Sequence[tuple[str, Any]] = ()) -> TableEncoder:
        """Plan the columns by the target and fit to all rows.

        Parameters
        ----------
        X : DataFrame
            The target's features.
        y : ignored
        others : sequence of (name, DataFrame), optional
            Sources and unlabelled rows.
        """
        target, known = _table(X), records_of(X).plan
        tables = [(name, _table(other)) for name, other in others]
        plan = known or plan_columns(target, tables)
        refuse_nothing(plan)
        columns = plan.columns
        different = [note for name, frame in tables for note in differences(plan, target, name, frame)]
        parts = [typed(target, columns), *(typed(frame, adapted(columns, frame)) for _, frame in tables)]
        own = {column.name: _values(parts[0][column.name]) for column in columns if column.kind == CATEGORY}
        for (name, _), part in zip(tables, parts[1:], strict=True):
            different += [*other_units(columns, parts[0], name, part), *_spelt(part, own, name)]
        self.notes_ = (*plan.notes, *(plan.doubts if known is None else ()), *different)
        rows = pd.concat(parts, ignore_index=True)
        columns = tuple(replace(one, span=_span(rows, one)) if one.kind == DATE else one for one in columns)
        self.columns_ = [dict(vars(column)) for column in columns]
        numbers: dict[bool, list[str]] = {True: [], False: []}
        categories = [column.name for column in columns if column.kind == CATEGORY]
        for column in columns:
            if column.kind == DATE:
                numbers[column.gaps] += column.parts
            elif column.kind != CATEGORY:
                numbers[column.gaps].append(column.name)
        self.transformer_ = ColumnTransformer(
            [
                ("numbers", _numbers(gaps=False), numbers[False]),
                ("numbers with gaps", _numbers(gaps=True), numbers[True]),
                ("categories", _categories(int(self.most_categories)), categories),
            ],
            verbose_feature_names_out=False,
        ).fit(rows)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """New rows of the target as numbers, (n, d) float64.

        Parameters
        ----------
        X : DataFrame
            Columns in any order; what is beyond the planned ones is passed over.

        Raises
        ------
        DataError
            If a planned column is not there, if more than half the cells of one are no numbers (or dates) where it
            holds them, or if this is no frame.
        """
        check_is_fitted(self, "transformer_")
        frame = _table(X)
        return self._numbers(framed(new_values(frame, self._planned(), self.known(), len(frame)), len(frame)))

    def encode(self, X: Any) -> np.ndarray:
        """Rows of any of the tables that were fitted to, as numbers; columns that it lacks are missing everywhere.

        Parameters
        ----------
        X : DataFrame
        """
        check_is_fitted(self, "transformer_")
        frame = _table(X)
        return self._numbers(self._typed(frame, adapted(self._planned(), frame)))

    def unknown(self, X: Any) -> list[str]:
        """Words for categories of new rows that no table had that was learned from, and for words among numbers.

        Examples
        --------
        >>> TableEncoder().fit(pd.DataFrame({"sex": ["f", "m"] * 2})).unknown(pd.DataFrame({"sex": ["female", "F"]}))
        ["Unknown in 'sex': 'female', in 1 of 2 rows; learned were 'f', 'm'."]
        """
        frame, found = _table(X), []
        rows = self._typed(frame, [column for column in self._planned() if column.kind == CATEGORY])
        for name, known in self.known().items():
            strange = ~rows[name].isin(known) & rows[name].notna()
            if strange.any():
                values, many = _shown(_values(rows[name][strange])), f"{int(strange.sum()):,} of {len(rows):,} rows"
                found.append(f"Unknown in {name!r}: {values}, in {many}; learned were {_shown(known)}.")
        return found + no_numbers(self._planned(), frame)

    def later(self, X: Any) -> list[str]:
        """Words for dates of new rows of which most lie beyond all that were learned from.

        Examples
        --------
        >>> TableEncoder().fit(pd.DataFrame({"n": [1, 2], "day": ["2024-03-01", "2024-04-02"]})).later(
        ...     pd.DataFrame({"n": [1], "day": ["2025-03-01"]})
        ... )
        ["'day' is later in 100% of the rows than in all that was learned from, and counts as 2024-04-02."]
        """
        found, frame = [], _table(X)
        for column in adapted([one for one in self._planned() if one.span], frame):
            days = typed(frame, [column])[column.parts[0]].to_numpy()
            for word, beyond, last in (
                ("earlier", days < column.span[0][0], 0),
                ("later", days > column.span[0][1], 1),
            ):
                if beyond.mean() >= BEYOND:
                    day = datetime.date(1970, 1, 1) + datetime.timedelta(days=math.floor(column.span[0][last]))
                    share = f"{100 * beyond.mean():.0f}% of the rows"
                    found.append(
                        f"{column.name!r} is {word} in {share} than in all that was learned from, and counts as {day}."
                    )
        return found

    def _typed(self, frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
        """Cells of a table, categories spelt as those that were learned."""
        return framed(spelt(values_of(frame, columns, len(frame)), self.known()), len(frame))

    def known(self) -> dict[str, list[str]]:
        """The values of each column of categories."""
        for name, part, columns in self.transformer_.transformers_:
            if name == "categories" and len(columns):
                return {
                    column: list(map(str, known)) for column, known in zip(columns, part[-1].categories_, strict=True)
                }
        return {}

    def fields(self) -> list[tuple[str, str, list[str]]]:
        """Name, kind and known values of each column that a new row is asked for.

        Examples
        --------
        >>> TableEncoder().fit(pd.DataFrame({"age": [30, 50], "sex": ["f", "m"]})).fields()
        [('age', 'number', []), ('sex', 'category', ['f', 'm'])]
        """
        known = self.known()
        return [(column.name, column.kind, known.get(column.name, [])) for column in self._planned()]

    def _planned(self) -> tuple[Column, ...]:
        return tuple(Column(**described) for described in self.columns_)

    def _numbers(self, rows: pd.DataFrame) -> np.ndarray:
        for column in self._planned():
            for name, (first, last) in zip(column.parts, column.span, strict=False):
                rows[name] = rows[name].clip(first, last)
        return np.asarray(self.transformer_.transform(rows), dtype=np.float64)

    def lacking(self, X: Any) -> list[str]:
        """Names of planned columns that a table does not have."""
        frame = _table(X)
        return [described["name"] for described in self.columns_ if described["name"] not in frame.columns]

    def origins(self) -> list[str]:
        """The column of the table that each column of numbers comes from.

        Examples
        --------
        >>> table = pd.DataFrame({"age": [30.0, None, 50.0], "sex": ["f", "m", "f"]})
        >>> TableEncoder().fit(table).origins()
        ['age', 'age', 'sex', 'sex']
        """
        dates = {part: column.name for column in self._planned() if column.kind == DATE for part in column.parts}
        found: list[str] = []
        for _, part, columns in self.transformer_.transformers_:
            if not len(columns):
                continue
            if hasattr(part[-1], "categories_"):
                numbers = map(str, range(len(columns)))
                places = (int(name.split("_", 1)[0]) for name in part[-1].get_feature_names_out([*numbers]))
                found += [columns[place] for place in places]
            else:
                found += [_INDICATOR.sub("", name) for name in part.get_feature_names_out(columns)]
        return [dates.get(name, name) for name in found]

    def of_dates(self) -> np.ndarray:
        """Which columns of numbers are parts of dates, (d,) of bool: what comes later always lies beyond those.

        Examples
        --------
        >>> TableEncoder().fit(pd.DataFrame({"age": [30, 50], "day": ["2024-03-01", "2024-04-02"]})).of_dates().sum()
        np.int64(3)
        """
        dates = [described["name"] for described in self.columns_ if described["kind"] == DATE]
        return np.isin(np.array(self.origins(), dtype=object), dates)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns of numbers: "age", "missing age", "sex=m"."""
        check_is_fitted(self, "transformer_")
        names: list[str] = []
        for _, part, columns in self.transformer_.transformers_:
            if not len(columns):
                continue
            if hasattr(part[-1], "categories_"):
                found = (
                    name.split("_", 1) for name in part[-1].get_feature_names_out([*map(str, range(len(columns)))])
                )
                names += [f"{columns[int(i)]}={category}" for i, category in found]
            else:
                names += [_INDICATOR.sub("missing ", name) for name in part.get_feature_names_out(columns)]
        return np.asarray(names, dtype=object)


def _span(rows: pd.DataFrame, column: Column) -> tuple[tuple[float, float], ...]:
    """Least and greatest of each part of the dates of a column."""
    return tuple((float(rows[part].min()), float(rows[part].max())) for part in column.parts)


def _values(cells: pd.Series) -> list[str]:
    return [str(value) for value in cells.dropna().unique()]


def _spelt(rows: pd.DataFrame, known: Mapping[str, Sequence[str]], other: str) -> list[str]:
    """Spell the categories of a table as the known ones, in place; and what is said of it."""
    said = []
    for name, values in known.items():
        theirs = _values(rows[name])
        same = spelt_as(theirs, values)
        if same:
            rows[name] = pd.Series([same.get(value, value) for value in rows[name]], dtype=object, index=rows.index)
            said.append(f"In {name!r} {_shown(list(same))} of {other} were read as {_shown(list(same.values()))}.")
        elif theirs and values and not set(theirs) & set(values):
            said.append(f"In {name!r} {other} has {_shown(theirs)}, the target {_shown(values)}: write both alike.")
    return said


def _shown(values: Sequence[str]) -> str:
    return ", ".join(map(repr, values[:4])) + (", ..." if len(values) > 4 else "")


def _numbers(*, gaps: bool) -> Any:
    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=gaps, keep_empty_features=True), StandardScaler()
    )


def _categories(most: int) -> Any:
    encoder = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=most,
        sparse_output=False,
    )
    return make_pipeline(SimpleImputer(strategy="constant", fill_value="missing", missing_values=None), encoder)


def _table(X: Any) -> pd.DataFrame:
    frame = as_frame(X)
    if frame is None:
        raise DataError(f"Expected a table with named columns, found {type(X).__name__}.", "Give a DataFrame.")
    return frame

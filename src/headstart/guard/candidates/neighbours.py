"""Rows of a table beside other tasks, and in groups: what is compared there, and what is said of it."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from headstart.data.tables.cells import CATEGORY
from headstart.data.tables.encoder import TableEncoder
from headstart.data.tables.records import Records
from headstart.data.tables.rows import as_frame, records_of, rows_of
from headstart.errors import DataError, ParameterError
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.for_tables import alone
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.table_rows import Tabular
from headstart.multitask.auxiliary import AuxiliaryTaskClassifier, AuxiliaryTaskRegressor
from headstart.multitask.partial_pooling import PartialPoolingClassifier, PartialPoolingRegressor
from headstart.multitask.row_groups import codes_in, parted
from headstart.source import Source

AUXILIARY, POOLING = "with the other tasks", "partial pooling"
_SHOWN = 200


class GroupedEncoder(TransformerMixin, BaseEstimator):
    """Turns a table into numbers as `TableEncoder` does, and its column of groups into positions, the last column.

    Parameters
    ----------
    group : str
        The column.

    Attributes
    ----------
    encoder_ : TableEncoder
        Of the other columns.
    groups_ : ndarray of str
        Sorted; a row of any other group gets -1.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"school": ["b", "a"], "age": [1.0, 3.0]})
    >>> GroupedEncoder("school").fit(frame).transform(frame).tolist()
    [[-1.0, 1.0], [1.0, 0.0]]
    """

    def __init__(self, group: str) -> None:
        self.group = group

    def fit(self, X: Any, y: Any = None) -> GroupedEncoder:
        """Fit to rows of a table; no label is looked at."""
        rows, groups = self._parted(X)
        self.groups_ = np.unique(groups[groups != ""])
        if len(self.groups_) < 2:
            raise DataError(
                f"Expected two groups or more in the column {self.group!r}, found {len(self.groups_)}.",
                "Name the column of groups (--partial-pooling, partial_pooling=).",
            )
        self.encoder_ = TableEncoder().fit(rows)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """New rows as numbers, (n, d + 1)."""
        rows, groups = self._parted(X)
        return np.column_stack([self.encoder_.transform(rows), codes_in(groups, self.groups_)])

    def encode(self, X: Any) -> np.ndarray:
        """The same for rows that may lack columns, also that of groups."""
        frame = rows_of(X)
        if self.group not in frame.columns:
            frame = frame.assign(**{self.group: None})
        rows, groups = self._parted(frame)
        return np.column_stack([self.encoder_.encode(rows), codes_in(groups, self.groups_)])

    @property
    def columns_(self) -> list[dict[str, Any]]:
        """The columns that are learned from beside that of groups."""
        return self.encoder_.columns_

    def fields(self) -> list[tuple[str, str, list[str]]]:
        """Name, kind and known values of each column that a new row is asked for, the group's last."""
        return [*self.encoder_.fields(), (self.group, CATEGORY, list(map(str, self.groups_)))]

    def unknown(self, X: Any) -> list[str]:
        """Words for categories and groups of new rows that were not there to learn from."""
        rows, groups = self._parted(X)
        strange = int((codes_in(groups, self.groups_) < 0).sum())
        words = f"Of no known {self.group!r}: {strange:,} of {len(groups):,} rows; they get what all groups share."
        return [*self.encoder_.unknown(rows), *([words] if strange else [])]

    def later(self, X: Any) -> list[str]:
        """Words for dates of new rows beyond all that were learned from."""
        return self.encoder_.later(self._parted(X)[0])

    def of_dates(self) -> np.ndarray:
        """Which columns of numbers are parts of dates, (d + 1,) of bool."""
        return np.append(self.encoder_.of_dates(), False)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns of numbers, the group's last."""
        return np.append(self.encoder_.get_feature_names_out(), self.group)

    def _parted(self, X: Any) -> tuple[Records, np.ndarray]:
        given = records_of(X)
        rest, groups = parted(given.frame, self.group, "the table")
        plan = given.plan
        if plan is not None:
            plan = dataclasses.replace(plan, columns=tuple(one for one in plan.columns if one.name != self.group))
        return Records(rest, given.names, plan), groups


def grouped(table: Tabular, group: str, borrows: bool) -> Tabular:
    """A table whose last column is the position of each row's group.

    Raises
    ------
    ParameterError
        For an array, or where rows are borrowed too.
    """
    if table.shown is None:
        raise ParameterError(
            f"Expected a table with a column {group!r} of groups, found an array of numbers.",
            "Give a DataFrame, or use PartialPoolingRegressor(group=0).",
        )
    if borrows:
        raise ParameterError(
            f"Expected no source beside partial pooling over {group!r}, found one.",
            "Put the rows of its groups into the table, or leave --partial-pooling (partial_pooling=) out.",
        )
    encoder = GroupedEncoder(group).fit(table.shown)
    return dataclasses.replace(
        table, rows=encoder.transform(table.shown), encoder=encoder, notes=encoder.encoder_.notes_
    )


def pooling_candidates(material: Material, *, random_state: int = 0) -> list[Candidate]:
    """Candidates for rows in groups, whose positions are the last column: one model for all, with groups as columns
    of 0 and 1, and partial pooling.

    Parameters
    ----------
    material : Material
    random_state : int
    """
    _only(material, "partial pooling")
    numbers, last = material.task == "regression", material.rows.shape[1] - 1
    own = list(range(last))
    as_they_are = StandardScaler(with_mean=False, with_std=False)  # "passthrough" becomes a function: not to be saved
    found = []
    for one in alone(material.task, len(material), random_state):
        if one.name == "trees alone":
            found.append(dataclasses.replace(one, words=f"{one.words}, the group's number among the columns"))
            continue
        shared = make_pipeline(ColumnTransformer([("own", as_they_are, own)]), one.estimator)
        found.append(dataclasses.replace(one, estimator=shared, words=f"{one.words}, for all groups alike"))
    columns = [("own", as_they_are, own), ("group", OneHotEncoder(handle_unknown="ignore"), [last])]
    linear = Ridge() if numbers else LogisticRegression(max_iter=1000)
    words = "a linear model with each group as a column"
    found.append(Candidate("groups as columns", make_pipeline(ColumnTransformer(columns), linear), False, words))
    kind = PartialPoolingRegressor if numbers else PartialPoolingClassifier
    words = "a shared linear model, and what each group adds, shrunk as far as groups are alike"
    return [*found, Candidate(POOLING, kind(group=last), True, words)]


def auxiliary_candidates(material: Material, *, random_state: int = 0) -> list[Candidate]:
    """Candidates for rows beside other tasks: the target alone, and with those of the tasks that help it.

    Parameters
    ----------
    material : Material
        With ``auxiliary``.
    random_state : int
    """
    _only(material, "other tasks")
    kind = AuxiliaryTaskRegressor if material.task == "regression" else AuxiliaryTaskClassifier
    names = ", ".join(str(one.name) for one in material.auxiliary)
    words = f"what models of other tasks say as further columns, of those that help ({names})"
    by_themselves = alone(material.task, len(material), random_state)
    trees = next(one.estimator for one in by_themselves if one.name == "trees alone")
    ways = [(AUXILIARY, None, words), (f"{AUXILIARY}, trees", trees, f"trees; {words}")]
    given = list(material.auxiliary)
    # wary: where no task helps it is the target alone, and must not be taken for sharing by a hair
    return [
        *by_themselves,
        *(Candidate(name, kind(model, auxiliary=given), True, said, wary=True) for name, model, said in ways),
    ]


def _only(material: Material, what: str) -> None:
    if material.task == "multilabel" or material.y.ndim > 1:
        raise ParameterError(
            f"Expected one label or number a row for {what}, found several.", "Give one label column (--label)."
        )


def encoded_tasks(table: Tabular, auxiliary: Sequence[Source]) -> tuple[Source, ...]:
    """Rows of other tasks in the target's numbers."""
    found = []
    for one in auxiliary:
        frame = as_frame(one.X)
        rows = np.asarray(one.X) if frame is None else table.encode(frame)
        found.append(Source(rows, one.y, one.name, one.sample_weight))
    return tuple(found)


def told_of_neighbours(
    material: Material, candidates: Sequence[Candidate], chosen: Any, encoder: Any
) -> dict[str, Any]:
    """What each other task gave the target, and which groups pooling makes worse, for the evidence.

    Parameters
    ----------
    material : Material
    candidates : sequence of Candidate
    chosen : fitted estimator
        Taken where it is the one that knows; else that one is fitted.
    encoder : transformer or None
    """
    found: dict[str, Any] = {}
    for one in candidates:
        if one.name not in (AUXILIARY, POOLING):
            continue
        same = type(chosen) is type(one.estimator)
        with warnings.catch_warnings(action="ignore"):  # a warning a fold says nothing that the figures do not say
            model = chosen if same else clone(one.estimator).fit(material.rows, material.y)
        if one.name == AUXILIARY:
            found["auxiliary"] = {"tasks": model.auxiliary_, "refused": model.refused_, "loss": _loss(material)}
            continue
        scores = [one | {"group": str(encoder.groups_[int(one["group"])])} for one in model.group_scores_]
        scores.sort(key=lambda entry: entry["alone"] - entry["pooled"])
        found["pooling"] = {
            "column": encoder.group,
            "n_groups": len(scores),
            "worse": [entry["group"] for entry in scores if entry["worse"]],
            "better_on_average": sum(entry["pooled"] <= entry["alone"] for entry in scores),
            "groups": scores[:_SHOWN],
            "loss": _loss(material),
        }
    return found


def _loss(material: Material) -> str:
    return "squared error" if material.task == "regression" else "log-loss"

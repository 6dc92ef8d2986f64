"""What makes numbers of the columns of a table, as nodes of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.tables.cells import CATEGORY, DATE, Column
from headstart.data.tables.encoder import TableEncoder
from headstart.errors import OutputError
from headstart.models.exporting.graph import ML, Graph, Value

NUMBERS, CATEGORIES = "numbers", "categories"
#: A category that no table holds.
_UNKNOWN = "\x00unknown"


#: What encoders read that write no plain table.
_READ = {
    "ViewEncoder": "one whose rows are seen in several views",
    "GroupedEncoder": "one whose rows lie in groups (partial pooling)",
}


@dataclass(frozen=True)
class TableForm:
    """What a graph takes of a row.

    Parameters
    ----------
    numbers : tuple of str
        Columns of the input ``numbers``, (n, p) in float64, NaN where a cell is missing. Of a date three.
    categories : tuple of str
        Columns of the input ``categories``, (n, q) of texts, "" where a cell is missing.
    columns : tuple of Column
        As they are written in a file.
    """

    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    columns: tuple[Column, ...]


def form_of(encoder: Any) -> TableForm:
    """What an encoder takes.

    Raises
    ------
    OutputError
        If it is not the plain one of tables.
    """
    if type(encoder) is not TableEncoder:
        raise OutputError(
            f"Expected a table of plain columns, found {_READ.get(type(encoder).__name__, 'another')}.",
            "Hand the model's folder on as it is.",
        )
    columns = tuple(Column(**described) for described in encoder.columns_)
    wide: dict[bool, list[str]] = {False: [], True: []}
    for column in columns:
        if column.kind == DATE:
            wide[column.gaps] += column.parts
        elif column.kind != CATEGORY:
            wide[column.gaps].append(column.name)
    named = tuple(column.name for column in columns if column.kind == CATEGORY)
    return TableForm((*wide[False], *wide[True]), named, columns)


def encoded(graph: Graph, encoder: TableEncoder) -> Value:
    """Rows of numbers (n, d) in float64, of the inputs that `form_of` names."""
    form, parts = form_of(encoder), []
    spans = dict(pair for column in form.columns for pair in zip(column.parts, column.span, strict=False))
    given = graph.input(NUMBERS, np.float64, ["n", len(form.numbers)]) if form.numbers else None
    texts = graph.input(CATEGORIES, str, ["n", len(form.categories)]) if form.categories else None
    begin = 0
    for _, part, columns in encoder.transformer_.transformers_:
        if not len(columns):
            continue
        if hasattr(part[-1], "categories_"):
            assert texts is not None
            parts += [_one_hot(texts, part, i) for i in range(len(columns))]
        else:
            assert given is not None
            cells = given.part(begin, begin + len(columns))
            parts.append(_standardised(graph, _within(cells, [spans.get(name) for name in columns]), *part))
            begin += len(columns)
    return graph.joined(parts)


def _within(cells: Value, spans: Sequence[tuple[float, float] | None]) -> Value:
    """Days beyond all that were learned from count as the first or last; a missing one stays missing."""
    if not any(spans):
        return cells
    low, high = (np.array([(bounds or (-np.inf, np.inf))[end] for bounds in spans]) for end in (0, 1))
    below, above = (cells.to(operator, end, dtype=bool) for operator, end in (("Less", low), ("Greater", high)))
    cells = cells.graph.where(below, low, cells, np.float64)
    return cells.graph.where(above, high, cells, np.float64)


def _standardised(graph: Graph, cells: Value, imputer: Any, scaler: Any) -> Value:
    missing = cells.to("IsNaN", dtype=bool)
    filled = graph.where(missing, np.asarray(imputer.statistics_, np.float64), cells, np.float64)
    if imputer.indicator_ is not None and len(imputer.indicator_.features_):
        told = missing.columns(imputer.indicator_.features_).cast(np.float64)
        filled = graph.joined([filled, told])
    mean = 0.0 if scaler.mean_ is None else scaler.mean_
    return (filled - mean) / (1.0 if scaler.scale_ is None else scaler.scale_)


def _one_hot(texts: Value, part: Any, place: int) -> Value:
    """A column of categories as columns of 0 and 1: its row is looked up, as the encoder itself gives it."""
    imputer, encoder = part
    known = [str(category) for category in encoder.categories_[place]]
    probes = [*known, _UNKNOWN]
    table = np.array([[first[0] for first in encoder.categories_]] * len(probes), dtype=object)
    table[:, place] = probes
    wide = [len(names) for names in _names(encoder)]
    begin = sum(wide[:place])
    rows = np.asarray(encoder.transform(table))[:, begin : begin + wide[place]]
    filled = str(imputer.statistics_[place])
    missing = known.index(filled) if filled in known else len(known)
    number = (
        texts.columns([place])
        .shaped(-1)
        .to(
            "LabelEncoder",
            domain=ML,
            dtype=np.int64,
            keys_strings=[*known, ""],
            values_int64s=[*range(len(known)), missing],
            default_int64=len(known),
        )
    )
    return texts.graph.constant(rows, np.float64).to("Gather", number)


def _names(encoder: Any) -> list[list[str]]:
    """Names of the columns that each column becomes."""
    columns = [str(i) for i in range(len(encoder.categories_))]
    found: dict[str, list[str]] = {column: [] for column in columns}
    for name in encoder.get_feature_names_out(columns):
        found[name.split("_", 1)[0]].append(name)
    return list(found.values())

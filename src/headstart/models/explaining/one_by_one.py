"""Explanations of many inputs, one after the other: what is shown of them does not stand in memory at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from headstart.data.base.files import printable
from headstart.models.explaining.explanation import Explanation


def one_by_one(
    model: Any, items: Sequence[Any], wanted: Collection[str], names: Sequence[str] | None = None
) -> Iterator[Explanation]:
    """Explain what was predicted of files or texts, or of every row of tables.

    Parameters
    ----------
    model : headstart.Model
    items : sequence of Path or str
        Files or texts; of a model of tables the files of tables.
    wanted : collection of str
        Names of those that were answered; others, which could not be read, are left out.
    names : sequence of str, optional
        What the items are called. Default: their paths.
    """
    if model.kind.values:
        yield from _rows(model, items, wanted)
        return
    called = [printable(str(item)) for item in items] if names is None else names
    for item, name in zip(items, called, strict=True):
        if name in wanted:
            yield dataclasses.replace(model.explain([item])[0], name=name)


def _rows(model: Any, files: Sequence[Path], wanted: Collection[str]) -> Iterator[Explanation]:
    from headstart.data.tables.frame import read_frame
    from headstart.data.tables.records import row_names

    for file in files:
        frame = read_frame(file)
        for i, row in enumerate(row_names(frame)):
            name = f"{printable(str(file))} {row}"
            if name in wanted:
                yield dataclasses.replace(model.explain(frame.iloc[[i]])[0], name=name)

"""Which columns a model learned from, and where a new table holds what stood in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from headstart.data.base.kinds import kind_named
from headstart.data.reading.unlabelled import AsLearned, as_learned


def columns_read(model: Any, role: str) -> list[str]:
    """The columns that a model's labels or paths were read from.

    Parameters
    ----------
    model : headstart.Model or SeveralTasks
    role : {"label", "path"}
    """
    read = (_data(model).get("read") or {}).get("columns") or []
    return [str(one["name"]) for one in read if one.get("role") == role]


def _data(model: Any) -> dict[str, Any]:
    first = next(iter((getattr(model, "models", None) or {"": model}).values()))
    return first.evidence.get("data") or {}


def columns_like(
    model: Any,
    frame: pd.DataFrame,
    place: Path | None,
    path_column: str | None = None,
    text_column: str | Sequence[str] | None = None,
) -> AsLearned:
    """Where a table holds what a model of pictures, clips or texts takes, see `as_learned`.

    Raises
    ------
    DataError
        If no column, or more than one, can be meant.
    """
    learned = {"path": columns_read(model, "path"), "text": list(_data(model).get("columns") or ())}
    kind = kind_named(model.input_type)
    return as_learned(frame, place, kind, learned, path_column=path_column, text_column=text_column)


def file_columns(model: Any) -> list[str]:
    """The columns of a model's views that hold paths of files; none of other models.

    Parameters
    ----------
    model : headstart.Model or None
    """
    if model is None or model.views is None:
        return []
    kinds = {view: kind_named(model.encoder.input_types_[view]) for view in model.views}
    return [model.views[view][0] for view, kind in kinds.items() if not kind.values and not kind.typed]

"""Rows of a table in memory or in a file, as a frame."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.data.base.rows import held
from headstart.data.tables.records import Records
from headstart.errors import DataError

if TYPE_CHECKING:  # a picture is predicted without pandas
    import pandas as pd


_MOST_CELLS = 1 << 27
#: What makes columns, or a frame of pandas, of the tables of other libraries.
_OTHERS: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("polars", "DataFrame"): lambda X: X.to_dict(as_series=False),
    ("polars", "LazyFrame"): lambda X: X.collect().to_dict(as_series=False),
    ("pyarrow", "Table"): lambda X: X.to_pydict(),
    ("pyarrow", "RecordBatch"): lambda X: X.to_pydict(),
    ("dask", "DataFrame"): lambda X: X.compute(),
}


def is_frame(X: Any) -> bool:
    """Whether ``X`` is a frame of pandas, polars or Dask, a table of Arrow, or rows of one.

    Examples
    --------
    >>> import pandas as pd
    >>> is_frame(pd.DataFrame({"a": [1]})), is_frame([[1]])
    (True, False)
    """
    pandas = sys.modules.get("pandas")  # without it nothing is a frame of it
    ours = isinstance(X, Records) or (pandas is not None and isinstance(X, pandas.DataFrame))
    return ours or _columns_of(X) is not None


def _columns_of(X: Any) -> Callable[[Any], Any] | None:
    named = ((cls.__module__.split(".")[0], cls.__name__) for cls in type(X).__mro__)
    return next((_OTHERS[name] for name in named if name in _OTHERS), None)


def dense(X: Any) -> Any:
    """A sparse matrix as an array, where it has at most 134 million cells; anything else as it is.

    Raises
    ------
    DataError
        If it has more.
    """
    if not (hasattr(X, "toarray") and hasattr(X, "nnz")):
        return X
    if X.shape[0] * X.shape[1] > _MOST_CELLS:
        raise DataError(
            f"Expected a sparse matrix of at most {_MOST_CELLS:,} cells, found {X.shape[0]:,} x {X.shape[1]:,}.",
            "Take fewer columns (SelectKBest, TruncatedSVD), or a method that learns from sparse rows.",
        )
    return X.toarray()


def named_rows(rows: np.ndarray, names: Any) -> pd.DataFrame:
    """Rows of values (n, d) as a frame with these d names."""
    import pandas as pd

    return pd.DataFrame(rows, columns=list(names))


def records_of(X: Any) -> Records:
    """A frame as rows that can be indexed like pictures and clips."""
    return X if isinstance(X, Records) else Records(rows_of(X))


def as_frame(X: Any) -> pd.DataFrame | None:
    """A frame as one of pandas, with columns named by text; None for anything else.

    Examples
    --------
    >>> import pandas as pd
    >>> as_frame(pd.DataFrame({1: [2]})).columns.tolist(), as_frame([[2]])
    (['1'], None)
    """
    if isinstance(X, Records):
        return X.frame
    if not is_frame(X):
        return None
    import pandas as pd

    columns = _columns_of(X)
    if columns is not None:
        X = pd.DataFrame(columns(X))
    found = X.set_axis([str(name) for name in X.columns], axis=1)
    if not found.columns.is_unique:
        twice = sorted(set(found.columns[found.columns.duplicated()]))
        raise DataError(f"Expected columns of different names, found {', '.join(map(repr, twice))} more than once.")
    return found


def rows_of(X: Any) -> pd.DataFrame:
    """Rows of a table to predict: a frame, the path of a table, a list of dicts, or an array with columns x0, x1, ...

    Examples
    --------
    >>> rows_of([{"age": 31}, {"age": 45}])["age"].tolist(), rows_of(np.eye(2)).columns.tolist()
    ([31, 45], ['x0', 'x1'])
    """
    import pandas as pd

    from headstart.data.tables.frame import read_frame

    if isinstance(X, str | Path):
        return read_frame(Path(X).expanduser())
    frame = as_frame(X)
    if frame is not None:
        return frame
    X = held(X)
    if isinstance(X, list) and X and isinstance(X[0], dict):
        return pd.DataFrame(X)
    try:
        values = np.asarray(X)
    except ValueError:  # rows of different lengths
        values = np.zeros(0)
    if values.ndim != 2:
        raise DataError(
            f"Expected rows of a table, found {type(X).__name__}.", "Give a DataFrame, or a path of a table."
        )
    return pd.DataFrame(values, columns=[f"x{i}" for i in range(values.shape[1])])

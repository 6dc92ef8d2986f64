"""Columns by name: frames of source and target brought into one order, or refused with their differences."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy import sparse

from headstart.errors import SourceError

_MOST_HINTS = 4


def names_of(X: Any) -> list[str] | None:
    """Column names of a pandas or polars frame, or None where there are none (or they are no strings)."""
    columns = getattr(X, "columns", None)
    names = [] if columns is None else list(columns)
    return names if names and all(isinstance(name, str) for name in names) else None


def matched(X: Any, names: list[str], who: str) -> Any:
    """A frame with its columns in the target's order.

    Parameters
    ----------
    X : pandas or polars frame
    names : list of str
        The target's columns.
    who : str
        What to call the frame in an error: ``"the source 'books'"``.

    Returns
    -------
    frame
        ``X`` itself where the order is right already.

    Raises
    ------
    SourceError
        If the names differ; both lists of differences are told.

    Examples
    --------
    >>> import pandas as pd
    >>> list(matched(pd.DataFrame({"b": [1], "a": [2]}), ["a", "b"], "the source").columns)
    ['a', 'b']
    """
    found = names_of(X) or []
    if found == names:
        return X
    lacking, more = [n for n in names if n not in set(found)], [n for n in found if n not in set(names)]
    if lacking or more:
        raise SourceError(
            f"Expected the target's columns in {who}, found that it lacks {_listed(lacking)} and that "
            f"the target does not know its {_listed(more)}.",
            f"Give both the same columns; their order does not matter.{otherwise_named(lacking, more)}",
        )
    if len(found) != len(names):
        raise SourceError(f"Expected each column once in {who}, found {len(found)} columns for {len(names)} names.")
    return X[names]


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:8])
    return f"[{shown}{f' and {len(names) - 8} more' if len(names) > 8 else ''}]"


def otherwise_named(lacking: Iterable[str], beyond: Iterable[str]) -> str:
    """A hint where a column that is not there may be there under another name: other capitals, spaces, or a unit.

    Examples
    --------
    >>> otherwise_named(["age", "bp"], ["Age", "BP (mmHg)", "town"])
    " Its 'Age' may be 'age' and its 'BP (mmHg)' may be 'bp': give both tables the same names."
    >>> otherwise_named(["age"], ["town"])
    ''
    """
    known = {_plain_name(name): name for name in beyond}
    pairs = [(known[_plain_name(name)], name) for name in lacking if _plain_name(name) in known]
    maybe = [f"its {theirs!r} may be {ours!r}" for theirs, ours in pairs[:_MOST_HINTS]]
    return f" I{' and '.join(maybe)[1:]}: give both tables the same names." if maybe else ""


def _plain_name(name: str) -> str:
    """Letters and digits of a name without what stands in brackets; the whole name where nothing is left."""
    return re.sub(r"[\W_]+", "", re.sub(r"[(\[].*?[)\]]", "", name)).casefold() or name


def alike(target: Any, X: Any) -> Any:
    """``X`` in the container of the target: the same kind of frame with its names, or an array."""
    names = names_of(target)
    if names is None:
        return np.asarray(X) if names_of(X) is not None else X
    if isinstance(X, type(target)):
        return X
    if names_of(X) is not None:
        return type(target)({name: np.asarray(X[name]) for name in names})
    X = X.toarray() if sparse.issparse(X) else np.asarray(X)
    return type(target)({name: X[:, i] for i, name in enumerate(names)})


def framed(X: Any, names: list[str] | None) -> Any:
    """``X`` as a frame with these names where there are names, else as an array."""
    if names is None or names_of(X) is not None:
        return np.asarray(X) if names is None and names_of(X) is not None else X
    import pandas

    return pandas.DataFrame(X.toarray() if sparse.issparse(X) else np.asarray(X), columns=names)


def stack(parts: list[Any]) -> Any:
    """Rows of arrays, CSR matrices or frames of one kind, one below another; a single part is not copied."""
    if len(parts) == 1:
        return parts[0]
    if any(sparse.issparse(part) for part in parts):
        return sparse.vstack([sparse.csr_matrix(part) for part in parts], format="csr")
    if names_of(parts[0]) is not None:
        if type(parts[0]).__module__.startswith("polars"):
            import polars

            return polars.concat(parts, how="vertical_relaxed")
        import pandas

        return pandas.concat(parts, ignore_index=True)
    return np.concatenate([np.asarray(part) for part in parts])


def digest(*values: Any) -> str:
    """Hash of arrays, CSR matrices and frames by content; the order of a list of sources is settled by it."""
    seen = hashlib.blake2b(digest_size=16)
    for value in values:
        for array in _arrays(value):
            seen.update(f"{array.dtype.str}{array.shape}".encode())
            if array.dtype.hasobject:
                seen.update("\x1f".join(map(repr, array.ravel().tolist())).encode())
            else:
                seen.update(np.ascontiguousarray(array).view(np.uint8).data)
    return seen.hexdigest()


def _arrays(value: Any) -> list[np.ndarray]:
    if value is None:
        return []
    if sparse.issparse(value):
        rows = sparse.csr_matrix(value)
        return [rows.data, rows.indices, rows.indptr]
    names = names_of(value)
    return [np.asarray(value)] if names is None else [np.asarray(value[name]) for name in names]

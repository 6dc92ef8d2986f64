"""Sources as they were given: which they are, whether their columns and labels fit the target, and as numbers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy import sparse as sp
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, column_or_1d, validate_data

from headstart.contract.network_rows import network_among, network_for_rows, seen
from headstart.data.tables.column_names import matched, names_of
from headstart.errors import DataError, ParameterError, SourceError, TransferWarning
from headstart.source import Source

_FLOATS = [np.float64, np.float32]


def as_sources(source: Any, network: Any = None) -> list[Source]:
    """The sources of rows that were given, as a list; a network among them makes rows of pictures, clips or texts.

    Parameters
    ----------
    source : Source, list or None
        Sources; among them perhaps a network.
    network : Network, optional
        That network as it was fitted to the target. Default: it is read.

    Raises
    ------
    ParameterError
        If this is neither a `Source`, nor a list of them, nor None.
    SourceError
        If a source's rows were left out when its model was saved.

    Examples
    --------
    >>> as_sources(None), as_sources(Source([[1.0]], name="a"))
    ([], [Source('a', 1 rows, without labels)])
    """
    named_network, rest = network_among(source)
    found = listed_sources(rest, "source", "Wrap the rows: Source(X, y).", "the source")
    if named_network is None or not found:
        return found
    network = network_for_rows(named_network, found[0].X) if network is None else network
    return [seen(one, network, who) for one, who in zip(found, named(found), strict=True)]


def listed_sources(given: Any, argument: str, wrap: str, what: str) -> list[Source]:
    """An argument's sources as a list, each with its rows.

    Parameters
    ----------
    given : Source, list of Source or None
    argument, what : str
        Its name, and what messages call what it holds.
    wrap : str
        What to do where it holds something else.

    Raises
    ------
    ParameterError, SourceError
        As `as_sources`.
    """
    found = [] if given is None else list(given) if isinstance(given, list | tuple) else [given]
    for entry in found:
        if not isinstance(entry, Source):
            raise ParameterError(
                f"Expected {argument}= to be a Source, a list of them or None, found {type(entry).__name__}.", wrap
            )
        if entry.X is None:
            raise SourceError(
                f"Expected the rows of {entry}, found a model that was saved without them.",
                f"Give {what} again with set_params({argument}=...) before fitting.",
            )
    return found


def named(sources: list[Source]) -> list[str]:
    """What messages call each source."""
    if len(sources) == 1:
        return [f"the source {sources[0].name!r}" if sources[0].name else "the source"]
    return [f"the source {s.name!r}" if s.name else f"source {i}" for i, s in enumerate(sources, 1)]


def raw_rows(X: Any, names: list[str] | None, width: int, who: str) -> Any:
    """Rows of a source or of unlabelled target rows, with their columns in the target's order.

    Parameters
    ----------
    X : array-like, CSR matrix or frame
    names : list of str or None
        The target's columns.
    width : int
        How many the target has.
    who : str
        What messages call these rows.

    Raises
    ------
    SourceError
        If there are other columns than the target's, by name or by number.
    """
    rows = X if hasattr(X, "shape") else np.asarray(X)
    if len(rows.shape) != 2:
        raise SourceError(f"Expected rows and columns in {who}, found {len(rows.shape)} dimension(s).")
    theirs = names_of(rows)
    if names is not None and theirs is not None:
        return matched(rows, names, who)
    if rows.shape[1] != width:
        raise SourceError(
            f"Expected {width} columns in {who}, as in the target, found {rows.shape[1]}.",
            "Give both sides the same columns.",
        )
    if (names is None) != (theirs is None):
        having, lacking = ("the target", who) if theirs is None else (who, "the target")
        warnings.warn(
            f"The columns of {having} have names, those of {lacking} have none; they are matched by position.",
            TransferWarning,
            stacklevel=4,
        )
    return rows


def as_numbers(
    estimator: Any, X: Any, *, reset: bool = True, sparse: bool, allow_nan: bool, who: str = "the target"
) -> Any:
    """Rows as float32 (where they are) or float64; refused in words.

    Parameters
    ----------
    estimator : estimator or None
        Whose `n_features_in_` is set or checked; None for rows that are not the target's.
    X : array-like, CSR matrix or frame
    reset, sparse, allow_nan : bool
    who : str
        What messages call these rows.
    """
    options: dict[str, Any] = {
        "accept_sparse": "csr" if sparse else False,
        "dtype": _FLOATS,
        "ensure_all_finite": "allow-nan" if allow_nan else True,
    }
    try:
        if estimator is not None:
            return validate_data(estimator, X, reset=reset, **options)
        return check_array(X, **options)
    except (TypeError, ValueError) as error:
        words = _column_words(X)
        if words:
            raise DataError(
                f"Expected numbers in {who}, found {words}.",
                "Give preprocess= a transformer that makes numbers of them, for example a ColumnTransformer.",
            ) from error
        if estimator is not None:
            raise
        if sp.issparse(X) and not sparse:
            raise SourceError(
                f"Expected dense rows in {who}, found a sparse matrix.", "Use .toarray(), or preprocess= TruncatedSVD."
            ) from error
        raise SourceError(
            f"{who[0].upper()}{who[1:]} cannot be used: {str(error).splitlines()[0].rstrip('.')}.",
            "Repair it, or give preprocess= for example SimpleImputer().",
        ) from error


def _column_words(X: Any) -> str:
    """Which columns of a frame hold no numbers, in words."""
    bad = []
    for name in names_of(X) or []:
        try:
            np.asarray(X[name]).astype(np.float64)
        except (TypeError, ValueError):
            bad.append(repr(name))
    more = f" and {len(bad) - 8} more" if len(bad) > 8 else ""
    return f"text in the column{'s' if len(bad) > 1 else ''} {', '.join(bad[:8])}{more}" if bad else ""


def labels_of(source: Source, task: str | None, who: str, needed: bool) -> np.ndarray | None:
    """A source's labels, checked; None where it has none or nobody looks.

    Raises
    ------
    SourceError
        If they are needed and missing, or are no labels of this task.
    """
    if task is None:
        return None
    if source.y is None:
        if needed:
            raise SourceError(f"Expected labels in {who}, found rows alone.", "Give Source(X, y).")
        return None
    try:
        values = column_or_1d(np.asarray(source.y))
        if task == "regression":
            numbers = values.astype(np.float64)
            if not np.isfinite(numbers).all():
                raise ValueError("they contain NaN or infinity")
            return numbers
        if values.dtype.kind == "O" and any(v is None or v != v for v in values.tolist()):
            raise ValueError("some are missing")
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ValueError("they contain NaN or infinity")
        check_classification_targets(values)
    except ValueError as error:
        raise SourceError(f"The labels of {who} cannot be used: {str(error).rstrip('.')}.", "Repair them.") from error
    return values


def weights_of(source: Source, who: str) -> np.ndarray | None:
    """A source's sample weights as float64, checked."""
    if source.sample_weight is None:
        return None
    weights = np.asarray(source.sample_weight, dtype=np.float64)
    if weights.ndim != 1 or not np.isfinite(weights).all() or (weights < 0).any() or weights.sum() <= 0:
        raise SourceError(f"Expected weights of 0 or more, with a positive sum, in {who}.", "Repair sample_weight.")
    return weights

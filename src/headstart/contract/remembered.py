"""What was learned from a source alone, kept for the next fit to the same source: folds differ by the target only."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from headstart.contract.weighted_fit import fit_weighted

_KEPT = 8
#: Bytes of a source above which nothing is kept.
_MOST = 40_000_000
_found: dict[str, OrderedDict[str, Any]] = {}
_lock = threading.Lock()
Result = TypeVar("Result")


def remembered(
    what: str, arrays: Sequence[Any], make: Callable[[], Result], *, shelf: str = "", kept: int = _KEPT
) -> Result:
    """The result of ``make``, or of the last call with the same words and arrays of the same content.

    Parameters
    ----------
    what : str
        What is made, with all its settings.
    arrays : sequence of ndarray or None
        All that it is made from. Where one is sparse or holds objects, or there are very many values, it is made anew.
    make : callable
        Without arguments, and always with the same result. What it returns is shared and must not be changed.
    shelf : str, default=""
        Results of one shelf do not push out those of another.
    kept : int, default=8
        Results that the shelf holds.

    Examples
    --------
    >>> calls = []
    >>> for _ in range(2):
    ...     _ = remembered("sum", [np.arange(3)], lambda: calls.append(1))
    >>> len(calls)
    1
    """
    if any(one is not None and (not isinstance(one, np.ndarray) or one.dtype.hasobject) for one in arrays):
        return make()
    if sum(0 if one is None else one.nbytes for one in arrays) > _MOST:
        return make()
    state = hashlib.sha256(what.encode())
    for one in arrays:
        state.update(b"none" if one is None else f"{one.dtype.str}{one.shape}".encode())
        state.update(b"" if one is None or not one.size else np.ascontiguousarray(one).data)
    key = state.hexdigest()
    with _lock:
        found = _found.setdefault(shelf, OrderedDict())
        if key in found:
            found.move_to_end(key)
            return found[key]
    result = make()
    with _lock:
        found[key] = result
        while len(found) > kept:
            found.popitem(last=False)
    return result


def forget() -> None:
    """Forget everything that is remembered."""
    with _lock:
        _found.clear()


def fit_on_source(estimator: Any, X: Any, y: Any, sample_weight: np.ndarray | None = None) -> Any:
    """As `fit_weighted`, for rows of a source; an estimator without chance in it is fitted to the same rows once.

    Parameters
    ----------
    estimator, X, y, sample_weight
        As in `headstart.contract.weighted_fit.fit_weighted`.

    Returns
    -------
    fitted clone
        Perhaps shared with other methods.
    """

    def make() -> Any:
        return fit_weighted(estimator, X, y, sample_weight)

    settings = _settings(estimator)
    return make() if settings is None else remembered(settings, [X, np.asarray(y), sample_weight], make)


def _settings(estimator: Any) -> str | None:
    """Class and options of an estimator; None where they leave something to chance or cannot be written down."""
    from sklearn.base import BaseEstimator  # not where a saved model only predicts

    if not isinstance(estimator, BaseEstimator):
        return None
    names = [f"{type(estimator).__module__}.{type(estimator).__qualname__}"]
    for name, value in sorted(estimator.get_params(deep=False).items()):
        said = _settings(value) if isinstance(value, BaseEstimator) else repr(value) if _is_plain(value) else None
        if said is None or (name == "random_state" and value is None):
            return None
        names.append(f"{name}={said}")
    return f"({', '.join(names)})"


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, (*value.keys(), *value.values())))
    return value is None or isinstance(value, str | int | float | bool | np.number)

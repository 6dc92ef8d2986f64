"""One transformer for both sides: fitted on both together, on each alone, or on the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.validation import check_array

from headstart.contract.options import check_option
from headstart.data.tables.column_names import alike, stack
from headstart.errors import DataError, ParameterError, SourceError

SCOPES = ("joint", "per-domain", "source")
_ENOUGH = 1 << 22


def fit_preprocessing(
    preprocess: Any, scope: str, target: Any, unlabelled: Any | None, sources: Sequence[Any]
) -> tuple[Any, list[Any]]:
    """Fit clones of a transformer, without labels.

    Parameters
    ----------
    preprocess : transformer
        Not changed.
    scope : {"joint", "per-domain", "source"}
        "joint": one fit on all rows; "per-domain": one on the target's rows, one on each source; "source": one on the
        rows of all sources, used on the target as it is. Without a source all three are the target's own.
    target, unlabelled, sources
        Raw rows: arrays, CSR matrices or frames.

    Returns
    -------
    own : fitted transformer
        For rows of the target.
    others : list of fitted transformers
        One for each source; the same object where the fit is shared.

    Raises
    ------
    ParameterError
        If this is no transformer, or the scope is not known.
    """
    check_option("preprocess_scope", scope, SCOPES)
    if not (hasattr(preprocess, "fit") and hasattr(preprocess, "transform")):
        raise ParameterError(
            f"Expected a transformer with fit and transform as preprocess=, found {preprocess!r}.",
            "Give for example StandardScaler(), or None.",
        )
    rows = [target] if unlabelled is None else [target, alike(target, unlabelled)]
    if scope == "per-domain" or not sources:
        own = clone(preprocess).fit(stack(rows))
        return own, [clone(preprocess).fit(alike(target, source)) for source in sources]
    borrowed = [alike(target, source) for source in sources]
    shared = clone(preprocess).fit(stack(borrowed if scope == "source" else [*rows, *borrowed]))
    return shared, [shared] * len(sources)


def preprocessed(fitted: Any, X: Any, who: str, *, accept_sparse: bool, allow_nan: bool) -> Any:
    """Rows of one side after its transformer, as float32 or float64; refused in words where that gave no numbers."""
    try:
        return check_array(
            fitted.transform(X),
            accept_sparse="csr" if accept_sparse else False,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan" if allow_nan else True,
        )
    except (TypeError, ValueError) as error:
        words = str(error).splitlines()[0].rstrip(".")
        raise DataError(
            f"Expected numbers from preprocess= for {who}, found: {words}.",
            "Add what is missing to preprocess=, for example SimpleImputer() or OneHotEncoder().",
        ) from error


def same_width(own: Any, others: Sequence[Any], names: Sequence[str]) -> None:
    """Refuse sides that a transformer fitted on each alone has brought to different numbers of columns."""
    for other, name in zip(others, names, strict=True):
        if other.shape[1] != own.shape[1]:
            raise SourceError(
                f"Expected as many columns on both sides after preprocess=, found {own.shape[1]} in the target and "
                f"{other.shape[1]} in {name}.",
                'Use preprocess_scope="joint", or a transformer that gives as many columns whatever it sees.',
            )


def untouched(target: Any, source: Any) -> str:
    """Words for what was done to the target and, it seems, not to the source; empty where nothing looks odd.

    A step of an outer pipeline transforms what `fit` gets, that is the target. Target columns of mean 0 and variance 1,
    or from 0 to 1 exactly, are its traces.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> raw = rng.normal(50, 9, (200, 3))
    >>> untouched((raw - raw.mean(axis=0)) / raw.std(axis=0), raw)
    'mean 0 and variance 1'
    >>> untouched(raw, raw)
    ''
    """
    if sparse.issparse(target) or sparse.issparse(source) or target.shape[0] < 3:
        return ""
    if not _plausible(target[:: max(1, target.shape[0] // 2048)]):
        return ""
    mean, variance, low, high = _summary(target)
    moving = high > low
    if not moving.any():
        return ""
    their_mean, their_variance, their_low, their_high = _summary(source)
    if (np.abs(mean[moving]) < 1e-3).all() and (np.abs(variance[moving] - 1) < 1e-2).all():
        off = (np.abs(their_mean) > 3) | (their_variance > 25) | ((their_variance < 1 / 25) & (their_high > their_low))
        return "mean 0 and variance 1" if off[moving].mean() >= 0.25 else ""
    if (np.abs(low[moving]) < 1e-6).all() and (np.abs(high[moving] - 1) < 1e-6).all():
        off = (their_high > 3) | (their_low < -3)
        return "a range from 0 to 1" if off[moving].mean() >= 0.25 else ""
    return ""


def _plausible(some: np.ndarray) -> bool:
    """Whether a few rows may be of columns that were scaled; spares most targets the full look."""
    centred = (np.abs(some.mean(axis=0)) < 0.5).all() and (some.var(axis=0) < 4).all()
    return bool(centred or (some.min() > -1e-6 and some.max() < 1 + 1e-6))


def _summary(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean, variance, least and largest of each column, in blocks, so that no second X is made."""
    step = max(1, _ENOUGH // max(X.shape[1], 1))
    n = X.shape[0]
    mean = sum(X[i : i + step].sum(axis=0, dtype=np.float64) for i in range(0, n, step)) / n
    square = sum(((X[i : i + step] - mean) ** 2).sum(axis=0, dtype=np.float64) for i in range(0, n, step)) / n
    return np.asarray(mean), np.asarray(square), X.min(axis=0), X.max(axis=0)

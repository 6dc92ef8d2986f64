"""A fitted model of a table on disk: skops's open format, without the rows that were borrowed, and nothing pickled."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator
from skops import io

from headstart.errors import SourceError
from headstart.models.saving.trusted_types import strangers
from headstart.source import Source

FILE = "model.skops"


def save_table_model(estimator: Any, encoder: Any, folder: str | Path) -> dict[str, Any]:
    """Write a fitted estimator and what makes numbers of rows into an existing folder.

    Sources and unlabelled rows stay behind: a model can be handed on without other people's data.

    Parameters
    ----------
    estimator : fitted estimator
    encoder : fitted transformer or None
    folder : path-like

    Returns
    -------
    dict
        Plain JSON types for the manifest.
    """
    io.dump({"estimator": without_rows(estimator), "encoder": encoder}, Path(folder) / FILE)
    return {"file": FILE, "class": type(estimator).__name__}


def load_table_model(folder: str | Path) -> tuple[Any, Any]:
    """Read what `save_table_model` wrote.

    Returns
    -------
    (estimator, encoder)

    Raises
    ------
    SourceError
        If it is damaged, or asks for anything but types of headstart, scikit-learn, NumPy and SciPy.
    """
    path = Path(folder) / FILE
    try:
        unknown = io.get_untrusted_types(file=path)
        odd = strangers(unknown)
        if odd:
            raise SourceError(
                f"Expected types of headstart and scikit-learn in {path}, found {', '.join(odd[:5])}.",
                "It was not written by headstart; do not trust it.",
            )
        found = io.load(path, trusted=unknown)
        return found["estimator"], found["encoder"]
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(
            f"Expected a model that headstart saved in {path}, found: {type(error).__name__}: {error}.", "Fit it again."
        ) from error


def without_rows(value: Any) -> Any:
    """A copy of an estimator, and of those inside it, whose sources have names alone; arrays are shared.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart.guard.candidates.pooling import PooledClassifier
    >>> model = PooledClassifier(source=Source(np.eye(2), [0, 1], name="old")).fit(np.eye(2), [0, 1])
    >>> without_rows(model).source, model.source
    (Source('old', rows left out), Source('old', 2 x 2, labelled))
    """
    if isinstance(value, Source):
        return value.without_rows()
    if isinstance(value, BaseEstimator):
        bare = copy.copy(value)
        for name, part in vars(value).items():
            setattr(bare, name, None if name == "unlabelled" else without_rows(part))
        return bare
    if isinstance(value, list | tuple):
        return type(value)(without_rows(part) for part in value) if type(value) in (list, tuple) else value
    if type(value) is dict:
        return {key: without_rows(part) for key, part in value.items()}
    return value

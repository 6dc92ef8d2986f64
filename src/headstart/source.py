"""What can be borrowed from, as an object that estimators share and never copy."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.errors import SourceError

if TYPE_CHECKING:
    from torch import nn


def _rows_of(values: Any) -> int:
    """How many rows an array, a frame, a sparse matrix or a list has."""
    shape = getattr(values, "shape", None)
    return int(shape[0]) if shape else len(values)


@dataclass(frozen=True, eq=False)
class Source:
    """Rows of another task or another domain, to borrow from.

    What an estimator gets at construction; `fit` gets the target alone. A source is frozen and shared: cloning or
    deep-copying an estimator does not copy its rows, and no method writes to them.

    Parameters
    ----------
    X : array-like of shape (n, d), CSR matrix, pandas or polars frame
        The rows, with the columns of the target. Columns with names are matched by name, others by position.
    y : array-like of shape (n,), optional
        Labels (integers, -1 and +1, strings) or numbers. Some methods do without.
    name : str, optional
        What messages and reports call it.
    sample_weight : array-like of shape (n,), optional
        Weight of each row, 0 or more.

    Raises
    ------
    SourceError
        If ``y`` or ``sample_weight`` have not as many entries as ``X`` has rows, or there are no rows.

    Examples
    --------
    >>> import numpy as np
    >>> Source(np.zeros((2000, 64)), np.arange(2000) % 2, name="books")
    Source('books', 2000 x 64, labelled)
    >>> Source(np.zeros((30, 4)))
    Source(30 x 4, without labels)
    """

    X: Any
    y: Any = None
    name: str | None = None
    sample_weight: Any = None

    def __post_init__(self) -> None:
        if self.X is None:
            return
        n = _rows_of(self.X)
        if n == 0:
            raise SourceError("Expected rows in a source, found none.", "Give source=None to learn without a source.")
        for what, values in (("labels", self.y), ("weights", self.sample_weight)):
            if values is not None and _rows_of(values) != n:
                raise SourceError(
                    f"Expected {n} {what}, one for each row of {self}, found {_rows_of(values)}.",
                    "Give X and y of the same rows.",
                )

    def __repr__(self) -> str:
        words = [repr(self.name)] if self.name else []
        if self.X is None:
            words.append("rows left out")
        else:
            shape = getattr(self.X, "shape", None)
            words.append(" x ".join(str(side) for side in shape) if shape else f"{len(self.X)} rows")
            words.append("without labels" if self.y is None else "labelled")
        return f"Source({', '.join(words)})"

    def without_rows(self) -> Source:
        """The same source with its name alone, for a saved model: what was borrowed need not travel with it."""
        return Source(None, None, self.name)

    def __sklearn_clone__(self) -> Source:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Source:
        return self

    def __getstate__(self) -> dict[str, Any]:
        """What is stored: a pandas frame as its columns, which formats that know arrays alone can hold too."""
        state = dict(vars(self))
        if hasattr(self.X, "iloc") and hasattr(self.X, "columns"):
            columns = [self.X.iloc[:, i] for i in range(self.X.shape[1])]
            state["X"] = None
            state["frame"] = {
                "names": list(self.X.columns),
                "types": [str(column.dtype) for column in columns],
                "cells": [column.to_numpy() for column in columns],
                "index": self.X.index.to_numpy(),
            }
            if any(type_ == "category" for type_ in state["frame"]["types"]):
                return dict(vars(self))  # categories that no row has would be lost
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        kept = state.pop("frame", None)
        if kept is not None:
            import pandas as pd

            each = zip(kept["cells"], kept["types"], strict=True)
            columns = [pd.Series(cells, index=kept["index"]).astype(type_) for cells, type_ in each]
            state["X"] = pd.concat(columns, axis=1).set_axis(kept["names"], axis=1)
        for name, value in state.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, eq=False)
class NetworkSource:
    """A pretrained network in memory, with what cannot be read from it.

    Use it for somebody's own ``nn.Module``: its weights may come from a safetensors file, and its input size
    and normalisation are said here because a module does not carry them. Estimators share it: cloning an
    estimator does not copy the network. With a ``sampling_rate`` or ``seconds`` it is a network for sounds: it takes
    waves (N, samples) from -1 to 1, and its front end is part of it.

    Parameters
    ----------
    module : torch.nn.Module
        The network; a batch of pictures or waves in, outputs (N, K) or feature maps out. Never changed.
    weights : path-like, optional
        A safetensors file whose names match ``module.state_dict()``. None means that the module already holds
        its trained weights.
    size : int, default=224
        Side of the square pictures that the network was trained on, in pixels.
    mean, std : tuple of float
        Per channel, on pictures scaled to 0..1. Default: ImageNet's.
    n_examples : int, optional
        How many labelled examples the network was trained on, if known.
    name : str, optional
        What reports call it. Default: the class name of the module.
    licence : str, optional
        Licence of the weights, if known.
    sampling_rate : int, optional
        Samples a second of the waves that it takes; 16,000 where only ``seconds`` is given.
    seconds : float, optional
        Length of the waves that it takes; 1 where only ``sampling_rate`` is given. Longer clips are cut into windows
        of this length, shorter ones get silence around them.

    Examples
    --------
    >>> from torch import nn
    >>> NetworkSource(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(3600, 2)), size=32, name="mine")
    NetworkSource('mine', size=32)
    >>> NetworkSource(nn.Sequential(nn.Linear(8000, 2)), sampling_rate=8000, name="heard")
    NetworkSource('heard', sampling_rate=8000, seconds=1.0)
    """

    module: nn.Module = field(repr=False)
    weights: str | Path | None = None
    size: int = 224
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    n_examples: int | None = None
    name: str | None = None
    licence: str | None = None
    sampling_rate: int | None = None
    seconds: float | None = None

    def __repr__(self) -> str:
        name = repr(self.name or type(self.module).__name__)
        if self.heard:
            return f"NetworkSource({name}, sampling_rate={self.wave[0]}, seconds={self.wave[1]})"
        return f"NetworkSource({name}, size={self.size})"

    @property
    def heard(self) -> bool:
        """Whether it was said that the network takes waves: with a sampling rate or a length in seconds."""
        return self.sampling_rate is not None or self.seconds is not None

    @property
    def wave(self) -> tuple[int, float]:
        """Sampling rate and seconds of a network for sounds."""
        return self.sampling_rate or 16_000, 1.0 if self.seconds is None else float(self.seconds)

    def __sklearn_clone__(self) -> Any:
        return self

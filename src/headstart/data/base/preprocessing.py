"""What the preprocessings of all kinds have in common: what they say of themselves, and their hashes."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np


class BasePreprocessing(ABC):
    """From what was decoded to a canvas, which is kept, and from a canvas to a network's input.

    Subclasses are frozen dataclasses; two with the same settings are equal.
    """

    #: The type in which arrays go into a network as they are; None where pixels are scaled first.
    as_is: ClassVar[Any] = None
    #: The option of an estimator that says what `resized` takes; None where there is none.
    resized_by: ClassVar[str | None] = None
    #: Whether all inputs of the network have one size.
    one_size: ClassVar[bool] = True

    @property
    def windowed(self) -> bool:
        """Whether an input may need several windows."""
        return False

    @property
    def enough(self) -> Any:
        """How much of an input has to be decoded, as `Inputs.load` takes it; None: all."""
        return None

    @abstractmethod
    def centre(self, canvas: np.ndarray) -> np.ndarray:
        """The one window that stands for an input."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The settings as plain JSON types."""

    @abstractmethod
    def canvas_key(self) -> str:
        """Short hash of what decides a canvas alone."""

    def array(self, canvas: np.ndarray) -> np.ndarray:
        """The network's input for one canvas."""
        return self.centre(canvas)

    def stack(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """A batch of inputs of one size, (N, ...)."""
        return np.stack(arrays)

    def key(self) -> str:
        """Short hash that is the same for the same settings, in every process."""
        return short_hash(self.to_dict())


def short_hash(settings: Any) -> str:
    """16 hexadecimal digits that settings of plain JSON types decide.

    Examples
    --------
    >>> short_hash({"a": 1, "b": 2}) == short_hash({"b": 2, "a": 1}), len(short_hash(None))
    (True, 16)
    """
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]

"""Texts as they are, where there is no network that wants tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class PlainText:
    """Letters and nothing else: the form in which texts are looked at without a network.

    Examples
    --------
    >>> PlainText().canvas("abc").tolist()
    [97, 98, 99]
    """

    size: tuple[int, ...] = ()
    channels: int = 1
    enough: None = None

    def canvas(self, decoded: str) -> np.ndarray:
        """The bytes of a text in UTF-8, (T,) in uint8."""
        return np.frombuffer(decoded.encode("utf-8", "surrogatepass"), dtype=np.uint8)

    def text(self, canvas: np.ndarray) -> str:
        """The text of a canvas."""
        return canvas.tobytes().decode("utf-8", "surrogatepass")

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain JSON types."""
        return {"kind": "plain text"}

    def key(self) -> str:
        """Always the same."""
        return "plain text"

    def canvas_key(self) -> str:
        """Always the same."""
        return "plain text"

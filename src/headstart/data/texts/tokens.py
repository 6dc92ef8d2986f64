"""Texts that are tokens already: windows of long texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.base.content import digest_of
from headstart.data.base.kinds import TEXTS
from headstart.data.base.rows import Inputs


class Tokens(Inputs):
    """A row of canvases of texts, (T,) in int32 each, which `TextPreprocessing.canvas` takes as they are.

    Examples
    --------
    >>> rows = Tokens([np.array([5, 6], np.int32)])
    >>> rows.load(0)[0].tolist(), rows.kind.many
    ([5, 6], 'texts')
    """

    kind = TEXTS

    def load(self, i: int, enough: Any = None) -> tuple[np.ndarray, str]:
        """The canvas and its digest."""
        return self.items[i], self.digest(i)

    def _digest_in_memory(self, item: Any) -> str:
        return digest_of(b"tokens", np.ascontiguousarray(item, np.int32).data)

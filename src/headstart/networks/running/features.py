"""What a frozen network says about inputs, from one forward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np


@dataclass(frozen=True, eq=False)
class Features:
    """What a frozen network says about n pictures, clips or texts, from one forward pass; all float32.

    Attributes
    ----------
    output : ndarray, (n, n_features)
        Input of the output layer.
    depths : tuple of ndarray, (n, channels)
        Means over space (or tokens) of up to six blocks, evenly spread, the last block last.
    grids : tuple of ndarray, (n, 9 * channels)
        Means over the cells of a 3 x 3 grid of the picture, of up to three of these blocks before the last. Of clips
        the grid is of time and frequency, or of 9 stretches of time where a block has no frequency. Of texts
        there is none.
    """

    output: np.ndarray
    depths: tuple[np.ndarray, ...]
    grids: tuple[np.ndarray, ...]

    #: Whether all of it is in memory.
    held: ClassVar[bool] = True

    def __len__(self) -> int:
        return len(self.output)

    @property
    def n_values(self) -> int:
        """Values of a row, all parts together."""
        return sum(part.shape[1] for part in (self.output, *self.depths, *self.grids))

    def __getitem__(self, index: Any) -> Features:
        """The features of some of the rows: a slice, positions or a boolean mask."""
        return Features(self.output[index], tuple(d[index] for d in self.depths), tuple(g[index] for g in self.grids))

    @classmethod
    def of(cls, X: np.ndarray) -> Features:
        """Ready-made features, (n, d), without depths and grids."""
        return cls(np.asarray(X, np.float32), (), ())

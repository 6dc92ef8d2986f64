"""Single inputs unlike what a model learned from, told while it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.tables.rows import rows_of
from headstart.drift.accuracy import NEIGHBOURS, strangeness

#: What every hundredth example that was learned from exceeds, itself left out.
USUAL = 0.99


@dataclass(frozen=True, eq=False)
class Likeness:
    """What new inputs are held against.

    Parameters
    ----------
    model : Model
        That keeps a reference of its data.
    rows : ndarray of shape (m, 64)
        The reference.
    distances : ndarray of shape (m,)
        How unlike the others each of them is, in rising order.
    """

    model: Any
    rows: np.ndarray
    distances: np.ndarray

    def of(self, inputs: Any) -> tuple[np.ndarray, np.ndarray]:
        """Whether inputs are unlike the data, and the share of these that are less unlike the others; (n,) each.

        One is unlike where its mean distance to the five nearest is above what 99% of the data have.
        """
        model, reference = self.model, self.model.reference
        network, device = model.network
        taken = model.encoder.transform(rows_of(inputs)) if model.kind.values else inputs
        features = reference.seen(taken, network, str(device))
        return self.judge(reference.projected(features))

    def judge(self, projected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same of features times the reference's projection.

        Examples
        --------
        >>> rows = np.linspace(0, 1, 50)[:, None] @ np.ones((1, 4))
        >>> unlike, share = Likeness(None, rows, left_out(rows)).judge(np.full((1, 4), 9.0))
        >>> unlike.tolist(), share.tolist()
        ([True], [1.0])
        """
        found = strangeness(self.rows, projected)
        share = np.searchsorted(self.distances, found, side="right") / len(self.distances)
        return found > np.quantile(self.distances, USUAL), share


def likeness(model: Any) -> Likeness | None:
    """What a model keeps to hold new inputs against; None where it keeps nothing, or too little."""
    reference = model.reference
    if reference is None or len(reference.rows) <= NEIGHBOURS:
        return None
    rows = reference.rows.astype(np.float64)
    return Likeness(model, rows, left_out(rows))


def left_out(rows: np.ndarray) -> np.ndarray:
    """Mean distance of each row to the five nearest others, (m,), in rising order; by one product of matrices."""
    squares = np.einsum("ij,ij->i", rows, rows)
    apart = squares[:, None] + squares[None] - 2.0 * rows @ rows.T
    np.fill_diagonal(apart, np.inf)
    nearest = np.partition(apart, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
    return np.sort(np.sqrt(np.maximum(nearest, 0.0)).mean(axis=1))

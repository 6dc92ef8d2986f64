"""Single inputs unlike what a model learned from, told while it answers: little is loaded, and little computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

from headstart.drift.accuracy import NEIGHBOURS, strangeness
from headstart.networks.running.embed import embed

#: What every hundredth example that was learned from exceeds, itself left out.
USUAL = 0.99
_FILE, _NETWORK = "reference.safetensors", "network"


@dataclass(frozen=True, eq=False)
class Likeness:
    """What new inputs are held against.

    Parameters
    ----------
    rows : ndarray of shape (m, 64)
        The reference of the model.
    distances : ndarray of shape (m,)
        How unlike all the others each of them is, in order.
    features : callable
        Features of inputs as the reference has them, times its projection: (n, 64).
    """

    rows: np.ndarray
    distances: np.ndarray
    features: Callable[[Any], np.ndarray]

    def of(self, inputs: Any) -> tuple[np.ndarray, np.ndarray]:
        """Whether each input is unlike the data, and the share of these that are less unlike the others, (n,) each.

        It is unlike where its mean distance to the five nearest is above what 99% of the data have.
        """
        found = strangeness(self.rows, self.features(inputs))
        share = np.searchsorted(self.distances, found, side="right") / len(self.distances)
        return found > np.quantile(self.distances, USUAL), share


def likeness(folder: Path, model: Any) -> Likeness | None:
    """What the folder of a model keeps to hold new inputs against; None where it keeps nothing, or too little.

    Parameters
    ----------
    folder : Path
        Of which the checksums were checked when the model was loaded.
    model : Model
    """
    place = folder / _FILE
    if not place.is_file():
        return None
    with safe_open(str(place), framework="numpy") as held:
        sees = (held.metadata() or {}).get("sees")
        rows, projection = (held.get_tensor(name).astype(np.float32) for name in ("rows", "projection"))
    if len(rows) <= NEIGHBOURS:
        return None
    if sees == _NETWORK:
        network, device = model.learned_network

        def features(inputs: Any) -> np.ndarray:
            found = embed(network, inputs, device=device, exact=True).output
            return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12))
    else:

        def features(inputs: Any) -> np.ndarray:
            taken = model.encoder.transform(inputs) if model.kind.values else inputs
            return np.asarray(model.reference.seen(taken, None))

    return Likeness(rows, np.sort(_left_out(rows)), lambda inputs: features(inputs) @ projection)


def _left_out(rows: np.ndarray) -> np.ndarray:
    """Mean distance of each row to the five nearest others, (m,), by one product of matrices."""
    squares = np.einsum("ij,ij->i", rows, rows)
    apart = squares[:, None] + squares[None] - 2.0 * rows @ rows.T
    np.fill_diagonal(apart, np.inf)
    nearest = np.partition(apart, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
    return np.asarray(np.sqrt(np.maximum(nearest, 0.0)).mean(axis=1))

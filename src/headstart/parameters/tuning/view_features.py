"""Several cached views of every training example in front of a frozen network."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.base.rows import Inputs
from headstart.data.inputs.fixed_views import check_views, views_of
from headstart.errors import ParameterError
from headstart.networks.network import Network
from headstart.networks.running.embed import embed
from headstart.networks.running.features import Features
from headstart.parameters.heads.targets import Targets
from headstart.parameters.tuning.augmenting import choose_augmentation
from headstart.progress import Progress


@dataclass(frozen=True, eq=False)
class Learned:
    """What a head learns from: rows of features and their targets, the plain examples first, then view after view."""

    features: Features
    targets: Targets
    views: int = 1

    def held(self, held: tuple[np.ndarray, np.ndarray] | None) -> tuple[np.ndarray, np.ndarray] | None:
        """Training and validation rows of the plain examples as rows of all views; only plain ones validate."""
        if held is None or self.views == 1:
            return held
        n = len(self.targets) // self.views
        return np.concatenate([held[0] + n * view for view in range(self.views)]), held[1]


def learned(
    network: Network,
    inputs: Inputs,
    targets: Targets,
    views: int,
    *,
    augment: Any = "auto",
    seed: int = 0,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Learned:
    """Features of all examples as they are, and of ``views - 1`` varied views of each, every row once, ever.

    A view is always the same for the same content, number and seed, so its row is found again in the cache. All views
    of an example together weigh as much as the example.

    Parameters
    ----------
    network : Network
    inputs : Pictures or Clips, n of them
    targets : Targets of n
    views : int, at least 1
    augment : "auto", Augmentation or SoundAugmentation
        How far views differ, as in `choose_augmentation`.
    seed : int, default=0
    device : str, default="cpu"
    progress : callable, optional

    Returns
    -------
    Learned
        Of n * views rows.
    """
    plain = embed(network, inputs, device=device, progress=progress)
    if views == 1:
        return Learned(plain, targets)
    check_views(views, "head", inputs.input_type)
    augmentation = choose_augmentation(augment, network, inputs, targets, whole=True, seed=seed)
    if augmentation is None:
        raise ParameterError(f"Expected an augmentation for {views} views, found augment={augment!r}.")
    varied = views_of(inputs, network.preprocessing, augmentation, range(1, views), seed)
    more = embed(network, varied, device=device, progress=progress)
    owner = np.tile(np.arange(len(targets)), views)
    rows = targets.rows(owner)
    return Learned(joined(plain, more), dataclasses.replace(rows, weight=rows.weight / views), views)


def joined(first: Features, second: Features) -> Features:
    """Features of two sets of rows, one under the other."""
    pairs = zip(first.depths, second.depths, strict=True), zip(first.grids, second.grids, strict=True)
    depths, grids = (tuple(np.concatenate(pair) for pair in kind) for kind in pairs)
    return Features(np.concatenate([first.output, second.output]), depths, grids)

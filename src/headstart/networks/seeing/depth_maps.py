"""What each place of a network's blocks adds to linear scores of their pooled activations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headstart.networks.network import Network
from headstart.networks.running.runtime import pooled, to_tensor
from headstart.networks.seeing.activation_map import has_places, looked_through, placed

_BATCH = 16


@dataclass(frozen=True, eq=False)
class OfBlock:
    """A linear score of the signed square roots of a block's pooled activations.

    Attributes
    ----------
    block : str
    coef : ndarray, (d,)
    cells : bool
        Whether the means are those over the cells of a 3 x 3 grid (of waves: nine stretches), not over all places.
    """

    block: str
    coef: np.ndarray
    cells: bool


def depth_maps(
    network: Network, seen: Mapping[str, Tensor], scores: Sequence[OfBlock]
) -> list[tuple[np.ndarray, float]] | None:
    r"""Where in one input, given as n windows, such scores come from.

    Of a mean :math:`m_c = \frac1P \sum_p A_{cp}` over places p the square root is
    :math:`\sum_p A_{cp} / (P \sqrt{m_c})`, so that what the places add is the score, exactly; the same of the means
    over cells and over windows.

    Parameters
    ----------
    network : Network
    seen : dict of str to Tensor, (n, ...)
        What the blocks return of the windows, as `outputs_of` or `headstart.networks.seeing.activation_map` give it; a
        picture is one window.
    scores : sequence of OfBlock

    Returns
    -------
    list of (ndarray of shape (n, h, w), float), or None
        Of each score what each place adds, and the score. The mean over all places and windows is the score, less what
        class and register tokens add, which have no place. None where a block has no places.
    """
    found: list[tuple[np.ndarray, float]] = []
    for score in scores:
        if not has_places(network, score.block, seen[score.block]):
            return None
        activation = seen[score.block].detach().requires_grad_()
        values = pooled(activation, network.chain, score.block, score.cells)
        mean = values.detach().double().mean(0)
        root = mean.abs().sqrt()
        weight = torch.where(root > 0, torch.from_numpy(score.coef).double() / root.clamp_min(1e-30), 0.0)
        gradient = torch.autograd.grad((values.double() * weight).sum(), activation)[0]
        added = placed(network, score.block, gradient.double() * activation.detach().double())
        found.append(((added * added[0].numel()).numpy(), float(mean @ weight)))
    return found


def outputs_of(network: Network, arrays: np.ndarray, blocks: Collection[str]) -> dict[str, Tensor]:
    """What blocks return of inputs, (n, ...), as `headstart.networks.running.pipeline.arrays` gives them."""
    with looked_through(network, blocks) as (net, found), torch.no_grad():
        for start in range(0, len(arrays), _BATCH):
            net(to_tensor(arrays[start : start + _BATCH], network.preprocessing))
        return {name: torch.cat(parts) for name, parts in found.items()}

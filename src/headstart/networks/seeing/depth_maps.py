"""What each place of a network's blocks adds to linear scores of their pooled activations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headstart.networks.cutting.trace import main_tensor, twin
from headstart.networks.network import Network
from headstart.networks.running.runtime import pooled, to_tensor
from headstart.networks.seeing.activation_map import has_places, placed

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
    network: Network, arrays: np.ndarray, scores: Sequence[OfBlock]
) -> list[tuple[np.ndarray, float]] | None:
    r"""Where in one input, given as n windows, such scores come from.

    Of a mean :math:`m_c = \frac1P \sum_p A_{cp}` over places p the square root is
    :math:`\sum_p A_{cp} / (P \sqrt{m_c})`, so that what the places add is the score, exactly; the same of the means
    over cells and over windows.

    Parameters
    ----------
    network : Network
    arrays : ndarray, (n, ...)
        Windows of one input, as `headstart.networks.running.pipeline.arrays` gives them; a picture is one.
    scores : sequence of OfBlock

    Returns
    -------
    list of (ndarray of shape (n, h, w), float), or None
        Of each score what each place adds, and the score. The mean over all places and windows is the score, less what
        class and register tokens add, which have no place. None where a block has no places.
    """
    seen = _seen(network, arrays, {score.block for score in scores})
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


def _seen(network: Network, arrays: np.ndarray, blocks: set[str]) -> dict[str, Tensor]:
    """What blocks return for all windows."""
    net = twin(network.module).eval()
    found: dict[str, list[Tensor]] = {name: [] for name in blocks}

    def look(name: str, output: object) -> None:
        tensor = main_tensor(output)
        assert tensor is not None
        found[name].append(tensor.clone())  # layers that work in place would overwrite it

    for name in blocks:
        net.get_submodule(name).register_forward_hook(lambda m, a, output, name=name: look(name, output))
    with torch.no_grad():
        for start in range(0, len(arrays), _BATCH):
            net(to_tensor(arrays[start : start + _BATCH], network.preprocessing))
    return {name: torch.cat(parts) for name, parts in found.items()}

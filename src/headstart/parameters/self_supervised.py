"""Learning without labels: two views of an example are to be recognised as the same by their features."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from headstart.networks.chain import find_chain
from headstart.networks.features import read_features
from headstart.nn.self_supervised import effective_rank, evenness, expander, vicreg
from headstart.parameters.examples import Batch
from headstart.parameters.objectives import Objective, averaged
from headstart.training.processes import all_rows

#: Below this evenness of the embeddings, or this effective rank of the features, a run has collapsed.
LEAST_EVENNESS, LEAST_RANK = 0.1, 2.0


class SelfSupervised(Objective):
    """VICReg on the features of a network (Bardes et al. 2022): `headstart.nn.self_supervised.vicreg`.

    Batches come from `TwoViews`. The features, the input of the network's output layer, go through an expander of
    three layers, which is not saved; the loss is that of its outputs, in float32. The network's output layer, where it
    has one, is left as it is.

    Parameters
    ----------
    network : torch.nn.Module
        Takes what ``example`` holds.
    example : Tensor
        A batch of two network inputs, to find the output layer with.
    width : int, default=1024
        Of the expander's layers. The authors' 8,192 pays on large sets alone.
    invariance, variance, covariance : float, default=25, 25, 1
        Weights of the loss's terms.
    seed : int, default=0
        Of the expander's first weights.
    """

    outputs: tuple[str, ...] = ()

    def __init__(
        self,
        network: nn.Module,
        example: Tensor,
        *,
        width: int = 1024,
        invariance: float = 25.0,
        variance: float = 25.0,
        covariance: float = 1.0,
        seed: int = 0,
    ) -> None:
        chain = find_chain(network.eval(), example)
        self.output_layer = chain.output_layer
        if self.output_layer is not None:
            network.get_submodule(self.output_layer).requires_grad_(False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            head = expander(chain.n_features, width, width, width)
        self.modules = nn.ModuleDict({"network": network, "expander": head})
        self.weights = {"invariance": invariance, "variance": variance, "covariance": covariance}
        self.words = "two views of an example alike, all examples different (VICReg), without labels"
        self.settings: dict[str, Any] = {"width": width, **self.weights}

    def loss(self, batch: Batch) -> Tensor:
        z1, z2 = self._embedded(self._features(batch)).chunk(2)
        return vicreg(all_rows(z1), all_rows(z2), **self.weights)

    def measure(self, batches: Iterable[Batch]) -> dict[str, float]:
        """``val_loss``, and whether examples are told apart: ``val_evenness`` and ``val_rank`` of the first views.

        The evenness of the embeddings is 1 where they point in all directions and 0 where they are all the same; the
        rank is the effective one of the features, from 1 to their number.
        """
        losses, features, embeddings = [], [], []
        for batch in batches:
            both = self._features(batch)
            z1, z2 = self._embedded(both).chunk(2)
            losses.append(({"val_loss": float(vicreg(z1, z2, **self.weights))}, len(z1)))
            features.append(both.chunk(2)[0])
            embeddings.append(z1)
        return {
            **averaged(losses),
            "val_evenness": evenness(torch.cat(embeddings)),
            "val_rank": effective_rank(torch.cat(features)),
        }

    def remarks(self, measured: dict[str, float]) -> list[str]:
        """What whoever reads the measurements must be told: that the network has collapsed."""
        even, rank = measured["val_evenness"], measured["val_rank"]
        if even >= LEAST_EVENNESS and rank >= LEAST_RANK:
            return []
        return [
            f"It has collapsed: it gives nearly the same features for all examples (evenness {even:.2f} of 1, "
            f"effective rank {rank:.1f}), so it is of no use. Look whether the examples differ at all; else lower the "
            "learning rate or take larger batches."
        ]

    def _features(self, batch: Batch) -> Tensor:
        """Input of the output layer, (2n, d), float32."""
        with self.arithmetic():
            return read_features(self.modules["network"], self.output_layer, self.inputs(batch.x)).float()

    def _embedded(self, features: Tensor) -> Tensor:
        """The expander's outputs, float32."""
        with self.arithmetic():
            z: Tensor = self.modules["expander"](features)
        return z.float()

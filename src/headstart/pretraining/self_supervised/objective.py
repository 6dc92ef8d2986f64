"""Learning without labels: two views of an example are to be recognised as the same by their features."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from headstart.errors import ParameterError
from headstart.networks.cutting.chain import find_chain
from headstart.networks.cutting.features import read_features
from headstart.nn.losses.simclr import effective_rank, evenness, found, nt_xent, projector
from headstart.nn.processes import all_rows
from headstart.pretraining.examples.examples import Batch
from headstart.pretraining.objectives import Objective, averaged

#: Below this evenness of the embeddings, or this effective rank of the features, a run has collapsed.
LEAST_EVENNESS, LEAST_RANK = 0.1, 2.0
ENOUGH = 8  # examples from which a rank can be told


class SelfSupervised(Objective):
    """SimCLR on the features of a network (Chen et al. 2020): `headstart.nn.losses.simclr.nt_xent`.

    Batches come from `TwoViews`. The features, the input of the network's output layer, go through a projector of two
    layers, which is not saved; the loss is that of its outputs, in float32. The network's output layer, where it has
    one, is left as it is.

    Parameters
    ----------
    network : torch.nn.Module
        Takes what ``example`` holds.
    example : Tensor
        A batch of two network inputs, to find the output layer with.
    widths : (int, int), default=(512, 128)
        Of the projector's layers.
    temperature : float, default=0.2
        Of the loss, above 0.
    seed : int, default=0
        Of the projector's first weights.

    Raises
    ------
    ParameterError
        For a temperature or a width that is not above 0.
    """

    outputs: tuple[str, ...] = ()

    def __init__(
        self,
        network: nn.Module,
        example: Tensor,
        *,
        widths: tuple[int, int] = (512, 128),
        temperature: float = 0.2,
        seed: int = 0,
    ) -> None:
        if not temperature > 0 or min(widths) < 1:
            raise ParameterError(
                f"Expected a temperature and widths above 0, found temperature={temperature}, widths={widths}."
            )
        chain = find_chain(network.eval(), example)
        self.output_layer = chain.output_layer
        if self.output_layer is not None:
            network.get_submodule(self.output_layer).requires_grad_(False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            head = projector(chain.n_features, *widths)
        self.modules = nn.ModuleDict({"network": network, "projector": head})
        self.temperature = temperature
        self.words = "telling which two views are of the same example (SimCLR), without labels"
        self.settings: dict[str, Any] = {"temperature": temperature, "widths": list(widths)}

    def loss(self, batch: Batch) -> Tensor:
        z1, z2 = self._embedded(self._features(batch)).chunk(2)
        return nt_xent(all_rows(z1), all_rows(z2), self.temperature)

    def measure(self, batches: Iterable[Batch]) -> dict[str, float]:
        """``val_loss``; ``val_found``, the share of views whose like is found in its batch; and signs of collapse.

        Of the first views: ``val_evenness`` of the embeddings, 1 where they point in all directions and 0 where they
        are all the same, and from 8 examples on ``val_rank``, the effective rank of the features.
        """
        measured, features, embeddings = [], [], []
        for batch in batches:
            both = self._features(batch)
            z1, z2 = self._embedded(both).chunk(2)
            loss = float(nt_xent(z1, z2, self.temperature))
            measured.append(({"val_loss": loss, "val_found": found(z1, z2)}, len(z1)))
            features.append(both.chunk(2)[0])
            embeddings.append(z1)
        result = {**averaged(measured), "val_evenness": evenness(torch.cat(embeddings))}
        if sum(map(len, features)) >= ENOUGH:
            result["val_rank"] = effective_rank(torch.cat(features))
        return result

    def remarks(self, measured: dict[str, float]) -> list[str]:
        """What whoever reads the measurements must be told: that the network has collapsed."""
        even, rank = measured["val_evenness"], measured.get("val_rank", LEAST_RANK)
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
        """The projector's outputs, float32."""
        with self.arithmetic():
            z: Tensor = self.modules["projector"](features)
        return z.float()

"""Match a teacher's features: a big network's knowledge in a small one, without labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from headstart.errors import ParameterError
from headstart.nn.processes import all_rows, rank
from headstart.pretraining.examples.examples import Batch
from headstart.pretraining.objectives import Objective, averaged


@dataclass(frozen=True)
class DistillationRecipe:
    """How a teacher's features are learned.

    Parameters
    ----------
    views : int, default=8
        Fixed views of each example that teacher and student see; the first is the whole of it.
    components : int, default=256
        Directions of each teacher's features that are kept, at most.
    whitening : float, default=0.25
        In 0 to 0.5: how far their spreads are evened out (`headstart.math.linear.whitening`).
    contrast : float, default=1.0
        Weight of the contrastive term; 0 leaves the cosine alone.
    temperature : float, default=0.1
        Of the contrastive term, above 0.
    """

    views: int = 8
    components: int = 256
    whitening: float = 0.25
    contrast: float = 1.0
    temperature: float = 0.1

    def check(self) -> None:
        """Refuse numbers outside their range.

        Raises
        ------
        ParameterError
        """
        if (
            min(self.views, self.components) < 1
            or not 0 <= self.whitening <= 0.5
            or self.contrast < 0
            or self.temperature <= 0
        ):
            raise ParameterError(
                "Expected at least 1 view and 1 component, a whitening from 0 to 0.5, a contrast of at least 0 and a "
                f"temperature above 0; found {self}."
            )


class Distillation(Objective):
    """Make the network's outputs point where the teacher's features point.

    loss = 1 - cos(s, t) + contrast * InfoNCE, where InfoNCE is the cross-entropy of finding an example's own teacher
    vector among those of its batch by the cosine over the temperature (van den Oord et al. 2018, eq. 4; as a term of
    distillation: Tian, Krishnan and Isola 2020). Use it where there is a good network that is too large, or too slow,
    or takes other inputs; the examples need no labels, and should look like what the result is wanted for.

    Parameters
    ----------
    network : torch.nn.Module
        ``n_components`` outputs.
    n_components : int
        Length of the teacher's vectors.
    recipe : DistillationRecipe, optional
    """

    def __init__(self, network: nn.Module, n_components: int, recipe: DistillationRecipe | None = None) -> None:
        self.recipe = recipe or DistillationRecipe()
        self.recipe.check()
        self.modules = nn.ModuleDict({"network": network})
        self.outputs = component_names(n_components)
        self.words = f"cosine to {n_components} components of a teacher's features, and telling them apart in a batch"
        self.settings = asdict(self.recipe)

    def loss(self, batch: Batch) -> Tensor:
        return self.loss_of(self.run(batch.x), batch)

    def measure(self, batches: Iterable[Batch]) -> dict[str, float]:
        return averaged((self.measures_of(self.run(batch.x), batch), len(batch)) for batch in batches)

    def loss_of(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Loss of outputs (n, components), whatever gave them."""
        target = self._target(batch)
        everybody = all_rows(target)
        return distillation_loss(
            outputs, target, everybody, rank() * len(target), self.recipe.contrast, self.recipe.temperature
        )

    def measures_of(self, outputs: Tensor, batch: Batch) -> dict[str, float]:
        """Loss and cosine of outputs (n, components)."""
        target = self._target(batch)
        loss = distillation_loss(outputs, target, target, 0, self.recipe.contrast, self.recipe.temperature)
        return {"val_loss": float(loss), "val_cosine": float(F.cosine_similarity(outputs, target).mean())}

    def _target(self, batch: Batch) -> Tensor:
        assert batch.teacher is not None, "examples without a teacher"
        return torch.from_numpy(batch.teacher).to(self.device)


def distillation_loss(
    outputs: Tensor, target: Tensor, everybody: Tensor, first: int, contrast: float, temperature: float
) -> Tensor:
    """Mean over the rows of 1 - cosine, and contrast times the cross-entropy of finding one's own target.

    Parameters
    ----------
    outputs, target : Tensor of shape (n, d)
        ``target`` of length 1.
    everybody : Tensor of shape (m, d)
        The targets among which each row must find its own; row i's own is ``first + i``.
    first : int
    contrast, temperature : float

    Examples
    --------
    >>> float(distillation_loss(2 * torch.eye(3), torch.eye(3), torch.eye(3), 0, contrast=1.0, temperature=0.01))
    0.0
    """
    student = F.normalize(outputs, dim=1)
    loss = (1.0 - (student * target).sum(dim=1)).mean()
    if contrast > 0:
        own = torch.arange(first, first + len(outputs), device=outputs.device)
        loss = loss + contrast * F.cross_entropy(student @ everybody.T / temperature, own)
    return loss


def component_names(n: int) -> tuple[str, ...]:
    """Names of outputs that are no classes.

    Examples
    --------
    >>> component_names(2)
    ('component 0', 'component 1')
    """
    return tuple(f"component {i}" for i in range(n))

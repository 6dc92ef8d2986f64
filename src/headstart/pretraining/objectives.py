"""What pre-training minimises: the interface, and the usual case of labelled examples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from headstart.errors import ParameterError
from headstart.networks.cutting.chain import find_chain
from headstart.networks.cutting.features import flat
from headstart.networks.cutting.trace import main_tensor
from headstart.nn.channels_last import channels_last
from headstart.pretraining.examples.examples import UNLABELLED, Batch
from headstart.training.device import autocast, has_bf16


class Objective(ABC):
    """A loss on batches of examples, and everything with weights that it needs.

    Attributes
    ----------
    modules : ModuleDict
        All that is trained or moves, so that its ``state_dict`` is all that a resumed run needs; ``"network"`` is the
        one that is saved.
    outputs : tuple of str
        Names of the saved network's outputs.
    words : str
        What is minimised, for the model card.
    settings : dict
        The numbers behind it, in plain JSON types, for the model card; they also tell one run from another.
    device : torch.device
        Where ``modules`` are; set by `settle`.
    """

    modules: nn.ModuleDict
    outputs: tuple[str, ...]
    words: str
    settings: dict[str, Any]
    device = torch.device("cpu")
    bf16 = False
    preprocessing: Any = None

    def settle(self, device: torch.device, preprocessing: Any) -> None:
        """Move to where the training is; called once, before anything else.

        Parameters
        ----------
        device : torch.device
        preprocessing : Preprocessing or SoundPreprocessing
            How the examples are normalised.
        """
        self.device, self.preprocessing, self.bf16 = device, preprocessing, has_bf16(device)
        self.modules.to(device)
        channels_last(self.modules)

    @abstractmethod
    def loss(self, batch: Batch) -> Tensor:
        """The loss of a batch, a mean over its examples, in training mode; a scalar with gradients."""

    @abstractmethod
    def measure(self, batches: Iterable[Batch]) -> dict[str, float]:
        """How good it is on held-out examples, in evaluation mode without gradients; has ``val_loss``, lower better."""

    def after_step(self) -> None:
        """Called after every step, for what follows the weights (a moving average). By default nothing."""
        return

    def chance(self) -> dict[str, float]:
        """What guessing would reach, for any of the names that `measure` gives; empty by default."""
        return {}

    def remarks(self, measured: dict[str, float]) -> list[str]:
        """What whoever reads the last measurements must be told, in sentences; empty by default."""
        return []

    def inputs(self, x: np.ndarray | Tensor) -> Tensor:
        """Network input from stored examples: normalised float32 on the device."""
        return prepared(x, self.preprocessing, self.device)

    def arithmetic(self) -> AbstractContextManager[object]:
        """A context in which products run in bfloat16, where the device has it."""
        return autocast(self.device, self.bf16)

    def run(self, x: np.ndarray | Tensor) -> Tensor:
        """Outputs of the network for stored examples, (n, outputs) in float32."""
        inputs = self.inputs(x)
        with self.arithmetic():
            outputs = main_tensor(self.modules["network"](inputs))
        assert outputs is not None
        return outputs.float()


class ClassLabels(Objective):
    """Tell the classes apart: cross-entropy with label smoothing (Szegedy et al. 2016, section 7).

    Parameters
    ----------
    network : torch.nn.Module
        One output a class.
    class_names : sequence of str
    label_smoothing : float, default=0.1
        In 0 to 1.
    """

    def __init__(self, network: nn.Module, class_names: Sequence[str], label_smoothing: float = 0.1) -> None:
        self.modules = nn.ModuleDict({"network": network})
        self.outputs = tuple(class_names)
        self.label_smoothing = label_smoothing
        self.words = f"cross-entropy over {len(self.outputs)} classes"
        self.settings = {"label_smoothing": label_smoothing}

    def loss(self, batch: Batch) -> Tensor:
        return self.loss_of(self.run(batch.x), batch)

    def measure(self, batches: Iterable[Batch]) -> dict[str, float]:
        return averaged((self.measures_of(self.run(batch.x), batch), len(batch)) for batch in batches)

    def chance(self) -> dict[str, float]:
        return {"val_accuracy": 1 / len(self.outputs)}

    def loss_of(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Loss of outputs (n, classes), whatever gave them; a mean over the examples with a class."""
        target = self._target(batch)
        total = F.cross_entropy(
            outputs, target, label_smoothing=self.label_smoothing, reduction="sum", ignore_index=UNLABELLED
        )
        return total / max(1, int((target != UNLABELLED).sum()))

    def measures_of(self, outputs: Tensor, batch: Batch) -> dict[str, float]:
        """Cross-entropy and accuracy of outputs (n, classes); empty where no example has a class."""
        target = self._target(batch)
        known = target != UNLABELLED
        if not known.any():
            return {}
        outputs, target = outputs[known], target[known]
        right = (outputs.argmax(dim=1) == target).float().mean()
        return {"val_loss": float(F.cross_entropy(outputs, target)), "val_accuracy": float(right)}

    def _target(self, batch: Batch) -> Tensor:
        assert batch.y is not None, "examples without labels"
        return torch.as_tensor(batch.y).to(self.device)


class Joint(Objective):
    """Several objectives of one network at once: a weighted sum, from one forward pass.

    The network's own outputs belong to the first one; each other one reads the same features, the input of the
    network's output layer, through a linear layer of its own, which is not saved.

    Parameters
    ----------
    objectives : sequence of ClassLabels or Distillation
        All made with the same network.
    weights : sequence of float
        One each.
    example : Tensor
        A batch of two network inputs, to find the output layer with.
    seed : int, default=0
        Of the first weights of the linear layers.
    """

    def __init__(self, objectives: Sequence[Any], weights: Sequence[float], example: Tensor, seed: int = 0) -> None:
        network = objectives[0].modules["network"]
        chain = find_chain(network.eval(), example)
        if chain.output_layer is None:
            raise ParameterError(
                f"Expected a network with an output layer, found {type(network).__name__} without one.",
                "Take another --network.",
            )
        self.output_layer = chain.output_layer
        self.objectives, self.weights = tuple(objectives), tuple(float(weight) for weight in weights)
        self.outputs = objectives[0].outputs
        self.words = " and ".join(
            f"{weight:g} x ({objective.words})" for objective, weight in zip(objectives, weights, strict=True)
        )
        self.settings = {"weights": list(self.weights), **{k: v for o in objectives for k, v in o.settings.items()}}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            heads = {f"head {i}": nn.Linear(chain.n_features, len(o.outputs)) for i, o in enumerate(objectives) if i}
        self.modules = nn.ModuleDict({"network": network, **heads})

    def settle(self, device: torch.device, preprocessing: Any) -> None:
        super().settle(device, preprocessing)
        for objective in self.objectives:
            objective.device = device

    def loss(self, batch: Batch) -> Tensor:
        parts = zip(self.objectives, self.weights, self._outputs(batch), strict=True)
        losses = [weight * objective.loss_of(outputs, batch) for objective, weight, outputs in parts]
        return torch.stack(losses).sum()

    def measure(self, batches: Iterable[Batch]) -> dict[str, float]:
        return averaged((self._measures(batch), len(batch)) for batch in batches)

    def chance(self) -> dict[str, float]:
        return {name: value for objective in self.objectives for name, value in objective.chance().items()}

    def _measures(self, batch: Batch) -> dict[str, float]:
        found: dict[str, float] = {}
        loss = 0.0
        for objective, weight, outputs in zip(self.objectives, self.weights, self._outputs(batch), strict=True):
            measures = objective.measures_of(outputs, batch)
            loss += weight * measures.pop("val_loss", 0.0)
            found.update(measures)
        return {"val_loss": loss, **found}

    def _outputs(self, batch: Batch) -> list[Tensor]:
        seen: list[Tensor] = []
        layer = self.modules["network"].get_submodule(self.output_layer)
        handle = layer.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
        try:
            own = self.run(batch.x)
        finally:
            handle.remove()
        features = flat(seen[-1])
        with self.arithmetic():
            others = [self.modules[f"head {i}"](features).float() for i in range(1, len(self.objectives))]
        return [own, *others]


def prepared(x: np.ndarray | Tensor, preprocessing: Any, device: torch.device) -> Tensor:
    """Network input from stored examples.

    Parameters
    ----------
    x : ndarray or Tensor
        Pictures (n, size, size, 3) in uint8, or sounds (n, samples) in float32.
    preprocessing : Preprocessing or SoundPreprocessing
    device : torch.device

    Returns
    -------
    Tensor
        Pictures normalised, (n, 3, size, size) in float32, channels last in memory; sounds as they are.
    """
    batch = torch.as_tensor(x).to(device)
    if preprocessing.as_is is not None:
        return batch.float()
    mean = torch.tensor(preprocessing.mean, device=device).view(-1, 1, 1) / preprocessing.scale
    std = torch.tensor(preprocessing.std, device=device).view(-1, 1, 1) / preprocessing.scale
    return (batch.permute(0, 3, 1, 2).float() - mean) / std  # of memory (n, h, w, c): channels last already


def averaged(parts: Iterable[tuple[dict[str, float], int]]) -> dict[str, float]:
    """Means of what was measured on batches of n examples each; each over the batches on which it was measured.

    Examples
    --------
    >>> averaged([({"val_loss": 1.0}, 1), ({"val_loss": 2.0}, 3)])
    {'val_loss': 1.75}
    """
    sums: dict[str, float] = {}
    totals: dict[str, int] = {}
    for measures, n in parts:
        for name, value in measures.items():
            sums[name] = sums.get(name, 0.0) + value * n
            totals[name] = totals.get(name, 0) + n
    return {name: value / totals[name] for name, value in sums.items()}

"""Adaptations by one more term: class confusion, or a distance of the two domains' features."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import softmax

from headstart.contract.options import check_number
from headstart.features.adapted.trained import TrainedAdaptation
from headstart.math.transport.exact_plan import exact_plan
from headstart.nn.losses.class_confusion import class_confusion
from headstart.nn.losses.joint_transport import joint_costs, transported
from headstart.nn.losses.kernel_means import kernel_mean_distance, mixed_kernel
from headstart.nn.losses.moments import coral_distance, norm_step
from headstart.training.two_domains import Step


@dataclass(frozen=True)
class WeightedTerm(TrainedAdaptation):
    """Cross-entropy of the source, and a term of both domains times its weight.

    Parameters
    ----------
    weight : float, default=1.0
        0 or more.
    """

    _: KW_ONLY
    weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("weight", self.weight, 0)

    @abstractmethod
    def term(self, step: Step) -> Tensor:
        """The term, before its weight."""

    def loss(self, step: Step) -> Tensor:
        """The term times its weight."""
        return self.weight * self.term(step)


@dataclass(frozen=True)
class MinimumClassConfusion(WeightedTerm):
    """Make answers for the target mix classes up less (Jin et al. 2020, MCC).

    Parameters
    ----------
    temperature : float, default=2.5
        Above 0.
    """

    _: KW_ONLY
    temperature: float = 2.5

    trains_head: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("temperature", self.temperature, 0, open_low=True)

    def term(self, step: Step) -> Tensor:
        """Class confusion of the target's answers."""
        return class_confusion(step.logits, self.temperature)


@dataclass(frozen=True)
class DeepCORAL(WeightedTerm):
    """Bring the covariances of both domains together (Sun and Saenko 2016, equation 1).

    Parameters
    ----------
    weight : float, default=1.0
        Times d, since the distance is a mean over d squared entries.
    """

    def term(self, step: Step) -> Tensor:
        """Distance of the covariances of features."""
        return coral_distance(step.source, step.target) * step.source.shape[1]


@dataclass(frozen=True)
class DAN(WeightedTerm):
    """Bring the means of both domains in the space of several kernels together (Long et al. 2015).

    Parameters
    ----------
    batch_size : int, default=256
        Rows of each domain in a step; all pairs of them are compared.
    """

    _: KW_ONLY
    batch_size: int = 256

    trains_head: ClassVar[bool] = True

    def term(self, step: Step) -> Tensor:
        """Distance of kernel means of features."""
        return kernel_mean_distance(mixed_kernel(torch.cat([step.source, step.target])), len(step.source))


@dataclass(frozen=True)
class JAN(DAN):
    """Bring features and answers together, jointly: the product of their kernels (Long et al. 2017)."""

    def term(self, step: Step) -> Tensor:
        """Distance of kernel means of features with answers."""
        answers = softmax(torch.cat([step.source_logits, step.logits]), dim=1)
        kernel = mixed_kernel(torch.cat([step.source, step.target])) * mixed_kernel(answers, 1.68, 0)
        return kernel_mean_distance(kernel, len(step.source))


@dataclass(frozen=True)
class AFN(WeightedTerm):
    """Let the features of both domains grow, step by step (Xu et al. 2019, stepwise adaptive feature norm).

    Parameters
    ----------
    weight : float, default=0.05
    step_length : float, default=1.0
        How much longer a row is asked to be; above 0.
    learning_rate : float, default=3e-4
    """

    _: KW_ONLY
    weight: float = 0.05
    step_length: float = 1.0
    learning_rate: float = 3e-4

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("step_length", self.step_length, 0, open_low=True)

    def term(self, step: Step) -> Tensor:
        """Of both domains."""
        return norm_step(step.source, self.step_length) + norm_step(step.target, self.step_length)


@dataclass(frozen=True)
class DeepJDOT(WeightedTerm):
    """Pay for the exact transport of labelled source rows to target rows with answers (Damodaran et al. 2018).

    Parameters
    ----------
    distance_weight, label_weight : float, default=1.0
        Alpha and lambda of the costs; 0 or more.
    batch_size : int, default=256
        Rows of each domain between which an exact plan is found in each step.
    """

    _: KW_ONLY
    distance_weight: float = 1.0
    label_weight: float = 1.0
    batch_size: int = 256

    trains_head: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("distance_weight", self.distance_weight, 0)
        check_number("label_weight", self.label_weight, 0)

    def term(self, step: Step) -> Tensor:
        """What the best plan costs."""
        weights = {"distance": self.distance_weight, "label": self.label_weight}
        costs = joint_costs(step.source, step.Y, step.target, step.logits, **weights)
        n, m = costs.shape
        a, b = torch.full((n,), 1 / n, dtype=torch.float64), torch.full((m,), 1 / m, dtype=torch.float64)
        plan = exact_plan(costs.detach().double().numpy(), a.numpy(), b.numpy()).plan
        return transported(costs, torch.from_numpy(plan.toarray()).float())

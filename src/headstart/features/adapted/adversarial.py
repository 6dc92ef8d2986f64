"""Adaptations as a game in one step: behind a reversed gradient stands who tells domains apart, or who disagrees."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softmax

from headstart.contract.options import check_number
from headstart.features.adapted.matching import WeightedTerm
from headstart.nn.layers.gradient_reversal import reversal_strength, reverse_gradient
from headstart.nn.layers.heads import load_linear, make_head
from headstart.nn.losses.adversarial import domain_loss, entropy_weights, multilinear_map
from headstart.nn.losses.disagreement import classifier_discrepancy, margin_disparity
from headstart.training.two_domains import Step, linear_of


@dataclass(frozen=True)
class DANN(WeightedTerm):
    """Features by which a discriminator cannot tell the domains apart (Ganin et al. 2016).

    Parameters
    ----------
    hidden : int, default=128
        Units of the discriminator's hidden layer.
    learning_rate : float, default=3e-4
    """

    _: KW_ONLY
    hidden: int = 128
    learning_rate: float = 3e-4

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("hidden", self.hidden, 1, whole=True)

    def own_modules(self, coef: np.ndarray, intercept: np.ndarray, seed: int) -> dict[str, nn.Module]:
        """The discriminator."""
        return {"discriminator": make_head(self._seen(*coef.shape), 1, [int(self.hidden)])}

    def _seen(self, n_features: int, n_classes: int) -> int:
        return n_features

    def term(self, step: Step) -> Tensor:
        """The discriminator's loss on features."""
        return domain_loss(self._told(step, step.source), self._told(step, step.target))

    def _told(self, step: Step, shown: Tensor) -> Tensor:
        scores: Tensor = step.modules["discriminator"](reverse_gradient(shown, reversal_strength(step.progress)))
        return scores[:, 0]


@dataclass(frozen=True)
class CDAN(DANN):
    """The discriminator sees features times answers, and sure rows count more (Long et al. 2018, CDAN+E)."""

    def _seen(self, n_features: int, n_classes: int) -> int:
        return n_features * n_classes

    def term(self, step: Step) -> Tensor:
        """The discriminator's loss on features conditioned on answers; no gradient goes through the answers."""
        sides = ((step.source, step.source_logits), (step.target, step.logits))
        shown = [multilinear_map(features, softmax(logits.detach(), dim=1)) for features, logits in sides]
        weights = entropy_weights(step.source_logits), entropy_weights(step.logits)
        return domain_loss(self._told(step, shown[0]), self._told(step, shown[1]), weights)


@dataclass(frozen=True)
class MCD(WeightedTerm):
    """Two heads that disagree as much as they can on the target, and a map that leaves them nothing to disagree on.

    Saito et al. (2018), with a reversed gradient in the place of their three steps in turn. The second head begins as
    the solved one with noise; answers are those of the mean of both.

    Parameters
    ----------
    noise : float, default=0.5
        Of the second head at the start, relative to the solved coefficients' deviation; above 0.
    """

    _: KW_ONLY
    noise: float = 0.5

    trains_head: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("noise", self.noise, 0, open_low=True)

    def own_modules(self, coef: np.ndarray, intercept: np.ndarray, seed: int) -> dict[str, nn.Module]:
        """The second head."""
        second, rng = make_head(*coef.shape), np.random.default_rng(seed)
        load_linear(second, coef + rng.normal(0, float(self.noise) * float(coef.std()), coef.shape), intercept)
        return {"second": second}

    def term(self, step: Step) -> Tensor:
        """Minus the discrepancy, reversed before the map."""
        second = step.modules["second"]
        turned = reverse_gradient(step.target)
        gap = classifier_discrepancy(step.modules["head"](turned), second(turned))
        return cross_entropy(second(step.source), step.Y) - gap

    def head_of(self, modules: nn.ModuleDict) -> tuple[Tensor, Tensor]:
        """The mean of both heads."""
        layers = [linear_of(modules[name]) for name in ("head", "second")]
        weights, biases = ([getattr(x, name).detach() for x in layers] for name in ("weight", "bias"))
        return torch.stack(weights).mean(dim=0).T, torch.stack(biases).mean(dim=0)


@dataclass(frozen=True)
class MDD(WeightedTerm):
    """An adversary that agrees with the head on the source and not on the target, by a margin (Zhang et al. 2019).

    Parameters
    ----------
    weight : float, default=0.1
    margin : float, default=4.0
        Gamma; 1 or more.
    """

    _: KW_ONLY
    weight: float = 0.1
    margin: float = 4.0

    trains_head: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("margin", self.margin, 1)

    def own_modules(self, coef: np.ndarray, intercept: np.ndarray, seed: int) -> dict[str, nn.Module]:
        """The adversary."""
        adversary = make_head(*coef.shape)
        load_linear(adversary, coef, intercept)
        return {"adversary": adversary}

    def term(self, step: Step) -> Tensor:
        """Minus the disparity, reversed before the map; the head's answers are constants to it."""
        sides = []
        for features, logits in ((step.source, step.source_logits), (step.target, step.logits)):
            turned = reverse_gradient(features, reversal_strength(step.progress))
            sides.append((logits.detach(), step.modules["adversary"](turned)))
        return -margin_disparity(sides[0], sides[1], float(self.margin))

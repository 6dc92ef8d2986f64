"""What an estimator has learned: network, head, and how to go from features to scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.special import expit, softmax
from torch import nn

from headstart.data.inputs.inputs import as_inputs
from headstart.networks.network import Network
from headstart.networks.running.cache import passing_cache
from headstart.networks.running.embed import embed
from headstart.networks.running.features import Features
from headstart.nn.layers.heads import Standardise
from headstart.parameters.heads.solved import SolvedHead
from headstart.parameters.heads.targets import Targets
from headstart.training.device import pick_device

if TYPE_CHECKING:
    from headstart.parameters.heads.hidden_heads import HiddenHeads

#: File of a head that cannot stand inside the network.
HEAD = "head.safetensors"


@dataclass(frozen=True)
class Fitted:
    """The result of a fit.

    Attributes
    ----------
    targets : Targets
        Classes or scale of the targets.
    network : Network or None
        The body, with its weights after training; None for ready-made features.
    solved : SolvedHead or None
        A solved head, or None where layers were trained.
    layers : nn.Sequential or None
        A trained head on the input of the output layer.
    history : list of dict
        One record an epoch.
    shift, scale : ndarray of shape (d,)
        Standardisation of ready-made features.
    """

    targets: Targets
    network: Network | None
    solved: SolvedHead | HiddenHeads | None
    layers: nn.Sequential | None
    history: list[dict[str, float]] = field(default_factory=list)
    shift: np.ndarray = field(default_factory=lambda: np.zeros(1))
    scale: np.ndarray = field(default_factory=lambda: np.ones(1))

    def scores(self, features: Features) -> np.ndarray:
        """Logits, or standardised predictions, of shape (n, K)."""
        if self.solved is not None:
            return self.solved.scores(features)
        assert self.layers is not None
        with torch.no_grad():
            return self.layers(torch.from_numpy(features.output.astype(np.float32))).numpy().astype(np.float64)

    def exact(self, X: Any, device: str) -> Features:
        """Features of inputs for predicting: in float32."""
        assert self.network is not None
        cache = passing_cache() if self.solved is None else None
        return embed(self.network, as_inputs(X), device=str(pick_device(device)), exact=True, cache=cache)

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Of each class, from logits (n, K); for several labels that of each label."""
        return np.asarray(expit(scores) if self.targets.task == "multilabel" else softmax(scores, axis=1))

    def answers(self, scores: np.ndarray) -> np.ndarray:
        """Labels (n,) or 0/1 (n, L) from logits, or numbers (n,) or (n, t) in the units of y."""
        if self.targets.task == "multilabel":
            return (scores > 0).astype(int)
        if self.targets.task == "classification":
            return np.asarray(self.targets.classes)[scores.argmax(axis=1)]
        numbers = scores * self.targets.scale + self.targets.shift
        return numbers[:, 0] if self.targets.flat else numbers

    @property
    def linear(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Coefficients (d, K) and intercepts (K,) where the head is one linear map of the network's last features."""
        if self.solved is not None:
            return linear_part(self.solved) if isinstance(self.solved, SolvedHead) and self.solved.is_linear else None
        assert self.layers is not None
        *first, layer = [m for m in self.layers if not isinstance(m, nn.Dropout)]
        before = [m for m in first if isinstance(m, Standardise)]
        if not isinstance(layer, nn.Linear) or len(before) < len(first):
            return None
        coef, intercept = (part.detach().numpy().astype(np.float64) for part in (layer.weight.mT, layer.bias))
        for fixed in before[::-1]:
            shift, scale = (part.numpy().astype(np.float64) for part in (fixed.shift, fixed.scale))
            coef, intercept = coef * scale[:, None], intercept - (shift * scale) @ coef
        return coef, intercept


def linear_part(head: SolvedHead) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and intercepts of a solved linear head."""
    return head.parts[0].coef, head.parts[0].intercept


def cooled(linear: tuple[np.ndarray, np.ndarray], temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """A head whose logits are those of another, divided by a temperature."""
    return linear[0] / temperature, linear[1] / temperature

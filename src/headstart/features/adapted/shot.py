"""SHOT: the source's head stays, and the target's rows are brought before it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor
from torch.nn.functional import cross_entropy

from headstart.contract.options import check_number, check_option
from headstart.features.adapted.adaptation import Adaptation
from headstart.features.adapted.problem import Problem
from headstart.features.adapted.solved import GaussianTransport
from headstart.features.adapted.trained import TrainedAdaptation
from headstart.nn.losses.information import centroid_labels, information_maximisation
from headstart.training.two_domains import Step


@dataclass(frozen=True)
class SHOT(TrainedAdaptation):
    r"""Source hypothesis transfer: a frozen head, information maximisation, and pseudo-labels by nearest centroid.

    .. math:: L = L_{ent} + L_{div} - \beta\, \tfrac1m \sum_j \log p_{j \hat y_j}

    With ``standardise=True`` it is "z-shot". Among the strongest adaptations here on pairs of which both sides have
    all classes, and harmful where the target lacks some: name them in ``target_classes``.

    Parameters
    ----------
    pseudo_weight : float, default=0.3
        Beta; 0 or more.
    carried : bool, default=False
        Begin with the head that is solved on the source after the linear Monge map has carried it to the target
        ("monge-shot"): a better start where classes have the same shares on both sides.

    References
    ----------
    Liang, Hu and Feng (2020), Do we really need to access the source data? Source hypothesis transfer for unsupervised
    domain adaptation, sections 3.2 and 3.3. Where we differ: a solved head and a residual map in the place of a trained
    network with a bottleneck, and pseudo-labels anew at each quarter of the training.

    Examples
    --------
    >>> SHOT(steps=50).steps
    50
    """

    _: KW_ONLY
    pseudo_weight: float = 0.3
    carried: bool = False

    learns_source: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("pseudo_weight", self.pseudo_weight, 0)
        check_option("carried", self.carried, (True, False))

    def sides(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """The source where its head was solved, and the target brought before that."""
        source, target = super().sides(problem)
        return GaussianTransport().sides(problem)[0] if self.carried else source, target

    @property
    def start(self) -> Adaptation:
        """The source's head, or the transported one."""
        return GaussianTransport(standardise=self.standardise) if self.carried else super().start

    def pseudo_labels(self, features: Tensor, logits: Tensor) -> Tensor:
        """Classes of the nearest centroids."""
        return centroid_labels(features, logits)

    def loss(self, step: Step) -> Tensor:
        """Of the target's rows alone."""
        return information_maximisation(step.logits) + self.pseudo_weight * cross_entropy(step.logits, step.pseudo)

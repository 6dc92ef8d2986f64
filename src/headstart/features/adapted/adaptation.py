"""What all adaptations share: options that are frozen, and a head of the source made into one for the target."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass

import numpy as np

from headstart.contract.options import check_option
from headstart.features.adapted.problem import Problem


@dataclass(frozen=True)
class Adaptation(ABC):
    """How a head that was solved on the source is made into one for the target.

    Parameters
    ----------
    standardise : bool, default=False
        Bring the columns of each domain to mean 0 and deviation 1 first. Right where domains differ by what every row
        has in common (light, microphone), harmful where columns are mostly zero or classes have other shares.
    """

    _: KW_ONLY
    standardise: bool = False

    def __post_init__(self) -> None:
        check_option("standardise", self.standardise, (True, False))

    @property
    def start(self) -> Adaptation:
        """What solves the head that the last blocks of a network are adapted behind; by default this itself."""
        return self

    @abstractmethod
    def adapted(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (r, K) and intercepts (K,) for coordinates of the target's rows."""

    def sides(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """Rows of both domains where the adapted head stands: (n, r) and (m, r); by default in their coordinates."""
        return problem.source, problem.target

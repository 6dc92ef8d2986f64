"""The head of a model as one linear map of its network's last features, where it is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.networks.network import Network
from headstart.networks.seeing.activation_map import last_map


@dataclass(frozen=True, eq=False)
class LinearHead:
    """A network whose last map is pooled, and the linear head on that.

    Attributes
    ----------
    network : Network
    coef : ndarray, (d, K)
        Of the answer's scores, for numbers in units of y.
    intercept : ndarray, (K,)
    block : str
        The module that returns the map.
    """

    network: Network
    coef: np.ndarray
    intercept: np.ndarray
    block: str


def linear_head(model: Any) -> LinearHead | None:
    """The linear head of a model; None where it has no network, another head, or a network without a pooled map.

    Parameters
    ----------
    model : headstart.Model
    """
    fitted = getattr(model.answers, "fitted_", None)
    if fitted is None or fitted.network is None or fitted.linear is None:
        return None
    block = last_map(fitted.network)
    if block is None:
        return None
    coef, intercept = fitted.linear
    if model.task == "regression":
        scale = fitted.targets.scale
        coef, intercept = coef * scale, intercept * scale + fitted.targets.shift
    return LinearHead(fitted.network, coef, intercept, block)

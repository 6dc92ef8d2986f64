"""The head that training a network starts from: put on its optimum while the network stands still."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from torch import nn

from headstart.networks.running.features import Features
from headstart.parameters.heads.deep_head import train_deep_head
from headstart.parameters.heads.fitted import linear_part
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.heads.solved import solve_head
from headstart.parameters.heads.targets import Targets
from headstart.parameters.tuning.plan import RATES


def first_head(
    features: np.ndarray,
    targets: Targets,
    settings: TuningSettings,
    *,
    groups: np.ndarray | None = None,
    held_out: tuple[np.ndarray, np.ndarray] | None = None,
    lent: int = 0,
) -> tuple[np.ndarray, np.ndarray] | nn.Sequential:
    """A head on the frozen features, before the network moves (Kumar et al. 2022, LP-FT).

    A linear head is solved; one with hidden layers is trained for as many epochs, at the rate of new heads, on
    standardised features.

    Parameters
    ----------
    features : ndarray of shape (n, d), float32
    targets : Targets of n
    settings : TuningSettings
    groups : ndarray of shape (n,), optional
        For the folds that a linear head's penalty is chosen on.
    held_out : (train rows, validation rows), optional
        For stopping early.
    lent : int, default=0
        How many of the last rows are lent by other sets; a linear head is not judged on them.

    Returns
    -------
    (coef (d, K), intercept (K,)), or nn.Sequential
    """
    if not settings.widths:
        how: dict[str, Any] = {"groups": groups, "random_state": settings.seed, "lent": lent}
        return linear_part(solve_head(Features.of(features), targets, "linear", **how))
    alone = dataclasses.replace(settings, learning_rate=RATES[settings.optimizer][1])
    return train_deep_head(features, targets, alone, held_out=held_out)[0]

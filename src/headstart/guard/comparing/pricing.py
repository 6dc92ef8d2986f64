"""What a candidate that trains in epochs will cost on this machine."""

from __future__ import annotations

import time
from typing import Any

import torch

from headstart.guard.candidates.for_inputs import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.budget import Price
from headstart.guard.comparing.journal import Journal
from headstart.parameters.tuning.plan import network_for, trained_blocks
from headstart.parameters.tuning.price import predict_parts

_HOPELESS = 4.0
_STEP = 3.0


def price_of(candidate: Candidate, material: Material, n_splits: int, usable: float, journal: Journal) -> Price:
    """Seconds that a candidate will take, predicted from measured speed; kept in the journal.

    A few training steps are timed, unless one forward pass already shows that it would take several times what there
    is: then that rough figure is its price.

    Parameters
    ----------
    candidate : Candidate
    material : Material
    n_splits : int
        Folds.
    usable : float
        Seconds that there are in all.
    journal : Journal
    """
    n = len(material)
    n_fold = n - n // n_splits

    def measured() -> list[float]:
        once, fold = 0.0, rough_seconds(candidate.estimator, n_fold, material.input_type)
        if fold * n_splits < _HOPELESS * usable:
            once, fold = predict_parts(candidate.fresh(), n_fold, material.rows, material.columns.shape[1])
        once, whole = once * n / n_fold, fold * n / n_fold * candidate.final_rows
        return [once, fold, once * (candidate.final_rows - 1) + whole * candidate.final_fits]

    once, fold, refit = journal.decide(f"price of {candidate.name} over {n_splits} folds", measured)
    return Price(candidate.name, fold, refit, n_splits, once)


def rough_seconds(estimator: Any, n_train: int, input_type: str = "image") -> float:
    """Seconds of training all layers, if a step costs three times a forward pass; 0 where only a part is trained.

    Parameters
    ----------
    estimator : TransferClassifier or TransferRegressor
    n_train : int
        Examples to train on.
    input_type : {"image", "audio"}, default="image"
    """
    if estimator.source is not None and trained_blocks(estimator.train) is not None:
        return 0.0
    network = network_for(estimator, input_type)
    seconds = []
    with torch.no_grad():
        for _ in range(2):
            start = time.monotonic()
            network.module(network.example(1))
            seconds.append(time.monotonic() - start)
    return _STEP * min(seconds) * n_train * int(estimator.epochs)

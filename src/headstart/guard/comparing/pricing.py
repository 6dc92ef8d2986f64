"""What a candidate will cost: a stated price where that is enough, else one measured in processor time."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.budget import Price
from headstart.guard.comparing.journal import Journal
from headstart.guard.comparing.table_price import table_fold
from headstart.source import Source

_HOPELESS = 4.0
_STEP = 3.0
_FOR_PRICES = 0.5
#: Seconds a fold of one candidate of the standard list for tables, with up to 100 columns and two classes: at least,
#: and for each 500 rows; about three times what it takes on an old processor, so that nothing need be measured.
_STATED, _STATED_MORE = 0.1, 0.03
_STATED_ROWS, _STATED_COLUMNS = 500, 100
#: Seconds an input of features that are measured without a network.
_SIMPLE = 0.02


def price_of(candidate: Candidate, material: Material, n_splits: int, usable: float, journal: Journal) -> Price:
    """Seconds that a candidate which trains in epochs will take, predicted from measured speed; kept in the journal.

    A few training steps are timed, unless one forward pass already shows that it would take several times what there
    is, or half of the time is gone: then that rough figure is its price.

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
    from headstart.parameters.tuning.price import predict_parts  # rows of a table need no torch

    lent = _lent_to(candidate)
    n, n_fold = len(material) + lent, len(material) - len(material) // n_splits + lent

    def measured() -> list[float]:
        hurried = journal.elapsed() > _FOR_PRICES * usable
        once, fold = 0.0, rough_seconds(candidate.estimator, n_fold, material, parts_too=hurried)
        if not hurried and fold * n_splits < _HOPELESS * usable:
            once, fold = predict_parts(candidate.fresh(), n_fold, material.rows, material.columns.shape[1])
        once, whole = once * n / n_fold, fold * n / n_fold * candidate.final_rows
        return [once, fold, once * (candidate.final_rows - 1) + whole * candidate.final_fits]

    once, fold, refit = journal.decide(f"price of {candidate.name} over {n_splits} folds", measured)
    return Price(candidate.name, fold, refit, n_splits, once)


def rough_seconds(estimator: Any, n_train: int, material: Material, parts_too: bool = False) -> float:
    """Seconds of training all layers, if a step costs three times a forward pass; 0 where only a part is trained.

    With ``parts_too`` what trains a part is priced as if it trained all, rather than not at all.

    Parameters
    ----------
    estimator : TransferClassifier or TransferRegressor
    n_train : int
        Examples to train on.
    material : Material
    parts_too : bool, default=False
    """
    from headstart.parameters.tuning.plan import network_for, trained_blocks
    from headstart.parameters.tuning.price import seconds_each

    if not parts_too and estimator.source is not None and trained_blocks(estimator.train) is not None:
        return 0.0
    network = network_for(estimator, material.input_type)
    return _STEP * seconds_each(network, material.rows, material.device) * n_train * int(estimator.epochs)


def stated_price(candidate: Candidate, material: Material, n_splits: int) -> Price:
    """The price of a candidate of the standard list for tables by the rows, columns and classes that it learns from."""
    rows = len(material) + (sum(len(source.y) for source in material.sources) if candidate.transfer else 0)
    size = max(1.0, material.rows.shape[1] / _STATED_COLUMNS) * max(1.0, material.columns.shape[1] / 2)
    fold = (_STATED + _STATED_MORE * rows / _STATED_ROWS) * size
    return Price(candidate.name, fold, fold * n_splits / (n_splits - 1), n_splits)


def cheap_price(candidate: Candidate, material: Material, n_splits: int, journal: Journal) -> Price:
    """Seconds that a candidate takes which does not train in epochs; kept in the journal.

    Of rows of numbers it is fitted to a small part of them. Of pictures, clips and texts the frozen network's forward
    passes are most of it, and they are run once for all folds.
    """

    def measured() -> list[float]:
        if material.numbers:
            return [0.0, table_fold(candidate, material, n_splits)]
        from headstart.parameters.tuning.price import HEAD_SECONDS

        return [_features(candidate, material, journal), HEAD_SECONDS * max(1.0, len(material) / 1000)]

    once, fold = journal.decide(f"price of {candidate.name} over {n_splits} folds", measured)
    return Price(candidate.name, fold, fold * n_splits / (n_splits - 1), n_splits, once)


def later_seconds(material: Material, later: int, journal: Journal) -> float:
    """Seconds that predicting so many examples takes after everything is fitted."""
    network = material.fitting_network
    if not later or network is None:
        return 0.0
    from headstart.parameters.tuning.price import seconds_each

    def measured() -> float:
        return later * seconds_each(network, material.rows, material.device)

    return float(journal.decide(f"price of {later} later", measured))


def _lent_to(candidate: Candidate) -> int:
    """How many examples beside the target's a candidate that trains in epochs learns from: of sets, of other tasks."""
    source, others = getattr(candidate.estimator, "source", None), getattr(candidate.estimator, "beside", None)
    sets = [one for one in source if isinstance(one, Source)] if isinstance(source, list) else []
    return sum(len(one.y) for one in sets) + (0 if others is None else others.others)


def _features(candidate: Candidate, material: Material, journal: Journal) -> float:
    """Seconds of what is computed once an example before a head is fitted; networks of one structure take the same."""
    from headstart.networks.network import Network
    from headstart.parameters.tuning.price import seconds_each

    source = getattr(candidate.estimator, "source", None)
    network = source if isinstance(source, Network) else None
    if candidate.takes == "features":
        network = material.fitting_network
    if network is None:
        return _SIMPLE * len(material)
    views = int(np.max(getattr(candidate.estimator, "views", None) or 1))
    more = getattr(candidate.estimator, "unlabelled", None)
    n = len(material) * views + (0 if more is None else len(more))
    size = sum(weights.numel() for weights in network.module.parameters())
    alike = f"{type(network.module).__name__} of {size:,} weights at {network.preprocessing.key()}"
    each = journal.decide(
        f"price of one example through {alike}", lambda: seconds_each(network, material.rows, material.device)
    )
    return float(each) * n

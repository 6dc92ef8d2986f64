"""What is known of a model that was chosen without labels, in plain JSON types."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone

from headstart.contract.network_rows import features_by
from headstart.data.base.kinds import Kind
from headstart.data.base.plain import plain
from headstart.errors import TransferWarning
from headstart.guard.choosing.verdict import FEWEST_ROWS
from headstart.guard.evidence.domain_map import domain_map
from headstart.guard.evidence.evidence import network_evidence, versions
from headstart.networks.network import Network
from headstart.source import Source

_AS_IT_IS = "source only"
#: Random examples that are enough to test what was chosen without labels.
ENOUGH = 30


def adapted_map(safe: Any, rows: Any, answers: np.ndarray, budget: float) -> dict[str, Any] | None:
    """Both domains in the plane before they were brought together and after, those without labels by their answers.

    Parameters
    ----------
    safe : fitted SafeAdaptedClassifier
    rows : Inputs or array of n rows
        The target.
    answers : array of shape (n,)
        What the model says of them.
    budget : float
        As in `headstart.guard.evidence.domain_map.domain_map`.
    """
    best, network = safe.best_estimator_, getattr(safe, "network_", None)
    rows = rows if network is None else features_by(network, rows, "the target")
    ways = [clone(best).set_params(adaptation=_AS_IT_IS), *([best] if best.aligns else [])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TransferWarning)
        sides = [way.aligned_sides(rows) for way in ways]
    coded = [replace(one, target=replace(one.target, y=np.searchsorted(one.classes, answers))) for one in sides]
    after = coded[1] if len(coded) > 1 else None
    drawn = domain_map(coded[0], after, random_state=safe.random_state or 0, budget=budget)
    return drawn and drawn | {"alignment": None if after is None else {"name": safe.chosen_, "share": 1.0}}


def adapted_evidence(
    safe: Any, kind: Kind, answers: np.ndarray, network: Network | None, sources: Sequence[Source], ask: int = 0
) -> dict[str, Any]:
    """The evidence of a model for data without labels: no score is claimed.

    Parameters
    ----------
    safe : fitted SafeAdaptedClassifier
    kind : Kind
        What the examples are.
    answers : array of shape (n,)
        What the model says of them.
    network : Network or None
    sources : sequence of Source
        Labelled sets.
    ask : int, default=0
        How many stand on a sheet to be labelled.
    """
    n, many = len(answers), kind.many
    classes, counts = np.unique(answers, return_counts=True)
    sets = [{"name": one.name or f"set {i}", "n": len(one.y)} for i, one in enumerate(sources, 1)]
    lent = " and ".join(str(one["name"]) for one in sets)
    sentence = (
        f"{safe.verdict_.capitalize()}: the {many} have no labels, so how often the model is right on them cannot be "
        "told."
    )
    done = "as it is" if safe.chosen_ == _AS_IT_IS else f"adapted by {safe.chosen_}"
    test = f"Label {ENOUGH} {many} drawn at random to test it (--ask {ENOUGH})."
    if ask:
        few = f"; fewer than {FEWEST_ROWS} tell nothing (--ask {ENOUGH})" if ask < FEWEST_ROWS else ""
        test = f"Label the {kind.count(min(ask, n))} of the sheet, and fit it, to test it{few}."
    detail = f"It learned from {lent}, {done}. {test}"
    shares = {str(label): int(count) for label, count in zip(classes.tolist(), counts, strict=True)}
    found = {
        "data": {
            "name": "",
            "input_type": kind.input_type,
            "n": n,
            "labelled": False,
            "task": "classification",
            "classes": np.asarray(safe.best_estimator_.estimator_.classes_).tolist(),
            "n_per_class": {},
            "notes": list(safe.notes_),
        },
        "lead": {"words": sentence, "detail": detail},
        "verdict": {"word": safe.verdict_, "sentence": sentence, "transfer_used": True},
        "source": (network_evidence(network) or {"name": lent, "kind": "rows"}) | {"sets": sets},
        "candidates": [],
        "adaptation": {
            "chosen": safe.chosen_,
            "domain_auc": safe.domain_auc_,
            "gate": safe.gate,
            "answers": shares,
            "ways": [_way(row) for row in safe.evidence_],
        },
        "reproduce": {"command": "", "code": "", "versions": versions(), "random_state": safe.random_state},
    }
    cleaned: dict[str, Any] = plain(found)
    return cleaned


def _way(row: dict[str, Any]) -> dict[str, Any]:
    """One way to adapt: how it was judged without labels."""
    said = {"name": row["name"], "agreement": row["agreement"], "consensus": row["consensus"]}
    return said | {"carried_back": row["score"], "chosen": bool(row["weight"])}

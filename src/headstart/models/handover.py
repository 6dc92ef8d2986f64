"""What a guard has found, as a model that says what was done to the data, and its score on what was kept aside."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.data.base.plain import plain
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.description import describe
from headstart.guard.choosing import measures
from headstart.math.statistics.named_metrics import Metric
from headstart.models.model import Model

if TYPE_CHECKING:
    from headstart.keywords.fitting import KeywordTask


def handed_over(guarded: Any, dataset: Dataset, words: KeywordTask | None) -> Model:
    """The model, with what was done to the data in its evidence."""
    estimator, detector, more = (guarded.best_estimator_, None, {}) if words is None else words.finished(guarded)
    kept = getattr(guarded, "reference_", None)
    if words is not None and kept is not None:  # the network that learned from all windows is another one
        kept = replace(kept, trained=None)
    evidence = guarded.evidence_ | more
    names = dataset.classes if dataset.task == "multilabel" else getattr(guarded, "classes_", None)
    read = describe(dataset)
    evidence["data"] |= plain(
        {
            "name": Path(dataset.root).name if dataset.root else f"{dataset.kind.many} in memory",
            "parts": read["parts"],
            **({"columns": list(dataset.text_columns)} if dataset.text_columns else {}),
            "dropped": read["left_out"],
            "duplicates": read["duplicates"],
            "near_duplicates": read["near_duplicates"],
            "notes": [*dataset.notes, *evidence["data"]["notes"]],
            "read": {key: read[key] for key in ("layout", "form", "columns", "sizes", "unlabelled")},
        }
    )
    if dataset.task == "multilabel" and dataset.classes is not None:
        _rename(evidence, [str(name) for name in dataset.classes])
    return Model(
        estimator,
        evidence,
        task=dataset.task,
        classes=None if dataset.task == "regression" or names is None else list(names),
        temperature=guarded.temperature_,
        input_type=dataset.input_type,
        encoder=getattr(guarded, "encoder_", None),
        detector=detector,
        reference=kept,
    )


def _rename(evidence: dict[str, Any], names: list[str]) -> None:
    """Names of labels for their numbers."""
    evidence["data"]["classes"] = names
    evidence["data"]["n_per_class"] = dict(zip(names, evidence["data"]["n_per_class"].values(), strict=True))
    guess = evidence["trivial"]["words"]
    named = re.sub(r"'(\d+)'", lambda number: repr(names[int(number[1])]), guess)
    evidence["trivial"]["words"] = named
    evidence["lead"] = {key: text.replace(guess, named) for key, text in evidence["lead"].items()}
    for row in evidence["per_class"]:
        row["class"] = names[int(row["class"])]
    for row in evidence["mistakes"]:
        row["true"], row["predicted"] = ([names[int(k)] for k in row[side]] for side in ("true", "predicted"))


def test_score(model: Model, aside: Dataset, metric: Metric) -> dict[str, Any]:
    """Scores of the finished model on the part that was kept aside, and the interval of what is measured.

    Examples whose class is not in the rest of the data count as wrong.
    """
    part = str(aside.parts[0]) if aside.parts is not None else "test"
    found: dict[str, Any] = {"part": part, "n": len(aside)}

    def scored(target: np.ndarray, prediction: np.ndarray) -> dict[str, Any]:
        interval = metric.interval(target, [prediction], groups=aside.groups)
        return found | measures.measure(model.task, target, prediction) | {"interval": list(interval)}

    if model.task == "regression":
        y = aside.y.astype(np.float64)
        return scored(y, np.asarray(model.predict(aside.inputs)).reshape(y.shape))
    p = model.predict_proba(aside.inputs)
    if model.task == "multilabel":
        return scored(aside.y.astype(int), p)
    assert model.classes_ is not None
    known = model.classes_
    everything = np.union1d(known, np.unique(aside.y))
    wide = np.zeros((len(p), len(everything)))
    wide[:, np.searchsorted(everything, known)] = p
    return scored(np.searchsorted(everything, aside.y), wide)

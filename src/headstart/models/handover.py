"""What a guard has found, as a model with what was done to the data in its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headstart.data.base.plain import plain
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.description import describe
from headstart.keywords.fitting import KeywordTask
from headstart.models.model import Model


def handed_over(guarded: Any, dataset: Dataset, words: KeywordTask | None) -> Model:
    """The model, with what was done to the data in its evidence."""
    estimator, detector, more = (guarded.best_estimator_, None, {}) if words is None else words.finished(guarded)
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
        reference=getattr(guarded, "reference_", None),
    )


def _rename(evidence: dict[str, Any], names: list[str]) -> None:
    """Names of labels for their numbers."""
    evidence["data"]["classes"] = names
    evidence["data"]["n_per_class"] = dict(zip(names, evidence["data"]["n_per_class"].values(), strict=True))
    for row in evidence["per_class"]:
        row["class"] = names[int(row["class"])]
    for row in evidence["mistakes"]:
        row["true"], row["predicted"] = ([names[int(k)] for k in row[side]] for side in ("true", "predicted"))

"""The evidence of a saved model: read once, and checked for what is read of it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from headstart.data.base.files import check_there
from headstart.data.base.json_files import ANY, FLAG, TEXT, maybe, number, one_of, read_json, record, several, table_of
from headstart.data.sets.task import DETECTION
from headstart.errors import SourceError
from headstart.networks.folder import refuse_odd_files
from headstart.networks.manifest import INPUTS, TASKS
from headstart.visible import cell

EVIDENCE, LABEL_ERRORS = "evidence.json", "label-errors.csv"
_RECORD = table_of(ANY)
_NAMED = record({"name": TEXT}, {"words": TEXT, "seconds": maybe(number())})
_CANDIDATE = record(
    {"name": TEXT},
    {
        "words": TEXT,
        "transfer": FLAG,
        "chosen": FLAG,
        "score": maybe(number()),
        "interval": maybe(several(number(), 2, 2)),
        "seconds": maybe(number()),
    },
)
_LABEL = record({"name": TEXT, "true": ANY, "predicted": ANY, "probability": number()})
_MORE = record({"ratio": number(1), "n": number(0), "score": number(), "low": number(), "high": number()})
_CLASS = record(
    {"class": TEXT, "threshold": number(0, 1)},
    {name: maybe(number()) for name in ("boxes", "pictures", "ap", "ap50", "ap75", "mean", "error", "bias")}
    | {name: several(number(0, 1)) for name in ("recall", "precision")},
)
_POINTS = several(number(0, 1.00001), 1, 1000)
_USE = record(
    {
        "positive": TEXT,
        "negative": TEXT,
        "n": several(number(1), 2, 2),
        "threshold": _POINTS,
        **{f"{side}{end}": _POINTS for side in ("sensitivity", "specificity") for end in ("", "_low", "_high")},
        "auc": number(0, 1),
        "auc_interval": several(number(), 2, 2),
    },
    {"n_groups": maybe(number(1)), "prevalence": maybe(number(0, 1, above=True))},
)
_SHAPE = record(
    {},
    {
        "data": record(
            {},
            {
                "input_type": INPUTS,
                "task": one_of(*TASKS, DETECTION),
                "n": number(0),
                "n_per_class": table_of(number(0)),
                "columns": several(TEXT),
                "left_for_time": maybe(number()),
                "notes": several(TEXT),
            },
        ),
        "verdict": maybe(record({}, {"word": TEXT, "sentence": TEXT})),
        "estimate": maybe(record({}, {"metric": TEXT, "value": maybe(number()), "method": TEXT})),
        "candidates": several(_CANDIDATE),
        "left_out": several(_NAMED),
        "metrics": maybe(_RECORD),
        "test": maybe(_RECORD),
        "mistakes": several(_RECORD),
        "label_errors": several(_LABEL),
        "least_sure": several(_RECORD),
        "right": several(_RECORD),
        "use": maybe(_USE),
        "held_out": maybe(record({"of_label": several(number()), "of_answer": several(number())})),
        "more_labels": several(_MORE),
        "per_class": maybe(several(_RECORD)),
        "keyword": maybe(_RECORD),
        "detection": maybe(record({"classes": several(_CLASS)}, {"mistakes": several(_RECORD)})),
        "reproduce": maybe(_RECORD),
        "history": maybe(several(_RECORD)),
        "curves": maybe(several(_RECORD)),
    },
)


def read_evidence(folder: str | Path, what: str = "the evidence of a model") -> dict[str, Any]:
    """The evidence of a saved model.

    Parameters
    ----------
    folder : path-like
        A folder that ``headstart fit --out`` or ``Model.save`` wrote.
    what : str
        What the words call a file that cannot be read.

    Raises
    ------
    SourceError
        If there is no such folder, it holds no evidence, or other things than evidence is made of.
    """
    path = Path(folder)
    check_there(path, "the folder of a saved model", SourceError)
    if not path.is_dir():
        raise SourceError(f"Expected the folder of a saved model, found a file at {path}.", "Give its folder.")
    refuse_odd_files(path)
    if not (path / EVIDENCE).is_file():
        raise SourceError(
            f"Expected {EVIDENCE} in {path}, found none.",
            "Give a folder that 'headstart fit --out' or 'headstart demo' wrote.",
        )
    evidence: dict[str, Any] = read_json(path / EVIDENCE, _SHAPE, what=what, todo="Fit the model again.")
    return evidence


def write_label_errors(evidence: dict[str, Any], folder: Path) -> None:
    """Write the labels that are likely wrong as a table, likeliest first; nothing where there are none."""
    listed = evidence.get("label_errors") or []
    if not listed:
        return
    with open(folder / LABEL_ERRORS, "w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(("name", "label", "suggested", "how sure"))
        for one in listed:
            writer.writerow(
                [*(cell(one[key]) for key in ("name", "true", "predicted")), round(float(one["probability"]), 4)]
            )

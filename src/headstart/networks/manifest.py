"""What ``headstart.json`` has to hold, said once; no file of a folder is read before its manifest has passed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from headstart.data.base.json_files import (
    ANY,
    FLAG,
    TEXT,
    Shape,
    checked,
    maybe,
    number,
    one_of,
    record,
    refuse,
    several,
    table_of,
    told,
    whole,
)
from headstart.data.base.kinds import kind_named

SCHEMA_VERSION = 2
TASKS = ("classification", "multilabel", "regression")
INPUTS = Shape("a kind of input", lambda x: isinstance(x, str) and kind_named(x).many != kind_named("").many)
_MANY = 10_000_000
_SIDE = whole(1, 16_384)
_COUNT = whole(0, 1 << 62)


def _one_kind(value: Any) -> bool:
    kinds = {type(label) for label in value} if isinstance(value, list) else set()
    return len(kinds) == 1 and kinds <= {str, int, float, bool} and len(set(value)) == len(value) <= 100_000


def _inside(value: Any) -> bool:
    """Whether it is the place of a file within its folder."""
    if not isinstance(value, str) or not value or "\\" in value or "\0" in value:
        return False
    place = PurePosixPath(value)
    return not place.is_absolute() and ".." not in place.parts and str(place) == value != "."


def _either(words: str, **shapes: Shape) -> Shape:
    """A record of the form that its ``kind`` names; without one of the form "picture"."""

    def form(value: Any) -> Shape | None:
        return shapes.get(str(value.get("kind", "picture"))) if isinstance(value, dict) else None

    def holds(value: Any) -> bool:
        shape = form(value)
        return shape is not None and shape.holds(value)

    def parts(value: Any) -> Any:
        shape = form(value)
        return () if shape is None else shape.parts(value)

    return Shape(words, holds, parts)


LABELS = Shape("a list of different labels of one kind", _one_kind)
PLACE = Shape("the place of a file in the folder", _inside)
_SHA = Shape(
    "64 hexadecimal digits", lambda x: isinstance(x, str) and len(x) == 64 and set(x) <= set("0123456789abcdef")
)
_SIDES = several(_SIDE, 2, 2)
PREPROCESSING = _either(
    "the preprocessing of pictures, clips or texts",
    picture=record(
        {"resize": Shape("a side or two", lambda x: _SIDE.holds(x) or _SIDES.holds(x)), "crop": maybe(_SIDES)}
        | {name: several(number(-1e6, 1e6), 1, 3) for name in ("mean", "std")},
        {"scale": number(0, 1e6, above=True), "channels": one_of(1, 3), "resample": TEXT}
        | {"depth": maybe(table_of(number(0, above=True)))},
        closed=True,
    ),
    sound=record({"rate": whole(1000, 192_000), "samples": whole(1, 192_000 * 60)}, {"marks_end": FLAG}),
    text=record({"window": whole(1, 1 << 17), "windows_at_most": whole(1, 1000)}, {"tokenizer": TEXT}),
)
_CARD = record(
    {},
    {
        **{name: maybe(_COUNT) for name in ("n_examples", "n_classes")},
        "class_names": maybe(several(TEXT)),
        "n_parameters": _COUNT,
        "licence": maybe(TEXT),
        "origin": TEXT,
        "notes": several(TEXT),
    },
)
NETWORK = record(
    {},
    {
        **dict.fromkeys(("name", "kind", "class", "body", "extractor"), TEXT),
        "loads_with": one_of("transformers", "timm", "headstart", "module"),
        "head_inside": FLAG,
        "input_type": INPUTS,
        "preprocessing": PREPROCESSING,
        "card": _CARD,
        "poolings": several(TEXT, 1, 6),
        "after": several(record({"kind": TEXT}), 0, 64),
    },
)
_ARRAY = several(number(-1e300, 1e300), 1, _MANY)
_TARGETS = record(
    {"task": one_of(*TASKS), "classes": maybe(LABELS), "shift": _ARRAY, "flat": FLAG}
    | {"scale": several(number(0, above=True), 1, _MANY)},
    {"n": _COUNT},
)
_HEAD = _either(
    "a head of kind solved, layers or hidden",
    solved=record(
        {"parts": several(Shape("a feature set and its weight", lambda x: _is_part(x)), 1, 8)},
        {"blocks": several(TEXT, 0, 64), "loss": maybe(number()), "losses": table_of(number())},
    ),
    layers=record(
        {"widths": several(whole(1, 1 << 16), 0, 16), "n_features": whole(1, 1 << 24), "standardised": FLAG}
        | {"dropout": number(0, 0.999)},
    ),
    hidden=record(
        {"names": several(one_of("output", "grid"), 1, 8), "sizes": several(several(whole(1, 1 << 24), 2, 2), 1, 8)}
    ),
)
_ESTIMATOR = record(
    {
        "class": one_of("TransferClassifier", "TransferRegressor"),
        "params": table_of(ANY),
        "targets": _TARGETS,
        "history": several(table_of(maybe(number())), 0, 100_000),
        "head": _HEAD,
    },
    {"inside": FLAG, "temperature": number(1e-6, 1e6)},
)
_BASELINE = record(
    {
        "class": one_of(*(f"{kind}Baseline{what}" for kind in ("", "Text") for what in ("Classifier", "Regressor"))),
        "input_type": INPUTS,
        "features": TEXT,
    },
    {"classes": LABELS, "multilabel": FLAG, "single": FLAG, "preprocessing": maybe(PREPROCESSING)},
)
_DETECTOR = record(
    {
        "words": several(TEXT, 1, 1000),
        "columns": several(whole(0, 100_000), 1, 1000),
        "rate": whole(1000, 192_000),
        "samples": whole(1, 192_000 * 60),
        "threshold": number(-1e6, 1e6),
        "false_alarms": number(0, 1e6),
        "hop": whole(1, 192_000 * 60),
    },
    {"smooth": whole(1, 1000), "floor": number(-1e6, 1e6)},
    closed=True,
)
VERSIONED = replace(record({"schema_version": whole(1, 1 << 31)}), words="a manifest of headstart")
MANIFEST = record(
    {"schema_version": whole(1, SCHEMA_VERSION)},
    {
        "headstart_version": TEXT,
        "network": NETWORK,
        "files": table_of(_SHA),
        "sha256": _SHA,
        "pretraining": table_of(ANY),
        "transfer": several(table_of(ANY), 0, 1000),
    },
)
MODEL = record(
    {
        "kind": one_of("transfer", "baseline", "table"),
        "input_type": INPUTS,
        "task": one_of(*TASKS),
        "classes": maybe(LABELS),
        "temperature": number(1e-6, 1e6),
    },
    {"detector": _DETECTOR, "estimator": _ESTIMATOR, "baseline": _BASELINE, "table": record({"class": TEXT})},
)


#: A folder of several models, one a task, each in a folder of its own.
TASKS_FOLDER = record(
    {
        "kind": one_of("tasks"),
        "input_type": INPUTS,
        "tasks": several(record({"name": TEXT, "folder": PLACE}, closed=True), 1, 10_000),
    },
    {"body": PLACE},
)


def _is_part(value: Any) -> bool:
    known = ("output", "depths", "layers", "grid")
    return isinstance(value, list) and len(value) == 2 and value[0] in known and number(0, above=True).holds(value[1])


def check_manifest(manifest: Any, where: str) -> dict[str, Any]:
    """A manifest of any folder that headstart saved, as it has to be.

    Raises
    ------
    SourceError
        With file, key, what was expected and what was found.
    """
    found: dict[str, Any] = checked(manifest, MANIFEST, where)
    for name in found.get("files", {}):
        checked(name, PLACE, where, "files")
    return found


def check_model(manifest: dict[str, Any], where: str) -> None:
    """What the manifest of a fitted model holds besides, and that its parts say the same.

    Raises
    ------
    SourceError
        As `check_manifest`.
    """
    checked(manifest, MODEL, where)
    task, classes, kind = manifest["task"], manifest["classes"], manifest["kind"]
    needed = {"transfer": "estimator", "baseline": "baseline", "table": "table"}[kind]
    if needed not in manifest:
        refuse(f"an object for a model of kind {kind!r}", needed, where, "nothing")
    if (classes is None) != (task == "regression"):
        refuse("null for numbers and labels for every other task", "classes", where, f"{told(classes)} for {task}")
    if task == "classification" and len(classes) < 2:
        refuse("two classes or more", "classes", where, told(classes))
    if kind == "transfer":
        _check_transfer(manifest, where)
    elif kind == "baseline":
        _check_baseline(manifest, where)
    if "detector" in manifest:
        _check_detector(manifest, where)


def _check_transfer(manifest: dict[str, Any], where: str) -> None:
    estimator, task, classes = manifest["estimator"], manifest["task"], manifest["classes"]
    targets = estimator["targets"]
    if targets["task"] != task or (estimator["class"] == "TransferRegressor") != (task == "regression"):
        refuse(f"the task {task!r}", "estimator.targets.task", where, f"{targets['task']!r} of {estimator['class']}")
    n = len(targets["shift"])
    if len(targets["scale"]) != n or (classes is not None and len(classes) != n):
        said = "" if classes is None else f" for {len(classes)} classes"
        refuse(
            "one entry an output", "estimator.targets", where, f"{n} shifts and {len(targets['scale'])} scales{said}"
        )
    if (targets["classes"] is None) != (classes is None) or (
        task == "classification" and targets["classes"] != classes
    ):
        refuse("the classes of the model", "estimator.targets.classes", where, told(targets["classes"]))
    values = kind_named(manifest["input_type"]).values
    if values == ("network" in manifest):
        refuse("a network, unless it is of a table", "network", where, "one" if values else "none")
    network = manifest.get("network") or {}
    if network:
        missing = sorted({"loads_with", "head_inside", "class", "preprocessing", "input_type"} - set(network))
        if missing or network["input_type"] != manifest["input_type"]:
            refuse(
                f"a network for {manifest['input_type']}",
                "network",
                where,
                f"no {missing[0]}" if missing else "another",
            )
    seen = network.get("preprocessing", {})
    if "mean" in seen and not len(seen["mean"]) == len(seen["std"]) == seen.get("channels", 3):
        refuse("a mean and a standard deviation for each channel", "network.preprocessing", where, told(seen["std"]))
    read = [name for name, _ in estimator["head"].get("parts", ())]
    if estimator.get("inside") and (not network or read not in ([], ["output"])):
        refuse("one linear part inside a network", "estimator.head", where, told(estimator["head"].get("parts")))
    hidden = estimator["head"]
    if hidden.get("kind") == "hidden" and len(hidden["names"]) != len(hidden["sizes"]):
        refuse("one size a name", "estimator.head.sizes", where, f"{len(hidden['sizes'])} for {len(hidden['names'])}")


def _check_baseline(manifest: dict[str, Any], where: str) -> None:
    baseline, task, classes = manifest["baseline"], manifest["task"], manifest["classes"]
    if baseline["class"].endswith("Regressor") != (task == "regression"):
        refuse(f"a baseline for {task}", "baseline.class", where, repr(baseline["class"]))
    if baseline["input_type"] != manifest["input_type"]:
        refuse(repr(manifest["input_type"]), "baseline.input_type", where, repr(baseline["input_type"]))
    if task == "regression":
        checked(baseline, record({"single": FLAG}), where, "baseline")
        return
    checked(baseline, record({"classes": LABELS, "multilabel": FLAG}), where, "baseline")
    if len(baseline["classes"]) != len(classes) or (task == "classification" and baseline["classes"] != classes):
        refuse("the classes of the model", "baseline.classes", where, told(baseline["classes"]))
    if baseline["multilabel"] != (task == "multilabel"):
        refuse(f"what {task} is", "baseline.multilabel", where, told(baseline["multilabel"]))


def _check_detector(manifest: dict[str, Any], where: str) -> None:
    detector, classes = manifest["detector"], manifest["classes"] or []
    if manifest["task"] not in TASKS[:1] or not kind_named(manifest["input_type"]).tasks:
        refuse("a model of clips and classes to listen with", "detector", where, f"one of {manifest['input_type']}")
    columns, words = detector["columns"], detector["words"]
    if len(columns) != len(words) or len(set(columns)) < len(columns) or max(columns) >= len(classes):
        refuse(
            "the place of each word among the classes",
            "detector.columns",
            where,
            f"{columns[:5]} for {len(words)} words",
        )

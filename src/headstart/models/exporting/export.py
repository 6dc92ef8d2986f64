"""Write a fitted model in a form that needs no headstart, after it was compared with the model itself."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.cache_folder import temporary_folder
from headstart.contract.arguments import plainly
from headstart.contract.options import check_option
from headstart.data.base.whole import check_file
from headstart.data.inputs.inputs import as_inputs
from headstart.data.sets.task import DETECTION
from headstart.detection.queries import Queries
from headstart.errors import MissingExtra, OutputError
from headstart.networks.folder import check_place, write_folder, write_manifest
from headstart.visible import visible

if TYPE_CHECKING:
    from headstart.models.exporting.whole import Whole

#: Forms that a model can be handed on in.
FORMS = ("onnx", "transformers")
MODEL = "model.onnx"
_MOST = 2**31 - 2**20


@plainly()
def export_model(model: Any, out: str | Path, to: str = "onnx", inputs: Any = None) -> Path:
    """Write a whole fitted model so that it can be run without headstart.

    Parameters
    ----------
    model : Model, DetectionModel or SeveralTasks
        What `headstart.fit` handed over, or `headstart.load` read; of several tasks each goes into a folder of its own.
    out : path-like
        A folder, which gets ``model.onnx``, a card with the lines that run it, and what these lines read. Or a file
        whose name ends in ``.onnx``; the others then stand beside it under its name.
    to : {"onnx", "transformers"}, default="onnx"
    inputs : pictures, clips, texts or rows, optional
        What the file's answers are compared with the model's on. Default: 50 made-up ones.

    Returns
    -------
    Path
        The folder or file.

    Raises
    ------
    OutputError
        If the model has no such form, or its answers differ by more than 1e-4; nothing is written then.
    MissingExtra
        Without the libraries of the extra ``onnx``.
    """
    target = check_export(out, to)
    if getattr(model, "models", None) is not None:
        return _each(model, target, to, inputs)
    if to == "onnx":
        _refuse_queries(model)
    if to == "transformers":
        from headstart.models.exporting.transformers_detector import write_transformers_detector
        from headstart.models.exporting.transformers_folder import TO_ONNX, write_transformers

        write = write_transformers_detector if model.task == DETECTION else write_transformers
        try:
            return write_folder(target, lambda folder: write(model, folder, inputs))
        except OutputError as error:
            if TO_ONNX in str(error):
                with suppress(MissingExtra):
                    _graph(model, {})  # where there is no such form either, its words are the ones that help
            raise
    if target.suffix != ".onnx":
        return write_folder(target, lambda folder: _write(model, folder, inputs, MODEL, lambda name: name))
    there = next(folder for folder in target.parents if folder.is_dir())
    with tempfile.TemporaryDirectory(dir=there, prefix=f".{target.stem}.") as place:
        inner = Path(place)
        _write(model, inner, inputs, target.name, lambda name: f"{target.stem}.{name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        for file in sorted(inner.iterdir(), key=lambda file: file.suffix == ".onnx"):
            if file.name != "headstart.json":
                os.replace(file, target.parent / file.name)
    return target


def check_export(out: str | Path, to: str) -> Path:
    """The real path of what is to be written, checked before a model is loaded.

    Parameters
    ----------
    out, to
        As in `export_model`.

    Raises
    ------
    OutputError
        If it cannot be written.
    ParameterError
        For another form.
    """
    check_option("to", to, FORMS)
    return check_file(out) if to == "onnx" and Path(out).suffix == ".onnx" else check_place(out)


def _each(model: Any, target: Path, to: str, inputs: Any) -> Path:
    """The models of several tasks, each in a folder of its own; refused where one has no such form."""
    if target.suffix == ".onnx":
        raise OutputError(
            f"Expected a folder for the models of {len(model.models)} tasks, found the file {target.name}.",
            "Give a folder, which gets one for each, or export one of them.",
        )
    places = {name: f"task-{i + 1}" for i, name in enumerate(model.models)}

    def write(folder: Path) -> None:
        for name, place in places.items():
            export_model(model.models[name], folder / place, to, inputs)
        told = "".join(f"- [{visible(name)}]({place}/README.md)\n" for name, place in places.items())
        (folder / "README.md").write_text(f"# A model for each of several tasks\n\n{told}", encoding="utf-8")
        write_manifest(folder, {"kind": "export", "input_type": model.input_type})

    try:
        return write_folder(target, write)
    except OutputError as error:
        lacking = [name for name, one in model.models.items() if not _has(one, to)]
        if not lacking:
            raise
        raise _lacking(model, to, lacking, places, error) from error


def _lacking(model: Any, to: str, lacking: list[str], places: dict[str, str], error: OutputError) -> OutputError:
    """The error for tasks of which some have no form; it says which have one, and which one."""
    todo = "Hand the model's folder on as it is."
    for form in (to, *(other for other in FORMS if other != to)):
        able = [f"{place} ({name})" for name, place in places.items() if _has(model.models[name], form)]
        if able:
            todo = f"Export by the folder inside, --to {form}: {', '.join(able)}."
            break
    names = ", ".join(map(repr, lacking))
    return OutputError(f"Expected a form for {to} of each task, found none of {names}: {error.message}", todo)


def _has(model: Any, form: str) -> bool:
    """Whether a model of one task has a form."""
    from headstart.models.exporting.transformers_folder import write_head

    try:
        if form == "onnx":
            _graph(model, {})
        else:
            with temporary_folder() as place:
                write_head(model, Path(place))
    except OutputError:
        return False
    except MissingExtra:  # what it has is known with the library
        return True
    return True


def _graph(model: Any, said: dict[str, str]) -> Whole:
    """The whole model as a graph that a file can hold."""
    from headstart.models.exporting.whole import whole_of

    whole = whole_of(model, said)
    if whole.proto.ByteSize() > _MOST:
        raise OutputError("Expected a model of less than 2 GB, found a larger one.", "Hand its folder on as it is.")
    return whole


def _refuse_queries(model: Any) -> None:
    if model.task == DETECTION and isinstance(model.estimator.body_, Queries):
        raise OutputError(
            f"Expected a detector that reads boxes off maps, found one of transformers' own "
            f"({type(model.estimator.body_.module).__name__}).",
            "Export it as what it is (--to transformers): plain transformers finds the same boxes.",
        )


def _write(model: Any, folder: Path, inputs: Any, file: str, name: Callable[[str], str]) -> None:
    """Everything into an existing folder, once the answers were compared."""
    from headstart.models.exporting.card import export_card
    from headstart.models.exporting.comparing import asked, difference, difference_of_boxes, refuse_difference, run
    from headstart.models.exporting.made_inputs import made_inputs
    from headstart.models.exporting.runner import runner_lines

    classes = None if model.classes_ is None else model.classes_.tolist()
    said = {"task": model.task, "input": model.input_type, "classes": json.dumps(classes, ensure_ascii=True)}
    whole = _graph(model, said)
    (folder / file).write_bytes(whole.proto.SerializeToString())
    given = made_inputs(model.kind, whole, model) if inputs is None else _as_given(model, inputs)
    parts = whole.feed(given)
    if model.task == DETECTION:
        found: Any = asked(folder / file, parts)
        apart = difference_of_boxes(model, given, found)
    else:
        found = run(folder / file, parts)
        apart = difference(model, given, found)
    refuse_difference(apart, len(found))
    names = {}
    for own, text in whole.files.items():
        names[own] = name(own)
        (folder / names[own]).write_text(text, encoding="utf-8")
    least = model.thresholds if model.task == DETECTION else {}
    read = (model.evidence.get("data") or {}).get("read") or {}
    lines = runner_lines(whole, file, classes, names, least, read.get("form") or {})
    card = export_card(whole, lines, file, (apart, len(found)), classes, _about(model))
    (folder / name("README.md")).write_text(card, encoding="utf-8")
    write_manifest(folder, {"kind": "export", "input_type": model.input_type})


def _as_given(model: Any, inputs: Any) -> Any:
    return inputs if model.kind.values else as_inputs(inputs, model.input_type)


def _listening(detector: Any) -> str | None:
    """How a model for words hears them in a stream, in a sentence."""
    if detector is None:
        return None
    return (
        f"In a stream: one window of {detector.samples} samples at {detector.rate} Hz every {detector.hop} samples; "
        f"the log-odds of {' and of '.join(detector.words)}, none counted below {detector.floor}, averaged over "
        f"{detector.smooth} windows; a word is heard where their peak reaches {detector.threshold}."
    )


def _about(model: Any) -> dict[str, Any]:
    proof = model.evidence
    network = getattr(model.estimator.body_, "network", None) if model.task == DETECTION else model.network[0]
    data = proof.get("data") or {}
    return {
        "name": f"Model for {data['name']}" if data.get("name") else None,
        "lead": (proof.get("lead") or {}).get("words"),
        "verdict": (proof.get("verdict") or {}).get("sentence"),
        "licence": None if network is None else network.card.licence,
        "listens": _listening(model.detector),
    }

"""A model as a folder of transformers alone, where its answers are the network's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from headstart.cache_folder import temporary_folder
from headstart.data.inputs.inputs import as_inputs
from headstart.errors import OutputError
from headstart.models.exporting.comparing import difference, refuse_difference
from headstart.networks.folder import MANIFEST, write_manifest
from headstart.networks.saving.model_card import card_header
from headstart.networks.saving.plain_lines import plain_lines

#: Files that transformers reads, and no other.
_KEPT = ("config.json", "model.safetensors", "preprocessor_config.json")
_TOLERANCE = 1e-5
TO_ONNX = "Export it as ONNX instead (--to onnx)."


def write_transformers(model: Any, folder: Path, inputs: Any = None) -> None:
    """Write the files that plain transformers needs, and compare what it says of inputs with what the model says.

    Raises
    ------
    OutputError
        If the head is not one linear layer inside a network of transformers' own for pictures, or the answers differ.
    """
    manifest = write_head(model, folder)
    network = manifest["network"]
    given = _pictures(model) if inputs is None else as_inputs(inputs, model.input_type)
    found = _said(folder, model, given)
    apart = difference(model, given, found)
    refuse_difference(apart, len(found), _TOLERANCE)
    manifest = {**manifest, "classes": None}
    lines = [line.replace("this-folder", ".") for line in plain_lines({**manifest, "task": "regression"})][:-1]
    answer = {"classification": "print(network.config.id2label[int(logits.argmax())], logits.softmax(1).max().item())"}
    code = "\n".join([*lines, answer.get(model.task, "print(logits)")])
    header = card_header("transformers", "image-classification", (network.get("card") or {}).get("licence"))
    said = (
        f"# A model of transformers\n\nWritten by headstart; plain transformers gives the same answers, to {apart:.1e} "
        f"on {len(found)} pictures. Probabilities are calibrated: the temperature is in the weights."
    )
    write_plain_card(folder, header, said, code, model.input_type)


def write_head(model: Any, folder: Path) -> dict[str, Any]:
    """Write the files of a network with its head, and give the manifest of the model.

    Raises
    ------
    OutputError
        If the head is not one linear layer inside a network of transformers' own for pictures.
    """
    with temporary_folder() as place:
        saved = model.save(Path(place) / "model")
        manifest: dict[str, Any] = json.loads((saved / MANIFEST).read_text(encoding="utf-8"))
        _refuse(model, manifest.get("network") or {}, manifest)
        for name in _KEPT:
            if (saved / name).is_file():
                (folder / name).write_bytes((saved / name).read_bytes())
    return manifest


def write_plain_card(folder: Path, header: str, said: str, code: str, input_type: str) -> None:
    """The card of a folder of transformers, with the lines that run it, and the manifest that says what it is."""
    (folder / "README.md").write_text(f"{header}\n\n{said}\n\n```python\n{code}\n```\n", encoding="utf-8")
    write_manifest(folder, {"kind": "export", "input_type": input_type})


def _refuse(model: Any, network: dict[str, Any], manifest: dict[str, Any]) -> None:
    if not network:
        what = f"a model without a network ({type(model.estimator).__name__})"
    elif network.get("loads_with") != "transformers":
        what = f"the network {network.get('name')}, which {network.get('loads_with')} loads"
    elif network.get("poolings") or network.get("extractor"):
        what = f"a network for {model.kind.many}: its output layer or front end lies beside it"
    elif not network.get("head_inside"):
        what = "a head that is not one linear layer"
    elif not plain_lines(manifest):
        what = "grey or deep pictures, which transformers' processor would read otherwise"
    else:
        return
    raise OutputError(f"Expected a linear head on a network of transformers' own for pictures, found {what}.", TO_ONNX)


def _pictures(model: Any) -> Any:
    from headstart.models.exporting.made_inputs import made_inputs

    return made_inputs(model.kind, None, model)


def _said(folder: Path, model: Any, inputs: Any) -> np.ndarray:
    """What plain transformers answers."""
    import torch
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    from headstart.networks.reading.files_of import quiet

    with quiet():
        processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
        network = AutoModelForImageClassification.from_pretrained(folder).eval()
    rows = []
    with torch.no_grad():
        for i in range(len(inputs)):
            picture = inputs.decode(i)
            rows.append(network(**processor(images=[picture], return_tensors="pt")).logits[0])
    logits = torch.stack(rows).double()
    if model.task == "regression":
        return logits.numpy()
    return (logits.sigmoid() if model.task == "multilabel" else logits.softmax(1)).numpy()

"""A detector of transformers' families with its new class layer, as a folder of transformers alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.inputs.inputs import as_inputs
from headstart.detection.queries import Queries
from headstart.detection.query_saving import write_queries
from headstart.detection.query_solving import LEAST
from headstart.errors import OutputError
from headstart.models.exporting.comparing import difference_of_boxes, refuse_difference
from headstart.models.exporting.made_inputs import made_inputs
from headstart.models.exporting.transformers_folder import TO_ONNX, write_plain_card
from headstart.networks.reading.files_of import quiet
from headstart.networks.saving.model_card import card_header

_LINES = """import torch
from PIL import Image, ImageOps
from transformers import AutoImageProcessor, AutoModelForObjectDetection

processor = AutoImageProcessor.from_pretrained(".", backend="pil")
network = AutoModelForObjectDetection.from_pretrained(".").eval()
picture = ImageOps.exif_transpose(Image.open("picture.jpg")).convert("RGB")
with torch.no_grad():
    out = network(**processor(images=[picture], return_tensors="pt"))
sizes = [picture.size[::-1]]
found = processor.post_process_object_detection(out, threshold=0.5, target_sizes=sizes)[0]
for code, score, corners in zip(found["labels"].tolist(), found["scores"].tolist(), found["boxes"].tolist()):
    print(network.config.id2label[code], score, corners)"""


def write_transformers_detector(model: Any, folder: Path, inputs: Any = None) -> None:
    """Write what plain transformers needs, and compare what it finds in pictures with what the model finds.

    Raises
    ------
    OutputError
        If the detector reads boxes off maps, or the answers differ.
    """
    queries, solved = model.estimator.body_, model.estimator.solved_
    if not isinstance(queries, Queries):
        raise OutputError(
            "Expected a detector of transformers' own families, found one whose boxes are read off maps.",
            TO_ONNX,
        )
    write_queries(queries, solved, [str(name) for name in model.classes_], folder)
    given = made_inputs(model.kind, None, model) if inputs is None else as_inputs(inputs, model.input_type)
    apart = difference_of_boxes(model, given, _found(folder, given, len(model.classes_), solved.one_of))
    refuse_difference(apart, len(given))
    header = card_header("transformers", "object-detection", queries.card.licence)
    said = (
        f"# A detector of transformers\n\nWritten by headstart; plain transformers finds the same, to {apart:.1e} on "
        f"{len(given)} pictures. Scores are calibrated: that is in the weights."
    )
    write_plain_card(folder, header, said, _LINES, model.input_type)


def _found(folder: Path, pictures: Any, n_classes: int, one_of: bool) -> Iterator[tuple[np.ndarray, ...]]:
    """Boxes as shares of each picture, classes and scores that plain transformers finds: the best of each query."""
    import torch
    from transformers import AutoImageProcessor, AutoModelForObjectDetection

    with quiet():
        processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
        network = AutoModelForObjectDetection.from_pretrained(folder).eval()
    for i in range(len(pictures)):
        with torch.no_grad():
            out = network(**processor(images=[pictures.decode(i)], return_tensors="pt"))
        shares = out.logits[0].softmax(-1) if one_of else out.logits[0].sigmoid()
        scores, codes = (one.numpy() for one in shares[:, :n_classes].double().max(-1))
        x, y, w, h = out.pred_boxes[0].double().unbind(-1)
        corners = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], -1).clamp(0, 1).numpy()
        yield corners[scores >= LEAST], codes[scores >= LEAST], scores[scores >= LEAST]

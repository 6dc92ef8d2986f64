"""What the model looked at in its mistakes, beside each of them in the evidence."""

from __future__ import annotations

import time
from typing import Any

from headstart.data.pictures.specimen import thumbnail_base64
from headstart.data.sets.dataset import Dataset
from headstart.models.explaining.explain import explain

#: Share of the budget, and side of the pictures in pixels.
_SHARE, _SIDE = 0.05, 192


def add_maps(model: Any, dataset: Dataset) -> None:
    """Write a map over its picture, as a JPEG in base64, into each mistake of a model's evidence.

    The finished model is asked why it says what the model that had not seen the example said. They are asked about one
    after the other, for a twentieth of the budget at most.

    Parameters
    ----------
    model : headstart.Model
        Fitted to ``dataset``.
    dataset : Dataset
        Of pictures or clips.
    """
    position = {name: i for i, name in enumerate(dataset.names)}
    start = time.monotonic()
    allowed = _SHARE * float(model.evidence.get("budget") or 600.0)
    last = 0.0
    for mistake in model.evidence.get("mistakes") or []:
        begun = time.monotonic()
        if begun - start + last > allowed or mistake["name"] not in position:
            break
        said = mistake["predicted"]
        answer = None if model.task == "regression" else (said[:1] or [None])[0] if isinstance(said, list) else said
        found = explain(model, dataset.inputs[[position[mistake["name"]]]], answer)[0]
        mistake["map"] = thumbnail_base64(found.drawn(), _SIDE)
        mistake["way"] = found.way
        last = time.monotonic() - begun

"""What the model looked at in its mistakes, beside each of them in the evidence."""

from __future__ import annotations

import time
from typing import Any

from headstart.data.pictures.specimen import thumbnail_base64
from headstart.data.sets.dataset import Dataset
from headstart.models.explaining.explain import explain
from headstart.networks.running.precision import as_fitted

#: Share of the budget, seconds that are allowed in any case, and side of the pictures in pixels.
_SHARE, _ALLOWED, _SIDE = 0.02, 3.0, 192


def add_maps(model: Any, dataset: Dataset) -> None:
    """Write a map over its picture, as a JPEG in base64, into each mistake of a model's evidence.

    The finished model is asked, in the arithmetic that it was fitted in, why it says what the model that had not seen
    the example said. Where all of them would take more than a fiftieth of the budget, by what the second takes, and
    more than three seconds, none gets a map.

    Parameters
    ----------
    model : headstart.Model
        Fitted to ``dataset``.
    dataset : Dataset
        Of pictures or clips.
    """
    position = {name: i for i, name in enumerate(dataset.names)}
    mistakes = [one for one in model.evidence.get("mistakes") or [] if one["name"] in position]
    allowed = max(_ALLOWED, _SHARE * float(model.evidence.get("budget") or 600.0))
    start = begun = time.monotonic()
    for number, mistake in enumerate(mistakes):
        said = mistake["predicted"]
        answer = None if model.task == "regression" else (said[:1] or [None])[0] if isinstance(said, list) else said
        with as_fitted():
            found = explain(model, dataset.inputs[[position[mistake["name"]]]], answer)[0]
        mistake |= {"map": thumbnail_base64(found.drawn(), _SIDE), "way": found.way}
        last, begun = time.monotonic() - begun, time.monotonic()
        rest = len(mistakes) - number - 1
        if number and begun - start + rest * last > allowed:
            for one in mistakes:
                one.pop("map", None)
                one.pop("way", None)
            return

"""The README.md beside an exported model: what goes in, what comes out, and lines that run it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.models.exporting.whole import Whole
from headstart.networks.saving.model_card import _said
from headstart.visible import visible

_GIVEN = {
    "pixels": "`pixels` (n, height, width, 3) in uint8: RGB, resized and cropped as `prepared` does; the network's own "
    "scale, mean and standard deviation are inside the graph",
    "simple pixels": "`pixels` (n, 64, 64, 3) in uint8: RGB, resized as `prepared` does; edges and colours are "
    "measured inside the graph",
    "square": "`pixels` (1, side, side, 3) in uint8: **one** picture in RGB, resized and laid on a grey square as "
    "`found` does; maps, boxes, their moves and the suppression of those that overlap are inside the graph",
    "windows": "`windows` (windows, samples) in float32: all windows of **one** clip, each half over the one before; "
    "the answer is for the clip",
    "wave": "`wave` (samples,) in float32: **one** clip of one channel, its first 60 s; mel cepstra are measured "
    "inside the graph",
    "tokens": "`tokens` (n, tokens) in int64, -1 where a text has no token",
    "terms": "for each kind of terms the columns of those that occur in **one** text, in int64, and how often "
    "each does",
    "rows": "what a table's cells hold: numbers in float64, NaN where one is missing; categories as text, empty where "
    "one is missing; what makes columns of them is inside the graph",
}


def export_card(
    whole: Whole, lines: str, file: str, apart: tuple[float, int], classes: list[Any] | None, about: Mapping[str, Any]
) -> str:
    """Text of the card in Markdown.

    Parameters
    ----------
    whole : Whole
    lines : str
        What runs it.
    file : str
    apart : (float, int)
        The largest difference from the model's own answers, and on how many inputs.
    classes : list or None
    about : dict
        ``lead``, ``verdict``, ``licence``, ``name``, ``listens`` of the model, as far as they are known.
    """
    numbers = classes is None
    gives = "`predictions`" if numbers else "`probabilities`, calibrated, in the order of the classes"
    if whole.form == "square":
        gives = "`boxes` (k, 4): left, top, right, bottom as shares of the square; `classes` (k,), counted from 0; "
        gives += "`scores` (k,), calibrated probabilities that a box is right; the surest first"
    windows = " All windows of **one** text, whose mean is answered for." if _windowed(whole) else ""
    parts = [
        f"# {_said(about.get('name') or 'A model')}, in ONNX's form",
        " ".join(dict.fromkeys(_said(words) for words in (about.get("lead"), about.get("verdict")) if words)),
        f"`{file}` is the whole model, exported by headstart: it answers without it. Its answers differ from the "
        f"model's own by at most {apart[0]:.1e} on {apart[1]} inputs.",
        "\n".join(
            [
                f"- In: {_GIVEN[whole.form]}.{windows}",
                f"- Out: {gives}.",
                *([] if numbers else [f"- Classes: {', '.join(_said(name) for name in classes or [])}."]),
                *([f"- {_said(about['listens'])}"] if about.get("listens") else []),
                *([f"- Licence of the network: {_said(about['licence'])}."] if about.get("licence") else []),
            ]
        ),
        "## Run it",
        f"```python\n{lines}\n```",
    ]
    return visible("\n\n".join(part for part in parts if part)) + "\n"


def _windowed(whole: Whole) -> bool:
    return whole.form == "tokens" and bool(whole.seen.windowed)

"""Save a network for texts so that transformers and sentence-transformers can load it without headstart."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import nn

from headstart.data.texts.preprocessing import TextPreprocessing
from headstart.networks.reading.sentence_folder import layer_folders, write_layout
from headstart.networks.reading.text_source import HEAD
from headstart.nn.bodies.text_network import TextNetwork, UnitLength


def save_text(
    module: TextNetwork, config: Any, used: TextPreprocessing, folder: Path, *, headless: bool = False
) -> None:
    """Write body, tokenizer, pooling and output layer.

    ``AutoModel`` and ``AutoTokenizer`` load the body and its tokenizer, sentence-transformers the features; the output
    layer is ``output.weight`` and ``output.bias`` in ``head.safetensors``.

    Parameters
    ----------
    module : TextNetwork
    config, folder, headless
        As of `headstart.networks.saving.audio_saving.save_audio`.
    used : TextPreprocessing
    """
    from headstart.networks.reading.files_of import quiet

    body: Any = copy.copy(module.body)
    if module.unused is not None:
        body._modules = {**body._modules, "pooler": module.unused}
    body.config = config
    with quiet():
        body.save_pretrained(folder)
    for name, text in used.tokenizer.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_layout(module, folder, used.window)
    if headless:
        return
    tensors = {f"output.{key}": value.detach().cpu().contiguous() for key, value in module.output.state_dict().items()}
    save_file(tensors, str(folder / HEAD))


def text_parts(module: TextNetwork) -> dict[str, Any]:
    """What the model card has to say about what follows the body, in plain JSON types."""
    layers = [
        {"kind": "normalise"}
        if isinstance(layer, UnitLength)
        else {"kind": "dense", "folder": place, "bias": layer.bias is not None}
        if isinstance(layer, nn.Linear)
        else {"kind": type(layer).__name__}
        for layer, place in zip(module.after, layer_folders(module), strict=True)
    ]
    return {"body": type(module.body).__name__, "poolings": list(module.pooling.modes), "after": layers}

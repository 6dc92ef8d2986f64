"""A pretrained network as a folder: weights, configuration, manifest, and a card that says what it is made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save

from headstart.data.base.kinds import kind_named
from headstart.data.inputs.registry import preprocessing_of
from headstart.networks.folder import write_folder, write_manifest
from headstart.networks.network import Network, SourceCard
from headstart.networks.saving.model_card import card_header
from headstart.networks.saving.save import WEIGHTS, save_network
from headstart.nn.bodies.sound_network import MODEL_TYPE
from headstart.pretraining.examples.examples import Examples


def write_source(
    out: Path,
    module: Any,
    examples: Examples,
    outputs: Sequence[str],
    record: dict[str, Any],
    *,
    half: bool,
    licence: str | None = None,
    final_size: int | None = None,
) -> None:
    """Write a pretrained network as a source, whole or not at all.

    Parameters
    ----------
    out : Path
        The folder.
    module : transformers.PreTrainedModel
        Evaluation mode.
    examples : Examples
        What it was trained on.
    outputs : sequence of str
        Names of the network's outputs.
    record : dict
        What `pretrain` says about the run.
    half : bool
        Store weights in 16 bits (batch-norm statistics stay in 32); they must already be rounded.
    licence : str, optional
        By default that of the examples.
    final_size : int, optional
        Side of the pictures that it will be given. By default that of the examples.
    """
    preprocessing = examples.preprocessing
    if final_size and preprocessing.resized_by == "image_size":
        preprocessing = preprocessing.resized(final_size)
    card = SourceCard(n_parameters=record["n_parameters"], licence=licence or examples.licence)
    network = Network(
        module,
        out.name,
        "transformers",
        preprocessing,
        card,
        trained=False,
        config=module.config,
        input_type=examples.input_type,
    )

    nameless = not outputs and network.chain.output_layer is not None  # a layer nobody trained

    def write(folder: Path) -> None:
        labels = None if nameless else tuple(outputs)
        saved = save_network(network, module, folder, labels=labels, head_linear=True, n_examples=examples.n_examples)
        saved["card"]["origin"] = f"pretrained by headstart on {examples.words}"
        if half:
            halve(folder)
        write_manifest(folder, {"network": saved, "pretraining": record})
        (folder / "README.md").write_text(source_card(out.name, saved, record), encoding="utf-8")

    write_folder(out, write)


def halve(folder: Path) -> None:
    """Store a transformers folder's weights in 16 bits, to be read in 32; one-dimensional buffers stay as they are."""
    tensors = load_file(folder / WEIGHTS)
    kept = ("running_mean", "running_var")
    small = {
        name: tensor.half() if tensor.dtype == torch.float32 and not name.endswith(kept) else tensor
        for name, tensor in tensors.items()
    }
    (folder / WEIGHTS).unlink()  # a new file, so that it has the usual rights
    (folder / WEIGHTS).write_bytes(save(small, metadata={"format": "pt"}))
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    if config.get("model_type") == MODEL_TYPE:
        return  # networks for sounds are always read in 32 bits
    config["dtype"] = "float32"
    file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def source_card(name: str, saved: dict[str, Any], record: dict[str, Any]) -> str:
    """Text of the README.md of a pretrained source, in Markdown with the header that hubs read."""
    card, recipe = saved["card"], record["recipe"]
    kind = kind_named(saved["input_type"])
    rows = [
        ("learned from", record["words"]),
        ("by", record["objective"]),
        ("parameters", f"{record['n_parameters']:,}"),
        ("input", preprocessing_of(kind.input_type, saved["preprocessing"]).words),
        ("on held-out examples", held_out_words(record)),
        ("seconds", f"{record['seconds']:,.0f} ({record['pictures_per_second']:,} examples a second)"),
        ("recipe", ", ".join(f"{key} {value}" for key, value in recipe.items())),
    ]
    table = ["| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in rows)]
    code = ["```sh", f"headstart fit {kind.many}/ --source {name} --out model", "```"]
    parts = [
        card_header("transformers", f"{kind.tag}-feature-extraction", card["licence"]),
        f"# {name}: a network to start from",
        "Its own outputs matter little; its features are meant to be borrowed for other tasks.",
        "\n".join(table),
        *(["\n".join(f"- {note}" for note in record["notes"])] if record["notes"] else []),
        "\n".join(["## Use", "", *code]),
    ]
    return "\n\n".join(parts) + "\n"


def held_out_words(record: dict[str, Any]) -> str:
    """What was measured on held-out examples, in a line.

    Examples
    --------
    >>> held_out_words({"held_out": {"loss": 1.2, "accuracy": 0.5}, "chance": 0.1})
    'loss 1.200, accuracy 50.0% (by chance 10.0%)'
    """
    words = []
    for name, value in record["held_out"].items():
        by_chance = f" (by chance {record['chance']:.1%})" if name == "accuracy" and "chance" in record else ""
        words.append(f"{name} {value:.1%}{by_chance}" if name == "accuracy" else f"{name} {value:.3f}")
    return ", ".join(words)

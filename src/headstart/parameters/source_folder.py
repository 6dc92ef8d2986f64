"""A pretrained network as a folder: weights, configuration, manifest, and a card that says what it is made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save

from headstart.data.preprocessing import Preprocessing
from headstart.networks.folder import write_folder, write_manifest
from headstart.networks.network import Network, SourceCard
from headstart.networks.save import WEIGHTS, save_network
from headstart.parameters.examples import Examples

MEAN, STD = 0.5, 0.25  # of pixels scaled to 0..1, every channel


def write_source(out: Path, module: Any, examples: Examples, record: dict[str, Any], *, half: bool) -> None:
    """Write a pretrained transformers network as a source, whole or not at all.

    Parameters
    ----------
    out : Path
        The folder.
    module : transformers.PreTrainedModel
        Evaluation mode.
    examples : Examples
        What it was trained on.
    record : dict
        What `pretrain` says about the run.
    half : bool
        Store weights in 16 bits (batch-norm statistics stay in 32); they must already be rounded.
    """
    size = examples.size
    preprocessing = Preprocessing(size, (size, size), (MEAN,) * 3, (STD,) * 3)
    card = SourceCard(n_parameters=record["n_parameters"], licence=examples.licence)
    network = Network(module, out.name, "transformers", preprocessing, card, trained=False, config=module.config)

    def write(folder: Path) -> None:
        saved = save_network(
            network, module, folder, labels=examples.class_names, head_linear=True, n_examples=examples.n
        )
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
    config["dtype"] = "float32"
    file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def source_card(name: str, saved: dict[str, Any], record: dict[str, Any]) -> str:
    """Text of the README.md of a pretrained source, in Markdown with the header that hubs read."""
    card, recipe = saved["card"], record["recipe"]
    header = ["---", "tags: [headstart, transfer-learning]", "library_name: transformers"]
    header += ["pipeline_tag: image-feature-extraction"] + ([f"license: {card['licence']}"] if card["licence"] else [])
    sides = " x ".join(str(side) for side in saved["preprocessing"]["crop"])
    rows = [
        ("learned from", record["words"]),
        ("parameters", f"{record['n_parameters']:,}"),
        ("input", f"{sides} pixels, colour; larger and smaller pictures are resized, grey ones made colour"),
        ("right on held-out pictures", f"{record['held_out_accuracy']:.1%} (by chance {record['chance']:.1%})"),
        ("seconds", f"{record['seconds']:,.0f} ({record['pictures_per_second']:,} pictures a second)"),
        ("recipe", ", ".join(f"{key} {value}" for key, value in recipe.items())),
    ]
    table = ["| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in rows)]
    code = ["```sh", f"headstart fit pictures/ --source {name} --out model", "```"]
    parts = [
        "\n".join([*header, "---"]),
        f"# {name}: a network to start from",
        "Its own classes matter little; its features are meant to be borrowed for other pictures.",
        "\n".join(table),
        "\n".join(["## Use", "", *code]),
    ]
    return "\n\n".join(parts) + "\n"

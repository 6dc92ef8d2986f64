"""The lines of a model card that run a saved network for texts with transformers and torch alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_READ = """import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

folder = "this-folder"
tokenizer = AutoTokenizer.from_pretrained(folder)
network = AutoModel.from_pretrained(folder).eval()
head = load_file(folder + "/head.safetensors")
texts = ["a text"]
batch = tokenizer(texts, padding=True, truncation=True, max_length={window}, return_tensors="pt")
ids, mask = batch["input_ids"], batch["attention_mask"]
with torch.inference_mode():
    hidden = network(input_ids=ids, attention_mask=mask).last_hidden_state"""
_POOLINGS = {
    "first": "hidden[:, 0]",
    "last": "hidden[torch.arange(len(ids)), mask.sum(1) - 1]",
    "max": "hidden.masked_fill(mask[..., None] == 0, -torch.inf).amax(1)",
    "mean": "(hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)",
    "mean_sqrt": "(hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).sqrt()",
    "weighted_mean": "(hidden * (mask * mask.cumsum(1))[..., None]).sum(1) / (mask * mask.cumsum(1)).sum(1, True)",
}
_ACTIVATIONS = {"Tanh": "torch.tanh", "ReLU": "torch.relu", "GELU": "torch.nn.functional.gelu"}


def text_lines(network: Mapping[str, Any]) -> list[str]:
    """Lines of Python that give the logits of texts, each cut at the network's window.

    Parameters
    ----------
    network : dict
        What `headstart.networks.save.save_network` returned.

    Examples
    --------
    >>> text_lines({"preprocessing": {"window": 256}, "poolings": ["first"], "after": []})[-2:]
    ['    features = hidden[:, 0]', '    logits = features @ head["output.weight"].T + head["output.bias"]']
    """
    pooled = [_POOLINGS[mode] for mode in network["poolings"]]
    lines = _READ.format(window=network["preprocessing"]["window"]).splitlines()
    lines.append(f"    features = {pooled[0] if len(pooled) == 1 else 'torch.cat([' + ', '.join(pooled) + '], 1)'}")
    for layer in network["after"]:
        if layer["kind"] == "normalise":
            lines.append("    features = torch.nn.functional.normalize(features)")
        elif layer["kind"] == "dense":
            bias = ' + dense["linear.bias"]' if layer["bias"] else ""
            lines.append(f'    dense = load_file(folder + "/{layer["folder"]}/model.safetensors")')
            lines.append(f'    features = features @ dense["linear.weight"].T{bias}')
        elif layer["kind"] in _ACTIVATIONS:
            lines.append(f"    features = {_ACTIVATIONS[layer['kind']]}(features)")
    lines.append('    logits = features @ head["output.weight"].T + head["output.bias"]')
    return lines

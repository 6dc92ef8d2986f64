"""The lines of a model card that run a saved network for texts with transformers and torch alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
ids, mask = batch["input_ids"], batch["attention_mask"]{watch}
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
_WATCH = """
seen = {{}}
for name in {blocks}:
    network.get_submodule(name).register_forward_hook(lambda m, args, out, name=name: seen.update({{name: out}}))"""
_LAYERS = """    share = mask / mask.sum(1, keepdim=True)
    means = [((out[0] if isinstance(out, tuple) else out) * share[..., None]).sum(1) for out in seen.values()]
    layers = torch.cat([mean.sign() * mean.abs().sqrt() for mean in means], 1)"""
_READS = {"output": "features", "layers": "layers"}
_ACTIVATIONS = {"Tanh": "torch.tanh", "ReLU": "torch.relu", "GELU": "torch.nn.functional.gelu"}


def text_lines(network: Mapping[str, Any], estimator: Mapping[str, Any] | None = None) -> list[str]:
    """Lines of Python that give the logits of texts, each cut at the network's window.

    Parameters
    ----------
    network : dict
        What `headstart.networks.save.save_network` returned.
    estimator : dict, optional
        What was learned, as ``headstart.json`` has it; without it the head is one linear layer.

    Examples
    --------
    >>> text_lines({"preprocessing": {"window": 256}, "poolings": ["first"], "after": []})[-2:]
    ['    features = hidden[:, 0]', '    logits = features @ head["output.weight"].T + head["output.bias"]']
    """
    pooled = [_POOLINGS[mode] for mode in network["poolings"]]
    head = (estimator or {}).get("head") or {}
    blocks = [name.removeprefix("body.") for name in head.get("blocks") or []]
    watch = _WATCH.format(blocks=blocks) if blocks else ""
    lines = _READ.format(window=network["preprocessing"]["window"], watch=watch).splitlines()
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
    if blocks:
        targets = (estimator or {})["targets"]
        lines += [*_LAYERS.splitlines(), *_averaged(head["parts"], targets["task"])]
        if targets["task"] == "regression":
            lines.append(f"    logits = logits * torch.tensor({targets['scale']}) + torch.tensor({targets['shift']})")
        return lines
    lines.append('    logits = features @ head["output.weight"].T + head["output.bias"]')
    return lines


def _averaged(parts: Sequence[tuple[str, float]], task: str) -> list[str]:
    """Lines for linear maps of features and layers whose probabilities (for numbers: values) are averaged."""
    lines = ["    scores = ["]
    for i, (name, _) in enumerate(parts):
        lines.append(f'        {_READS[name]}.double() @ head["{i}.coef"] + head["{i}.intercept"],')
    total = sum(weight for _, weight in parts)
    weights = [weight / total for _, weight in parts]
    value = {"classification": "{}.softmax(1)", "multilabel": "{}.sigmoid()"}.get(task, "{}").format("score")
    back = {"classification": ".log()", "multilabel": ".logit(1e-12)"}.get(task, "")
    if len(parts) == 1:
        return [*lines, "    ]", "    logits = scores[0]"]
    mixed = f"sum(weight * {value} for weight, score in zip({weights}, scores)){back}"
    return [*lines, "    ]", f"    logits = {mixed}"]

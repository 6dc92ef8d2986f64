"""Lines of a model card that give a model's answers without headstart; each is run by a test for every kind of head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def plain_lines(manifest: Mapping[str, Any]) -> list[str]:
    """Lines of Python that load a folder with transformers alone and answer as headstart does; none where none can.

    There are some where the head is one linear map inside the network, and for texts also where it is linear maps of
    several layers. Not where a text is read in several windows, where pictures are grey or deeper than 8 bits, or where
    another library would be needed.

    Parameters
    ----------
    manifest : dict
        Content of ``headstart.json``.

    Examples
    --------
    >>> plain_lines({"network": {"loads_with": "timm", "head_inside": True}})
    []
    """
    network, estimator = dict(manifest.get("network") or {}), manifest.get("estimator")
    if network.get("loads_with") != "transformers":
        return []
    inside, seen = bool(network.get("head_inside")), network.get("preprocessing") or {}
    blocks = ((estimator or {}).get("head") or {}).get("blocks")
    if network.get("poolings"):
        lines = text_lines(network, estimator) if (inside or blocks) and seen.get("windows_at_most", 1) == 1 else []
    elif network.get("extractor"):
        lines = audio_lines(network) if inside else []
    else:
        plain = inside and seen.get("channels", 3) == 3 and not seen.get("depth")
        lines = _PICTURE.splitlines() if plain else []
    if not lines:
        return []
    return [*lines, *_ANSWERS.get(str(manifest.get("task")), "").splitlines()]


_PICTURE = """import torch
from PIL import Image, ImageOps
from transformers import AutoImageProcessor, AutoModelForImageClassification

folder = "this-folder"
picture = ImageOps.exif_transpose(Image.open("picture.jpg")).convert("RGB")
processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
network = AutoModelForImageClassification.from_pretrained(folder).eval()
inputs = processor(images=[picture], return_tensors="pt")
with torch.no_grad():
    logits = network(**inputs).logits"""
_NAMES = """
import json
classes = json.load(open(folder + "/headstart.json", encoding="utf-8"))["classes"]
"""
#: By task: what the logits say.
_ANSWERS = {
    "classification": _NAMES + "answers = [classes[i] for i in logits.argmax(1)]",
    "multilabel": _NAMES + "answers = [[c for c, x in zip(classes, row) if x > 0] for row in logits.tolist()]",
    "regression": "answers = logits.tolist()",
}
_READ_CLIP = """import soundfile
import torch
from transformers import AutoFeatureExtractor, {names}

folder = "this-folder"
wave, rate = soundfile.read("clip.wav", dtype="float32")  # one channel, {rate} Hz, at most {seconds:g} s
extractor = AutoFeatureExtractor.from_pretrained(folder)"""
_CLASSIFY = """network = AutoModelForAudioClassification.from_pretrained(folder).eval()
inputs = extractor(wave, sampling_rate=rate, return_tensors="pt"{padding})
with torch.no_grad():
    logits = network(**inputs).logits"""
_TOWER = """network = ClapAudioModel.from_pretrained(folder).eval()
head = load_file(folder + "/head.safetensors")
inputs = extractor(wave, sampling_rate=rate, return_tensors="pt")
inputs["is_longer"] = torch.zeros(1, 1, dtype=torch.bool)
with torch.no_grad():
    logits = network(**inputs).pooler_output @ head["output.weight"].T + head["output.bias"]"""


def audio_lines(network: Mapping[str, Any]) -> list[str]:
    """Lines of Python that give the logits of a clip that is not longer than the network's window.

    Parameters
    ----------
    network : dict
        What `headstart.networks.saving.save.save_network` returned.

    Examples
    --------
    >>> heard = {"preprocessing": {"rate": 16000, "samples": 16000}, "body": "WhisperForAudioClassification"}
    >>> audio_lines(heard)[2]
    'from transformers import AutoFeatureExtractor, AutoModelForAudioClassification'
    """
    window = network["preprocessing"]
    tower = network.get("body") == "ClapAudioModel"
    read = _READ_CLIP.format(
        names="ClapAudioModel" if tower else "AutoModelForAudioClassification",
        rate=window["rate"],
        seconds=window["samples"] / window["rate"],
    )
    if tower:
        return ["from safetensors.torch import load_file", *read.splitlines(), *_TOWER.splitlines()]
    fills = network.get("extractor") == "Wav2Vec2FeatureExtractor"
    padding = f', padding="max_length", max_length={window["samples"]}, truncation=True' if fills else ""
    return [*read.splitlines(), *_CLASSIFY.format(padding=padding).splitlines()]


_READ_TEXT = """import torch
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
        What `headstart.networks.saving.save.save_network` returned.
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
    lines = _READ_TEXT.format(window=network["preprocessing"]["window"], watch=watch).splitlines()
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

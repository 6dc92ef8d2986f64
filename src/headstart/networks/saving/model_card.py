"""The README.md of a saved model: what it is, how good it is, how to use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headstart.data.base.kinds import Kind, kind_named, things


def model_card(manifest: Mapping[str, Any], evidence: Mapping[str, Any] | None = None) -> str:
    """Text of a model card in Markdown, with the header that hubs read.

    Everything in it comes from the manifest and the evidence; what is not known is left out.

    Parameters
    ----------
    manifest : dict
        Content of ``headstart.json``; ``"network"`` as `save_network` returned it.
    evidence : dict, optional
        Content of ``evidence.json``.

    Returns
    -------
    str

    Examples
    --------
    >>> print(model_card({"network": {"name": "resnet", "loads_with": "module"}}).splitlines()[-1])
    A new picture is worth checking by hand when it differs from those it was trained on.
    """
    proof = dict(evidence or {})
    network = dict(manifest.get("network") or {})
    kind = _kind(network, proof)
    parts = [
        card_header(network.get("loads_with"), _pipeline_tag(proof, kind), (network.get("card") or {}).get("licence")),
        f"# {_title(proof, network)}",
        _summary(proof, network),
        _scores(proof),
        _candidates(proof),
        _per_class(proof),
        _data(proof),
        _use(network, kind, manifest.get("estimator")),
        _limits(proof, kind),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _kind(network: Mapping[str, Any], proof: Mapping[str, Any]) -> Kind:
    """What the model takes: as the network says, else as the evidence does."""
    found = network.get("input_type") or (proof.get("data") or {}).get("input_type")
    return kind_named(found or "image")


def card_header(library: str | None, pipeline_tag: str | None, licence: str | None) -> str:
    """The header that hubs read; what is not known is left out.

    Examples
    --------
    >>> print(card_header("transformers", "image-classification", None))
    ---
    library_name: transformers
    pipeline_tag: image-classification
    tags:
    - headstart
    - transfer-learning
    ---
    """
    from huggingface_hub import ModelCardData

    known = library if library in ("transformers", "timm") else None
    tags = ["headstart", "transfer-learning"]
    return f"---\n{ModelCardData(library_name=known, pipeline_tag=pipeline_tag, license=licence, tags=tags)}\n---"


def _pipeline_tag(proof: Mapping[str, Any], kind: Kind) -> str | None:
    task = (proof.get("data") or {}).get("task", "classification")
    if task == "regression" and not kind.values:
        return None
    return f"{kind.tag}-{'regression' if task == 'regression' else 'classification'}"


def _title(proof: Mapping[str, Any], network: Mapping[str, Any]) -> str:
    data = proof.get("data") or {}
    return f"Model for {data['name']}" if data.get("name") else f"Model from {network.get('name', 'scratch')}"


def _summary(proof: Mapping[str, Any], network: Mapping[str, Any]) -> str:
    lead = proof.get("lead") or {}
    sentences = [lead.get("words"), lead.get("detail"), *(f"**{words}**" for words in proof.get("warnings") or [])]
    sentences.append((proof.get("verdict") or {}).get("sentence"))
    chosen = next((item for item in proof.get("candidates") or [] if item.get("chosen")), None)
    if chosen is not None:
        sentences.append(
            f"Chosen method: {chosen['name']}" + (f" ({chosen['words']})." if chosen.get("words") else ".")
        )
    if network.get("name"):
        sentences.append(f"Network: {network['name']}.")
    return " ".join(sentence for sentence in sentences if sentence)


def _scores(proof: Mapping[str, Any]) -> str:
    lines = []
    estimate = proof.get("estimate")
    if estimate:
        value = f"{_number(estimate['value'])}{_interval(estimate.get('interval'))}"
        lines.append(
            f"- Expected {_words(estimate['metric'])} on new data: {value} (95% interval, {estimate['method']})"
        )
    trivial = proof.get("trivial")
    if trivial:
        lines.append(f"- Guessing ({trivial['words']}): {_number(trivial['score'])}")
    test = proof.get("test")
    if test:
        scores = ", ".join(f"{_words(k)} {_number(v)}" for k, v in test.items() if isinstance(v, float))
        lines.append(f"- On the {test['part']} part ({test['n']} rows, used for nothing else): {scores}")
    for name, value in (proof.get("metrics") or {}).items():
        if isinstance(value, (int, float)):
            lines.append(f"- {_words(name).capitalize()}, out of fold: {_number(value)}")
    return "## How good it is\n\n" + "\n".join(lines) if lines else ""


def _candidates(proof: Mapping[str, Any]) -> str:
    rows = proof.get("candidates") or []
    if not rows:
        return ""
    table = ["| method | borrows | score | 95% interval | seconds |", "|---|---|---|---|---|"]
    for row in rows:
        mark = "**" if row.get("chosen") else ""
        low, high = row.get("interval") or (None, None)
        borrows = "yes" if row.get("transfer") else "no"
        scores = f"{_number(row.get('score'))} | {_number(low)} to {_number(high)} | {_number(row.get('seconds'), 1)}"
        table.append(f"| {mark}{_cell(row['name'])}{mark} | {borrows} | {scores} |")
    left = [f"- Left out: {row['name']} ({row['words']})" for row in proof.get("left_out") or []]
    return "\n".join(["## What was compared, on the same folds", "", *table, *([""] if left else []), *left])


def _per_class(proof: Mapping[str, Any]) -> str:
    rows = proof.get("per_class") or []
    if not rows:
        return ""
    table = ["## By class", "", "| class | n | precision | recall | F1 |", "|---|---|---|---|---|"]
    for row in rows:
        scores = " | ".join(_number(row.get(key)) for key in ("precision", "recall", "f1"))
        table.append(f"| {_cell(row['class'])} | {row['n']} | {scores} |")
    return "\n".join(table)


def _data(proof: Mapping[str, Any]) -> str:
    data = proof.get("data") or {}
    if not data:
        return ""
    many = things(data["input_type"]) if "input_type" in data else "rows"
    lines = ["## Data", "", f"{data['n']} {many}, {data.get('task', 'classification')}."]
    counts = data.get("n_per_class") or {}
    if counts:
        each = ", ".join(f"{name} {n}" for name, n in counts.items())
        lines.append(f"{many.capitalize()} of each class: {each}.")
    if data.get("n_groups"):
        lines.append(f"{data['n_groups']} groups; no group stood on both sides of a split.")
    if data.get("dropped"):
        lines.append(f"{len(data['dropped'])} files could not be read and were left out.")
    lines += [str(note) for note in data.get("notes") or []]
    return "\n".join(lines)


def _use(network: Mapping[str, Any], kind: Kind, estimator: Mapping[str, Any] | None = None) -> str:
    code = ["import headstart", "", 'model = headstart.load("this-folder")', f"model.predict({kind.sample})"]
    if network.get("extractor") and network.get("loads_with") == "transformers" and network.get("head_inside"):
        code += ["", "# or without headstart", *audio_lines(network)]
    elif network.get("poolings") and network.get("head_inside"):
        code += ["", "# or without headstart", *text_lines(network, estimator)]
    elif network.get("loads_with") == "transformers" and network.get("head_inside"):
        code += [
            "",
            "# or without headstart",
            "from transformers import AutoImageProcessor, AutoModelForImageClassification",
            "",
            'processor = AutoImageProcessor.from_pretrained("this-folder", backend="pil")',
            'network = AutoModelForImageClassification.from_pretrained("this-folder")',
        ]
    elif network.get("loads_with") == "timm" and network.get("head_inside"):
        code += ["", "# or without headstart", 'network = timm.create_model("local-dir:this-folder", pretrained=True)']
    elif network.get("loads_with") == "module":
        code = [
            "import headstart",
            "",
            "# the module's code is not in this folder: give the module that it was trained from",
            'source = headstart.NetworkSource(module, weights="this-folder/model.safetensors")',
        ]
    return "\n".join(["## Use", "", "```python", *code, "```"])


def _limits(proof: Mapping[str, Any], kind: Kind) -> str:
    lines = ["## Limits", ""]
    if (proof.get("data") or {}).get("task", "classification") == "classification":
        lines.append(f"It answers with one of its classes whatever the {kind.one} {kind.shows}.")
    lines.append(f"A new {kind.one} is worth checking by hand when it differs from those it was trained on.")
    return "\n".join(lines)


def _number(value: Any, digits: int = 3) -> str:
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def _interval(interval: Any) -> str:
    return "" if not interval else f" ({_number(interval[0])} to {_number(interval[1])})"


def _words(name: str) -> str:
    return str(name).replace("_", " ")


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


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

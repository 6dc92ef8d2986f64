"""The README.md of a saved model: what it is, how good it is, how to use it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from headstart.data.base.kinds import Kind, kind_named, things
from headstart.data.sets.task import DETECTION
from headstart.networks.saving.plain_lines import plain_lines
from headstart.visible import visible


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
    kind, lines = _kind(network, proof), plain_lines(manifest)
    parts = [
        card_header(
            network.get("loads_with") if lines else None,
            _pipeline_tag(proof, kind),
            (network.get("card") or {}).get("licence"),
            proof,
            kind,
        ),
        f"# {_title(proof, network)}",
        _summary(proof, network),
        _scores(proof),
        _candidates(proof),
        _per_class(proof),
        _data(proof),
        _use(manifest, kind, lines),
        _limits(proof, kind),
    ]
    return visible("\n\n".join(part for part in parts if part)) + "\n"


def _kind(network: Mapping[str, Any], proof: Mapping[str, Any]) -> Kind:
    """What the model takes: as the network says, else as the evidence does."""
    found = network.get("input_type") or (proof.get("data") or {}).get("input_type")
    return kind_named(found or "image")


def card_header(
    library: str | None,
    pipeline_tag: str | None,
    licence: str | None,
    proof: Mapping[str, Any] | None = None,
    kind: Kind | None = None,
) -> str:
    """The header that hubs read; what is not known is left out.

    With evidence it also names what was started from, where that is on a hub, and the measured figures as a
    ``model-index``.

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
    more: dict[str, Any] = {"library_name": known, "pipeline_tag": pipeline_tag, "license": licence}
    results = [] if not proof or kind is None else _results(proof, kind)
    if results:
        more |= {"eval_results": results, "model_name": _plain(_title(proof or {}, {}))}
    begun = str(((proof or {}).get("source") or {}).get("origin") or "").partition("@")[0]
    if _ON_A_HUB.fullmatch(begun):
        more["base_model"] = begun
    return f"---\n{ModelCardData(**more, tags=['headstart', 'transfer-learning'])}\n---"


_ON_A_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def _results(proof: Mapping[str, Any], kind: Kind) -> list[Any]:
    """The figures of the evidence, as hubs take them: what is expected on new data, and what a test part gave."""
    from huggingface_hub import EvalResult

    data, estimate, test = (proof.get(key) or {} for key in ("data", "estimate", "test"))
    task = str(data.get("task", "classification"))
    name = _plain(data.get("name") or "the data it learned from")
    where: dict[str, Any] = {
        "task_type": f"{kind.tag}-{task}" if task != "multilabel" else f"{kind.tag}-classification",
        "dataset_type": re.sub(r"[^\w.-]+", "-", name).strip("-").lower() or "data",
        "dataset_name": name,
    }
    found = []
    if isinstance(estimate.get("value"), int | float):
        said = f"{_words(estimate['metric'])}, expected on new data"
        found.append(
            EvalResult(**where, metric_type=estimate["metric"], metric_name=said, metric_value=estimate["value"])
        )
    for metric, value in test.items():
        if isinstance(value, float):
            found.append(
                EvalResult(
                    **where,
                    dataset_split=_plain(test.get("part") or "test"),
                    metric_type=metric,
                    metric_name=_words(metric),
                    metric_value=value,
                )
            )
    return found


def _plain(text: Any) -> str:
    """Words of somebody's data on one line, without signs that control a terminal."""
    return visible(" ".join(str(text).split()))


def _pipeline_tag(proof: Mapping[str, Any], kind: Kind) -> str | None:
    task = (proof.get("data") or {}).get("task", "classification")
    if task == DETECTION:
        return "object-detection"
    if task == "regression" and not kind.values:
        return None
    return f"{kind.tag}-{'regression' if task == 'regression' else 'classification'}"


def _title(proof: Mapping[str, Any], network: Mapping[str, Any]) -> str:
    data = proof.get("data") or {}
    name = f"Model for {data['name']}" if data.get("name") else f"Model from {network.get('name', 'scratch')}"
    return _said(name)


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
    return " ".join(_said(sentence) for sentence in sentences if sentence)


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
        lines.append(f"- On the {_said(test['part'])} part ({test['n']} rows, used for nothing else): {scores}")
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
    left = [f"- Left out: {_said(row['name'])} ({_said(row['words'])})" for row in proof.get("left_out") or []]
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
        each = ", ".join(f"{_said(name)} {n}" for name, n in counts.items())
        what = "Boxes" if data.get("task") == DETECTION else many.capitalize()
        lines.append(f"{what} of each class: {each}.")
    if data.get("n_groups"):
        lines.append(f"{data['n_groups']} groups; no group stood on both sides of a split.")
    if data.get("dropped"):
        lines.append(f"{len(data['dropped'])} files could not be read and were left out.")
    lines += [_said(note) for note in data.get("notes") or []]
    return "\n".join(lines)


def _use(manifest: Mapping[str, Any], kind: Kind, lines: Sequence[str]) -> str:
    code = ["import headstart", "", 'model = headstart.load("this-folder")', f"model.predict({kind.sample})"]
    if lines:
        code += ["", "# or without headstart", *lines]
    elif (manifest.get("network") or {}).get("loads_with") == "module":
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


def _said(text: Any) -> str:
    """Words of somebody's data as words: no HTML, no links, no new line and no new heading.

    Examples
    --------
    >>> _said("<script>\\n# [a](b) `c`")
    '&lt;script&gt; # \\\\[a\\\\](b) \\\\`c\\\\`'
    """
    return re.sub(r"([\[\]`])", r"\\\1", html.escape(" ".join(str(text).split()), quote=False))


def _cell(text: Any) -> str:
    return _said(text).replace("|", "\\|")

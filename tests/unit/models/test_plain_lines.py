"""The lines of a model card are run for every kind of head and family: they answer as headstart, or there are none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from safetensors import safe_open
from saved_models import CONFIGS, FAMILIES, HEADS, inputs_of, network_of, sounds, transferred
from tiny_pictures import source

from headstart import fit, load
from headstart.errors import ParameterError
from headstart.guard.safe_transfer import SafeTransferClassifier
from headstart.parameters.transfer import TransferClassifier

_OUTPUTS = re.compile(r"(body\.)?(output|score|classifier(\.\d+)?(\.dense)?)\.(weight|bias)")
CASES = [
    *((family, head, task) for family in ("resnet", "ast", "bert") for head in HEADS for task in ("classification",)),
    *((family, "linear", "classification") for families in FAMILIES.values() for family in families),
    *(
        (family, "linear", task)
        for family in ("resnet", "ast", "clap", "bert")
        for task in ("multilabel", "regression")
    ),
    *(("bert", "depths", task) for task in ("multilabel", "regression")),
    *((family, "tuned", "classification") for family in ("vit", "gpt2")),
]


def lines_of(folder: Path) -> str:
    """What the card says runs without headstart."""
    found = re.search(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    assert found is not None
    return found[1].partition("# or without headstart\n")[2]


def run(lines: str, folder: Path, place: Path, model: Any, X: Any) -> tuple[list[Any], np.ndarray]:
    """Answers and logits of the lines for each input, as written, but for the names of folder and file."""
    code = lines.replace("this-folder", str(folder))
    if model.input_type == "text":
        space: dict[str, Any] = {}
        exec(code.replace('["a text"]', repr(list(X))), space)
        return space["answers"], space["logits"].numpy()
    answers, logits = [], []
    name = "picture.jpg" if model.input_type == "image" else "clip.wav"
    before, _, after = code.partition("inputs = ")  # networks are loaded once
    for i in range(len(X)):
        if name == "clip.wav":
            soundfile.write(place / name, X.decode(i)[0], X.decode(i)[1], subtype="FLOAT")
        else:
            Image.fromarray(X[i]).save(place / "picture.png")
        again = "\n".join(line for line in before.splitlines() if "from_pretrained" not in line or not i)
        if not i:
            space = {}
        parts = (again, "inputs = " + after)
        for part in parts:
            exec(part.replace(name, str(place / ("picture.png" if name == "picture.jpg" else name))), space)
        answers += space["answers"]
        logits.append(space["logits"].numpy()[0])
    return answers, np.stack(logits)


@pytest.mark.parametrize(("family", "head", "task"), sorted(set(CASES)), ids=lambda value: value)
def test_lines_answer_as_headstart_or_there_are_none(family: str, head: str, task: str, tmp_path: Path) -> None:
    model, X = transferred(family, head, task)
    folder = model.save(tmp_path / "model")
    again, lines = load(folder), lines_of(folder)
    wanted = again.predict(X)
    expected = head in ("linear", "tuned") or (family in FAMILIES["texts"] and head == "depths")
    assert bool(lines) == expected
    if not lines:
        refuse_other_answers(folder)
        return
    with torch.random.fork_rng():
        answers, logits = run(lines, folder, tmp_path, model, X)
    if task == "regression":
        np.testing.assert_allclose(np.ravel(answers), wanted, atol=1e-3)
    elif task == "multilabel":
        assert [[name in said for name in model.classes_] for said in answers] == (wanted == 1).tolist()
    else:
        assert answers == wanted.tolist() and len(answers) == 50
        if head != "depths":  # the temperature is in the weights
            p = torch.from_numpy(logits).softmax(1).numpy()
            np.testing.assert_allclose(p, again.predict_proba(X), atol=1e-4)


def refuse_other_answers(folder: Path) -> None:
    """No classifier that answers otherwise: neither its weights nor names for its outputs."""
    config = json.loads((folder / "config.json").read_text())
    assert "id2label" not in config
    for file in folder.rglob("*.safetensors"):
        with safe_open(file, "pt") as opened:
            names = [name for name in opened.keys() if _OUTPUTS.fullmatch(name)]  # noqa: SIM118
        assert not names, f"{file.name} holds {names}"
    assert "library_name" not in (folder / "README.md").read_text()


def test_our_own_network_has_none(tmp_path: Path) -> None:
    for head in ("linear", "depths"):
        assert lines_of(sounds(head)[0].save(tmp_path / head)) == ""


def test_every_family_is_asked() -> None:
    assert set(CONFIGS) | {"ast", "whisper", "clap", "bert"} <= {family for family, _, _ in CASES}


def test_plain_compares_only_what_transformers_can_load(tmp_path: Path) -> None:
    X, y = inputs_of("image", 40)
    model = fit((X, y), network_of("resnet"), plain=True, budget=20, n_splits=2, out=tmp_path / "model")
    names = {row["name"] for row in model.evidence["candidates"] + model.evidence["left_out"]}
    assert {"linear head", "random features", "from scratch"} <= names and not names & {"head", "pixels and edges"}
    assert "plain=True" in model.evidence["reproduce"]["code"]
    lines = lines_of(tmp_path / "model")
    assert (
        lines and run(lines, tmp_path / "model", tmp_path, model, X)[0] == load(tmp_path / "model").predict(X).tolist()
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"source": None}, "a network of transformers' own for plain models, found none"),
        ({"source": source()}, r"found tiny \(Sequential\).*leave plain out"),
        ({"candidates": {"a": TransferClassifier()}}, "found candidates of your own"),
        ({"task": "keyword"}, "found the task 'keyword'"),
    ],
)
def test_plain_without_such_a_network_is_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        fit(inputs_of("image", 20), plain=True, budget=5, n_splits=2, **settings)


def test_plain_rows_are_refused() -> None:
    with pytest.raises(ParameterError, match="found rows of numbers"):
        SafeTransferClassifier(plain=True).fit(np.eye(20), np.arange(20) % 2)

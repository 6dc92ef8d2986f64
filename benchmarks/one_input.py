"""What a whole process costs that loads a saved model and predicts one input, against a plain transformers script.

    python benchmarks/one_input.py [--only pictures] [--repeats 9]

CPU seconds of processes, user and system, all ways in turn; the first round does not count. All code is compiled
before, as an installed package is. Each round has an input that no way has seen. *First*: the same with an empty
cache, as where a model is loaded for the first time on a machine.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from floor_inputs import V1, V2, clips
from text import minilm
from text import sets as text_sets

import headstart
from common import folder_pictures, need_data, parser
from headstart import TransferClassifier
from headstart.data.texts.texts import Texts

HEADSTART = "import headstart, sys; print(headstart.load(sys.argv[1]).predict([sys.argv[2]]))"
COMMAND = "from headstart.cli.main import main; main()"
PICTURE = """
import sys, torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification
processor = AutoImageProcessor.from_pretrained(sys.argv[1], backend="pil")
model = AutoModelForImageClassification.from_pretrained(sys.argv[1]).eval()
with torch.inference_mode():
    logits = model(**processor(Image.open(sys.argv[2]).convert("RGB"), return_tensors="pt")).logits
print(model.config.id2label[int(logits.argmax())])
"""
TEXT = """
import sys, torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer
tokenizer, model = AutoTokenizer.from_pretrained(sys.argv[1]), AutoModel.from_pretrained(sys.argv[1]).eval()
head = load_file(sys.argv[1] + "/head.safetensors")
with torch.inference_mode():
    tokens = tokenizer([sys.argv[2]], return_tensors="pt", truncation=True)
    mask = tokens["attention_mask"].unsqueeze(2)
    rows = (model(**tokens).last_hidden_state * mask).sum(1) / mask.sum(1)
print(rows.shape, sorted(head))
"""


def pictures(network: str) -> tuple[Any, str, list[str], str]:
    """A model of 244 photos, and photos that it has not seen."""
    paths, y = folder_pictures("hymenoptera", "train")
    model = TransferClassifier(network, random_state=0).fit(paths, y)
    return model, PICTURE, folder_pictures("hymenoptera", "val")[0], "pictures"


def texts() -> tuple[Any, str, list[str], str]:
    """A model of 200 news, and news that it has not seen."""
    found, y = text_sets()["ag_news_subset"]
    rows = [str(text) for text in found.items]
    return (
        TransferClassifier(str(minilm()), random_state=0).fit(Texts(rows[:200]), y[:200]),
        TEXT,
        rows[200:300],
        "texts",
    )


def sounds() -> tuple[Any, str, list[str], str]:
    """A model of 200 spoken digits, and clips that it has not seen."""
    found, y = clips()
    paths = [str(path) for path in found.items]
    model = TransferClassifier("starter:speech", random_state=0).fit(paths[:200], y[:200])
    return model, "import torch", paths[200:300], "clips"


PARTS = {
    "pictures, MobileNetV2": lambda: pictures(V2),
    "pictures, MobileNetV1 0.25": lambda: pictures(V1),
    "texts, MiniLM": texts,
    "clips, starter:speech": sounds,
}


def lines(part: str, repeats: int) -> Iterator[str]:
    """A line for each way of predicting one input."""
    model, peer, unseen, many = PARTS[part]()
    with tempfile.TemporaryDirectory() as place:
        folder = model.save(Path(place) / "model")
        given = ["--text"] if many == "texts" else []
        ways = {
            "peer": ["-c", peer, str(folder)],
            "load(...).predict": ["-c", HEADSTART, str(folder)],
            "headstart predict": ["-c", COMMAND, "predict", str(folder), *given],
            "first load(...).predict": ["-c", HEADSTART, str(folder)],
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for k in range(repeats + 1):
            for name, command in ways.items():
                cache = f"{place}/{k if name.startswith('first') else 'cache'}"
                found[name].append(seconds([*command, unseen[k]], place, cache))
    yield from told(part, found)


def told(part: str, found: dict[str, list[float]]) -> Iterator[str]:
    """Medians of seconds, and of the ratios to the first way round by round."""
    base, *others = found
    for name in others:
        ratios = [a / b for a, b in zip(found[name][1:], found[base][1:], strict=True)]
        mine, other = (statistics.median(found[one][1:]) for one in (name, base))
        spread = 1.25 * statistics.stdev(ratios) / len(ratios) ** 0.5
        middle = f"{statistics.median(ratios):.3f} +- {spread:.3f}"
        yield f"| {part} | {name} {mine:.3f} s | {base} {other:.3f} s | {middle} |"


def imports(repeats: int) -> Iterator[str]:
    """What importing headstart costs, against starting Python."""
    found: dict[str, list[float]] = {"python": [], "import headstart": []}
    with tempfile.TemporaryDirectory() as place:
        for _ in range(repeats + 1):
            for name, code in (("python", "pass"), ("import headstart", "import headstart")):
                found[name].append(seconds(["-c", code], place, place))
    yield from told("import", found)


def rows(repeats: int) -> Iterator[str]:
    """Predicting 200 rows of a table, which needs no torch, against the same with torch loaded."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(260, 6)).round(3), columns=list("abcdef"))
    frame["y"] = np.where(frame["a"] + frame["b"] > 0, "up", "down")
    with tempfile.TemporaryDirectory() as place:
        fitted = headstart.fit(frame[:60], label="y", budget=20).save(Path(place) / "model")
        frame[60:].drop(columns="y").to_csv(Path(place) / "new.csv", index=False)
        arguments = ["predict", str(fitted), str(Path(place) / "new.csv"), "--csv"]
        found: dict[str, list[float]] = {"with torch loaded": [], "headstart predict": []}
        for _ in range(repeats + 1):
            for name, more in (("with torch loaded", "import torch; "), ("headstart predict", "")):
                found[name].append(seconds(["-c", more + COMMAND, *arguments], place, place))
    yield from told("200 rows", found)


def seconds(command: list[str], place: str, cache: str) -> float:
    """CPU seconds of a process of Python, whose compiled code is kept in a place of its own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "PYTHONPYCACHEPREFIX": f"{place}/compiled", "HEADSTART_CACHE": cache}
    before = _used()
    subprocess.run([sys.executable, *command], check=True, capture_output=True, env=environment)
    return _used() - before


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print what was measured."""
    made = parser("What a whole process costs that predicts one input.", 9)
    made.add_argument("--only", default="")
    options = made.parse_args()
    need_data()
    warnings.simplefilter("ignore")
    for part in PARTS:
        if options.only in part:
            for line in lines(part, options.repeats):
                print(line, flush=True)
    for name, more in {"import": imports, "200 rows": rows}.items():
        if options.only in name:
            for line in more(options.repeats):
                print(line, flush=True)


if __name__ == "__main__":
    main()

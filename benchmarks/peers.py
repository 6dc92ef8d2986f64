"""Accuracy and CPU seconds beside setfit, AutoGluon and the Trainer of transformers, on the same draws.

    python benchmarks/peers.py setfit [--setfit PYTHON] [--labels 8 64] [--most-steps 100] [--repeats 5]
    python benchmarks/peers.py autogluon [--autogluon PYTHON]
    python benchmarks/peers.py trainer

Each part takes its ways in turn, draw by draw, on one thread; a peer that is not installed in its Python (by default
this one) is left out, and that is said. Seconds are CPU seconds of learning and predicting, without imports.

``setfit``: news (ag_news), so many labelled texts a class, 400 other texts, all-MiniLM-L6-v2. setfit has its defaults;
with ``--most-steps`` it ends after so many, since its pairs grow with the square of the labels (at 64 a class an epoch
is 64 times as long as at 8). *Head*: `TransferClassifier`; *tuned*: its ``train="contrastive"``.

``autogluon``: four tables of `floor.py`, with rows of a source. AutoGluon's time limit is the wall seconds that
`SafeTransferClassifier` (or its like for numbers) took just before; with other programs at
work it gets less of them than it would alone. It learns from the target's rows, and from those of both.

``trainer``: MobileNetV1 0.25 on 60 photos of ants and bees, tested on 153 others: 10 epochs in batches of 16 with AdamW
at 3e-4 and a linear schedule in the Trainer; ``train="all"`` with as many epochs, and the default, of
`TransferClassifier`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HEADSTART_CACHE"] = "off"

import numpy as np

from common import DATA, folder_pictures, need_data, parser

Ways = dict[str, Callable[[], Any]]
#: Rows and labels to learn from, and the rows to be judged on.
Task = dict[str, Any]

SETFIT = """
import json, sys, time
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments
task = json.load(open(sys.argv[1]))
model = SetFitModel.from_pretrained(task["model"])
arguments = TrainingArguments(
    output_dir=task["scratch"], seed=task["seed"], report_to="none", save_strategy="no", max_steps=task["steps"]
)
rows = Dataset.from_dict({"text": task["texts"], "label": task["labels"]})
started = time.process_time()
Trainer(model=model, args=arguments, train_dataset=rows).train()
found = [int(label) for label in model.predict(task["test"])]
json.dump({"found": found, "seconds": time.process_time() - started}, open(sys.argv[2], "w"))
"""
AUTOGLUON = """
import json, sys, time
import pandas as pd
from autogluon.tabular import TabularPredictor
task = json.load(open(sys.argv[1]))
names = [f"x{i}" for i in range(len(task["rows"][0]))]
rows = pd.DataFrame(task["rows"], columns=names).assign(label=task["labels"])
started = time.process_time()
model = TabularPredictor("label", path=task["scratch"], verbosity=0, problem_type=task["type"])
model.fit(rows, time_limit=task["limit"], num_cpus=1)
found = model.predict(pd.DataFrame(task["test"], columns=names)).tolist()
json.dump({"found": found, "seconds": time.process_time() - started}, open(sys.argv[2], "w"))
"""


def elsewhere(python: str, script: str, task: Task) -> tuple[np.ndarray, float]:
    """Predictions and CPU seconds of a script in another Python; RuntimeError with its last words where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "task.json").write_text(json.dumps({**task, "scratch": str(place / "scratch")}))
        command = [python, "-c", script, str(place / "task.json"), str(place / "found.json")]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": ""}
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip()[-500:])
        answer = json.loads((place / "found.json").read_text())
        return np.array(answer["found"]), answer["seconds"]


def missing(python: str, package: str) -> str:
    """Words where a package is not there, else nothing."""
    probe = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({package!r}) is None)"
    absent = subprocess.run([python, "-c", probe], check=False).returncode
    return f"{package} is not installed in {python}: left out" if absent else ""


def here(way: Callable[[], Any]) -> tuple[np.ndarray, float]:
    """Predictions and CPU seconds of a way in this process, which remembers nothing of the one before."""
    from headstart.contract.remembered import forget
    from headstart.data.inputs.canvases import default_store

    default_store().clear()
    forget()
    started = time.process_time()
    found = way()
    return np.asarray(found), time.process_time() - started


def setfit(options: Any) -> Iterator[tuple[str, str, float, float]]:
    """Texts."""
    from text import draw, minilm, sets

    from headstart import TransferClassifier
    from headstart.networks.reading.loading import load_network

    texts, y = sets()["ag_news_subset"]
    network = load_network(str(minilm()))
    reason = missing(options.setfit, "setfit")
    print(reason, end="\n" if reason else "")
    for labels in options.labels:
        for number in range(options.first, options.first + options.repeats):
            train, test = draw(y, labels, number, 400)

            def ours(how: str, train: np.ndarray = train, test: np.ndarray = test, seed: int = number) -> Any:
                return (
                    TransferClassifier(network, train=how, random_state=seed)
                    .fit(texts[train], y[train])
                    .predict(texts[test])
                )

            for name, how in (("head", "head"), ("tuned", "contrastive")):
                found, seconds = here(lambda how=how, ours=ours: ours(how))
                yield f"ag_news, {labels} a class", name, float((found == y[test]).mean()), seconds
            if reason:
                continue
            task: Task = {"model": str(minilm()), "seed": number, "steps": options.most_steps}
            task |= {"texts": [texts.decode(i) for i in train], "labels": y[train].tolist()}
            found, seconds = elsewhere(options.setfit, SETFIT, {**task, "test": [texts.decode(i) for i in test]})
            yield f"ag_news, {labels} a class", "setfit", float((found == y[test]).mean()), seconds


def autogluon(options: Any) -> Iterator[tuple[str, str, float, float]]:
    """Tables with a source."""
    from floor import sets
    from sklearn.metrics import accuracy_score, r2_score

    from headstart import SafeTransferClassifier, SafeTransferRegressor, Source

    reason = missing(options.autogluon, "autogluon.tabular")
    print(reason, end="\n" if reason else "")
    chosen = {name: draw for name, draw in sets().items() if name in options.tables}
    for number in range(options.first, options.first + options.repeats):
        for name, make in chosen.items():
            draw = make(number)
            numbers = draw.target[1].dtype.kind == "f"
            score = r2_score if numbers else accuracy_score
            safe = (SafeTransferRegressor if numbers else SafeTransferClassifier)(
                source=Source(*draw.source), random_state=0
            )
            started = time.perf_counter()
            found, seconds = here(lambda safe=safe, draw=draw: safe.fit(*draw.target).predict(draw.new[0]))
            limit = time.perf_counter() - started
            yield name, "safe", float(score(draw.new[1], found)), seconds
            if reason:
                continue
            kind = "regression" if numbers else "binary" if len(np.unique(draw.new[1])) == 2 else "multiclass"
            both = tuple(np.concatenate(pair) for pair in zip(draw.source, draw.target, strict=True))
            for words, (rows, labels) in (("of the target", draw.target), ("of both", both)):
                task = {"rows": rows.tolist(), "labels": labels.tolist(), "test": draw.new[0].tolist(), "type": kind}
                try:
                    found, took = elsewhere(options.autogluon, AUTOGLUON, {**task, "limit": limit})
                except RuntimeError as error:
                    print(f"AutoGluon, {name} {number}, {words}: {str(error).splitlines()[-1]}")
                    continue
                yield name, f"AutoGluon, {words}", float(score(draw.new[1], found.astype(draw.new[1].dtype))), took


def trainer(options: Any) -> Iterator[tuple[str, str, float, float]]:
    """Pictures."""
    from headstart import TransferClassifier

    folder = str(DATA / "networks" / "mobilenet_v1_0.25_128")
    reason = (
        "" if all(map(importlib.util.find_spec, ("transformers", "accelerate"))) else "no transformers with accelerate"
    )
    print(reason, end="\n" if reason else "")
    if not reason:
        import accelerate  # noqa: F401  imported once, so that no draw pays for it
        from transformers import AutoImageProcessor, AutoModelForImageClassification, Trainer  # noqa: F401
    paths, labels = folder_pictures("hymenoptera", "train")
    others, truths = folder_pictures("hymenoptera", "val")
    for number in range(options.first, options.first + options.repeats):
        rng = np.random.default_rng(number)
        train = rng.permutation(len(paths))[:60]
        rows, y = [paths[i] for i in train], (labels[train] == "bees").astype(int)
        ways: Ways = {
            "all layers": lambda rows=rows, y=y, number=number: (
                TransferClassifier(folder, train="all", epochs=10, random_state=number).fit(rows, y).predict(others)
            ),
            "head": lambda rows=rows, y=y, number=number: (
                TransferClassifier(folder, random_state=number).fit(rows, y).predict(others)
            ),
        }
        if not reason:
            ways["Trainer"] = lambda rows=rows, y=y, number=number: with_trainer(folder, rows, y, others, number)
        for name, way in ways.items():
            found, seconds = here(way)
            yield "ants and bees, 60 photos", name, float((found == (truths == "bees")).mean()), seconds


def with_trainer(folder: str, paths: list[str], y: np.ndarray, others: list[str], seed: int) -> np.ndarray:
    """What one writes with transformers: its image processor, its model with a new output layer, its Trainer."""
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModelForImageClassification, Trainer, TrainingArguments

    processor = AutoImageProcessor.from_pretrained(folder)

    def read(names: list[str]) -> Any:
        return [processor(Image.open(name).convert("RGB"), return_tensors="pt")["pixel_values"][0] for name in names]

    model = AutoModelForImageClassification.from_pretrained(folder, num_labels=2, ignore_mismatched_sizes=True)
    with tempfile.TemporaryDirectory() as scratch:
        arguments = TrainingArguments(
            scratch, num_train_epochs=10, per_device_train_batch_size=16, per_device_eval_batch_size=16, seed=seed,
            learning_rate=3e-4, report_to="none", save_strategy="no", logging_strategy="no", use_cpu=True,
            disable_tqdm=True,
        )  # fmt: skip
        rows = [{"pixel_values": x, "labels": int(label)} for x, label in zip(read(paths), y, strict=True)]
        learner = Trainer(model=model, args=arguments, train_dataset=rows)
        learner.train()
        seen = learner.predict([{"pixel_values": x} for x in read(others)])
    return np.asarray(seen.predictions).argmax(axis=1)


def main() -> None:
    """A line a draw and way, then the means with their standard errors."""
    made = parser((__doc__ or "").splitlines()[0], 5)
    made.add_argument("part", choices=("setfit", "autogluon", "trainer"))
    made.add_argument("--first", type=int, default=0, help="number of the first draw")
    made.add_argument("--setfit", default=sys.executable, help="a Python that has setfit")
    made.add_argument("--autogluon", default=sys.executable, help="a Python that has autogluon.tabular")
    made.add_argument("--labels", type=int, nargs="+", default=[8])
    made.add_argument("--most-steps", type=int, default=-1)
    made.add_argument("--tables", nargs="+", default=["cancer", "mushroom", "made, 60 + 600", "concrete"])
    options = made.parse_args()
    need_data()
    warnings.simplefilter("ignore")
    seen: dict[tuple[str, str], list[tuple[float, float]]] = {}
    part = {"setfit": setfit, "autogluon": autogluon, "trainer": trainer}[options.part]
    for name, way, accuracy, seconds in part(options):
        seen.setdefault((name, way), []).append((accuracy, seconds))
        print(f"{name}: {way} {accuracy:.4f}, {seconds:.1f} CPU s", flush=True)
    for (name, way), each in seen.items():
        accuracy, seconds = np.array(each).T
        error = accuracy.std(ddof=1) / np.sqrt(len(each)) if len(each) > 1 else float("nan")
        print(f"| {name} | {way} | {accuracy.mean():.3f} ({error:.3f}) | {seconds.mean():.1f} | {len(each)} |")


if __name__ == "__main__":
    main()

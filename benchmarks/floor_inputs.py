"""What learning from pictures, clips and texts costs, against what no way can spare: decoding and one forward pass.

    python benchmarks/floor_inputs.py [--only head] [--repeats 3]

Costs are CPU seconds on one thread; all ways of a part are run in turn in one process, each from an empty cache, and
the median counts. *Floor*: every example decoded and run once through the network as headstart simplifies it, texts by
length in batches of 16, and nothing else. *Peer*: transformers' own processor and model, batches of 8, and one
scikit-learn ``LogisticRegression`` on what comes out. *Warm*: the same fit when the rows are in the cache.
``fit``: `headstart.fit`, all candidates that do not train in epochs.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from text import minilm
from text import sets as text_sets

import headstart
from common import DATA, digits, folder_pictures, need_data, parser
from headstart import TransferClassifier
from headstart.contract.remembered import forget
from headstart.data.clips.clips import Clips
from headstart.data.inputs.canvases import default_store
from headstart.data.inputs.inputs import as_inputs
from headstart.guard.candidates.for_inputs import standard_for_inputs
from headstart.networks.reading.loading import load_network
from headstart.networks.running.pipeline import rows_a_pass
from headstart.networks.running.runtime import prepared, to_tensor
from headstart.networks.running.simplify import simplify

V1, V2 = (str(DATA / "networks" / name) for name in ("mobilenet_v1_0.25_128", "mobilenet_v2_1.0_224"))
Ways = dict[str, Callable[[], Any]]


def photos(n: int = 1200) -> tuple[list[str], np.ndarray]:
    """Photos of 19 classes, out of three sets."""
    sets = ("caltech101_subset", ""), ("hymenoptera", "train"), ("hymenoptera", "val"), ("pacs", "photo")
    found = [folder_pictures(*one) for one in sets]
    paths, labels = [path for one, _ in found for path in one], np.concatenate([y for _, y in found])
    chosen = np.random.default_rng(0).permutation(len(paths))[:n]
    return [paths[i] for i in chosen], labels[chosen]


def clips(n: int = 500) -> tuple[Clips, np.ndarray]:
    """Spoken digits."""
    paths = sorted((DATA / "spoken_digits").glob("*.flac"))
    chosen = np.random.default_rng(0).permutation(len(paths))[:n]
    return Clips([paths[i] for i in chosen]), np.array([paths[i].stem.split("_")[0] for i in chosen])


def empty() -> None:
    """Forget all canvases, features and heads."""
    default_store().clear()
    forget()
    os.environ["HEADSTART_CACHE"] = tempfile.mkdtemp(prefix="floor-")


def floor(network: Any, X: Any) -> Callable[[], np.ndarray]:
    """Decode, cut and run each input once; a long one of several windows in all of them."""
    seen, inputs = network.preprocessing, as_inputs(X)
    net = prepared(simplify(network.module, network.example(), network.chain.output_layer), torch.float32, "cpu")
    size = rows_a_pass(seen) if seen.one_size else 16

    def run() -> np.ndarray:
        def windows(i: int) -> list[np.ndarray]:
            canvas = seen.canvas(inputs.load(i, seen.enough)[0])
            return list(seen.windows(canvas)) if seen.windowed else [seen.centre(canvas)]

        def passed(batch: list[np.ndarray]) -> Any:
            return net(to_tensor(seen.stack(batch), seen))

        if seen.one_size:
            waiting: list[np.ndarray] = []
            for i in range(len(inputs)):
                waiting += windows(i)
                while len(waiting) >= size:
                    passed(waiting[:size])
                    del waiting[:size]
        else:
            waiting = sorted((one for i in range(len(inputs)) for one in windows(i)), key=len)
        for start in range(0, len(waiting), size):
            passed(waiting[start : start + size])

    return lambda: torch.inference_mode()(run)()


def peer(folder: str, paths: list[str], y: np.ndarray) -> Callable[[], Any]:
    """transformers' features, and one logistic regression."""
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModel

    processor, model = AutoImageProcessor.from_pretrained(folder, backend="pil"), AutoModel.from_pretrained(folder)

    @torch.inference_mode()
    def run() -> Any:
        rows = []
        for start in range(0, len(paths), 8):
            pictures = [Image.open(path).convert("RGB") for path in paths[start : start + 8]]
            rows.append(model(**processor(pictures, return_tensors="pt")).pooler_output.flatten(1).numpy())
        return LogisticRegression(max_iter=1000).fit(np.concatenate(rows), y)

    return run


def head_ways(source: Any, X: Any, y: np.ndarray, folder: str | None = None) -> Ways:
    """The head alone: floor, cold, warm; the peer for pictures."""

    def fit() -> Any:
        return TransferClassifier(source, random_state=0).fit(X, y)

    ways = {"floor": floor(load_network(source), X), "ours": fit, "warm": fit}
    return ways if folder is None else {**ways, "peer": peer(folder, X, y)}


def fit_ways(source: Any, X: Any, y: np.ndarray) -> Ways:
    """The whole of `headstart.fit` with candidates that do not train in epochs."""
    network, classes = load_network(source), len(np.unique(y))
    task, n = "classification", len(y)
    standard = standard_for_inputs(network, task, input_type=network.input_type, n=n, n_classes=classes)
    cheap = [candidate for candidate in standard if not candidate.dear]

    def fit() -> Any:
        return headstart.fit((X, y), source, candidates=cheap, budget=3600)

    return {"floor": floor(network, X), "ours": fit}


def parts() -> dict[str, Callable[[], Ways]]:
    """Ways by part."""

    def small() -> tuple[np.ndarray, np.ndarray]:
        pictures, labels = digits(300)
        return pictures, labels

    def news() -> tuple[Any, np.ndarray]:
        texts, labels = text_sets()["ag_news_subset"]
        chosen = np.random.default_rng(0).permutation(len(labels))[:1000]
        return texts[chosen], labels[chosen]

    return {
        "head, 1,200 pictures, MobileNetV2": lambda: head_ways(V2, *photos(), V2),
        "head, 1,200 pictures, MobileNetV1 0.25": lambda: head_ways(V1, *photos(), V1),
        "head, 500 clips, starter:speech": lambda: head_ways("starter:speech", *clips()),
        "head, 1,000 texts, MiniLM": lambda: head_ways(str(minilm()), *news()),
        "fit, 1,200 pictures, MobileNetV2": lambda: fit_ways(V2, *photos()),
        "fit, 300 small pictures, MobileNetV1 0.25": lambda: fit_ways(V1, *small()),
        "fit, 300 small pictures, starter": lambda: fit_ways("starter:pictures", *small()),
        "fit, 500 clips, starter:speech": lambda: fit_ways("starter:speech", *clips()),
    }


def measured(ways: Ways, repeats: int) -> dict[str, list[float]]:
    """CPU seconds of each way, in turn; the first round, in which libraries are loaded, does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats + 1):
        for name, way in ways.items():
            if name != "warm":
                empty()
            started = time.process_time()
            way()
            seconds[name].append(time.process_time() - started)
    return {name: found[1:] for name, found in seconds.items()}


def input_rows(repeats: int, only: str) -> Iterator[str]:
    """A line of a table for each way of each part."""
    for part, make in parts().items():
        if only not in part:
            continue
        ways = make()
        found = measured(ways, repeats)
        for name in ways:
            if name == "floor":
                continue
            base = "ours" if name == "warm" else "floor"
            ratio = statistics.median(a / b for a, b in zip(found[name], found[base], strict=True))
            mine, other = (statistics.median(found[one]) for one in (name, base))
            yield f"| {part} | {name} {mine:.2f} s | {base} {other:.2f} s | {ratio:.3f} |"


def main() -> None:
    """Print what was measured."""
    made = parser("What learning from pictures, clips and texts costs.", 3)
    made.add_argument("--only", default="")
    options = made.parse_args()
    need_data()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for line in input_rows(options.repeats, options.only):
        print(line, flush=True)


if __name__ == "__main__":
    main()

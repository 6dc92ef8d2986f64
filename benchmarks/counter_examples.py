"""Where no gain must be claimed: shuffled labels, a source of random weights, a source smaller than the target.

    python benchmarks/counter_examples.py [--repeats 40] [--budget 4]

Prints how often the verdict is *helps* (of 40 shuffles at most 2 may be), and what is said of the other two.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

import headstart
from common import DATA, digits, folder_pictures, need_data, parser
from headstart import SafeTransferClassifier
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network

SMALL = DATA / "networks" / "mobilenet_v1_0.25_128"


def shuffled(repeats: int, budget: float, n: int = 80) -> Counter[str]:
    """Verdicts on real pictures with shuffled labels, a new shuffle and a new draw each time."""
    paths, y = folder_pictures("hymenoptera", "train")
    verdicts: Counter[str] = Counter()
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(paths))[:n]
        model = SafeTransferClassifier(str(SMALL), budget=budget, random_state=seed)
        model.fit([paths[i] for i in rows], rng.permutation(y[rows]))
        verdicts[model.verdict_] += 1
    return verdicts


def random_weights(budget: float) -> SafeTransferClassifier:
    """A source whose weights were never trained."""
    paths, y = folder_pictures("caltech101_subset")
    source = random_network(load_network(str(SMALL)), 1)
    rows = np.random.default_rng(0).permutation(len(paths))[:200]
    return SafeTransferClassifier(source, budget=budget).fit([paths[i] for i in rows], y[rows])


def smaller_source(budget: float) -> SafeTransferClassifier:
    """A source trained on 40 pictures of photos, for a target of 400 handwritten digits."""
    paths, y = folder_pictures("hymenoptera", "train")
    few = np.linspace(0, len(paths) - 1, 40).astype(int)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "source"
        small = headstart.TransferClassifier(None, network=str(SMALL), epochs=5, image_size=64, random_state=0)
        small.fit([paths[i] for i in few], y[few])
        headstart.Model(small, {}, task="classification", classes=list(small.classes_)).save(out)
        X, labels = digits(400)
        return SafeTransferClassifier(str(out), budget=budget).fit(X, labels)


def main() -> None:
    arguments = parser(__doc__ or "", repeats=40)
    arguments.add_argument("--budget", type=float, default=4.0)
    options = arguments.parse_args()
    need_data()
    for name, make in (("random weights", random_weights), ("source smaller than target", smaller_source)):
        model = make(options.budget)
        verdict = model.evidence_["verdict"]
        print(f"{name}: {verdict['sentence']} Transfer used: {verdict['transfer_used']}.")
        print(f"  before training: {model.evidence_['before']['words']}", flush=True)
    print(f"shuffled labels, {options.repeats} seeds: {dict(shuffled(options.repeats, options.budget))}")


if __name__ == "__main__":
    main()

"""Few labels and many examples without: the last block trained on views of them, beside heads on frozen features.

    python benchmarks/consistency.py [--repeats 2] [--sets office:2 digits:3:skewed] [--rows 600] [--results FILE]

Weak views teach strong ones (SoftMatch's weights, shares of the classes estimated), from the discriminant's head on.
Pictures at 128 pixels. Draws are those of `unlabelled.py` over ``--rows`` of the examples. Accuracy in % and CPU
seconds of each fit, embedding included; with a file each draw is written there and not computed again.
"""

from __future__ import annotations

import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from unlabelled import draws, examples

from common import need_data, parser
from headstart import TransferClassifier

SETS = ("office:2", "sketch:5", "mnist:5", "chest:5", "digits:3:skewed", "digits:2", "agnews:2", "agnews:5")
WAYS: dict[str, dict[str, Any]] = {
    "head": {"head": "linear"},
    "discriminant": {"head": "linear", "unlabelled": True},
    "consistency": {"train": "last:1", "unlabelled": True},
}


def drawn(setting: str, seed: int, most: int, epochs: int) -> dict[str, tuple[float, float]]:
    """Accuracy in % and CPU seconds of each way on a draw."""
    name, per, *how = setting.split(":")
    source, inputs, labels = examples(name)
    kept = np.sort(np.random.default_rng(1).permutation(len(labels))[:most])
    inputs, labels = inputs[kept], labels[kept]
    y = np.unique(labels, return_inverse=True)[1]
    rows = list(draws(np.arange(len(y))[:, None], y, int(per), seed + 1, "".join(how)))[seed]
    few, more, test = rows[0][:, 0], rows[2][:, 0], rows[3][:, 0]
    size = {} if name in ("agnews", "digits") else {"image_size": 128}
    found = {}
    for way, settings in WAYS.items():
        own = {**settings, **size, **({"epochs": epochs} if "train" in settings else {})}
        own |= {"unlabelled": inputs[more]} if "unlabelled" in own else {}
        started = time.process_time()
        model = TransferClassifier(source, random_state=0, **own).fit(inputs[few], labels[few])
        seconds = time.process_time() - started
        found[way] = 100 * float((model.predict(inputs[test]) == labels[test]).mean()), seconds
    return found


def main() -> None:
    """Print a line a draw, then means, worst draws against the discriminant, and shares of draws hurt."""
    need_data()
    made = parser(__doc__ or "", repeats=2)
    made.add_argument("--sets", nargs="+", default=list(SETS))
    made.add_argument("--rows", type=int, default=600)
    made.add_argument("--epochs", type=int, default=8)
    made.add_argument("--results", type=Path)
    options = made.parse_args()
    lines = options.results.read_text().splitlines() if options.results and options.results.exists() else []
    known = {(one["set"], one["seed"]): one["found"] for one in map(json.loads, lines)}
    gaps = []
    for seed in range(options.repeats):
        for setting in options.sets:
            found = known.get((setting, seed)) or drawn(setting, seed, options.rows, options.epochs)
            if options.results and (setting, seed) not in known:
                with options.results.open("a") as file:
                    file.write(json.dumps({"set": setting, "seed": seed, "found": found}) + "\n")
            told = ", ".join(f"{way} {score:.1f} ({seconds:.0f} s)" for way, (score, seconds) in found.items())
            print(f"{setting} {seed}: {told}", flush=True)
            gaps.append([found["consistency"][0] - found[other][0] for other in ("discriminant", "head")])
    for words, gap in zip(("the discriminant", "the head"), np.array(gaps).T, strict=True):
        hurt = (gap < -1).mean()
        print(f"against {words}: mean {gap.mean():+.1f}, {hurt:.0%} hurt by over 1 point, worst {gap.min():+.1f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()

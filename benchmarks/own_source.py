"""One's own source, from the command line to the verdict: a larger one that may help, and one that is too small to.

    python benchmarks/own_source.py [--labels 300] [--budget 240]

1. `headstart pretrain` on the 4,000 small photos of cifar10_subset, then `headstart fit` on handwritten digits
   (mnist_subset) from it.
2. `headstart pretrain` on 200 of these photos, then `headstart advise` and `headstart fit` on 3,000 digits: no gain is
   to be expected, and none must be claimed.

Prints what the adviser says before, the verdict after, and the accuracy on digits that were not used.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from common import DATA, need_data


def headstart(*words: str | Path) -> dict[str, Any]:
    """What a command prints as JSON."""
    command = [sys.executable, "-m", "headstart", *map(str, words), "--json"]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return told


def digits_in(folder: Path, n: int) -> Path:
    """``n`` digits to learn from, and 1,000 others as the part that is kept for the final score."""
    kept = np.load(DATA / "mnist_subset" / "mnist_t10k_first5000.npz")
    rows = np.random.default_rng(0).permutation(len(kept["y"]))[: n + 1000]
    x, y = kept["x"][rows], kept["y"][rows]
    np.savez(folder / "digits.npz", x_train=x[:n], y_train=y[:n], x_test=x[n:], y_test=y[n:])
    return folder / "digits.npz"


def photos_in(folder: Path, n: int | None) -> Path:
    """``n`` small photos with their labels; all of them for None."""
    kept = np.load(DATA / "cifar10_subset" / "cifar10_subset.npz")
    x, y = np.r_[kept["x_train"], kept["x_test"]], np.r_[kept["y_train"], kept["y_test"]]
    rows = np.random.default_rng(0).permutation(len(y))[:n]
    np.savez(folder / "photos.npz", x=x[rows], y=y[rows])
    return folder / "photos.npz"


def from_own_source(n_source: int | None, n_target: int, epochs: int, budget: float) -> None:
    """Pre-train, ask the adviser, fit; print what they say."""
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room)
        photos, digits = photos_in(folder, n_source), digits_in(folder, n_target)
        made = headstart("pretrain", photos, "--epochs", str(epochs), "--out", folder / "source")
        print(
            f"source of {made['n_examples']:,} photos, {made['seconds']:.0f} s: held out {made['held_out']}", flush=True
        )
        before = headstart("advise", digits, "--source", folder / "source")
        print(f"  the adviser, for {n_target:,} digits: {before['words']}", flush=True)
        after = headstart("fit", digits, "--source", folder / "source", "--budget", f"{budget}", "--out", folder / "m")
        print(f"  {after['verdict']['sentence']}")
        test, used = after["test"], after["verdict"]["transfer_used"]
        print(f"  transfer used: {used}; {test['accuracy']:.1%} of {test['n']:,} others right", flush=True)


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--labels", type=int, default=300, help="digits to learn from in the first part")
    made.add_argument("--budget", type=float, default=240.0, help="seconds for each fit")
    made.add_argument("--epochs", type=int, default=15, help="of pre-training")
    options = made.parse_args()
    need_data()
    from_own_source(None, options.labels, options.epochs, options.budget)
    from_own_source(200, 3000, options.epochs, options.budget)


if __name__ == "__main__":
    main()

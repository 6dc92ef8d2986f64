"""What examples cost at size: memory, rows of tables, and whether a budget is kept; a process for each fit."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import make_classification

#: Pictures of 32 pixels, and rows of target and source.
PICTURES, TABLES = (2_000, 5_000, 10_000, 20_000), ((1_000, 10_000), (10_000, 100_000), (100_000, 1_000_000))
_CLASSES, _COLUMNS = 10, 20


def memory(options: argparse.Namespace) -> None:
    """Peak memory against the bytes of the features, for more and more pictures: the slope is what one more costs."""
    before: tuple[int, float] | None = None
    with tempfile.TemporaryDirectory() as folder:
        for n in _sizes(PICTURES, options.only):
            made = pictures(Path(folder) / str(n), n)
            found = _fitted(made, "starter:pictures", folder, "few", 36_000)
            peak, rows = found["peak"], found["features"] * n / 2**20
            line = f"{n:,} pictures: peak {peak:,.0f} MiB, {peak - found['start']:,.0f} above the start; features "
            line += f"{rows:,.0f} MiB; {found['cpu'] / n * 1000:.1f} CPU ms a picture"
            if before is not None:
                line += f"; {(peak - before[1]) * 1024 / (n - before[0]):.1f} KiB more a picture"
            print(line, flush=True)
            before = (n, peak)


def tables(options: argparse.Namespace) -> None:
    """Seconds and memory of a fit to tables, with the default budget."""
    with tempfile.TemporaryDirectory() as folder:
        for n, m in [pair for pair in TABLES if pair[0] in _sizes([p[0] for p in TABLES], options.only)]:
            here, there = rows(Path(folder), n, m)
            found = _fitted(here, there, folder, "all", 600)
            print(f"{n:,} + {m:,} rows: {found['wall']:.0f} s, {found['cpu']:.0f} CPU s, peak {found['peak']:,.0f} MiB")
            print(f"  {found['compared']}; {' '.join(found['notes'])}", flush=True)


def budget(options: argparse.Namespace) -> None:
    """Wall-clock seconds against the budget."""
    with tempfile.TemporaryDirectory() as folder:
        here, there = rows(Path(folder), 10_000, 100_000)
        for what, data, source, seconds in (
            ("10,000 + 100,000 rows", here, there, 60),
            ("10,000 + 100,000 rows", here, there, 300),
            ("20,000 pictures", pictures(Path(folder) / "pictures", 20_000), "starter:pictures", 60),
        ):
            found = _fitted(data, source, folder, "all", seconds)
            print(
                f"{what}, budget {seconds} s: {found['wall']:.0f} s ({found['wall'] / seconds:.2f} x), "
                f"{found['cpu']:.0f} CPU s; {found['compared']}",
                flush=True,
            )


def pictures(folder: Path, n: int) -> Path:
    """A folder of n small JPEG pictures in ten classes."""
    rng = np.random.default_rng(0)
    kinds = rng.uniform(40, 215, (_CLASSES, 4, 4, 3))
    for i in range(n):
        coarse = kinds[i % _CLASSES] + rng.normal(0, 45, (4, 4, 3))
        pixels = np.kron(coarse, np.ones((8, 8, 1))) + rng.normal(0, 25, (32, 32, 3))
        place = folder / f"class {i % _CLASSES}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(place / f"{i:07d}.jpg", quality=85)
    return folder


def rows(folder: Path, n: int, m: int) -> tuple[Path, Path]:
    """Two tables of 20 columns whose source is moved by 0.3."""
    X, y = make_classification(n + m, _COLUMNS, n_informative=8, flip_y=0.05, random_state=0)
    found = []
    for name, part, labels in (("here", X[:n], y[:n]), ("there", X[n:] + 0.3, y[n:])):
        frame = pd.DataFrame(part.round(4), columns=[f"c{i}" for i in range(_COLUMNS)])
        frame.assign(label=np.where(labels, "yes", "no")).to_csv(folder / f"{name}.csv", index=False)
        found.append(folder / f"{name}.csv")
    return found[0], found[1]


def _sizes(sizes: tuple[int, ...] | list[int], only: str | None) -> list[int]:
    return [int(one) for one in only.split(",")] if only else list(sizes)


def _fitted(data: Path, source: Path | str, folder: str, candidates: str, seconds: float) -> dict:
    """What one fit took, in a process of its own with an empty cache."""
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        command = [sys.executable, __file__, str(data), str(source), candidates, str(seconds), f"{cache}/model"]
        environment = {**os.environ, "HEADSTART_CACHE": cache}
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def _child() -> None:
    data, source, candidates, seconds, out = sys.argv[1:]
    started = time.monotonic()
    import headstart
    from headstart.guard.baselines.classical import BaselineClassifier
    from headstart.networks.reading.loading import load_network
    from headstart.networks.running.runtime import layout_of

    network = load_network(source) if source.startswith("starter:") else None
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    how = {"label": "label"} if network is None else {}
    if candidates == "few":
        head = headstart.TransferClassifier(source)
        how |= {"candidates": {"edges and colours": BaselineClassifier(), "head": head}, "n_splits": 2}
    model = headstart.fit(data, source, budget=float(seconds), out=out, **how)
    print(
        json.dumps(
            {
                "wall": time.monotonic() - started,
                "cpu": time.process_time(),
                "start": start,
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "features": 0 if network is None else 4 * layout_of(network.chain).n_values,
                "compared": ", ".join(one["name"] for one in model.evidence["candidates"]),
                "notes": model.evidence["data"]["notes"],
            }
        )
    )


if __name__ == "__main__":
    _child()

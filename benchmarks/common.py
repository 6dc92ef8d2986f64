"""What the benchmarks share: where the real data lie, and how to read them."""

from __future__ import annotations

import argparse
import glob
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

DATA = Path(os.environ.get("HEADSTART_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
NETWORK = DATA / "networks" / "mobilenet_v2_1.0_224"


def need_data() -> None:
    """Stop with a word where the real data are missing."""
    if not DATA.is_dir():
        sys.exit(f"real data not found at {DATA}; set HEADSTART_TEST_DATA")


def folder_pictures(name: str, part: str = "") -> tuple[list[str], np.ndarray]:
    """Paths and labels of a folder of class folders."""
    paths = sorted(glob.glob(str(DATA / name / part / "*" / "*.jpg")))
    return paths, np.array([Path(path).parent.name for path in paths])


def digits(n: int = 5000) -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits, (n, 28, 28) uint8, and their labels."""
    file = np.load(DATA / "mnist_subset" / "mnist_t10k_first5000.npz")
    return file["x"][:n], file["y"][:n]


def interleaved(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each way, run in turn so that a slow minute of the machine hits all of them."""
    return clocked(ways, repeats)["wall"]


def clocked(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, dict[str, list[float]]]:
    """Wall and CPU seconds of each way, run in turn; CPU seconds bear it that other programs run."""
    seconds: dict[str, dict[str, list[float]]] = {clock: {name: [] for name in ways} for clock in ("wall", "CPU")}
    for _ in range(repeats):
        for name, way in ways.items():
            started, spent = time.perf_counter(), time.process_time()
            way()
            seconds["wall"][name].append(time.perf_counter() - started)
            seconds["CPU"][name].append(time.process_time() - spent)
    return seconds


def report_ratio(seconds: dict[str, list[float]], mine: str, other: str) -> float:
    """Print the median of the ratios mine / other, pair by pair."""
    ratios = [a / b for a, b in zip(seconds[mine], seconds[other], strict=True)]
    middle = statistics.median(ratios)
    print(f"{mine} / {other}: median {middle:.3f} (from {min(ratios):.3f} to {max(ratios):.3f}, {len(ratios)} pairs)")
    return middle


def parser(words: str, repeats: int) -> argparse.ArgumentParser:
    """Arguments that every benchmark takes."""
    made = argparse.ArgumentParser(description=words)
    made.add_argument("--repeats", type=int, default=repeats)
    return made

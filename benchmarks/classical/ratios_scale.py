"""Time and peak memory of every weighting at 1,000 to 100,000 rows a side, each in a process of its own.

Run it with ``python benchmarks/classical/ratios_scale.py [--rows 1000 3000] [--methods kmm ulsif]``. Processor seconds
on one thread; memory is what the fit adds to the peak of the process with the data in it. The data are two normal
samples of 64 columns, the target moved by 0.15 and narrower by a tenth, in three classes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

ROWS = (1_000, 3_000, 10_000, 100_000)
COLUMNS = 64


def weightings() -> dict[str, Any]:
    """The weightings by name, with the grids that the peers were measured with."""
    from headstart import (
        BBSE,
        KLIEP,
        RULSIF,
        ULSIF,
        DiscriminatorRatio,
        KernelDensityRatio,
        KernelMeanMatching,
        MMDTargetShift,
        NearestNeighbourRatio,
    )

    penalties = (0.01, 0.1, 1.0)
    return {
        "kmm": KernelMeanMatching(random_state=0),
        "kmm at gamma 1/d": KernelMeanMatching(width=float(np.sqrt(COLUMNS / 2)), random_state=0),
        "kliep, 5 widths": KLIEP(random_state=0),
        "ulsif, 15 points": ULSIF(penalties=penalties, random_state=0),
        "rulsif, 15 points": RULSIF(penalties=penalties, random_state=0),
        "mmd target shift": MMDTargetShift(random_state=0),
        "bbse": BBSE(random_state=0),
        "discriminator": DiscriminatorRatio(random_state=0),
        "nearest neighbour": NearestNeighbourRatio(),
        "kernel density": KernelDensityRatio(),
    }


#: Methods that visit every pair of rows, and are not run above 10,000 rows unless asked for.
PAIRWISE = ("nearest neighbour", "kernel density")


def samples(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source and target rows of float64, and the source's classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, n)
    source = rng.normal(size=(n, COLUMNS))
    source[:, 0] += y
    target = rng.normal(0.15, 0.9, size=(n, COLUMNS))
    target[:, 0] += rng.choice(3, n, p=[0.6, 0.3, 0.1])
    return source, target, y


def measure(name: str, n: int) -> dict[str, Any]:
    """Processor seconds, added memory in MB and what the fit says of itself; in this process."""
    import warnings

    warnings.simplefilter("ignore")
    source, target, y = samples(n)
    weighting = weightings()[name]
    weightings()[name].fit(source[:200], target[:200], y[:200])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    weighting.fit(source, target, y)
    seconds = time.process_time() - started
    added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    found = {"method": name, "rows": n, "seconds": seconds, "added_mb": added, "peak_mb": before / 1024 + added}
    found["effective_rows"] = weighting.effective_sample_size_
    for attribute in ("objective_", "gap_", "certified_"):
        if hasattr(weighting, attribute):
            found[attribute.rstrip("_")] = getattr(weighting, attribute)
    return found


def main() -> None:
    """Print one line a method and size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--methods", nargs="+", default=None)
    parser.add_argument("--one", nargs=2, metavar=("METHOD", "ROWS"), help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    settings = parser.parse_args()
    if settings.one:
        print(json.dumps(measure(settings.one[0], int(settings.one[1])), default=float))
        return
    if not settings.json:
        print(f"{'method':20}{'rows':>9}{'seconds':>10}{'added MB':>10}{'peak MB':>9}{'eff. rows':>11}   gap")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    for name in settings.methods or list(weightings()):
        for n in settings.rows:
            if n > 10_000 and name in PAIRWISE and settings.methods is None:
                continue
            command = [sys.executable, __file__, "--one", name, str(n)]
            outcome = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
            found = json.loads(outcome.stdout.splitlines()[-1])
            if settings.json:
                print(json.dumps(found), flush=True)
                continue
            gap = (
                f"{found['gap']:.1e}{'' if found.get('certified', True) else ' (approximate kernel)'}"
                if "gap" in found
                else ""
            )
            print(
                f"{name:20}{n:9,d}{found['seconds']:10.2f}{found['added_mb']:10.0f}{found['peak_mb']:9.0f}"
                f"{found['effective_rows']:11.0f}   {gap}",
                flush=True,
            )


if __name__ == "__main__":
    main()

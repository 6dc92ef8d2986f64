"""Whether the same seed gives the same model: killed at random moments and resumed, and on a busy machine.

Small tasks, so that a fit takes seconds: rows of a table with rows to borrow from, and pictures with a small network.
A run is killed (SIGKILL) once or twice at seeded moments and then resumed, or runs beside processes that keep every
core busy. Its saved folder is compared with that of an undisturbed run byte for byte, but for times. With ``--budgets``
it measures instead how far fits overrun their budgets, on a quiet and on a busy machine.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import headstart.models.fitting
from common import parser
from headstart.models.fitting import progress_folder
from headstart.source import NetworkSource, Source

#: Seconds into which everything fits twice.
LONG = 3600.0

#: Names of what only says how long something took.
#: What says how long something took, and the hashes of files that do.
TIMES = ("seconds", "floor", "files", "sha256")
SIZES = {"tables": (24, 40), "pictures": (16, 0)}


def table(rng: np.random.Generator, n: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose labels follow three of five columns."""
    X = rng.normal(size=(n, 5)) + shift
    return X, (X @ np.array([1.0, -1, 0.5, 0, 0]) + rng.normal(size=n) > shift / 2).astype(int)


def small_network() -> NetworkSource:
    """A network of three blocks with weights from a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        blocks = [nn.Sequential(nn.Conv2d(a, b, 3, 2, 1), nn.ReLU()) for a, b in ((3, 8), (8, 12), (12, 16))]
        module = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5))
    return NetworkSource(module, size=32, name="small")


def task(kind: str, out: Path, rows: int, source_rows: int, budget: float, threads: int) -> None:
    """A fit that goes on where an earlier one with the same ``out`` was killed, with a cache of its own."""
    os.environ["HEADSTART_CACHE"] = str(out.parent / f"{out.name}-cache")
    torch.set_num_threads(threads)
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(7)
    y = np.arange(rows) % 2
    if kind == "tables":
        data, source = table(rng, rows, 0.0), Source(*table(rng, source_rows, 0.3))
    else:
        X = rng.random((rows, 24, 24, 3)) * 180 + 60 * y[:, None, None, None]
        data, source = (X.astype(np.uint8), y), small_network() if budget == LONG else "starter:pictures"
    headstart.models.fitting.fit(data, source, n_splits=2, budget=budget, out=out, resume=True)


def start(
    kind: str, out: Path, size: tuple[int, int], budget: float = LONG, threads: int = 1, fresh: bool = False
) -> Any:
    """A fit in a process of its own; where it is not ``fresh``, what has to be imported is there already."""
    context = multiprocessing.get_context("spawn" if fresh else "fork")
    process = context.Process(target=task, args=(kind, out, *size, budget, threads))
    process.start()
    return process


def finish(process: Any) -> None:
    """Wait for a fit, which has to end well."""
    process.join()
    assert process.exitcode == 0, f"a fit ended with {process.exitcode}"


def killed(kind: str, out: Path, moments: list[float], size: tuple[int, int], threads: int = 1) -> None:
    """A fit that is killed at each of these moments (seconds after its progress begins), then resumed to its end."""
    for moment in moments:
        process = start(kind, out, size, threads=threads)
        while process.is_alive() and not progress_folder(out).exists():
            time.sleep(0.01)
        process.join(moment)
        process.kill()
        process.join()
    finish(start(kind, out, size, threads=threads))


def _spin() -> None:
    while True:
        pass


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Other programs that want every core."""
    busy = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(processes)]
    for process in busy:
        process.start()
    try:
        yield
    finally:
        for process in busy:
            process.terminate()


def without_times(value: Any) -> Any:
    """A JSON value without what only says how long something took."""
    if isinstance(value, dict):
        return {key: without_times(entry) for key, entry in value.items() if key not in TIMES}
    return [without_times(entry) for entry in value] if isinstance(value, list) else value


def content(folder: Path) -> dict[str, Any]:
    """What a saved folder holds: bytes, and JSON without times; the card repeats the evidence."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".json":
            found[str(path.relative_to(folder))] = without_times(json.loads(path.read_text(encoding="utf-8")))
        elif path.is_file() and path.suffix not in (".md", ".html"):
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def differing(folder: Path, other: Path) -> list[str]:
    """Files in which two saved folders differ, but for times."""
    one, two = content(folder), content(other)
    return sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))


def same_models(kind: str, n: int, seed: int, room: Path, threads: int) -> dict[str, int]:
    """How many of ``n`` killed and ``n`` busy runs give the model of an undisturbed one."""
    whole, size = room / f"{kind}-whole", SIZES[kind]
    finish(start(kind, whole, size, threads=threads, fresh=True))
    began = time.monotonic()
    finish(start(kind, room / f"{kind}-again", size, threads=threads))
    took = time.monotonic() - began
    assert not differing(whole, room / f"{kind}-again"), "two undisturbed runs differ"
    rng = np.random.default_rng(seed)
    equal = {"killed": 0, "busy": 0}
    for i in range(2 * n):
        how = ("killed", "busy")[i % 2]
        out = room / f"{kind}-{how}-{i}"
        if how == "killed":
            moments = (rng.random(1 + i // 2 % 2) * took).tolist()
            killed(kind, out, moments, size, threads)
            words = "killed after " + " and ".join(f"{moment:.1f} s" for moment in moments)
        else:
            processes = int(rng.integers(1, (os.cpu_count() or 1) + 1))
            with load(processes):
                finish(start(kind, out, size, threads=threads))
            words = f"beside {processes} busy processes"
        wrong = differing(whole, out)
        equal[how] += not wrong
        print(f"{kind} {i // 2 + 1}, {words}: {'equal' if not wrong else 'other: ' + ', '.join(wrong)}", flush=True)
        shutil.rmtree(out)
        shutil.rmtree(out.parent / f"{out.name}-cache", ignore_errors=True)
    return equal


def overruns(room: Path, kinds: list[str]) -> None:
    """Seconds that fits take against their budgets."""
    print("| kind | rows | source rows | budget | busy processes | took | over |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    tasks = [("tables", (60, 160)), ("tables", (500, 20_000)), ("tables", (300, 100_000)), ("pictures", (50, 0))]
    for kind, size in tasks:
        for budget in (20.0, 60.0) if kind in kinds else ():
            for processes in (0, 2):
                out = room / f"budget-{kind}-{size[0]}-{budget:g}-{processes}"
                with load(processes):
                    began = time.monotonic()
                    finish(start(kind, out, size, budget))
                    took = time.monotonic() - began
                over, (rows, others) = max(0.0, took - budget), size
                print(
                    f"| {kind} | {rows} | {others} | {budget:g} s | {processes} | {took:.0f} s | {over:.0f} s |",
                    flush=True,
                )


def main() -> None:
    """Compare, and print."""
    arguments = parser(__doc__ or "", 20)
    arguments.add_argument("--kind", choices=list(SIZES), action="append")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--budgets", action="store_true")
    given = arguments.parse_args()
    kinds = given.kind or list(SIZES)
    with tempfile.TemporaryDirectory() as folder:
        if given.budgets:
            overruns(Path(folder), kinds)
            return
        for kind in kinds:
            for how, equal in same_models(kind, given.repeats, given.seed, Path(folder), given.threads).items():
                print(f"{kind}, {how}: {equal} of {given.repeats} equal", flush=True)


if __name__ == "__main__":
    main()

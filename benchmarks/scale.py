"""What more processors, more machines and more examples bring; one part a question.

``jobs``: the safe choice of a table by two jobs against one, in wall-clock seconds, both taken in turn in one run, on a
machine with two processors that nothing else uses. Workers are started before the clock is, as they are for the second
fit of a session; what starting them takes is printed apart. *Folds* is the comparison alone, *whole* the fit with the
final training, which one process does. The answers have to be the same, bit for bit.

``memory``: peak memory of `headstart.fit` with the cheapest way without transfer and a head, in a process of its own,
against the bytes of the network's features, for more and more pictures of 32 pixels. ``tables``: seconds and memory of
fits to 1,000 + 10,000 up to 100,000 + 1,000,000 rows with the default budget. ``budget``: wall-clock seconds against a
budget that is less than everything takes.

``shares``: peak memory of fine-tuning a transformer by two processes, each of which holds all of the training or a
share of it; with ``--only`` its width.

Run it with ``OMP_NUM_THREADS=1 python benchmarks/scale.py jobs`` (``--repeats 3 --only 300`` for three pairs of one
size).
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from joblib import cpu_count
from scale_shares import shares
from scale_size import budget, memory, tables
from sklearn.datasets import make_classification

from common import interleaved, report_ratio
from headstart import SafeTransferClassifier, Source
from headstart.guard import guard as guarding
from headstart.guard.comparing.crew import Crew

#: Rows of the target and of the source.
SIZES = ((60, 600), (300, 3_000))
COLUMNS = 20


def jobs(options: argparse.Namespace) -> None:
    """Two jobs against one."""
    if cpu_count() < 2:
        raise SystemExit("Expected two processors or more for the part jobs, found one.")
    started = time.perf_counter()
    with Crew(None, lambda: None, 2).ahead(_awake, {i: (i,) for i in range(8)}) as ahead:
        for i in range(8):
            ahead.get(i)
    print(f"starting two workers: {time.perf_counter() - started:.1f} s")
    for n, m in SIZES:
        if options.only and str(n) not in options.only.split(","):
            continue
        _pair(n, m, options.repeats)


def _pair(n: int, m: int, repeats: int) -> None:
    """One size."""
    X, y = make_classification(n + m, COLUMNS, n_informative=8, flip_y=0.05, random_state=0)
    source = Source(X[n:] + 0.3, y[n:])
    answers: dict[str, np.ndarray] = {}
    folds: dict[str, list[float]] = {"one job": [], "two jobs": []}

    def fitted(name: str, n_jobs: int) -> None:
        with _timed(folds[name]), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = SafeTransferClassifier(source, budget=36_000, n_jobs=n_jobs).fit(X[:n], y[:n])
        answers[name] = model.predict_proba(X[:n])

    whole = interleaved({"two jobs": lambda: fitted("two jobs", 2), "one job": lambda: fitted("one job", 1)}, repeats)
    print(f"{n:,} + {m:,} rows: the same answers: {np.array_equal(*answers.values())}")
    for what, seconds in {"folds": folds, "whole fit": whole}.items():
        print(f"  {what}: {', '.join(f'{name} {statistics.median(taken):.1f} s' for name, taken in seconds.items())}")
        report_ratio(seconds, "one job", "two jobs")


def _awake(_: object, i: int) -> int:
    """A worker that has imported what the folds need."""
    import headstart.guard.comparing.out_of_fold  # noqa: F401

    time.sleep(0.5)
    return i


@contextlib.contextmanager
def _timed(seconds: list[float]) -> Iterator[None]:
    """Add up what the comparison in the block takes."""
    compare = guarding.compare

    def timed(*arguments: object, **options: object) -> object:
        started = time.perf_counter()
        try:
            return compare(*arguments, **options)  # type: ignore[arg-type]
        finally:
            seconds.append(time.perf_counter() - started)

    guarding.compare = timed  # type: ignore[assignment]
    try:
        yield
    finally:
        guarding.compare = compare


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "jobs": jobs,
    "memory": memory,
    "tables": tables,
    "budget": budget,
    "shares": shares,
}


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("parts", nargs="*", help=f"which of {', '.join(PARTS)}; all by default")
    made.add_argument("--repeats", type=int, default=3)
    made.add_argument("--only", help="sizes, as 60,1000")
    options = made.parse_args()
    for name in options.parts or PARTS:
        print(f"== {name}")
        PARTS[name](options)


if __name__ == "__main__":
    main()

"""Ways to damage files, each by a seed: bits, ends, values, keys, places; for `fuzz_models` and `fuzz_checkpoints`."""

from __future__ import annotations

import argparse
import json
import resource
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

FAULTS = ("too slow", "foreign exception", "wrong, accepted", "senseless, accepted", "died")
MOST_SECONDS, MOST_BYTES = 5.0, 1 << 30
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 3, 10**9, 10**30, -(10**30), 1e-300, 0.5, 1e300, "", "x", "../../etc/passwd", "evil.py:build",
    "\x1b[31m\u202e", [], [1, "a"], [[[]]], {}, {"class": "os.system"}, [0] * 5000, "NaN", "Infinity", "1e999",
)  # fmt: skip
RAW = {"NaN": b"NaN", "Infinity": b"-Infinity", "1e999": b"1e999"}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a JSON value has parts."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(*path, key) for key, _ in parts] + [place for key, part in parts for place in places(part, (*path, key))]


def changed(content: bytes, rng: np.random.Generator) -> tuple[bytes, str]:
    """JSON with one value replaced, removed, added or doubled; what was done in words."""
    whole = json.loads(content)
    found = places(whole)
    if not found:
        return json.dumps({"x": 1}).encode(), "a key added"
    *above, key = found[rng.integers(len(found))]
    holder = whole
    for step in above:
        holder = holder[step]
    what = rng.integers(4)
    if what == 0:
        value = VALUES[rng.integers(len(VALUES))]
        holder[key] = value
        text = json.dumps(whole)
        if isinstance(value, str) and value in RAW:
            text = text.replace(json.dumps(value), RAW[value].decode())
        return text.encode(), f"{'.'.join(map(str, (*above, key)))} = {str(value)[:30]!r}"
    if what == 1:
        del holder[key]
        return json.dumps(whole).encode(), f"{'.'.join(map(str, (*above, key)))} removed"
    if what == 2 and isinstance(holder, dict):
        holder[f"{key}_"] = VALUES[rng.integers(len(VALUES) - 3)]
        return json.dumps(whole).encode(), f"{'.'.join(map(str, (*above, key)))}_ added"
    deep: Any = holder[key]
    for _ in range(int(rng.choice([1, 3, 200]))):
        deep = [deep]
    holder[key] = deep
    return json.dumps(whole).encode(), f"{'.'.join(map(str, (*above, key)))} nested"


def flipped(content: bytes, rng: np.random.Generator) -> tuple[bytes, str]:
    """Bytes with one to eight bits turned."""
    found = bytearray(content or b"x")
    for _ in range(int(rng.integers(1, 9))):
        found[rng.integers(len(found))] ^= 1 << int(rng.integers(8))
    return bytes(found), "bits turned"


def cut(content: bytes, rng: np.random.Generator) -> tuple[bytes, str]:
    """Bytes that end too soon, or go on."""
    if rng.random() < 0.2:
        return content + bytes(rng.integers(0, 256, 40, dtype=np.uint8)), "bytes added"
    return content[: rng.integers(len(content))] if content else b"x", "end cut off"


def huge(content: bytes, rng: np.random.Generator) -> tuple[bytes, str]:
    """A file of safetensors whose head declares another shape, offset or length."""
    length = int.from_bytes(content[:8], "little")
    if rng.random() < 0.2:
        return int(rng.choice([0, 2**40, 2**63 - 1])).to_bytes(8, "little") + content[8:], "length of the head"
    head = json.loads(content[8 : 8 + length])
    name = str(rng.choice([key for key in head if key != "__metadata__"]))
    what = rng.integers(4)
    if what == 0:
        head[name]["shape"] = [2**40, 2**20]
    elif what == 1:
        head[name]["data_offsets"] = [0, 2**50]
    elif what == 2:
        head[name]["dtype"] = str(rng.choice(["F64", "I8", "BOOL", "Q7"]))
    else:
        head[f"{name}_"] = head.pop(name)
    said = json.dumps(head).encode()
    return len(said).to_bytes(8, "little") + said + content[8 + length :], f"{name} declared otherwise"


class TooSlow(BaseException):
    """A case that took longer than it may."""


@contextmanager
def limits() -> Iterator[list[float]]:
    """Stop what takes over five seconds of the processor, and let it have a gibibyte more memory; gives the seconds."""

    def stop(*_: Any) -> None:
        raise TooSlow

    taken: list[float] = []
    before = signal.signal(signal.SIGPROF, stop)
    kept = resource.getrlimit(resource.RLIMIT_DATA)
    held = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmData" in line)
    resource.setrlimit(resource.RLIMIT_DATA, (held * 1024 + MOST_BYTES, kept[1]))
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    start = time.process_time()
    try:
        yield taken
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        resource.setrlimit(resource.RLIMIT_DATA, kept)
        taken.append(time.process_time() - start)


def in_children(file: str, seeds: range) -> Iterator[tuple[str, str]]:
    """Outcome and words of each case of a benchmark, run in a process that may die or hang: the next one goes on."""
    left = list(seeds)
    while left:
        command = [sys.executable, file, "--from", str(left[0]), "--to", str(left[-1] + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0) as child:
            assert child.stdout is not None
            while left:
                ready, _, _ = select.select([child.stdout], [], [], 600)
                line = child.stdout.readline() if ready else b""
                if not line:
                    child.kill()
                    yield "died", f"{left.pop(0)}: no answer"
                    break
                if not line.startswith(b'["'):  # what a library prints
                    continue
                left.pop(0)
                outcome, words = json.loads(line)
                yield outcome, words


def main(file: str, said: str, cases: int, run: Callable[[range], Iterator[tuple[str, str]]]) -> None:
    """Run so many cases, or as a child the given ones, and print how many ended how, and every fault."""
    parser = argparse.ArgumentParser(description=said)
    parser.add_argument("--cases", type=int, default=cases)
    parser.add_argument("--from", dest="first", type=int, default=0, help="The first seed.")
    parser.add_argument("--to", type=int, help="Run these here, one line of JSON each.")
    options = parser.parse_args()
    if options.to is not None:
        for case in run(range(options.first, options.to)):
            print(json.dumps(case), flush=True)
        return
    counts: Counter[str] = Counter()
    faults = []
    for outcome, words in in_children(file, range(options.first, options.first + options.cases)):
        counts[outcome] += 1
        if outcome in FAULTS:
            faults.append(f"{outcome}: {words}")
    for outcome, n in sorted(counts.items()):
        print(f"{outcome}: {n}")
    print(f"faults: {len(faults)} of {options.cases}", *faults, sep="\n")

"""Other libraries in environments of their own, called through a small server each.

    python benchmarks/classical/peers.py --adapt-python /path/adapt/bin/python --skada-python /path/skada/bin/python

prints what each can run. Make such an environment with ``python -m venv`` and ``pip install adapt`` or ``pip install
skada`` (which needs torch).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Reply:
    """What came of one call.

    Attributes
    ----------
    status : {"done", "timeout", "memory", "failed"}
    words : str
        Why it is not done.
    numbers : dict of str to float
        ``cpu`` and ``wall`` seconds; for speed also ``peak`` and ``input`` bytes.
    arrays : dict of str to ndarray
    """

    status: str
    words: str = ""
    numbers: dict[str, float] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether the method came to an end by itself."""
        return self.status == "done"


class Library:
    """A running worker: ``with Library("adapt", python) as adapt: adapt.call(...)``."""

    def __init__(self, name: str, python: str, *, seconds: int = 120, gigabytes: float = 6.0) -> None:
        self.name, self.seconds, self.gigabytes = name, seconds, gigabytes
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "TF_NUM_INTRAOP_THREADS": "1"}
        threads = {f"{kind}_NUM_THREADS": "1" for kind in ("OMP", "MKL", "OPENBLAS")}
        ours = os.environ.get("PYTHONPATH") if name == "headstart" else None  # another checkout than the installed one
        path = [str(HERE), *([ours] if ours else [])]
        self._worker = subprocess.Popen(
            [python, str(HERE / "worker.py"), f"{name}_methods"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **quiet, **threads, "PYTHONPATH": os.pathsep.join(path)},
        )
        hello = self._worker.stdout.readline() if self._worker.stdout else ""
        if not hello:
            raise SystemExit(f"{name}: the worker did not start; try `{python} {HERE / 'worker.py'} {name}_methods`")
        self.can: dict[str, Any] = json.loads(hello)

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        if self._worker.stdin:
            self._worker.stdin.close()
        self._worker.wait(timeout=60)

    def call(self, kind: str, method: str, data: dict[str, Any], *, show: bool = True) -> Reply:
        """Run one method in a fresh process of that library."""
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "arrays.npz"
            call = {"kind": kind, "method": method, "data": data, "output": str(output), "show": show}
            limits = {"seconds": self.seconds, "gigabytes": self.gigabytes}
            assert self._worker.stdin and self._worker.stdout
            print(json.dumps(call | limits), file=self._worker.stdin, flush=True)
            reply = json.loads(self._worker.stdout.readline())
            status, words = reply.pop("status"), reply.pop("words", "")
            if status != "done":
                return Reply(status, words)
            with np.load(output) as file:
                return Reply(status, words, reply, {name: file[name] for name in file.files})


def add_pythons(parser: argparse.ArgumentParser) -> None:
    """The options that every benchmark with peers takes."""
    parser.add_argument("--adapt-python", help="interpreter of an environment with adapt; left out: not compared")
    parser.add_argument("--skada-python", help="interpreter of an environment with skada; left out: not compared")
    parser.add_argument("--limit", type=int, default=120, help="CPU seconds a call may take")
    parser.add_argument("--gigabytes", type=float, default=6.0, help="memory that a call may take")
    parser.add_argument("--json", type=Path, help="a file for the results")


def start(options: argparse.Namespace) -> list[Library]:
    """Ours first, then the peers whose interpreter was given; versions are printed."""
    pythons = {"headstart": sys.executable, "adapt": options.adapt_python, "skada": options.skada_python}
    limits = {"seconds": options.limit, "gigabytes": options.gigabytes}
    found = [Library(name, python, **limits) for name, python in pythons.items() if python]
    print("libraries: " + ", ".join(f"{one.name} {one.can['version']}" for one in found))
    print(f"limit of a call: {options.limit} CPU seconds, {options.gigabytes:g} GB; one thread; CPU seconds throughout")
    return found


def main() -> None:
    """Print versions and methods."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_pythons(parser)
    for library in start(parser.parse_args()):
        with library:
            print(f"\n{library.name} {library.can['version']}")
            print("  accuracy: " + ", ".join(library.can["accuracy"]))
            print("  speed: " + ", ".join(library.can["speed"]))


if __name__ == "__main__":
    main()

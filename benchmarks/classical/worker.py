"""Runs one library's methods for the benchmarks: a small server that forks a fresh process for every call.

    PYTHON worker.py MODULE

imports MODULE (``adapt_methods``, ``skada_methods`` or ``headstart_methods``) once, then reads calls as lines of JSON
from standard input and answers each with a line of JSON. A call runs in a forked child with a limit of CPU seconds and
of memory: imports are warm, nothing else is. CPU seconds of the one thread are measured, and wall seconds, and the
peak of resident memory above what the child started with (`resource.getrusage`).

A call: ``{"kind": "accuracy"|"speed", "method": name, "data": {...}, "output": npz path, "seconds": limit,
"gigabytes": limit}``. ``data`` is a task's file (``{"file": npz path, "numbers": bool}``) or the arguments of
`speed_data.make_pair`. This file needs NumPy only.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import pickle
import resource
import sys
import time
import traceback
import warnings
from types import ModuleType
from typing import Any

for _threads in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{_threads}_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
from speed_data import Pair, make_pair  # noqa: E402

#: How often the limit of CPU seconds a call may take in wall seconds, on a machine that others use too.
PATIENCE = 15


def resident_bytes() -> int:
    """Memory of this process that is in use now."""
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * resource.getpagesize()


def peak_bytes() -> int:
    """The most memory this process has used."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def read_task(data: dict[str, Any]) -> dict[str, Any]:
    """The arrays of a small task's file."""
    with np.load(data["file"]) as file:
        return {**{name: file[name] for name in file.files}, "numbers": data["numbers"]}


def run_accuracy(module: ModuleType, call: dict[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Fit and predict; a method may give several variants."""
    task = read_task(call["data"])
    started, wall = time.process_time(), time.perf_counter()
    predictions = module.ACCURACY[call["method"]](task)
    return {"cpu": time.process_time() - started, "wall": time.perf_counter() - wall}, predictions


def run_speed(module: ModuleType, call: dict[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Fit; what the objective is computed from is taken out after the clock has stopped."""
    before = resident_bytes()
    data: Pair = make_pair(**call["data"])
    run, show = module.SPEED[call["method"]]
    started, wall = time.process_time(), time.perf_counter()
    model = run(data)
    numbers = {"cpu": time.process_time() - started, "wall": time.perf_counter() - wall}
    numbers |= {"peak": peak_bytes() - before, "input": data.Xs.nbytes + data.Xt.nbytes}
    return numbers, show(model, data) if call["show"] else {}


def in_child(module: ModuleType, call: dict[str, Any]) -> dict[str, Any]:
    """Limit this process, run the call, write the arrays; every failure becomes words."""
    limit = int(call["gigabytes"] * 2**30)
    resource.setrlimit(resource.RLIMIT_CPU, (call["seconds"] + 1,) * 2)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    warnings.simplefilter("ignore")
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            numbers, arrays = (run_accuracy if call["kind"] == "accuracy" else run_speed)(module, call)
        np.savez(call["output"], **arrays)
        return {"status": "done", **numbers}
    except MemoryError:
        return {"status": "memory", "words": f"needs more than {call['gigabytes']} GB"}
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return {"status": "failed", "words": f"{type(error).__name__}: {error} ({place.name})"[:300]}


def answer(module: ModuleType, call: dict[str, Any]) -> dict[str, Any]:
    """Fork, wait for the child, read its reply from a pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 1
        try:
            with os.fdopen(writing, "wb") as reply:
                pickle.dump(in_child(module, call), reply)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    ended = _wait(child, PATIENCE * call["seconds"])
    with os.fdopen(reading, "rb") as reply:
        words = reply.read()
    if words and ended == 0:
        return pickle.loads(words)  # our own child's reply, through a pipe of this process
    if ended in (9, 24):
        return {"status": "timeout", "words": f"over {call['seconds']} s"}
    return {"status": "failed", "words": f"the process died of signal {ended}"}


def _wait(child: int, seconds: float) -> int:
    """Signal that ended the child, 0 for none; killed after that many wall seconds."""
    end = time.monotonic() + seconds
    while True:
        done, state = os.waitpid(child, os.WNOHANG)
        if done:
            return state & 127
        if time.monotonic() > end:
            os.kill(child, 9)
            os.waitpid(child, 0)
            return 9
        time.sleep(0.01)


def main() -> None:
    """Serve until standard input ends."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    module = importlib.import_module(sys.argv[1])
    names = {"accuracy": list(module.ACCURACY), "speed": list(module.SPEED)}
    only = {"classes_only": sorted(module.CLASSES_ONLY), "numbers_only": sorted(module.NUMBERS_ONLY)}
    print(json.dumps({"version": module.VERSION, **names, **only}), file=replies, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(module, json.loads(line))), file=replies, flush=True)


if __name__ == "__main__":
    main()

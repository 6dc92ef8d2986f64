"""How long a piece of work takes on this machine, whatever else the machine does."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds of work after which nothing is run once more, and of wall clock.
_PATIENCE = 2.0
_LONGEST = 15.0


def least_seconds(work: Callable[[], object], *, times: int = 3, device: str = "cpu") -> float:
    """Seconds of a piece of work: the least of several runs after a warm-up.

    On a busy machine the wall clock also counts other programs, and a first run also counts what is prepared once. So
    each run counts as the smaller of its wall and its processor time, the first one not at all where others follow.
    It stops after two seconds of work: what takes longer is timed once or twice.

    Parameters
    ----------
    work : callable
    times : int, default=3
        Runs at most, the warm-up included.
    device : str, default="cpu"
        Elsewhere the processor only waits, and the wall clock counts.

    Examples
    --------
    >>> 0 <= least_seconds(lambda: sum(range(1000))) < 1
    True
    """
    began, found = time.monotonic(), []
    for _ in range(times):
        wall, spent = time.monotonic(), time.process_time()
        work()
        if device.startswith("cuda"):
            import torch  # rows of a table need none

            torch.cuda.synchronize()
        taken = time.monotonic() - wall
        found.append(min(taken, time.process_time() - spent) if device == "cpu" else taken)
        if sum(found) > _PATIENCE or time.monotonic() - began > _LONGEST:
            break
    return min(found[1:] or found)

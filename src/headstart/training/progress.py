"""Progress on standard error, only where somebody watches."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

from headstart.data.progress import Progress


@contextlib.contextmanager
def shown(verbose: int, delay: float = 2.0) -> Iterator[Progress | None]:
    """A progress callback that draws a line with the time left once work has taken ``delay`` seconds.

    Parameters
    ----------
    verbose : int
        0 gives None: nothing is shown.
    delay : float, default=2.0
        Seconds before anything is drawn.
    """
    if not verbose or not sys.stderr.isatty():
        yield None
        return
    started: dict[str, float] = {}
    state = {"drawn": 0.0, "width": 0}

    def progress(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        begun = started.setdefault(what.split(",")[0], now)
        if now - begun < delay or now - state["drawn"] < 0.2:
            return
        left = (now - begun) / max(done, 1) * (total - done)
        line = f"{what}: {done}/{total}, {left:.0f} s left"
        sys.stderr.write("\r" + line.ljust(int(state["width"])))
        sys.stderr.flush()
        state["drawn"], state["width"] = now, len(line)

    try:
        yield progress
    finally:
        if state["width"]:
            sys.stderr.write("\r" + " " * int(state["width"]) + "\r")
            sys.stderr.flush()

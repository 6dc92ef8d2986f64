"""How long work tells that it goes on."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as ``progress(what, done, total)`` from the thread that asked for the work."""


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


_PATIENCE = 2.0


@contextmanager
def reporter(progress: Progress | None = None, *, quiet: bool = False) -> Iterator[Progress | None]:
    """Give work something to tell its progress to.

    Parameters
    ----------
    progress : callable, optional
        The caller's own ``progress(what, done, total)``; used as it is.
    quiet : bool, default=False
        Draw nothing.

    Yields
    ------
    callable or None
        The caller's own; bars on standard error when that is a terminal; otherwise None.
    """
    if progress is not None or quiet or not sys.stderr.isatty():
        yield progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _drawn_on(bars)


def _drawn_on(bars: Any) -> Progress:
    since: dict[str, float] = {}
    shown: dict[str, Any] = {}

    def update(what: str, done: int, total: int) -> None:
        key = what.split(",")[0]  # what follows a comma may change as work goes on
        started = since.setdefault(key, time.monotonic())
        if key not in shown and time.monotonic() - started >= _PATIENCE and done < total:
            shown[key] = bars.add_task(what, total=total, completed=done)
        if key in shown:
            bars.update(shown[key], description=what, completed=done, total=total)
        if done >= total:
            since.pop(key, None)
            if key in shown:
                bars.remove_task(shown.pop(key))

    return update

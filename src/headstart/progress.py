"""How long work tells that it goes on."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from headstart.visible import visible

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as ``progress(what, done, total)`` from the thread that asked for the work."""


_PATIENCE = 2.0


@contextmanager
def reporter(
    progress: Progress | None = None, *, quiet: bool = False, lines: bool = False
) -> Iterator[Progress | None]:
    """Give work something to tell its progress to.

    Parameters
    ----------
    progress : callable, optional
        The caller's own ``progress(what, done, total)``; used as it is.
    quiet : bool, default=False
        Draw nothing.
    lines : bool, default=False
        Where standard error is no terminal, write a line there for each piece of work that is done.

    Yields
    ------
    callable or None
        The caller's own; bars on standard error when that is a terminal; otherwise what writes lines, or None. What
        work is called may be other people's names: bars and lines show as numbers what in them would steer a terminal.
    """
    if progress is not None or quiet or not sys.stderr.isatty():
        yield in_lines() if lines and progress is None and not quiet else progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _drawn_on(bars)


def in_lines(write: Callable[[str], object] | None = None) -> Progress:
    """A line when a piece of work is done that announced itself: whose first word was that nothing is done yet.

    Examples
    --------
    >>> progress = in_lines(print)
    >>> for done in range(3):
    ...     progress("new layers", done, 2)
    new layers: done after 0 s
    >>> progress("a part of it", 2, 2)
    """
    since: dict[str, float] = {}

    def say(words: str) -> None:
        print(words, file=sys.stderr, flush=True)

    def update(what: str, done: int, total: int) -> None:
        if done == 0:
            since[what] = time.monotonic()
        elif done >= total and what in since:
            (write or say)(f"{_one_line(what)}: done after {time.monotonic() - since.pop(what):.0f} s")

    return update


def _drawn_on(bars: Any) -> Progress:
    since: dict[str, float] = {}
    shown: dict[str, Any] = {}

    def update(what: str, done: int, total: int) -> None:
        key = what.split(",")[0]  # what follows a comma may change as work goes on
        started = since.setdefault(key, time.monotonic())
        if key not in shown and time.monotonic() - started >= _PATIENCE and done < total:
            shown[key] = bars.add_task(_one_line(what), total=total, completed=done)
        if key in shown:
            bars.update(shown[key], description=_one_line(what), completed=done, total=total)
        if done >= total:
            since.pop(key, None)
            if key in shown:
                bars.remove_task(shown.pop(key))

    return update


def _one_line(what: str) -> str:
    return visible(what).replace("\n", " ")

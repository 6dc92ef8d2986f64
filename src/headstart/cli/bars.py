"""Progress bars on a terminal's standard error."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

PATIENCE = 2.0


class Bars:
    """One bar for each piece of work; quick work gets none.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where to draw. Default: standard error.

    Examples
    --------
    >>> import io
    >>> with Bars(Console(file=io.StringIO())) as bars:
    ...     bars.update("reading pictures", 1, 2)
    ...     bars.update("reading pictures", 2, 2)
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console
        self._since: dict[str, float] = {}
        self._tasks: dict[str, TaskID] = {}
        self._progress: Progress | None = None

    def __enter__(self) -> Bars:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.console or Console(stderr=True),
            transient=True,
        )
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def update(self, what: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` are done; the bar appears after two seconds of work and goes at the end.

        Parameters
        ----------
        what : str
            What is being done; names the bar.
        done, total : int
            How far it is.
        """
        if self._progress is None:
            return
        since = self._since.setdefault(what, time.monotonic())
        if what not in self._tasks and (time.monotonic() - since < PATIENCE or done >= total):
            return
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total, completed=done)
        self._progress.update(self._tasks[what], completed=done, total=total)
        if done >= total:
            self._progress.remove_task(self._tasks.pop(what))
            del self._since[what]

"""What a command that is stopped leaves behind, and how to go on: the same for Ctrl-C and for SIGTERM."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Terminated(KeyboardInterrupt):
    """The system asked the program to end, as a queue or a container does before it kills."""


def stop_when_terminated() -> None:
    """Take SIGTERM for an interruption from now on."""
    import signal

    def stop(*_: Any) -> None:
        raise Terminated

    signal.signal(signal.SIGTERM, stop)


@contextmanager
def going_on_from(*places: Path) -> Iterator[None]:
    """Tell an interruption where finished work is kept, if any was saved.

    Parameters
    ----------
    *places : Path
        Files, or folders with finished folds and checkpoints.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        kept = [place for place in places if _holds_work(place)]
        if kept:
            stop.add_note(f"What was finished is in {kept[0]}: the same command with --resume goes on from there.")
        raise


def _holds_work(place: Path) -> bool:
    if place.is_dir():
        return any(path.suffix in (".npz", ".checkpoint") for path in place.rglob("*"))
    return place.is_file()


def interruption(error: BaseException) -> tuple[str, int]:
    """What is said of an interruption, and the exit code.

    Examples
    --------
    >>> interruption(KeyboardInterrupt())
    ('Interrupted. Nothing half-written was left behind.', 130)
    >>> interruption(Terminated())[1]
    143
    """
    terminated = isinstance(error, Terminated)
    words = "Terminated" if terminated else "Interrupted"
    notes = getattr(error, "__notes__", ())
    return " ".join([f"{words}. Nothing half-written was left behind.", *notes]), 143 if terminated else 130

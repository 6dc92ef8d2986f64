"""What a command that is stopped leaves behind, and how to go on: the same for Ctrl-C and for SIGTERM."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Terminated(KeyboardInterrupt):
    """The system asked the program to end, as a queue or a container does before it kills."""


#: What the system asked for by a signal: the error that was raised for it.
ASKED: list[KeyboardInterrupt] = []
#: Seconds after which it is asked once more where nobody could be told.
AGAIN = 0.05


def stop_when_asked() -> None:
    """Take SIGTERM for an interruption from now on, and lose neither that nor Ctrl-C on the way.

    What is raised between two steps of Python is lost where Python calls back from a finaliser: there it is raised
    once more, soon after. Where C code makes an error of its own of it, as NumPy where it compares rows,
    `as_asked` finds it again.
    """
    kinds = {signal.SIGTERM: Terminated, signal.SIGINT: KeyboardInterrupt}

    def stop(number: int, *_: Any) -> None:
        ASKED.append(kinds[signal.Signals(number)]())
        raise ASKED[-1]

    def unheard(lost: sys.UnraisableHookArgs) -> None:
        if not isinstance(lost.exc_value, KeyboardInterrupt):
            told(lost)
            return
        number = signal.SIGTERM if isinstance(lost.exc_value, Terminated) else signal.SIGINT
        later = threading.Timer(AGAIN, signal.raise_signal, (number,))
        later.daemon = True
        later.start()

    told, sys.unraisablehook = sys.unraisablehook, unheard
    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where a shell left it ignored
        signal.signal(signal.SIGINT, stop)


@contextmanager
def as_asked() -> Iterator[None]:
    """Raise the interruption that was asked for in place of the error that somebody made of it."""
    try:
        yield
    except Exception:
        if ASKED:
            raise ASKED[-1] from None
        raise


@contextmanager
def going_on_from(*places: Path) -> Iterator[None]:
    """Tell an interruption where finished work is kept, if any was saved.

    Parameters
    ----------
    *places : Path
        Files, or folders with finished folds and checkpoints.
    """
    try:
        with as_asked():
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

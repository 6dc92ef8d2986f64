"""The last guard of a budget: what still runs when the wall clock says stop is dropped, and that is written down."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from headstart.guard.comparing.budget import RESERVE
from headstart.guard.comparing.journal import Journal
from headstart.nn.steps import postponed

#: After the first ring, so that code which swallows an exception does not go on for ever.
AGAIN = 0.5
#: The same where other processes have to be ended first.
AGAIN_AWAY = 5.0


class OutOfTime(BaseException):
    """Time is over; not an `Exception`, so that no method takes it for a failure of its own."""


class Deadline:
    """When work has to stop so that the final training still fits.

    The plan is made from counted work and prices, see `headstart.guard.comparing.plan`; this is for a machine that is
    busier than that. Every answer is kept in the journal, so a resumed run stops where the killed one did.

    Parameters
    ----------
    journal : Journal
    budget : float
        Seconds for everything.
    open_end : bool, default=False
        Never stop, as when a plan is repeated.
    """

    def __init__(self, journal: Journal, budget: float, open_end: bool = False) -> None:
        self.journal = journal
        self.budget = budget
        self.usable = math.inf if open_end else budget * (1.0 - RESERVE)

    def left(self, keep: float) -> float:
        """Seconds until work has to stop, if ``keep`` seconds are kept for what comes after."""
        return self.usable - keep - self.journal.elapsed()

    def allows(self, what: str, seconds: float, keep: float) -> bool:
        """Whether so many seconds more end in time."""
        if math.isinf(self.usable):
            return True
        return bool(self.journal.decide(f"{what} within {self.budget:g}", lambda: seconds <= self.left(keep)))

    def drop(self, what: str) -> None:
        """Keep in mind that something was dropped."""
        self.journal.decide(f"{what} dropped from {self.budget:g}", lambda: True)

    def dropped(self, what: str) -> bool:
        """Whether it was dropped before a kill."""
        return bool(self.journal.known(f"{what} dropped from {self.budget:g}"))


@contextmanager
def within(seconds: float | None, again: float = AGAIN) -> Iterator[None]:
    """Raise `OutOfTime` in what runs inside when so many seconds of wall clock are over.

    A timer signal does it, between two steps of Python, as Ctrl-C does. It is used only in the main thread and where
    nobody else listens to that signal; elsewhere work is stopped between folds alone.

    Parameters
    ----------
    seconds : float or None
        None or infinity never ends.
    again : float, default=0.5
        Seconds after which it is raised once more, and so on, if what runs inside has not ended by then.
    """
    if seconds is None or math.isinf(seconds) or not _can_ring():
        yield
        return
    awake, rang = [True], [False]

    def ring(*_: Any) -> None:
        if awake[0] and not postponed(OutOfTime()):
            rang[0] = True
            raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3), again)
            yield
        except Exception as error:
            if rang[0]:  # C code makes an error of its own of what is raised in it, as NumPy where it compares rows
                raise OutOfTime from error
            raise
        finally:
            awake[0] = False
    finally:  # once more: the first may have been cut short by the ring itself
        awake[0] = False
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _can_ring() -> bool:
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return False
    return signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, None) and signal.getitimer(signal.ITIMER_REAL)[0] == 0

"""What may not be broken off: a step that several processes take together, and what waits for its end."""

from __future__ import annotations


class _Step:
    """Whether this process is in such a step, and what it was told meanwhile."""

    def __init__(self) -> None:
        self.under_way = False
        self.waiting: BaseException | None = None


STEP = _Step()


def postponed(error: BaseException) -> bool:
    """Whether an exception has to wait, since other processes would wait for this one for ever; then it is kept.

    Examples
    --------
    >>> postponed(TimeoutError())
    False
    """
    if STEP.under_way:
        STEP.waiting = error
    return STEP.under_way

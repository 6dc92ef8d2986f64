"""One thread that asks the model: what waits is asked together, and what is too much is told to come again."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from headstart.errors import HeadstartError
from headstart.web.limits import Refused

Job = TypeVar("Job")
_LOG = logging.getLogger("headstart")
_TOGETHER = 64


@dataclass(eq=False)
class _Waiting(Generic[Job]):
    job: Job
    size: int
    future: Future[Any] = field(default_factory=Future)


class Worker(Generic[Job]):
    """Answers jobs in one thread, in the order in which they come.

    Parameters
    ----------
    answer : callable
        ``answer(jobs)`` gives an answer for each of some jobs.
    most : int
        Inputs that may wait, of all jobs together.

    Examples
    --------
    >>> worker = Worker(lambda jobs: [job.upper() for job in jobs], most=10)
    >>> worker.ask("a", 1).result(), worker.close()
    ('A', None)
    """

    def __init__(self, answer: Callable[[Sequence[Job]], Sequence[Any]], most: int) -> None:
        self._answer, self._most = answer, most
        self._waiting: deque[_Waiting[Job]] = deque()
        self._size, self._open = 0, True
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="headstart-model", daemon=True)
        self._thread.start()

    def ask(self, job: Job, size: int) -> Future[Any]:
        """Put a job of so many inputs at the end of the queue.

        Raises
        ------
        Refused
            503 where too many inputs wait already, or nothing is answered any more.
        """
        with self._news:
            if not self._open or (self._size and self._size + size > self._most):
                raise Refused(503, f"Expected a free place, found {self._size} inputs waiting.", "Ask again later.")
            waiting = _Waiting(job, size)
            self._waiting.append(waiting)
            self._size += size
            self._news.notify()
        return waiting.future

    def close(self) -> None:
        """Answer what waits with a refusal, and end the thread once it has answered what it is at."""
        with self._news:
            self._open = False
            while self._waiting:
                left = self._waiting.popleft()
                if left.future.set_running_or_notify_cancel():
                    left.future.set_exception(Refused(503, "Expected a server, found one that is ending."))
            self._news.notify()
        self._thread.join(timeout=30)

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting or not self._open)
                if not self._open:
                    return
                some = [self._waiting.popleft()]
                while self._waiting and sum(one.size for one in some) + self._waiting[0].size <= _TOGETHER:
                    some.append(self._waiting.popleft())
            self._together([one for one in some if one.future.set_running_or_notify_cancel()])
            with self._news:
                self._size = sum(one.size for one in self._waiting)

    def _together(self, some: list[_Waiting[Job]]) -> None:
        """Answer jobs, and where that fails each alone, so that one cannot spoil another."""
        if not some:
            return
        try:
            answers = list(self._answer([one.job for one in some]))
            if len(answers) != len(some):
                raise AssertionError(f"{len(some)} jobs had {len(answers)} answers")
        except BaseException as error:
            if len(some) > 1:
                for one in some:
                    self._together([one])
            else:
                some[0].future.set_exception(_as_refusal(error))
            return
        for one, answer in zip(some, answers, strict=True):
            one.future.set_result(answer)


def _as_refusal(error: BaseException) -> Exception:
    """An error as what a visitor is told; what nobody expected is written down here, without what was sent."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, HeadstartError):
        return Refused(422, error.message, error.todo)
    if isinstance(error, MemoryError):
        return Refused(413, "Expected an input that fits the memory of this machine, found a larger one.")
    _LOG.error("An input could not be answered: %s.", type(error).__name__)
    return Refused(500, f"headstart met something that it did not expect: {type(error).__name__}.")

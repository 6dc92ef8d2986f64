"""Other processes that compute what the parent is about to ask for; the answers are those of one process."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

import joblib
from joblib.parallel import get_active_backend
from threadpoolctl import threadpool_limits

from headstart.errors import ParameterError
from headstart.guard.comparing.deadline import AGAIN, AGAIN_AWAY
from headstart.guard.comparing.parcel import Parcel, opened, packed
from headstart.visible import visible

_LOG = logging.getLogger("headstart")
#: How often processes are asked for a task before the parent does it.
_TRIES = 2
#: Losses without a result between them after which the parent does all.
_IN_VAIN = 4
#: Tasks a worker that are sent at once where results do not come back one by one.
_BLOCK = 4

Work = Callable[..., Any]
#: What came of a task: whether it ended well, its result or error, wall-clock and processor seconds.
Found = tuple[bool, Any, float, float]


class Crew:
    """Workers of `joblib`, wherever they are, or none: then the parent computes each task when it is asked for.

    Who they are is joblib's matter: processes of this machine, or under ``joblib.parallel_config("dask")`` or
    ``("ray")`` those of a cluster. What all tasks share is packed once (`headstart.guard.comparing.parcel`).

    Parameters
    ----------
    shared : callable
        Gives what each task needs, to be sent; asked for only where there are workers.
    n_jobs : int or None
        As in scikit-learn: None is 1 unless a ``joblib.parallel_config`` says otherwise, -1 all processors.
    here : object
        The same for tasks that the parent computes.
    away : callable, optional
        Told ``away(waited, wall, worked)`` after each task of a worker: seconds that the parent waited, and the task
        took by the wall clock and of a processor.

    Raises
    ------
    ParameterError
        For 0 jobs.
    """

    def __init__(
        self,
        here: Any,
        shared: Callable[[], Any],
        n_jobs: int | None,
        away: Callable[[float, float, float], None] | None = None,
    ) -> None:
        self.here, self.away, self.n_jobs = here, away, n_jobs
        self.size = jobs(n_jobs)
        self.parcel: Parcel | None = None
        self.in_vain = 0
        self._pool: joblib.Parallel | None = None
        if self.size > 1:
            try:
                self.parcel = packed(shared())
            except Exception as error:  # whatever a foreign estimator holds
                _LOG.warning("This cannot be sent to other processes (%s): all work is done in one.", error)
                self.size = 1

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.dismiss()

    def pool(self) -> joblib.Parallel:
        """Workers that stay for all that is asked, where joblib would begin with new ones at each call."""
        if self._pool is None:
            self._pool = joblib.Parallel(self.n_jobs).__enter__()
        return self._pool

    def dismiss(self) -> None:
        """Let the workers of `pool` go."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.__exit__(None, None, None)

    def lost(self, error: Exception) -> None:
        """Say that a worker was lost; where nothing comes of any, go on without."""
        self.in_vain += 1
        if self.in_vain < _IN_VAIN:
            _LOG.warning("A worker was lost (%s): its tasks are done again.", _words(error))
            return
        self.parcel = None
        _LOG.warning("No worker gives results (%s): all work is done in this process.", _words(error))

    def unread(self, error: Unread) -> None:
        """Say that workers cannot read what is sent, a class of the user's module for one; go on without them."""
        self.parcel = None
        _LOG.warning(
            "Other processes cannot read what is sent to them (%s): all work is done in this one. A module that only "
            "this process finds must be importable in the others: install it, or add its folder to PYTHONPATH.",
            error,
        )

    def ahead(self, work: Work, tasks: Mapping[Hashable, tuple[Any, ...]], first_here: bool = False) -> Ahead:
        """Begin with tasks, ``work(shared, *arguments)``, in the order in which they will be asked for.

        With ``first_here`` the parent does the first of them, before any other begins: what it leaves in caches that
        all see is then what one process would leave.
        """
        return Ahead(self, work, tasks, first_here)


def jobs(n_jobs: int | None) -> int:
    """How many tasks run at once.

    Examples
    --------
    >>> jobs(None), jobs(2)
    (1, 2)
    """
    if n_jobs == 0:
        raise ParameterError("Expected n_jobs of 1 or more, -1 for all processors, or None, found 0.")
    return int(joblib.effective_n_jobs(n_jobs))


class Ahead:
    """Results of tasks, which workers compute in the order in which they are asked for; see `Crew`.

    Errors of a task are raised where it is asked for. What a lost worker had in hand is sent out again, in the end
    computed by the parent.
    """

    def __init__(
        self, crew: Crew, work: Work, tasks: Mapping[Hashable, tuple[Any, ...]], first_here: bool = False
    ) -> None:
        self.crew, self.work, self.tasks = crew, work, dict(tasks)
        self._found: dict[Hashable, Found] = {}
        self._skipped: set[Hashable] = set()
        self._lost: dict[Hashable, int] = {}
        self._sent = 0
        self._first = next(iter(self.tasks), None) if first_here else None
        self._results: Iterator[tuple[Hashable, Found]] | None = None
        #: How long ending it may take, for `headstart.guard.comparing.deadline.within`.
        self.again = AGAIN if crew.parcel is None else AGAIN_AWAY

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def get(self, key: Hashable) -> Any:
        """The result of a task."""
        if self.crew.parcel is None or key == self._first:
            self.skip([key])
            return self.work(self.crew.here, *self.tasks[key])
        began = time.monotonic()
        while key not in self._found:
            if self._lost.get(key, 0) >= _TRIES or not self._next(key):
                with threadpool_limits(max(1, joblib.cpu_count() // self.crew.size)):
                    return self.work(self.crew.here, *self.tasks[key])
        well, found, wall, worked = self._found.pop(key)
        if self.crew.away is not None:
            self.crew.away(time.monotonic() - began, wall, worked)
        self._skipped.add(key)
        if not well:
            raise found
        return found

    def skip(self, keys: Iterator[Hashable] | list[Hashable]) -> None:
        """Tasks that nobody will ask for; those that have not begun are left out."""
        self._skipped.update(keys)

    def _next(self, wanted: Hashable) -> bool:
        """Wait for one more result; False where none comes any more that is wanted."""
        if self._results is None:
            self._skipped.discard(wanted)
            self._results = self._run()
        try:
            key, found = next(self._results)
        except StopIteration:
            self._results = None
            return False
        except Unread as error:
            self._results = None
            self.crew.unread(error)
            return False
        except Exception as error:  # never of a task: those are results
            self._results = None
            self._lost[wanted] = self._lost.get(wanted, 0) + 1
            self.crew.lost(error)
            return self.crew.parcel is not None
        except BaseException:
            self._results = None
            raise
        self._found[key] = found
        self._sent -= 1
        self.crew.in_vain = 0
        return True

    def _run(self) -> Iterator[tuple[Hashable, Found]]:
        """Results of what is left to do, in order."""
        self._sent = 0
        backend = get_active_backend()[0]
        if backend.supports_return_generator:
            yield from joblib.Parallel(self.crew.n_jobs, return_as="generator", pre_dispatch="n_jobs")(self._calls())
            return
        calls = self._calls()
        while block := list(itertools.islice(calls, _BLOCK * self.crew.size)):
            try:
                yield from self.crew.pool()(block)
            except BaseException:
                self.crew.dismiss()
                raise

    def _calls(self) -> Iterator[Any]:
        """What is sent, one by one, as workers become free."""
        for key in self.tasks:
            if key not in self._skipped and key not in self._found:
                self._sent += 1
                yield joblib.delayed(_answer)(key, self.work, self.crew.parcel, self.tasks[key])

    def _stop(self) -> None:
        """Give up what is under way; workers that have nothing in hand go on living for who comes next."""
        self.skip(list(self.tasks))
        results, self._results = self._results, None
        if results is None or (self._sent <= 0 and next(results, None) is None):
            return
        with contextlib.suppress(_Stopped):
            results.throw(_Stopped())  # type: ignore[attr-defined]


class _Stopped(BaseException):
    """Nobody wants the rest."""


class Unread(Exception):
    """A worker found no way to open the parcel; the words are those of its error."""


def _words(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {visible(lines[-1])}" if lines else type(error).__name__


def _answer(key: Hashable, work: Work, parcel: Parcel, arguments: tuple[Any, ...]) -> tuple[Hashable, Found]:
    """One task in a worker."""
    start, busy = time.monotonic(), time.process_time()
    try:
        shared = opened(parcel)
    except Exception as error:
        raise Unread(_words(error)) from None
    try:
        found, well = work(shared, *arguments), True
    except Exception as error:
        found, well = error, False
    return key, (well, found, time.monotonic() - start, time.process_time() - busy)

"""The thread that asks the model: in order, together, bounded, and not ended by one bad job."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import wait

import pytest

from headstart.errors import DataError
from headstart.web.limits import Refused
from headstart.web.worker import Worker


def test_what_waits_is_asked_together_and_in_order() -> None:
    batches: list[list[int]] = []
    go = threading.Event()

    def answer(jobs: Sequence[int]) -> list[int]:
        go.wait(10)
        batches.append(list(jobs))
        return [10 * job for job in jobs]

    worker = Worker(answer, most=1000)
    futures = [worker.ask(i, 1) for i in range(100)]
    go.set()
    assert [future.result(10) for future in futures] == [10 * i for i in range(100)]
    assert [job for batch in batches for job in batch] == list(range(100)) and len(batches) <= 4
    worker.close()


def test_a_job_that_cannot_be_answered_spoils_no_other() -> None:
    def answer(jobs: Sequence[object]) -> list[object]:
        for job in jobs:
            if isinstance(job, BaseException):
                raise job
        return list(jobs)

    worker = Worker[object](answer, most=100)
    errors = [DataError("Expected a, found b.", "Do c."), MemoryError(), ZeroDivisionError("a secret"), SystemExit()]
    futures = [worker.ask(job, 1) for job in [1, *errors, 2]]
    wait(futures, 10)
    told = [future.exception() for future in futures[1:-1]]
    assert [getattr(error, "status", None) for error in told] == [422, 413, 500, 500]
    assert str(told[0]) == "Expected a, found b. Do c." and "secret" not in str(told[2])
    assert (futures[0].result(), futures[-1].result(), worker.ask(3, 1).result(10)) == (1, 2, 3)
    worker.close()


def test_too_much_is_told_to_come_again_and_an_end_tells_those_who_wait() -> None:
    go, begun = threading.Event(), threading.Event()

    def answer(jobs: Sequence[int]) -> list[bool]:
        begun.set()
        return [go.wait(10) for _ in jobs]

    worker = Worker(answer, most=5)
    first = worker.ask(0, 4)
    assert begun.wait(10)
    with pytest.raises(Refused, match=r"found 4 inputs waiting\. Ask again later\.") as refused:
        worker.ask(1, 2)
    assert refused.value.status == 503
    second = worker.ask(1, 1)
    second.cancel()
    closing = threading.Thread(target=worker.close)
    closing.start()
    go.set()
    closing.join(10)
    assert first.result(10) is True and second.cancelled()
    with pytest.raises(Refused, match="inputs waiting"):
        worker.ask(2, 1)

"""A price does not grow with what else the machine does."""

from __future__ import annotations

import time

from headstart.training.work_seconds import least_seconds


def test_waiting_is_no_work_and_a_warm_up_does_not_count() -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        end = time.process_time() + (0.3 if len(calls) == 1 else 0.02)
        while time.process_time() < end:
            pass
        time.sleep(0.05)

    assert 0.015 < least_seconds(work) < 0.06
    assert len(calls) == 3


def test_elsewhere_the_wall_clock_counts() -> None:
    assert least_seconds(lambda: time.sleep(0.05), times=2, device="mps") >= 0.05


def test_what_takes_long_is_timed_once_or_twice() -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        time.sleep(1.1)

    least_seconds(work, times=9, device="mps")
    assert len(calls) == 2

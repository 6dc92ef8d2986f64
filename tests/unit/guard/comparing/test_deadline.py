"""When the wall clock says stop, what runs is interrupted, dropped and named."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from crew_tasks import Sleeper
from sklearn.linear_model import LogisticRegression

from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.comparison import Comparison
from headstart.guard.comparing.deadline import Deadline, OutOfTime, within
from headstart.guard.comparing.journal import Journal
from headstart.guard.comparing.plan import Plan
from headstart.guard.comparing.run import compare


def run(seconds: float, journal: Journal, plan: Plan | None = None, **more: Any) -> Comparison:
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    material = Material(rng.normal(size=(40, 3)) + y[:, None], y, "classification")
    ways = {"quick": LogisticRegression(), "slow": Sleeper(seconds), "last": LogisticRegression(C=0.1)}
    candidates = [Candidate(name, estimator, False, f"the {name} one") for name, estimator in ways.items()]
    planned = Plan(tuple(ways), 4, 2, curves=0) if plan is None else plan
    how: dict[str, Any] = {"budget": 2.0, "n_splits": 4, "random_state": 0, "plan": planned} | more
    return compare(material, candidates, journal=journal, **how)


def test_a_fold_is_interrupted_and_the_rest_goes_on_without_it(tmp_path: Path) -> None:
    began = time.monotonic()
    found = run(30.0, Journal(tmp_path / "j", "key"))
    assert time.monotonic() - began < 10
    assert "quick" in {outcome.candidate.name for outcome in found.outcomes}
    left = {entry["name"]: entry["words"] for entry in found.left_out}
    assert left["slow"].startswith("the slow one: about ") and "this machine was busy" in left["slow"]
    written = found.written()
    assert "slow" not in written["run"] and written["repeats"] == 1
    again = run(0.0, Journal(tmp_path / "j", "key", resume=True))
    assert again.written() == written  # what was dropped before a kill is dropped after it
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def test_a_fold_of_another_process_is_interrupted_too(tmp_path: Path) -> None:
    began = time.monotonic()
    found = run(300.0, Journal(tmp_path / "j", "key"), n_jobs=2, budget=20.0)  # with time for workers to begin
    assert time.monotonic() - began < 150
    assert found.outcomes[0].candidate.name == "quick"
    assert "slow" in {entry["name"] for entry in found.left_out}


def test_what_others_make_of_the_ring_is_the_ring() -> None:
    def translated() -> None:
        try:
            time.sleep(30)
        except OutOfTime as ring:
            raise TypeError("Cannot compare structured arrays") from ring

    with pytest.raises(OutOfTime), within(0.05):
        translated()
    with pytest.raises(TypeError, match="a fault of its own"), within(30):
        raise TypeError("a fault of its own")
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def test_a_plan_that_is_repeated_is_not_hurried() -> None:
    found = run(0.0, Journal(spent=1000.0), Plan(("quick", "slow"), 4, 2, repeated=True, drawn={}))
    assert found.written()["run"] == ["quick", "slow"] and found.written()["repeats"] == 2


def test_time_is_over_once_and_the_signal_is_given_back() -> None:
    with pytest.raises(OutOfTime), within(0.05):
        time.sleep(5)
    with within(None), within(float("inf")):
        assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    with within(60):
        pass
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_another_s_alarm_and_other_threads_are_left_alone() -> None:
    mine = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        with within(0.01):
            time.sleep(0.05)
    finally:
        signal.signal(signal.SIGALRM, mine)
    ended: list[bool] = []

    def elsewhere() -> None:
        with within(0.01):
            time.sleep(0.05)
        ended.append(True)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert ended == [True]


def test_answers_are_kept(tmp_path: Path) -> None:
    early = Deadline(Journal(tmp_path / "j", "key"), 100)
    assert early.allows("this", 50, keep=10) and not early.allows("that", 85, keep=10)
    late = Deadline(Journal(tmp_path / "j", "key", resume=True, spent=500), 100)
    assert late.allows("this", 50, keep=10) and not late.allows("other", 0, keep=0)
    assert Deadline(Journal(spent=500), 100, open_end=True).allows("other", 1e9, keep=0)

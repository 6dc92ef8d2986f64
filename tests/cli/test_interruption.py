"""Ctrl-C and SIGTERM: what is said, the exit code, and what is left to go on from."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headstart.cli import main
from headstart.cli.running.interruption import ASKED, Terminated, going_on_from, stop_when_asked
from headstart.models.fitting import progress_folder


def interrupted(monkeypatch: pytest.MonkeyPatch, error: BaseException, out: Path, saved: str | None) -> int:
    """The exit code of a fit that is interrupted after it saved something, or nothing."""

    def fit(*_: Any, **__: Any) -> None:
        progress_folder(out).mkdir(exist_ok=True)
        (progress_folder(out) / "journal.json").write_text("{}")
        if saved is not None:
            (progress_folder(out) / saved).write_bytes(b"x")
        raise error

    monkeypatch.setattr(importlib.import_module("headstart.models.fitting"), "fit", fit)
    return main.exit_code(["fit", "data", "--out", str(out)])


@pytest.mark.parametrize("saved", ["head-5-folds-0-0.npz", "final.checkpoint"])
@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (Terminated(), 143)])
def test_where_something_was_saved_it_is_said_where(
    error: BaseException,
    code: int,
    saved: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert interrupted(monkeypatch, type(error)(), tmp_path / "m", saved) == code
    said = capsys.readouterr().err
    assert "Nothing half-written was left behind." in said
    assert f"What was finished is in {progress_folder(tmp_path / 'm')}" in said and "--resume goes on" in said


def test_where_nothing_was_saved_nothing_is_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert interrupted(monkeypatch, KeyboardInterrupt(), tmp_path / "m", None) == 130
    assert "resume" not in capsys.readouterr().err
    with pytest.raises(KeyboardInterrupt) as stop, going_on_from(tmp_path / "absent"):
        raise KeyboardInterrupt
    assert not hasattr(stop.value, "__notes__")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The signals as the command takes them."""
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell leaves it ignored in what runs behind it
    stop_when_asked()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    ASKED.clear()


def as_an_error(number: int) -> None:
    """What C code does of an interruption that is raised in what it calls."""
    try:
        signal.raise_signal(number)
    except KeyboardInterrupt:
        raise TypeError("The axis argument to unique is not supported for dtype") from None


def in_a_finaliser(number: int) -> None:
    """Python prints what is raised here, and goes on."""

    class Gone:
        def __del__(self) -> None:
            signal.raise_signal(number)

    Gone()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("lost", [as_an_error, in_a_finaliser])
@pytest.mark.usefixtures("asked")
def test_an_interruption_that_others_lose_still_ends_the_command(
    lost: Callable[[int], None],
    number: int,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fit(*_: Any, **__: Any) -> None:
        progress_folder(tmp_path / "m").mkdir()
        (progress_folder(tmp_path / "m") / "head.npz").write_bytes(b"x")
        lost(number)

    monkeypatch.setattr(importlib.import_module("headstart.models.fitting"), "fit", fit)
    assert main.exit_code(["fit", "data", "--out", str(tmp_path / "m")]) == code
    said = capsys.readouterr().err
    assert "What was finished is in" in said and "fault in headstart" not in said and "Traceback" not in said


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no signals here")
def test_terminated_for_true_it_resumes_to_the_end(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, n in (("here", 30), ("there", 60)):
        X = rng.normal(size=(n, 4))
        frame = pd.DataFrame(X, columns=list("abcd")).assign(y=np.where(X[:, 0] > 0, "up", "down"))
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    out = tmp_path / "m"
    words = ["fit", "here.csv", "--label", "y", "--source", "there.csv", "--out", "m", "--budget", "30s"]
    command = [sys.executable, "-m", "headstart", *words]
    where: dict[str, Any] = {"cwd": tmp_path, "env": {**os.environ, "OMP_NUM_THREADS": "1"}}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **where)
    end = time.monotonic() + 120
    while process.poll() is None and not list(progress_folder(out).glob("*.npz")) and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    said = process.communicate()[1]
    assert process.returncode == 143 and not out.exists()
    assert f"What was finished is in {progress_folder(out)}" in said and "Terminated." in said
    again = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=True, **where)
    assert out.is_dir() and not progress_folder(out).exists()
    assert "logistic regression on the target's rows alone: done after" in again.stderr


def test_stopped_while_the_report_is_written_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    pd.DataFrame({"a": rng.normal(3 * y, 1), "y": np.array(["no", "yes"])[y]}).to_csv(tmp_path / "t.csv", index=False)
    command = ["fit", str(tmp_path / "t.csv"), "--budget", "2s", "--out", str(tmp_path / "m")]

    def stop(*_: Any) -> None:
        raise Terminated

    with monkeypatch.context() as patched:
        patched.setattr(importlib.import_module("headstart.report.write"), "write_evidence", stop)
        assert main.exit_code(command) == 143
    assert "Nothing half-written was left behind." in capsys.readouterr().err
    assert not (tmp_path / "m").exists() and not list(tmp_path.glob("*.writing"))
    assert main.exit_code(command) == 0 and (tmp_path / "m" / "report.html").is_file()

"""How long work tells that it goes on: as the caller asks, by bars on a terminal, else not at all."""

from __future__ import annotations

import io
import sys
import time

import pytest

from headstart.progress import reporter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_there_are_no_bars_without_a_terminal_or_where_none_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with reporter() as progress:
        assert progress is None
    monkeypatch.setattr(sys, "stderr", Terminal())
    with reporter(quiet=True) as progress:
        assert progress is None


def test_the_callers_own_is_used_as_it_is() -> None:
    def own(what: str, done: int, total: int) -> None:
        """Told."""

    with reporter(own) as progress:
        assert progress is own


def test_a_bar_shows_once_work_has_taken_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, now = Terminal(), [0.0]
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with reporter() as progress:
        assert progress is not None
        progress("quick work", 1, 3)
        progress("slow work, first part", 1, 3)
        now[0] = 2.5
        progress("slow work, second part", 2, 3)
        progress("slow work, third part", 3, 3)
    assert "slow work" in screen.getvalue() and "quick work" not in screen.getvalue()


def test_without_a_terminal_each_piece_of_work_that_announced_itself_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with reporter(lines=True) as progress:
        assert progress is not None
        for done in range(4):
            progress("fine-tuning all layers", done, 3)
            progress(f"training, epoch {done + 1} of 9", done + 1, 1)
        progress("fine-tuning all layers", 3, 3)
    said = capsys.readouterr()
    assert not said.out and said.err == "fine-tuning all layers: done after 0 s\n"
    with reporter(quiet=True, lines=True) as progress:
        assert progress is None

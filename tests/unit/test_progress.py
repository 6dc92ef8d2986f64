"""How long work tells that it goes on: as the caller asks, by bars on a terminal, else not at all."""

from __future__ import annotations

import io
import re
import sys
import time

import pytest

from headstart.progress import reporter
from headstart.visible import visible


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


@pytest.mark.parametrize(
    "steers", ["\x1b[2J", "\x1b]0;title\x07", "\r", "\x9b31m", "\x08" * 9, "\u202e", "\ud800", "\x00"]
)
def test_names_of_others_steer_no_terminal(steers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On bars, apart from what rich itself writes to steer, and on lines."""
    name, screen, now = f"class {steers}a\nb", Terminal(), [0.0]
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with reporter() as progress:
        assert progress is not None
        progress(f"{name}, first part", 0, 3)
        now[0] = 2.5
        progress(f"{name}, second part", 1, 3)
        progress(f"{name}, third part", 3, 3)
    drawn = re.sub(r"\x1b\[[?0-9;]*[AKhlm]|\n", "", screen.getvalue())
    shown = f"class {visible(steers)}a b, second part"
    assert shown in drawn and all(c == "\r" or c == "━" or c == "╺" or " " <= c <= "~" for c in drawn)
    assert not any(c in visible(steers) for c in steers if not " " <= c <= "~")

    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with reporter(lines=True) as progress:
        assert progress is not None
        progress(name, 0, 1)
        progress(name, 1, 1)
    assert sys.stderr.getvalue() == f"class {visible(steers)}a b: done after 0 s\n"  # type: ignore[attr-defined]

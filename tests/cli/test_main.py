"""The frame of the command line: exit codes, one clear message, no traceback unless asked for."""

from __future__ import annotations

import errno
import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from headstart.cli import main
from headstart.errors import DataError


def command_that(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Put a command ``report`` in place that does nothing but ``act``."""

    @click.command("report")
    @click.option("--debug", is_flag=True, expose_value=False)
    def command() -> object:
        return act()

    monkeypatch.setattr(importlib.import_module("headstart.cli.report"), "command", command)


def raises(error: BaseException) -> Callable[[], object]:
    def act() -> object:
        raise error

    return act


def test_help_lists_every_command_and_its_words_agree(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.exit_code(["--help"]) == 0
    shown = capsys.readouterr().out
    for name, (module, words) in main.COMMANDS.items():
        assert name in shown and words in shown
        command = main.cli.get_command(click.Context(main.cli), name)
        assert command is not None and command.callback is not None and command.help
        assert command.callback.__module__ == module
        assert {"as_json", "debug"} <= {parameter.name for parameter in command.params}, (
            f"{name} lacks --json or --debug"
        )


def test_help_groups_the_commands_by_what_one_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert sum(map(len, main.GROUPS.values())) == len(main.COMMANDS)
    main.exit_code(["--help"])
    shown = capsys.readouterr().out
    places = [shown.index(f"{title}:") for title in main.GROUPS]
    assert places == sorted(places)
    assert places[1] < shown.index("\n  advise ") < places[2]


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.exit_code([name, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.exit_code(["--version"]) == 0
    assert capsys.readouterr().out.startswith("headstart ")


@pytest.mark.parametrize(
    "words", [["nonsense"], ["fit"], ["report", "--nonsense", "m"], ["fit", "d", "--out", "m", "--budget", "soon"]]
)
def test_wrong_usage_is_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.exit_code(words) == 2
    streams = capsys.readouterr()
    assert not streams.out and "Usage:" in streams.err


def test_our_error_is_one_message_and_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    command_that(monkeypatch, raises(DataError("Expected two classes, found one.", "Add another.")))
    assert main.exit_code(["report"]) == 1
    streams = capsys.readouterr()
    assert streams.out == "" and streams.err == "Error: Expected two classes, found one. Add another.\n"


def test_what_was_not_expected_says_where_to_turn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_that(monkeypatch, raises(ZeroDivisionError("division by zero")))
    monkeypatch.delenv("HEADSTART_DEBUG", raising=False)
    assert main.exit_code(["report"]) == 1
    said = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero" in said and "report it" in said and "--debug" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("how", ["option", "environment"])
def test_a_traceback_comes_when_asked_for(
    how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_that(monkeypatch, raises(ZeroDivisionError("division by zero")))
    monkeypatch.setenv("HEADSTART_DEBUG", "1" if how == "environment" else "0")
    assert main.exit_code(["report", "--debug"] if how == "option" else ["report"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    command_that(monkeypatch, raises(KeyboardInterrupt()))
    assert main.exit_code(["report"]) == 130
    said = capsys.readouterr().err
    assert "Interrupted." in said and "--resume" not in said


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "m/model.safetensors"), "No space left on device (m/model"),
        (PermissionError(errno.EACCES, "Permission denied", "m"), "Permission denied (m)"),
        (MemoryError(), "too little free memory"),
    ],
)
def test_the_machine_s_limits_are_said_in_words(error: Exception, words: str) -> None:
    assert words in main.in_words(error) and "fault in headstart" not in main.in_words(error)


def test_a_command_s_own_exit_code_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    command_that(monkeypatch, lambda: 1)
    assert main.exit_code(["report"]) == 1


def test_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    script = "import sys; from headstart.cli.main import main; sys.argv = ['headstart', '--help']; main()"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.wait()


def test_the_command_ends_without_looking_for_garbage_in_all_that_it_loaded() -> None:
    code = "import atexit, gc, sys; atexit.register(lambda: print(gc.get_freeze_count() > 0)); "
    code += "sys.argv = ['headstart', '--version']; from headstart.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "True"


@pytest.mark.parametrize(
    ("error", "code"),
    [(DataError("Expected two classes, found one.", "Add another."), 1), (click.UsageError("Take one of two."), 2)],
)
def test_an_error_is_an_object_too_where_json_is_asked_for(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main.cli, "main", lambda **given: raises(error)())
    assert main.exit_code(["report", "m", "--json"]) == code
    streams = capsys.readouterr()
    assert json.loads(streams.out)["error"] in streams.err and not streams.out.startswith("Error")

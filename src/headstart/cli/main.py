"""The ``headstart`` command: finds the command asked for, and turns every outcome into an exit code.

Nothing heavy is imported here, and a command's own file only when that command is asked for, so that
``headstart --help`` answers at once.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence

import click

from headstart.cli.console import echo, print_json
from headstart.cli.running.interruption import as_asked, interruption, stop_when_asked
from headstart.errors import HeadstartError

GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Look at the data": {
        "inspect": ("headstart.cli.inspect", "Say what data would be read as, and what is wrong with them."),
    },
    "Before learning": {
        "sources": ("headstart.cli.sources", "List the networks on this machine to borrow from."),
        "look": ("headstart.cli.seeing.look", "Show what the layers of a network answer to."),
        "advise": ("headstart.cli.advise", "Say before training whether a source is likely to help."),
        "label-next": ("headstart.cli.label_next", "Choose which examples to label next, and write a sheet for them."),
        "pretrain": ("headstart.cli.pretrain", "Train a network on a large data set, to start others from it."),
    },
    "Learn": {
        "demo": ("headstart.cli.demo", "Show it all on real handwritten digits, in about a minute."),
        "fit": ("headstart.cli.fit", "Learn from labelled examples of any kind, with proof."),
        "report": ("headstart.cli.report", "Write a model's evidence as one page, report.html."),
    },
    "Use": {
        "predict": ("headstart.cli.predict", "Label new examples with a model that headstart saved."),
        "serve": ("headstart.cli.serve", "Try a model in a browser, and let programs ask it."),
        "listen": ("headstart.cli.listen", "Hear words in a long recording or a stream, as they come."),
    },
    "Is it still valid": {
        "evaluate": (
            "headstart.cli.validating.evaluate",
            "Measure a saved model on labelled data, beside its promise.",
        ),
        "check": ("headstart.cli.check", "Say whether a saved model still holds on new data."),
    },
    "Hand on": {
        "export": ("headstart.cli.handing_on.export", "Write a model so that it runs without headstart (ONNX)."),
        "push": ("headstart.cli.handing_on.push", "Push a model to a hub, for others to load and to start from."),
    },
    "About headstart": {
        "methods": ("headstart.cli.methods", "List the methods for tables: what they transfer, need and cost."),
        "cache": ("headstart.cli.cache", "Show or clear what was computed and kept for next time."),
    },
}
COMMANDS = {name: entry for group in GROUPS.values() for name, entry in group.items()}

REFUSALS = {errno.ENOSPC, errno.EACCES, errno.EPERM, errno.EROFS, errno.EMFILE, getattr(errno, "EDQUOT", errno.ENOSPC)}


class LazyGroup(click.Group):
    """A group that knows its commands' names and one-line help, and imports a command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = vars(importlib.import_module(COMMANDS[cmd_name][0])).values()
        return next(entry for entry in found if isinstance(entry, click.Command) and entry.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        wide = max(map(len, COMMANDS))
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(wide), words) for name, (_, words) in commands.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="headstart", message="headstart %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error (or set HEADSTART_DEBUG=1).")
def cli(debug: bool) -> None:
    """Transfer learning for small data: borrow what others learned, and know whether it helped.

    \b
    Try it:      headstart demo
    Your own:    headstart fit pictures/ --out model
    Then:        headstart predict model new-pictures/
    """


def exit_code(args: Sequence[str]) -> int:
    """Run the command line and return its exit code.

    0 is done, 1 our error, 2 wrong usage, 130 interrupted, 143 terminated.

    Parameters
    ----------
    args : sequence of str
        The words after ``headstart``.

    Returns
    -------
    int
        The exit code. Errors are one message on standard error, with ``--json`` also ``{"error": ...}`` on standard
        output; the traceback comes with ``--debug`` or ``HEADSTART_DEBUG=1`` only.
    """
    _listen_to_the_house()
    try:
        with as_asked():
            outcome = cli.main(args=list(args), prog_name="headstart", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(file=shown)
        echo(shown.getvalue(), err=True, newline=False)
        return _failed(args, error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        words, code = interruption(error.__cause__ or error)
        echo(words, err=True)
        return _failed(args, words, code)
    except Exception as error:
        if wants_traceback(args):
            echo(traceback.format_exc(), err=True)
        words = in_words(error)
        echo(words, err=True)
        return _failed(args, words.removeprefix("Error: "), 1)


def _failed(args: Sequence[str], words: str, code: int) -> int:
    """The exit code of a failure; with ``--json`` its words are an object on standard output, too."""
    if "--json" in args:
        with contextlib.suppress(BrokenPipeError):
            print_json({"error": words})
    return code


class _ToStandardError(logging.Handler):
    """What the house says of the data it read, on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        echo(record.getMessage(), err=True)


def _listen_to_the_house() -> None:
    log = logging.getLogger("headstart")
    log.setLevel(logging.INFO)
    if not any(isinstance(handler, _ToStandardError) for handler in log.handlers):
        log.addHandler(_ToStandardError())


def wants_traceback(args: Sequence[str]) -> bool:
    """Whether the user asked for tracebacks: ``--debug`` among the words, or ``HEADSTART_DEBUG`` set."""
    return "--debug" in args or os.environ.get("HEADSTART_DEBUG", "0") not in ("", "0")


def in_words(error: Exception) -> str:
    """What went wrong, in words a user can act on.

    Examples
    --------
    >>> in_words(HeadstartError("Expected two classes, found one.", "Add another."))
    'Error: Expected two classes, found one. Add another.'
    """
    if isinstance(error, HeadstartError):
        return f"Error: {error}"
    if isinstance(error, OSError) and error.errno in REFUSALS:
        where = f" ({error.filename})" if error.filename else ""
        return f"Error: the system refused: {error.strerror}{where}. Check the disk's space and your rights there."
    if isinstance(error, MemoryError):
        return "Error: this machine has too little free memory for that. Close other programs, or use fewer examples."
    return (
        f"Error: headstart met something it did not expect: {type(error).__name__}: {error}\n"
        "This is a fault in headstart. Please report it where you got headstart from, with the output of the same "
        "command and --debug."
    )


def main() -> None:
    """Entry point of the installed ``headstart`` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    import gc
    import warnings

    from headstart.visible import visible

    stop_when_asked()
    told = warnings.formatwarning
    warnings.formatwarning = lambda *given, **more: visible(told(*given, **more))
    code = exit_code(sys.argv[1:])
    gc.freeze()  # all of it goes with the process; to look for garbage in it first takes a second
    sys.exit(code)


if __name__ == "__main__":
    main()

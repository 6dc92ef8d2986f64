"""What commands print: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def common(function: Command) -> Command:
    """Give a command the options that all commands have: ``--json`` (passed on as ``as_json``) and ``--debug``."""
    function = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")(
        function
    )
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else, on standard output."
    )(function)


def echo(words: str = "", *, err: bool = False, newline: bool = True, **style: Any) -> None:
    """Print text, on standard output unless ``err``: everything that the commands say leaves here.

    Names of files, classes, columns and errors are other people's: what in them would steer a terminal is shown as its
    number. ``style`` is click's (bold, dim).
    """
    from headstart.visible import visible

    shown = visible(words)
    click.echo(click.style(shown, **style) if style else shown, err=err, nl=newline)


def print_json(value: Any) -> None:
    """Print a value as one JSON document on standard output."""
    from headstart.data.base.plain import plain

    echo(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def note(words: str) -> None:
    """Say something beside the result, on standard error."""
    echo(words, err=True)


def note_failed(failed: Iterable[Mapping[str, str]]) -> None:
    """Name the inputs that cannot be read, with the reasons, on standard error."""
    for entry in failed:
        note(f"Cannot read {entry['file']}: {entry['reason']}")


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows in aligned columns on standard output.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        The cells.
    right : sequence of int
        Columns that are aligned on the right (numbers).
    """
    from headstart.visible import visible

    table = [[visible(cell).replace("\n", " ") for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    for number, row in enumerate(table):
        cells = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        line = "  ".join(cells).rstrip()
        echo(line, **({"dim": True} if number == 0 else {}))

"""``headstart advise``: what can be said about a source before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.console import common, echo, print_json
from headstart.cli.options import reading_options, source_options
from headstart.progress import reporter

SIGNS = {"for": "+", "against": "-", "neutral": "."}


@click.command("advise")
@click.argument("data", type=click.Path(path_type=Path))
@source_options(
    "What might be borrowed from: a folder, a hub id, starter:pictures, ...; auto is the starter for the data. "
    "For a table: other tables."
)
@reading_options()
@click.option("--skip-bad", is_flag=True, help="Leave out files that cannot be read.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Which examples are looked at when there are many."
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, mps, or auto.")
@common
def command(
    data: Path,
    source: tuple[str, ...],
    unlabelled: tuple[str, ...],
    skip_bad: bool,
    seed: int,
    device: str,
    as_json: bool,
    **reading: Any,
) -> None:
    """Say before training whether SOURCE is likely to help with DATA, and why.

    It compares kinds of input and amounts of data, and measures how well the source's features tell the classes
    apart (nearest neighbours and leave-one-out ridge regression), next to features that need no network.
    """
    from headstart.cli.fit import borrowed
    from headstart.data.reading.options import Reading
    from headstart.models.advice import advice

    with reporter() as progress:
        found = advice(
            data,
            borrowed(source),
            Reading(**reading),
            unlabelled=list(unlabelled) or None,
            skip_bad=skip_bad,
            random_state=seed,
            device=device,
            progress=progress,
        )
    if as_json:
        print_json(found)
        return
    echo(found["words"], bold=True)
    for finding in found["findings"]:
        echo(f" {SIGNS.get(finding['verdict'], '.')} {finding['words']}")
    for words in found.get("notes", []):
        echo(f"Note: {words}")

"""``headstart advise``: what to borrow, and how, before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.console import common, echo, print_json, print_table
from headstart.cli.options import Place, reading_options, source_options
from headstart.cli.running.duration import Duration
from headstart.progress import reporter

SIGNS = {"for": "+", "against": "-", "neutral": "."}
HEADER = ("rank", "source", "what", "how", "expected", "gain", "", "why")


@click.command("advise")
@click.argument("data", type=Place())
@source_options(
    "What might be borrowed from: a folder, a hub id, starter:pictures, ...; again for several. auto is the starter "
    "for the data. For a table: other tables."
)
@click.option("--sources", type=Place(), help="A folder: everything in it is a source.")
@reading_options()
@click.option("--skip-bad", is_flag=True, help="Leave out files that cannot be read.")
@click.option("--budget", type=Duration(), default="60s", show_default=True, help="Time to spend, such as 30s, 5m.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Which examples are looked at when there are many."
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, mps, or auto.")
@common
def command(
    data: Path,
    source: tuple[str, ...],
    sources: Path | None,
    as_json: bool,
    unlabelled: tuple[str, ...],
    skip_bad: bool,
    budget: float,
    seed: int,
    device: str,
    **reading: Any,
) -> None:
    """Rank everything that could be borrowed for DATA, and borrowing nothing, before anything is trained.

    Networks are measured by how well their features tell the classes apart (nearest neighbours and leave-one-out ridge
    regression), next to features that need no network; tables and labelled sets by linear models with and without
    their rows.
    """
    from headstart.cli.fit import borrowed
    from headstart.data.reading.options import Reading
    from headstart.models.advice import advise, sources_in

    given = borrowed(source)
    if sources is not None:
        named = [one for one in source if one.lower() not in ("auto", "none")]
        given = [*named, *sources_in(sources)]
    with reporter() as progress:
        found = advise(
            data,
            given,
            Reading(**reading),
            unlabelled=list(unlabelled) or None,
            skip_bad=skip_bad,
            budget=budget,
            random_state=seed,
            device=device,
            progress=progress,
        )
    if as_json:
        print_json(found.to_dict())
        return
    echo(found.words, bold=True)
    echo()
    print_table(HEADER, found.rows(), right=(0,))
    echo()
    for line in found.lines:
        echo(line)
    echo()
    for finding in found.findings:
        echo(f" {SIGNS.get(finding['verdict'], '.')} {finding['words']}")
    for words in found.notes:
        echo(f"Note: {words}")

"""``headstart sources``: what there is to borrow from on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from headstart.cli.console import common, note, print_json, print_table
from headstart.cli.options import Place
from headstart.errors import DataError


@click.command("sources")
@click.argument("places", nargs=-1, type=Place())
@common
def command(places: tuple[Path, ...], as_json: bool) -> None:
    """List networks to borrow from: the bundled starters, those cached from the hub, and folders.

    PLACES are folders that are a source or hold some; without any, the folders here are looked at. Nothing is
    downloaded and no weights are read.
    """
    import dataclasses

    from headstart.data.base.files import check_there
    from headstart.data.base.kinds import things
    from headstart.networks.reading.listing import list_sources
    from headstart.report.wording import short_count

    for place in places:
        check_there(place, "a folder")
        if not place.is_dir():
            raise DataError(f"Expected a folder, found a file at {place}.")
    found = list_sources(places or [Path()])
    if as_json:
        print_json({"sources": [dataclasses.asdict(source) for source in found]})
        return
    usable = [source for source in found if source.input_type is not None]
    rows = [
        (
            source.source,
            things(str(source.input_type)),
            short_count(source.n_parameters),
            "not known" if source.n_examples is None else f"{short_count(source.n_examples)} examples",
            source.licence or "not stated",
            source.place,
        )
        for source in usable
    ]
    print_table(("source", "takes", "weights", "learned from", "licence", "place"), rows, right=(2,))
    for source in found:
        if source.input_type is None:
            note(f"Not to be borrowed from: {source.source}. {source.reason}")
    if usable:
        note(f"\nUse one:  headstart fit DATA --source {usable[0].source} --out model")

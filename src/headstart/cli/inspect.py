"""``headstart inspect``: what data were taken for, before anything is learned from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.console import common, echo, print_json
from headstart.cli.options import Place, boxes_option, reading_options, target_option
from headstart.errors import HeadstartError
from headstart.progress import reporter


@click.command("inspect")
@click.argument("data", nargs=-1, required=True, type=Place())
@reading_options()
@target_option
@boxes_option
@common
def command(data: tuple[Path, ...], as_json: bool, **reading: Any) -> int:
    """Say what DATA (folders or tables) would be read as, and what is wrong with them; nothing is learned.

    Kind, layout, task, classes with their counts, columns and what each became, encoding, sizes, parts, groups, what is
    broken, what is there twice or nearly so, and what was assumed. The exit code is 1 where a fit would refuse them.

    \b
    headstart inspect pictures/
    headstart inspect table.csv --label diagnosis --group-by patient
    headstart inspect table.csv --label grade --label passed
    headstart inspect pictures/ --boxes annotations.json
    """
    from headstart.data.reading.inspecting import inspected
    from headstart.data.reading.options import Reading
    from headstart.data.reading.recognise import recognise
    from headstart.data.sets.description import describe, sentences

    found: list[tuple[dict[str, Any], Any, str]] = []
    with reporter() as progress:
        for place in data:
            said: dict[str, Any] = {"place": str(place)}
            try:
                known = recognise(place, Reading(**reading))
            except HeadstartError as error:
                found.append((said, None, str(error)))
                continue
            for task, one in (known.tasks or {"": known}).items():
                dataset, words = None, ""
                try:
                    dataset = inspected(one.dataset(), progress)
                except HeadstartError as error:
                    words = str(error)
                found.append((said | ({"label": task} if task else {}), dataset, words))
    refused = int(any(words for *_, words in found))
    if as_json:
        entries = [
            said | ({} if dataset is None else describe(dataset)) | {"refused": words or None}
            for said, dataset, words in found
        ]
        print_json(entries[0] if len(entries) == 1 else entries)
        return refused
    for number, (said, dataset, words) in enumerate(found):
        lines = [f"One of several tasks: {said['label']}"] if "label" in said else []
        lines += [] if dataset is None else sentences(dataset)
        echo("\n".join([*([""] if number else []), *lines, *([f"Refused: {words}"] if words else [])]))
    return refused

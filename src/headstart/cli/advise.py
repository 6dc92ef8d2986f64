"""``headstart advise``: what can be said about a source before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.console import common, print_json, progress_bars

SIGNS = {"for": "+", "against": "-", "neutral": "."}


@click.command("advise")
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--source",
    default="auto",
    show_default=True,
    help="What might be borrowed from: a folder, a hub id, starter:pictures, ...; auto is the starter for the data.",
)
@click.option("--label", multiple=True, help="Column of a table that holds the labels; again for several labels.")
@click.option("--path-column", help="Column of a table that holds the paths of the files.")
@click.option("--split-column", help="Column of a table that says train, val or test.")
@click.option("--group-by", help="Column, or regular expression over the path, of what belongs together.")
@click.option("--task", type=click.Choice(["classification", "multilabel", "regression"]), help="What the labels are.")
@click.option("--skip-bad", is_flag=True, help="Leave out files that cannot be read.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Which examples are looked at when there are many."
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, mps, or auto.")
@common
def command(source: str, skip_bad: bool, seed: int, device: str, as_json: bool, **reading: Any) -> None:
    """Say before training whether SOURCE is likely to help with DATA, and why.

    It compares kinds of input and amounts of data, and measures how well the source's features tell the classes
    apart (nearest neighbours and leave-one-out ridge regression), next to features that need no network.
    """
    reading["label"] = list(reading["label"]) if len(reading["label"]) > 1 else next(iter(reading["label"]), None)
    with progress_bars() as progress:
        found = look(source, reading, skip_bad, seed, device, progress)
    if as_json:
        print_json(found)
        return
    click.secho(found["words"], bold=True)
    for finding in found["findings"]:
        click.echo(f" {SIGNS.get(finding['verdict'], '.')} {finding['words']}")


def look(source: str, reading: dict[str, Any], skip_bad: bool, seed: int, device: str, progress: Any) -> dict[str, Any]:
    """Read, screen and measure; nothing is trained, and a part kept for the final score is not looked at.

    Parameters
    ----------
    source : str
        What might be borrowed from.
    reading : dict
        ``data`` and how to read it.
    skip_bad : bool
        Whether to go on without broken files.
    seed : int
        Seed of the sample.
    device : str
        Where the network runs.
    progress : callable or None
        ``progress(what, done, total)``.

    Returns
    -------
    dict
        ``words``: the findings in a sentence; ``findings``: list of dict; ``expected``: whether a gain can be.
    """
    from headstart.advise.before import expected, findings, summary
    from headstart.advise.fit import AUTO, divided
    from headstart.advise.material import Material
    from headstart.data.read import read_dataset
    from headstart.data.screen import screen
    from headstart.networks.load import load_network
    from headstart.parameters.plan import starter_for
    from headstart.training.device import pick_device

    how = {key: value for key, value in reading.items() if key != "data"}
    dataset = read_dataset(reading["data"], **how)
    input_type = dataset.pictures.input_type
    network = load_network(starter_for(input_type) if source == AUTO else source, input_type=input_type)
    pool, _ = divided(screen(dataset, network.preprocessing, skip_bad=skip_bad, progress=progress))
    material = Material(pool.pictures, pool.y, pool.task, pool.groups, network, str(pick_device(device)), progress)
    found = findings(material, random_state=seed)
    return {"words": summary(found), "expected": expected(found), "findings": found}

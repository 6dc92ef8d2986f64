"""``headstart advise``: what can be said about a source before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.console import common, print_json
from headstart.progress import reporter

SIGNS = {"for": "+", "against": "-", "neutral": "."}


@click.command("advise")
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--source",
    multiple=True,
    default=("auto",),
    show_default=True,
    help="What might be borrowed from: a folder, a hub id, starter:pictures, ...; auto is the starter for the data. "
    "For a table: other tables.",
)
@click.option("--unlabelled", multiple=True, help="Of a table: another table with more rows like it, without labels.")
@click.option("--label", multiple=True, help="Column of a table that holds the labels; again for several labels.")
@click.option("--path-column", help="Column of a table that holds the paths of the files.")
@click.option("--text-column", multiple=True, help="Column of a table that holds texts; again for several, joined.")
@click.option("--split-column", help="Column of a table that says train, val or test.")
@click.option("--group-by", help="Column, or regular expression over the path, of what belongs together.")
@click.option("--task", type=click.Choice(["classification", "multilabel", "regression"]), help="What the labels are.")
@click.option("--skip-bad", is_flag=True, help="Leave out files that cannot be read.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Which examples are looked at when there are many."
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, mps, or auto.")
@common
def command(
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
    reading["label"] = list(reading["label"]) if len(reading["label"]) > 1 else next(iter(reading["label"]), None)
    columns = reading["text_column"] = list(reading["text_column"]) or None
    with reporter() as progress:
        from headstart.models.table_target import is_table
        from headstart.models.text_target import text_dataset

        texts = text_dataset(source=source[0], **reading)
        if texts is None and columns is None and is_table(reading["data"], reading["path_column"]):
            found = look_at_tables(list(source), list(unlabelled), reading, seed)
        else:
            found = look(source[0], reading, skip_bad, seed, device, progress, texts)
    if as_json:
        print_json(found)
        return
    click.secho(found["words"], bold=True)
    for finding in found["findings"]:
        click.echo(f" {SIGNS.get(finding['verdict'], '.')} {finding['words']}")
    for words in found.get("notes", []):
        click.echo(f"Note: {words}")


def look(
    source: str,
    reading: dict[str, Any],
    skip_bad: bool,
    seed: int,
    device: str,
    progress: Any,
    texts: Any = None,
) -> dict[str, Any]:
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
    texts : Dataset, optional
        The texts of a table, where they have been read already.

    Returns
    -------
    dict
        ``words``: the findings in a sentence; ``findings``: list of dict; ``expected``: whether a gain can be.
    """
    from headstart.data.reading.read import read_dataset
    from headstart.data.sets.screen import screen
    from headstart.guard.candidates.material import Material
    from headstart.guard.evidence.before import expected, findings, summary
    from headstart.models.target import AUTO, divided
    from headstart.networks.reading.loading import load_network
    from headstart.parameters.tuning.plan import starter_for
    from headstart.training.device import pick_device

    how = {key: value for key, value in reading.items() if key != "data"}
    dataset = read_dataset(reading["data"], **how) if texts is None else texts
    input_type = dataset.inputs.input_type
    network = load_network(starter_for(input_type) if source == AUTO else source, input_type=input_type)
    pool, _ = divided(screen(dataset, network.preprocessing, skip_bad=skip_bad, progress=progress))
    material = Material(pool.inputs, pool.y, pool.task, pool.groups, network, str(pick_device(device)), progress)
    found = findings(material, random_state=seed)
    return {"words": summary(found), "expected": expected(found), "findings": found}


def look_at_tables(source: list[str], unlabelled: list[str], reading: dict[str, Any], seed: int) -> dict[str, Any]:
    """Read tables and compare them; nothing is chosen, and a part kept for the final score is not looked at.

    Parameters
    ----------
    source, unlabelled : list of str
        Other tables.
    reading : dict
        ``data`` and how to read it.
    seed : int
        Seed of the sample.

    Returns
    -------
    dict
        As `look`; also ``notes``: what the columns hold and lack.
    """
    from headstart.data.sets.checks import check_labels
    from headstart.guard.candidates.material import Material
    from headstart.guard.candidates.table_rows import tabulated
    from headstart.guard.evidence.before import expected, summary
    from headstart.guard.evidence.before_tables import table_findings
    from headstart.models.table_target import tables_of
    from headstart.models.target import divided

    how = {key: reading[key] for key in ("label", "group_by", "task", "split_column")}
    tables = tables_of(reading["data"], [s for s in source if s not in ("auto", "none")], unlabelled, **how)
    check_labels(tables.target)
    pool, _ = divided(tables.target)
    table = tabulated(pool.inputs, pool.y, pool.task, list(tables.sources), tables.unlabelled)
    more: dict[str, Any] = {"sources": table.sources, "unlabelled": table.unlabelled, "shown": table.shown}
    found = table_findings(Material(table.rows, pool.y, pool.task, pool.groups, **more), random_state=seed)
    words = {"words": summary(found), "expected": expected(found), "findings": found}
    return words | {"notes": [*tables.target.notes, *table.notes]}

"""``headstart label-next``: which examples to label, before there is a model or with one."""

from __future__ import annotations

from pathlib import Path

import click

from headstart.cli.console import common, echo, note, note_failed, print_json
from headstart.cli.options import Place, one_or_several, path_column_option, text_column_option


@click.command("label-next")
@click.argument("pool", type=Place())
@click.option("-n", "n", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@click.option("--out", required=True, type=Place(), help="CSV file to be filled in.")
@click.option("--model", type=Place(), help="A saved model, whose doubt is asked.")
@click.option("--labelled", type=Place(), help="What has labels already: a folder or a table.")
@click.option("--source", default="auto", show_default=True, help="Without a model: the network that compares them.")
@click.option(
    "--label",
    multiple=True,
    callback=one_or_several,
    help="Column of labels, of --labelled and of the table that is written; again for several.",
)
@path_column_option
@text_column_option
@click.option("--seed", "random_state", type=int, default=0, show_default=True, help="Of what is drawn at random.")
@common
def command(pool: Path, n: int, out: Path, as_json: bool, **options: object) -> None:
    """Choose examples of POOL (a folder, a list or a table without labels) to be labelled next.

    A quarter is drawn at random, so that an estimate on them is honest; the others stand for many and are unlike what
    is labelled, or are those that the model is unsure of. Fill in the column of labels, then:

    \b
    headstart label-next pool/ -n 20 --out next.csv
    headstart fit next.csv --unlabelled pool/ --out model
    headstart label-next pool/ --model model --labelled next.csv -n 20 --out more.csv
    """
    from headstart.models.labelling import label_next

    found = label_next(pool, n=n, out=out, **options)  # type: ignore[arg-type]
    words = [f"that {why.removesuffix(' it')}" if why.endswith("is unsure of it") else why for why in found.reasons]
    failed = [{"file": name, "reason": reason} for name, reason in found.failed]
    note_failed(failed)
    for line in found.notes:
        note(line)
    if as_json:
        print_json({"rows": found.rows.tolist(), "reasons": list(found.reasons), "out": str(out), "failed": failed})
        return
    told = ", ".join(f"{words.count(why)} {why}" for why in dict.fromkeys(words))
    echo(f"{len(found.rows)} examples to label: {told}.")
    note(f"Sheet: {out}")

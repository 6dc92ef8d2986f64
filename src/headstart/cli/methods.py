"""``headstart methods``: the classical methods, by what they transfer, need and cost."""

from __future__ import annotations

import click

from headstart.cli.console import common, echo, note, print_json, print_table


@click.command("methods")
@click.option("--markdown", is_flag=True, help="Print the page docs/methods.md.")
@common
def command(markdown: bool, as_json: bool) -> None:
    """List the methods for tables: what they transfer, what labels they need, their cost and their paper."""
    from headstart.contract import catalogue

    if as_json and markdown:
        raise click.UsageError("Expected --json or --markdown, found both.")
    if as_json:
        print_json({"methods": [{"name": name, **card.to_dict()} for name, card in catalogue.cards().items()]})
    elif markdown:
        echo(catalogue.markdown(), newline=False)
    else:
        header, rows = list(catalogue.HEADER), catalogue.rows()
        print_table(header[:5] + header[6:], [[*row[:5], row[6]] for row in rows])
        note("\nOne sentence and the cost of each: headstart methods --markdown, or --json.")

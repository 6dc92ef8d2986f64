"""``headstart look``: what the layers of a network see."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click

from headstart.cli.console import common, echo, note, print_json
from headstart.cli.options import Place, text_column_option


@click.command("look")
@click.argument("source")
@click.argument("inputs", nargs=-1, type=Place())
@click.option("--out", type=Place(), default=Path("look.html"), show_default=True, help="The page.")
@text_column_option
@click.option("--seed", "random_state", type=int, default=0, show_default=True, help="Of made pictures.")
@common
def command(
    source: str, inputs: tuple[Path, ...], out: Path, text_column: Any, random_state: int, as_json: bool
) -> None:
    """Show what the layers of SOURCE answer to: a network to borrow from, or the network of a saved model.

    INPUTS (pictures, clips or texts: files, folders that are searched to their bottom, or tables that name them) are
    shown to it, and the parts that each depth answers most strongly stand on the page. Of pictures it is also measured
    which depths prefer edges, corners, curves, textures or noise, beside the same network with random weights.

    \b
    headstart look starter:pictures photos/ --out look.html
    headstart look model photos/one.jpg photos/two.jpg
    """
    from headstart.cli.predictions import gather, gather_texts
    from headstart.data.base.address import brought
    from headstart.models.explaining.looking import look, network_of
    from headstart.report.sight import write_look
    from headstart.report.write import check_html

    check_html(out, "look.html")
    network = network_of(source)
    if text_column and not network.takes.typed:
        raise click.UsageError(f"--text-column is for networks for texts; {network.name} takes {network.takes.takes}.")
    places = brought(list(inputs))
    shown, given = SimpleNamespace(evidence={}, input_type=network.input_type), None
    if places and network.takes.typed:
        given = gather_texts(shown, places, (), text_column=text_column)[0]
    elif places:
        given = gather(shown, places)
    sight = look(network, given, random_state=random_state)
    note(f"Shown to {sight.network}: {network.takes.count(sight.n)}")
    written = write_look(sight, out)
    if as_json:
        print_json(sight.to_dict() | {"page": str(written)})
    else:
        echo(str(written))

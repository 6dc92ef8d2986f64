"""``headstart export``: a model in a form that needs no headstart."""

from __future__ import annotations

from pathlib import Path

import click

from headstart.cli.console import common, echo, print_json
from headstart.cli.options import Place


@click.command("export")
@click.argument("model", type=Place())
@click.option(
    "--to", type=click.Choice(["onnx", "transformers"]), default="onnx", show_default=True, help="Which form."
)
@click.option("--out", type=Place(), required=True, help="Folder to write, or a file NAME.onnx.")
@common
def command(model: Path, to: str, out: Path, as_json: bool) -> None:
    """Write the saved MODEL so that it runs without headstart, with the lines that run it.

    The file is compared with the model on 50 inputs first; where an answer differs by more than 1e-4, nothing is
    written.

    \b
    headstart export model --out exported
    headstart export model --out exported/model.onnx
    headstart export model --to transformers --out for-transformers
    """
    from headstart.models.exporting.export import check_export, export_model
    from headstart.models.model import load

    check_export(out, to)
    written = export_model(load(model), out, to)
    if as_json:
        print_json({"model": str(model), "to": to, "written": str(written)})
    else:
        echo(str(written))

"""``headstart push``: a model on a hub."""

from __future__ import annotations

from pathlib import Path

import click

from headstart.cli.console import common, echo, note, print_json
from headstart.cli.options import Place


@click.command("push")
@click.argument("model", type=Place())
@click.argument("repo")
@click.option("--private", is_flag=True, help="Where the name is new: for you alone.")
@click.option("--token-from-env", is_flag=True, help="Take the token in HF_TOKEN, and no other.")
@click.option(
    "--with-report", is_flag=True, help="Push report and mistakes too: they show examples of the training data."
)
@click.option("--with-figures", is_flag=True, help="Push a report without examples: its scores, curves and tables.")
@common
def command(
    model: Path, repo: str, private: bool, token_from_env: bool, with_report: bool, with_figures: bool, as_json: bool
) -> None:
    """Push the saved MODEL to a hub as REPO (user/name); it is then a source, and headstart.load reads it, by its name.

    The token is that of HF_TOKEN or of hf auth login. Examples of the training data, names of files and places on this
    machine are left out, unless --with-report. --with-figures adds a report in which they are left out.

    \b
    headstart push model ann/ants-or-bees --private
    """
    from headstart.models.saving.pushing import push, token_of_environment
    from headstart.report.write import write_beside

    token = token_of_environment() if token_from_env else None
    figures = write_beside if with_figures else None
    address = push(model, repo, private=private, token=token, with_report=with_report, figures=figures, said=note)
    if as_json:
        print_json({"model": str(model), "repo": repo, "address": address})
    else:
        echo(address)

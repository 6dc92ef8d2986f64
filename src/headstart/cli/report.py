"""``headstart report``: a model's evidence as one page."""

from __future__ import annotations

from pathlib import Path

import click

from headstart.cli.console import common, echo, print_json
from headstart.cli.options import Place, positive_option, prevalence_option


@click.command("report")
@click.argument("model", type=Place())
@click.option("--out", type=Place(), help="File or folder to write to. Default: the model's folder.")
@positive_option
@prevalence_option
@common
def command(model: Path, out: Path | None, positive: str | None, prevalence: float | None, as_json: bool) -> None:
    """Write report.html for the saved MODEL: one file, readable without a connection.

    Of two classes it says how often each answer is right where --positive is as common as --prevalence.
    """
    from headstart.cli.summary import summary
    from headstart.models.saving.evidence_file import read_evidence
    from headstart.report.write import check_html, write_report

    check_html(out, "report.html")
    written = write_report(model, out, positive=positive, prevalence=prevalence)
    if as_json:
        print_json(summary(read_evidence(model)) | {"model": str(model), "report": str(written)})
    else:
        echo(str(written))

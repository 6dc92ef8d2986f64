"""``headstart fit``: from labelled pictures, clips, texts or tables to a model with proof."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from headstart.cli.console import common, note, print_json
from headstart.cli.options import (
    ClassWeight,
    Place,
    boxes_option,
    jobs_option,
    names_in,
    positive_option,
    prevalence_option,
    reading_options,
    source_options,
    target_option,
)
from headstart.cli.running.duration import Duration
from headstart.cli.running.interruption import going_on_from
from headstart.errors import GuessingWarning, ParameterError
from headstart.progress import reporter


@click.command("fit")
@click.argument("data", type=Place())
@source_options(
    "What to borrow from: a folder, a hub id, starter:pictures, starter:speech, timm:NAME, FILE.py:FUNCTION; 'auto' is "
    "the starter for the kind of data, 'none' learns from the data alone. Beside a network, a labelled folder or table "
    "of the same classes. For a table: another table with the same label column; again for several. With --view: "
    "picture=NETWORK, sound=none."
)
@click.option("--out", required=True, type=Place(), help="Folder to write the model into.")
@reading_options("keyword")
@target_option
@click.option(
    "--partial-pooling",
    help="Of a table of values: the column of groups (schools, clinics, shops) that share a model, each with its own "
    "deviations from it.",
)
@boxes_option
@click.option(
    "--background",
    multiple=True,
    type=Place(),
    help="For keyword: a long recording without the words, or a folder of them; again for several.",
)
@click.option(
    "--false-alarms", type=float, default=1.0, show_default=True, help="For keyword: how many an hour are allowed."
)
@click.option(
    "--budget", type=Duration(), default="10m", show_default=True, help="Time to spend, such as 90s, 10m, 1h."
)
@click.option(
    "--text-windows",
    type=int,
    help="Of texts: read so many windows of the network's length, and take their mean.  [default: 1]",
)
@click.option(
    "--views",
    type=int,
    default=1,
    show_default=True,
    help="Of pictures and clips: also learn from so many views of each.",
)
@click.option(
    "--metric",
    help="What is measured, chosen by and reported: of classes accuracy, balanced_accuracy, macro_f1, auc, "
    "average_precision, log_loss, brier; of numbers r2, mae, rmse.  [default: accuracy, r2]",
)
@click.option(
    "--class-weight",
    type=ClassWeight(),
    help="Weights of the classes in learning: balanced, or as ill=5,well=1.",
)
@positive_option
@prevalence_option
@click.option(
    "--curves",
    type=click.Choice(["dropout"]),
    help="Also show how a head overfits, epoch by epoch, with dropout and without.",
)
@click.option("--plain", is_flag=True, help="Compare only what transformers can load without headstart.")
@click.option(
    "--no-reference",
    "reference",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Keep nothing of the data in the model; headstart check then needs labels.",
)
@click.option("--skip-bad", is_flag=True, help="Leave out files that cannot be read, and list them in the report.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted run of the same command stopped.")
@click.option(
    "--plan",
    type=Place(),
    help="Folder of a model: compare again exactly what it was chosen from, however long that takes.",
)
@click.option(
    "--classes",
    help="Of data without labels: the classes that they have, as a,b, where they may lack some of the source's; quotes "
    "keep a comma in a name. With --boxes: what is to be found.",
)
@click.option(
    "--ask",
    type=click.IntRange(1),
    help="Of data without labels: write so many, drawn at random, into a table to be labelled.",
)
@click.option(
    "--folds",
    "n_splits",
    type=int,
    default=5,
    show_default=True,
    help="Parts of the data, each left out in turn.",
)
@click.option("--seed", "random_state", type=int, default=0, show_default=True, help="Of folds and candidates.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, mps, or auto.")
@jobs_option
@common
def command(data: Path, source: tuple[str, ...], out: Path, as_json: bool, **options: Any) -> None:
    """Learn from labelled pictures, clips of sound, texts or rows of a table, and prove what it is worth.

    DATA is a folder with a folder of pictures, clips or .txt files for each class (perhaps inside train, val and
    test), a CSV or Parquet table with a column of paths and a column of labels, or a CSV, Parquet, JSON Lines or Excel
    table of texts or of values with a column of labels.

    \b
    headstart fit pictures/ --source starter:pictures --out model
    headstart fit words/ --group-by "speaker[0-9]+" --out model
    headstart fit words/ --task keyword --background evening.wav --out model
    headstart fit table.csv --label diagnosis --group-by patient --out model --budget 1h
    headstart fit mails.csv --label spam --text-column subject --text-column body --source FOLDER --out model
    headstart fit here.csv --label ill --source there.csv --unlabelled more.csv --out model
    headstart fit table.csv --label grade --label passed --out model
    headstart fit table.csv --label grade --label passed --target passed --out model
    headstart fit table.csv --label score --partial-pooling school --out model
    headstart fit table.csv --label y --view picture=photo --view lab=age,sex --out model
    headstart fit here/ --source starter:pictures --source elsewhere/ --out model
    headstart fit pictures/ --boxes annotations.json --out model
    headstart fit here-without-labels/ --source starter:pictures --source elsewhere/ --ask 30 --out model

    Data without labels are learned from a labelled set of the same classes among the sources; how good the model is
    cannot be told then, until some random examples are labelled (--ask). With --boxes the model finds things in
    pictures, and headstart predict MODEL PICTURES --draw FOLDER shows them.
    """
    options |= {name: list(options[name]) or None for name in ("unlabelled", "background")}
    options["ask"] = options["ask"] or 0
    options["classes"] = None if options["classes"] is None else names_in(options["classes"])
    with team_of_torchrun() as first:
        if first:
            _fit(data, source, out, as_json, options)


def _fit(data: Path, source: tuple[str, ...], out: Path, as_json: bool, options: dict[str, Any]) -> None:
    """What one process does, with the help of others or alone."""
    import warnings

    from headstart.cli.summary import print_summary, summary
    from headstart.data.base.address import address_of, delivered
    from headstart.models.fitting import fit, progress_folder
    from headstart.networks.seal import MANIFEST
    from headstart.report.write import write_beside

    address = address_of(out)
    if options["ask"] and address is not None and not address.startswith("file://"):
        raise ParameterError(
            f"Expected a folder of this machine with --ask, found {address}.", "The sheet is written beside it."
        )
    with (
        delivered(out, MANIFEST) as place,
        warnings.catch_warnings(),
        going_on_from(progress_folder(place)),
        reporter(lines=True) as progress,
    ):
        warnings.simplefilter("ignore", GuessingWarning)  # the summary says it
        model = fit(data, borrowed(source), out=place, progress=progress, also=write_beside, **options)
    model_at = str(address or out)
    report_at = f"{model_at}/report.html"
    if as_json:
        for words in model.evidence.get("warnings") or []:
            note(f"Warning: {words}")
        print_json(summary(model.evidence) | {"model": model_at, "report": report_at})
        return
    print_summary(model.evidence)
    note(f"\nModel:  {model_at}\nReport: {report_at}")


def team_of_torchrun() -> AbstractContextManager[bool]:
    """The processes that ``torchrun`` started, of which the first is told so; alone without loading torch."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return nullcontext(True)
    from headstart.nn.processes import team

    return team()


def borrowed(source: tuple[str, ...]) -> str | list[str] | None:
    """What ``--source`` said, once or several times: a name, several, or nothing.

    Examples
    --------
    >>> borrowed(("auto",)), borrowed(("None",)), borrowed(("a.csv", "b.csv"))
    ('auto', None, ['a.csv', 'b.csv'])
    """
    named = [one for one in source if one.lower() != "none"]
    return None if not named else named[0] if len(named) == 1 else named

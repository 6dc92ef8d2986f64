"""``headstart predict``: what a saved model says about pictures, clips, texts or rows of tables."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import click

from headstart.cli.console import common, note, print_json, print_table
from headstart.progress import reporter


@click.command("predict")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("inputs", nargs=-1, type=click.Path(path_type=Path))
@click.option("--text", multiple=True, help="A text to label, as it stands here; again for several.")
@click.option("--text-column", multiple=True, help="Column of a table that holds texts; again for several, joined.")
@click.option(
    "--csv",
    "as_csv",
    is_flag=True,
    help="Print a table with a column of probabilities for each class; ' stands before formulas.",
)
@click.option(
    "--draw",
    type=click.Path(path_type=Path),
    help="Of a model that finds things: write each picture with its boxes into this folder.",
)
@click.option(
    "--least",
    type=click.FloatRange(0, 1),
    help="Of a model that finds things: least score of a box.  [default: what counts best by class; with --json 0]",
)
@click.option("--sets", type=float, help="Also the classes that hold the truth but for this share of cases, as 0.1.")
@click.option("--refer", type=float, help="Answer only where at most this share is wrong, as 0.05; refer the others.")
@click.option("--explain", type=click.Path(path_type=Path), help="Write what each answer went by into this folder.")
@common
def command(
    model: Path,
    inputs: tuple[Path, ...],
    text: tuple[str, ...],
    text_column: tuple[str, ...],
    as_csv: bool,
    draw: Path | None,
    least: float | None,
    sets: float | None,
    refer: float | None,
    explain: Path | None,
    as_json: bool,
) -> int:
    """Label INPUTS (pictures, clips or texts: files, or folders that are searched to their bottom; or tables) with the
    saved MODEL. Of tables of values and of texts each row is labelled.

    A file that cannot be read is named with the reason; the others are labelled all the same, and the exit code
    is then 1. Inputs unlike the training data are counted on standard error, and marked in --json.

    A model that was fitted with --boxes finds things: --csv prints a row a box, --json a list in COCO's result format
    (``image_id``, ``category_id``, ``bbox``, ``score``), --draw writes the pictures with their boxes.
    """
    if as_csv and as_json:
        raise click.UsageError("Choose one of --csv and --json.")
    if not inputs and not text:
        raise click.UsageError("Missing argument 'INPUTS...'.")
    from headstart.cli.predictions import found_in, gather, gather_texts, say_rows
    from headstart.data.base.address import brought
    from headstart.data.sets.task import DETECTION
    from headstart.drift.answering import say
    from headstart.drift.beside import beside
    from headstart.models.model import load

    inputs = tuple(brought(list(inputs)))
    loaded = load(model)
    if getattr(loaded, "task", None) == DETECTION:
        others = {"--text": text, "--text-column": text_column, "--sets": sets, "--refer": refer, "--explain": explain}
        wrong = [name for name, said in others.items() if said]
        if wrong:
            raise click.UsageError(f"{' and '.join(wrong)} say nothing of a model that finds things in pictures.")
        return found_in(loaded, inputs, draw, least, "coco" if as_json else "csv" if as_csv else "lines")
    if draw is not None or least is not None:
        raise click.UsageError("--draw and --least are for models that find things; this one was fitted without boxes.")
    single = getattr(loaded, "models", None) is None
    if not single and (sets is not None or refer is not None or explain is not None):
        words = "--sets, --refer and --explain are for one task: give the folder of one, such as task-1 inside."
        raise click.UsageError(words)
    more = beside(loaded, sets, refer) if single else None
    failed: list[dict[str, str]]
    names: list[str] | None = None
    if not loaded.kind.typed and (text or text_column):
        raise click.UsageError("--text and --text-column are for models of texts; this one learned from others.")
    with reporter() as progress:
        if loaded.kind.typed:
            items, names = gather_texts(loaded, inputs, text, text_column)
            rows, failed = say(loaded, items, progress, names, more)
        elif loaded.kind.values:
            items, failed = list(inputs), []
            rows = say_rows(loaded, inputs, more)
        else:
            items = gather(inputs, loaded.input_type)
            rows, failed = say(loaded, items, progress, more=more)
    note(f"Read: {loaded.kind.count(len(rows) + len(failed))} to be answered by {loaded!r}")
    for words in () if more is None else more.words:
        note(words)
    unlike = [row["file"] for row in rows if row.get("unlike")]
    if unlike:
        shown = ", ".join(unlike[:3]) + (" ..." if len(unlike) > 3 else "")
        note(f"Unlike the training data: {len(unlike)} of {loaded.kind.count(len(rows))} ({shown})")
    if explain is not None:
        _explain(explain, loaded, items, rows, names)
    if as_json:
        print_json({"model": str(model), "predictions": rows, "failed": failed})
    elif as_csv:
        _print_csv(rows, failed)
    else:
        _print_rows(rows)
    for entry in failed:
        note(f"Cannot read {entry['file']}: {entry['reason']}")
    return 1 if failed else 0


def _explain(folder: Path, model: Any, items: list[Any], rows: list[dict[str, Any]], names: list[str] | None) -> None:
    """Write what each answer went by."""
    from headstart.models.explaining.one_by_one import one_by_one
    from headstart.report.explained import write_explanations

    sure = {row["file"]: row.get("probability") for row in rows}
    note(f"What each answer went by: {write_explanations(folder, one_by_one(model, items, sure, names), sure)}")


def _print_rows(rows: list[dict[str, Any]]) -> None:
    """One line an input: file, label, probability."""
    if not rows:
        return
    if "tasks" in rows[0]:
        names = list(rows[0]["tasks"])
        print_table(("file", *names), [(row["file"], *map(_told, row["tasks"].values())) for row in rows])
    elif "value" in rows[0]:
        print_table(("file", "value"), [(row["file"], _number(row["value"])) for row in rows], right=(1,))
    elif "labels" in rows[0]:
        print_table(("file", "labels"), [(row["file"], ", ".join(row["labels"]) or "none") for row in rows])
    else:
        sets = ("set",) if "set" in rows[0] else ()
        table = [
            (row["file"], _said(row), f"{100 * row['probability']:.1f}%", *(", ".join(row[key]) for key in sets))
            for row in rows
        ]
        print_table(("file", "label", "probability", *sets), table, right=(2,))


def _told(answer: dict[str, Any]) -> str:
    """The answer of one of several tasks."""
    if "value" in answer:
        return _number(answer["value"])
    return ";".join(answer["labels"]) if "labels" in answer else str(answer["label"])


def _said(row: dict[str, Any]) -> str:
    """The label, or that somebody is to be asked."""
    return "refer" if row.get("refer") else str(row["label"])


def _number(value: Any) -> str:
    """A number, or several."""
    return ", ".join(f"{entry:.6g}" for entry in value) if isinstance(value, list) else f"{value:.6g}"


def _print_csv(rows: list[dict[str, Any]], failed: list[dict[str, str]]) -> None:
    """A header, then one line an input; broken ones have their reason in the last column and nothing else.

    Text that a spreadsheet would take for a formula (it begins with =, +, -, @, a tab or a return) has an apostrophe
    before it.
    """
    from headstart.visible import cell

    first = rows[0] if rows else {}
    if "tasks" in first:
        _print_tasks(rows, failed)
        return
    shares = list(first.get("probabilities", {}))
    said = next((key for key in ("label", "labels", "value") if key in first), "label")
    values = len(first["value"]) if isinstance(first.get("value"), list) else 0
    middle = [f"value {i + 1}" for i in range(values)] if values else [said]
    beside = [key for key in ("set", "refer") if key in first]
    header = ["file", *middle, *beside, *(f"p({name})" for name in shares), "error"]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([cell(name) for name in header])
    for row in rows:
        answer = row[said]
        cells = answer if values else [";".join(answer) if said == "labels" else answer]
        told = [";".join(row[key]) if key == "set" else int(row[key]) for key in beside]
        writer.writerow(
            [cell(part) for part in (row["file"], *cells, *told, *row.get("probabilities", {}).values(), "")]
        )
    for entry in failed:
        writer.writerow([cell(part) for part in (entry["file"], *[""] * (len(header) - 2), entry["reason"])])


def _print_tasks(rows: list[dict[str, Any]], failed: list[dict[str, str]]) -> None:
    """A header, then one line an input: a column a task, then the probabilities of each."""
    from headstart.visible import cell

    names = list(rows[0]["tasks"])
    shares = {name: list(rows[0]["tasks"][name].get("probabilities", {})) for name in names}
    header = ["file", *names, *(f"p({name}={one})" for name in names for one in shares[name]), "error"]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([cell(name) for name in header])
    for row in rows:
        answers = row["tasks"].values()
        told = [share for answer in answers for share in answer.get("probabilities", {}).values()]
        writer.writerow([cell(part) for part in (row["file"], *map(_told, answers), *told, "")])
    for entry in failed:
        writer.writerow([cell(part) for part in (entry["file"], *[""] * (len(header) - 2), entry["reason"])])

"""``headstart predict``: what a saved model says about pictures, clips, texts or rows of tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.answer_files import (
    answer_table,
    check_out,
    number,
    print_csv,
    told_of_task,
    write_answers,
)
from headstart.cli.console import common, note, note_failed, print_json, print_table
from headstart.cli.options import Place, path_column_option, text_column_option, threshold_options
from headstart.progress import reporter

_THRESHOLDS = ("threshold", "sensitivity", "specificity", "cost_miss", "cost_false", "positive")


@click.command("predict")
@click.argument("model", type=Place())
@click.argument("inputs", nargs=-1, type=Place())
@click.option("--text", multiple=True, help="A text to label, as it stands here; again for several.")
@path_column_option
@text_column_option
@click.option(
    "--csv",
    "as_csv",
    is_flag=True,
    help="Print a table with a column of probabilities for each class; ' stands before formulas.",
)
@click.option(
    "--out",
    type=Place(),
    help="Write the answers into this file, whole or not at all: .csv, .json, .jsonl or .parquet.",
)
@click.option(
    "--draw",
    type=Place(),
    help="Of a model that finds things: write each picture with its boxes into this folder.",
)
@click.option(
    "--least",
    type=click.FloatRange(0, 1),
    help="Of a model that finds things: least score of a box.  [default: what counts best by class; with --json 0]",
)
@click.option("--sets", type=float, help="Also the classes that hold the truth but for this share of cases, as 0.1.")
@click.option("--refer", type=float, help="Answer only where at most this share is wrong, as 0.05; refer the others.")
@threshold_options
@click.option("--explain", type=Place(), help="Write what each answer went by into this folder.")
@common
def command(
    model: Path, inputs: tuple[Path, ...], out: Path | None, as_csv: bool, as_json: bool, **options: Any
) -> int:
    """Label INPUTS (pictures, clips or texts: files, or folders that are searched to their bottom; or tables) with the
    saved MODEL. Of tables of values and of texts each row is labelled.

    A file that cannot be read is named with the reason; the others are labelled all the same, and the exit code
    is then 1. Inputs unlike the training data are counted on standard error, and marked in --json.

    Of two classes --threshold, --sensitivity, --specificity or costs decide which is answered, by what the fit held
    out; what that finds and spares is said on standard error.

    A model that was fitted with --boxes finds things: --csv prints a row a box, --json a list in COCO's result format
    (``image_id``, ``category_id``, ``bbox``, ``score``), --draw writes the pictures with their boxes.
    """
    if as_csv and as_json:
        raise click.UsageError("Choose one of --csv and --json.")
    if not inputs and not options["text"]:
        raise click.UsageError("Missing argument 'INPUTS...'.")
    from headstart.data.base.address import brought
    from headstart.data.base.whole import check_folder
    from headstart.data.sets.task import DETECTION
    from headstart.models.model import load

    check_out(out)
    for option in ("draw", "explain"):
        check_folder(options[option], f"--{option}")
    inputs = tuple(brought(list(inputs)))
    loaded = load(model)
    if getattr(loaded, "task", None) == DETECTION:
        return _found(loaded, inputs, out, "coco" if as_json else "csv" if as_csv else "lines", options)
    if options["draw"] is not None or options["least"] is not None:
        raise click.UsageError("--draw and --least are for models that find things; this one was fitted without boxes.")
    if not loaded.kind.typed and (options["text"] or options["text_column"]):
        raise click.UsageError("--text and --text-column are for models of texts; this one learned from others.")
    more = _beside(loaded, options)
    items, names, rows, failed = _asked(loaded, inputs, options, more)
    _notes(loaded, rows, failed, more)
    if options["explain"] is not None:
        _explain(options["explain"], loaded, items, rows, names)
    header, cells = answer_table(rows, failed)
    whole = {"model": str(model), "predictions": rows, "failed": failed}
    if out is not None:
        write_answers(out, header, cells, whole, [*rows, *failed])
        note(f"Written: {loaded.kind.count(len(rows))} to {out}")
    if as_json:
        print_json(whole)
    elif as_csv:
        print_csv(header, cells)
    elif out is None:
        _print_rows(rows)
    note_failed(failed)
    return 1 if failed else 0


def _found(model: Any, inputs: tuple[Path, ...], out: Path | None, form: str, options: dict[str, Any]) -> int:
    """What a model that finds things finds."""
    from headstart.cli.predictions import found_in

    wrong = [name for name in ("text", "text_column", "sets", "refer", "explain", *_THRESHOLDS) if options[name]]
    if wrong:
        flags = " and ".join(f"--{name.replace('_', '-')}" for name in wrong)
        raise click.UsageError(f"{flags} say nothing of a model that finds things in pictures.")
    check_out(out, (".csv", ".json"))
    return found_in(model, inputs, options["draw"], options["least"], form, out)


def _beside(model: Any, options: dict[str, Any]) -> Any:
    """What is said beside each answer, and what decides between two classes; None for several tasks."""
    from headstart.drift.beside import beside

    given = {name: options[name] for name in _THRESHOLDS}
    asked = None
    if any(value is not None for value in given.values()):
        from headstart.guard.evidence.use import Asked

        asked = Asked(**given)
    sets, refer = options["sets"], options["refer"]
    if getattr(model, "models", None) is not None:
        if sets is not None or refer is not None or options["explain"] is not None or (asked and asked.said):
            raise click.UsageError(
                "--sets, --refer, --explain and thresholds are for one task: give the folder of one, such as task-1 "
                "inside."
            )
        return None
    if asked is not None and asked.positive is not None and not asked.said:
        raise click.UsageError("--positive goes with --threshold, --sensitivity, --specificity or costs.")
    return beside(model, sets, refer, asked)


def _asked(
    model: Any, inputs: tuple[Path, ...], options: dict[str, Any], more: Any
) -> tuple[list[Any], list[str] | None, list[dict[str, Any]], list[dict[str, str]]]:
    """What was asked about and what to call it, the answers, and the files that cannot be read."""
    from headstart.cli.predictions import gather, gather_texts, say_rows
    from headstart.drift.answering import say

    columns = {name: options[name] for name in ("path_column", "text_column")}
    with reporter() as progress:
        if model.kind.typed:
            items, names = gather_texts(model, inputs, options["text"], **columns)
            return items, names, *say(model, items, progress, names, more)
        if model.kind.values:
            return list(inputs), None, *say_rows(model, inputs, more)
        files: list[Any] = list(gather(model, inputs, options["path_column"]))
        return files, None, *say(model, files, progress, more=more)


def _notes(model: Any, rows: list[dict[str, Any]], failed: list[dict[str, str]], more: Any) -> None:
    """What was read, what was promised, what is unlike the training data."""
    note(f"Read: {model.kind.count(len(rows) + len(failed))} to be answered by {model!r}")
    for words in () if more is None else more.words:
        note(words)
    unlike = [row["file"] for row in rows if row.get("unlike")]
    if unlike:
        shown = ", ".join(unlike[:3]) + (" ..." if len(unlike) > 3 else "")
        note(f"Unlike the training data: {len(unlike)} of {model.kind.count(len(rows))} ({shown})")


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
        print_table(("file", *names), [(row["file"], *map(told_of_task, row["tasks"].values())) for row in rows])
    elif "value" in rows[0]:
        print_table(("file", "value"), [(row["file"], number(row["value"])) for row in rows], right=(1,))
    elif "labels" in rows[0]:
        print_table(("file", "labels"), [(row["file"], ", ".join(row["labels"]) or "none") for row in rows])
    else:
        sets = ("set",) if "set" in rows[0] else ()
        table = [
            (row["file"], _said(row), f"{100 * row['probability']:.1f}%", *(", ".join(row[key]) for key in sets))
            for row in rows
        ]
        print_table(("file", "label", "probability", *sets), table, right=(2,))


def _said(row: dict[str, Any]) -> str:
    """The label, or that somebody is to be asked."""
    return "refer" if row.get("refer") else str(row["label"])

"""``headstart evaluate``: a saved model on labelled data of its users, beside what was promised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.console import common, echo, note, print_json, print_table
from headstart.cli.options import Place, boxes_option, prevalence_option, reading_options, threshold_options
from headstart.progress import reporter


@click.command("evaluate")
@click.argument("model", type=Place())
@click.argument("data", type=Place())
@reading_options(divided=False)
@boxes_option
@threshold_options
@prevalence_option
@click.option("--out", type=Place(), help="Write the figures as a page, such as page.html.")
@click.option("--skip-bad", is_flag=True, help="Leave out files that cannot be read, and say which.")
@common
def command(model: Path, data: Path, out: Path | None, as_json: bool, **how: Any) -> None:
    """Measure the saved MODEL on labelled DATA that it did not learn from, and say whether its promise held.

    All figures have intervals; with --group-by those of groups. What the model learned from is found and left out. DATA
    are read as the model's own were, unless said otherwise. A threshold (--sensitivity 0.95) is the one that fit chose
    on what it held out, and is measured here.

    \b
    headstart evaluate model other-hospital/ --group-by "patient([0-9]+)" --out page.html
    headstart evaluate model this-year.csv --label diagnosis --prevalence 0.05
    headstart evaluate model other-hospital/ --sensitivity 0.95
    headstart evaluate detector pictures/ --boxes annotations.json
    """
    from headstart.models.model import evaluate
    from headstart.report.write import check_html, write_pages

    check_html(out, "evaluation.html")
    given = {name: value for name, value in how.items() if value is not None}
    with reporter() as progress:
        found = evaluate(model, data, progress=progress, **given)
    written = [] if out is None else write_pages(found, out)
    if as_json:
        tasks = {"tasks": {name: _json(one) for name, one in found.tasks.items()}} if found.tasks else {}
        print_json(_json(found) | tasks | {"model": str(model), "pages": [str(page) for page in written]})
        return
    for name, one in (found.tasks or {"": found}).items():
        _print(name, one)
    for page in written:
        note(f"\nPage: {page}")


def _json(found: Any) -> dict[str, Any]:
    """What was found, without what is to be seen and heard."""
    from headstart.cli.summary import summary

    return {"verdict": found.verdict, "sentence": found.sentence, "words": list(found.words)} | summary(found.evidence)


def _print(name: str, found: Any) -> None:
    """The sentence, the scores beside those of the fit, and the classes."""
    from headstart.report.page import build
    from headstart.report.use import evaluation

    echo((f"\n{name}: " if name else "") + found.sentence, bold=True)
    page = build(found.evidence)
    beside = evaluation(found.evidence)
    if beside is not None:
        echo()
        scores = [(row["name"], row["here"], row["span"], row["before"]) for row in beside["scores"]]
        print_table(("score", "here", "95% interval", "out of fold at fit"), scores, right=(1, 2, 3))
    if page["per_class"]:
        echo()
        rows = [
            (row["name"], row["n"], row["recall"], row["recall_span"], row["precision"], row["precision_span"])
            for row in page["per_class"]
        ]
        head = ("class", page["things"], "recall", "95% interval", "precision", "95% interval")
        print_table(head, rows, right=(1, 2, 3, 4, 5))
    echo()
    for words in (*(page["use"] or {}).get("sentences", ()), *found.words):
        echo(words)

"""``headstart check``: is a saved model still valid on new data?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.console import common, echo, print_json
from headstart.cli.options import Place, path_column_option, text_column_option

_CODES = {"valid": 0, "doubtful": 3, "cannot tell": 3, "invalid": 4}


@click.command("check")
@click.argument("model", type=Place())
@click.argument("data", type=Place())
@click.option("--labels", help="Column of labels in a table; 'folders' where the folders of DATA are the classes.")
@click.option(
    "--group-by", help="Column, or regular expression over the path: rows of one group are one piece of evidence."
)
@path_column_option
@text_column_option
@click.option(
    "--adapt",
    type=Place(),
    help="Unless it is valid, fit a model for the new data and save it here.",
)
@click.option("--learned-from", type=Place(), help="The data that MODEL learned from, if they moved.")
@click.option("--seed", "random_state", type=int, default=0, show_default=True, help="Of permutations.")
@common
def command(model: Path, data: Path, as_json: bool, **how: Any) -> int:
    """Say whether the saved MODEL still holds on new DATA: valid (exit code 0), doubtful (3) or invalid (4).

    New data are compared with what the model kept of those that it learned from, and how often it will be right is
    estimated without labels. With --labels the exact figure decides, of numbers R². With --adapt a model that does not
    hold is replaced by one that learns from its data for the new ones. Of several tasks each is checked, and the worst
    verdict counts; --labels names the one to be measured.

    \b
    headstart check model new-pictures/
    headstart check model this-month.csv --labels diagnosis --group-by patient
    headstart check model new-pictures/ --adapt adapted
    """
    from headstart.drift.validity import check

    found = check(model, data, **how)
    if as_json:
        print_json(_json(found))
    else:
        for name, one in {"": found, **found.tasks}.items():
            echo((f"\n{name}: " if name else "") + one.sentence, bold=True)
            for words in one.words:
                echo(words)
    return _CODES[found.verdict]


def _json(found: Any) -> dict[str, Any]:
    """The verdict and what was measured; of several tasks that of each, too."""
    tasks = {"tasks": {name: _json(one) for name, one in found.tasks.items()}} if found.tasks else {}
    said = {"verdict": found.verdict, "sentence": found.sentence, "words": list(found.words)}
    return said | found.numbers | tasks

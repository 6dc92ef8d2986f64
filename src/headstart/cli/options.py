"""Options that say how data are to be read; several commands have them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
TASKS = ("classification", "multilabel", "regression")


def names_in(value: str) -> list[str]:
    """The names that commas part; one that holds a comma itself stands in quotes, as in a table.

    Examples
    --------
    >>> names_in('flu, cold'), names_in('"lung, left",heart')
    (['flu', 'cold'], ['lung, left', 'heart'])
    """
    return [name.strip() for name in next(csv.reader([value], skipinitialspace=True), [])]


class Place(click.Path):
    """A file or a folder; an empty name is none, as a variable that is not set leaves it."""

    def __init__(self, **more: Any) -> None:
        super().__init__(path_type=Path, **more)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if isinstance(value, str) and (not value or "\0" in value):
            self.fail(f"Expected the name of a file or a folder, found {value!r}.", param, ctx)
        return super().convert(value, param, ctx)


class ClassWeight(click.ParamType):
    """``balanced``, or classes with their weights: ``ill=5,well=1``."""

    name = "weights"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word, or a dict of class to weight."""
        if not isinstance(value, str) or value == "balanced":
            return value
        found: dict[str, float] = {}
        for part in names_in(value):
            name, equal, weight = part.rpartition("=")
            try:
                found[name.strip()] = float(weight)
            except ValueError:
                equal = ""
            if not equal or not name.strip() or not 0 <= found[name.strip()] < float("inf"):
                self.fail(f"Expected balanced, or classes with weights of 0 or more as ill=5,well=1, found {value!r}.")
        return found


class Views(click.ParamType):
    """A view and its columns: ``picture=photo``, ``lab=age,sex``."""

    name = "view"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Its name and its columns."""
        if not isinstance(value, str):
            return value
        name, equal, columns = value.partition("=")
        found = [column for column in names_in(columns) if column]
        if not equal or not name.strip() or not found:
            self.fail(f"Expected a view with its columns, as picture=photo or lab=age,sex, found {value!r}.")
        return name.strip(), found


def views_named(context: click.Context, option: click.Parameter, value: tuple[Any, ...]) -> Any:
    """Views as a dict; None without any.

    Examples
    --------
    >>> views_named(None, None, ()), views_named(None, None, (("lab", ["age", "sex"]),))
    (None, {'lab': ['age', 'sex']})
    """
    if len({name for name, _ in value}) < len(value):
        raise click.BadParameter("Expected different views, found one name twice.", param=option)
    return dict(value) or None


def path_column_option(function: Command) -> Command:
    """Give a command ``--path-column``."""
    return click.option("--path-column", help="Column of a table that holds the paths of the files.")(function)


def text_column_option(function: Command) -> Command:
    """Give a command ``--text-column``."""
    words = "Column of a table that holds texts; again for several, joined."
    return click.option("--text-column", multiple=True, callback=one_or_several, help=words)(function)


def reading_options(*more_tasks: str, divided: bool = True) -> Callable[[Command], Command]:
    """Give a command the options that say how data are to be read; it gets them as ``**reading``.

    Parameters
    ----------
    *more_tasks : str
        Tasks beside classes, labels and numbers.
    divided : bool, default=True
        Whether parts of the data are told apart.
    """
    options = [
        click.option(
            "--label",
            multiple=True,
            callback=one_or_several,
            help="Column of a table that holds the labels; again for several: all 0 and 1 are labels of one task, "
            "others are a task each. Of a folder: re: and an expression over "
            "paths whose parenthesis is the class.",
        ),
        path_column_option,
        text_column_option,
        *([click.option("--split-column", help="Column of a table that says train, val or test.")] if divided else []),
        click.option(
            "--group-by", help="Column, or regular expression over the path: equal values stay on one side of a split."
        ),
        click.option(
            "--task",
            type=click.Choice([*TASKS, *more_tasks]),
            help="What the labels are; otherwise told from the labels."
            + (" keyword: words to be heard in long recordings." if more_tasks else ""),
        ),
        click.option("--encoding", help="Of a table or texts, as utf-8, cp1251; otherwise told from the bytes."),
        click.option(
            "--decimal",
            type=click.Choice([".", ","]),
            help="What stands before the fraction of a number in a table; otherwise told from the cells.",
        ),
        click.option("--sheet", help="Of an Excel file; otherwise the first with cells."),
        click.option(
            "--leave-out", multiple=True, callback=one_or_several, help="Column that takes no part; again for several."
        ),
        click.option(
            "--page",
            callback=lambda context, option, said: int(said) if said and said.isdecimal() else said,
            help="Of files with several pictures: which one; otherwise the first. Of volumes also axial, coronal or "
            "sagittal, as coronal:40.",
        ),
        click.option(
            "--view",
            multiple=True,
            type=Views(),
            callback=views_named,
            help="Of a table whose rows are seen in several ways: a view and its columns, as picture=photo or "
            "lab=age,sex; again for each. Cells may be empty.",
        ),
    ]

    def decorate(function: Command) -> Command:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def threshold_options(function: Command) -> Command:
    """Give a command what says how to decide between two classes."""
    options = [
        click.option(
            "--threshold", type=float, help="Of two classes: probability from which the one looked for is answered."
        ),
        click.option(
            "--sensitivity", type=float, help="Of two classes: the highest threshold that finds so much, as 0.95."
        ),
        click.option(
            "--specificity", type=float, help="Of two classes: the lowest threshold that spares so much of the other."
        ),
        click.option("--cost-miss", type=float, help="Of two classes: what an overlooked one costs.  [default: 1]"),
        click.option("--cost-false", type=float, help="Of two classes: what a false alarm costs.  [default: 1]"),
        positive_option,
    ]
    for option in reversed(options):
        function = option(function)
    return function


def positive_option(function: Command) -> Command:
    """Give a command ``--positive``."""
    words = "Of two classes: the one that is looked for.  [default: the rarer, of equal ones the second]"
    return click.option("--positive", help=words)(function)


def prevalence_option(function: Command) -> Command:
    """Give a command ``--prevalence``."""
    words = (
        "Of two classes: share of the one looked for where the model is used, as 0.05; predictive values are for it.  "
        "[default: that of the data]"
    )
    return click.option("--prevalence", type=float, help=words)(function)


def source_options(help_of_source: str) -> Callable[[Command], Command]:
    """Give a command what it borrows from: ``--source`` and ``--unlabelled``, each perhaps several times."""
    source = click.option("--source", multiple=True, default=("auto",), show_default=True, help=help_of_source)
    rows = "More like the data, without labels: a folder or list of pictures, clips or texts; of a table another table."
    return lambda function: source(click.option("--unlabelled", multiple=True, help=rows)(function))


def target_option(function: Command) -> Command:
    """Give a command ``--target``."""
    return click.option("--target", help="Which of several --label is to be learned; the others may help it.")(function)


def boxes_option(function: Command) -> Command:
    """Give a command ``--boxes``."""
    words = (
        "Of a folder of pictures: where boxes of the things in them are written. COCO JSON, a folder of YOLO text or "
        "its data.yaml, a folder of Pascal VOC XML, or a table with path, label, x, y, w, h."
    )
    return click.option("--boxes", type=Place(), help=words)(function)


def jobs_option(function: Command) -> Command:
    """Give a command ``--jobs``, as ``n_jobs``."""
    words = "Folds to compute at once, each in a process of its own; -1: one a processor.  [default: 1]"
    return click.option("--jobs", "n_jobs", type=int, help=words)(function)


def one_or_several(context: click.Context, option: click.Parameter, value: tuple[str, ...]) -> Any:
    """None, one name, or a list of several.

    Examples
    --------
    >>> one_or_several(None, None, ()), one_or_several(None, None, ("a",)), one_or_several(None, None, ("a", "b"))
    (None, 'a', ['a', 'b'])
    """
    return None if not value else value[0] if len(value) == 1 else list(value)

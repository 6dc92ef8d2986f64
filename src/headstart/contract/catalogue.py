"""Every classical method of the house by name, with its card; nothing is imported before it is asked for."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import Any

from headstart.contract.card import ROOMS, MethodCard

_WRITTEN: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("methods.toml").read_text("utf-8"))

#: Public name -> module that holds it, sorted by name.
CATALOGUE: dict[str, str] = {name: f"headstart.{entry.pop('module')}" for name, entry in sorted(_WRITTEN.items())}
#: Public name -> card.
CARDS = {name: MethodCard(**entry | {"tasks": tuple(entry["tasks"])}) for name, entry in _WRITTEN.items()}

_TASKS = {"classification": "classes", "regression": "numbers"}
_LABELS = {"none": "none", "some": "some", "optional": "used if there", "needed": "all"}


def method(name: str) -> Any:
    """The class of a method.

    Raises
    ------
    KeyError
        If the catalogue has no such name.

    Examples
    --------
    >>> method("CORAL").__name__
    'CORAL'
    """
    return getattr(importlib.import_module(CATALOGUE[name]), name)


def cards() -> dict[str, MethodCard]:
    """Cards of all methods, grouped by what they transfer, sorted by name within.

    Examples
    --------
    >>> cards()["CORAL"].target_labels
    'none'
    """
    rank = tuple(ROOMS)
    return dict(sorted(CARDS.items(), key=lambda entry: (rank.index(entry[1].transfers), entry[0])))


def rows() -> list[tuple[str, ...]]:
    """The catalogue as a table: name, what it transfers, learns, needs from target and source, cost, paper.

    Examples
    --------
    >>> next(row for row in rows() if row[0] == "CORAL")[:5]
    ('CORAL', 'features', 'classes, numbers', 'none', 'none')
    """
    return [
        (
            name,
            card.transfers,
            ", ".join(_TASKS[task] for task in card.tasks),
            _LABELS[card.target_labels],
            _LABELS[card.source_labels],
            card.cost,
            card.paper,
        )
        for name, card in cards().items()
    ]


HEADER = ("method", "transfers", "learns", "target labels", "source labels", "cost", "paper")


def markdown() -> str:
    """The catalogue as the page ``docs/methods.md``."""
    lines = [
        "# Methods",
        "",
        "Written by `headstart methods --markdown` from the methods' cards; do not edit it by hand.",
        "In the column *cost*, n counts rows of both sides, d columns, K classes.",
    ]
    found = cards()
    for borrowed in ROOMS:
        chosen = {name: card for name, card in found.items() if card.transfers == borrowed}
        if not chosen:
            continue
        lines += ["", f"## What is transferred: {borrowed}", ""]
        lines += ["| method | in a sentence | learns | target labels | source labels | cost | paper |"]
        lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
        for row in (row for row in rows() if row[0] in chosen):
            name, _, learns, target, source, cost, paper = row
            cells = (f"`{name}`", chosen[name].words, learns, target, source, cost, paper)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"

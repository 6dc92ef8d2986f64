"""What ``headstart predict --explain`` writes: what each prediction looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from headstart.cli.console import note


def explain_into(
    folder: Path, model: Any, items: Sequence[Any], rows: Sequence[dict[str, Any]], names: Sequence[str] | None = None
) -> None:
    """Explain what was predicted and write it into a folder.

    Parameters
    ----------
    folder : Path
    model : headstart.Model
    items : sequence of Path or str
        What was asked about: files or texts; of a model of tables the files of tables.
    rows : sequence of dict
        The answers, as `headstart.cli.predictions.say` gives them; what could not be read has none and is left out.
    names : sequence of str, optional
        What the items are called. Default: their paths.
    """
    from headstart.report.explained import write_explanations

    sure = {row["file"]: row["probability"] for row in rows if "probability" in row}
    found = (
        _of_rows(model, items) if model.kind.values else _of_items(model, items, {row["file"] for row in rows}, names)
    )
    note(f"What each looked at: {write_explanations(folder, found, sure)}")


def _of_items(model: Any, items: Sequence[Any], readable: set[str], names: Sequence[str] | None) -> Iterator[Any]:
    import dataclasses

    from headstart.data.base.files import printable

    called = [printable(str(item)) for item in items] if names is None else list(names)
    for item, name in zip(items, called, strict=True):
        if name in readable:
            yield dataclasses.replace(model.explain([item])[0], name=name)


def _of_rows(model: Any, files: Sequence[Path]) -> Iterator[Any]:
    import dataclasses

    from headstart.data.base.files import printable
    from headstart.data.tables.frame import read_frame

    for file in files:
        frame = read_frame(file)
        for i in range(len(frame)):
            name = f"{printable(str(file))} row {i + 1}"
            yield dataclasses.replace(model.explain(frame.iloc[[i]])[0], name=name)

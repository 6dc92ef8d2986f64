"""Answers of a model as a table: printed as CSV, or written into a file, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headstart.cli.console import echo

ENDINGS = (".csv", ".json", ".jsonl", ".parquet")
Rows = Sequence[dict[str, Any]]


def check_out(out: Path | None, endings: Sequence[str] = ENDINGS) -> None:
    """Refuse, before anything is computed, a file that answers are not written to.

    Raises
    ------
    OutputError
    """
    from headstart.data.base.whole import check_file

    if out is not None:
        check_file(out, endings=endings)


def answer_table(rows: Rows, failed: Sequence[dict[str, str]]) -> tuple[list[str], list[list[Any]]]:
    """Header and cells: a line an input; broken ones have their reason in the last column and nothing else.

    Parameters
    ----------
    rows : sequence of dict
        As `headstart.cli.predictions.say` gives them.
    failed : sequence of dict
        ``file`` and ``reason``.

    Examples
    --------
    >>> rows = [{"file": "a.png", "label": "ant", "probability": 0.9, "probabilities": {"ant": 0.9, "bee": 0.1}}]
    >>> answer_table(rows, [{"file": "b.png", "reason": "empty"}])[0]
    ['file', 'label', 'p(ant)', 'p(bee)', 'error']
    """
    first = rows[0] if rows else {}
    if "tasks" in first:
        header, cells = _of_tasks(rows)
    else:
        shares = list(first.get("probabilities", {}))
        said = next((key for key in ("label", "labels", "value") if key in first), "label")
        values = len(first["value"]) if isinstance(first.get("value"), list) else 0
        middle = [f"value {i + 1}" for i in range(values)] if values else [said]
        beside = [key for key in ("set", "refer") if key in first]
        header = ["file", *middle, *beside, *(f"p({name})" for name in shares), "error"]
        cells = []
        for row in rows:
            answer = row[said] if values else [";".join(row[said]) if said == "labels" else row[said]]
            told = [";".join(row[key]) if key == "set" else int(row[key]) for key in beside]
            cells.append([row["file"], *answer, *told, *row.get("probabilities", {}).values(), ""])
    empty = [""] * (len(header) - 2)
    return header, cells + [[entry["file"], *empty, entry["reason"]] for entry in failed]


def _of_tasks(rows: Rows) -> tuple[list[str], list[list[Any]]]:
    """A column a task, then the probabilities of each."""
    names = list(rows[0]["tasks"])
    shares = {name: list(rows[0]["tasks"][name].get("probabilities", {})) for name in names}
    header = ["file", *names, *(f"p({name}={one})" for name in names for one in shares[name]), "error"]
    cells = []
    for row in rows:
        answers = row["tasks"].values()
        told = [share for answer in answers for share in answer.get("probabilities", {}).values()]
        cells.append([row["file"], *map(told_of_task, answers), *told, ""])
    return header, cells


def told_of_task(answer: dict[str, Any]) -> str:
    """The answer of one of several tasks."""
    if "value" in answer:
        return number(answer["value"])
    return ";".join(answer["labels"]) if "labels" in answer else str(answer["label"])


def number(value: Any) -> str:
    """A number, or several.

    Examples
    --------
    >>> number(0.25), number([1.0, 2.5])
    ('0.25', '1, 2.5')
    """
    return ", ".join(f"{entry:.6g}" for entry in value) if isinstance(value, list) else f"{value:.6g}"


def csv_text(header: Sequence[str], cells: Sequence[Sequence[Any]]) -> str:
    """A table as CSV. Text that a spreadsheet would take for a formula (it begins with =, +, -, @, a tab or a return)
    has an apostrophe before it.

    Examples
    --------
    >>> csv_text(["file"], [["=1+1.png"]])
    "file\\n'=1+1.png\\n"
    """
    from headstart.visible import cell

    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    for row in (header, *cells):
        writer.writerow([cell(part) for part in row])
    return written.getvalue()


def print_csv(header: Sequence[str], cells: Sequence[Sequence[Any]]) -> None:
    """Print a table as CSV on standard output."""
    echo(csv_text(header, cells), newline=False)


def write_answers(out: Path, header: Sequence[str], cells: Sequence[Sequence[Any]], whole: Any, each: Rows) -> None:
    """Write answers into a file, whole or not at all.

    Parameters
    ----------
    out : Path
        Its ending says how: ``.csv`` and ``.parquet`` the table, ``.json`` the whole as one object, ``.jsonl`` a line
        an input.
    header, cells
        As `answer_table` gives them.
    whole : dict or list
        What ``--json`` prints.
    each : sequence of dict
        The answers.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    from headstart.data.base.plain import plain
    from headstart.data.base.whole import write_whole

    form = out.suffix.lower()
    if form == ".csv":
        content = csv_text(header, cells).encode("utf-8", errors="replace")
    elif form == ".parquet":
        content = _parquet(header, cells)
    elif form == ".json":
        content = (json.dumps(plain(whole), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    else:
        lines = [json.dumps(plain(one), ensure_ascii=False, allow_nan=False) for one in each]
        content = "".join(f"{line}\n" for line in lines).encode()
    write_whole(out, content, "the answers")


def _parquet(header: Sequence[str], cells: Sequence[Sequence[Any]]) -> bytes:
    import pandas as pd

    frame = pd.DataFrame([[None if part == "" else part for part in row] for row in cells], columns=list(header))
    written = io.BytesIO()
    frame.to_parquet(written, index=False)
    return written.getvalue()

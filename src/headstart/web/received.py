"""What came with a request: files in a room of the server's own, texts, rows; nothing of it is a path here."""

from __future__ import annotations

import json
import math
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headstart.visible import visible
from headstart.web.limits import Limits, Refused

_NAME = 200
_TEXT = "text"  # field of a form that holds one
_FIELDS = 1000


@dataclass
class Received:
    """One request.

    Attributes
    ----------
    items : list of Path or str
        Files that this server wrote, and texts as they were sent.
    names : list of str
        What they are called in the answer; never looked up.
    rows : list of dict
        Cells by column; of a file where this server wrote it.
    called : dict of str to str
        What the files of a row are called, by column; never looked up.
    fields : dict of str to str
        What else a form said.
    explain : bool
        Whether it is asked what each answer went by.
    """

    items: list[Any] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    called: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    explain: bool = False

    def __len__(self) -> int:
        return len(self.items) + len(self.rows)

    def forget(self) -> None:
        """Delete the files."""
        for item in [*self.items, *(cell for row in self.rows for cell in row.values())]:
            if isinstance(item, Path):
                item.unlink(missing_ok=True)


async def received(request: Any, room: Path, limits: Limits, columns: dict[str, bool]) -> Received:
    """Read a request: a form with files, or JSON with texts or rows.

    Parameters
    ----------
    request : starlette.requests.Request
    room : Path
        Folder for files; their names are made here.
    limits : Limits
    columns : dict of str to bool
        Columns of a row, and whether the cell is a file; empty for a model that takes no rows.

    Raises
    ------
    Refused
        For another content type, JSON of another form, and more than is taken.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    found = Received(explain=request.query_params.get("explain", "") in ("1", "true", "yes"))
    try:
        if kind == "multipart/form-data":
            await _form(request, room, limits, columns, found)
        elif kind == "application/json":
            _json(await request.body(), found, columns)
        else:
            raise Refused(
                415,
                f"Expected multipart/form-data or application/json, found {visible(kind) or 'no content type'}.",
                "See /openapi.json.",
            )
        if not len(found):
            raise Refused(422, "Expected something to answer, found nothing.", "See /openapi.json.")
        if len(found) > limits.inputs:
            raise Refused(413, f"Expected at most {limits.inputs} inputs, found {len(found)}.", "Send fewer at a time.")
        return found
    except BaseException:
        found.forget()
        raise


async def _form(request: Any, room: Path, limits: Limits, columns: dict[str, bool], found: Received) -> None:
    from starlette.datastructures import UploadFile
    from starlette.exceptions import HTTPException
    from starlette.formparsers import MultiPartException

    row: dict[str, Any] = {}
    try:
        async with request.form(max_files=limits.inputs, max_fields=_FIELDS) as form:
            for name, value in form.multi_items():
                if not isinstance(value, UploadFile):
                    _said(name, value, columns, row, found)
                    continue
                if not value.filename and not value.size:
                    continue  # a field of files in which none was chosen
                place = room / uuid.uuid4().hex
                if columns:
                    if not columns.get(name):
                        raise Refused(422, f"Expected no file in the field {shown(name)!r}.", "See /model.")
                    row[name], found.called[name] = place, shown(value.filename or "")
                else:
                    found.items.append(place)
                    found.names.append(shown(value.filename or f"file {len(found.names) + 1}"))
                with place.open("xb") as file:
                    while block := await value.read(1 << 20):
                        file.write(block)
    except (HTTPException, MultiPartException) as error:
        words = str(getattr(error, "detail", "") or getattr(error, "message", "")).rstrip(".")
        raise Refused(400, f"Expected a form that can be read: {words}.", "See /openapi.json.") from error
    finally:
        found.rows += [{**dict.fromkeys(columns), **row}] if row else []


def _said(name: str, value: str, columns: dict[str, bool], row: dict[str, Any], found: Received) -> None:
    """One field of a form that is no file."""
    if columns and name in columns:
        if columns[name]:
            if value:
                raise Refused(422, f"Expected a file in the field {name!r}, found words.", "Send it as a file.")
        else:
            row[name] = value or None
    elif name == _TEXT and not columns:
        found.items.append(value)
        found.names.append(f"text {len(found.names) + 1}")
    elif name == "explain":
        found.explain = value in ("1", "true", "yes", "on")
    else:
        found.fields[name] = value


def _json(body: bytes, found: Received, columns: dict[str, bool]) -> None:
    try:
        said = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "Expected JSON, found something else.", "See /openapi.json.") from error
    if not isinstance(said, dict) or not set(said) <= {"texts", "rows", "explain"}:
        raise Refused(422, 'Expected an object with "texts" or "rows" in it, found another.', "See /openapi.json.")
    texts, rows, explain = said.get("texts", []), said.get("rows", []), said.get("explain", False)
    if not isinstance(explain, bool):
        raise Refused(422, 'Expected "explain" as true or false.', "See /openapi.json.")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Refused(422, 'Expected "texts" as a list of strings.', "See /openapi.json.")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refused(422, 'Expected "rows" as a list of objects.', "See /openapi.json.")
    for row in rows:
        for name, cell in row.items():
            if any(not _whole(said) for said in (name, cell) if isinstance(said, str)):
                raise Refused(422, f"Expected whole characters in the column {shown(name)!r}.", "Send it as UTF-8.")
            if cell is not None and not isinstance(cell, str | int | float):
                raise Refused(422, f"Expected text, numbers or null in the column {shown(name)!r}.", "Flatten it.")
            if isinstance(cell, int) and abs(cell) > 1 << 53:
                raise Refused(422, f"Expected a smaller number in the column {shown(name)!r}.", "Send it as text.")
            if isinstance(cell, float) and not math.isfinite(cell):
                raise Refused(422, f"Expected a finite number in the column {shown(name)!r}.", "Send null for a gap.")
            if columns.get(name) and cell is not None:
                raise Refused(422, f"Expected a file in the column {name!r}, found a value.", "Send a form with files.")
    found.items += texts
    found.names += [f"text {i + 1}" for i in range(len(texts))]
    found.rows += rows
    found.explain = found.explain or explain


def _whole(text: str) -> bool:
    """Whether UTF-8 can hold it: JSON can name halves of characters."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _no_number(words: str) -> None:
    raise ValueError(f"{words} is no number of JSON")


def shown(name: str) -> str:
    """A name that somebody sent, as it is repeated: short, on one line, without control characters."""
    return visible(name[:_NAME]).replace("\n", " ")

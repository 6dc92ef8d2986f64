"""A saved model's evidence as one self-contained HTML file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError

from headstart.errors import OutputError, SourceError
from headstart.models.saving.evidence_file import read_evidence
from headstart.report.page import build
from headstart.report.tasks import tasks_page
from headstart.visible import visible


def render(evidence: dict[str, Any]) -> str:
    """The page as HTML; it asks for nothing from outside itself and runs no script.

    Parameters
    ----------
    evidence : dict
        What ``evidence.json`` of a saved model holds.

    Returns
    -------
    str
        HTML with style and pictures inside.

    Raises
    ------
    SourceError
        If the evidence does not hold what a page is made of.
    """
    try:
        name, page = ("tasks.jinja", tasks_page(evidence)) if "tasks" in evidence else ("page.jinja", build(evidence))
        return rendered(name, page)
    except (ArithmeticError, AttributeError, LookupError, TemplateError, TypeError, ValueError) as error:
        raise SourceError(
            f"Expected evidence as headstart writes it, found some without a page ({type(error).__name__}: {error}).",
            "Fit the model again.",
        ) from error


def rendered(template: str, page: dict[str, Any]) -> str:
    """A template of this room with what it shows; everything in it is escaped."""
    loader = PackageLoader("headstart", "report")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return visible(environment.get_template(template).render(page))


def write_report(model_folder: str | Path, out: str | Path | None = None) -> Path:
    """Write the report of a saved model.

    Parameters
    ----------
    model_folder : path-like
        A folder that ``headstart fit --out`` or ``Model.save`` wrote.
    out : path-like, optional
        The file to write, or a folder to write ``report.html`` into. Default: ``report.html`` in the model's folder.

    Returns
    -------
    pathlib.Path
        The file that was written: whole, or not touched.

    Raises
    ------
    SourceError
        When there is no evidence to report.
    OutputError
        When the file cannot be written.
    """
    evidence = read_evidence(model_folder, "JSON")
    for number in range(len(evidence.get("tasks") or []) if out is None else 0):
        write_report(Path(model_folder) / f"task-{number + 1}")
    html = render(evidence)
    target = Path(model_folder if out is None else out)
    if target.is_dir():
        target = target / "report.html"
    return write_page(target, html, "the report")


def check_page(target: Path) -> None:
    """Make the folder of a page, before what it shows is computed.

    Raises
    ------
    OutputError
        When it cannot be made.
    """
    _told(target, lambda: target.parent.mkdir(parents=True, exist_ok=True), "the page")


def write_page(target: Path, html: str, what: str = "the page") -> Path:
    """Write a page whole or not at all.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    check_page(target)
    _told(target, lambda: _replace(target, html), what)
    return target


def _told(target: Path, work: Callable[[], Any], what: str) -> None:
    try:
        work()
    except OSError as error:
        raise OutputError(
            f"Expected to write {what} to {target}, but {error.strerror or error}.", "Choose another --out."
        ) from error


def write_beside(folder: Path) -> None:
    """Write ``report.html`` into a model's folder that is being saved, for ``Model.save(also=...)``."""
    write_report(folder)


def _replace(target: Path, text: str) -> None:
    """Write a file beside the target, then move it there in one step."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

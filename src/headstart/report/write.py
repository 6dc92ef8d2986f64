"""A saved model's evidence as one self-contained HTML file."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError

from headstart.data.base.whole import check_file, write_whole
from headstart.errors import SourceError
from headstart.guard.evidence.use import stated
from headstart.models.evaluation.evaluation import Evaluation
from headstart.models.saving.evidence_file import read_evidence
from headstart.report.page import build
from headstart.report.tasks import tasks_page
from headstart.visible import visible


def render(evidence: dict[str, Any], link: Callable[[str], str] | None = None) -> str:
    """The page as HTML; it asks for nothing from outside itself and runs no script.

    Parameters
    ----------
    evidence : dict
        What ``evidence.json`` of a saved model holds, or that of an `Evaluation`.
    link : callable, optional
        The address of the file of a name; empty where there is none.

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
        if "tasks" in evidence:
            return rendered("tasks.jinja", tasks_page(evidence))
        return rendered("page.jinja", build(evidence, link))
    except (ArithmeticError, AttributeError, LookupError, TemplateError, TypeError, ValueError) as error:
        raise SourceError(
            f"Expected evidence as headstart writes it, found some without a page ({type(error).__name__}: {error}).",
            "Fit the model again.",
        ) from error


def rendered(template: str, page: dict[str, Any]) -> str:
    """A template of this room with what it shows; everything in it is escaped."""
    return visible(_templates().get_template(template).render(page))


@cache
def _templates() -> Environment:
    """The templates, compiled once."""
    loader = PackageLoader("headstart", "report")
    how: dict[str, Any] = {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    return Environment(loader=loader, **how)


def write_report(
    model_folder: str | Path,
    out: str | Path | None = None,
    *,
    positive: str | None = None,
    prevalence: float | None = None,
) -> Path:
    """Write the report of a saved model.

    Parameters
    ----------
    model_folder : path-like
        A folder that ``headstart fit --out`` or ``Model.save`` wrote.
    out : path-like, optional
        The file to write, or a folder to write ``report.html`` into. Default: ``report.html`` in the model's folder.

    positive : str, optional
        Of two classes the one that is looked for. Default: what the evidence says.
    prevalence : float, optional
        Its share where the model is used. Default: what the evidence says, else that of the data.

    Returns
    -------
    pathlib.Path
        The file that was written: whole, or not touched.

    Raises
    ------
    SourceError
        When there is no evidence to report.
    DataError, ParameterError
        For a positive class or a prevalence that the model cannot have.
    OutputError
        When the file cannot be written.
    """
    evidence = read_evidence(model_folder, "JSON")
    stated(evidence, positive, prevalence)
    for number in range(len(evidence.get("tasks") or []) if out is None else 0):
        write_report(Path(model_folder) / f"task-{number + 1}")
    target = Path(model_folder if out is None else out)
    return write_evidence(evidence, target / "report.html" if target.is_dir() else target)


def write_evidence(evidence: dict[str, Any], target: str | Path) -> Path:
    """Write evidence as one page: whole, or not at all.

    Parameters
    ----------
    evidence : dict
        Of a model, or of an `headstart.models.evaluation.evaluation.Evaluation`.
    target : path-like
        The file.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    target = Path(target)
    html = render(evidence, links_from(target, evidence))
    return write_page(target, html, "the report")


def write_page(target: Path, html: str, what: str = "the page", option: str = "--out") -> Path:
    """Write a page whole or not at all.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    write_whole(target, html.encode("utf-8"), what, option)
    return target


def write_pages(found: Evaluation, target: str | Path) -> list[Path]:
    """Write an evaluation as a page; of several tasks one each, whose names end in their numbers.

    Parameters
    ----------
    found : Evaluation
    target : path-like
        The file, or a folder to write ``evaluation.html`` into.
    """
    target = Path(target)
    target = target / "evaluation.html" if target.is_dir() else target
    if not found.tasks:
        return [write_evidence(found.evidence, target)]
    each = enumerate(found.tasks.values(), 1)
    return [write_evidence(one.evidence, target.with_name(f"{target.stem}-{k}{target.suffix}")) for k, one in each]


def check_html(out: str | Path | None, name: str) -> None:
    """Refuse, before anything is computed, a place that no page is written to.

    Parameters
    ----------
    out : path-like or None
        A file, or a folder to write into.
    name : str
        Of the page in a folder.

    Raises
    ------
    OutputError
    """
    if out is not None:
        check_file(Path(out) / name if os.path.isdir(out) else out, endings=(".html", ".htm"))


def links_from(target: Path, evidence: dict[str, Any]) -> Callable[[str], str]:
    """What leads from a page to the files that were learned from or measured on, where they still lie there.

    Parameters
    ----------
    target : Path
        The page.
    evidence : dict
        Its ``data`` or ``reproduce`` say where the data lay.

    Returns
    -------
    callable
        From a name to a relative address; empty where there is no such file.
    """
    given = (evidence.get("reproduce") or {}).get("given") or {}
    place = str((evidence.get("data") or {}).get("place") or given.get("data") or "")
    root = Path(place) if place else None
    roots = [] if root is None else [root] if root.is_dir() else [root.parent] if root.is_file() else []
    here = target.resolve().parent

    def link(name: str) -> str:
        for folder in roots:
            file = folder / name
            try:
                if name and file.is_file():
                    return quote(Path(os.path.relpath(file.resolve(), here)).as_posix())
            except (OSError, ValueError):  # no name of a file, or on another drive
                return ""
        return ""

    return link


def write_beside(folder: Path) -> None:
    """Write ``report.html`` into a model's folder that is being saved, for ``Model.save(also=...)``."""
    write_report(folder)

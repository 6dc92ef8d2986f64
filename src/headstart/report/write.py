"""A saved model's evidence as one self-contained HTML file."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from headstart.errors import OutputError, SourceError
from headstart.networks.folder import refuse_odd_files
from headstart.report.page import build


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
    """
    loader = PackageLoader("headstart", "report")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.jinja").render(build(evidence))


def read_evidence(folder: str | Path) -> dict[str, Any]:
    """Read the evidence of a saved model.

    Parameters
    ----------
    folder : path-like
        A folder that ``headstart fit --out`` or ``Model.save`` wrote.

    Returns
    -------
    dict
        What ``evidence.json`` holds.

    Raises
    ------
    SourceError
        When the folder is absent, or holds no readable evidence.
    """
    path = Path(folder)
    if not path.is_dir():
        found = "a file" if path.exists() else "nothing"
        raise SourceError(f"Expected the folder of a saved model at {path}, found {found} there.", "Check the path.")
    refuse_odd_files(path)
    try:
        evidence = json.loads((path / "evidence.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourceError(
            f"Expected evidence.json in {path}, found none.",
            "Give a folder that 'headstart fit --out' or 'headstart demo' wrote.",
        ) from None
    except ValueError as error:
        raise SourceError(
            f"Expected JSON in {path / 'evidence.json'}, found something else ({error}).", "Fit the model again."
        ) from None
    if not isinstance(evidence, dict):
        raise SourceError(f"Expected a JSON object in {path / 'evidence.json'}, found a {type(evidence).__name__}.")
    return evidence


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
    html = render(read_evidence(model_folder))
    target = Path(model_folder if out is None else out)
    if target.is_dir():
        target = target / "report.html"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, html)
    except OSError as error:
        raise OutputError(
            f"Expected to write the report to {target}, but {error.strerror or error}.", "Choose another --out."
        ) from error
    return target


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

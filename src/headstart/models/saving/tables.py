"""A fitted model of a table on disk: structure in JSON, arrays in safetensors, nothing that could run."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import sklearn
from safetensors.numpy import load, save

from headstart.data.base.json_files import parsed
from headstart.errors import SourceError, TransferWarning
from headstart.models.saving.table_values import Writer, built, check_structure

STRUCTURE = "table.json"
ARRAYS = "table.safetensors"
FORMAT = 1
#: Of JSON; each value that holds others is a few.
_LEVELS = 400


def save_table_model(estimator: Any, encoder: Any, folder: str | Path) -> dict[str, Any]:
    """Write a fitted estimator and what makes numbers of rows into an existing folder.

    Every object is named by its public name with its parameters and what it has learned, see
    `headstart.models.saving.table_classes`. Rows of sources and rows without labels stay behind: a model can be handed
    on without other people's data.

    Parameters
    ----------
    estimator : fitted estimator or None
    encoder : fitted transformer or None
    folder : path-like

    Returns
    -------
    dict
        Plain JSON types for the manifest.

    Raises
    ------
    OutputError
        If it holds anything that has no safe form; the words say what, and where.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import CORAL, Source
    >>> model = CORAL(source=Source(np.eye(3), name="old")).fit(np.eye(3) + 1)
    >>> save_table_model(model, None, Path())
    {'class': 'CORAL'}
    >>> load_table_model(Path())[0]
    CORAL(source=Source('old', rows left out))
    """
    writer = Writer()
    body = {name: writer.written(part, name) for name, part in (("estimator", estimator), ("encoder", encoder))}
    arrays = save(writer.arrays)
    whole = {"format": FORMAT, "scikit-learn": sklearn.__version__, **body}
    (Path(folder) / ARRAYS).write_bytes(arrays)
    text = _text({**whole, "sha256": digest(whole, arrays)})
    (Path(folder) / STRUCTURE).write_text(text + "\n", encoding="utf-8")
    return {"class": type(estimator).__name__}


def load_table_model(folder: str | Path) -> tuple[Any, Any]:
    """Read what `save_table_model` wrote.

    All names are checked before anything is built; no name is imported that the house's table lacks, no function is
    called, and no source is looked up.

    Returns
    -------
    (estimator, encoder)

    Raises
    ------
    SourceError
        If it is damaged, or holds anything that is not allowed.

    Warns
    -----
    TransferWarning
        If another version of scikit-learn wrote it.
    """
    path = Path(folder)
    try:
        found = _read(path)
        content = load((path / ARRAYS).read_bytes())
        body = {name: found[name] for name in ("estimator", "encoder")}
        for part in body.values():
            check_structure(part, content)
        if found.pop("sha256") != digest(found, (path / ARRAYS).read_bytes()):
            raise SourceError(f"Expected {STRUCTURE} and {ARRAYS} in {path} as they were written, found others.")
        estimator, encoder = (built(part, content) for part in body.values())
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(
            f"Expected a model that headstart saved in {path}, found: {type(error).__name__}: {error}.", "Fit it again."
        ) from error
    said, here = str(found["scikit-learn"]), sklearn.__version__
    if said.split(".")[:2] != here.split(".")[:2]:
        warnings.warn(
            f"The model in {path} was saved with scikit-learn {said}, and {here} reads it: answers may differ. "
            "Compare some, or fit it again.",
            TransferWarning,
            stacklevel=3,
        )
    return estimator, encoder


def _read(folder: Path) -> dict[str, Any]:
    """The structure, where it is of this format and says everything once."""
    for name in (STRUCTURE, ARRAYS):
        if not (folder / name).is_file():
            raise SourceError(f"Expected a model that headstart saved in {folder}, found no {name}.", "Fit it again.")
    found = parsed((folder / STRUCTURE).read_bytes(), _LEVELS)
    if not isinstance(found, dict) or set(found) != {"format", "scikit-learn", "sha256", "estimator", "encoder"}:
        raise SourceError(f"Expected a model of a table in {folder / STRUCTURE}, found other entries.", "Fit it again.")
    if found["format"] != FORMAT:
        raise SourceError(
            f"Expected format {FORMAT} in {folder / STRUCTURE}, found {found['format']!r}.",
            "Update headstart with: pip install -U headstart",
        )
    return found


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def digest(whole: dict[str, Any], arrays: bytes) -> str:
    """What tells that neither file was changed since they were written; no proof of who wrote them."""
    return hashlib.sha256(_text(dict(sorted(whole.items()))).encode() + arrays).hexdigest()

"""Saved models of tables with changes that nobody wrote by mistake; all outside the change is as it should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save

from headstart.models.saving.tables import ARRAYS, STRUCTURE, digest


def forge(folder: Path, change: Callable[[dict[str, Any], dict[str, np.ndarray]], None]) -> None:
    """Change structure and arrays of a saved model, and make its checksum right again.

    Parameters
    ----------
    folder : Path
    change : callable
        Gets the whole structure and the arrays by name, and changes them.
    """
    found = json.loads((folder / STRUCTURE).read_text())
    arrays = load_file(folder / ARRAYS)
    found.pop("sha256")
    change(found, arrays)
    content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    (folder / ARRAYS).write_bytes(content)
    (folder / STRUCTURE).write_text(json.dumps({**found, "sha256": digest(found, content)}, separators=(",", ":")))

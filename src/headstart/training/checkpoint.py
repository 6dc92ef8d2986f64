"""The state of a run on disk: written whole or not at all, read without running any code."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import torch


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Replace ``path`` by ``state`` in one step; a kill leaves the old file or the new one.

    Parameters
    ----------
    path : Path
    state : dict
        Tensors, numbers, strings, and lists and dicts of them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load_checkpoint(path: Path, key: str) -> dict[str, Any] | None:
    """The state of an earlier run of the same work, or None.

    Parameters
    ----------
    path : Path
    key : str
        What the run is (data, settings, weights) as a hash; a checkpoint of other work is not used.
    """
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError):
        return None
    return state if isinstance(state, dict) and state.get("key") == key else None

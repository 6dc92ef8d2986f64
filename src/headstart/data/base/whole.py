"""A file that is written whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from headstart.errors import OutputError


def write_whole(target: Path, content: bytes, what: str) -> None:
    """Write a file whole or not at all: beside its place, then moved there in one step.

    Parameters
    ----------
    target : Path
        Replaced where it exists; folders that lack are made.
    content : bytes
    what : str
        What it is, for words.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    partial = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(partial, 0o666 & ~mask)
        os.replace(partial, target)
    except OSError as error:
        raise OutputError(
            f"Expected to write {what} to {target}, but {error.strerror or error}.", "Choose another --out."
        ) from error
    finally:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)

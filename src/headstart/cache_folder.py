"""Where headstart keeps what it need not make twice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import OutputError

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory


def cache_folder() -> Path | None:
    """The folder named by the environment variable ``HEADSTART_CACHE``, else ``$XDG_CACHE_HOME/headstart`` or
    ``~/.cache/headstart``; None with ``HEADSTART_CACHE=off``. It need not exist.
    """
    chosen = os.environ.get("HEADSTART_CACHE", "")
    if chosen.strip().lower() in ("off", "0", "no", "false"):
        return None
    if not chosen:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        chosen = os.path.join(base, "headstart")
    return Path(os.path.expanduser(chosen))


def temporary_folder(prefix: str = "headstart-") -> TemporaryDirectory[str]:
    """A folder for now, where the system keeps such; deleted at the end of a block of ``with``.

    Raises
    ------
    OutputError
        If none can be made there.
    """
    from tempfile import TemporaryDirectory

    try:
        return TemporaryDirectory(prefix=prefix)
    except OSError as error:
        raise OutputError(
            f"Expected a folder for temporary files that can be written to, found none: {error.strerror or error}.",
            "Free some space there, or set TMPDIR to a folder on another disk.",
        ) from error

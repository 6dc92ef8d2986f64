"""Where headstart keeps what it need not make twice."""

from __future__ import annotations

import os
from pathlib import Path


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

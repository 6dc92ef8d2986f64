"""Tasks for other processes, which need not import anything heavy for them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from headstart.errors import BadPictures


def doubled(shared: dict[str, np.ndarray], number: int) -> np.ndarray:
    return 2 * number + shared["rows"]


def refused(shared: Any, number: int) -> int:
    if number == 1:
        raise BadPictures([("a.png", "cut short"), ("b.png", "empty")])
    return number


def killing(shared: Path, number: int, parent: int) -> int:
    """The worker that is the first to come here is killed."""
    if os.getpid() != parent:
        try:
            (shared / "killed").touch(exist_ok=False)
        except FileExistsError:
            return number
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def deadly(shared: Any, number: int, parent: int) -> int:
    """No worker outlives it."""
    if number == 1 and os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def marked(shared: Path, number: int) -> int:
    (shared / str(number)).touch()
    time.sleep(0.05)
    return number


def asleep(shared: Any, number: int) -> int:
    time.sleep(60 * number)
    return number


def all_deadly(shared: Any, number: int, parent: int) -> int:
    """No worker outlives any of these."""
    if os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return number

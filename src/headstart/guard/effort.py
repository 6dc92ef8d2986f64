"""How much effort a fit may take, and how it goes about it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headstart.progress import Progress


@dataclass(frozen=True)
class Effort:
    """Time, folds, seed and place of one fit.

    Parameters
    ----------
    budget : float
        Seconds for everything, above 0.
    n_splits : int
        Folds, at least 2.
    device : str
        Where networks run.
    views : int
        Views of each input that heads may learn from.
    checkpoint : Path or None
        Where what is finished is kept, so that a killed fit goes on.
    progress : callable or None
        Told ``progress(what, done, total)``.
    n_jobs : int or None
        How many folds are computed at once.
    started : float
        When it began, by the monotonic clock.
    """

    budget: float = 600.0
    n_splits: int = 5
    seed: int = 0
    device: str = "auto"
    views: int = 1
    checkpoint: Path | None = None
    progress: Progress | None = field(default=None, repr=False)
    n_jobs: int | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.started

    def settings(self) -> dict[str, Any]:
        """Arguments of the guard's estimators."""
        return {
            "budget": self.budget,
            "n_splits": self.n_splits,
            "random_state": self.seed,
            "device": self.device,
            "views": self.views,
            "checkpoint": self.checkpoint,
            "progress": self.progress,
            "n_jobs": self.n_jobs,
            "spent": self.spent,
        }

"""Tasks for other processes, which need not import anything heavy for them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

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


class Sleeper(ClassifierMixin, BaseEstimator):
    """Takes its time, and takes no exception for an answer."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def fit(self, X: np.ndarray, y: np.ndarray) -> Sleeper:
        try:
            time.sleep(self.seconds)
        except Exception:
            time.sleep(self.seconds)
        self.inner_ = LogisticRegression().fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.inner_.predict_proba(X))

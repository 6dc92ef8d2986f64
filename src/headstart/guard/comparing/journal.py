"""What a run has finished, kept on disk, so that a killed run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.base.json_files import parsed
from headstart.networks.seal import said_digest

_LOG = logging.getLogger("headstart")
_FILE = "journal.json"


class Journal:
    """Finished folds and decisions of one run; without a folder it only keeps the time.

    Decisions that depend on measured speed are kept too, so a resumed run takes the same ones.

    Parameters
    ----------
    folder : path-like, optional
        Where to keep them. None keeps nothing.
    key : str, default=""
        Hash of data and settings. What another key left in the folder is removed.
    resume : bool, default=False
        Go on from what is there; otherwise the folder is emptied.
    spent : float, default=0.0
        Seconds that were spent before.

    Examples
    --------
    >>> journal = Journal()
    >>> journal.decide("folds", lambda: 5)
    5
    """

    def __init__(
        self, folder: str | Path | None = None, key: str = "", resume: bool = False, spent: float = 0.0
    ) -> None:
        self.folder = None if folder is None else Path(folder)
        self._start, self._worked = time.monotonic(), time.process_time()
        self._away = [0.0, 0.0]
        self._state: dict[str, Any] = {"key": key, "elapsed": float(spent), "decisions": {}}
        if self.folder is None:
            return
        found = self._read()
        if resume and found is not None and found.get("key") == key:
            self._state = found | {"elapsed": float(found["elapsed"]) + float(spent)}
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._before = float(self._state["elapsed"])
        self._write()

    def elapsed(self) -> float:
        """Seconds of work so far, those of killed runs included as far as they were kept."""
        return float(self._state["elapsed"] if self.folder is None else self._before) + time.monotonic() - self._start

    def slowness(self) -> float:
        """How many seconds of wall clock a second of work takes here, from 1 to 8: other programs may run as well."""
        wall, worked = time.monotonic() - self._start, time.process_time() - self._worked
        wall, worked = wall + self._away[0], worked + self._away[1]
        return 1.0 if wall < 1.0 else min(max(wall / max(worked, 1e-3), 1.0), 8.0)

    def away(self, waited: float, wall: float, worked: float) -> None:
        """Count the seconds of a task that another process did, rather than those that this one waited for it."""
        self._away[0] += wall - waited
        self._away[1] += worked

    def has(self, name: str) -> bool:
        """Whether a fold is kept, as far as can be told without reading it."""
        return self.folder is not None and (self.folder / f"{name}.npz").is_file()

    def known(self, name: str) -> Any:
        """A decision that was taken; None where it was not."""
        return self._state["decisions"].get(name)

    def decide(self, name: str, compute: Callable[[], Any]) -> Any:
        """Take a decision once: the kept value, or that of ``compute`` (plain JSON types)."""
        if name not in self._state["decisions"]:
            self._state["decisions"][name] = compute()
            self._write()
        return self._state["decisions"][name]

    def fold(self, name: str, compute: Callable[[], tuple[np.ndarray, float]]) -> tuple[np.ndarray, float]:
        """Predictions of a fold and the seconds they took: kept ones, or those of ``compute``."""
        if self.folder is None:
            return compute()
        path = self.folder / f"{name}.npz"
        found = _fold_in(path)
        if found is not None:
            return found
        prediction, seconds = compute()
        seal = _digest(prediction, seconds)
        with _atomic(path) as handle:
            np.savez(handle, prediction=prediction, seconds=np.float64(seconds), sha256=np.array(seal))
        self._write()
        return prediction, seconds

    def checkpoint(self, name: str) -> Path | None:
        """Where a training in epochs keeps its checkpoint."""
        return checkpoint_in(self.folder, name)

    def forget_checkpoint(self, name: str) -> None:
        """Remove the checkpoint of a training whose result is kept."""
        path = self.checkpoint(name)
        if path is not None:
            shutil.rmtree(path, ignore_errors=True)
            if path.is_file():
                path.unlink()

    def finish(self) -> None:
        """Remove the folder: the result is safe elsewhere."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self) -> dict[str, Any] | None:
        assert self.folder is not None
        path = self.folder / _FILE
        if not path.is_file():
            return None
        try:
            state = parsed(path.read_bytes())
            if not isinstance(state, dict) or not {"key", "elapsed", "decisions", "sha256"} <= state.keys():
                raise ValueError("other entries")
            if state.pop("sha256") != said_digest(state):
                raise ValueError("other words than were written")
        except (OSError, ValueError, RecursionError) as error:
            _LOG.warning("What was kept in %s cannot be used (%s): all work begins anew.", path, error)
            return None
        return state

    def _write(self) -> None:
        if self.folder is None:
            return
        self._state["elapsed"] = self.elapsed()
        with _atomic(self.folder / _FILE) as handle:
            handle.write(json.dumps({**self._state, "sha256": said_digest(self._state)}).encode())


def checkpoint_in(folder: Path | None, name: str) -> Path | None:
    """Where a training in epochs keeps its checkpoint in a folder of progress; None where no folder is kept."""
    return None if folder is None else folder / f"{name}.checkpoint"


def _fold_in(path: Path) -> tuple[np.ndarray, float] | None:
    """What is kept of a fold, as it was written; a file that is damaged is said, and counts as not there."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            prediction, seconds = kept["prediction"], float(kept["seconds"])
            if str(kept["sha256"]) != _digest(prediction, seconds):
                raise ValueError("other values than were written")
    except (OSError, ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        _LOG.warning("The fold kept in %s cannot be used (%s): it is computed again.", path, error)
        return None
    return prediction, seconds


def _digest(prediction: np.ndarray, seconds: float) -> str:
    said = f"{prediction.dtype} {prediction.shape} {float(seconds)!r} "
    return hashlib.sha256(said.encode() + np.ascontiguousarray(prediction).tobytes()).hexdigest()


class _atomic:
    """A file that takes its place only when it is whole and on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Any:
        descriptor, self.temporary = tempfile.mkstemp(dir=self.path.parent, suffix=".part")
        self.handle = os.fdopen(descriptor, "wb")
        return self.handle

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.handle.flush()
        os.fsync(self.handle.fileno())
        self.handle.close()
        if kind is None:
            os.replace(self.temporary, self.path)
        else:
            os.unlink(self.temporary)

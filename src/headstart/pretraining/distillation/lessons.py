"""Show every view to the teachers once, and keep what the student needs: small inputs and the teachers' vectors."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from headstart.data.base.json_files import TEXT, record, several, whole
from headstart.data.base.sealed import read_note, write_note
from headstart.errors import BadPictures, ParameterError
from headstart.networks.network import Network
from headstart.networks.running.runners import runner_for
from headstart.networks.running.runtime import layout_of
from headstart.nn.threads import in_workers
from headstart.pretraining.examples.picture_views import Views
from headstart.progress import Progress
from headstart.training.prefetch import ahead

AT_ONCE = 256  # views that are made before they are shown
SAVE_SECONDS = 20.0  # least time between two notes of how far it went
PART = 16  # views in one forward pass on a CPU
_INDEX = whole(0, 10**12)
_NOTE = record(
    {
        "key": TEXT,
        "seals": several(record({"stop": _INDEX, "sha256": TEXT}, closed=True), 1, 10**9),
        "bad": several(record({"example": _INDEX, "reason": TEXT}, closed=True), 0, 10**9),
    },
    closed=True,
)
#: What stands in the folder, and what earlier versions called it.
_OURS = re.compile(r"(x|teacher\d+)\.(bin|npy)|done\.json.*")
_LOG = logging.getLogger("headstart")


class Lessons:
    """What the teachers said about every view of some sets of views, on disk, so that a killed run goes on.

    Every part of it is kept with its SHA-256, and gone on from only as far as all parts are what was written.

    Parameters
    ----------
    views : sequence of Views
        The sets, one after the other.
    teachers : sequence of Network
    folder : Path
        Where it is kept; made, and removed by `remove`.

    Attributes
    ----------
    x : memmap of shape (N, *shape)
        What the student sees.
    features : list of memmap of shape (N, n_features)
        The pooled output features of each teacher.
    example : ndarray of shape (N,)
        Which example each view is of, counted through all sets.
    bad : list of (int, str)
        Examples that could not be read, with the reason.
    """

    def __init__(self, views: Sequence[Views], teachers: Sequence[Network], folder: Path) -> None:
        self.views, self.teachers, self.folder = tuple(views), tuple(teachers), folder
        counts = [(v.n, v.n_views) for v in self.views]
        edges = np.cumsum([0, *(n for n, _ in counts)])
        self.example = np.concatenate(
            [edges[j] + np.repeat(np.arange(n), n_views) for j, (n, n_views) in enumerate(counts)]
        )
        self.starts = np.cumsum([0, *(n * n_views for n, n_views in counts)])
        what = (
            AT_ONCE,
            [(v.key, v.shape, v.dtype) for v in self.views],
            [(t.digest, t.preprocessing.key()) for t in teachers],
        )
        self.key = hashlib.sha256(repr(what).encode()).hexdigest()
        self.bad: list[tuple[int, str]] = []
        self._seals: list[tuple[int, str]] = []

    def learn(self, device: str, progress: Progress | None = None) -> None:
        """Make all views and show them to the teachers, from where an earlier call stopped.

        Raises
        ------
        ParameterError
            If something that headstart did not write stands in the folder.
        """
        done = self._open()
        last_saved = time.monotonic()
        for start, stop, shown, kept, bad in ahead(self._made(done), depth=2):
            self.x[start:stop] = kept
            for features, teacher in zip(self.features, self.teachers, strict=True):
                features[start:stop] = pooled(teacher, shown, device, len(self.example))
            self.bad += bad
            self._seals.append((stop, self._seal(start, stop)))
            if progress is not None:
                progress("showing the teacher", stop, len(self.example))
            if time.monotonic() - last_saved >= SAVE_SECONDS or stop == len(self.example):
                self._note()
                last_saved = time.monotonic()

    def read(self) -> None:
        """Open what another process learned."""
        self._open_arrays("r+")

    def remove(self) -> None:
        """Remove the folder."""
        remove(self.folder)

    def name(self, example: int) -> str:
        """What to call an example in errors."""
        for views in self.views:
            if example < views.n:
                return views.name(example)
            example -= views.n
        raise IndexError(example)

    def refuse_bad(self) -> None:
        """Raise if examples could not be read.

        Raises
        ------
        BadPictures
            Listing all of them.
        """
        if self.bad:
            raise BadPictures([(self.name(i), reason) for i, reason in self.bad])

    def _made(self, done: int) -> Iterator[tuple[int, int, list[np.ndarray], np.ndarray, list[tuple[int, str]]]]:
        before = 0
        for views, first in zip(self.views, self.starts, strict=False):
            step = max(1, AT_ONCE // views.n_views)
            for row in range(0, views.n, step):
                rows = np.arange(row, min(row + step, views.n))
                start, stop = int(first) + row * views.n_views, int(first) + int(rows[-1] + 1) * views.n_views
                if stop > done:
                    shown, kept, bad = views.made(rows)
                    yield start, stop, shown, kept, [(before + i, reason) for i, reason in bad]
            before += views.n

    def _open(self) -> int:
        """Open the files, and say how many views are done and as they were written."""
        kept = read_note(self.folder / "done.json", _NOTE, "all views are shown anew")
        if kept is not None and kept["key"] != self.key:
            _LOG.warning("What is kept in %s is of other examples or teachers: all views are shown anew.", self.folder)
            kept = None
        self._seals, self.bad = [], []
        done = 0 if kept is None else self._proven([(seal["stop"], seal["sha256"]) for seal in kept["seals"]])
        if done:
            stop = len(self.example) if done == len(self.example) else self.example[done]
            self.bad = [(one["example"], one["reason"]) for one in kept["bad"] if one["example"] < stop]
            return done
        remove(self.folder)
        self.folder.mkdir(parents=True)
        self._open_arrays("w+")
        return 0

    def _open_arrays(self, mode: Any) -> None:
        n, first = len(self.example), self.views[0]
        self.x = np.memmap(self.folder / "x.bin", first.dtype, mode, shape=(n, *first.shape))
        self.features = [
            np.memmap(self.folder / f"teacher{j}.bin", "float32", mode, shape=(n, teacher.chain.n_features))
            for j, teacher in enumerate(self.teachers)
        ]

    def _proven(self, seals: list[tuple[int, str]]) -> int:
        """Views up to which all is what was written."""
        done, why = 0, ""
        try:
            self._open_arrays("r+")
        except (OSError, ValueError) as error:
            seals, why = [], f" ({error})"
        for stop, seal in seals:
            if not done < stop <= len(self.example) or self._seal(done, stop) != seal:
                break
            self._seals.append((stop, seal))
            done = stop
        if len(self._seals) < len(seals) or why:
            words = "What is kept in %s is damaged%s: views from number %d on are shown anew."
            _LOG.warning(words, self.folder, why, done + 1)
        return done

    def _seal(self, start: int, stop: int) -> str:
        """SHA-256 of what is kept of some views."""
        total = hashlib.sha256(f"{start} {stop}".encode())
        for array in (self.x, *self.features):
            total.update(np.ascontiguousarray(array[start:stop]).tobytes())
        return total.hexdigest()

    def _note(self) -> None:
        for array in (self.x, *self.features):
            array.flush()
        seals = [{"stop": stop, "sha256": seal} for stop, seal in self._seals]
        bad = [{"example": int(i), "reason": reason} for i, reason in self.bad]
        write_note(self.folder / "done.json", {"key": self.key, "seals": seals, "bad": bad})


def pooled(teacher: Network, shown: Sequence[np.ndarray], device: str, n: int) -> np.ndarray:
    """The teacher's pooled output features, (len(shown), n_features).

    Parameters
    ----------
    teacher : Network
    shown : sequence of ndarray
        Pictures (side, side, 3), which are shown whole; or sounds (T,) at the teacher's rate.
    device : str
    n : int
        How many there will be in all.
    """
    inputs = np.stack([teacher.preprocessing.whole(view) for view in shown])
    runner = runner_for(teacher, device, False, lambda: inputs[:16] if len(inputs) >= 8 else inputs, n)
    if device == "cpu":
        parts = [inputs[i : i + PART] for i in range(0, len(inputs), PART)]
        rows = np.concatenate(list(in_workers(runner, parts, torch.get_num_threads())))
    else:
        rows = runner(inputs)
    return layout_of(teacher.chain).split(rows)[0]


def remove(folder: Path) -> None:
    """Remove the folder of lessons, and nothing that is not of them.

    Raises
    ------
    ParameterError
        If anything else stands in it, or in its place; nothing is removed then.
    """
    if not folder.exists():
        return
    foreign = [folder.name] if not folder.is_dir() else [file.name for file in folder.iterdir() if not _is_ours(file)]
    if foreign:
        raise ParameterError(
            f"Expected nothing but what headstart keeps of a distillation in {folder}, found {sorted(foreign)[0]!r}.",
            "Move it away, or give another place (--out).",
        )
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def _is_ours(file: Path) -> bool:
    return file.is_file() and _OURS.fullmatch(file.name) is not None

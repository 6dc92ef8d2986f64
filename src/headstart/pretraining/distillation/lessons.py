"""Show every view to the teachers once, and keep what the student needs: small inputs and the teachers' vectors."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from headstart.errors import BadPictures
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


class Lessons:
    """What the teachers said about every view of some sets of views, on disk, so that a killed run goes on.

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
        what = ([(v.key, v.shape, v.dtype) for v in self.views], [(t.digest, t.preprocessing.key()) for t in teachers])
        self.key = hashlib.sha256(repr(what).encode()).hexdigest()
        self.bad: list[tuple[int, str]] = []

    def learn(self, device: str, progress: Progress | None = None) -> None:
        """Make all views and show them to the teachers, from where an earlier call stopped."""
        done = self._open()
        last_saved = time.monotonic()
        for start, stop, shown, kept, bad in ahead(self._made(done), depth=2):
            self.x[start:stop] = kept
            for features, teacher in zip(self.features, self.teachers, strict=True):
                features[start:stop] = pooled(teacher, shown, device, len(self.example))
            self.bad += bad
            if progress is not None:
                progress("showing the teacher", stop, len(self.example))
            if time.monotonic() - last_saved >= SAVE_SECONDS or stop == len(self.example):
                self._note(stop)
                last_saved = time.monotonic()

    def read(self) -> None:
        """Open what another process learned."""
        self._open()

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
        """Open the files, and say how many views are done."""
        note = self.folder / "done.json"
        done = 0
        if note.is_file():
            kept = json.loads(note.read_text(encoding="utf-8"))
            if kept["key"] == self.key:
                done, self.bad = kept["done"], [(int(i), str(reason)) for i, reason in kept["bad"]]
        if not done:
            remove(self.folder)
            self.folder.mkdir(parents=True)
        mode: Any = "r+" if done else "w+"
        n, first = len(self.example), self.views[0]
        open_ = np.lib.format.open_memmap
        self.x = open_(self.folder / "x.npy", mode, first.dtype, (n, *first.shape))
        self.features = [
            open_(self.folder / f"teacher{j}.npy", mode, "float32", (n, teacher.chain.n_features))
            for j, teacher in enumerate(self.teachers)
        ]
        return done

    def _note(self, done: int) -> None:
        for array in (self.x, *self.features):
            array.flush()
        partial = self.folder / "done.json.part"
        partial.write_text(json.dumps({"key": self.key, "done": done, "bad": self.bad}), encoding="utf-8")
        os.replace(partial, self.folder / "done.json")


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
    """Remove the folder of lessons, and nothing that is not of them."""
    for file in folder.glob("*") if folder.is_dir() else []:
        file.unlink()
    if folder.is_dir():
        folder.rmdir()

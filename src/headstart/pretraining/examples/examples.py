"""What a source is pretrained on: batches of pictures or sounds, from a data set or from a formula."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.errors import ParameterError

UNLABELLED = -100  # the class of an example without one, among others that have one
HELD_OUT = 2000  # examples at most on which progress is measured


@dataclass(frozen=True, eq=False)
class Batch:
    """Some examples, as they are stored.

    Parameters
    ----------
    x : ndarray or Tensor
        Pictures (n, size, size, 3) in uint8, or sounds (n, samples) in float32; a Tensor where they were computed on
        the device of the training.
    y : ndarray or Tensor of shape (n,), int64, or None
        Their classes; -100 for an example that has none.
    teacher : ndarray of shape (n, d), float32, or None
        What a teacher says about each, as vectors of length 1.
    """

    x: np.ndarray | Tensor
    y: np.ndarray | Tensor | None = None
    teacher: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: slice) -> Batch:
        """The examples at ``rows``."""
        y = None if self.y is None else self.y[rows]
        return Batch(self.x[rows], y, None if self.teacher is None else self.teacher[rows])


class Examples(ABC):
    """Pictures or sounds in batches, with or without labels.

    Attributes
    ----------
    n : int
        Examples to train on.
    n_examples : int
        How many the card of the source names; by default ``n``.
    class_names : tuple of str
        Name of each class; empty where there are no labels.
    size : int
        Side of the pictures in pixels, or length of the sounds in samples.
    input_type : {"image", "audio"}
        What they are.
    words : str
        The same, in words for the model card.
    licence : str or None
        Licence under which weights made of them may be given away; None: the user's business.
    key : str
        What decides the examples, to tell one run from another.
    """

    n: int
    class_names: tuple[str, ...]
    size: int
    input_type: str = "image"
    words: str
    licence: str | None
    key: str

    @property
    def n_examples(self) -> int:
        """How many examples the card of the source names."""
        return self.n

    @property
    @abstractmethod
    def preprocessing(self) -> Any:
        """What the finished source wants done to its inputs: a `Preprocessing` or a `SoundPreprocessing`."""

    @abstractmethod
    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        """Examples to train on in a given epoch; ``index`` (n,) in 0 to ``n - 1``.

        An example may not depend on what else is asked for: several processes each ask for their part.
        """

    def compute_on(self, device: torch.device) -> None:
        """Told before the first batch where the network trains: examples that are rendered are rendered there."""
        return

    @abstractmethod
    def held_out(self) -> Iterator[Batch]:
        """Examples that are never trained on, in batches, always the same."""

    def raw(self, index: np.ndarray) -> list[np.ndarray]:
        """Examples as they are, neither augmented nor cropped: (h, w, 3) in uint8, or (T,) in float32.

        Raises
        ------
        ParameterError
            If these examples cannot be had so.
        """
        raise ParameterError(
            f"Expected examples that can be had unchanged, found {self.words}.", "Pretrain on a data set instead."
        )

    def batches(
        self, round_: int, rounds: int, batch_size: int, seed: int, part: tuple[int, int] = (0, 1)
    ) -> Iterator[Batch]:
        """One of the ``rounds`` into which an epoch is divided; all rounds together hold every example once.

        Parameters
        ----------
        round_ : int
            Counted through all epochs.
        rounds : int
            Rounds an epoch.
        batch_size : int
            Examples a batch; the few left over at the end of a round are put off to another epoch.
        seed : int
            Decides the order.
        part : (int, int), default=(0, 1)
            The p-th of q processes gets the p-th of q equal parts of every batch.
        """
        for index in self.indices(round_, rounds, batch_size, seed, part):
            yield self.batch(index, round_ // rounds)

    def indices(
        self, round_: int, rounds: int, batch_size: int, seed: int, part: tuple[int, int] = (0, 1)
    ) -> Iterator[np.ndarray]:
        """Which examples are in each of the `batches`."""
        epoch, number = divmod(round_, rounds)
        order = np.random.default_rng([seed, epoch]).permutation(self.n)
        rows = order[number * self.n // rounds : (number + 1) * self.n // rounds]
        for step in range(steps(len(rows), batch_size)):
            chosen = np.sort(rows[step * batch_size : (step + 1) * batch_size])
            each = len(chosen) // part[1]
            yield chosen[part[0] * each : (part[0] + 1) * each]


def steps(n: int, batch_size: int) -> int:
    """Batches that n examples give: whole ones, but at least one.

    Examples
    --------
    >>> steps(300, 128), steps(5, 128)
    (2, 1)
    """
    return max(1, n // batch_size)

"""Two random views of every example, for learning without labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from headstart.errors import DataError
from headstart.pretraining.examples.examples import HELD_OUT, Batch, Examples
from headstart.pretraining.examples.material import material_of
from headstart.pretraining.examples.pair_augment import PictureChanges, SoundChanges

LEAST = 8  # examples with which learning without labels makes any sense
HELD_OUT_BATCH = 256  # a loss that looks at a batch as a whole needs batches of one size
HELD_OUT_EPOCH = 2**31  # no training comes that far


class TwoViews(Examples):
    """Examples without their labels, each as two random views.

    A batch of n examples has 2 n rows: the first views of all, then the second views in the same order. The views of
    an example follow from the seed, the epoch and its number alone.

    Parameters
    ----------
    examples : Examples
        What the views are of; must be able to give its examples unchanged (`Examples.raw`). A twentieth of them, at
        least 16 and at most 2,000, is held out; of fewer than 64 a quarter.
    changes : PictureChanges or SoundChanges, optional
        How far views differ. By default as the papers have it.
    random_state : int, default=0
        Decides the views and what is held out.

    Raises
    ------
    DataError
        With fewer than 8 examples.

    Examples
    --------
    >>> from headstart.pretraining.formula.rendered import RenderedPictures
    >>> from headstart.pretraining.examples.picture_examples import FormulaExamples
    >>> pairs = TwoViews(FormulaExamples(RenderedPictures("textures", 4, 10, 0, 32)))
    >>> pairs.n, pairs.batch(np.arange(3), epoch=0).x.shape
    (30, (6, 32, 32, 3))
    """

    class_names = ()

    def __init__(
        self, examples: Examples, *, changes: PictureChanges | SoundChanges | None = None, random_state: int = 0
    ) -> None:
        if examples.n < LEAST:
            raise DataError(
                f"Expected at least {LEAST} examples to learn from without labels, found {examples.n}.",
                "Add more, hundreds at least.",
            )
        self.examples, self.random_state = examples, random_state
        self.changes = changes or material_of(examples.input_type).changes()
        order = np.random.default_rng([random_state, HELD_OUT_EPOCH]).permutation(examples.n)
        self.n = examples.n - min(HELD_OUT, max(examples.n // 20, min(16, examples.n // 4)))
        self._rows = np.sort(order[: self.n])
        self._held_out = np.sort(order[self.n :])
        self.size, self.input_type = examples.size, examples.input_type
        self.words = examples.words + (", labels unread" if examples.class_names else "")
        self.licence = examples.licence
        self.key = repr((examples.key, self.changes, random_state))

    @property
    def n_examples(self) -> int:
        return self.examples.n_examples

    @property
    def preprocessing(self) -> Any:
        return self.examples.preprocessing

    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        return self._pairs(self._rows[index], epoch)

    def raw(self, index: np.ndarray) -> list[np.ndarray]:
        return self.examples.raw(self._rows[index])

    def held_out(self) -> Iterator[Batch]:
        for start in range(0, len(self._held_out), HELD_OUT_BATCH):
            rows = self._held_out[start : start + HELD_OUT_BATCH]
            if len(rows) >= 2:  # a single one has nothing to differ from
                yield self._pairs(rows, HELD_OUT_EPOCH)

    def _pairs(self, rows: np.ndarray, epoch: int) -> Batch:
        pairs = [
            self.changes.pair(canvas, self.size, [self.random_state, epoch, row], self._others)
            for canvas, row in zip(self.examples.raw(rows), rows.tolist(), strict=True)
        ]
        return Batch(np.concatenate([np.stack(views) for views in zip(*pairs, strict=True)]))

    def _others(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Two examples to train on, at random."""
        return self.raw(rng.integers(0, self.n, 2))

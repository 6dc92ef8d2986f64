"""What ways of detecting find in pictures that they have not seen, on the same folds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.boxes.boxes import Boxes
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.splits import Split, folds
from headstart.math.boxes.average_precision import average_precision, picture_values
from headstart.progress import Progress

#: Overlap from which a box is right where ways are compared.
RIGHT = np.array([0.5])
#: Standard errors by which a wary way has to be ahead. Folds of pictures that all show what is looked for say nothing
#: of the other things that a detector of those takes for it.
CLEAR = 2.0


@dataclass(frozen=True, eq=False)
class Way:
    """A way of detecting that is compared.

    Parameters
    ----------
    name : str
    estimator : detector
        Unfitted: has ``fit(pictures, boxes)``, ``predict(pictures)`` and ``get_params``; never fitted itself.
    transfer : bool
        Whether it borrows.
    words : str
    wary : bool, default=False
        Whether it is taken only where it is clearly ahead, as what another detector has learned of other things.
    """

    name: str
    estimator: Any
    transfer: bool
    words: str
    wary: bool = False

    def fitted(self, pictures: Any, boxes: Sequence[Boxes]) -> Any:
        """A new estimator that has learned from these; what it borrows is shared."""
        new = type(self.estimator)(**self.estimator.get_params(deep=False))
        return new.fit(pictures, list(boxes))


@dataclass(frozen=True, eq=False)
class Tried:
    """What a way found out of fold.

    Parameters
    ----------
    found : list of n Boxes
    values : array of shape (n,)
        What each picture adds to the average precision at an overlap of one half; the mean is that.
    seconds : float
        Of one fold.
    """

    way: Way
    found: list[Boxes]
    values: np.ndarray
    seconds: float

    @classmethod
    def of(cls, way: Way, dataset: Dataset, found: list[Boxes], seconds: float) -> Tried:
        """What was found in the pictures of a set, and in how many seconds of a fold."""
        values = picture_values(list(dataset.y), found, list(dataset.classes or ()), thresholds=RIGHT)
        return cls(way, found, values, seconds)

    @property
    def score(self) -> float:
        """Average precision at an overlap of one half, over classes."""
        return float(self.values.mean())


def best_of(results: Sequence[Tried]) -> Tried:
    """The way with the highest score; a wary one only where it is ahead of the best other by two standard errors.

    The error is that of the mean difference of what pictures add to the two scores.
    """
    plain = [one for one in results if not one.way.wary] or list(results)
    best = lead = max(plain, key=lambda one: one.score)
    for one in results:
        apart = one.values - lead.values
        error = float(apart.std(ddof=1)) / len(apart) ** 0.5 if len(apart) > 1 else 0.0
        if one.way.wary and one.score > best.score and apart.mean() > CLEAR * error:
            best = one
    return best


def presence(boxes: Sequence[Boxes], classes: Sequence[Any]) -> np.ndarray:
    """Which classes stand in which picture, (n, K) of 0 and 1: what folds spread evenly.

    Examples
    --------
    >>> presence([Boxes([[0, 0, 1, 1]], ["car"]), Boxes([], [])], ["bus", "car"]).tolist()
    [[0, 1], [0, 0]]
    """
    return np.array([[int((one.labels == name).any()) for name in classes] for one in boxes]).reshape(-1, len(classes))


def picture_folds(dataset: Dataset, n_splits: int, seed: int) -> list[Split]:
    """Folds of a set with boxes: classes spread evenly, groups kept whole."""
    classes = list(dataset.classes or ())
    y = presence(list(dataset.y), classes)
    return folds(y, "multilabel", groups=dataset.groups, n_splits=n_splits, random_state=seed)


def tried(
    way: Way, dataset: Dataset, splits: Sequence[Split], progress: Progress | None = None, share: float = 1.0
) -> Tried:
    """Learn on the training part of each fold and look at its test part.

    Parameters
    ----------
    way : Way
    dataset : Dataset
        n pictures with boxes.
    splits : list of (train, test)
        Each picture is in one test part.
    progress : callable, optional
        Called as ``progress("trying NAME", done, folds)``.
    share : float, default=1.0
        Of each training part that is learned from, drawn by its place; for learning curves.
    """
    found: list[Any] = [None] * len(dataset)
    total = 0.0
    for k, (train, test) in enumerate(splits):
        rows = some_rows(train, dataset, share, k)
        boxes, seconds = fold_of(way, dataset, (rows, test), progress, k, len(splits))
        total += seconds
        for i, one in zip(test.tolist(), boxes, strict=True):
            found[i] = one
    return Tried.of(way, dataset, found, total / len(splits))


def fold_of(
    way: Way, dataset: Dataset, split: Split, progress: Progress | None, k: int, n: int
) -> tuple[list[Boxes], float]:
    """What a way finds in the test part of one fold, the k-th of n, and in how many seconds."""
    if progress is not None:
        progress(f"trying {way.name}", k, n)
    start = time.perf_counter()
    train, test = split
    boxes = way.fitted(dataset.inputs[train], list(dataset.y[train])).predict(dataset.inputs[test])
    if progress is not None:
        progress(f"trying {way.name}", k + 1, n)
    return boxes, time.perf_counter() - start


def some_rows(train: np.ndarray, dataset: Dataset, share: float, seed: int) -> np.ndarray:
    """A share of rows drawn at random, in which every class stands that stands in all of them.

    Examples
    --------
    >>> from headstart.data.pictures.pictures import Pictures
    >>> boxes = np.empty(4, object)
    >>> boxes[:] = [Boxes([[0, 0, 1, 1]], ["car"])] + [Boxes([], [])] * 3
    >>> dataset = Dataset(Pictures([np.zeros((4, 4), np.uint8)] * 4), boxes, "detection", ("car",))
    >>> rows = some_rows(np.arange(4), dataset, 0.5, seed=0)
    >>> len(rows), bool((rows == 0).any())
    (2, True)
    """
    if share >= 1:
        return train
    there = presence([dataset.y[i] for i in train], list(dataset.classes or ()))
    order = np.random.default_rng(seed).permutation(len(train))
    chosen: list[int] = []
    for column in range(there.shape[1]):
        holds = [i for i in order if there[i, column]]
        chosen += [] if not holds or set(holds) & set(chosen) else [holds[0]]
    wanted = max(len(chosen), round(share * len(train)))
    chosen += [i for i in order if i not in set(chosen)][: wanted - len(chosen)]
    return np.sort(train[chosen])


def scores_of(drawn: Sequence[Boxes], found: Sequence[Boxes], classes: Sequence[Any]) -> dict[str, float]:
    """Average precision over COCO's overlaps, at one half and at three quarters."""
    score = average_precision(drawn, found, classes)
    return {"ap50": score.ap50, "ap75": score.ap75, "ap": score.ap}

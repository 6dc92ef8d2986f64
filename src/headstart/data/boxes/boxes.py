"""What stands in one picture, as boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.errors import DataError


@dataclass(frozen=True, eq=False)
class Boxes:
    """The things in one picture: where they stand, what they are and, where a detector found them, how sure it is.

    Parameters
    ----------
    corners : array of shape (k, 4)
        Left, top, right and bottom edge of each box, in pixels of the upright picture (turned as its EXIF tag says),
        from the picture's left upper corner; right > left and bottom > top. No box at all, shape (0, 4), is an example.
    labels : array of str of shape (k,)
        The class of each.
    scores : array of shape (k,), optional
        Of boxes that were found: the probability, from 0 to 1, that it is one.
    crowd : array of bool of shape (k,), optional
        Of boxes that were drawn: many things in one box, which need not be found one by one, nor are wrong where they
        are found (COCO's ``iscrowd``). Default: none.

    Raises
    ------
    DataError
        If the shapes disagree, a number is no finite one, or a box has no size.

    Examples
    --------
    >>> found = Boxes(np.array([[10, 20, 50, 80]]), np.array(["car"]))
    >>> len(found), found.areas.tolist()
    (1, [2400.0])
    """

    corners: np.ndarray
    labels: np.ndarray
    scores: np.ndarray | None = None
    crowd: np.ndarray = None  # type: ignore[assignment]  # an array of False once it is made

    def of_classes(self, names: Sequence[str]) -> Boxes:
        """Those of some classes, as they were drawn: without scores.

        Examples
        --------
        >>> Boxes([[0, 0, 1, 1], [1, 1, 2, 2]], ["car", "bus"]).of_classes(["bus"]).corners.tolist()
        [[1.0, 1.0, 2.0, 2.0]]
        """
        rows = np.isin(self.labels.astype(str), list(names))
        return Boxes(self.corners[rows], self.labels[rows], crowd=self.crowd[rows])

    def __post_init__(self) -> None:
        corners = np.asarray(self.corners, np.float64).reshape(-1, 4)
        k = len(corners)
        object.__setattr__(self, "corners", corners)
        object.__setattr__(self, "labels", np.asarray(self.labels, dtype=object))
        object.__setattr__(self, "crowd", np.zeros(k, bool) if self.crowd is None else np.asarray(self.crowd, bool))
        if self.scores is not None:
            object.__setattr__(self, "scores", np.asarray(self.scores, np.float64))
        for name in ("labels", "scores", "crowd"):
            found = getattr(self, name)
            if found is not None and found.shape != (k,):
                raise DataError(f"Expected {name} of {k} boxes, shape ({k},), found shape {found.shape}.")
        wrong = ~(np.isfinite(corners).all(axis=1) & (corners[:, 2:] > corners[:, :2]).all(axis=1))
        if wrong.any():
            raise DataError(
                f"Expected boxes as left, top, right, bottom with right > left and bottom > top, found "
                f"{corners[wrong][0].tolist()}.",
                "Give corners in pixels; of left, top, width, height add the first two to the last two.",
            )

    def __len__(self) -> int:
        return len(self.corners)

    @property
    def areas(self) -> np.ndarray:
        """Width times height, shape (k,), in square pixels."""
        return np.asarray(np.prod(self.corners[:, 2:] - self.corners[:, :2], axis=1))


def as_boxes(boxes: Any, n: int) -> list[Boxes]:
    """The boxes of n pictures.

    Parameters
    ----------
    boxes : sequence of n Boxes
    n : int

    Raises
    ------
    DataError
        If there are not so many, or something else is among them.
    """
    found = list(boxes) if isinstance(boxes, Sequence | np.ndarray) else []
    odd = next((type(one).__name__ for one in found if not isinstance(one, Boxes)), None)
    if odd is not None or len(found) != n:
        held = f"{type(boxes).__name__} of {odd or len(found)}"
        raise DataError(
            f"Expected Boxes for each of {n} pictures, found {held}.",
            "Give a list with one Boxes a picture, without any box where nothing stands: Boxes([], []).",
        )
    return found

"""What one pass over all pictures sees: which are dark, and whether depth or darkness gives a class away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from headstart.data.base.inspection import Look
from headstart.data.base.near import Prints, unit
from headstart.data.pictures.pictures import Pictures

DARK = 16
SIDE = 32
#: Standard deviation of grey values below which a picture shows nothing to tell it by.
FLAT = 3.0
#: Classes whose shares of deep files differ by this much can be told apart by depth.
SHARES_APART = 0.5


class PictureLook(Look):
    """Whether pictures are dark, and what was decided for deep ones.

    Parameters
    ----------
    pictures : Pictures
    """

    def __init__(self, pictures: Pictures) -> None:
        super().__init__(len(pictures))
        self.pictures = pictures
        self.brightest = np.zeros(len(pictures), dtype=np.uint8)
        self.small = np.zeros((len(pictures), SIDE, SIDE), dtype=np.uint8)
        self.shape = np.zeros(len(pictures))

    def _measure(self, i: int, canvas: np.ndarray) -> None:
        self.brightest[i] = canvas.max()
        small = Image.fromarray(canvas).resize((SIDE, SIDE), Image.Resampling.BOX)
        self.small[i] = np.asarray(small.convert("L"))
        self.shape[i] = np.log(canvas.shape[1] / canvas.shape[0])

    def near(self, rows: np.ndarray) -> Prints:
        """Small grey pictures of even mean and contrast, mirrored or not, of about the same shape."""
        vectors = np.empty((len(rows), SIDE, SIDE), dtype=np.float32)
        for k, i in enumerate(rows.tolist()):
            vectors[k] = unit(self.small[i], FLAT)
        return Prints((), vectors, self.shape[rows], mirrored=True)

    def notes(self, rows: np.ndarray, names: Sequence[str]) -> list[str]:
        """What was taken for white and which pages, and a note where no picture has a bright pixel."""
        notes, top = list(self.pictures.notes), self.brightest[rows].max()
        if top <= DARK:
            notes.append(f"All pictures are nearly black (no value above {top} of 255).")
        return notes

    def class_notes(self, classes: Mapping[Any, np.ndarray]) -> list[str]:
        """Classes that the depth of a file or its darkness gives away."""
        deep = {name: sum(self.pictures.is_deep(i) for i in rows.tolist()) for name, rows in classes.items()}
        shares = [deep[name] / max(len(rows), 1) for name, rows in classes.items()]
        notes = []
        if shares and max(shares) - min(shares) >= SHARES_APART:
            counts = ", ".join(f"{name} {deep[name]} of {len(rows)}" for name, rows in classes.items())
            notes.append(
                f"Files deeper than 8 bits by class: {counts}: the class can be told from the depth of a file, "
                "whatever it shows. Bring all to one depth."
            )
        dark = [name for name, rows in classes.items() if len(rows) and self.brightest[rows].max() <= DARK]
        if len(dark) < len(classes):
            notes += [
                f"All {len(classes[name])} pictures of class {str(name)!r} are nearly black (no value above "
                f"{self.brightest[classes[name]].max()} of 255), those of other classes are not."
                for name in dark
            ]
        return notes

"""Fixed views that a teacher and a student both see: pictures in files, and pictures from a formula."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from PIL import Image

from headstart.data.base.reasons import BadPicture
from headstart.data.inputs.canvases import processors
from headstart.data.pictures.augment import Augmentation, random_box
from headstart.data.pictures.pictures import Pictures
from headstart.pretraining.examples.picture_examples import square
from headstart.pretraining.formula.rendered import RenderedPictures


class Views(ABC):
    """Several fixed views of each of n examples.

    Attributes
    ----------
    n : int
        Examples.
    n_views : int
        Views of each.
    names : sequence of str
        What to call the examples in errors.
    input_type : {"image", "audio"}
    preprocessing : Preprocessing or SoundPreprocessing
        Of the student.
    shape, dtype : tuple of int, str
        Of what the student sees.
    labels : ndarray of shape (n,), int64, or None
        Classes of the examples, where they have any.
    class_names : tuple of str
    words, licence, key
        As of `Examples`.
    """

    n: int
    n_views: int
    input_type: str = "image"
    preprocessing: Any
    shape: tuple[int, ...]
    dtype: str = "uint8"
    labels: np.ndarray | None = None
    class_names: tuple[str, ...] = ()
    words: str
    licence: str | None
    key: str

    def name(self, i: int) -> str:
        """What to call example i in errors."""
        return f"example {i}"

    @abstractmethod
    def made(self, rows: np.ndarray) -> tuple[list[np.ndarray], np.ndarray, list[tuple[int, str]]]:
        """All views of some examples.

        Parameters
        ----------
        rows : ndarray of shape (k,)
            Which examples.

        Returns
        -------
        shown : list of k * n_views ndarray
            What the teacher sees, example by example: pictures (side, side, 3) in uint8, or sounds (T,) in float32.
        kept : ndarray of shape (k * n_views, *shape)
            What the student sees.
        bad : list of (int, str)
            Examples that cannot be read, with the reason; their views are zeros.
        """

    def varied(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A slight change of what the student sees, (*shape), to which the teacher's answer still fits."""
        return x


class PictureViews(Views):
    """The middle and random crops of pictures in files or arrays, all cut from the full resolution.

    Parameters
    ----------
    pictures : Pictures
    n_views : int
        The first is the square in the middle; the others are crops of a quarter of its area or more.
    size : int
        Side of the student's pictures.
    teacher_side : int
        Side of the teacher's.
    flip : bool, default=True
        Whether crops may be mirrored.
    seed : int, default=0
        Of the crops.
    words : str
        What the pictures are.
    labels, class_names
        As of `Views`.
    licence : str, optional
    """

    def __init__(
        self,
        pictures: Pictures,
        n_views: int,
        size: int,
        teacher_side: int,
        *,
        flip: bool = True,
        seed: int = 0,
        words: str = "",
        labels: np.ndarray | None = None,
        class_names: tuple[str, ...] = (),
        licence: str | None = None,
    ) -> None:
        self.pictures, self.n, self.n_views = pictures, len(pictures), n_views
        self.size, self.teacher_side, self.seed = size, max(teacher_side, size), seed
        self.shape, self.preprocessing = (size, size, 3), square(size)
        self.labels, self.class_names = labels, class_names
        self.words, self.licence = words or f"{self.n:,} pictures", licence
        self.crops = Augmentation(area=(0.25, 1.0), stretch=1.3, flip=flip, light=0.0)
        content = hashlib.sha256("\n".join(pictures.names).encode("utf-8", "replace"))
        content.update(b"" if labels is None else np.ascontiguousarray(labels).tobytes())
        self.key = repr((content.hexdigest(), self.n, n_views, size, self.teacher_side, self.crops, seed))

    def name(self, i: int) -> str:
        return self.pictures.names[i]

    def made(self, rows: np.ndarray) -> tuple[list[np.ndarray], np.ndarray, list[tuple[int, str]]]:
        with ThreadPoolExecutor(processors()) as pool:
            found = list(pool.map(self._of_one, rows.tolist()))
        shown, kept, bad = [], [], []
        for i, (large, small, reason) in zip(rows.tolist(), found, strict=True):
            shown += large
            kept += small
            bad += [(i, reason)] if reason else []
        return shown, np.stack(kept), bad

    def varied(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return varied_picture(x, rng)

    def _of_one(self, i: int) -> tuple[list[np.ndarray], list[np.ndarray], str]:
        try:
            rgb = self.pictures.load(i, 2 * self.teacher_side)[0]
        except BadPicture as error:
            nothing = np.zeros((self.teacher_side, self.teacher_side, 3), np.uint8)
            return [nothing] * self.n_views, [nothing[: self.size, : self.size]] * self.n_views, error.reason
        image = Image.fromarray(rgb) if isinstance(rgb, np.ndarray) else rgb
        rng = np.random.default_rng([self.seed, i])
        views = [self._view(image, number, rng) for number in range(self.n_views)]
        return [np.asarray(view) for view in views], [shrunk(view, self.size) for view in views], ""

    def _view(self, image: Image.Image, number: int, rng: np.random.Generator) -> Image.Image:
        side = self.teacher_side
        if number == 0:
            short = min(image.size)
            left, top = (image.width - short) / 2, (image.height - short) / 2
            box = (left, top, left + short, top + short)
        else:
            box = random_box(image.height, image.width, 1.0, self.crops, rng)
        view = image.resize((side, side), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
        if number and self.crops.flip and rng.random() < 0.5:
            view = view.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return view


class FormulaViews(Views):
    """Pictures rendered from a formula, one view each: another view would be another picture.

    Parameters
    ----------
    pictures : RenderedPictures
        Of the student's size; they are rendered at twice that side for the teacher.
    """

    n_views = 1
    licence = "Apache-2.0"

    def __init__(self, pictures: RenderedPictures) -> None:
        p = pictures
        self.pictures = RenderedPictures(p.formula, p.n_classes, p.per_class, p.seed, min(256, 2 * p.size))
        self.n, self.size = len(p), p.size
        self.shape, self.preprocessing = (p.size, p.size, 3), square(p.size)
        self.labels, self.class_names = p.labels(np.arange(len(p))), p.class_names
        self.words = f"{self.n:,} pictures rendered by headstart (formula:{p.formula}, seed {p.seed})"
        self.key = repr(p)

    def made(self, rows: np.ndarray) -> tuple[list[np.ndarray], np.ndarray, list[tuple[int, str]]]:
        shown = list(self.pictures.batch(rows)[0])
        return shown, np.stack([shrunk(Image.fromarray(view), self.size) for view in shown]), []

    def varied(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return varied_picture(x, rng)


def shrunk(view: Image.Image, side: int) -> np.ndarray:
    """A view at another size, (side, side, 3) in uint8."""
    return np.asarray(view.resize((side, side), Image.Resampling.BILINEAR))


def varied_picture(x: np.ndarray, rng: np.random.Generator, shift: float = 0.06, light: float = 0.2) -> np.ndarray:
    """A picture moved a little, its borders repeated, and lit a little differently in each colour.

    Parameters
    ----------
    x : ndarray of shape (size, size, 3), uint8
        Not changed.
    rng : numpy.random.Generator
    shift : float, default=0.06
        Farthest move, as a part of the side.
    light : float, default=0.2
        Largest relative change of contrast and brightness; half as much again for single colours.
    """
    most = round(shift * len(x))
    down, right = rng.integers(-most, most + 1, size=2)
    places = np.arange(len(x))
    moved = x[np.clip(places + down, 0, len(x) - 1)][:, np.clip(places + right, 0, len(x) - 1)]
    gain = 1.0 + light * rng.uniform(-1, 1) + 0.5 * light * rng.uniform(-1, 1, size=3)
    level = 128.0 + 128.0 * light * rng.uniform(-1, 1)
    table = np.clip((np.arange(256)[:, None] - 128.0) * gain + level, 0, 255).astype(np.uint8)
    return np.stack([table[moved[..., c], c] for c in range(3)], axis=-1)

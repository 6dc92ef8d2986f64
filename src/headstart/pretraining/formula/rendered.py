"""Labelled pictures that are computed, not collected: any number, no licence, no download, no disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from headstart.data.base.whole import check_file
from headstart.data.pictures.specimen import write_picture
from headstart.errors import ParameterError
from headstart.pretraining.formula.contours import contour_fields, draw_contours
from headstart.pretraining.formula.draws import Drawn, picture_keys, uniform
from headstart.pretraining.formula.fractals import draw_fractals, fractal_fields
from headstart.pretraining.formula.glyphs import characters, draw_glyphs, glyph_fields
from headstart.pretraining.formula.leaves import draw_leaves, leaf_fields
from headstart.pretraining.formula.painting import draw_paint, painted
from headstart.pretraining.formula.textures import draw_textures, texture_fields

HUED = 0.8
Fields = tuple[Tensor, Tensor]  # masks and shades, each (n, size, size)


@dataclass(frozen=True)
class Family:
    """How one kind of picture is made: few numbers drawn on the CPU, pixels computed from them on any device.

    ``draw(classes, keys, n_classes, seed)`` draws the numbers. ``fields(drawn, size, n_classes, seed)`` gives pictures
    of ``size`` pixels a side as masks and shades, each (n, size, size) from 0 to 1; ``n_classes`` and ``seed`` say
    which table the classes are from.
    """

    singular: str  # what a class is called
    draw: Callable[[np.ndarray, np.ndarray, int, int], Drawn]
    fields: Callable[[dict[str, Tensor], int, int, int], Fields]
    hued: float = 0.0  # share of the figures whose colour is near their class's
    cloudy: float = 0.0  # share of the figures filled with clouds


FAMILIES = {
    "glyphs": Family("glyph", draw_glyphs, glyph_fields, cloudy=0.25),
    "fractals": Family("fractal", draw_fractals, lambda drawn, size, *_: fractal_fields(drawn, size), hued=HUED),
    "contours": Family("contour", draw_contours, contour_fields, cloudy=0.4),
    "textures": Family("texture", draw_textures, lambda drawn, size, *_: texture_fields(drawn, size), hued=HUED),
    "leaves": Family("leaf", draw_leaves, leaf_fields, hued=HUED),
}
KINDS = tuple(FAMILIES)
MIXTURE = {"glyphs": 0.4, "fractals": 0.2, "contours": 0.2, "textures": 0.2}  # shares of the classes of `mixed`
FORMULAS = (*KINDS, "mixed")
SIDES = (16, 256)
CHUNK = 16 * 64 * 64  # pixels at a time on a CPU: what its cache holds


@dataclass(frozen=True)
class RenderedPictures:
    """A set of labelled pictures rendered on demand; picture i is the same whenever and with whatever it is asked.

    Formula-driven supervised pre-training (Kataoka et al. 2020): a network that learns to tell apart what
    formulas draw has features that help on real pictures. Use it where there is no large labelled set; a network
    pretrained on many real pictures is a better source where its licence and its size suit.

    Parameters
    ----------
    formula : {"glyphs", "fractals", "contours", "textures", "leaves", "mixed"}
        ``glyphs``: characters of the free fonts that come with matplotlib; ``fractals``: iterated function
        systems; ``contours``: radial outlines; ``textures``: noise with a spectrum; ``leaves``: shapes that
        cover one another; ``mixed``: all but the leaves, two fifths of the classes glyphs and a fifth each of the
        others.
    n_classes : int
        Number of classes, at least 2. There are about a thousand different glyphs; the others have no bound.
    per_class : int
        Pictures of each class, at least 1.
    seed : int, default=0
        Another seed gives other classes (except of glyphs) and other pictures.
    size : int, default=64
        Side of the pictures in pixels, 16 to 256.

    Raises
    ------
    ParameterError
        For an unknown formula or a number outside its range.

    Examples
    --------
    >>> pictures = RenderedPictures("contours", n_classes=4, per_class=10)
    >>> batch, labels = pictures.batch([0, 1, 2, 3])
    >>> batch.shape, batch.dtype, labels.tolist()
    ((4, 64, 64, 3), dtype('uint8'), [0, 1, 2, 3])
    """

    formula: str
    n_classes: int
    per_class: int
    seed: int = 0
    size: int = 64

    def __post_init__(self) -> None:
        if self.formula not in FORMULAS:
            known = ", ".join(FORMULAS)
            raise ParameterError(f"Expected a formula of {known}; found {self.formula!r}.", "Take one of these.")
        if self.n_classes < 2 or self.per_class < 1 or self.seed < 0:
            raise ParameterError(
                "Expected at least 2 classes, 1 picture a class and a seed of at least 0; found "
                f"{self.n_classes}, {self.per_class} and {self.seed}.",
                "Change --classes, --per-class or --seed.",
            )
        if not SIDES[0] <= self.size <= SIDES[1]:
            raise ParameterError(
                f"Expected pictures of {SIDES[0]} to {SIDES[1]} pixels, found {self.size}.", "Change the size."
            )
        glyphs, most = self._counts.get("glyphs", 0), len(characters()) if "glyphs" in self._counts else 0
        if glyphs > most:
            raise ParameterError(
                f"Expected at most {most} classes of glyphs, found {glyphs}.",
                "Ask for fewer classes, or take 'mixed' with less than two and a half times as many.",
            )

    @cached_property
    def _counts(self) -> dict[str, int]:
        """Classes of each kind."""
        if self.formula != "mixed":
            return {self.formula: self.n_classes}
        edges = np.round(np.cumsum([0.0, *MIXTURE.values()]) * self.n_classes).astype(int)
        return {kind: int(n) for kind, n in zip(MIXTURE, np.diff(edges), strict=True) if n > 0}

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes: ``glyph U+0041 A``, ``fractal 17``, ..."""
        names: list[str] = []
        for kind, count in self._counts.items():
            if kind == "glyphs":
                names += [f"glyph U+{ord(c):04X} {c}" for c in characters()[:count]]
            else:
                names += [f"{FAMILIES[kind].singular} {i}" for i in range(count)]
        return tuple(names)

    def __len__(self) -> int:
        return self.n_classes * self.per_class

    def labels(self, index: Sequence[int] | np.ndarray) -> np.ndarray:
        """Classes of pictures; picture i has the class ``i % n_classes``."""
        return np.asarray(index, dtype=np.int64) % self.n_classes

    @overload
    def batch(self, index: Sequence[int] | np.ndarray, device: None = None) -> tuple[np.ndarray, np.ndarray]: ...

    @overload
    def batch(self, index: Sequence[int] | np.ndarray, device: torch.device | str) -> tuple[Tensor, Tensor]: ...

    def batch(
        self, index: Sequence[int] | np.ndarray, device: torch.device | str | None = None
    ) -> tuple[np.ndarray | Tensor, np.ndarray | Tensor]:
        """Render pictures.

        Parameters
        ----------
        index : sequence of int, shape (n,)
            Which pictures, 0 to ``len(self) - 1``.
        device : torch.device or str, optional
            Where to render. What is random is drawn on the CPU; every pixel is computed on the device. On a CPU the
            pictures are the same bit for bit in any batch, elsewhere up to rounding.

        Returns
        -------
        pictures : ndarray of uint8, shape (n, size, size, 3); with ``device`` a Tensor on it
        labels : ndarray of int64, shape (n,); with ``device`` a Tensor on it
        """
        index = np.asarray(index, dtype=np.int64)
        if len(index) and not (index.min() >= 0 and index.max() < len(self)):
            raise ParameterError(f"Expected pictures 0 to {len(self) - 1}, found {index.min()} to {index.max()}.")
        labels = self.labels(index)
        with torch.no_grad():
            pictures = self._rendered(labels, index // self.n_classes, torch.device(device or "cpu"))
        if device is None:
            return pictures.numpy(), labels
        return pictures, torch.from_numpy(labels).to(device)

    def _rendered(self, labels: np.ndarray, numbers: np.ndarray, device: torch.device) -> Tensor:
        """Figures family by family, painted together, in the order asked for."""
        n, chunk = len(labels), max(1, CHUNK // self.size**2) if device.type == "cpu" else max(1, len(labels))
        pictures = torch.empty((n, self.size, self.size, 3), dtype=torch.uint8, device=device)
        masks, shades = torch.empty((2, n, self.size, self.size), device=device)
        families = self._families(labels)
        for kind, (rows, first) in families.items():
            count, classes = self._counts[kind], labels[rows] - first
            keys = picture_keys(self.seed, kind, classes, numbers[rows])
            drawn = _sent(FAMILIES[kind].draw(classes, keys, count, self.seed), device)
            where = torch.from_numpy(rows).to(device)
            for part in _parts(len(rows), chunk):
                fields = FAMILIES[kind].fields(_part(drawn, part), self.size, count, self.seed)
                masks[where[part]], shades[where[part]] = fields
        paint = _sent(self._paint(families, labels, numbers), device)
        for part in _parts(n, chunk):
            pictures[part] = painted(masks[part], shades[part], _part(paint, part))
        return pictures

    def _families(self, labels: np.ndarray) -> dict[str, tuple[np.ndarray, int]]:
        """Which rows each family has, and the first of its labels."""
        found, first = {}, 0
        for kind, count in self._counts.items():
            rows = np.flatnonzero((labels >= first) & (labels < first + count))
            if len(rows):
                found[kind] = rows, first
            first += count
        return found

    def _paint(self, families: dict[str, tuple[np.ndarray, int]], labels: np.ndarray, numbers: np.ndarray) -> Drawn:
        """What is random about colours and grounds, drawn for all families at once."""
        n = len(labels)
        keys, hues, hued, cloudy = np.zeros(n, np.uint64), np.zeros((n, 3), np.float32), np.zeros(n), np.zeros(n)
        for kind, (rows, first) in families.items():
            classes = labels[rows] - first
            keys[rows] = picture_keys(self.seed, kind, classes, numbers[rows])
            hued[rows], cloudy[rows] = FAMILIES[kind].hued, FAMILIES[kind].cloudy
            if FAMILIES[kind].hued:
                hues[rows] = uniform(picture_keys(self.seed, f"{kind} hues", classes, -1), "hue", 3)
        return draw_paint(keys, hues, hued, cloudy)


def _parts(n: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, n, size)]


def _part(drawn: dict[str, Tensor], part: slice) -> dict[str, Tensor]:
    return {name: values[part] for name, values in drawn.items()}


def _sent(drawn: Drawn, device: torch.device) -> dict[str, Tensor]:
    return {name: torch.from_numpy(values).to(device) for name, values in drawn.items()}


def contact_sheet(pictures: RenderedPictures, rows: int = 12, columns: int = 16) -> Image.Image:
    """A sheet of pictures: a class a row, classes evenly spread, the first pictures of each.

    Parameters
    ----------
    pictures : RenderedPictures
        What to show.
    rows, columns : int
        Classes and pictures a class; fewer where there are fewer.

    Returns
    -------
    sheet : PIL.Image.Image
    """
    rows, columns = min(rows, pictures.n_classes), min(columns, pictures.per_class)
    classes = np.linspace(0, pictures.n_classes - 1, rows).round().astype(np.int64)
    index = (classes[:, None] + np.arange(columns)[None, :] * pictures.n_classes).ravel()
    batch = pictures.batch(index)[0].reshape(rows, columns, pictures.size, pictures.size, 3)
    sheet = batch.transpose(0, 2, 1, 3, 4).reshape(rows * pictures.size, columns * pictures.size, 3)
    return Image.fromarray(np.ascontiguousarray(sheet))


#: What a preview may end in.
PREVIEWS = (".png", ".jpg", ".jpeg")


def write_preview(pictures: RenderedPictures, path: str | Path) -> None:
    """Write a contact sheet as PNG or JPEG, whole or not at all."""
    place = check_file(path, "--preview", PREVIEWS)
    write_picture(place, contact_sheet(pictures), "--preview")

"""Characters of the free fonts that come with matplotlib, drawn with pens of all kinds."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from headstart.data.draws import between, chosen, uniform
from headstart.data.warping import affine, object_grid, sampled

SIDE = 48  # of one drawing in the atlas, in pixels
MARGIN = 8
FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Bold"),
    *("DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic"),
    *("cmr10", "cmss10", "cmtt10", "cmti10", "cmb10"),
)
SKELETONS = ("DejaVuSans", "DejaVuSans-Oblique", "STIXGeneral", "STIXGeneralItalic", "cmss10", "cmti10")
# digits and letters first, then pictures and signs, then further alphabets, arrows and operators
RANGES = (
    *((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A), (0x3B1, 0x3C9), (0x391, 0x3A9), (0x410, 0x44F), (0x2600, 0x26A0)),
    *((0x2701, 0x27BE), (0x23, 0x26), (0x3F, 0x40), (0xA1, 0xBF), (0xC6, 0xC6), (0xDE, 0xDF), (0xF0, 0xF0)),
    *((0x531, 0x556), (0x561, 0x587), (0x5D0, 0x5EA), (0x10D0, 0x10F0), (0x25A0, 0x25CF), (0x2190, 0x21BB)),
    *((0x2200, 0x22FF), (0x21, 0x22), (0x27, 0x2F), (0x3A, 0x3E), (0x5B, 0x60), (0x7B, 0x7E)),
)
ALIKE = 0.93  # overlap above which two characters count as one


@lru_cache(maxsize=32)
def _font(name: str) -> ImageFont.FreeTypeFont:
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"), 64)


@lru_cache(maxsize=32)
def _covered(name: str) -> frozenset[int]:
    """Code points that a font has; of the old TeX fonts only what stands where ASCII has it."""
    import matplotlib
    from matplotlib.ft2font import FT2Font

    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"
    points = frozenset(FT2Font(str(file)).get_charmap())
    alphanumeric = frozenset(code for code in range(128) if chr(code).isalnum())
    return points & alphanumeric if name.startswith("cm") else points


def drawn(character: str, font: str) -> np.ndarray | None:
    """A character cut to its ink and fitted to the atlas square, uint8 (SIDE, SIDE); None for an empty one."""
    canvas = Image.new("L", (160, 160))
    ImageDraw.Draw(canvas).text((48, 40), character, fill=255, font=_font(font))
    box = canvas.getbbox()
    if box is None:
        return None
    inner = SIDE - 2 * MARGIN
    width, height = box[2] - box[0], box[3] - box[1]
    factor = inner / max(width, height)
    fitted = (max(2, round(width * factor)), max(2, round(height * factor)))
    square = Image.new("L", (SIDE, SIDE))
    ink = canvas.crop(box).resize(fitted, Image.Resampling.BOX if factor < 1 else Image.Resampling.BILINEAR)
    square.paste(ink, ((SIDE - fitted[0]) // 2, (SIDE - fitted[1]) // 2))
    return np.asarray(square)


@lru_cache(maxsize=1)
def characters() -> tuple[str, ...]:
    """Every character that can be a class: those of `RANGES` that DejaVu Sans has, without doubles.

    A character whose drawing overlaps with an earlier one's (cut to its ink, so O and o are the same) by more
    than `ALIKE` (intersection over union) is left out.
    """
    kept: list[str] = []
    drawings = np.zeros((0, SIDE * SIDE), dtype=np.float32)
    covered = _covered("DejaVuSans")
    for low, high in RANGES:
        for code in range(low, high + 1):
            ink = drawn(chr(code), "DejaVuSans") if code in covered else None
            if ink is None:
                continue
            flat = (ink.reshape(1, -1) > 127).astype(np.float32)
            shared = drawings @ flat[0]
            union = drawings.sum(1) + flat.sum() - shared
            if not (shared > ALIKE * union).any():
                kept.append(chr(code))
                drawings = np.concatenate([drawings, flat])
    return tuple(kept)


def thinned(ink: np.ndarray) -> np.ndarray:
    """Skeletons of drawings, one pixel wide (Zhang and Suen 1984).

    Parameters
    ----------
    ink : ndarray of bool, shape (n, h, w)
        The drawings, with a margin of at least one empty pixel.

    Returns
    -------
    skeletons : ndarray of bool, shape (n, h, w)

    Examples
    --------
    >>> bar = np.zeros((1, 9, 15), dtype=bool)
    >>> bar[:, 2:7, 2:13] = True
    >>> int(thinned(bar).sum(axis=1).max())
    1
    """
    ink = ink.copy()
    changed = True
    while changed:
        changed = False
        for first in (True, False):
            around = [np.roll(ink, shift, axis=(1, 2)) for shift in _RING]
            count = np.sum(around, axis=0)
            steps = np.sum([~a & b for a, b in zip(around, around[1:] + around[:1], strict=True)], axis=0)
            north, east, south, west = around[0::2]
            corner = ~(north & east & south) & ~(east & south & west)
            if not first:
                corner = ~(north & east & west) & ~(north & south & west)
            removed = ink & (count >= 2) & (count <= 6) & (steps == 1) & corner
            if removed.any():
                ink &= ~removed
                changed = True
    return ink


_RING = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))  # north, then clockwise


@lru_cache(maxsize=2048)
def _fields(character: str) -> tuple[np.ndarray, np.ndarray]:
    """Distances to the edge (inside positive) in all fonts, and minus the distance to the skeleton; float32."""
    fonts = [name for name in FONTS if ord(character) in _covered(name)]
    inks = {name: ink > 127 for name in fonts if (ink := drawn(character, name)) is not None and ink.max() > 127}
    edges = [distance_transform_edt(ink) - distance_transform_edt(~ink) for ink in inks.values()]
    bones = thinned(np.stack([ink for name, ink in inks.items() if name in SKELETONS]))
    lines = [-distance_transform_edt(~bone) for bone in bones]
    return np.stack(edges).astype(np.float32), np.stack(lines).astype(np.float32)


def glyph_masks(classes: np.ndarray, keys: np.ndarray, size: int) -> Tensor:
    """Ink of characters: a font, a pen (solid, skeleton with a round pen, outline), a turn, a distortion.

    Parameters
    ----------
    classes : ndarray of int, shape (n,)
        Index into `characters()`.
    keys : ndarray of uint64, shape (n,)
        Keys of the pictures.
    size : int
        Side of the pictures in pixels.

    Returns
    -------
    masks : Tensor, shape (n, size, size)
        Ink, 0 to 1.
    """
    names = characters()
    pen = chosen(keys, "pen", (0.4, 0.45, 0.15))  # solid, skeleton, outline
    which = uniform(keys, "font")[:, 0]
    distances = np.empty((len(classes), 1, SIDE, SIDE), dtype=np.float32)
    for i, label in enumerate(classes):
        edges, lines = _fields(names[label])
        stack = lines if pen[i] == 1 else edges
        distances[i, 0] = stack[int(which[i] * len(stack))]
    matrices = affine(keys, turn=15, scale=(0.6, 1.35), shear=0.3, shift=0.05)
    grid = object_grid(keys, size, matrices, elastic=0.16)
    field = sampled(torch.from_numpy(distances), grid)[:, 0]
    width = uniform(keys, "width")[:, 0]
    lift = np.select([pen == 0, pen == 1], [2.2 * width - 0.8, 0.8 + 2.6 * width], 0.6 + 1.0 * width)
    outline = torch.from_numpy(pen == 2)[:, None, None]
    field = torch.where(outline, -field.abs(), field) + torch.from_numpy(lift.astype(np.float32))[:, None, None]
    soft = between(keys, "soft", 0.3, 0.8)[:, :, None]
    return torch.sigmoid(field / torch.from_numpy(soft))

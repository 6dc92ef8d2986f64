"""Characters of the free fonts that come with matplotlib, drawn with pens of all kinds."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from headstart.errors import MissingExtra
from headstart.pretraining.formula.atlas import on_device
from headstart.pretraining.formula.draws import Drawn, between, chosen, uniform
from headstart.pretraining.formula.warping import affine, object_grid, sampled, step, warps

SIDE = 48  # of one drawing in the atlas, in pixels
MARGIN = 8
STEPS = 8  # of a pixel, in which distances are kept
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
    return ImageFont.truetype(str(_file(name)), 64)


def _file(name: str) -> Path:
    try:
        from matplotlib import get_data_path
    except ImportError as error:
        raise MissingExtra("matplotlib", "formula", "Drawing the characters of its fonts") from error
    return Path(get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"


@lru_cache(maxsize=32)
def _covered(name: str) -> frozenset[int]:
    """Code points that a font has; of the old TeX fonts only what stands where ASCII has it."""
    file = _file(name)
    from matplotlib.ft2font import FT2Font

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
    """Distances to the edge (inside positive) in all fonts, and minus the distance to the skeleton.

    In 1/STEPS pixels, int8: beyond 16 pixels a distance counts as 16.
    """
    fonts = [name for name in FONTS if ord(character) in _covered(name)]
    inks = {name: ink > 127 for name in fonts if (ink := drawn(character, name)) is not None and ink.max() > 127}
    edges = [distance_transform_edt(ink) - distance_transform_edt(~ink) for ink in inks.values()]
    bones = thinned(np.stack([ink for name, ink in inks.items() if name in SKELETONS]))
    lines = [-distance_transform_edt(~bone) for bone in bones]
    solid, thin = (np.clip(np.stack(d) * STEPS, -127, 127).round().astype(np.int8) for d in (edges, lines))
    return solid, thin


@lru_cache(maxsize=2)
def _drawings(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances of the first characters in all fonts, in 1/STEPS pixels, int8 (m, SIDE, SIDE); where they stand.

    The second array (count + 1, 2) says from which row on the drawings of a character lie, solid ones and skeletons.
    """
    stacks = [stack for character in characters()[:count] for stack in _fields(character)]
    ends = np.cumsum([0, *(len(stack) for stack in stacks), 0])
    return np.concatenate(stacks), ends.reshape(count + 1, 2)


def _atlas(count: int, seed: int) -> np.ndarray:
    """The drawings for `on_device`; the same for every seed."""
    return _drawings(count)[0]


def draw_glyphs(classes: np.ndarray, keys: np.ndarray, n_classes: int, seed: int) -> Drawn:
    """What a picture's glyph is: a font, a pen (solid, skeleton with a round pen, outline), a turn, a distortion."""
    pen = chosen(keys, "pen", (0.4, 0.45, 0.15))  # solid, skeleton, outline
    first = _drawings(n_classes)[1]
    solid, lines, end = first[classes, 0], first[classes, 1], first[classes + 1, 0]
    start, stop = np.where(pen == 1, lines, solid), np.where(pen == 1, end, lines)
    which = uniform(keys, "font")[:, 0].astype(np.float64)
    width = uniform(keys, "width")[:, 0]
    lift = np.select([pen == 0, pen == 1], [2.2 * width - 0.8, 0.8 + 2.6 * width], 0.6 + 1.0 * width)
    matrices = affine(keys, turn=15, scale=(0.6, 1.35), shear=0.3, shift=0.05)
    return {
        "drawing": start + (which * (stop - start)).astype(np.int64),
        "warp": warps(keys, matrices, elastic=0.16),
        "lift": lift.astype(np.float32),
        "outline": (pen == 2).astype(np.float32),
        "hard": (1 / between(keys, "soft", 0.3, 0.8)[:, 0]).astype(np.float32),
    }


def glyph_fields(drawn: dict[str, Tensor], size: int, n_classes: int, seed: int) -> tuple[Tensor, Tensor]:
    """Ink of characters.

    ``masks`` are ink; ``shades`` are zeros, a glyph has one colour; the seed changes nothing. Parameters as of
    `headstart.pretraining.formula.rendered.Family`.
    """
    lift, outline, hard = (drawn[name][:, None, None] for name in ("lift", "outline", "hard"))
    atlas = on_device(_atlas, n_classes, 0, lift.device)
    fields = atlas[drawn["drawing"]].float().mul_(1 / STEPS)
    field = sampled(fields[:, None], object_grid(drawn["warp"], size))[:, 0]
    field -= outline * (field + field.abs())
    masks = step(field.add_(lift).mul_(hard))
    return masks, torch.zeros_like(masks)

"""Edges, colours and a thumbnail of pictures: what can be measured without a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from headstart.data.base.simple import SimpleFeatures
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.math.signals.hog import colour_histogram, hog, thumbnail

SIDE = 64


def describe_pictures(canvases: Sequence[np.ndarray], preprocessing: Preprocessing) -> np.ndarray:
    """Edges (1764 columns), colours (64) and a thumbnail (432) of each picture, shape (n, 2260), float32."""
    small = np.empty((len(canvases), SIDE, SIDE, 3), dtype=np.uint8)
    for i, canvas in enumerate(canvases):
        small[i] = np.asarray(Image.fromarray(canvas).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return np.concatenate([hog(small), colour_histogram(small), thumbnail(small)], axis=1)


def measure_picture(canvas: np.ndarray, preprocessing: Preprocessing) -> tuple[float, ...]:
    """Brightness and contrast from 0 to 1, colourfulness, and sharpness: the mean step between neighbouring pixels."""
    x = np.asarray(canvas, dtype=np.float64) / np.iinfo(canvas.dtype).max
    grey = x.mean(axis=2) if x.ndim == 3 else x
    colour = float(x.std(axis=2).mean()) if x.ndim == 3 and x.shape[2] > 1 else 0.0
    steps = [float(np.abs(np.diff(grey, axis=axis)).mean()) if grey.shape[axis] > 1 else 0.0 for axis in (0, 1)]
    return float(grey.mean()), float(grey.std()), colour, sum(steps) / 2


SIMPLE = SimpleFeatures(
    name="edges and colours",
    words="a linear model on edges, colours and pixels, no network",
    called="simple picture features",
    blocks={"edges": 1764, "colours": 64, "thumbnail": 432},
    choices={
        "edges": ("edges",),
        "pixels": ("colours", "thumbnail"),
        "edges and pixels": ("edges", "colours", "thumbnail"),
    },
    by_column=False,
    preprocessing=Preprocessing((SIDE, SIDE), None, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    describe=describe_pictures,
    measures=("brightness", "contrast", "colour", "sharpness"),
    measure=measure_picture,
)

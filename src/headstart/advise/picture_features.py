"""Edge directions, colours and thumbnails of pictures."""

from __future__ import annotations

import numpy as np
from PIL import Image

from headstart.data.canvases import canvases
from headstart.data.pictures import Pictures
from headstart.data.preprocessing import Preprocessing
from headstart.math.hog import colour_histogram, hog, thumbnail

SIDE = 64
SMALL = Preprocessing((SIDE, SIDE), None, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def describe_pictures(pictures: Pictures, preprocessing: Preprocessing) -> np.ndarray:
    """Edges (1764 columns), colours (64) and a thumbnail (432) of each picture, shape (n, 2260), float32."""
    small = np.empty((len(pictures), SIDE, SIDE, 3), dtype=np.uint8)
    for i, canvas in enumerate(canvases(pictures, preprocessing)):
        small[i] = np.asarray(Image.fromarray(canvas).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return np.concatenate([hog(small), colour_histogram(small), thumbnail(small)], axis=1)

"""Edge directions, colours and thumbnails of pictures, computed once a picture."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from PIL import Image

from headstart.data.canvases import canvases
from headstart.data.pictures import Pictures
from headstart.data.preprocessing import Preprocessing
from headstart.data.progress import Progress
from headstart.math.hog import colour_histogram, hog, thumbnail

SIDE = 64
SMALL = Preprocessing((SIDE, SIDE), None, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
_CHUNK = 256
_LIMIT = 256 * 2**20
_kept: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()
_lock = threading.Lock()


def picture_features(
    pictures: Pictures, preprocessing: Preprocessing | None = None, progress: Progress | None = None
) -> dict[str, np.ndarray]:
    """Describe pictures without any learned network.

    Parameters
    ----------
    pictures : Pictures
        n pictures.
    preprocessing : Preprocessing, optional
        Of a network whose resized pictures are shared, so that nothing is decoded twice. Default: 64 x 64 pixels.
    progress : callable, optional
        ``progress(what, done, total)``.

    Returns
    -------
    dict of str to array of float32
        ``edges`` (n, 1764), ``colours`` (n, 64) and ``thumbnail`` (n, 432).

    Examples
    --------
    >>> found = picture_features(Pictures([np.zeros((30, 40, 3), dtype=np.uint8)]))
    >>> {name: values.shape for name, values in found.items()}
    {'edges': (1, 1764), 'colours': (1, 64), 'thumbnail': (1, 432)}
    """
    chosen = preprocessing or SMALL
    keys = [(pictures.digest(i), chosen.key()) for i in range(len(pictures))]
    with _lock:
        rows = {key: _kept[key] for key in set(keys) if key in _kept}
    missing = [i for i, key in enumerate(keys) if key not in rows]
    for start in range(0, len(missing), _CHUNK):
        part = missing[start : start + _CHUNK]
        for i, row in zip(part, _describe(pictures[np.array(part)], chosen), strict=True):
            rows[keys[i]] = row
        if progress is not None:
            progress("simple picture features", min(start + _CHUNK, len(missing)), len(missing))
    _keep({keys[i]: rows[keys[i]] for i in missing})
    table = np.stack([rows[key] for key in keys]) if keys else np.zeros((0, 1764 + 64 + 432), dtype=np.float32)
    return {"edges": table[:, :1764], "colours": table[:, 1764:1828], "thumbnail": table[:, 1828:]}


def _describe(pictures: Pictures, preprocessing: Preprocessing) -> np.ndarray:
    small = np.empty((len(pictures), SIDE, SIDE, 3), dtype=np.uint8)
    for i, canvas in enumerate(canvases(pictures, preprocessing)):
        small[i] = np.asarray(Image.fromarray(canvas).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return np.concatenate([hog(small), colour_histogram(small), thumbnail(small)], axis=1)


def _keep(rows: dict[tuple[str, str], np.ndarray]) -> None:
    with _lock:
        _kept.update(rows)
        while _kept and len(_kept) * next(iter(_kept.values())).nbytes > _LIMIT:
            _kept.popitem(last=False)

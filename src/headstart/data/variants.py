"""What training sees of a picture or clip: a random variant of it, or itself."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from headstart.data.augment import Augmentation, augmented
from headstart.data.canvases import AnyPreprocessing
from headstart.data.preprocessing import Preprocessing
from headstart.data.sound_augment import SoundAugmentation, augmented_clip

AnyAugmentation: TypeAlias = Augmentation | SoundAugmentation

#: By the kind of input.
AUGMENTATIONS: dict[str, Any] = {"image": Augmentation, "audio": SoundAugmentation}


def variant(
    canvas: np.ndarray, preprocessing: AnyPreprocessing, augmentation: AnyAugmentation | None, rng: np.random.Generator
) -> np.ndarray:
    """A canvas at the network's input size, changed at random where an augmentation is given.

    Of a clip longer than the network's window it is a window anywhere in it.

    Parameters
    ----------
    canvas : ndarray of shape (h, w, 3), uint8, or (T,), float32
        Of a picture or a clip. Not written to.
    preprocessing : Preprocessing or SoundPreprocessing
    augmentation : Augmentation, SoundAugmentation or None
        Of the same kind.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (H, W, 3), uint8, or (samples,), float32
    """
    if isinstance(preprocessing, Preprocessing):
        if augmentation is None:
            return preprocessing.centre(canvas)
        assert isinstance(augmentation, Augmentation)
        return augmented(canvas, preprocessing, augmentation, rng)
    room = len(canvas) - preprocessing.samples
    if room > 0:
        start = int(rng.integers(0, room + 1))
        canvas = canvas[start : start + preprocessing.samples]
    if augmentation is None:
        return preprocessing.centre(canvas)
    assert isinstance(augmentation, SoundAugmentation)
    return augmented_clip(canvas, preprocessing, augmentation, rng)

"""What training sees of a picture or clip: a random variant of it, or itself."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from headstart.data.clips.augment import SoundAugmentation
from headstart.data.inputs.canvases import AnyPreprocessing
from headstart.data.inputs.registry import entry_for
from headstart.data.pictures.augment import Augmentation

AnyAugmentation: TypeAlias = Augmentation | SoundAugmentation


def variant(
    canvas: np.ndarray, preprocessing: AnyPreprocessing, augmentation: AnyAugmentation | None, rng: np.random.Generator
) -> np.ndarray:
    """A canvas at the network's input size, changed at random where an augmentation is given.

    Of a clip longer than the network's window it is a window anywhere in it, of a text one of those that it is cut
    into.

    Parameters
    ----------
    canvas : ndarray of shape (h, w, 3), uint8, or (T,), float32 or int32
        Of a picture, a clip or a text. Not written to.
    preprocessing : Preprocessing, SoundPreprocessing or TextPreprocessing
    augmentation : Augmentation, SoundAugmentation or None
        Of the same kind.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (H, W, 3), uint8, (samples,), float32, or (L,), int32
    """
    canvas = preprocessing.some_piece(canvas, rng)
    if augmentation is None:
        return preprocessing.centre(canvas)
    augmented = entry_for(augmentation).augmented
    assert augmented is not None
    return augmented(canvas, preprocessing, augmentation, rng)

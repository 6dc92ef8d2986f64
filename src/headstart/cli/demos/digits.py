"""Real handwritten digits, a few of them labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.data.sets.dataset import Dataset

SIDE = 64


def digits(labels: int, seed: int) -> Dataset:
    """Scikit-learn's 1,797 digits of 8 x 8 pixels, drawn larger, with a part to learn from and a part to be tested on.

    Parameters
    ----------
    labels : int
        How many make up the part ``train``, spread over the ten digits evenly; the rest is ``test``.
    seed : int
        Which ones.

    Returns
    -------
    Dataset
        Grey pictures of 64 x 64 pixels, classes 0 to 9.
    """
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    from headstart.data.pictures.pictures import Pictures
    from headstart.data.sets.dataset import Dataset

    ink, y = load_digits(return_X_y=True)
    small = (ink.reshape(-1, 8, 8) * (255 / 16)).round().astype(np.uint8)
    large = [np.asarray(Image.fromarray(digit).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for digit in small]
    train, _ = train_test_split(np.arange(len(y)), train_size=labels, stratify=y, random_state=seed)
    parts = np.full(len(y), "test", dtype="<U5")
    parts[train] = "train"
    return Dataset(
        inputs=Pictures(large, [f"digit {number}" for number in range(len(y))]),
        y=y,
        task="classification",
        classes=tuple(range(10)),
        parts=parts,
        notes=("The digits are scikit-learn's (UCI, optical recognition of handwritten digits, test part).",),
    )

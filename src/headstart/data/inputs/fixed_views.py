"""Pictures and clips as they might have been: views of inputs, each always the same, made only when asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.base.rows import Inputs
from headstart.data.clips.augment import SoundAugmentation, augmented_canvas
from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.inputs.canvases import AnyPreprocessing
from headstart.data.inputs.variants import AnyAugmentation
from headstart.data.pictures.augment import Augmentation, augmented_picture
from headstart.data.pictures.pictures import Pictures
from headstart.errors import ParameterError


@dataclass(frozen=True, eq=False)
class View:
    """Which view of which input: the input's row, a number, and what decides how it is varied."""

    inputs: Inputs
    row: int
    number: int
    seed: int
    augmentation: AnyAugmentation
    preprocessing: AnyPreprocessing

    def key(self, digest: str) -> str:
        """Digest of the view of an input with this digest."""
        what = [digest, self.number, self.seed, repr(self.augmentation), self.preprocessing.key()]
        return hashlib.sha256(repr(what).encode()).hexdigest()[:32]

    def load(self, enough: Any) -> tuple[Any, str]:
        """The varied input, decoded, and its digest."""
        decoded, digest = self.inputs.load(self.row, enough)
        key = self.key(digest)
        return self._varied(decoded, np.random.default_rng(int(key, 16))), key

    def _varied(self, decoded: Any, rng: np.random.Generator) -> Any:
        if isinstance(self.augmentation, Augmentation):
            return augmented_picture(decoded, self.augmentation, rng)
        assert isinstance(self.preprocessing, SoundPreprocessing)
        canvas = self.preprocessing.canvas(decoded)
        return augmented_canvas(canvas, self.preprocessing, self.augmentation, rng), self.preprocessing.rate


class _Varied(Inputs):
    """Rows of views."""

    keep = False

    def __init__(self, items: Sequence[View], names: Sequence[str] | None = None) -> None:
        Inputs.__init__(self, items, [view.inputs.names[view.row] for view in items] if names is None else names)

    def load(self, i: int, enough: Any = None) -> tuple[Any, str]:
        """The view, decoded, and its digest."""
        found: tuple[Any, str] = self.items[i].load(enough)
        return found

    def decode(self, i: int, enough: Any = None) -> Any:
        """The view, decoded."""
        return self.load(i, enough)[0]

    def settle(self, preprocessing: Any) -> Any:
        """The preprocessing as it is: the inputs behind the views have decided."""
        return preprocessing

    def seen_by(self, preprocessing: Any) -> Any:
        """The views as they are."""
        return self

    def digest(self, i: int) -> str:
        """Hash of the content of the input and of what decides the view."""
        view: View = self.items[i]
        return view.key(view.inputs.digest(view.row))

    def known_digest(self, i: int) -> str | None:
        """The digest where it costs no reading of a file, else None."""
        view: View = self.items[i]
        known = view.inputs.known_digest(view.row)
        return None if known is None else view.key(known)


class VariedPictures(_Varied, Pictures):
    """Views of pictures: crops, mirror images and other light."""


class VariedClips(_Varied, Clips):
    """Views of clips: other speed, place, level and noise."""

    def seconds(self, i: int) -> float:
        """How long the clip is, about: its speed is varied too."""
        view: View = self.items[i]
        assert isinstance(view.inputs, Clips)
        return view.inputs.seconds(view.row)


def views_of(
    inputs: Inputs,
    preprocessing: AnyPreprocessing,
    augmentation: AnyAugmentation,
    numbers: Sequence[int],
    seed: int = 0,
) -> Inputs:
    """Views of every input, one after the other.

    Parameters
    ----------
    inputs : Pictures or Clips, n of them
    preprocessing : Preprocessing or SoundPreprocessing
        Of the network that will see them.
    augmentation : Augmentation or SoundAugmentation
        How far they are varied.
    numbers : sequence of int, v of them
        Which views; the same number is always the same view of the same content.
    seed : int, default=0

    Returns
    -------
    VariedPictures or VariedClips
        n v rows: the first view of all inputs, then the second.

    Raises
    ------
    ParameterError
        For inputs of another kind: texts have no views.

    Examples
    --------
    >>> clips = Clips([np.ones(800, np.float32)], sampling_rate=8000)
    >>> found = views_of(clips, SoundPreprocessing(8000, 1000), SoundAugmentation(), [1, 2])
    >>> len(found), found.digest(0) == found.digest(1), found.decode(0)[0].shape
    (2, False, (1000,))
    """
    rows = [
        View(inputs, row, number, seed, augmentation, preprocessing) for number in numbers for row in range(len(inputs))
    ]
    if isinstance(inputs, Clips) and isinstance(augmentation, SoundAugmentation):
        return VariedClips(rows)
    if isinstance(inputs, Pictures) and isinstance(augmentation, Augmentation):
        return VariedPictures(rows)
    raise ParameterError(f"Expected pictures or clips for views, found {inputs.kind.many}.", "Use views=1.")

"""Pictures and clips as they might have been: views of inputs, each always the same, made only when asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from headstart.data.base.kinds import kind_named, things
from headstart.data.base.rows import Inputs
from headstart.data.inputs.canvases import AnyPreprocessing
from headstart.data.inputs.registry import augmentation_of, entry_for, entry_of
from headstart.data.inputs.variants import AnyAugmentation
from headstart.errors import ParameterError

#: Of one input, at most.
_MOST_VIEWS = 64


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
        varied = entry_for(self.augmentation).varied
        assert varied is not None
        rng = np.random.default_rng(int(key, 16))
        return varied(decoded, self.preprocessing, self.augmentation, rng), key


class _Varied(Inputs):
    """Rows of views."""

    keep = False

    def __init__(self, items: Sequence[View], names: Sequence[str] | None = None) -> None:
        Inputs.__init__(self, items, [view.inputs.names[view.row] for view in items] if names is None else names)

    def _with(self, items: Sequence[View], names: Sequence[str]) -> Any:
        return Inputs._with(self, items, names)

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

    def lengths(self, most: int | None = None) -> list[float] | None:
        """How long the inputs are, about: their speed is varied too."""
        views = self.items[:most]
        found = [view.inputs[[view.row]].lengths() for view in views]
        return None if any(length is None for length in found) else [length[0] for length in found]


@cache
def _varied(container: type[Inputs]) -> type[Inputs]:
    """Rows of views of a kind of input."""
    return type(f"Varied{container.__name__}", (_Varied, container), {"__doc__": f"Views of {container.kind.many}."})


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
    Inputs of the same kind
        n v rows: the first view of all inputs, then the second.

    Raises
    ------
    ParameterError
        For an augmentation of another kind; texts have none.

    Examples
    --------
    >>> from headstart.data.clips.augment import SoundAugmentation
    >>> from headstart.data.clips.clips import Clips
    >>> from headstart.data.clips.preprocessing import SoundPreprocessing
    >>> clips = Clips([np.ones(800, np.float32)], sampling_rate=8000)
    >>> found = views_of(clips, SoundPreprocessing(8000, 1000), SoundAugmentation(), [1, 2])
    >>> len(found), found.digest(0) == found.digest(1), found.decode(0)[0].shape
    (2, False, (1000,))
    """
    rows = [
        View(inputs, row, number, seed, augmentation, preprocessing) for number in numbers for row in range(len(inputs))
    ]
    if type(augmentation) is not augmentation_of(inputs.kind):
        raise ParameterError(
            f"Expected an augmentation of {inputs.kind.many} for views, found {augmentation!r}.", "Use views=1."
        )
    return _varied(entry_of(inputs.kind).container)(rows)


def check_views(views: Any, train: Any, input_type: str = "image") -> int:
    """A number of views from 1 to 64; more than one of pictures and clips in front of a frozen network alone.

    Raises
    ------
    ParameterError
        For anything else.
    """
    if isinstance(views, bool) or not isinstance(views, int | np.integer) or not 1 <= views <= _MOST_VIEWS:
        raise ParameterError(f"Expected views from 1 to {_MOST_VIEWS}, found {views!r}.")
    if views > 1 and train != "head":
        raise ParameterError(
            f"Expected views=1 with train={train!r}, found {views}: views are cached in front of a frozen network.",
            "Use train='head', or augment= to vary what layers learn from.",
        )
    if views > 1 and augmentation_of(kind_named(input_type)) is None:
        raise ParameterError(f"Expected views=1 for {things(input_type)}, found {views}: they have no views.")
    return int(views)

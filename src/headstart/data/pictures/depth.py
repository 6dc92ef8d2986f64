"""Which value of a set of pictures is white, decided once from all of them, and which page of each is meant."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.base.content import digest_of
from headstart.data.base.reasons import BadPicture
from headstart.data.pictures.values import Values
from headstart.errors import ParameterError

_BITS = (8, 10, 12, 14)
_ROUNDING = 1e-3
_PLANE = re.compile(r"(axial|coronal|sagittal)(:[1-9][0-9]{0,5})?")


@dataclass(frozen=True)
class Depth:
    """How the values of deep pictures become 8-bit pixels: v becomes 255 v / white, or 255 (1 - v / white).

    Pictures of 8 bits or fewer need none. The decision is made for a whole set, is kept in a model that learned from
    the set, and holds for new pictures, so that a dark picture stays dark. Which of 0 and white is black is each file's
    own: its tags say so (PhotometricInterpretation).

    Parameters
    ----------
    whole : float, optional
        White of 16-bit and 32-bit whole numbers, above 0. None: there are none, or each by its type.
    real : float, optional
        White of floats, above 0.
    page : int or str, optional
        Which page or frame is meant of files with several, counted from 1. None takes the first. Of volumes a plane by
        the file's own orientation too, "axial", "coronal" or "sagittal", with the slice after a colon: "coronal:40".

    Examples
    --------
    >>> Depth(whole=4095).to_dict(), Depth.from_dict({"whole": 4095}) == Depth(whole=4095)
    ({'whole': 4095}, True)
    """

    whole: float | None = None
    real: float | None = None
    page: int | str | None = None

    def __post_init__(self) -> None:
        for name in ("whole", "real"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value > 0):
                raise ParameterError(f"Expected a white value above 0 in {name}, found {value!r}.")
        counted = isinstance(self.page, int) and self.page >= 1
        if self.page is not None and not (counted or _PLANE.fullmatch(str(self.page))):
            raise ParameterError(
                f"Expected a page counted from 1, found {self.page!r}.",
                'Of a volume also a plane: "axial", "coronal" or "sagittal:40".',
            )

    @property
    def frame(self) -> int:
        """The page that is meant of a file of pages or frames, from 1."""
        return self.page if isinstance(self.page, int) else 1

    @property
    def cut(self) -> tuple[str | None, int | None]:
        """The plane that is meant of a volume, None as it is stored, and the slice, None the middle one."""
        if not isinstance(self.page, str):
            return None, self.page
        plane, _, number = self.page.partition(":")
        return plane, int(number) if number else None

    def filled(self, other: Depth) -> Depth:
        """This decision, with what it leaves open from another one."""
        return Depth(
            *(own if own is not None else theirs for own, theirs in zip(_fields(self), _fields(other), strict=True))
        )

    def to_dict(self) -> dict[str, Any]:
        """What is decided, as plain JSON types."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Depth:
        """Read what :meth:`to_dict` wrote."""
        known = {field.name for field in dataclasses.fields(cls)}
        if set(settings) - known:
            raise ParameterError(f"Expected a depth of {sorted(known)}, found {settings}.")
        return cls(**settings)

    def key(self) -> str:
        """Short hash that is the same for the same decision, in every process."""
        values = [v if v is None or isinstance(v, str) else float(v) for v in _fields(self)]
        return digest_of(repr(values).encode())[:16]


@dataclass(frozen=True)
class Range:
    """Of one picture's values, what a decision needs: the largest, and what its type and tags say."""

    real: bool
    highest: float
    top: float | None = None
    hint: float | None = None

    @classmethod
    def of(cls, values: Values) -> Range | None:
        """The range of some values; None where the format itself says what is white.

        Raises
        ------
        BadPicture
            For values that cannot be a picture's.
        """
        highest = values.highest()
        return None if values.white is not None else cls(values.real, highest, values.top, values.hint)


def decided(ranges: Sequence[Range], given: Depth | None = None) -> Depth:
    """The depth of a set of pictures; files whose values are out of all range have no say.

    Whole numbers: what the tags of all files agree on, where no value is above it; else the smallest of 255, 1023,
    4095, 16383 and 65535 (32767 for signed ones) that no value is above. Floats: what the tags agree on; else 1 if no
    value is above 1, 255 if one is 2 or more; between the two nothing is certain, and nothing is decided.

    Examples
    --------
    >>> decided([Range(False, 3900.0, 65535.0), Range(False, 90.0, 65535.0)]), decided([Range(True, 0.5)])
    (Depth(whole=4095.0, real=None, page=None), Depth(whole=None, real=1.0, page=None))
    """
    given = given or Depth()
    whole = given.whole or _white([found for found in ranges if not found.real])
    return Depth(whole, given.real or _white([found for found in ranges if found.real]), given.page)


def white_of(values: Values, depth: Depth | None = None) -> float:
    """The value that stands for white: by the format, else as decided, else by the type or the values themselves.

    Raises
    ------
    BadPicture
        For values above it, NaN, negative ones, and where nothing is certain.
    """
    highest = values.highest()
    known = None if depth is None else depth.real if values.real else depth.whole
    white = values.white or known or (None if values.real or depth is not None else values.top)
    white = white or _white([Range(values.real, highest, values.top, values.hint)])
    if white is None:
        raise BadPicture(_uncertain(highest, values.real))
    if highest > white * (1 + _ROUNDING):
        raise BadPicture(
            f"it has values up to {highest:g} where {white:g} is white in the other pictures, or in those that a model "
            f"learned from; was it scaled otherwise? If not, give the white of all: "
            f"Pictures(files, depth=Depth({'real' if values.real else 'whole'}={highest:g}))"
        )
    return white


def _white(ranges: list[Range]) -> float | None:
    """White of pictures of one type, or None where it is not certain."""
    hints = {found.hint for found in ranges}
    highest = max((found.highest for found in ranges), default=0.0)
    if len(hints) == 1 and None not in hints and ranges and highest <= max(h for h in hints if h is not None):
        return hints.pop()
    most = 255.0 if ranges and ranges[0].real else 65535.0
    highest = max((found.highest for found in ranges if found.highest <= most), default=-1.0)
    if highest < 0:
        return None
    if ranges[0].real:
        return 1.0 if highest <= 1 + _ROUNDING else 255.0 if highest >= 2 else None
    top = max((found.top or most for found in ranges), default=most)
    return next((float((1 << bits) - 1) for bits in _BITS if highest < 1 << bits), top if highest <= top else most)


def _uncertain(highest: float, real: bool) -> str:
    if real and 1 < highest < 2:
        return (
            f"its values reach {highest:g}, neither 0..1 nor 0..255; clip them, or say what is white: "
            "Pictures(files, depth=Depth(real=1))"
        )
    return (
        f"expected values in {'0..1 or 0..255' if real else '0..65535'}, found {highest:g}; scale the pixels first, or "
        f"say what is white: Pictures(files, depth=Depth({'real' if real else 'whole'}={highest:g}))"
    )


def _fields(depth: Depth) -> tuple[Any, ...]:
    return depth.whole, depth.real, depth.page

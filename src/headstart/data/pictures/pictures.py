"""Pictures that are decoded only when asked for."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from headstart.data.base.content import digest_of, digest_of_file, read_bytes
from headstart.data.base.kinds import PICTURES
from headstart.data.base.reasons import BadPicture
from headstart.data.base.rows import Inputs, already
from headstart.data.base.strings import kind_of_string
from headstart.data.pictures.decode import as_array, open_rgb, rgb_from_bytes
from headstart.data.pictures.depth import Depth, white_of
from headstart.data.pictures.dicom import patient_of
from headstart.data.pictures.headers import DICOM, SetOfPictures
from headstart.data.pictures.turns import frame_of
from headstart.data.pictures.values import values_of_array, values_of_image
from headstart.errors import BadPictures, DataError

Item: TypeAlias = "str | Path | np.ndarray | Image.Image"

#: Pictures whose size is looked up.
_LOOKED_AT = 2000


class Pictures(Inputs[Item]):
    """A row of pictures: files, arrays or PIL pictures, in any mixture.

    Nothing is read until :meth:`decode` or :meth:`digest` is called. Rows can be taken with a slice, an array of
    positions or a boolean mask, so scikit-learn's splitters work on it; the pixels are shared, not copied. What is
    white in pictures deeper than 8 bits is decided once, for all items together; rows taken from them share it.

    Parameters
    ----------
    items : sequence of path, ndarray or PIL.Image.Image
        The pictures. Arrays are (H, W) or (H, W, C).
    names : sequence of str, optional
        What to call them. Default: the path, or "picture 17".
    depth : Depth, optional
        What is white, and which page is meant, as far as it is known. Default: told from all items.

    Attributes
    ----------
    names : tuple of str
    shape : tuple of int
        ``(n,)``.

    Examples
    --------
    >>> pictures = Pictures([np.zeros((4, 6), dtype=np.uint8), np.ones((5, 5, 3), dtype=np.uint8)])
    >>> pictures.names, pictures.decode(0).shape, pictures[[1]].names
    (('picture 0', 'picture 1'), (4, 6, 3), ('picture 1',))
    """

    kind = PICTURES
    bad_input = BadPicture
    bad_inputs = BadPictures

    def __init__(self, items: Sequence[Any], names: Sequence[str] | None = None, depth: Depth | None = None) -> None:
        super().__init__(items, names)
        self._set = SetOfPictures(self.items, depth)

    def _with(self, items: Sequence[Any], names: Sequence[str]) -> Any:
        chosen = super()._with(items, names)
        chosen._set = self._set
        return chosen

    @property
    def depth(self) -> Depth:
        """What is white in deep pictures and which page is meant; the first call looks at all items."""
        return self._set.seen.depth

    owned_by = "PatientID"

    def owners(self) -> list[str | None]:
        """The patient of each DICOM file; None of other pictures."""
        seen = self._set.seen
        return [_patient(item) if seen.header(item).form == DICOM else None for item in self.items]

    def is_deep(self, i: int) -> bool:
        """Whether picture ``i`` is deeper than 8 bits."""
        return self._set.seen.header(self.items[i]).deep

    def extent(self, i: int) -> tuple[float, str]:
        """Pixels of picture ``i`` by its header."""
        frame = frame_of(self.items[i])
        return (0.0, "") if frame is None else (float(frame.width * frame.height), "pixels")

    def settled_alone(self, i: int) -> bool:
        """Whether it is no deeper than 8 bits: what is white in deep ones is decided for all together."""
        return not self.is_deep(i)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of how the files' values were read, in sentences."""
        return self._set.seen.notes

    def with_depth(self, depth: Depth) -> Pictures:
        """The same pictures under a decision; what it leaves open stays decided as it is."""
        under = self._set.under(depth)
        if under is self._set:
            return self
        chosen = self._with(self.items, self.names)
        chosen._set = under
        return chosen

    def on_page(self, page: int | str) -> Pictures:
        """These pictures, of whose files one page or frame is meant, from 1, or a plane of volumes, see `Depth`."""
        return self.with_depth(dataclasses.replace(self.depth, page=page))

    def sizes(self) -> str:
        """Width and height in pixels, by the headers of the files."""
        few = self.items[:: max(1, len(self.items) // _LOOKED_AT)]
        found = [frame.stored for frame in map(frame_of, few) if frame is not None]
        if not found:
            return ""
        low, high = min(found, key=lambda s: s[0] * s[1]), max(found, key=lambda s: s[0] * s[1])
        words = f"{low[0]} x {low[1]}"
        words += " pixels" if low == high else f" to {high[0]} x {high[1]} pixels"
        return words if len(few) == len(self.items) else f"{words} (of {len(few)} looked at)"

    def settle(self, preprocessing: Any) -> Any:
        """The preprocessing with the decision on depth in it, where there is one to keep."""
        return preprocessing if self.depth == Depth() else dataclasses.replace(preprocessing, depth=self.depth)

    def seen_by(self, preprocessing: Any) -> Pictures:
        """These pictures, with the depth that a preprocessing has kept."""
        kept = getattr(preprocessing, "depth", None)
        return self if kept is None else self.with_depth(kept)

    def decode(self, i: int, min_side: int | None = None) -> np.ndarray:
        """Picture ``i`` as (H, W, 3) uint8 RGB; ``min_side`` as in :func:`headstart.data.pictures.decode.decode`."""
        return as_array(open_rgb(self.items[i], min_side, self.depth))

    def load(self, i: int, enough: int | None = None) -> tuple[Image.Image | np.ndarray, str]:
        """Decode picture ``i`` and give its digest too, reading its file once.

        Parameters
        ----------
        i : int
        enough : int, optional
            Shortest side that has to be decoded, as ``min_side`` above.

        Returns
        -------
        rgb : PIL.Image.Image or ndarray of shape (H, W, 3)
            Whichever comes without a copy.
        digest : str
        """
        item = self.items[i]
        if not isinstance(item, str | Path):
            return open_rgb(item, enough, self.depth), self.digest(i)
        content = read_bytes(item, BadPicture)
        rgb = rgb_from_bytes(content, enough, self.depth)
        return rgb, self._under_depth(item, digest_of_file(item, content))

    def digest(self, i: int) -> str:
        """Hash of the content of picture ``i``, and of the depth that it is read with where that changes its pixels.

        Raises
        ------
        BadPicture
            If the file cannot be read.
        """
        return self._under_depth(self.items[i], super().digest(i))

    def known_digest(self, i: int) -> str | None:
        """The digest of picture ``i`` where it costs no reading of a file, else None."""
        item = self.items[i]
        if not isinstance(item, str | Path):
            return self.digest(i)
        known = super().known_digest(i)
        return None if known is None else self._under_depth(item, known)

    def _under_depth(self, item: Any, digest: str) -> str:
        seen = self._set.seen
        header, depth = seen.header(item), seen.depth
        if not header.deep and depth.page is None:
            return digest
        return digest_of(digest.encode(), depth.key().encode())

    def _digest_in_memory(self, item: Any) -> str:
        pixels = item if isinstance(item, np.ndarray) else _pixels_of(item)
        pixels = np.ascontiguousarray(pixels)
        return digest_of(f"{pixels.shape} {pixels.dtype.str}".encode(), pixels.data if pixels.size else b"")


def _patient(item: Any) -> str | None:
    try:
        return patient_of(read_bytes(item, BadPicture))
    except Exception:  # decoding says what is wrong with it
        return None


def as_pictures(X: Any) -> Pictures:
    """Take pictures in any of the usual forms.

    Parameters
    ----------
    X : Pictures, path, list, ndarray or pandas.Series
        A list of paths, arrays or PIL pictures; one array (N, H, W) or (N, H, W, C) with 1 to 4 channels; a Series or
        array of paths. Floats are taken as 0..1, or as 0..255 if some value is 2 or more; of whole numbers beyond 8
        bits the smallest of 255, 1023, 4095, 16383 and 65535 that none is above is white. That is decided for the whole
        set, never for a single picture of it.

    Returns
    -------
    Pictures

    Raises
    ------
    DataError
        For NaN, negative values, values above the range, channels first, or things that are no pictures.

    Examples
    --------
    >>> as_pictures(np.zeros((10, 28, 28))).shape
    (10,)
    """
    given = already(X, Pictures)
    if given is not None:
        return given
    if isinstance(X, Image.Image | str | os.PathLike):
        X = [X]
    if isinstance(X, np.ndarray) and X.dtype != object and X.dtype.kind not in "US":
        return pictures_of_blocks([X])
    if not isinstance(X, Iterable) or isinstance(X, bytes | dict):
        raise DataError(f"Expected pictures, found {type(X).__name__}.", _FORMS)
    items = [_item(item, i) for i, item in enumerate(X)]
    return _checked(Pictures(items))


def pictures_of_blocks(blocks: Sequence[np.ndarray], names: Sequence[str] | None = None) -> Pictures:
    """Pictures of several arrays (n, H, W) or (n, H, W, C), one after the other; what is white is decided for all.

    Raises
    ------
    DataError
        As `as_pictures`.
    """
    return _checked(Pictures([item for block in blocks for item in _from_block(block)], names))


def is_pictures(X: Any) -> bool:
    """Whether ``X`` holds pictures (True) or ready-made features, one row of numbers each (False).

    Rows of inputs know it themselves.

    Examples
    --------
    >>> is_pictures(["a.jpg", "b.jpg"]), is_pictures(np.zeros((5, 28, 28))), is_pictures(np.zeros((5, 64)))
    (True, True, False)
    """
    if isinstance(X, str | os.PathLike | Image.Image):
        return _is_picture(X)
    if isinstance(X, np.ndarray) and X.dtype != object:
        if X.dtype.kind in "biuf":
            return X.ndim in (3, 4)
        return X.ndim == 1 and X.dtype.kind == "U" and (not X.size or _is_picture(str(X[0])))
    if getattr(X, "ndim", 1) != 1 or not isinstance(X, Iterable) or isinstance(X, bytes | dict):
        return False
    return _is_picture(next(iter(X), None))


def _is_picture(item: Any) -> bool:
    if isinstance(item, str | os.PathLike):
        return kind_of_string(item) is PICTURES
    return isinstance(item, Image.Image) or (isinstance(item, np.ndarray) and item.ndim >= 2)


_FORMS = "Give a list of paths, arrays or PIL pictures, or one array (N, H, W) or (N, H, W, C)."


def _from_block(X: np.ndarray) -> list[Item]:
    if X.dtype.kind not in "biuf":
        raise DataError(f"Expected pictures, found an array of type {X.dtype}.", _FORMS)
    if X.ndim == 4 and X.shape[3] not in (1, 2, 3, 4) and X.shape[1] in (1, 3, 4):
        raise DataError(
            f"Expected pictures as (N, H, W, C), found channels first: shape {X.shape}.",
            "Give X.transpose(0, 2, 3, 1).",
        )
    if X.ndim not in (3, 4) or (X.ndim == 4 and X.shape[3] not in (1, 2, 3, 4)):
        raise DataError(f"Expected pictures, found an array of shape {X.shape}.", _FORMS)
    if X.size == 0:
        raise DataError(f"Expected at least one picture, found an array of shape {X.shape}.")
    if X.ndim == 3 and X.shape[2] in (3, 4) and min(X.shape[:2]) > 4:
        raise DataError(f"Expected several pictures, found what looks like one, of shape {X.shape}.", "Give [picture].")
    return list(X)


def _checked(pictures: Pictures) -> Pictures:
    """Pictures whose arrays have been looked at."""
    for item in pictures.items:
        if isinstance(item, np.ndarray):
            try:
                values = values_of_array(item)
                if values is not None:
                    white_of(values, pictures.depth)
            except BadPicture as error:
                raise DataError(f"These arrays are no pictures: {error.reason}.") from error
    return pictures


def _pixels_of(image: Image.Image) -> np.ndarray:
    """What a PIL picture holds: its values where they are deep, else its RGB pixels."""
    values = values_of_image(image) if image.mode in ("I", "F") or image.mode.startswith("I;16") else None
    return as_array(open_rgb(image)) if values is None else values.array


def _item(item: Any, i: int) -> Item:
    if isinstance(item, np.str_):
        return str(item)
    if isinstance(item, os.PathLike) and not isinstance(item, Path):
        return Path(os.fsdecode(item))
    if not isinstance(item, str | Path | np.ndarray | Image.Image):
        raise DataError(f"Expected a picture at position {i}, found {type(item).__name__}.", _FORMS)
    return item

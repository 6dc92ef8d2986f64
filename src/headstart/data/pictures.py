"""Pictures that are decoded only when asked for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias, overload

import numpy as np
from PIL import Image

from headstart.data.decode import as_array, open_rgb, read_bytes, rgb_from_array, rgb_from_bytes, white_value
from headstart.data.reasons import BadPicture
from headstart.errors import DataError

Item: TypeAlias = "str | Path | np.ndarray | Image.Image"

_DIGESTS: dict[tuple[str, int, int], str] = {}


class Pictures(Sequence):
    """A row of pictures: files, arrays or PIL pictures, in any mixture.

    Nothing is read until :meth:`decode` or :meth:`digest` is called. Rows can be taken with a slice, an array of
    positions or a boolean mask, so scikit-learn's splitters work on it; the pixels are shared, not copied.

    Parameters
    ----------
    items : sequence of path, ndarray or PIL.Image.Image
        The pictures. Arrays are (H, W) or (H, W, C).
    names : sequence of str, optional
        What to call them. Default: the path, or "picture 17".

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

    def __init__(self, items: Sequence[Item], names: Sequence[str] | None = None) -> None:
        self.items: tuple[Item, ...] = tuple(items)
        self.names: tuple[str, ...] = (
            tuple(_name(item, i) for i, item in enumerate(self.items)) if names is None else tuple(names)
        )
        self._digests: dict[int, str] = {}
        if len(self.names) != len(self.items):
            raise DataError(f"Expected a name for each of {len(self.items)} pictures, found {len(self.names)} names.")

    @property
    def shape(self) -> tuple[int]:
        """Number of pictures, as a tuple."""
        return (len(self.items),)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"Pictures({len(self)})"

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> Pictures: ...

    @overload
    def __getitem__(self, index: Sequence[int] | np.ndarray) -> Pictures: ...

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, tuple) and len(index) == 2 and index[1] is Ellipsis:
            index = index[0]
        if isinstance(index, int | np.integer):
            return self.items[index]
        rows = np.arange(len(self))[index if isinstance(index, slice) else np.asarray(index, dtype=_index_type(index))]
        chosen = Pictures([self.items[i] for i in rows], [self.names[i] for i in rows])
        chosen._digests = self._digests
        return chosen

    def decode(self, i: int, min_side: int | None = None) -> np.ndarray:
        """Decode picture ``i`` to (H, W, 3) uint8 RGB; ``min_side`` as in :func:`headstart.data.decode.decode`."""
        return as_array(open_rgb(self.items[i], min_side))

    def load(self, i: int, min_side: int | None = None) -> tuple[Image.Image | np.ndarray, str]:
        """Decode picture ``i`` and give its digest too, reading its file once.

        Returns
        -------
        rgb : PIL.Image.Image or ndarray of shape (H, W, 3)
            Whichever comes without a copy.
        digest : str
        """
        item = self.items[i]
        if not isinstance(item, str | Path):
            return open_rgb(item, min_side), self.digest(i)
        content = read_bytes(item)
        return rgb_from_bytes(content, min_side), _digest_of_file(item, content)

    def digest(self, i: int) -> str:
        """Hash of the content of picture ``i``: 32 hexadecimal digits of SHA-256.

        Of a file its bytes count, of an array its values, shape and type. What has been hashed is remembered, for a
        file until its size or time of change differ.

        Raises
        ------
        BadPicture
            If the file cannot be read.
        """
        item = self.items[i]
        if isinstance(item, str | Path):
            return _digest_of_file(item)
        if id(item) not in self._digests:
            self._digests[id(item)] = _digest_in_memory(item)
        return self._digests[id(item)]

    def known_digest(self, i: int) -> str | None:
        """The digest of picture ``i`` where it costs no reading of a file, else None."""
        item = self.items[i]
        if not isinstance(item, str | Path):
            return self.digest(i)
        try:
            return _DIGESTS.get(_key_of_file(item))
        except (OSError, ValueError):
            return None


def as_pictures(X: Any) -> Pictures:
    """Take pictures in any of the usual forms.

    Parameters
    ----------
    X : Pictures, path, list, ndarray or pandas.Series
        A list of paths, arrays or PIL pictures; one array (N, H, W) or (N, H, W, C) with 1 to 4 channels; a Series or
        array of paths. Floats are taken as 0..1, or as 0..255 if some value is above 1; 16-bit whole numbers are
        divided by 257. What stands for white is decided for the whole set, never for a single picture of it.

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
    if isinstance(X, Pictures):
        return X
    if isinstance(X, Image.Image | str | os.PathLike):
        X = [X]
    if isinstance(X, np.ndarray) and X.dtype != object and X.dtype.kind not in "US":
        return Pictures(_from_block(X))
    if not isinstance(X, Iterable) or isinstance(X, bytes | dict):
        raise DataError(f"Expected pictures, found {type(X).__name__}.", _FORMS)
    items = [_item(item, i) for i, item in enumerate(X)]
    arrays = [item for item in items if isinstance(item, np.ndarray)]
    if arrays and any(array.dtype != np.uint8 for array in arrays):
        full = _white(arrays)
        items = [_scaled(item, full) if isinstance(item, np.ndarray) else item for item in items]
    return Pictures(items)


def is_pictures(X: Any) -> bool:
    """Whether ``X`` holds pictures (True) or ready-made features, one row of numbers each (False).

    Examples
    --------
    >>> is_pictures(["a.jpg", "b.jpg"]), is_pictures(np.zeros((5, 28, 28))), is_pictures(np.zeros((5, 64)))
    (True, True, False)
    """
    if isinstance(X, Pictures | Image.Image | str | os.PathLike):
        return True
    if isinstance(X, np.ndarray) and X.dtype != object:
        return X.ndim in (3, 4) if X.dtype.kind in "biuf" else X.ndim == 1 and X.dtype.kind == "U"
    if getattr(X, "ndim", 1) != 1 or not isinstance(X, Iterable) or isinstance(X, bytes | dict):
        return False
    first = next(iter(X), None)
    return isinstance(first, str | os.PathLike | Image.Image) or (isinstance(first, np.ndarray) and first.ndim >= 2)


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
    if X.dtype == np.uint8:
        return list(X)
    full = _white([X])
    return [_scaled(picture, full) for picture in X]


def _white(arrays: list[np.ndarray]) -> float:
    try:
        return white_value(arrays)
    except BadPicture as error:
        raise DataError(f"These arrays are no pictures: {error.reason}.") from error


def _scaled(array: np.ndarray, full: float) -> np.ndarray:
    try:
        return rgb_from_array(array, full)
    except BadPicture as error:
        raise DataError(f"These arrays are no pictures: {error.reason}.") from error


def _item(item: Any, i: int) -> Item:
    if isinstance(item, np.str_):
        return str(item)
    if isinstance(item, os.PathLike) and not isinstance(item, Path):
        return Path(os.fsdecode(item))
    if not isinstance(item, str | Path | np.ndarray | Image.Image):
        raise DataError(f"Expected a picture at position {i}, found {type(item).__name__}.", _FORMS)
    return item


def _name(item: Item, i: int) -> str:
    return str(item) if isinstance(item, str | Path) else f"picture {i}"


def _index_type(index: Any) -> type | None:
    return int if np.size(index) == 0 else None


def _hash(*parts: Any) -> str:
    state = hashlib.sha256()
    for part in parts:
        state.update(part)
    return state.hexdigest()[:32]


def _key_of_file(path: str | Path) -> tuple[str, int, int]:
    status = os.stat(path)
    return os.path.abspath(path), status.st_size, status.st_mtime_ns


def _digest_of_file(path: str | Path, content: bytes | None = None) -> str:
    try:
        key = _key_of_file(path)
    except (OSError, ValueError):
        return _hash(read_bytes(path))
    if key not in _DIGESTS:
        _DIGESTS[key] = _hash(read_bytes(path) if content is None else content)
    return _DIGESTS[key]


def _digest_in_memory(item: np.ndarray | Image.Image) -> str:
    pixels = item if isinstance(item, np.ndarray) else as_array(open_rgb(item))
    pixels = np.ascontiguousarray(pixels)
    return _hash(f"{pixels.shape} {pixels.dtype.str}".encode(), pixels.data if pixels.size else b"")

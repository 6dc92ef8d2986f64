"""Pictures and labels in one NumPy file, as many benchmark sets are handed round."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from headstart.data.base.files import printable
from headstart.data.base.reasons import BadInput
from headstart.data.base.unpacked import check_unpacked
from headstart.data.pictures.pictures import Pictures, pictures_of_blocks
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.labelled import labelled
from headstart.data.sets.labels import read_labels
from headstart.errors import DataError

_INPUTS = ("x", "images", "image", "pictures", "data")
_LABELS = ("y", "labels", "label", "targets", "target")
_PARTS = ("train", "val", "test")
_NAMES = ("classes", "class_names", "label_names")
_EXPECTED = "Keys are x and y, or x_train, y_train, x_test and y_test (images and labels will do for x and y)."


def read_npz(path: Path, task: str | None = None) -> Dataset:
    """Read labelled pictures from an ``.npz`` file; nothing in it is run as code.

    Keys are ``x`` (n, H, W) or (n, H, W, C) and ``y`` (n,), or the same with ``_train``, ``_val`` and ``_test`` behind
    (or ``train_`` ... before) them; ``images`` and ``labels`` will do for x and y. ``classes`` may hold the names of
    whole-number labels.

    Parameters
    ----------
    path : Path
    task : str, optional
        Default: told from the labels.

    Returns
    -------
    Dataset
        With parts where the file has them.

    Raises
    ------
    DataError
        If it is no such file, keys are missing, or pictures and labels do not go together; it names what is there.
    """
    arrays = load_arrays(path)
    found = {part: _pair(arrays, part, path) for part in ("", *_PARTS)}
    parts = {part: pair for part, pair in found.items() if pair is not None}
    if not parts:
        raise DataError(
            f"Expected pictures and labels in {_where(path)}, found the arrays {_listed(arrays)}.", _EXPECTED
        )
    if "" in parts:
        parts = {"": parts[""]}
    names = [f"{x}[{i}]" for x, _ in parts.values() for i in range(len(arrays[x]))]
    pictures = pictures_of_blocks([arrays[x] for x, _ in parts.values()], names)
    y = np.concatenate([_labels(arrays[label]) for _, label in parts.values()])
    named = _named(y, arrays, path)
    return labelled(
        pictures,
        read_labels(named, names, task, many="pictures"),
        parts=None if "" in parts else np.repeat(list(parts), [len(arrays[x]) for x, _ in parts.values()]),
        root=str(path),
        layout="arrays in a file",
    )


def read_npz_pictures(path: Path) -> Pictures:
    """All pictures of an ``.npz`` file, whether they have labels or not.

    Raises
    ------
    DataError
        If there are none.
    """
    arrays = load_arrays(path)
    keys = [key for part in ("", *_PARTS) for key in _keys(_INPUTS, part) if key in arrays]
    keys = keys or [key for key, array in arrays.items() if array.dtype.kind in "uif" and array.ndim in (3, 4)]
    if not keys:
        raise DataError(f"Expected pictures in {_where(path)}, found the arrays {_listed(arrays)}.", _EXPECTED)
    names = [f"{key}[{i}]" for key in keys for i in range(len(arrays[key]))]
    return pictures_of_blocks([arrays[key] for key in keys], names)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` file.

    Raises
    ------
    DataError
        If it cannot be read, or holds Python objects, which could run code.
    """
    try:
        check_unpacked(path)
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except BadInput as error:
        raise DataError(
            f"Expected a NumPy file in {_where(path)}, found one that is not read: {error.reason}."
        ) from error
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        TypeError,
        AttributeError,
        MemoryError,
        zipfile.BadZipFile,
    ) as error:
        if zipfile.is_zipfile(path) and "allow_pickle" in str(error):
            raise DataError(
                f"Expected arrays of numbers and text in {_where(path)}, found Python objects, which are never loaded.",
                "Save it again with plain arrays.",
            ) from error
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"Expected a NumPy file in {_where(path)}, found one that cannot be read: {reason}.") from error


def _pair(arrays: dict[str, np.ndarray], part: str, path: Path) -> tuple[str, str] | None:
    """The keys of the pictures and labels of a part."""
    x = next((key for key in _keys(_INPUTS, part) if key in arrays), None)
    y = next((key for key in _keys(_LABELS, part) if key in arrays), None)
    if x is None or y is None:
        if x is None and (y is None or part == ""):
            return None
        raise DataError(
            f"Expected pictures with labels in {_where(path)}, found {x or y!r} alone among {_listed(arrays)}.",
            _EXPECTED,
        )
    if len(arrays[x]) != len(arrays[y]):
        raise DataError(
            f"Expected as many labels as pictures in {_where(path)}, found {len(arrays[x])} in {x} and "
            f"{len(arrays[y])} in {y}."
        )
    if arrays[x].ndim not in (3, 4):
        raise DataError(
            f"Expected pictures as (n, H, W) or (n, H, W, C) in {x} of {_where(path)}, found the shape "
            f"{arrays[x].shape}.",
            "Ready-made features are for the Python interface.",
        )
    return x, y


def _keys(names: tuple[str, ...], part: str) -> list[str]:
    return [key for name in names for key in ((f"{name}_{part}", f"{part}_{name}") if part else (name,))]


def _labels(y: np.ndarray) -> np.ndarray:
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def _named(y: np.ndarray, arrays: dict[str, np.ndarray], path: Path) -> np.ndarray:
    """Labels by their names, where the file has names."""
    key = next((key for key in _NAMES if key in arrays and arrays[key].dtype.kind == "U"), None)
    if key is None or y.ndim != 1 or y.dtype.kind not in "iu":
        return y
    names = arrays[key]
    if len(y) and not (y.min() >= 0 and y.max() < len(names)):
        raise DataError(
            f"Expected labels 0 to {len(names) - 1}, one for each of the names in {key} of {_where(path)}, found "
            f"{y.min()} to {y.max()}."
        )
    return np.asarray(names[y])


def _listed(arrays: dict[str, np.ndarray]) -> str:
    return ", ".join(f"{key} {array.shape}" for key, array in arrays.items()) or "none"


def _where(path: Path) -> str:
    return printable(str(path))

"""What a model keeps of its data, as a file of arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from headstart.errors import SourceError
from headstart.guard.evidence.reference import COLUMNS, NETWORK, SIMPLE, Reference

FILE = "reference.safetensors"
_ARRAYS = ("projection", "rows", "codes", "held", "heads", "measures", "ranks")
_MARKS, _DATES = "marks", "dates"


def save_reference(reference: Reference, folder: Path) -> None:
    """Write a reference into the folder of a model."""
    arrays = {name: np.ascontiguousarray(getattr(reference, name)) for name in (*_ARRAYS, _MARKS, _DATES)}
    save_file(arrays, str(folder / FILE), metadata={"sees": reference.sees})


def load_reference(folder: Path) -> Reference | None:
    """The reference in the folder of a model; None where none was kept.

    Raises
    ------
    SourceError
        If its parts do not go together.
    """
    place = folder / FILE
    if not place.is_file():
        return None
    try:
        with safe_open(str(place), framework="numpy") as held:
            sees = (held.metadata() or {}).get("sees")
            arrays = {name: held.get_tensor(name) for name in _ARRAYS}
            later = [name for name in (_MARKS, _DATES) if name in held.keys()]  # noqa: SIM118 - it is no dict
            arrays |= {name: held.get_tensor(name) for name in later}
    except (SafetensorError, OSError) as error:
        raise _damaged(place, str(error)) from error
    m, d = len(arrays["rows"]), len(arrays["projection"])
    heads, held_out = arrays["heads"], arrays["held"]
    fits = (
        sees in (NETWORK, SIMPLE, COLUMNS)
        and all(len(arrays[name]) == m for name in ("codes", "held", "measures"))
        and arrays["rows"].ndim == arrays["projection"].ndim == 2
        and arrays["rows"].shape[1] == arrays["projection"].shape[1]
        and heads.ndim == 3
        and (not len(heads) or (heads.shape[1] == d + 1 and heads.shape[2] == held_out.shape[1]))
        and all(np.isfinite(array).all() for array in arrays.values())
        and (_MARKS not in arrays or (arrays[_MARKS].dtype == np.uint64 and arrays[_MARKS].ndim == 1))
        and (_DATES not in arrays or (arrays[_DATES].dtype == bool and arrays[_DATES].shape in ((0,), (d,))))
    )
    if not fits:
        raise _damaged(place, "arrays that do not go together")
    return Reference(str(sees), **arrays)


def _damaged(place: Path, found: str) -> SourceError:
    return SourceError(
        f"Expected the reference of a model that headstart saved in {place}, found {found}.",
        "It is damaged: copy the folder anew, or fit again.",
    )

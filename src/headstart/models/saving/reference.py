"""What a model keeps of its data, as a file of arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from headstart.errors import SourceError
from headstart.guard.evidence.reference import COLUMNS, FROZEN, NETWORK, SIMPLE, Reference, Trained

FILE = "reference.safetensors"
_ARRAYS = ("projection", "rows", "codes", "held", "heads", "measures", "ranks")
#: What models of earlier versions lack, and others where no network was trained, or where no column holds dates.
_MARKS, _DATES, _TRAINED = "marks", "dates", ("probabilities", "rows", "projection")


def save_reference(reference: Reference, folder: Path) -> None:
    """Write a reference into the folder of a model."""
    arrays = {name: np.ascontiguousarray(getattr(reference, name)) for name in (*_ARRAYS, _MARKS, _DATES)}
    if reference.trained is not None:
        arrays |= {f"trained.{name}": np.ascontiguousarray(getattr(reference.trained, name)) for name in _TRAINED}
    sees = f"{reference.sees} {reference.depth}".strip()  # one entry: two are written in any order
    save_file(arrays, str(folder / FILE), metadata={"sees": sees})


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
            sees, _, depth = (held.metadata() or {}).get("sees", "").partition(" ")
            later = {_MARKS, _DATES, *(f"trained.{name}" for name in _TRAINED)} & set(held.keys())
            arrays = {name: held.get_tensor(name) for name in (*_ARRAYS, *sorted(later))}
    except (SafetensorError, OSError) as error:
        raise _damaged(place, str(error)) from error
    m, d = len(arrays["rows"]), len(arrays["projection"])
    heads, held_out = arrays["heads"], arrays["held"]
    own = [arrays.pop(f"trained.{name}") for name in _TRAINED if f"trained.{name}" in arrays]
    fits = (
        sees in (NETWORK, FROZEN, SIMPLE, COLUMNS)
        and bool(depth) == (sees == FROZEN)
        and len(arrays["codes"]) == len(held_out) == m >= len(arrays["measures"])
        and arrays["rows"].ndim == arrays["projection"].ndim == 2
        and arrays["rows"].shape[1] == arrays["projection"].shape[1]
        and heads.ndim == 3
        and (not len(heads) or (heads.shape[1] == d + 1 and heads.shape[2] == held_out.shape[1]))
        and all(np.isfinite(array).all() for array in (*arrays.values(), *own))
        and (_MARKS not in arrays or (arrays[_MARKS].dtype == np.uint64 and arrays[_MARKS].ndim == 1))
        and (_DATES not in arrays or (arrays[_DATES].dtype == bool and arrays[_DATES].shape in ((0,), (d,))))
        and (not own or _go_together(own, held_out.shape))
    )
    if not fits:
        raise _damaged(place, "arrays that do not go together")
    return Reference(str(sees), **arrays, depth=depth, trained=Trained(*own) if own else None)


def _go_together(own: list[np.ndarray], shape: tuple[int, ...]) -> bool:
    """Whether what a trained network said goes with rows and classes of this shape."""
    if len(own) < len(_TRAINED) or any(array.ndim != 2 for array in own):
        return False
    said, rows, projection = own
    return said.shape == shape and len(rows) == len(said) and rows.shape[1] == projection.shape[1]


def _damaged(place: Path, found: str) -> SourceError:
    return SourceError(
        f"Expected the reference of a model that headstart saved in {place}, found {found}.",
        "It is damaged: copy the folder anew, or fit again.",
    )

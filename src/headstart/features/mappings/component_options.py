"""Options that the component mappings share, checked at fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.contract.options import check_number, check_option
from headstart.errors import DataError, ParameterError
from headstart.math.alignment.kernels import blocks

#: Methods with rounds make kernel matrices up to this many rows with ``landmarks="auto"``; above, Nystroem features.
EXACT_ROWS = 2000

#: So many landmarks with ``landmarks="auto"``.
ENOUGH_LANDMARKS = 800


def components_to_find(n_components: Any, most: int, default: int) -> int:
    """How many components to look for: ``default`` where None, capped at what there can be.

    Raises
    ------
    ParameterError
        If more are asked for than the rows or columns allow.

    Examples
    --------
    >>> components_to_find(None, 4, 30)
    4
    >>> components_to_find(9, 4, 30)
    Traceback (most recent call last):
    headstart.errors.ParameterError: Expected n_components of at most 4 (rows and columns allow no more), found 9. ...
    """
    if n_components is None:
        return min(default, most)
    check_number("n_components", n_components, 1, whole=True)
    if n_components > most:
        raise ParameterError(
            f"Expected n_components of at most {most} (rows and columns allow no more), found {n_components}.",
            f"Give {most} or fewer, or None for the smaller of {default} and {most}.",
        )
    return int(n_components)


def landmark_count(landmarks: Any, n_rows: int, exact_rows: int = EXACT_ROWS) -> int | None:
    """Landmarks to draw, or None for the exact kernel, which "auto" means up to ``exact_rows`` rows.

    Examples
    --------
    >>> landmark_count("auto", 500), landmark_count("auto", 10**5), landmark_count(50, 500), landmark_count(None, 9)
    (None, 800, 50, None)
    """
    if landmarks is None:
        return None
    if isinstance(landmarks, str):
        check_option("landmarks", landmarks, ("auto", None))
        return None if n_rows <= exact_rows else ENOUGH_LANDMARKS
    check_number("landmarks", landmarks, 2, whole=True)
    return int(landmarks)


def generator(random_state: Any) -> np.random.Generator:
    """A generator of its own from a seed, a `RandomState` or a `Generator`; None is 0."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31 - 1))
    return np.random.default_rng(0 if random_state is None else random_state)


def check_rows_differ(source: np.ndarray, target: np.ndarray) -> None:
    """Refuse data without any spread; looks no further than the first block of rows that differ.

    Examples
    --------
    >>> check_rows_differ(np.ones((3, 2)), np.ones((2, 2)))
    Traceback (most recent call last):
    headstart.errors.DataError: Expected rows that differ, found source and target rows that are all the same. ...
    """
    if any((rows != source[0]).any() for part in (source, target) for rows in blocks(part, part.shape[1])):
        return
    raise DataError(
        "Expected rows that differ, found source and target rows that are all the same.",
        "Check that the columns are not constant.",
    )

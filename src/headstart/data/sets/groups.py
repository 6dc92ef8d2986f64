"""Groups of rows that no split may separate."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np

from headstart.data.tables.gaps import name_in
from headstart.errors import DataError, ParameterError
from headstart.math.statistics.coincidence import dealt_in_order


def groups_by_regex(pattern: str, names: Sequence[str]) -> np.ndarray:
    """Take each row's group out of its name, as :func:`by_regex` does.

    Examples
    --------
    >>> groups_by_regex(r"patient(\\d+)", ["a/patient7_1.png", "b/patient7_2.png", "b/patient12.png"]).tolist()
    ['7', '7', '12']
    """
    return by_regex(pattern, names, "group_by")


def owners_as_groups(inputs: Any) -> np.ndarray:
    """Groups of inputs by whom their files belong to; one that does not say so is a group of its own.

    Raises
    ------
    DataError
        If no file says so.
    """
    owners = inputs.owners()
    if not any(owners):
        raise DataError(
            f"Expected a {inputs.owned_by} in the files, found none in {len(owners)}.",
            "Give a column of a table, or a regular expression over the paths.",
        )
    return np.array([f"of its own: {i}" if owner is None else owner for i, owner in enumerate(owners)], dtype=str)


def groups_of_files(group_by: str, inputs: Any) -> np.ndarray:
    """Groups of files by an expression over their names, or by whom they say that they belong to (PatientID)."""
    if group_by == inputs.owned_by:
        return owners_as_groups(inputs)
    return groups_by_regex(group_by, inputs.names)


def owners_note(inputs: Any) -> str | None:
    """A hint where fewer owners than files are named in them; None else."""
    known = [owner for owner in inputs.owners() if owner] if inputs.owned_by else []
    if len(set(known)) == len(known):
        return None
    return (
        f"{len(known)} files are of {len(set(known))} patients ({inputs.owned_by}). Keep each on one side of every "
        f"split: --group-by {inputs.owned_by}."
    )


def by_regex(pattern: str, names: Sequence[str], what: str) -> np.ndarray:
    """Take a piece out of each row's name.

    Parameters
    ----------
    pattern : str
        Regular expression that is searched for in each name; its first parenthesis is taken, or what it
        matches as a whole if it has none.
    names : sequence of str
    what : str
        The argument that it was given in, for the words of errors.

    Returns
    -------
    ndarray of shape (n,), str

    Raises
    ------
    ParameterError
        If the expression is not valid.
    DataError
        If it does not match every name.

    Examples
    --------
    >>> by_regex(r"^(\\d)_", ["0_ann.flac", "7_bob.flac"], "label").tolist()
    ['0', '7']
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise ParameterError(f"Expected a regular expression in {what}, found {pattern!r}: {error}.") from error
    matches = [expression.search(name) for name in names]
    missed = [name for name, match in zip(names, matches, strict=True) if match is None]
    if missed:
        shown = ", ".join(missed[:3]) + (", ..." if len(missed) > 3 else "")
        raise DataError(
            f"Expected {what}={pattern!r} to match every path, found {len(missed)} of {len(names)} that it does not "
            f"match: {shown}.",
            "Write an expression that finds its piece in each of them.",
        )
    return np.array([_first_group(match) for match in matches if match is not None], dtype=str)


def groups_from(values: Iterable[Hashable], names: Sequence[str]) -> np.ndarray:
    """Each row's group as a string; an error where one is missing.

    Examples
    --------
    >>> groups_from([1, 1, 2], ["a", "b", "c"]).tolist()
    ['1', '1', '2']
    """
    texts = ["" if value is None or value != value else name_in(value) for value in values]
    if len(texts) != len(names):
        raise DataError(f"Expected a group for each of {len(names)} rows, found {len(texts)}.")
    missing = [name for name, text in zip(names, texts, strict=True) if not text]
    if missing:
        raise DataError(
            f"Expected a group in every row, found {len(missing)} without one: {', '.join(missing[:3])}.",
            "Fill them in; give a row whose group is unknown a value of its own.",
        )
    return np.array(texts, dtype=str)


def merge(groups: np.ndarray | None, together: Sequence[Sequence[int]], n: int) -> np.ndarray | None:
    """Join groups so that each set of rows in ``together`` ends up in one.

    Parameters
    ----------
    groups : ndarray of shape (n,) or None
        None puts every row in a group of its own.
    together : sequence of sequences of int
        Sets of rows, such as exact duplicates.
    n : int

    Returns
    -------
    ndarray of shape (n,), str, or None
        None when there are neither groups nor sets.

    Examples
    --------
    >>> merge(np.array(["a", "b", "c"]), [[0, 2]], 3).tolist()
    ['a', 'b', 'a']
    >>> merge(None, [[1, 2]], 3).tolist()
    ['row 0', 'row 1', 'row 1']
    """
    if not len(together):
        return groups
    labels = [f"row {i}" for i in range(n)] if groups is None else [str(group) for group in groups]
    parent = {label: label for label in labels}

    def root(label: str) -> str:
        while parent[label] != label:
            parent[label] = parent[parent[label]]
            label = parent[label]
        return label

    for rows in together:
        for row in rows[1:]:
            parent[root(labels[row])] = root(labels[rows[0]])
    return np.array([root(label) for label in labels], dtype=str)


def _first_group(match: re.Match[str]) -> str:
    found = next((group for group in match.groups() if group is not None), None)
    return match.group(0) if found is None else found


def if_numbered(shared: np.ndarray) -> str:
    """What to do where groups of two sets share names that were only dealt in order; empty where they were not.

    Examples
    --------
    >>> if_numbered(np.array([f"P{i}" for i in range(7)]))
    ' If they are others that are only numbered alike, name them otherwise on one side.'
    >>> if_numbered(np.array(["anna", "otto"]))
    ''
    """
    if not dealt_in_order(np.unique(shared)):
        return ""
    return " If they are others that are only numbered alike, name them otherwise on one side."

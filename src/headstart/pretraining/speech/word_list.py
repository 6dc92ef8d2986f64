"""Common English words that differ in sound, for a network to learn to tell apart."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import numpy as np

from headstart.errors import ParameterError


@cache
def word_marks() -> dict[str, str]:
    """Every word with its mark: "digit" for zero to nine, "command" for usual words of command, else "".

    The list is headstart's own (``words.txt``): in alphabetical order, without homophones.

    Examples
    --------
    >>> marks = word_marks()
    >>> marks["seven"], marks["stop"], marks["mountain"]
    ('digit', 'command', '')
    """
    lines = files("headstart.pretraining.speech").joinpath("words.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line.strip())
    return {word: "".join(mark) for word, *mark in pairs}


def chosen_words(n: int, *, leave_out: Iterable[str] = (), seed: int = 0) -> tuple[str, ...]:
    """Some of the words, in alphabetical order.

    Digits and commands come first, since they are what small vocabularies are made of; the rest is drawn.

    Parameters
    ----------
    n : int
        How many, at least 2.
    leave_out : iterable of str
        Marks ("digit", "command") and words that are not taken: those of a set that the network is tested on, say.
    seed : int, default=0
        Decides the draw.

    Raises
    ------
    ParameterError
        If there are not so many words, or for something to leave out that is neither a mark nor a word.

    Examples
    --------
    >>> chosen_words(3, leave_out=["digit", "command"])
    ('effect', 'enormous', 'shine')
    """
    marks, without = word_marks(), set(leave_out)
    unknown = sorted(without - marks.keys() - set(marks.values()))
    if unknown:
        raise ParameterError(
            f"Expected words of headstart's list or the marks digit and command to leave out, found {unknown[0]!r}.",
            "Leave out what is in the list.",
        )
    left = [word for word, mark in marks.items() if word not in without and not (mark and mark in without)]
    if not 2 <= n <= len(left):
        raise ParameterError(f"Expected 2 to {len(left)} words, found {n}.", "Change --words.")
    order = np.random.default_rng([seed, len(marks)]).permutation(len(left))
    first = sorted(order.tolist(), key=lambda i: not marks[left[i]])
    return tuple(sorted(left[i] for i in first[:n]))

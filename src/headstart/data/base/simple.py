"""What can be measured of a kind of input without any learned network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class SimpleFeatures:
    """What can be measured of one kind of input without a network.

    Parameters
    ----------
    name : str
        Of the candidate that learns from it.
    words : str
        What that candidate is, in a phrase.
    called : str
        What findings call the features.
    blocks : dict of str to int
        Names of the blocks of features and their numbers of columns, in order.
    choices : dict of str to tuple of str
        Sets of blocks that a baseline chooses among.
    by_column : bool
        Whether columns have units of their own, so that each is scaled by itself; otherwise a block is one whole.
    preprocessing : Preprocessing, SoundPreprocessing or PlainText
        How inputs are brought to one form where there is no network whose form could be shared.
    describe : callable
        From canvases and their preprocessing to an array (n, columns).
    measures : tuple of str, default=()
        Names of what anybody can check of an input, such as its brightness.
    measure : callable, optional
        From a canvas and its preprocessing to these numbers.
    own : bool, default=False
        Whether inputs are always brought to that form, also where a network's could be shared.
    """

    name: str
    words: str
    called: str
    blocks: dict[str, int]
    choices: dict[str, tuple[str, ...]]
    by_column: bool
    preprocessing: Any
    describe: Callable[[Sequence[np.ndarray], Any], np.ndarray]
    measures: tuple[str, ...] = ()
    measure: Callable[[Any, Any], tuple[float, ...]] | None = None
    own: bool = False

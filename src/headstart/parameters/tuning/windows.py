"""Clips and texts longer than a network's window, in training: all windows are learned from, each is their mean."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from headstart.data.base.rows import Inputs
from headstart.data.inputs.canvases import AnyPreprocessing, canvases
from headstart.data.inputs.registry import entry_of
from headstart.parameters.heads.targets import Targets


def spread(inputs: Inputs, preprocessing: AnyPreprocessing) -> tuple[Inputs, np.ndarray]:
    """Windows in the place of clips, or texts, that are longer than one.

    Parameters
    ----------
    inputs : Pictures, Clips or Texts
        n of them.
    preprocessing : Preprocessing, SoundPreprocessing or TextPreprocessing

    Returns
    -------
    inputs : Pictures, Clips, Texts or Tokens
        m >= n of them; as they were where each has one window.
    owner : ndarray of int, shape (m,)
        Position of the input that each belongs to, in order.
    """
    alone = np.arange(len(inputs))
    if not preprocessing.windowed:
        return inputs, alone
    parts = [preprocessing.pieces(canvas) for canvas in canvases(inputs, preprocessing)]
    if all(len(pieces) == 1 for pieces in parts):
        return inputs, alone
    every = [piece for pieces in parts for piece in pieces]
    owner = np.repeat(alone, [len(pieces) for pieces in parts])
    windows = entry_of(inputs.kind).windows
    assert windows is not None
    return windows(every, preprocessing), owner


def windows_each(inputs: Inputs, preprocessing: AnyPreprocessing, looked_at: int = 50) -> float:
    """Mean number of windows of an input, told from the headers or texts of the first ones; 1 for pictures."""
    if not preprocessing.windowed or not len(inputs):
        return 1.0
    lengths = inputs.lengths(looked_at)
    if lengths is None:
        first = canvases(inputs[: min(len(inputs), looked_at)], preprocessing)
        return float(np.mean([len(preprocessing.pieces(canvas)) for canvas in first]))
    return float(np.mean([len(preprocessing.starts(round(length * preprocessing.rate))) for length in lengths]))


def spread_targets(targets: Targets, owner: np.ndarray) -> Targets:
    """Targets of windows: those of their clips, whose weight they share."""
    rows = targets.rows(owner)
    share = 1.0 / np.bincount(owner, minlength=len(targets))[owner]
    weight = rows.weight * share
    return Targets(
        rows.task, rows.Y, weight / max(weight.mean(), 1e-12), rows.classes, rows.shift, rows.scale, rows.flat
    )


def means(outputs: Tensor, owner: np.ndarray) -> Tensor:
    """Mean of the outputs (m, K) of each owner's windows, (n, K) in the order of the owners' positions."""
    _, place, counts = np.unique(owner, return_inverse=True, return_counts=True)
    total = torch.zeros(len(counts), *outputs.shape[1:], dtype=outputs.dtype)
    total.index_add_(0, torch.from_numpy(place), outputs)
    return total / torch.from_numpy(counts).to(outputs.dtype).unsqueeze(1)


def telling_rows(inputs: Inputs, preprocessing: AnyPreprocessing, count: int = 4) -> np.ndarray:
    """A few inputs that show whether the length of a clip matters behind a boundary: the shortest is among them.

    Returns
    -------
    ndarray of int, shape (at most ``count``,)
        The first ones, of clips whose end is marked also the shortest and the longest.
    """
    rows = np.arange(min(count, len(inputs)))
    lengths = inputs.lengths() if getattr(preprocessing, "marks_end", False) else None
    if lengths is None or len(inputs) <= count:
        return rows
    return np.unique([*rows[: count - 2], int(np.argmin(lengths)), int(np.argmax(lengths))])

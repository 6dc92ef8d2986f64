"""Clips longer than a network's window, in training: all windows are learned from, a clip is the mean of its own."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from headstart.data.canvases import AnyPreprocessing, canvases
from headstart.data.clips import Clips
from headstart.data.rows import Inputs
from headstart.data.sound_preprocessing import SoundPreprocessing
from headstart.parameters.targets import Targets


def spread(inputs: Inputs, preprocessing: AnyPreprocessing) -> tuple[Inputs, np.ndarray]:
    """Windows in the place of clips that are longer than one.

    Parameters
    ----------
    inputs : Pictures or Clips
        n of them.
    preprocessing : Preprocessing or SoundPreprocessing

    Returns
    -------
    inputs : Pictures or Clips
        m >= n of them; pictures, and clips none of which is longer than a window, as they were.
    owner : ndarray of int, shape (m,)
        Position of the input that each belongs to, in order.
    """
    alone = np.arange(len(inputs))
    if not isinstance(inputs, Clips) or not isinstance(preprocessing, SoundPreprocessing):
        return inputs, alone
    waves = canvases(inputs, preprocessing)
    if all(len(wave) <= preprocessing.samples for wave in waves):
        return inputs, alone
    parts = [
        [wave[start : start + preprocessing.samples] for start in preprocessing.starts(len(wave))] for wave in waves
    ]
    windows = Clips([part for clip in parts for part in clip], sampling_rate=preprocessing.rate)
    return windows, np.repeat(alone, [len(clip) for clip in parts])


def windows_each(inputs: Inputs, preprocessing: AnyPreprocessing, looked_at: int = 50) -> float:
    """Mean number of windows of an input, told from the headers of the first files; 1 for pictures."""
    if not isinstance(inputs, Clips) or not isinstance(preprocessing, SoundPreprocessing) or not len(inputs):
        return 1.0
    seconds = [inputs.seconds(i) for i in range(min(len(inputs), looked_at))]
    return float(np.mean([len(preprocessing.starts(round(length * preprocessing.rate))) for length in seconds]))


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

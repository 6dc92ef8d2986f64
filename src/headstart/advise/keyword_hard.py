"""Background that is taken for a word at first: found by a quick model, and learned from."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.advise.classical import BaselineClassifier
from headstart.advise.detector import BATCH
from headstart.advise.keyword_material import KeywordMaterial, with_windows
from headstart.advise.window_scores import Scorer, window_scorer
from headstart.data.background import Piece
from headstart.data.recordings import piece_of
from headstart.parameters.transfer import TransferClassifier

HOP_SECONDS = 0.2
MOST = 1500
#: Seconds of background that are searched, for each second of the budget.
_SEARCHED = 1.5
_FEWEST_SECONDS, _MOST_SECONDS = 600.0, 3600.0
#: Log-odds from which on a window of background is worth learning from.
_CLOSE = -4.0


def harder(
    material: KeywordMaterial, source: Any, *, budget: float, device: str, seed: int, progress: Any = None
) -> KeywordMaterial:
    """Add the windows of the background learned from that a quick model takes for a word, or nearly.

    Random windows of background are mostly easy; those that are hard decide how often a detector is wrong (the
    bootstrapping of Sung and Poggio 1998). The quick model is one linear head on the frozen network, or on mel cepstra
    where nothing is borrowed.

    Parameters
    ----------
    material : KeywordMaterial
    source : what `load_network` takes, or None
    budget : float
        Seconds of the whole fit: decides how much is searched.
    device, seed, progress
        As in `fit`.
    """
    data = material.dataset if material.dataset.held_out is None else material.dataset.part("train")
    quick: Any = BaselineClassifier(preprocessing=material.preprocessing, random_state=seed)
    if source is not None:
        quick = TransferClassifier(source, head="linear", device=device, random_state=seed)
    quick.fit(data.pictures, data.y, groups=data.groups)
    columns = np.flatnonzero(np.isin(quick.classes_, material.words))
    score = window_scorer(quick, material.preprocessing.rate, columns)
    seconds = float(np.clip(_SEARCHED * budget, _FEWEST_SECONDS, _MOST_SECONDS))
    order = np.random.default_rng([seed, 13]).permutation(len(material.learned.pieces))
    waves: list[np.ndarray] = []
    pieces: list[Piece] = []
    scores: list[float] = []
    done = 0.0
    for i in order.tolist():
        piece = material.learned.pieces[i]
        for wave, value in _closest(piece, material, score):
            waves.append(wave)
            pieces.append(piece)
            scores.append(value)
        done += piece.seconds
        if progress is not None:
            progress("searching background", min(round(done), round(seconds)), round(seconds))
        if done >= seconds:
            break
    best = np.argsort(scores, kind="stable")[::-1][:MOST]
    if not best.size:
        return material
    return with_windows(material, np.stack([waves[i] for i in best]), [pieces[i] for i in best])


def _closest(piece: Piece, material: KeywordMaterial, score: Scorer) -> list[tuple[np.ndarray, float]]:
    """Windows of a piece that come closest to a word, half a window apart or more."""
    samples, rate = material.preprocessing.samples, material.preprocessing.rate
    wave = piece_of(piece.sound, rate, piece.start, piece.seconds)
    if len(wave) < samples:
        wave = np.pad(wave, (0, samples - len(wave)))
    hop = max(1, round(HOP_SECONDS * rate))
    windows = np.lib.stride_tricks.sliding_window_view(wave, samples)[::hop]
    values = np.concatenate(
        [score(np.array(windows[k : k + BATCH])).max(axis=1) for k in range(0, len(windows), BATCH)]
    )
    apart, found = max(1, samples // (2 * hop)), []
    for k in np.argsort(values)[::-1].tolist():
        if values[k] < _CLOSE:
            break
        if np.isfinite(values[k]):
            found.append((np.array(windows[k]), float(values[k])))
            values[max(0, k - apart + 1) : k + apart] = -np.inf
    return found

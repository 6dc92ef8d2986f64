"""What a fitted estimator says about windows of sound as they come: nothing is kept, nothing is cached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import logsumexp

from headstart.errors import ParameterError
from headstart.guard.baselines.classical import BaselineClassifier
from headstart.math.signals.mfcc import cepstral_features
from headstart.networks.running.features import Features
from headstart.networks.running.runners import runner_for
from headstart.networks.running.runtime import layout_of
from headstart.parameters.transfer import TransferClassifier
from headstart.training.device import pick_device

Scorer = Callable[[np.ndarray], np.ndarray]
SILENT = 1e-4
#: Batches are filled up to a multiple of this: for each new shape a processor's library keeps memory.
_MULTIPLE = 4
#: Log-odds of a window without sound.
NOTHING = -20.0


def window_scorer(estimator: Any, rate: int, columns: np.ndarray, temperature: float = 1.0) -> Scorer:
    """From windows (n, samples) to the log-odds of each word (n, words).

    A window in which nothing reaches -80 dB of full scale is not computed: its log-odds are -20.

    Parameters
    ----------
    estimator : fitted TransferClassifier or BaselineClassifier
    rate : int
        Samples a second of the windows.
    columns : ndarray of int
        Which of the estimator's classes are words.
    temperature : float, default=1.0
        What its logits are divided by.

    Raises
    ------
    ParameterError
        For another estimator.
    """
    logits = _logits(estimator, rate)

    def score(windows: np.ndarray) -> np.ndarray:
        loud = np.abs(windows).max(axis=1) >= SILENT
        found = np.full((len(windows), len(columns)), NOTHING)
        if loud.any():
            found[loud] = log_odds(logits(windows[loud]) / temperature)[:, columns]
        return found

    return score


def log_odds(logits: np.ndarray) -> np.ndarray:
    """Of each class against all others, from logits (n, K).

    Examples
    --------
    >>> log_odds(np.log([[0.5, 0.25, 0.25]])).round(6).tolist()
    [[0.0, -1.098612, -1.098612]]
    """
    others = [logsumexp(np.delete(logits, k, axis=1), axis=1) for k in range(logits.shape[1])]
    return logits - np.stack(others, axis=1)


def _logits(estimator: Any, rate: int) -> Scorer:
    if isinstance(estimator, TransferClassifier) and estimator.fitted_.network is not None:
        network, device = estimator.fitted_.network, str(pick_device(estimator.device))
        run, layout = runner_for(network, device, True, None), layout_of(network.chain)

        def by_network(windows: np.ndarray) -> np.ndarray:
            n = len(windows)
            filled = np.pad(windows, ((0, -n % _MULTIPLE), (0, 0)))
            output, *others = layout.split(run(filled)[:n])
            count = len(layout.blocks)
            return estimator.fitted_.scores(Features(output, tuple(others[:count]), tuple(others[count:])))

        return by_network
    if isinstance(estimator, BaselineClassifier):

        def by_cepstra(windows: np.ndarray) -> np.ndarray:
            each = [cepstral_features(window, rate) for window in windows]
            names = ("timbre", "course")
            return estimator.logits_of({name: np.stack([row[i] for row in each]) for i, name in enumerate(names)})

        return by_cepstra
    raise ParameterError(
        f"Expected a model on a network or on mel cepstra to listen with, found {type(estimator).__name__}.",
        "Leave candidates at their default.",
    )

"""From probabilities to logits and back."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, softmax

_TINY = 1e-7


def logits(probability: np.ndarray, *, multilabel: bool) -> np.ndarray:
    """Logits that give these probabilities back (for classes up to a constant), held finite."""
    p = np.clip(np.asarray(probability, dtype=np.float64), _TINY, 1.0)
    return np.log(p) - np.log(np.clip(1.0 - p, _TINY, 1.0)) if multilabel else np.log(p)


def probabilities(values: np.ndarray, *, multilabel: bool) -> np.ndarray:
    """Probabilities of logits: softmax over classes, or one sigmoid a label."""
    return expit(values) if multilabel else softmax(values, axis=-1)

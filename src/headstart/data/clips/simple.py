"""Timbre and course of clips: what can be measured without a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headstart.data.base.simple import SimpleFeatures
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.math.signals.mfcc import cepstral_features


def describe_clips(canvases: Sequence[np.ndarray], preprocessing: SoundPreprocessing) -> np.ndarray:
    """Timbre (80 columns) and course (161) of each clip, shape (n, 241), float32."""
    return np.stack([np.concatenate(cepstral_features(wave, preprocessing.rate)) for wave in canvases])


SIMPLE = SimpleFeatures(
    name="mel cepstra",
    words="a linear model on mel cepstra (MFCC), no network",
    called="mel cepstra",
    blocks={"timbre": 80, "course": 161},
    choices={"timbre": ("timbre",), "course": ("course",), "timbre and course": ("timbre", "course")},
    by_column=True,
    preprocessing=SoundPreprocessing(),
    describe=describe_clips,
)

"""Mel cepstra of clips."""

from __future__ import annotations

import numpy as np

from headstart.data.canvases import canvases
from headstart.data.clips import Clips
from headstart.data.sound_preprocessing import SoundPreprocessing
from headstart.math.mfcc import cepstral_features

SPEECH = SoundPreprocessing()


def describe_clips(clips: Clips, preprocessing: SoundPreprocessing) -> np.ndarray:
    """Timbre (80 columns) and course (161) of each clip, shape (n, 241), float32."""
    waves = canvases(clips, preprocessing)
    return np.stack([np.concatenate(cepstral_features(wave, preprocessing.rate)) for wave in waves])

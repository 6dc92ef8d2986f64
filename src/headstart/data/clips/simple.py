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


def measure_clip(wave: np.ndarray, preprocessing: SoundPreprocessing) -> tuple[float, ...]:
    """Level in dB of full scale (no less than -100), share of the energy's brightness (mean frequency over half the
    rate), and length in seconds."""
    level = (
        20 * np.log10(max(float(np.sqrt(np.mean(np.square(wave, dtype=np.float64)))), 1e-5)) if len(wave) else -100.0
    )
    power = np.abs(np.fft.rfft(wave)) ** 2 if len(wave) else np.zeros(1)
    pitch = float(np.average(np.linspace(0, 1, len(power)), weights=power)) if power.sum() > 0 else 0.0
    return level, pitch, len(wave) / preprocessing.rate


SIMPLE = SimpleFeatures(
    name="mel cepstra",
    words="a linear model on mel cepstra (MFCC), no network",
    called="mel cepstra",
    blocks={"timbre": 80, "course": 161},
    choices={"timbre": ("timbre",), "course": ("course",), "timbre and course": ("timbre", "course")},
    by_column=True,
    preprocessing=SoundPreprocessing(),
    describe=describe_clips,
    measures=("loudness", "share of high tones", "length"),
    measure=measure_clip,
)

"""Which moments and tones of a clip a prediction listened to."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.clips.specimen import spectrogram
from headstart.models.explaining.explanation import ACTIVATIONS, OCCLUSION, Explanation
from headstart.models.explaining.mapped_head import Looked, mapped_head
from headstart.models.explaining.occlusion import effects, scores_of, windows_over

_STRETCHES = 16
_WHOLE = (0.0, 0.0, 1.0, 1.0)


def explain_clip(model: Any, clips: Clips, i: int, k: int, answer: Any) -> Explanation:
    """What of a clip speaks for an answer, over its spectrogram.

    Of linear heads on what is pooled over time and tones it is the class activation map, that of a long clip joined
    from its windows; of heads over several depths the sum of their maps. Of every other model stretches of an eighth of
    the clip are silenced in turn.

    Parameters
    ----------
    model, i, k, answer
        As `headstart.models.explaining.pictures.explain_picture`.
    clips : Clips
    """
    head = mapped_head(model)
    heard = SoundPreprocessing() if head is None else head.network.preprocessing
    wave = heard.canvas(clips.decode(i))
    windows = heard.stack(list(heard.windows(wave))) if len(wave) else None
    looked = None if head is None or windows is None else head.look(windows, k)
    if looked is None:
        return _silenced(model, wave, heard.rate, clips.names[i], k, answer)
    values, first, length = _joined(looked, heard, wave)
    shown = np.zeros(length, np.float32)
    shown[-min(first, 0) : len(wave) - min(first, 0)] = wave[:length]
    span = (first / heard.rate, (first + length) / heard.rate)
    background = spectrogram(shown, heard.rate)
    return Explanation(
        clips.names[i], answer, ACTIVATIONS, looked.score, looked.base, values, (), _WHOLE, None, background, span
    )


def _joined(looked: Looked, heard: SoundPreprocessing, wave: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Map (tones, time) of a whole clip, first sample and length of what it covers."""
    maps = looked.joined()
    first = 0 if heard.marks_end or len(wave) >= heard.samples else heard.first_sample(wave)
    length = max(len(wave), heard.samples)
    steps, tones = maps.shape[1:]
    n = max(steps, round(steps * length / heard.samples))
    total = np.zeros((n, tones))
    for start, map_ in zip(heard.starts(len(wave)), maps, strict=True):
        at = min(round(start / length * n), n - steps)
        total[at : at + steps] += map_ / len(maps)
    return (total * (n / steps)).T[::-1], first, length


def _silenced(model: Any, wave: np.ndarray, rate: int, name: str, k: int, answer: Any) -> Explanation:
    covered = windows_over(_STRETCHES)
    which = np.arange(len(wave)) * _STRETCHES // max(len(wave), 1)
    without = [np.where(part[which], np.float32(0), wave) for part in covered]
    scores = scores_of(model, Clips([wave, *without], sampling_rate=rate), k)
    values = effects(scores[0] - scores[1:], covered)[None]
    background = spectrogram(wave, rate)
    span = (0.0, len(wave) / rate)
    return Explanation(name, answer, OCCLUSION, float(scores[0]), None, values, (), _WHOLE, None, background, span)

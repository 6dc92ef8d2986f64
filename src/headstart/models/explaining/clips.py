"""Which moments and tones of a clip a prediction listened to."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.clips.specimen import spectrogram
from headstart.models.explaining.explanation import ACTIVATIONS, OCCLUSION, Explanation
from headstart.models.explaining.linear_head import LinearHead, linear_head
from headstart.models.explaining.occlusion import effects, scores_of, windows_over
from headstart.networks.seeing.activation_map import activation_maps

_STRETCHES = 16
_WHOLE = (0.0, 0.0, 1.0, 1.0)


def explain_clip(model: Any, clips: Clips, i: int, k: int, answer: Any) -> Explanation:
    """What of a clip speaks for an answer, over its spectrogram.

    Of a linear head on a pooled map of time and tones it is the class activation map, that of a long clip joined from
    its windows; of every other model stretches of an eighth of the clip are silenced in turn.

    Parameters
    ----------
    model, i, k, answer
        As `headstart.models.explaining.pictures.explain_picture`.
    clips : Clips
    """
    head = linear_head(model)
    heard = SoundPreprocessing() if head is None else head.network.preprocessing
    wave = heard.canvas(clips.decode(i))
    if head is None or not len(wave):
        return _silenced(model, wave, heard.rate, clips.names[i], k, answer)
    values, score, first, length = _joined(head, heard, wave, k)
    shown = np.zeros(length, np.float32)
    shown[-min(first, 0) : len(wave) - min(first, 0)] = wave[:length]
    base = float(head.intercept[k])
    span = (first / heard.rate, (first + length) / heard.rate)
    background = spectrogram(shown, heard.rate)
    return Explanation(
        clips.names[i], answer, ACTIVATIONS, score + base, base, values, (), _WHOLE, None, background, span
    )


def _joined(
    head: LinearHead, heard: SoundPreprocessing, wave: np.ndarray, k: int
) -> tuple[np.ndarray, float, int, int]:
    """Map (tones, time) of a whole clip, score without intercept, first sample and length of what it covers."""
    windows = heard.stack(list(heard.windows(wave)))
    found = activation_maps(head.network, windows, head.coef, np.full(len(windows), k))
    maps = found.maps
    first = 0 if heard.marks_end or len(wave) >= heard.samples else heard.first_sample(wave)
    length = max(len(wave), heard.samples)
    steps, tones = maps.shape[1:]
    n = max(steps, round(steps * length / heard.samples))
    total = np.zeros((n, tones))
    for start, map_ in zip(heard.starts(len(wave)), maps, strict=True):
        at = min(round(start / length * n), n - steps)
        total[at : at + steps] += map_ / len(maps)
    score = float((found.features @ head.coef[:, k]).mean())
    return (total * (n / steps)).T[::-1], score, first, length


def _silenced(model: Any, wave: np.ndarray, rate: int, name: str, k: int, answer: Any) -> Explanation:
    covered = windows_over(_STRETCHES)
    which = np.arange(len(wave)) * _STRETCHES // max(len(wave), 1)
    without = [np.where(part[which], np.float32(0), wave) for part in covered]
    scores = scores_of(model, Clips([wave, *without], sampling_rate=rate), k)
    values = effects(scores[0] - scores[1:], covered)[None]
    background = spectrogram(wave, rate)
    span = (0.0, len(wave) / rate)
    return Explanation(name, answer, OCCLUSION, float(scores[0]), None, values, (), _WHOLE, None, background, span)

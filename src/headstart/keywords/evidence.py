"""What a detector is worth: missed words out of fold, against false alarms in background that it has not heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.sets.splits import folds
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.journal import checkpoint_in
from headstart.guard.comparing.out_of_fold import fit_on, fold_numbers
from headstart.keywords.background import Background
from headstart.keywords.listener import HOP_SECONDS, SMOOTH, Detector
from headstart.keywords.material import KeywordClip, KeywordMaterial
from headstart.keywords.window_scores import Scorer, window_scorer
from headstart.math.statistics.comparison import wilson_interval
from headstart.math.statistics.events import PeakPicker, Tail, at_most, smoothed

MOST_CLIPS = 240
NOISE_DECIBEL = 10.0
#: Seconds of background that are listened to, for each second of the budget.
_HEARD = 6.0
_FEWEST_SECONDS = 600.0
_POINTS = 80
_RATES = (0.01, 1000.0)
_FAINT = 1e-10


@dataclass(frozen=True)
class Heard:
    """Scores of clips that the model had not seen: of their own word, as recorded and in background."""

    clips: Sequence[KeywordClip]
    plain: np.ndarray
    noisy: np.ndarray


def detector_for(material: KeywordMaterial, classes: Sequence[Any], threshold: float, false_alarms: float) -> Detector:
    """How a model with these classes listens: scores are averaged over the windows that hold a whole word."""
    columns = [list(map(str, classes)).index(word) for word in material.words]
    rate, samples = material.preprocessing.rate, material.preprocessing.samples
    hop = max(1, round(HOP_SECONDS * rate))
    length = float(np.median([clip.word.end - clip.word.start for clip in material.clips]))
    smooth = int(np.clip((samples - length) // hop, *SMOOTH))
    return Detector(material.words, tuple(columns), rate, samples, threshold, false_alarms, hop, smooth)


def cross_fitted(
    material: KeywordMaterial,
    candidate: Any,
    shared: Material,
    detector: Detector,
    temperature: float,
    *,
    budget: float,
    seed: int,
    checkpoint: Path | None = None,
    progress: Any = None,
) -> tuple[Tail, Heard]:
    """Peaks of background and scores of clips, each by a model that learned without that part and without that clip.

    There is a model for each part of the background; it has not learned from that part, nor from one fold of the
    clips, and scores both.

    Parameters
    ----------
    candidate : Candidate
        What became the model.
    shared : Material
        ``material.whole``.
    detector : Detector
        Of the finished model.
    budget : float
        Seconds of the whole fit: decides how much background is listened to.
    seed : int
    checkpoint : Path, optional
        Folder in which training in epochs goes on after a kill.
    progress : callable, optional

    Returns
    -------
    tail : Tail
        Peaks in all parts, largest first.
    heard : Heard
    """
    rng = np.random.default_rng([seed, 17])
    clips, fold = _clips_and_folds(material, rng, seed)
    plain, noisy = np.full(len(clips), -np.inf), np.full(len(clips), -np.inf)
    share = max(_FEWEST_SECONDS, _HEARD * budget) / len(material.background)
    held = [part.first(share) for part in material.background]
    told = _told(progress, sum(part.seconds for part in held))
    assert shared.groups is not None
    found: list[float] = []
    for k, part in enumerate(held):
        mine = np.flatnonzero(fold == k)
        without = np.isin(shared.groups, sorted({clips[i].group for i in mine})) | (material.part == k)
        rows = np.flatnonzero(~without)
        estimator = fit_on(candidate, shared, rows, checkpoint=checkpoint_in(checkpoint, f"part {k}"))
        known = [str(label) for label in estimator.classes_]
        words = [word for word in detector.words if word in known]
        columns = np.array([known.index(word) for word in words])
        score = window_scorer(estimator, detector.rate, columns, temperature)
        found += _peaks(part, detector, score, told)
        noise, _ = part.windows(len(mine), _longest(clips) + 2 * detector.samples, rng)
        for i, under in zip(mine.tolist(), noise, strict=True):
            if clips[i].label in words:
                column = words.index(clips[i].label)
                plain[i] = _best(clips[i], column, score, detector, None)
                noisy[i] = _best(clips[i], column, score, detector, under)
    tail = Tail(np.sort(np.array(found))[::-1], sum(part.seconds for part in held) / 3600)
    return tail, Heard(clips, plain, noisy)


def _clips_and_folds(
    material: KeywordMaterial, rng: np.random.Generator, seed: int
) -> tuple[list[KeywordClip], np.ndarray]:
    """Clips to be scored, and the fold of each: as many folds as there are parts of the background, or fewer."""
    clips = [clip for clip in material.clips if not clip.aside]
    fold = np.zeros(len(clips), int)
    groups = np.array([clip.group for clip in clips])
    if len(set(groups.tolist())) > 1:
        labels = np.array([clip.label for clip in clips])
        splits = folds(labels, "classification", groups=groups, n_splits=len(material.background), random_state=seed)
        fold = fold_numbers(splits, len(clips))
    some = np.sort(rng.permutation(len(clips))[:MOST_CLIPS])
    return [clips[i] for i in some.tolist()], fold[some]


def _told(progress: Any, seconds: float) -> Callable[[int], None]:
    """What is called with the number of windows that were listened to."""
    done = 0

    def told(windows: int) -> None:
        nonlocal done
        done += windows
        if progress is not None:
            total = max(1, round(seconds / HOP_SECONDS))
            progress("listening to background", min(done, total), total)

    return told


def _peaks(part: Background, detector: Detector, score: Scorer, told: Callable[[int], None]) -> list[float]:
    picker, found = PeakPicker(detector.apart, detector.smooth), []
    for scores in detector.scores(part.stream(), score):
        found += [peak.score for peak in picker.feed(scores)]
        told(len(scores))
    return found + [peak.score for peak in picker.finish()]


def _longest(clips: Sequence[KeywordClip]) -> int:
    return max(len(clip.word.wave) for clip in clips)


def _best(clip: KeywordClip, column: int, score: Scorer, detector: Detector, noise: np.ndarray | None) -> float:
    """The largest smoothed score of a clip's own word, where no other word's is larger."""
    wave = np.pad(clip.word.wave, detector.samples // 2)
    if noise is not None:
        under = noise[: len(wave)]
        power = max(float(np.mean(np.square(under, dtype=np.float64))), _FAINT)
        wave = wave + under * np.float32(np.sqrt(clip.word.power / power / 10 ** (NOISE_DECIBEL / 10)))
    means = smoothed(np.concatenate(list(detector.scores([wave], score))), detector.smooth)
    own = np.where(means.argmax(axis=1) == column, means[:, column], -np.inf)
    return float(own.max())


def keyword_evidence(material: KeywordMaterial, detector: Detector, tail: Tail, heard: Heard) -> dict[str, Any]:
    """Threshold, misses and false alarms, and the curve of one against the other, in plain JSON types."""
    threshold, alarms = detector.threshold, tail.alarms(detector.threshold)
    missed, missed_noisy = heard.plain < threshold, heard.noisy < threshold
    labels = np.array([clip.label for clip in heard.clips])
    per_word = [
        {
            "word": word,
            "n": int(np.sum(labels == word)),
            "missed": int(np.sum(missed[labels == word])),
            "missed_noisy": int(np.sum(missed_noisy[labels == word])),
        }
        for word in detector.words
    ]
    bound = at_most(alarms, tail.hours)
    counted = detector.false_alarms * tail.hours >= 5
    return {
        "words": list(detector.words),
        "threshold": threshold,
        "false_alarms": detector.false_alarms,
        "expected_alarms": tail.rate(threshold),
        "counted": counted,
        "alarms": alarms,
        "alarms_at_most": bound,
        "background_hours": tail.hours,
        "n_clips": len(heard.clips),
        "missed": float(missed.mean()),
        "missed_interval": list(wilson_interval(int(missed.sum()), len(missed))),
        "missed_noisy": float(missed_noisy.mean()),
        "noise_decibel": NOISE_DECIBEL,
        "per_word": per_word,
        "curve": _curve(tail, heard),
        "sentence": sentence(detector.false_alarms, tail.hours, alarms, bound, counted, float(missed.mean())),
    }


def sentence(target: float, hours: float, alarms: int, bound: float, counted: bool, missed: float) -> str:
    """What the threshold gives, and how far the background allows to say so.

    Examples
    --------
    >>> sentence(1.0, 0.2, 0, 15.0, False, 0.03)[:80]
    'At the threshold for 1 false alarm an hour, 3.0% of the words that were left out'
    """
    aim = "1 false alarm" if target == 1 else f"{target:g} false alarms"
    heard = "No false alarm" if alarms == 0 else "1 false alarm" if alarms == 1 else f"{alarms} false alarms"
    length = f"{3600 * hours:.0f} s" if hours < 1 / 30 else f"{60 * hours:.0f} minutes"
    length = length if hours < 2 else f"{hours:.1f} hours"
    words = f"At the threshold for {aim} an hour, {100 * missed:.1f}% of the words that were left out are missed. "
    words += f"{heard} in {length} of background that was left out (95% upper bound: {bound:.2g} an hour)."
    if not counted:
        words += (
            " That is too little background to count so rare alarms: the threshold extends the tail of its scores. "
            f"To count them, give {5 / target:.3g} hours or more, and a budget of {300 / target / _HEARD:.3g} minutes."
        )
    return words


def _curve(tail: Tail, heard: Heard) -> list[dict[str, Any]]:
    """Points from many false alarms to few."""
    scores = np.concatenate([tail.peaks, heard.plain[np.isfinite(heard.plain)]])
    if not len(scores):
        return []
    rate: Callable[[float], float] = tail.rate
    high = max(float(scores.max()), tail.threshold(_RATES[0]))
    points = []
    for threshold in np.linspace(float(scores.min()), high, 4 * _POINTS):
        value = rate(float(threshold))
        if _RATES[0] <= value <= _RATES[1]:
            points.append(
                {
                    "threshold": float(threshold),
                    "false_alarms": value,
                    "counted": tail.alarms(float(threshold)) >= 5,
                    "missed": float(np.mean(heard.plain < threshold)),
                    "missed_noisy": float(np.mean(heard.noisy < threshold)),
                }
            )
    step = max(1, len(points) // _POINTS)
    return points[::step]

"""Long recordings for `listen.py`: scenes of noise, music, machines, animals and speech, with or without planted words.

What is used is real where there is something real: environmental sounds (esc10), spoken digits, recorded wake words.
The rest is computed (`headstart.pretraining.speech.noises`) or spoken by espeak-ng where that is installed. The half
to learn from and the half to test on share no clip, no digit's speaker, no voice, no spoken word and no seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from headstart.errors import MissingProgram
from headstart.keywords.word_span import word_span
from headstart.pretraining.speech.espeak import Delivery, english_voices, espeak_program, speak
from headstart.pretraining.speech.noises import background_tracks
from headstart.pretraining.speech.word_list import chosen_words

RATE = 16000
WORDS = ("alexa", "computer", "jarvis", "snowboy")
HALVES = {
    "learn": {"folds": ("1-", "2-"), "speakers": ("jackson", "nicolas"), "seed": 0, "voices": slice(0, None, 2)},
    "test": {"folds": ("3-",), "speakers": ("theo", "yweweler"), "seed": 1, "voices": slice(1, None, 2)},
}
N_VOICES, WORDS_A_VOICE = 30, 40
QUIETEST = 10 ** (-60 / 20)


@dataclass
class Scenery:
    """Sounds to put scenes together from."""

    places: list[np.ndarray]
    talk: list[list[np.ndarray]]


def read(path: Path) -> np.ndarray:
    """A file at 16 kHz, one channel."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return soxr.resample(wave.mean(axis=1), rate, RATE) if rate != RATE else wave.mean(axis=1)


def scenery(data: Path, half: str) -> Scenery:
    """What the scenes of one half are made of."""
    given = HALVES[half]
    places = [read(p) for p in sorted((data / "esc10").glob("*/*.ogg")) if p.name.startswith(given["folds"])]
    talk = [
        [read(p) for p in sorted((data / "spoken_digits").glob(f"*_{speaker}_*.flac"))[::4]]
        for speaker in given["speakers"]
    ]
    talk += espeak_talk(half)
    babble = [word for voice in talk for word in voice[:30]]
    places += list(background_tracks(given["seed"], babble))
    return Scenery([place / max(np.sqrt(np.mean(place**2)), 1e-4) for place in places], talk)


def espeak_talk(half: str) -> list[list[np.ndarray]]:
    """Words of voices of one half; none where espeak-ng is not installed."""
    try:
        program = espeak_program()
    except MissingProgram:
        return []
    rng = np.random.default_rng(HALVES[half]["seed"])
    voices = english_voices(program)[HALVES[half]["voices"]]
    words = np.array([word for word in chosen_words(1000, seed=3) if word not in WORDS])
    own = rng.permutation(words[np.arange(len(words)) % 2 == HALVES[half]["seed"]])
    found = []
    for voice in rng.choice(voices, min(N_VOICES, len(voices)), replace=False).tolist():
        chosen = rng.choice(own, WORDS_A_VOICE, replace=False).tolist()
        delivery = Delivery(voice, int(rng.integers(130, 220)), int(rng.integers(20, 80)))
        found.append([word.astype(np.float32) / 32768 for word in speak(chosen, delivery, program)])
    return found


def apart(scenes: Scenery, n: int, rng: np.random.Generator) -> list[Scenery]:
    """Divided at random into n that share no place and no voice."""
    places, voices = rng.permutation(len(scenes.places)).tolist(), rng.permutation(len(scenes.talk)).tolist()
    return [Scenery([scenes.places[i] for i in places[k::n]], [scenes.talk[i] for i in voices[k::n]]) for k in range(n)]


def background(scenes: Scenery, seconds: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A recording without the words: scenes of 6 to 20 s, most with somebody talking; places, and talk, apart."""
    total = round(seconds * RATE)
    place, talk = np.zeros(total, np.float32), np.zeros(total, np.float32)
    at = 0
    while at < total:
        n = min(total - at, int(rng.uniform(6, 20) * RATE))
        level = 10 ** (rng.uniform(-55, -25) / 20)
        place[at : at + n] = level * stretch(scenes.places[int(rng.integers(len(scenes.places)))], n, rng)
        if rng.random() < 0.6:
            voice = scenes.talk[int(rng.integers(len(scenes.talk)))]
            talk[at : at + n] = 10 ** (rng.uniform(-40, -22) / 20) * talking(voice, n, rng)
        at += n
    return place, talk


def stretch(sound: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Some n samples of a sound, repeated where it is shorter."""
    start = int(rng.integers(len(sound)))
    return np.take(sound, np.arange(start, start + n), mode="wrap")


def talking(voice: Sequence[np.ndarray], n: int, rng: np.random.Generator) -> np.ndarray:
    """One voice saying words, with short and long pauses."""
    wave = np.zeros(n, np.float32)
    at = int(rng.integers(RATE // 2))
    while at < n:
        word = voice[int(rng.integers(len(voice)))]
        word = word[: n - at] / max(float(np.sqrt(np.mean(word**2))), 1e-4)
        wave[at : at + len(word)] += word
        at += len(word) + int(rng.exponential(0.25) * RATE)
    return wave


def planted(
    place: np.ndarray,
    talk: np.ndarray,
    clips: Sequence[tuple[str, np.ndarray]],
    snr: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[tuple[float, str, float]]]:
    """A recording with clips of words in it; and of each word its middle in seconds, itself, and its level in decibels.

    A word's level is that of the place under it plus so many decibels. Nobody else talks while it is said, nor 0.2 s
    before and after.
    """
    wave, quiet = place.copy(), talk.copy()
    room = len(place) // len(clips)
    said = []
    for number, (word, clip) in enumerate(clips):
        start, end = word_span(clip, RATE, 1.5)
        at = number * room + int(rng.integers(0, max(1, room - len(clip) - 2 * RATE)))
        under = max(float(np.sqrt(np.mean(place[at + start : at + end] ** 2))), QUIETEST)
        own = max(float(np.sqrt(np.mean(clip[start:end] ** 2))), 1e-5)
        level = float(rng.uniform(*snr))
        gain = under / own * 10 ** (level / 20)
        wave[at : at + len(clip)] += np.float32(gain) * clip
        quiet[at + start - RATE // 5 : at + end + RATE // 5] = 0
        said.append(((at + (start + end) / 2) / RATE, word, level))
    return np.clip(wave + quiet, -1, 1), said

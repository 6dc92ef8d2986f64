"""Make the sounds of ``headstart demo speech``: four names, each spoken once by each of thirty voices.

    python benchmarks/make_demo_speech.py src/headstart/cli/demo_speech

Spoken by espeak-ng (any version; the bundled files were made with the one that clips.json names), in rooms, through
microphones and with noise, all from one seed. Writes clips.ogg (all clips, one after the other) and clips.json (where
each begins and ends, its word and its voice). The names are none of those that ``starter:speech`` learned from.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import fftconvolve

from headstart.data.clips.changes import power, with_noise
from headstart.pretraining.speech.acoustics import band, impulse_response
from headstart.pretraining.speech.espeak import RATE, Delivery, english_voices, espeak_program, espeak_version, speak
from headstart.pretraining.speech.noises import background_tracks
from headstart.pretraining.speech.word_list import word_marks

WORDS = ("athena", "aurora", "juniper", "orion")
ACCENTS = ("en-gb", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-us-nyc")
VOICES = 30
SECONDS = 1.2
SNR = (6.0, 25.0)
NO_PEOPLE = ("Robot", "robo", "whisper", "Demonic", "croak", "klatt")
SEED = 20


def spoken(voice: str, rng: np.random.Generator) -> list[np.ndarray]:
    """Each word once, in an order, rate, pitch and length of the vocal tract that are drawn; between -1 and 1."""
    order = rng.permutation(len(WORDS))
    delivery = Delivery(voice, int(rng.integers(120, 190)), int(rng.integers(20, 80)), float(rng.uniform(0.88, 1.15)))
    sounds = speak([WORDS[k] for k in order], delivery)
    return [sounds[int(np.flatnonzero(order == k)[0])] / 32768 for k in range(len(WORDS))]


def recorded(sound: np.ndarray, tracks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A word somewhere in a clip, in a room, through a microphone, with noise."""
    samples = round(SECONDS * RATE)
    word = sound[:samples]
    clip = np.zeros((1, samples), np.float32)
    start = int(rng.integers(0, samples - len(word) + 1))
    clip[0, start : start + len(word)] = word
    response = impulse_response(rng.uniform(0.1, 0.6), rng, direct_to_reverberant=rng.uniform(4, 14))
    clip = fftconvolve(clip, response[None], axes=1)[:, : clip.shape[1]].astype(np.float32)
    track = tracks[rng.integers(len(tracks))]
    begin = int(rng.integers(0, len(track) - samples))
    noise = track[None, begin : begin + samples].astype(np.float32)
    clip = with_noise(clip, noise, np.array([rng.uniform(*SNR)]), np.array([len(word)]))
    corners = rng.uniform(60, 250), rng.uniform(4000, 7500), rng.uniform(-2, 2)
    response = band(samples, *(np.array([value]) for value in corners))
    clip = np.fft.irfft(np.fft.rfft(clip) * response, samples)[0].astype(np.float32)
    level = 10 ** (rng.uniform(-30, -18) / 20) / np.sqrt(power(clip[None])[0])
    return clip * min(level, 0.95 / np.abs(clip).max())


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    assert not set(WORDS) & set(word_marks()), "a name of the demo is a word that the starter learned from"
    rng = np.random.default_rng(SEED)
    program = espeak_program()
    variants = sorted({voice.split("+")[1] for voice in english_voices(program)})
    variants = [variant for variant in variants if not any(part in variant for part in NO_PEOPLE)]
    people = [f"{rng.choice(ACCENTS)}+{variant}" for variant in rng.permutation(variants)[:VOICES]]
    tracks = background_tracks(SEED)
    clips, rows, at = [], [], 0
    for voice in people:
        for word, sound in zip(WORDS, spoken(voice, rng), strict=True):
            clip = recorded(sound, tracks, rng)
            rows.append({"word": word, "voice": voice, "start": at, "end": at + len(clip)})
            clips.append(clip)
            at += len(clip)
    out.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(
        out / "clips.ogg", "w", RATE, 1, format="OGG", subtype="VORBIS", compression_level=0.7
    ) as file:
        for clip in clips:  # one by one: libsndfile fails on a long stretch of Vorbis at once
            file.write(clip)
    index = {"rate": RATE, "made_by": f"espeak-ng {espeak_version(program)}", "clips": rows}
    (out / "clips.json").write_text(json.dumps(index, indent=0) + "\n", encoding="utf-8")
    print(f"{len(rows)} clips, {at / RATE:.0f} s, {(out / 'clips.ogg').stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

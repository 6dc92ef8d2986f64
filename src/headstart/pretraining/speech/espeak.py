"""The speech synthesiser espeak-ng, as a program that speaks lists of words."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import soxr

from headstart.errors import DataError, MissingProgram

RATE = 16000  # of what is returned, Hz
OWN_RATE = 22050  # of espeak-ng, Hz
HEADER = 44  # bytes of a WAV file before its samples
BREAK_SECONDS = 0.8  # asked for between words
GAP_SECONDS = 0.3  # silence as long as this lies between words, never within one
DEAF = 0.02  # share of the peak below which the ends of a word are cut off
MARGIN_SECONDS = 0.015
ODD = ("fast", "announcer", "Mr serious", "RicishayMax", "RicishayMax2", "RicishayMax3")  # noises, echoes, a blank


@dataclass(frozen=True)
class Delivery:
    """How a list of words is spoken.

    Parameters
    ----------
    voice : str
        Name of a voice for ``espeak-ng -v``.
    rate : int
        Words a minute, 80 to 450.
    pitch : int
        0 to 99.
    tract : float, default=1.0
        Length of the vocal tract: the recording is stretched so many times, which divides pitch and formants by it;
        the rate is raised in turn. About 0.85 (a child) to 1.15.
    """

    voice: str
    rate: int = 175
    pitch: int = 50
    tract: float = 1.0


def espeak_program() -> str:
    """Path of espeak-ng.

    Raises
    ------
    MissingProgram
        If it is not installed.
    """
    found = shutil.which("espeak-ng")
    if found is None:
        raise MissingProgram("espeak-ng", "apt install espeak-ng", "Synthetic speech")
    return found


@cache
def espeak_version(program: str) -> str:
    """Version of the program, as "1.51"."""
    words = _run([program, "--version"]).decode(errors="replace")
    number = re.search(r"\d+(\.\d+)+", words)
    return number.group() if number else words.strip()


@cache
def english_voices(program: str) -> tuple[str, ...]:
    """Every English accent with every voice variant ("en-us+f3"), in alphabetical order."""
    accents = [language for language, _ in _table(program, "--voices") if language.startswith("en")]
    variants = [file.removeprefix("!v/") for _, file in _table(program, "--voices=variant")]
    return tuple(sorted({f"{accent}+{variant}" for accent in accents for variant in variants if variant not in ODD}))


def speak(words: Sequence[str], delivery: Delivery, program: str | None = None) -> list[np.ndarray]:
    """Words spoken one by one, all by one process, which takes under a millisecond a word.

    Parameters
    ----------
    words : sequence of n str
        Of letters alone.
    delivery : Delivery
        Voice, rate and pitch.
    program : str, optional
        Path of espeak-ng.

    Returns
    -------
    sounds : list of n ndarray of int16
        Each (samples,) at 16 kHz, without silence at its ends.

    Raises
    ------
    MissingProgram
        If espeak-ng is not installed.
    DataError
        If it fails, or speaks nothing for a word.
    """
    program = program or espeak_program()
    sounds = _spoken(program, words, delivery)
    if len(sounds) != len(words):  # a variant with long pauses within words
        sounds = [max(_spoken(program, [word], delivery), key=len, default=np.zeros(0, np.int16)) for word in words]
    silent = [word for word, sound in zip(words, sounds, strict=True) if not len(sound)]
    if silent:
        raise DataError(
            f"Expected espeak-ng to speak {silent[0]!r} with the voice {delivery.voice}, found silence.",
            "Install espeak-ng anew: apt install --reinstall espeak-ng espeak-ng-data",
        )
    return sounds


def _spoken(program: str, words: Sequence[str], delivery: Delivery) -> list[np.ndarray]:
    """What was spoken, cut at the pauses."""
    text = "".join(f'{word}<break time="{round(1000 * BREAK_SECONDS)}ms"/>' for word in words)
    rate = round(delivery.rate * delivery.tract)
    command = [program, "-m", "-z", "--stdin", "--stdout", "-v", delivery.voice, "-s", str(rate)]
    data = _run([*command, "-p", str(delivery.pitch)], f"<speak>{text}</speak>".encode())
    wave = np.frombuffer(data[HEADER : len(data) - len(data) % 2], dtype="<i2")
    return [_at_rate(wave[start:end], delivery.tract) for start, end in segments(wave)]


def segments(wave: np.ndarray) -> list[tuple[int, int]]:
    """Begin and end of what lies between long silences (steps of at most 1), in samples at espeak's own rate.

    Examples
    --------
    >>> wave = np.zeros(30000, np.int16)
    >>> wave[100:200], wave[20000:20500] = 1000, -1000
    >>> segments(wave)
    [(100, 200), (20000, 20500)]
    """
    loud = np.flatnonzero(np.abs(wave.astype(np.int32)) > 1)
    if not len(loud):
        return []
    gaps = np.flatnonzero(np.diff(loud) > GAP_SECONDS * OWN_RATE)
    starts, ends = loud[np.r_[0, gaps + 1]], loud[np.r_[gaps, len(loud) - 1]] + 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _at_rate(sound: np.ndarray, tract: float) -> np.ndarray:
    """At 16 kHz, stretched by the vocal tract, cut to what can be heard."""
    wave = soxr.resample(sound.astype(np.float32), OWN_RATE / tract, RATE, quality="MQ")
    heard = np.flatnonzero(np.abs(wave) > DEAF * np.abs(wave).max(initial=0))
    if not len(heard):
        return np.zeros(0, np.int16)
    margin = round(MARGIN_SECONDS * RATE)
    cut = wave[max(0, heard[0] - margin) : heard[-1] + 1 + margin]
    return np.clip(np.rint(cut), -32768, 32767).astype(np.int16)


def _table(program: str, option: str) -> list[tuple[str, str]]:
    """Language and file of each voice of a list; a file's name may hold blanks, other languages follow in brackets."""
    lines = _run([program, option]).decode(errors="replace").splitlines()[1:]
    rows = (re.match(r"\s*\d+\s+(\S+)\s+\S+\s+\S+\s+([^(]+)", line) for line in lines)
    return [(row[1], row[2].strip()) for row in rows if row]


def _run(command: list[str], text: bytes = b"") -> bytes:
    try:
        done = subprocess.run(command, input=text, capture_output=True, check=False, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DataError(f"Expected espeak-ng to run, found: {error}.", "Install it anew.") from error
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()
        raise DataError(f"Expected espeak-ng to speak, found: {words}.", "Install it anew, with espeak-ng-data.")
    return done.stdout

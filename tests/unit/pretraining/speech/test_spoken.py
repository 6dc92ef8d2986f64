"""Words, the synthesiser, and takes that are spoken once."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from headstart.cache_folder import cache_folder
from headstart.cli.main import exit_code
from headstart.errors import DataError, MissingProgram, ParameterError
from headstart.pretraining.speech import espeak
from headstart.pretraining.speech.espeak import (
    Delivery,
    english_voices,
    espeak_program,
    espeak_version,
    segments,
    speak,
)
from headstart.pretraining.speech.spoken import SpokenWords, spoken_bytes
from headstart.pretraining.speech.word_list import chosen_words, word_marks

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def test_the_words_are_sorted_unique_and_lower_case() -> None:
    words = list(word_marks())
    assert words == sorted(set(words)) and len(words) >= 1200
    assert all(word.isascii() and word.isalpha() and word.islower() and len(word) >= 2 for word in words)


def test_digits_and_commands_are_marked() -> None:
    marks = word_marks()
    digits = [word for word, mark in marks.items() if mark == "digit"]
    assert sorted(digits) == sorted(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    commands = {word for word, mark in marks.items() if mark == "command"}
    assert commands >= {"yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go", "backward", "forward"}
    assert set(marks.values()) == {"", "digit", "command"}


@needs_espeak
def test_no_two_words_sound_alike() -> None:
    words = list(word_marks())
    text = "\n".join(word + "." for word in words).encode()
    for accent in ("en-us", "en-gb"):
        command = [espeak_program(), "-q", "--ipa", "-v", accent, "--stdin"]
        printed = subprocess.run(command, input=text, capture_output=True, check=True).stdout.decode()
        spoken = [line.strip() for line in printed.splitlines() if line.strip()]
        assert len(spoken) == len(words)
        first: dict[str, str] = {}
        alike = [(first[s], w) for w, s in zip(words, spoken, strict=True) if first.setdefault(s, w) != w]
        assert not alike


def test_chosen_words_hold_the_marked_ones_first_and_leave_out_what_is_said() -> None:
    few, many = chosen_words(100), chosen_words(1000)
    assert len(many) == 1000 == len(set(many)) and list(many) == sorted(many) and set(few) <= set(many)
    assert {word for word, mark in word_marks().items() if mark} <= set(few)
    without = chosen_words(1000, leave_out=["digit", "mountain"])
    assert not {"zero", "nine", "mountain"} & set(without) and "stop" in without
    assert chosen_words(100, seed=1) != few


def test_too_many_words_and_unknown_ones_are_refused() -> None:
    with pytest.raises(ParameterError, match="found 99999"):
        chosen_words(99_999)
    with pytest.raises(ParameterError, match="the marks digit and command to leave out, found 'digits'"):
        chosen_words(10, leave_out=["digits"])


def test_pauses_part_words_and_short_silences_do_not() -> None:
    wave = np.zeros(40_000, np.int16)
    wave[10:3000], wave[5000:6000], wave[20_000:20_001] = 500, -500, 9
    wave[6100:6110] = 1  # as good as silent
    assert segments(wave) == [(10, 6000), (20_000, 20_001)]
    assert segments(np.zeros(100, np.int16)) == []


def test_a_missing_program_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak.shutil, "which", lambda name: None)
    with pytest.raises(MissingProgram, match=r"needs the program espeak-ng.*apt install espeak-ng"):
        speak(["yes"], Delivery("en-us"))
    with pytest.raises(MissingProgram):
        SpokenWords(("yes", "no")).speak_all()


def test_a_broken_program_is_reported(tmp_path: Path) -> None:
    broken = tmp_path / "espeak-ng"
    broken.write_text("#!/bin/sh\necho 'no data found' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(DataError, match="no data found"):
        speak(["yes"], Delivery("en-us"), str(broken))
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexit 0\n")
    silent.chmod(0o755)
    with pytest.raises(DataError, match="speak 'yes' with the voice en-us, found silence"):
        speak(["yes"], Delivery("en-us"), str(silent))


@needs_espeak
def test_words_are_spoken_one_by_one_and_differ_by_voice_rate_and_tract() -> None:
    words = ["yes", "computer", "mountain"]
    plain = speak(words, Delivery("en-us"))
    assert [sound.dtype for sound in plain] == [np.int16] * 3
    assert all(0.1 * 16000 < len(sound) < 1.2 * 16000 for sound in plain)
    assert len(plain[1]) > len(plain[0])  # three syllables against one
    alone = speak(["computer"], Delivery("en-us"))[0]
    assert abs(len(alone) - len(plain[1])) < 0.15 * len(alone)
    slow = speak(words, Delivery("en-us", rate=90))
    assert all(len(a) > 1.2 * len(b) for a, b in zip(slow, plain, strict=True))
    high = speak(words, Delivery("en-us+f3", pitch=80))
    assert not any(np.array_equal(a, b) for a, b in zip(high, plain, strict=True))
    for sound in plain:  # silence at the ends is cut off
        loud = np.flatnonzero(np.abs(sound.astype(int)) > 0.02 * np.abs(sound.astype(int)).max())
        assert loud[0] <= 0.02 * 16000 and len(sound) - loud[-1] <= 0.02 * 16000


@needs_espeak
def test_the_vocal_tract_divides_the_pitch() -> None:
    def pitch(sound: np.ndarray) -> float:
        wave = sound[len(sound) // 3 : len(sound) // 3 + 3200].astype(float)
        product = np.correlate(wave, wave, "full")[len(wave) - 1 :]
        return 16000 / (60 + int(np.argmax(product[60:300])))

    short, long = (speak(["moon"], Delivery("en-us", tract=t))[0] for t in (0.85, 1.15))
    assert pitch(short) / pitch(long) == pytest.approx(1.15 / 0.85, rel=0.12)


@needs_espeak
def test_there_are_many_english_voices() -> None:
    voices = english_voices(espeak_program())
    assert len(voices) > 300 and list(voices) == sorted(set(voices))
    assert "en-us+f3" in voices and all(voice.startswith("en-") for voice in voices)
    assert espeak_version(espeak_program())[0].isdigit()


WORDS = ("yes", "no", "mountain")


@needs_espeak
def test_takes_are_spoken_once_and_found_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    told: list[tuple[str, int, int]] = []
    first = SpokenWords(WORDS, per_word=4, held_out=1)
    first.speak_all(lambda *report: told.append(report), threads=2)
    assert told[-1] == ("speaking", 15, 15)
    assert first.n_takes == 15 and first.labels([0, 1, 2, 3, 14]).tolist() == [0, 1, 2, 0, 2]
    takes = [np.array(first.sound(i)) for i in range(15)]
    assert all(len(take) for take in takes) and isinstance(first.sound(0), np.memmap)
    monkeypatch.setattr("headstart.pretraining.speech.spoken.speak", lambda *_: pytest.fail("spoken again"))
    again = SpokenWords(WORDS, per_word=4, held_out=1)
    assert all(np.array_equal(again.sound(i), take) for i, take in enumerate(takes))
    assert [path.name for path in (tmp_path / "spoken").iterdir() if path.name.startswith(".")] == []


@needs_espeak
def test_the_same_seed_speaks_the_same_without_a_cache_and_damage_is_mended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    kept = SpokenWords(WORDS, per_word=2, held_out=0)
    takes = [np.array(kept.sound(i)) for i in range(6)]
    folder = next((tmp_path / "spoken").iterdir())
    (folder / "sounds.int16").write_bytes(b"damaged!")
    mended = SpokenWords(WORDS, per_word=2, held_out=0)
    assert all(np.array_equal(mended.sound(i), take) for i, take in enumerate(takes))
    monkeypatch.setenv("HEADSTART_CACHE", "off")
    assert cache_folder() is None
    fresh = SpokenWords(WORDS, per_word=2, held_out=0)
    assert all(np.array_equal(fresh.sound(i), take) for i, take in enumerate(takes))
    other = SpokenWords(WORDS, per_word=2, held_out=0, seed=1)
    assert not any(np.array_equal(other.sound(i), take) for i, take in enumerate(takes))


@needs_espeak
def test_old_sets_leave_the_disk_and_the_cache_command_clears_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    sizes = []
    for seed in range(4):
        SpokenWords(WORDS, per_word=1, held_out=0, seed=seed).speak_all()
        sizes.append(spoken_bytes() - sum(sizes))
    assert min(sizes) > 3 * 2 * 1600
    monkeypatch.setattr("headstart.pretraining.speech.spoken.KEPT_BYTES", sum(sizes))
    last = SpokenWords(WORDS, per_word=2, held_out=0)
    last.speak_all()
    size = spoken_bytes()
    assert size <= sum(sizes) and len(last.sound(5)) > 1600
    assert exit_code(["cache", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["spoken_bytes"] == size
    assert exit_code(["cache", "--clear"]) == 0
    assert "Spoken words beside it" in capsys.readouterr().out and spoken_bytes() == 0


@needs_espeak
def test_a_folder_that_cannot_be_written_to_does_no_harm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "file"))
    takes = SpokenWords(WORDS, per_word=1, held_out=0)
    assert all(len(takes.sound(i)) > 1600 for i in range(3))


@needs_espeak
def test_held_out_takes_have_voices_of_their_own() -> None:
    program = espeak_program()
    words = SpokenWords(chosen_words(200), per_word=12, held_out=3)
    plan = list(words.plan(program))
    everything = np.sort(np.concatenate([index for index, _ in plan]))
    assert np.array_equal(everything, np.arange(words.n_takes))
    variants: dict[bool, set[str]] = {True: set(), False: set()}
    for index, delivery in plan:
        variants[bool(index[0] < len(words))].add(delivery.voice.split("+")[1])
    assert not variants[True] & variants[False] and len(variants[True]) > 30
    assert len({delivery for _, delivery in plan}) > 100


@pytest.mark.parametrize(
    ("words", "settings", "found"),
    [
        (("yes",), {}, r"at least two different words, found \('yes',\)"),
        (("yes", "yes"), {}, "at least two different words"),
        (("yes", "no"), {"per_word": 0}, "found 0, 2 and 0"),
        (("yes", "no"), {"seed": -1}, "found 24, 2 and -1"),
    ],
)
def test_too_little_is_refused(words: tuple[str, ...], settings: dict[str, int], found: str) -> None:
    with pytest.raises(ParameterError, match=found):
        SpokenWords(words, **settings)

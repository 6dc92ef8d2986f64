"""Mel cepstra against a slow rewrite from the definition, and what they must and must not notice."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from headstart.math.signals.mel import mel_corners
from headstart.math.signals.mfcc import cepstral_features, deltas, loud_part, mel_powers, mfcc, piece_means
from headstart.nn.bodies.log_mel import LogMel


def slow_mfcc(wave: np.ndarray, rate: int, n_coefficients: int, n_mels: int) -> list[list[float]]:
    """Written out with loops: frames, a Fourier sum, triangles, logarithm, cosine sum."""
    length, hop = round(0.025 * rate), round(0.010 * rate)
    n_fft = 2 ** math.ceil(math.log2(length))

    def mel(f: float) -> float:
        return 2595 * math.log10(1 + f / 700)

    low, high = mel(20), mel(min(rate / 2, 8000))
    edges = [700 * (10 ** ((low + (high - low) * i / (n_mels + 1)) / 2595) - 1) for i in range(n_mels + 2)]
    found = []
    for start in range(0, len(wave) - length + 1, hop):
        frame = [wave[start + t] * (0.5 - 0.5 * math.cos(2 * math.pi * t / length)) for t in range(length)]
        bands = [0.0] * n_mels
        for j in range(n_fft // 2 + 1):
            angle = -2j * math.pi * j / n_fft
            power = abs(sum(value * np.exp(angle * t) for t, value in enumerate(frame))) ** 2 / length
            f = j * rate / n_fft
            for m in range(n_mels):
                left, centre, right = edges[m : m + 3]
                if left < f <= centre:
                    bands[m] += power * (f - left) / (centre - left)
                elif centre < f < right:
                    bands[m] += power * (right - f) / (right - centre)
        row = []
        for k in range(n_coefficients):
            scale = math.sqrt((1 if k == 0 else 2) / n_mels)
            total = sum(math.log(p + 1e-10) * math.cos(math.pi * k * (m + 0.5) / n_mels) for m, p in enumerate(bands))
            row.append(scale * total)
        found.append(row)
    return found


@pytest.mark.parametrize("rate", [4000, 6000])
def test_mfcc_is_what_its_definition_says(rate: int) -> None:
    wave = np.random.default_rng(0).normal(size=round(0.05 * rate)) * 0.1
    assert np.allclose(mfcc(wave, rate, 7, 10), slow_mfcc(wave, rate, 7, 10), atol=1e-8)


def test_a_tone_falls_into_the_band_of_its_frequency() -> None:
    rate, frequency = 16000, 1000
    wave = np.sin(2 * np.pi * frequency * np.arange(rate) / rate)
    band = int(mel_powers(wave, rate).mean(axis=0).argmax())
    assert band == np.abs(mel_corners(40, 20.0, 8000.0)[1:-1] - frequency).argmin()


def test_noise_has_the_power_that_the_front_end_of_the_networks_measures() -> None:
    wave = np.random.default_rng(2).normal(size=4000).astype(np.float32) * 0.1
    front = LogMel(n_mels=40, f_min=20.0, f_max=8000.0)
    theirs = front(torch.from_numpy(wave)[None])[0, 0].numpy()
    assert np.allclose(np.log(mel_powers(wave, 16000) * 400), theirs, atol=1e-3)


def test_loudness_moves_the_first_coefficient_alone() -> None:
    wave = np.random.default_rng(1).normal(size=8000)
    change = mfcc(10 * wave, 16000) - mfcc(wave, 16000)
    assert np.allclose(change[:, 0], np.sqrt(40) * np.log(100), atol=1e-6)
    assert np.abs(change[:, 1:]).max() < 1e-6


def test_deltas_are_slopes() -> None:
    t = np.arange(9.0)
    rows = np.column_stack([3 * t, t**2])
    assert np.allclose(deltas(rows)[2:-2], np.column_stack([np.full(5, 3.0), 2 * t[2:-2]]))
    assert np.allclose(deltas(np.ones((4, 2))), 0)


def test_piece_means_keep_the_mean_whatever_the_number_of_rows() -> None:
    rng = np.random.default_rng(2)
    for n, start, end in ((3, 0, 3), (50, 4, 47), (1, 0, 1), (8, 2, 5)):
        rows = rng.normal(size=(n, 4))
        pieces = piece_means(rows, start, end, 8)
        assert np.allclose(pieces.mean(axis=0), rows[start:end].mean(axis=0))
    fine = np.repeat(rows, 8, axis=0)[16:40]
    assert np.allclose(pieces, fine.reshape(8, 3, 4).mean(axis=1))


def test_silence_around_a_sound_does_not_change_its_course() -> None:
    rng = np.random.default_rng(3)
    sound = rng.normal(size=4800) * np.hanning(4800)
    quiet = rng.normal(size=16000) * 1e-4
    padded = quiet.copy()
    padded[8000:12800] += sound
    early = quiet.copy()
    early[1600:6400] += sound
    assert 45 <= loud_part(mel_powers(padded, 16000))[0] <= 60
    (_, first), (_, second) = cepstral_features(padded, 16000), cepstral_features(early, 16000)
    assert np.abs(first - second).max() < 0.1 * np.abs(first).max()


def test_a_word_is_found_in_noise_too() -> None:
    rng = np.random.default_rng(4)
    wave = rng.normal(size=24000) * 0.05
    wave[9600:14400] += rng.normal(size=4800) * 0.2
    start, end = loud_part(mel_powers(wave, 16000))
    assert 54 <= start <= 62 and 87 <= end <= 94


@pytest.mark.parametrize("n", [0, 1, 100, 400, 401])
def test_the_shortest_sounds_have_features_too(n: int) -> None:
    timbre, course = cepstral_features(np.ones(n), 16000)
    assert np.isfinite(timbre).all() and np.isfinite(course).all()

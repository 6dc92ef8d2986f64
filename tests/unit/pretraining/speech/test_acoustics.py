"""Rooms, noise and microphones against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import oaconvolve

from headstart.data.clips.changes import power
from headstart.errors import ParameterError
from headstart.pretraining.speech.acoustics import band, impulse_response
from headstart.pretraining.speech.noises import KINDS, background_tracks
from headstart.pretraining.speech.staging import Stage, Staging, sound_keys

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("rt60", [0.15, 0.3, 0.6])
def test_rooms_decay_by_60_db_in_the_reverberation_time(rt60: float) -> None:
    """Schroeder's backward integration, from 5 to 25 dB down, extrapolated to 60 dB."""
    found = []
    for seed in range(20):
        response = impulse_response(rt60, np.random.default_rng(seed), seconds=1.5 * rt60, direct_to_reverberant=-20)
        tail = response[320:].astype(np.float64)  # behind the direct sound and most first reflections
        energy = 10 * np.log10(np.cumsum(tail[::-1] ** 2)[::-1] / np.sum(tail**2))
        inside = np.flatnonzero((energy <= -5) & (energy >= -25))
        slope = np.polyfit(inside / 16000, energy[inside], 1)[0]
        found.append(-60 / slope)
    assert np.median(found) == pytest.approx(rt60, rel=0.1)


@pytest.mark.parametrize("ratio", [-3.0, 6.0, 12.0])
def test_the_direct_sound_has_its_share_of_the_energy(ratio: float) -> None:
    response = impulse_response(0.4, RNG, direct_to_reverberant=ratio).astype(np.float64)
    assert response[0] == 1.0
    assert 10 * np.log10(1 / np.sum(response[1:] ** 2)) == pytest.approx(ratio, abs=1e-4)


def test_corner_frequencies_and_tilt_of_a_channel() -> None:
    response = band(16000, np.array([100.0]), np.array([4000.0]), np.array([0.0]))[0]  # a step is 1 Hz
    assert 20 * np.log10(response[[100, 4000]]) == pytest.approx([-3.01, -3.01], abs=0.05)
    assert response[1000] == pytest.approx(1.0, abs=1e-4) and response[6000] < 0.002
    tilted = band(16000, np.array([1.0]), np.array([1e6]), np.array([-3.0]))[0]
    assert 20 * np.log10(tilted[[500, 1000, 4000]]) == pytest.approx([3.0, 0.0, -6.0], abs=1e-3)


def test_backgrounds_have_power_one_and_are_all_different() -> None:
    tracks = background_tracks(3, [RNG.standard_normal(3000) for _ in range(5)], seconds=1)
    assert tracks.shape == (sum(KINDS.values()), 16000) and np.isfinite(tracks).all()
    assert power(tracks) == pytest.approx(np.ones(len(tracks)), rel=1e-3)
    alike = np.corrcoef(tracks) - np.eye(len(tracks))
    assert np.abs(alike).max() < 0.9
    assert np.array_equal(tracks[:16], background_tracks(3, seconds=1)[:16])
    assert not np.array_equal(tracks[:16], background_tracks(4, seconds=1)[:16])


@pytest.fixture(scope="module")
def sounds() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [(rng.standard_normal(n) * 8000).astype(np.int16) for n in (3000, 9000, 20000, 0)]


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage(Staging(samples=16000, seed=2))


def test_a_sound_is_the_same_in_any_batch(stage: Stage, sounds: list[np.ndarray]) -> None:
    keys = sound_keys(0, np.arange(4), epoch=7)
    together = stage.staged(sounds, keys)
    alone = np.concatenate([stage.staged([sounds[i]], keys[i : i + 1]) for i in (3, 1, 0, 2)])[[2, 1, 3, 0]]
    assert together.dtype == np.float32 and together.shape == (4, 16000)
    assert np.abs(together - alone).max() < 1e-6
    assert np.array_equal(together, Stage(Staging(samples=16000, seed=2)).staged(sounds, keys))


def test_another_epoch_or_seed_stages_anew(stage: Stage, sounds: list[np.ndarray]) -> None:
    first = stage.staged(sounds, sound_keys(0, np.arange(4), 0))
    for keys in (sound_keys(0, np.arange(4), 1), sound_keys(1, np.arange(4), 0)):
        assert (np.abs(stage.staged(sounds, keys) - first).max(axis=1) > 0.01).all()


def test_staged_sounds_are_within_full_scale_and_at_the_level_asked_for(sounds: list[np.ndarray]) -> None:
    staged = Stage(Staging(samples=16000, level=(-20.0, -10.0), clipped=0.0, quiet=1.0)).staged(
        sounds[:2] * 16, sound_keys(0, np.arange(32), 0)
    )
    peak = 20 * np.log10(np.abs(staged).max(axis=1))
    assert peak.min() >= -20.001 and peak.max() <= -9.999 and peak.std() > 1
    clipped = Stage(Staging(samples=16000, clipped=1.0, quiet=1.0)).staged(
        sounds[:2] * 16, sound_keys(0, np.arange(32), 0)
    )
    assert np.abs(clipped).max() == 1.0 and ((np.abs(clipped) == 1.0).sum(axis=1) > 5).all()


def test_without_noise_room_channel_and_stretch_only_place_and_level_are_left(sounds: list[np.ndarray]) -> None:
    plain = Staging(samples=16000, stretch=(1.0, 1.0), quiet=1.0, dry=1.0, flat=1.0, clipped=0.0, level=(0.0, 0.0))
    staged = Stage(plain).staged(sounds[:2], sound_keys(0, np.arange(2), 0))
    for row, sound in zip(staged, sounds[:2], strict=True):
        start = int(np.flatnonzero(np.abs(row) > 0)[0] - np.flatnonzero(sound)[0])
        wave = sound / np.abs(sound.astype(float)).max()
        assert np.allclose(row[start : start + len(sound)], wave, atol=1e-4)
        assert not row[:start].any() and not row[start + len(sound) :].any()


def test_narrow_channels_leave_nothing_above_4_khz(sounds: list[np.ndarray]) -> None:
    narrow = Staging(samples=16000, narrow=1.0, flat=0.0, clipped=0.0, quiet=1.0)
    staged = Stage(narrow).staged(sounds[:2] * 8, sound_keys(0, np.arange(16), 0))
    spectrum = np.abs(np.fft.rfft(staged)) ** 2
    assert (spectrum[:, 4800:].sum(axis=1) / spectrum.sum(axis=1)).max() < 1e-3


def test_a_room_makes_a_sound_longer(sounds: list[np.ndarray]) -> None:
    settings = {"samples": 16000, "quiet": 1.0, "flat": 1.0, "clipped": 0.0, "stretch": (1.0, 1.0)}
    dry, wet = (
        Stage(Staging(dry=dry, **settings)).staged(sounds[:1] * 20, sound_keys(0, np.arange(20), 0))  # type: ignore[arg-type]
        for dry in (1.0, 0.0)
    )
    assert ((np.abs(dry) > 0).sum(axis=1) <= 3000).all()
    assert ((np.abs(wet) > 1e-6).sum(axis=1) > 4000).mean() > 0.7


def test_convolution_in_the_stage_is_that_of_the_room() -> None:
    stage = Stage(Staging(samples=8000))
    sound = np.zeros((1, 8000), np.float32)
    sound[0, 100] = 1.0
    keys = next(
        k
        for k in (sound_keys(0, np.array([i]), 0) for i in range(50))
        if stage._in_rooms(sound.copy(), k)[0, 101:].any()
    )
    wet = stage._in_rooms(sound.copy(), keys)[0]
    responses = [np.fft.irfft(s, stage._size)[:7900] for s in stage._rooms[1:]]
    closest = min(float(np.abs(oaconvolve(sound[0, 100:], r)[:7900] - wet[100:]).max()) for r in responses)
    assert closest < 1e-5


def test_windows_too_short_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"at least 1,600 samples \(0.1 s\), found 800"):
        Staging(samples=800)

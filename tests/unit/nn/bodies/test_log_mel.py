"""The log-mel front end against its definition, written slowly; and the bars of SpecAugment."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.errors import ParameterError
from headstart.math.signals.mel import hertz_to_mel, mel_to_hertz
from headstart.nn.bodies.log_mel import LogMel, mel_filters
from headstart.nn.bodies.spec_augment import SpecAugment, spec_augment


def noise(n: int, length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, length)).astype(np.float32) * 0.1


def slow_mel(hertz: float, scale: str) -> float:
    if scale == "htk":
        return 1127.0104 * np.log(1 + hertz / 700)
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * np.log(hertz / 1000) / np.log(6.4)


def slow_hertz(mel: float, scale: str) -> float:
    """The inverse by bisection."""
    low, high = 0.0, 50_000.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if slow_mel(middle, scale) < mel else (low, middle)
    return low


def slow_log_mel(wave: np.ndarray, layer: LogMel) -> np.ndarray:
    """Frame by frame, frequency by frequency, filter by filter, from the definition, in float64."""
    ends = [slow_mel(f, layer.scale) for f in (layer.f_min, layer.f_max)]
    step = (ends[1] - ends[0]) / (layer.n_mels + 1)
    corners = [slow_hertz(ends[0] + i * step, layer.scale) for i in range(layer.n_mels + 2)]
    rows = []
    start = 0
    while start + layer.win <= len(wave):
        t = np.arange(layer.win)
        frame = wave[start : start + layer.win] * (0.5 - 0.5 * np.cos(2 * np.pi * t / layer.win))
        energies = np.zeros(layer.n_mels)
        for k in range(layer.n_fft // 2 + 1):
            power = abs(np.sum(frame * np.exp(-2j * np.pi * k * t / layer.n_fft))) ** 2
            f = k * layer.rate / layer.n_fft
            for i in range(layer.n_mels):
                left, middle, right = corners[i : i + 3]
                if left < f < right:
                    height = (f - left) / (middle - left) if f <= middle else (right - f) / (right - middle)
                    energies[i] += power * height * (2 / (right - left) if layer.area else 1)
        rows.append(np.log(np.maximum(energies, layer.floor)))
        start += layer.hop
    found = np.array(rows)
    if layer.dynamic_range:
        top = max(found.max(), np.log(layer.floor) + layer.dynamic_range)
        found = np.maximum(found - top + layer.dynamic_range, 0)
    return (found - layer.mean.numpy()) / layer.std.numpy()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scale": "slaney", "area": True, "n_mels": 20, "f_min": 0.0, "f_max": 8000.0},
        {"rate": 8000, "n_fft": 256, "win": 200, "hop": 80, "n_mels": 24, "f_max": 4000.0},
        {"dynamic_range": 4.0, "floor": 1e-9, "n_mels": 12},
        {"n_fft": 401, "win": 399, "hop": 123, "n_mels": 10, "floor": 1.0},
    ],
    ids=["default", "slaney", "8 kHz", "relative", "odd"],
)
def test_it_is_the_definition(options: dict) -> None:
    layer = LogMel(**options)
    layer.mean.copy_(torch.linspace(-1, 1, layer.n_mels))
    layer.std.copy_(torch.linspace(0.5, 2, layer.n_mels))
    waves = noise(2, 1500)
    waves[1] *= np.sin(np.arange(1500) / 40)  # something with a shape in time
    found = layer(torch.from_numpy(waves))
    expected = np.stack([slow_log_mel(wave.astype(np.float64), layer) for wave in waves])
    assert found.shape == (2, 1, *expected.shape[1:])
    np.testing.assert_allclose(found[:, 0].numpy(), expected, atol=2e-3)


def test_mel_scales_at_known_points_and_back() -> None:
    assert hertz_to_mel(1000.0) == pytest.approx(1000.0, abs=0.1)  # HTK's scale is made so
    assert hertz_to_mel([200.0, 1000.0, 6400.0, 40960.0], "slaney").tolist() == pytest.approx([3, 15, 42, 69])
    hertz = np.linspace(0, 8000, 300)
    for scale in ("htk", "slaney"):
        np.testing.assert_allclose(mel_to_hertz(hertz_to_mel(hertz, scale), scale), hertz, atol=1e-8)
        assert (np.diff(hertz_to_mel(hertz, scale)) > 0).all()


def test_filters_are_the_peers() -> None:
    audio = pytest.importorskip("transformers.audio_utils")
    for scale, area in (("htk", False), ("slaney", True)):
        peer = audio.mel_filter_bank(257, 40, 60.0, 7600.0, 16000, norm="slaney" if area else None, mel_scale=scale)
        np.testing.assert_allclose(mel_filters(16000, 512, 40, 60.0, 7600.0, scale, area), peer, atol=1e-6)


def test_neighbouring_filters_add_up_to_one() -> None:
    hertz = np.arange(257) * 16000 / 512
    filters = mel_filters(16000, 512, 40, 60.0, 7600.0)
    corners = mel_to_hertz(np.linspace(hertz_to_mel(60.0), hertz_to_mel(7600.0), 42))
    inner = (hertz >= corners[1]) & (hertz <= corners[-2])
    np.testing.assert_allclose(filters.sum(1)[inner], 1, atol=1e-6)


@pytest.mark.parametrize("hertz", [300.0, 1000.0, 3000.0, 6000.0])
def test_a_tone_is_loudest_where_it_belongs(hertz: float) -> None:
    layer = LogMel()
    tone = torch.sin(2 * np.pi * hertz * torch.arange(8000) / 16000)[None]
    middles = mel_to_hertz(np.linspace(hertz_to_mel(60.0), hertz_to_mel(7600.0), 66))[1:-1]
    loudest = layer(tone)[0, 0].mean(0).argmax().item()
    assert loudest == np.abs(hertz_to_mel(middles) - hertz_to_mel(hertz)).argmin()


@settings(max_examples=30)
@given(length=st.integers(400, 3000), hop=st.integers(1, 500))
def test_any_length_from_one_frame(length: int, hop: int) -> None:
    layer = LogMel(hop=hop, n_mels=8)
    found = layer(torch.from_numpy(noise(1, length)))
    assert found.shape == (1, 1, layer.n_frames(length), 8)
    assert found.shape[2] == len(range(0, length - 400 + 1, hop))
    assert torch.isfinite(found).all()


def test_too_short_or_of_another_shape_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"at least 400 samples, found shape \(1, 399\)"):
        LogMel()(torch.zeros(1, 399))
    with pytest.raises(ParameterError, match=r"found shape \(16000,\)"):
        LogMel()(torch.zeros(16000))
    assert LogMel().n_frames(399) == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"f_max": 9000.0}, "8000 Hz, half the rate, found 60 and 9000"),
        ({"scale": "bark"}, r"mel scale in \('htk', 'slaney'\), found 'bark'"),
        ({"win": 600}, "2 <= win <= n_fft, found .* win=600, n_fft=512"),
        ({"n_mels": 200}, "of 200 empty"),
        ({"floor": 0.0}, "above 0, found floor=0"),
    ],
)
def test_settings_out_of_range_are_named(options: dict, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        LogMel(**options)


def test_a_dynamic_range_takes_loudness_out_and_makes_silence_zero() -> None:
    layer = LogMel(dynamic_range=8.0, floor=1e-9)
    wave = torch.from_numpy(noise(1, 8000))
    found = layer(torch.cat([wave, wave * 0.01, wave * 0]))
    torch.testing.assert_close(found[0], found[1], atol=1e-3, rtol=0)
    assert found[0].max() == pytest.approx(8.0)
    assert (found[2] == 0).all()


def test_calibration_gives_each_channel_mean_zero_and_deviation_one_and_travels() -> None:
    layer = LogMel(n_mels=16)
    waves = torch.from_numpy(noise(4, 6000) * np.linspace(0.1, 1, 6000, dtype=np.float32))
    assert layer.calibrate(waves) is layer
    values = layer(waves).permute(3, 0, 1, 2).flatten(1)
    torch.testing.assert_close(values.mean(1), torch.zeros(16), atol=1e-4, rtol=0)
    torch.testing.assert_close(values.std(1, correction=0), torch.ones(16), atol=1e-4, rtol=0)
    other = LogMel(n_mels=16)
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(waves), layer(waves))
    assert sorted(layer.state_dict()) == ["mean", "std"]


def test_sixteen_bits_and_autocast_leave_it_exact() -> None:
    layer, waves = LogMel(), torch.from_numpy(noise(2, 4000))
    exact = layer(waves)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer(waves), exact)
    assert torch.equal(LogMel().bfloat16()(waves), exact)
    assert torch.equal(LogMel().half().float()(waves), exact)


def test_gradients_reach_the_wave() -> None:
    wave = torch.from_numpy(noise(1, 900)).double().requires_grad_()
    LogMel(n_mels=8)(wave.float()).sum().backward()
    assert wave.grad is not None and wave.grad.abs().sum() > 0


def test_spec_augment_hides_whole_bars_with_the_mean() -> None:
    maps = torch.rand(64, 1, 50, 40, generator=torch.Generator().manual_seed(0))
    found = spec_augment(maps, 1, 10, 1, 8, torch.Generator().manual_seed(1))
    changed = (found != maps)[:, 0]
    for one, was, hidden in zip(found, maps, changed, strict=True):
        frames, mels = hidden.all(1), hidden.all(0)
        assert torch.equal(hidden, frames[:, None] | mels[None])  # nothing but whole bars
        assert frames.sum() <= 10 and mels.sum() <= 8
        for bar in (frames, mels):
            assert (bar.int().diff(prepend=torch.zeros(1), append=torch.zeros(1)) == 1).sum() <= 1  # in one piece
        assert torch.allclose(one[0][hidden], was.mean())
    widths = changed.all(2).sum(1)
    assert widths.min() == 0 and widths.max() == 10 and 4 < widths.float().mean() < 6  # uniform in 0..10
    places = changed.all(2).any(0)
    assert places[:6].any() and places[-6:].any()


def test_spec_augment_works_in_training_alone_and_never_hides_all() -> None:
    layer, maps = SpecAugment(1, 1000, 1, 1000), torch.rand(40, 1, 12, 10)
    before = maps.clone()
    assert layer.eval()(maps) is maps
    found = layer.train()(maps)
    assert torch.equal(maps, before)
    assert (found == maps).flatten(1).any(1).all()
    with pytest.raises(ParameterError, match="width >= 0, found -1"):
        SpecAugment(-1)

"""Clips through a network: windows averaged, computed once, in 16 bits, at the boundary; the axes of time."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tiny_sound_networks import Heard, as_network, tiny, waves
from torch import Tensor, nn

from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.pictures.pictures import Pictures
from headstart.errors import BadClips, DataError
from headstart.networks.cutting.chain import find_chain
from headstart.networks.cutting.cut import Tail
from headstart.networks.cutting.features import grid, pool, stretches
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.running import pipeline, runners
from headstart.networks.running.cache import FeatureCache, memory_cache
from headstart.networks.running.embed import boundary, embed
from headstart.networks.running.pipeline import in_parts
from headstart.networks.running.runners import Runner
from headstart.networks.running.runtime import half_type, layout_of, to_tensor
from headstart.source import NetworkSource

LENGTHS = [8000, 3000, 8001, 12_000, 29_500, 400, 16_000]


def noise_clips(lengths: list[int] | None = None, rate: int = 16_000, seed: int = 0) -> Clips:
    rng = np.random.default_rng(seed)
    lengths = LENGTHS if lengths is None else lengths
    shapes = [np.repeat(rng.random(8), -(-length // 8))[:length] for length in lengths]
    return Clips([(0.2 * shape * rng.normal(size=len(shape))).astype(np.float32) for shape in shapes], None, rate)


@pytest.fixture
def network() -> Network:
    return as_network(tiny())


def slow_rows(network: Network, wave: np.ndarray) -> dict[str, np.ndarray]:
    """Features of one clip from the definition: window by window, the mean at the end."""
    net, samples = network.module, network.preprocessing.samples
    if len(wave) <= samples:
        before = (samples - len(wave)) // 2
        windows = [np.pad(wave, (before, samples - len(wave) - before))]
    else:
        starts = [*range(0, len(wave) - samples, samples // 2), len(wave) - samples]
        windows = [wave[start : start + samples] for start in starts]
    rows: dict[str, list[np.ndarray]] = {}
    for window in windows:
        with torch.no_grad():
            maps = net.stem(net.front_end(torch.from_numpy(window)[None]))
            seen = [maps]
            for block in net.blocks:
                maps = block(maps)
                seen.append(maps)
            rows.setdefault("output", []).append(net.pooling(maps)[0].numpy())
        for i, activation in enumerate(seen):
            rows.setdefault(f"depth {i}", []).append(activation[0].mean((1, 2)).numpy())
        cells = nn.functional.adaptive_avg_pool2d(seen[-2], 3)[0]  # (C, time, frequency)
        rows.setdefault("grid", []).append(cells.permute(1, 2, 0).reshape(-1).numpy())
    return {name: np.mean(parts, axis=0) for name, parts in rows.items()}


def test_a_row_a_clip_is_the_mean_over_its_windows(network: Network) -> None:
    clips = noise_clips()
    found = embed(network, clips, exact=True, cache=memory_cache())
    assert len(found) == len(clips) and len(found.depths) == 5 and len(found.grids) == 3
    for i, (wave, _) in enumerate(clips.items):
        expected = slow_rows(network, wave)
        np.testing.assert_allclose(found.output[i], expected["output"], atol=1e-4)
        for k, depth in enumerate(found.depths):
            np.testing.assert_allclose(depth[i], expected[f"depth {k}"], atol=1e-4)
        np.testing.assert_allclose(found.grids[-1][i], expected["grid"], atol=1e-4)


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_rows_do_not_depend_on_what_shares_a_batch(network: Network, batch_size: int) -> None:
    clips = noise_clips()
    whole = embed(network, clips, exact=True, cache=memory_cache())
    found = embed(network, clips, exact=True, cache=memory_cache(), batch_size=batch_size)
    np.testing.assert_allclose(found.output, whole.output, atol=1e-4)
    turned = embed(network, clips[::-1], exact=True, cache=memory_cache())
    np.testing.assert_allclose(turned.output[::-1], whole.output, atol=1e-4)


def test_a_long_clip_never_makes_a_large_batch(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    run = Runner.__call__
    monkeypatch.setattr(Runner, "__call__", lambda self, arrays: seen.append(len(arrays)) or run(self, arrays))
    embed(network, noise_clips([400_000, 4000, 200_000]), exact=True, cache=memory_cache())
    assert max(seen) <= 64 and sum(seen) == 99 + 1 + 49


def test_no_clip_is_computed_twice(network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = noise_clips()
    cache = FeatureCache(tmp_path / "cache")
    first = embed(network, clips, cache=cache)
    monkeypatch.setattr(pipeline, "canvases", lambda *a, **k: pytest.fail("a clip was decoded again"))
    again = embed(as_network(tiny()), clips[[3, 3, 0]], cache=FeatureCache(tmp_path / "cache"))
    assert np.array_equal(again.output, first.output[[3, 3, 0]])
    assert np.array_equal(again.grids[0], first.grids[0][[3, 3, 0]])


def test_weights_and_window_are_part_of_the_key(network: Network) -> None:
    clips, cache = noise_clips([20_000]), memory_cache()
    plain = embed(network, clips, cache=cache).output
    other = embed(as_network(tiny(seed=1)), clips, cache=cache).output
    module = tiny()
    longer = Network(
        module, "x", "module", SoundPreprocessing(16_000, 12_000), config=module.config, input_type="audio"
    )
    assert not np.allclose(plain, other)
    assert not np.allclose(plain, embed(longer, clips, cache=cache).output)
    assert np.array_equal(plain, embed(network, clips, cache=cache).output)


def test_files_of_any_rate_and_format_go_in(network: Network, tmp_path: Path) -> None:
    t = np.arange(24_000) / 48_000
    wave = 0.3 * np.sin(2 * np.pi * 700 * t) * np.hanning(len(t))
    soundfile.write(tmp_path / "a.wav", wave, 48_000)
    soundfile.write(tmp_path / "b.flac", np.stack([wave, wave], 1), 48_000)
    soundfile.write(tmp_path / "c.wav", 0.3 * np.sin(2 * np.pi * 700 * t[::3]) * np.hanning(8000), 16_000)
    steps: list[tuple[str, int, int]] = []
    files = [str(tmp_path / name) for name in ("a.wav", "b.flac", "c.wav")]
    found = embed(network, files, exact=True, progress=lambda *step: steps.append(step))
    scale = np.abs(found.output).max()
    assert np.abs(found.output - found.output[0]).max() < 0.02 * scale
    assert steps[-1] == ("embedding clips", 3, 3)


def test_broken_clips_are_all_named(network: Network, tmp_path: Path) -> None:
    good = io.BytesIO()
    soundfile.write(good, np.full(800, 0.1), 16_000, format="WAV")
    for name, content in {"good.wav": good.getvalue(), "empty.wav": b"", "text.mp3": b"hello there, no sound"}.items():
        (tmp_path / name).write_bytes(content)
    files = [str(tmp_path / name) for name in ("good.wav", "empty.wav", "text.mp3")]
    with pytest.raises(BadClips, match=r"2 clips .*empty\.wav: .*text\.mp3: it is text, not a WAV"):
        embed(network, files)
    with pytest.raises(BadClips, match=r"1 clip .*empty\.wav"):
        boundary(network, files[:2], 1)


def test_the_other_kind_of_input_is_refused(network: Network) -> None:
    picture = Pictures([np.zeros((8, 8, 3), np.uint8)])
    with pytest.raises(DataError, match=r"Expected clips for the network tiny, found pictures\. .*'starter:pictures'"):
        embed(network, picture)
    with pytest.raises(DataError, match=r"Expected clips for the network tiny, found pictures"):
        boundary(network, picture, 1)
    with pytest.raises(DataError, match=r"Expected pictures for the network starter:pictures, found clips"):
        embed(load_network("starter:pictures"), noise_clips([800]))


def test_no_clips_give_no_rows(network: Network) -> None:
    assert embed(network, []).output.shape == (0, 32)
    assert embed(network, Clips([])).depths[0].shape == (0, 8)


def test_the_boundary_holds_the_loudest_window(network: Network) -> None:
    clips = noise_clips()
    preprocessing, net = network.preprocessing, network.module
    found = boundary(network, clips, 2, cache=memory_cache())
    centre = torch.from_numpy(np.stack([preprocessing.centre(wave) for wave, _ in clips.items]))
    with torch.no_grad():
        expected = net.blocks[:2](net.stem(net.front_end(centre)))
        features = Tail(net, network.chain, 2)(torch.from_numpy(found))
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)
    short = [i for i, length in enumerate(LENGTHS) if length <= 8000]
    rows = embed(network, clips, exact=True, cache=memory_cache()).output
    np.testing.assert_allclose(features.numpy()[short], rows[short], atol=1e-4)
    with torch.no_grad():
        np.testing.assert_allclose(features.numpy(), net.features(centre).numpy(), atol=1e-4)


@pytest.mark.skipif(half_type("cpu") is None, reason="no 16-bit arithmetic on this processor")
def test_sixteen_bits_spare_the_wave_and_the_spectrum(network: Network) -> None:
    quiet = 1e-3 * waves(8, 8000).numpy() + 0.5  # an offset whose rounding to 16 bits would drown the rest
    seen: list[Tensor] = []
    runner = Runner(network, "cpu", torch.bfloat16)
    runner.rows.net.front_end.register_forward_hook(lambda _, args, output: seen.extend([args[0], output]))
    fast, exact = runner(quiet), Runner(network, "cpu", torch.float32)(quiet)
    assert seen[0].dtype == seen[1].dtype == torch.float32
    with torch.no_grad():
        torch.testing.assert_close(seen[1], network.module.front_end(torch.from_numpy(quiet)))
    assert fast.dtype == np.float32 and not np.array_equal(fast, exact)
    assert np.linalg.norm(fast - exact) < 0.02 * np.linalg.norm(exact)


def test_the_fast_pass_is_tried_on_the_users_clips(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runners, "half_type", lambda device: torch.bfloat16)
    clips = noise_clips([8000] * 12)
    embed(network, clips, cache=memory_cache())
    assert runners._kept[network]["cpu", "fast"].dtype in (torch.bfloat16, torch.float32)
    monkeypatch.setattr(runners, "agrees", lambda a, b: False)
    other = as_network(tiny(seed=3))
    embed(other, clips, cache=memory_cache())
    assert runners._kept[other]["cpu", "fast"].dtype == torch.float32


def test_a_network_that_cannot_run_in_sixteen_bits_runs_in_thirty_two(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stubborn(Heard):
        def forward(self, x: Tensor) -> Tensor:
            if torch.is_autocast_enabled("cpu"):
                raise RuntimeError("no")
            return super().forward(x)

    monkeypatch.setattr(runners, "half_type", lambda device: torch.bfloat16)
    network = load_network(NetworkSource(Stubborn(), sampling_rate=8000))
    clips = noise_clips([8000] * 9, rate=8000)
    found = embed(network, clips, cache=memory_cache())
    assert np.array_equal(found.output, embed(network, clips, exact=True, cache=memory_cache()).output)


def test_waves_become_tensors_of_their_own() -> None:
    wave = waves(2, 100).numpy()
    wave.flags.writeable = False
    for dtype in (torch.float32, torch.bfloat16):
        found = to_tensor(wave, SoundPreprocessing(16_000, 100), dtype)
        assert found.dtype == torch.float32 and np.array_equal(found.numpy(), wave)
        found += 1
    assert np.array_equal(wave, waves(2, 100).numpy())


def test_parts_of_waves_and_of_pictures_have_the_sizes_of_batches() -> None:
    def sizes_of(batch: Tensor) -> list[int]:
        seen: list[int] = []
        in_parts(lambda part: seen.append(len(part)) or part.numpy(), batch)
        return sorted(seen, reverse=True)

    assert sizes_of(torch.zeros(50, 16_000))[0] == 16
    assert sizes_of(torch.zeros(50, 64_000))[0] == 8
    assert sizes_of(torch.zeros(200, 1000))[0] == 64
    assert sizes_of(torch.zeros(50, 3, 224, 224))[0] == 8
    assert sizes_of(torch.zeros(12, 16_000)) == [12]
    rows = torch.arange(50.0)[:, None].repeat(1, 16_000)
    assert np.array_equal(in_parts(lambda part: part[:, :1].numpy(), rows)[:, 0], np.arange(50))


def test_grids_of_a_sound_tell_when_and_at_which_pitch() -> None:
    network = as_network(tiny())
    t = np.arange(8000) / 16_000
    clips = []
    for hertz in (300, 5000):
        for third in range(3):
            on = (t >= third / 6) & (t < (third + 1) / 6)
            clips.append((0.5 * np.sin(2 * np.pi * hertz * t) * on).astype(np.float32))
    spectrograms = network.module.front_end(torch.from_numpy(np.stack(clips)))
    cells = grid(spectrograms).reshape(6, 3, 3)  # (clip, time, frequency)
    for i, found in enumerate(cells):
        when, pitch = divmod(int(found.argmax()), 3)
        assert when == i % 3 and (pitch == 0 if i < 3 else pitch >= 1)


def test_blocks_of_one_dimensional_convolutions_are_pooled_over_time() -> None:
    network = load_network(NetworkSource(Heard(), sampling_rate=8000, seconds=0.5))
    chain = network.chain
    assert chain.blocks == ("frames", "mix") and chain.time_last == {"frames", "mix"}
    assert chain.depth_features == (6, 8) and chain.takes_waves
    assert layout_of(chain).widths == (8, 6, 8, 54)
    wave = waves(1, 4000)
    found = embed(network, Clips([wave[0].numpy()], sampling_rate=8000), exact=True, cache=memory_cache())
    with torch.no_grad():
        frames = network.module.frames(wave[:, None])  # (1, 6, 124)
    np.testing.assert_allclose(found.depths[0][0], frames[0].mean(1), atol=1e-5)
    first = frames[0, :, : -(-frames.shape[2] // 9)].mean(1)
    np.testing.assert_allclose(found.grids[0][0, :6], first, atol=1e-5)


def test_tokens_keep_their_channels_last_also_at_a_fixed_length() -> None:
    class Tokens(nn.Module):
        def __init__(self, fixed: bool) -> None:
            super().__init__()
            self.frames = nn.Conv1d(1, 6, 50, 50)
            self.layers = nn.Sequential(*(nn.Sequential(nn.Linear(6, 6), nn.GELU()) for _ in range(3)))
            self.head, self.fixed = nn.Linear(6, 2), fixed

        def forward(self, x: Tensor) -> Tensor:
            assert not self.fixed or x.shape[1] == 1000, "one length only"
            return self.head(self.layers(self.frames(x[:, None]).transpose(1, 2)).mean(1))

    for fixed in (False, True):
        torch.manual_seed(0)
        module = Tokens(fixed).eval()
        chain = find_chain(module, waves(1, 1000))
        assert chain.blocks == ("frames", "layers.0", "layers.1", "layers.2")
        assert chain.time_last == {"frames"} and chain.depth_features == (6, 6, 6, 6)


def test_pooling_over_stretches_of_time() -> None:
    x = torch.randn(2, 27, 4, generator=torch.Generator().manual_seed(0))
    expected = torch.stack([x[:, 3 * i : 3 * i + 3].mean(1) for i in range(9)], 1).flatten(1)
    torch.testing.assert_close(stretches(x), expected)
    torch.testing.assert_close(stretches(x.transpose(1, 2), time_last=True), expected)
    torch.testing.assert_close(pool(x.transpose(1, 2), time_last=True), pool(x))
    assert stretches(x[:, 0]).shape == (2, 36) and stretches(x[:, :2]).shape == (2, 36)

"""Google's sound networks, put together from their description: what they were checked against holds."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from headstart.data.clips.clips import Clips
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed

BENCHMARK = Path(__file__).parents[4] / "benchmarks" / "sound_networks.py"


@pytest.fixture(scope="module")
def networks(shared_data: Path) -> ModuleType:
    if not (shared_data / "networks" / "speech_embedding").is_dir():
        pytest.skip(f"no sound networks in {shared_data}")
    spec = importlib.util.spec_from_file_location("sound_networks", BENCHMARK)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def wave() -> torch.Tensor:
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.standard_normal((2, 24000)).astype(np.float32) * 0.1)


@torch.no_grad()
def test_speech_embedding_of_a_clip_is_that_of_its_patches_one_by_one(networks: ModuleType, wave: torch.Tensor) -> None:
    """A slow rewrite: each patch of 76 frames by itself, layer by layer, as the description has it."""
    module = networks.speech_embedding_module()
    rows = module.patches(wave)
    spectrogram = module.frontend(wave)
    assert rows.shape == (2, 96, (spectrogram.shape[2] - 76) // 8 + 1)
    for k in range(rows.shape[2]):
        x = spectrogram[:, :, 8 * k : 8 * k + 76]
        for i in range(20):
            weight, bias = module.convs[i].weight, module.convs[i].bias
            x = F.conv2d(F.pad(x, (1, 1, 0, 0)) if weight.shape[3] == 3 else x, weight, bias)
            if i < 19:
                x = torch.maximum(torch.where(x > 0, x, 0.2 * x), torch.tensor(-0.4))
            pool = {2: (2, 2), 6: (1, 2), 10: (2, 2), 14: (1, 2), 18: (2, 2)}.get(i)
            x = x if pool is None else F.max_pool2d(x, pool)
        assert x.shape == (2, 96, 1, 1)
        assert torch.allclose(x[:, :, 0, 0], rows[:, :, k], atol=1e-3)
    output = module(wave)
    assert torch.equal(output, torch.cat([rows.mean(2), rows.amax(2)], 1)) and output.shape == (2, 192)


@torch.no_grad()
def test_the_speech_front_end_from_its_definition(networks: ModuleType, wave: torch.Tensor) -> None:
    front = networks.speech_embedding_module().frontend
    samples = 32768.0 * wave[0].double().numpy()
    samples[:4000] = 0  # silence is 80 dB below the loudest
    frames = np.stack([samples[i : i + 512] for i in range(0, len(samples) - 511, 160)])
    power = np.abs(np.fft.rfft(frames * front.window512.numpy())) ** 2 @ front.mel_matrix.numpy()
    decibels = 10 * np.log10(np.maximum(power, 1e-10))
    expected = np.maximum(decibels, decibels.max() - 80) / 10 + 2
    found = front(torch.from_numpy(samples / 32768).float()[None])[0, 0].numpy()
    assert found.shape == expected.shape and np.abs(found - expected).max() < 1e-3


@torch.no_grad()
def test_yamnet_is_a_mean_over_half_overlapping_patches(networks: ModuleType, wave: torch.Tensor) -> None:
    module = networks.yamnet_module()
    patches = [module.embedding(wave[:, i : i + module.LEAST]) for i in (0, 48 * 160)]
    assert torch.allclose(module.embedding(wave), torch.stack(patches).mean(0), atol=1e-4)
    assert module(wave).shape == (2, 521)


@torch.no_grad()
@pytest.mark.parametrize("side", [(5, 5), (6, 8), (7, 4)])
def test_same_padding_is_that_of_tensorflow(networks: ModuleType, side: tuple[int, int]) -> None:
    """Output (i, j) sees rows 2 i - before to 2 i - before + 2, where before is half the padding, rounded down."""
    conv = networks.SameConv2d(1, 1, 3, 2, 0, bias=False)
    torch.nn.init.normal_(conv.weight)
    x = torch.randn(1, 1, *side)
    out = [-(-s // 2) for s in side]
    total = [max(0, (o - 1) * 2 + 3 - s) for o, s in zip(out, side, strict=True)]
    expected = torch.zeros(1, 1, *out)
    for i in range(out[0]):
        for j in range(out[1]):
            for a in range(3):
                for b in range(3):
                    r, c = 2 * i + a - total[0] // 2, 2 * j + b - total[1] // 2
                    if 0 <= r < side[0] and 0 <= c < side[1]:
                        expected[0, 0, i, j] += conv.weight[0, 0, a, b] * x[0, 0, r, c]
    assert torch.allclose(conv(x), expected, atol=1e-5)


@torch.no_grad()
def test_short_clips_are_padded_on_both_sides(networks: ModuleType) -> None:
    short = torch.randn(1, 6000) * 0.1
    for module in (networks.speech_embedding_module(), networks.yamnet_module()):
        missing = module.LEAST - 6000
        padded = F.pad(short, (missing // 2, missing - missing // 2))
        assert torch.equal(module(short), module(padded))


def test_linear_probe_on_wake_words(networks: ModuleType, shared_data: Path) -> None:
    """The description names 99.8 %."""
    assert networks.wake_words_accuracy(shared_data, repeats=4) >= 0.985


def test_linear_probe_on_environmental_sounds(networks: ModuleType, shared_data: Path) -> None:
    """The description names 90 %."""
    assert networks.esc10_accuracy(shared_data) >= 0.89


def test_they_are_sources_that_embed_clips(networks: ModuleType) -> None:
    """Through the same door as any other source; cut at the input of its output layer, or at its pooled output."""
    pool = Clips(
        [np.random.default_rng(i).standard_normal(n) * 0.1 for i, n in enumerate((8000, 40000))], sampling_rate=16000
    )
    for name, width in (("speech_embedding", 192), ("yamnet", 1024)):
        network = load_network(f"{BENCHMARK}:{name}", input_type="audio")
        assert network.input_type == "audio" and network.card.licence == "Apache-2.0" and network.name == name
        features = embed(network, pool).output
        assert features.shape == (2, width)
        module = getattr(networks, f"{name}_module")()
        whole = module if name == "speech_embedding" else module.embedding
        with torch.no_grad():
            for i in range(2):
                windows = network.preprocessing.windows(pool.decode(i)[0])
                expected = whole(torch.from_numpy(np.array(windows))).mean(0).numpy()
                assert np.corrcoef(features[i], expected)[0, 1] > 0.999

"""The network for sounds: shapes, cutting, silence around a word, loudness, and its configuration."""

from __future__ import annotations

import copy
import json

import pytest
import torch
from tiny_sound_networks import TINY, tiny, waves

from headstart.errors import ParameterError
from headstart.networks.cutting.chain import find_chain
from headstart.networks.cutting.cut import Tail, body_forward, replay_agrees
from headstart.nn.bodies.sound_network import SIZES, SoundConfig, new_sound_network
from headstart.nn.bodies.spec_augment import SpecAugment


@pytest.mark.parametrize("length", [400, 4800, 8000, 8001, 40_000])
def test_clips_of_any_length_give_one_row_each(length: int) -> None:
    net = tiny()
    found = net(waves(2, length))
    assert found.shape == (2, 3) and torch.isfinite(found).all()
    assert net.features(waves(2, length)).shape == (2, net.n_features) == (2, 32)


def test_the_sizes_are_what_they_say() -> None:
    millions = {size: sum(p.numel() for p in new_sound_network(size).parameters()) / 1e6 for size in SIZES}
    assert 0.9 < millions["small"] < 1.3 and 6 < millions["base"] < 9


def test_it_is_cut_at_the_stem_and_every_residual_block() -> None:
    net = tiny()
    chain = find_chain(net, waves(1, 8000))
    assert chain.blocks == ("stem", "blocks.0", "blocks.1", "blocks.2", "blocks.3")
    assert (chain.output_layer, chain.n_features) == ("output", 32)
    assert chain.depth_features == (8, 8, 12, 12, 16)
    for k in range(len(chain.blocks) + 1):
        assert replay_agrees(net, chain, k, waves(3, 8000, seed=1))


def test_what_lies_behind_a_cut_gives_the_same_features_and_trains_alone() -> None:
    net = tiny()
    chain = find_chain(net, waves(1, 8000))
    x = waves(4, 8000, seed=2)
    boundary = net.blocks[:2](net.stem(net.front_end(x))).detach()
    assert boundary.shape == (4, 12, 12, 6)  # (N, C, time, frequency)
    tail = Tail(net, chain, 2)
    torch.testing.assert_close(tail(boundary), body_forward(net, chain, x), atol=1e-5, rtol=1e-4)
    assert {id(p) for p in tail.trainable} == {id(p) for block in net.blocks[2:] for p in block.parameters()}


def test_silence_around_a_short_word_leaves_half_of_the_features_alone() -> None:
    net = tiny()
    word = waves(1, 8000)
    hop = 8 * TINY.hop  # one step of the last maps
    padded = torch.nn.functional.pad(word, (20 * hop, 20 * hop))
    short, long = net.features(word)[0], net.features(padded)[0]
    highest = slice(16, 32)
    moved = (short[highest] - long[highest]).abs().max() / short[highest].abs().max()
    assert moved < 0.35
    shifted = net.features(padded.roll(4 * hop, 1))[0]
    torch.testing.assert_close(shifted[highest], long[highest], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(shifted, long, atol=1e-4, rtol=1e-3)


def test_loudness_plays_no_part() -> None:
    net, x = tiny(), waves(2, 8000)
    torch.testing.assert_close(net(x * 0.02), net(x), atol=1e-3, rtol=1e-3)


def test_bars_are_hidden_in_training_alone_and_only_where_asked() -> None:
    plain = new_sound_network(TINY)
    assert not any(isinstance(sub, SpecAugment) for sub in plain.modules())
    masked = new_sound_network(SoundConfig(**{**vars(TINY), "time_masks": 1, "mel_masks": 1}))
    x, seen = waves(2, 8000), []
    masked.stem.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    masked.train()(x)
    masked.eval()(x)
    spectrogram = masked.front_end(x)
    assert not torch.equal(seen[0], spectrogram) and torch.equal(seen[1], spectrogram)
    assert masked.state_dict().keys() == plain.state_dict().keys()


def test_weights_follow_the_seed_and_the_global_state_stays() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, same, other = new_sound_network(TINY, seed=1), new_sound_network(TINY, seed=1), new_sound_network(TINY, seed=2)
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.stem[0].weight, other.stem[0].weight)


def test_it_learns() -> None:
    net = new_sound_network(SoundConfig(n_mels=24, widths=(8, 12), depths=(1, 1), samples=8000), ["low", "high"])
    t = torch.arange(8000) / 16000
    low = torch.stack([torch.sin(2 * torch.pi * f * t) for f in range(200, 600, 25)])
    high = torch.stack([torch.sin(2 * torch.pi * f * t) for f in range(2000, 6000, 250)])
    x, y = torch.cat([low, high]) + waves(32, 8000) * 0.1, torch.arange(32) // 16
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    for _ in range(12):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    assert (net(x).argmax(1) == y).float().mean() > 0.9


def test_sixteen_bits_agree() -> None:
    net, x = tiny(), waves(4, 8000)
    half = copy.deepcopy(net).bfloat16()
    exact, fast = net.features(x), half.features(x).float()
    assert fast.shape == exact.shape
    assert (fast - exact).norm() < 0.03 * exact.norm()


def test_the_configuration_goes_to_json_and_back() -> None:
    settings = json.loads(json.dumps(TINY.to_dict()))
    assert settings["model_type"] == "headstart-sound" and settings["labels"] == ["yes", "no", "stop"]
    assert SoundConfig.from_dict(settings) == TINY
    assert TINY.n_outputs == 3 and SoundConfig().n_outputs == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_type": "vit"}, "Expected model type 'headstart-sound', found 'vit'"),
        ({"colour": 1}, r"found also \['colour'\]"),
        ({"n_outputs": 2}, "as many outputs as labels, found 2 and 3"),
        ({"depths": [1]}, "a width and a depth of at least 1 for each stage"),
        ({"widths": "many"}, "Expected settings of a network for sounds, found:|a width and a depth"),
        ({"samples": 10}, "at least 400 samples, one frame, found 10"),
    ],
)
def test_settings_that_make_no_network_are_named(change: dict, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        SoundConfig.from_dict({**TINY.to_dict(), **change})
    with pytest.raises(ParameterError, match=r"a size in \['base', 'small'\], found 'huge'"):
        new_sound_network("huge")

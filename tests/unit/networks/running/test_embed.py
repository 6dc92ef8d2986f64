"""Features of pictures from a frozen network: right, computed once, and cheap."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from small_networks import SMALL_NETWORKS, SkipToTheEnd, batch, small_network, wrapped
from torch import nn

from headstart.data.pictures.pictures import Pictures, as_pictures
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import BadPictures, OutputError, ParameterError
from headstart.networks.cutting.cut import Tail, body_forward
from headstart.networks.cutting.trace import main_tensor, trace, twin
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.running import embed as embedding
from headstart.networks.running import entry, pipeline, runners
from headstart.networks.running.cache import FeatureCache, memory_cache
from headstart.networks.running.embed import boundary, embed
from headstart.networks.running.entry import Entry
from headstart.networks.running.features import Features
from headstart.networks.running.pipeline import arrays
from headstart.networks.running.precision import as_fitted
from headstart.networks.running.runtime import to_tensor
from headstart.nn.threads import in_workers


def pictures(n: int, side: int = 40, seed: int = 0) -> Pictures:
    """Blurred noise in colour, n pictures."""
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 5, 6, 3), dtype=np.uint8)
    return as_pictures([np.asarray(Image.fromarray(c).resize((side + 8, side))) for c in coarse])


def inputs(network: Network, rows: Pictures) -> torch.Tensor:
    """What the network should see, in float32."""
    return to_tensor(arrays(network, rows), network.preprocessing)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the batches that were decoded, in any order."""
    sizes: list[int] = []
    decode = pipeline.arrays

    def count(network: Network, rows: Pictures, *more: Any) -> np.ndarray:
        sizes.append(len(rows))
        return decode(network, rows, *more)

    monkeypatch.setattr(pipeline, "arrays", count)
    return sizes


def test_a_run_that_goes_on_computes_with_the_arithmetic_that_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two sets the first decides, also where its features are kept already; here 16 bits are for dark ones alone."""
    monkeypatch.setattr(runners, "half_type", lambda device: torch.bfloat16)
    monkeypatch.setattr(runners, "openvino_installed", lambda: False)
    tried = runners._tried

    def dark(network: Network, device: str, makers: list[Any], found: np.ndarray) -> Any:
        monkeypatch.setattr(runners, "agrees", lambda exact, fast: float(found.mean()) < 128)
        return tried(network, device, makers, found)

    monkeypatch.setattr(runners, "_tried", dark)
    module, side = small_network("vgg")
    bright = as_pictures([255 - np.asarray(item) // 4 for item in pictures(12, side).items])
    faint = as_pictures([np.asarray(item) // 4 for item in pictures(12, side, 1).items])
    for name, first, second in (("up", faint, bright), ("down", bright, faint)):
        whole, part = FeatureCache(tmp_path / f"{name} whole"), FeatureCache(tmp_path / f"{name} part")
        network = wrapped(module, side)
        embed(network, first, cache=whole)
        expected = embed(network, second, cache=whole).output
        embed(wrapped(module, side), first, cache=part)
        again = wrapped(module, side)
        embed(again, first, cache=part)
        assert again not in runners._kept or not runners._kept[again]
        np.testing.assert_array_equal(embed(again, second, cache=part).output, expected)


@pytest.mark.parametrize("name", SMALL_NETWORKS)
def test_exact_features_are_the_networks_own(name: str) -> None:
    module, side = small_network(name)
    network, rows = wrapped(module, side), pictures(5, side)
    features = embed(network, rows, exact=True, cache=memory_cache())
    x = inputs(network, rows)
    with torch.no_grad():
        expected = body_forward(twin(module), network.chain, x).numpy()
    assert features.output.dtype == np.float32
    np.testing.assert_allclose(features.output, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    record = trace(twin(module), x)
    last = main_tensor(record.once(network.chain.blocks[-1]).output)
    assert last is not None
    mean = last.mean(1) if last.ndim == 3 else last.flatten(2).mean(2) if last.ndim == 4 else last
    np.testing.assert_allclose(features.depths[-1], mean, rtol=1e-3, atol=1e-4 * float(mean.abs().max()))
    assert len(features.depths) == min(6, len(network.chain.blocks))
    assert all(len(part) == 5 and part.dtype == np.float32 for part in (*features.depths, *features.grids))


def test_features_of_a_real_network_are_the_same_for_a_head(shared_data: Path) -> None:
    network = load_network(shared_data / "networks" / "mobilenet_v1_0.25_128")
    rows = as_pictures(sorted((shared_data / "hymenoptera").glob("*/*/*.jpg"))[:24])
    exact = embed(network, rows, exact=True, cache=memory_cache()).output
    with torch.no_grad():
        expected = body_forward(twin(network.module), network.chain, inputs(network, rows)).numpy()
    np.testing.assert_allclose(exact, expected, atol=1e-4 * np.abs(expected).max())
    fast = embed(network, rows, cache=memory_cache()).output
    error = np.linalg.norm(fast - expected, axis=1)
    spread = np.linalg.norm(expected - expected.mean(0), axis=1)
    assert np.sqrt((error**2).mean()) <= 0.1 * np.sqrt((spread**2).mean())


def test_each_picture_is_run_once(counted: list[int]) -> None:
    network, cache = wrapped(*small_network("vgg")), memory_cache()
    rows = pictures(12)
    first = embed(network, rows, cache=cache)
    counted.clear()
    again = embed(network, rows[[3, 0, 7]], cache=cache)
    assert counted == []
    for a, b in zip((first.output, *first.depths), (again.output, *again.depths), strict=True):
        assert np.array_equal(a[[3, 0, 7]], b)


def test_only_new_pictures_are_decoded_and_equal_ones_once(counted: list[int]) -> None:
    network, cache = wrapped(*small_network("vgg")), memory_cache()
    old, new = pictures(4), pictures(3, seed=1)
    embed(network, old, cache=cache)
    counted.clear()
    mixed = Pictures([new[0], old[1], new[0], new[2], old[1]])
    features = embed(network, mixed, cache=cache)
    assert sum(counted) == 2
    alone = [embed(network, Pictures([item]), cache=memory_cache()).output[0] for item in mixed]
    np.testing.assert_allclose(features.output, np.stack(alone), atol=1e-4)


def test_files_outlive_the_process(tmp_path: Path, counted: list[int]) -> None:
    module, side = small_network("vgg")
    rows = pictures(9)
    first = embed(wrapped(module, side), rows, cache=FeatureCache(tmp_path))
    counted.clear()
    second = embed(wrapped(module, side), rows, cache=FeatureCache(tmp_path))
    assert counted == []
    assert np.array_equal(first.output, second.output)


@pytest.mark.parametrize("halved", [True, False])
def test_other_weights_preprocessing_or_exactness_share_nothing(
    counted: list[int], monkeypatch: pytest.MonkeyPatch, halved: bool
) -> None:
    """Exact features are others where the processor has a faster arithmetic, and the same where it has none."""
    monkeypatch.setattr(runners, "half_type", lambda device: torch.bfloat16 if halved else None)
    monkeypatch.setattr(runners, "openvino_installed", lambda: False)
    module, side = small_network("vgg")
    rows, cache = pictures(3), memory_cache()
    embed(wrapped(module, side), rows, cache=cache)
    for network, exact, passes in (
        (wrapped(small_network("vgg", seed=1)[0], side), False, 3),
        (wrapped(module, side - 4), False, 3),
        (wrapped(module, side), True, 3 if halved else 0),
    ):
        counted.clear()
        embed(network, rows, cache=cache, exact=exact)
        assert sum(counted) == passes


def test_held_out_predictions_and_machines_with_one_pass_run_each_picture_once(
    counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, side = small_network("vgg")
    rows, cache = pictures(3), memory_cache()
    network = wrapped(module, side)
    embed(network, rows, cache=cache)
    with as_fitted():
        embed(network, rows, cache=cache, exact=True)
    assert sum(counted) == 3
    monkeypatch.setattr(runners, "half_type", lambda device: None)
    monkeypatch.setattr(runners, "openvino_installed", lambda: False)
    again = memory_cache()
    first = embed(network, rows, cache=again)
    assert np.array_equal(first.output, embed(network, rows, cache=again, exact=True).output) and sum(counted) == 6


def test_all_broken_pictures_are_named(tmp_path: Path) -> None:
    network = wrapped(*small_network("vgg"))
    files = []
    for i in range(40):
        path = tmp_path / f"{i:02}.png"
        Image.fromarray(np.full((40, 40, 3), i, np.uint8)).save(path)
        files.append(path)
    files[5].write_bytes(b"")
    files[33].write_text("no picture")
    with pytest.raises(BadPictures, match=r"found 2 pictures that cannot be read") as error:
        embed(network, files, cache=memory_cache())
    assert [Path(name).name for name, _ in error.value.bad] == ["05.png", "33.png"]
    files[7].unlink()
    with pytest.raises(BadPictures, match="found 3 pictures"):
        boundary(network, files, 1, cache=memory_cache())


def test_progress_counts_to_the_end() -> None:
    told: list[tuple[str, int, int]] = []
    embed(wrapped(*small_network("vgg")), pictures(21), progress=lambda *a: told.append(a), cache=memory_cache())
    assert told[-1] == ("embedding pictures", 21, 21)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_no_pictures_give_no_rows() -> None:
    features = embed(wrapped(*small_network("vgg")), Pictures([]), cache=memory_cache())
    assert features.output.shape == (0, 16)


def test_rows_can_be_chosen() -> None:
    features = embed(wrapped(*small_network("vgg")), pictures(6), cache=memory_cache())
    mask = np.array([True, False, True, False, False, True])
    for index in (mask, [0, 2, 5]):
        chosen = features[index]
        assert np.array_equal(chosen.output, features.output[mask])
        assert all(np.array_equal(a, b[mask]) for a, b in zip(chosen.depths, features.depths, strict=True))
    assert len(Features.of(np.ones((4, 2)))) == 4


def test_the_module_is_not_touched() -> None:
    module, side = small_network("cifar resnet")
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    network = wrapped(module, side)
    embed(network, pictures(10), cache=memory_cache())
    boundary(network, pictures(3), 2, cache=memory_cache())
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert all(not sub._forward_hooks and not sub._forward_pre_hooks for sub in module.modules())
    assert all(p.requires_grad and p.dtype == torch.float32 for p in module.parameters())


def test_several_threads_may_embed_with_one_network() -> None:
    network = wrapped(*small_network("cifar resnet"))
    rows = pictures(16)
    expected = embed(network, rows, cache=memory_cache()).output
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.append(embed(network, rows, cache=memory_cache()).output))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for output in found:
        np.testing.assert_allclose(output, expected, atol=1e-2 * np.abs(expected).max())


def test_a_loss_in_16_bits_falls_back_to_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    network, rows = wrapped(*small_network("vgg")), pictures(10)
    monkeypatch.setattr(runners, "half_type", lambda device: torch.bfloat16)
    monkeypatch.setattr(runners, "agrees", lambda exact, fast: False)
    fallen = embed(network, rows, cache=memory_cache())
    exact = embed(network, rows, cache=memory_cache(), exact=True)
    assert np.array_equal(fallen.output, exact.output)


def test_overflow_in_16_bits_is_computed_again_in_float32() -> None:
    module, side = small_network("vgg")
    with torch.no_grad():
        module[6].weight.mul_(1e7)
    network = wrapped(module, side)
    exact = runners.Runner(network, "cpu", torch.float32)
    batch_ = arrays(network, pictures(3))
    half = runners.Runner(network, "cpu", torch.float16, exact)
    assert np.isfinite(half(batch_)).all()
    assert np.array_equal(half(batch_), exact(batch_))


@pytest.mark.parametrize("name", ["vit", "resnet", "cifar resnet in place", "mlp"])
def test_the_boundary_is_what_the_last_blocks_need(name: str) -> None:
    module, side = small_network(name)
    network, rows = wrapped(module, side), pictures(5, side)
    with torch.no_grad():
        expected = body_forward(twin(module), network.chain, inputs(network, rows))
        for k in range(min(3, len(network.chain.blocks))):
            stored = boundary(network, rows, k, cache=memory_cache())
            assert stored.dtype == np.float32
            features = Tail(twin(module), network.chain, k)(torch.from_numpy(np.array(stored)))
            torch.testing.assert_close(features, expected, rtol=1e-4, atol=1e-4)


def test_a_large_boundary_is_a_mapped_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: list[int]) -> None:
    network, rows = wrapped(*small_network("vgg")), pictures(6)
    expected = boundary(network, rows, 1, cache=memory_cache())
    assert not isinstance(expected, np.memmap)
    for module in (embedding, entry):
        monkeypatch.setattr(module, "IN_MEMORY", 1000)
    counted.clear()
    first = boundary(network, rows, 1, cache=FeatureCache(tmp_path, memory_bytes=1000))
    assert isinstance(first, np.memmap)
    assert sum(counted) == 6
    second = boundary(network, rows, 1, cache=FeatureCache(tmp_path, memory_bytes=1000))
    assert isinstance(second, np.memmap)
    assert sum(counted) == 6
    some = boundary(network, rows[[4, 1]], 1, cache=FeatureCache(tmp_path, memory_bytes=1000))
    assert sum(counted) == 6
    for found, wanted in ((first, expected), (second, expected), (some, expected[[4, 1]])):
        assert np.array_equal(found, wanted)


def test_a_boundary_that_finds_no_room_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(entry, "IN_MEMORY", 1000)
    monkeypatch.setattr(entry.os, "posix_fallocate", full)
    with pytest.raises(OutputError, match=r"GiB free in .* for the activations .* set TMPDIR to a larger disk"):
        boundary(wrapped(*small_network("vgg")), pictures(3), 1, cache=memory_cache())


@pytest.mark.parametrize("k", [-1, 3, 9])
def test_a_boundary_outside_the_network_is_refused(k: int) -> None:
    network = wrapped(*small_network("vgg"))
    with pytest.raises(
        ParameterError, match=rf"Expected a number of trained blocks from 0 to 2 for small, found {k}\."
    ):
        boundary(network, pictures(2), k, cache=memory_cache())


def test_normalisation_is_that_of_the_reference(shared_data: Path) -> None:
    network = load_network(shared_data / "networks" / "mobilenet_v1_0.25_128")
    canvas = np.random.default_rng(0).integers(0, 256, (146, 170, 3), dtype=np.uint8)
    crop = network.preprocessing.centre(canvas)[None]
    for channels_last in (True, False):
        found = to_tensor(crop, network.preprocessing, channels_last=channels_last)
        np.testing.assert_allclose(found[0], network.preprocessing.array(canvas), atol=1e-6)
    assert to_tensor(crop, network.preprocessing).is_contiguous(memory_format=torch.channels_last)


def test_workers_keep_order_and_pass_on_errors() -> None:
    n_threads = torch.get_num_threads()
    assert list(in_workers(lambda i: i * i, range(20), n_workers=3)) == [i * i for i in range(20)]

    def fail(i: int) -> int:
        if i == 2:
            raise ValueError("third")
        return i

    with pytest.raises(ValueError, match="third"):
        list(in_workers(fail, range(5), n_workers=2))
    assert torch.get_num_threads() == n_threads


def test_a_network_that_cannot_be_cut_gives_its_output() -> None:
    network = wrapped(SkipToTheEnd(), 16)
    rows = pictures(4, 16)
    features = embed(network, rows, exact=True, cache=memory_cache())
    with torch.no_grad():
        expected = body_forward(twin(network.module), network.chain, inputs(network, rows))
    np.testing.assert_allclose(features.output, expected, atol=1e-5)
    with pytest.raises(ParameterError, match="No place was found where this network can be cut"):
        boundary(network, rows, 0, cache=memory_cache())


def test_a_grey_network_sees_one_channel() -> None:
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    preprocessing = Preprocessing((20, 20), None, (0.5,), (0.25,), channels=1)
    network = Network(module=module.eval(), name="grey", kind="module", preprocessing=preprocessing)
    rows = pictures(3, 20)
    features = embed(network, rows, exact=True, cache=memory_cache())
    arrays = [preprocessing.array(preprocessing.canvas(rows.decode(i))) for i in range(3)]
    with torch.no_grad():
        expected = module[:4](torch.from_numpy(np.stack(arrays)))
    np.testing.assert_allclose(features.output, expected, atol=1e-5)


def test_batches_of_any_size_give_the_same_rows() -> None:
    network, rows = wrapped(*small_network("resnet")), pictures(13, 64)
    one, many = (embed(network, rows, batch_size=n, exact=True, cache=memory_cache()).output for n in (1, 13))
    np.testing.assert_allclose(one, many, rtol=1e-4, atol=1e-5)
    assert batch(8).shape == (3, 3, 8, 8)


class ConvAlone(nn.Module):
    """A chain whose first boundary lies between a convolution and the norm that is merged into it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.second, self.head = nn.Conv2d(8, 8, 3), nn.Linear(8, 2)
        nn.init.constant_(self.norm.running_var, 9.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.second(self.norm(self.first(x)).relu()).mean((2, 3)))


def test_the_frozen_part_runs_simplified_only_where_the_boundary_stays_what_it_is() -> None:
    module, side = small_network("mobilenet v2")
    network = wrapped(module, side)
    merged = Entry(network, network.chain.blocks[-2], "cpu")
    norms = [sub for sub in merged.net.modules() if isinstance(sub, nn.BatchNorm2d)]
    assert len(norms) < sum(isinstance(sub, nn.BatchNorm2d) for sub in module.modules())
    torch.manual_seed(0)
    own = ConvAlone().eval()
    x = torch.randn(2, 3, 16, 16)
    found = Entry(wrapped(own, 16), "first", "cpu").reached(x)
    np.testing.assert_allclose(found, own.first(x).detach().numpy(), atol=1e-5)

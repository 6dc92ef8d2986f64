"""Chains are found once an architecture, and the next process reads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_networks import batch, small_network
from torch import nn

from headstart.data.pictures.preprocessing import Preprocessing
from headstart.networks.cutting import chain as searching
from headstart.networks.cutting.chain import Chain, find_chain
from headstart.networks.network import Network


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[nn.Module]:
    """Networks that were searched."""
    found: list[nn.Module] = []

    def find(module: nn.Module, example: torch.Tensor) -> Chain:
        found.append(module)
        return find_chain(module, example)

    monkeypatch.setattr(searching, "find_chain", find)
    return found


def network(module: nn.Module, side: int = 32) -> Network:
    form = Preprocessing(resize=(side, side), crop=None, mean=(0.5,) * 3, std=(0.5,) * 3)
    return Network(module.eval(), "small", "module", form)


@pytest.mark.parametrize("name", ["resnet", "vit", "vgg", "mlp"])
def test_a_chain_is_found_once_an_architecture(name: str, cache: Path, searched: list[nn.Module]) -> None:
    module, side = small_network(name)
    first = network(module, side).chain
    assert first == find_chain(module, batch(side))
    other, _ = small_network(name)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(1.1)
    assert network(other, side).chain == first and len(searched) == 1


def test_another_width_size_or_class_is_searched(cache: Path, searched: list[nn.Module]) -> None:
    def plain(width: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), nn.Conv2d(width, 8, 3), nn.ReLU(), nn.Flatten(1))

    chains = [network(plain(4)).chain, network(plain(5)).chain, network(plain(4), 24).chain]
    assert [one.depth_features for one in chains] == [(4, 8), (5, 8), (4, 8)]
    assert chains[2].input_shape == (3, 24, 24) and len(searched) == 3
    assert network(plain(4)).chain == chains[0] and len(searched) == 3


class Own(nn.Sequential):
    """Somebody's module, whose code may change."""


def test_of_code_of_ones_own_nothing_is_kept(cache: Path, searched: list[nn.Module]) -> None:
    for _ in range(2):
        assert network(Own(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3))).chain.blocks
    assert len(searched) == 2 and not cache.exists()


def test_a_damaged_note_is_found_anew_and_written_again(cache: Path, searched: list[nn.Module]) -> None:
    module, side = small_network("vgg")
    first = network(module, side).chain
    (file,) = (cache / "chains").iterdir()
    whole = file.read_bytes()
    for damaged in (b"", whole[:-3], b"{}" * 40, whole[:-1] + b"!"):
        file.write_bytes(damaged)
        assert network(module, side).chain == first
        assert file.read_bytes() == whole
    assert len(searched) == 5


def test_where_nothing_can_be_kept_it_is_found_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, searched: list[nn.Module]
) -> None:
    module, side = small_network("vgg")
    (tmp_path / "file").write_text("mine")
    for place in ("off", str(tmp_path / "file")):
        monkeypatch.setenv("HEADSTART_CACHE", place)
        assert network(module, side).chain == find_chain(module, batch(side))
    assert len(searched) == 2 and (tmp_path / "file").read_text() == "mine"


def test_a_network_without_cuts_is_searched_again(cache: Path, searched: list[nn.Module]) -> None:
    module = nn.Sequential(nn.Flatten(1), nn.Linear(3 * 32 * 32, 2))
    for weights in (module, nn.Sequential(nn.Flatten(1), nn.Linear(3 * 32 * 32, 2))):
        assert not replace(network(weights)).chain.blocks
    assert len(searched) == 2


def test_notes_have_a_bound(cache: Path, monkeypatch: pytest.MonkeyPatch, searched: list[nn.Module]) -> None:
    monkeypatch.setattr("headstart.networks.cutting.kept._MOST", 2)
    for width in (4, 5, 6, 7):
        _ = network(nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), nn.Conv2d(width, 8, 3))).chain
    assert len(list((cache / "chains").iterdir())) == 2

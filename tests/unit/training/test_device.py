"""Where bfloat16 may be used to train."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from headstart.training.device import bf16_is_sound, free_memory


@pytest.mark.parametrize(
    ("side", "kernel", "stride", "sound"),
    [(1, 3, 2, False), (2, 3, 2, True), (3, 3, 4, False), (1, 1, 2, True), (1, 3, 1, True)],
)
def test_convolutions_of_inputs_narrower_than_their_stride_are_found(
    side: int, kernel: int, stride: int, sound: bool
) -> None:
    net = nn.Sequential(nn.Conv2d(2, 2, kernel, stride, kernel // 2))
    x = torch.zeros(1, 2, side, side)
    assert bf16_is_sound(net, lambda: net(x)) is sound
    assert not net[0]._forward_pre_hooks


def test_height_does_not_matter() -> None:
    net = nn.Conv2d(1, 1, 3, 2, 1)
    assert bf16_is_sound(net, lambda: net(torch.zeros(1, 1, 1, 8)))
    assert not bf16_is_sound(net, lambda: net(torch.zeros(1, 1, 8, 1)))


def test_processes_of_one_machine_divide_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    whole = free_memory(torch.device("cpu"))
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "1000")
    share = free_memory(torch.device("cpu"))
    assert 0 < share < whole / 100 or share == whole == float("inf")  # where nothing tells

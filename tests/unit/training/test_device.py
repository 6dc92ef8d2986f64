"""Where bfloat16 may be used to train."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from headstart.training.device import bf16_is_sound


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

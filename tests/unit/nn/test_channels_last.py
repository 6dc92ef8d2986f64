"""Convolutions with the channels last: the same numbers, and nothing written where it does not belong."""

from __future__ import annotations

import copy
import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from headstart.nn.channels_last import channels_last

CASES = [(8, 1, (2, 2), 0, 1), (8, 1, (1, 2), "valid", 2), (3, 1, (3, 2), 0, 1), (16, 1, 2, 0, 1), (8, 3, 2, 1, 1)]


@pytest.mark.parametrize(("channels", "kernel", "stride", "padding", "groups"), CASES)
def test_the_numbers_stay_and_it_is_undone(channels: int, kernel: int, stride: int, padding: int, groups: int) -> None:
    plain = nn.Sequential(nn.Conv2d(channels, 12, kernel, stride, padding, groups=groups))
    laid = channels_last(copy.deepcopy(plain))
    few = kernel == 1 and channels < 16
    assert (type(laid[0]) is not nn.Conv2d) == few
    x = torch.randn(5, channels, 9, 12)
    for net in (plain, laid):
        net(x.contiguous(memory_format=torch.channels_last)).square().sum().backward()
    torch.testing.assert_close(laid(x), plain(x))
    torch.testing.assert_close(laid[0].weight.grad, plain[0].weight.grad)
    back = channels_last(laid, undo=True)
    assert type(back[0]) is nn.Conv2d and back[0].weight.is_contiguous()
    assert back.state_dict().keys() == plain.state_dict().keys() and repr(back) == repr(plain)


def test_an_odd_batch_on_two_threads_spoils_no_memory() -> None:
    """In a process of its own: what used to be written beyond its memory ended it."""
    code = """
import torch
from headstart.nn.channels_last import channels_last
net = channels_last(torch.nn.Sequential(torch.nn.Conv2d(8, 12, 1, (1, 2))))
for half in (False, True):
    for _ in range(40):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = net(torch.randn(35, 8, 12, 16).contiguous(memory_format=torch.channels_last)).sum()
        loss.backward()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "OMP_NUM_THREADS": "2"}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-500:]

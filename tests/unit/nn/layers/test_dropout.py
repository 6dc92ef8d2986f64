"""Channels that are hidden whole: which axis they stand on, how many, and that the mean stays."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from headstart.nn.layers.dropout import without_channels


@given(st.integers(1, 4), st.integers(2, 9), st.integers(0, 2), st.floats(0.05, 0.9), st.integers(0, 99))
def test_a_channel_is_hidden_whole_or_raised_by_one_factor(n: int, c: int, dims: int, share: float, seed: int) -> None:
    torch.manual_seed(seed)
    x = torch.rand(n, c, *[3, 4][:dims]) + 0.5
    late = dims == 1
    found = without_channels(x, share, time_last=late).flatten(2) if dims else without_channels(x, share)[..., None]
    ratio = found / (x.flatten(2) if dims else x[..., None])
    assert torch.allclose(ratio, ratio[..., :1].expand_as(ratio))
    kept = ratio[..., 0] > 0
    assert torch.allclose(ratio[..., 0][kept], torch.tensor(1 / (1 - share)))


@pytest.mark.parametrize(("shape", "late", "axis"), [((500, 6, 5), False, 2), ((500, 6, 5), True, 1)])
def test_tokens_have_their_channels_last(shape: tuple[int, ...], late: bool, axis: int) -> None:
    torch.manual_seed(0)
    found = without_channels(torch.ones(shape), 0.3, time_last=late)
    other = 3 - axis
    assert torch.equal(found.amax(other), found.amin(other))
    assert not torch.equal(found.amax(axis), found.amin(axis))
    assert float((found == 0).float().mean()) == pytest.approx(0.3, abs=0.03)
    assert float(found.mean()) == pytest.approx(1, abs=0.05)

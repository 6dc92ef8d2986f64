"""Which prepared forward pass a network gets on this machine; settled once a network and device."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from headstart.networks.network import Network
from headstart.networks.precision import agrees
from headstart.networks.runtime import Layout, Rows, half_type, layout_of, prepared, to_tensor
from headstart.networks.simplify import simplify
from headstart.networks.trace import twin
from headstart.networks.workers import in_workers

ENOUGH = 8
MOST = 16

_kept: weakref.WeakKeyDictionary[Network, dict[tuple[str, bool], Runner]] = weakref.WeakKeyDictionary()
_simplified: weakref.WeakKeyDictionary[Network, nn.Module] = weakref.WeakKeyDictionary()
_lock = threading.RLock()


class Runner:
    """From cropped pictures, (N, H, W, 3) in uint8, to rows of features, (N, n_values) in float32.

    Parameters
    ----------
    network : Network
        Its module is not changed.
    device : str
        Where it runs.
    dtype : torch.dtype
        Arithmetic of the forward pass.
    exact : Runner, optional
        What computes batches in which 16-bit numbers overflow.
    """

    def __init__(self, network: Network, device: str, dtype: torch.dtype, exact: Runner | None = None) -> None:
        self.preprocessing = network.preprocessing
        self.device = device
        self.dtype = dtype
        self.exact = exact
        net = prepared(twin(_simple(network)), dtype, device)
        self.rows = Rows(net, network.chain, layout_of(network.chain)).eval()

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            batch = to_tensor(pixels, self.preprocessing, self.dtype).to(self.device)
            rows = np.asarray(self.rows(batch).cpu().numpy())
        return rows if self.exact is None or np.isfinite(rows).all() else self.exact(pixels)


def runner_for(network: Network, device: str, exact: bool, sample: Callable[[], np.ndarray] | None) -> Runner:
    """The forward pass to use.

    Parameters
    ----------
    network : Network
        Whose features are wanted.
    device : str
        Where.
    exact : bool
        Whether it must be float32.
    sample : callable or None
        Gives 8 to 16 of the user's own pictures, (N, H, W, 3) in uint8, on which 16-bit arithmetic is tried; asked
        only the first time. None where there are too few to tell: then float32 is used, and nothing is settled.
    """
    with _lock:
        runners = _kept.setdefault(network, {})
        half = half_type(device)
        if not exact and half is not None and sample is not None and (device, False) not in runners:
            runners[device, False] = _tried(network, device, half, sample())
        if not exact and (device, False) in runners:
            return runners[device, False]
        return _exact(network, device)


def sample_rows(n: int) -> np.ndarray | None:
    """Which of n pictures to try 16-bit arithmetic on: 8 to 16, evenly spread; None below 8.

    Examples
    --------
    >>> sample_rows(5) is None, sample_rows(16).tolist()
    (True, [0, 2, 4, 6, 9, 11, 13, 15])
    """
    if n < ENOUGH:
        return None
    return np.linspace(0, n - 1, min(MOST, max(ENOUGH, n // 32))).round().astype(int)


def _exact(network: Network, device: str) -> Runner:
    runners = _kept.setdefault(network, {})
    if (device, True) not in runners:
        runners[device, True] = Runner(network, device, torch.float32)
    return runners[device, True]


def _simple(network: Network) -> nn.Module:
    """The network with less work, in float32; found once."""
    with _lock:
        if network not in _simplified:
            output_layer = network.chain.output_layer
            _simplified[network] = simplify(network.module, network.example(), output_layer)
        return _simplified[network]


def _tried(network: Network, device: str, half: torch.dtype, pixels: np.ndarray) -> Runner:
    """The 16-bit pass if its features serve as well on these pictures, else the exact one."""
    exact = _exact(network, device)
    try:
        fast = Runner(network, device, half, exact)
        expected = _run(exact, pixels)
        found = _run(fast, pixels)
    except (RuntimeError, TypeError, ValueError):
        return exact
    layout: Layout = layout_of(network.chain)
    parts = zip(layout.split(expected), layout.split(found), strict=True)
    return fast if all(agrees(a, b) for a, b in parts) else exact


def _run(runner: Runner, pixels: np.ndarray) -> np.ndarray:
    n_workers = torch.get_num_threads() if runner.device == "cpu" else 1
    return np.concatenate(list(in_workers(runner, np.array_split(pixels, min(len(pixels), n_workers)), n_workers)))

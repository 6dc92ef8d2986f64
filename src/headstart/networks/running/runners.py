"""Which prepared forward pass a network gets on this machine; settled once a network and device."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from headstart.data.base.rows import Inputs
from headstart.data.inputs.canvases import canvases
from headstart.errors import BadInputs
from headstart.networks.cutting.trace import twin
from headstart.networks.network import Network
from headstart.networks.running.compiled import CompiledRunner, openvino_installed, worth_compiling
from headstart.networks.running.pipeline import arrays, running_order
from headstart.networks.running.precision import agrees
from headstart.networks.running.runtime import Layout, Rows, half_type, layout_of, prepared, to_tensor
from headstart.networks.running.simplify import simplify
from headstart.nn.threads import in_workers

ENOUGH = 8
MOST = 16

Forward = Callable[[np.ndarray], np.ndarray]

_kept: weakref.WeakKeyDictionary[Network, dict[tuple[str, str], Forward]] = weakref.WeakKeyDictionary()
_asked: weakref.WeakKeyDictionary[Network, tuple[Inputs | None, int]] = weakref.WeakKeyDictionary()
_simplified: weakref.WeakKeyDictionary[Network, nn.Module] = weakref.WeakKeyDictionary()
_lock = threading.RLock()


class Runner:
    """From cropped pictures, (N, H, W, 3) in uint8, or windows of sound, (N, samples), to rows of features.

    The rows are (N, n_values) in float32. A network for sounds keeps its weights and its front end in float32; in 16
    bits torch's autocast computes what can be, since a wave or its spectrum does not bear rounding.

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
        self.cast = network.preprocessing.as_is is np.float32 and dtype != torch.float32
        net = prepared(twin(simple(network)), torch.float32 if self.cast else dtype, device)
        self.rows = Rows(net, network.chain, layout_of(network.chain)).eval()

    def __call__(self, arrays: np.ndarray) -> np.ndarray:
        kind = torch.device(self.device).type
        with torch.inference_mode(), torch.autocast(kind, self.dtype if self.cast else None, enabled=self.cast):
            batch = to_tensor(arrays, self.preprocessing, self.dtype).to(self.device)
            rows = np.asarray(self.rows(batch).cpu().numpy())
        return rows if self.exact is None or np.isfinite(rows).all() else self.exact(arrays)


def runner_for(
    network: Network, device: str, exact: bool, sample: Callable[[], np.ndarray] | None, n: int = 0
) -> Forward:
    """The forward pass to use: from cropped pictures or windows of sound to rows of features.

    Parameters
    ----------
    network : Network
        Whose features are wanted.
    device : str
        Where.
    exact : bool
        Whether it must be float32 arithmetic of PyTorch.
    sample : callable or None
        Gives 8 to 16 of the user's own pictures or windows, on which the faster passes are tried; asked only the first
        time. None where there are too few to tell: then float32 is used, and nothing is settled.
    n : int, default=0
        How many pictures or clips there are; where the extra ``openvino`` is installed, a pass is compiled for so many
        that it pays (`headstart.networks.running.compiled.worth_compiling`).
    """
    with _lock:
        runners = _kept.setdefault(network, {})
        if exact:
            return _exact(network, device)
        if sample is not None:
            fixed = not network.chain.takes_tokens  # a compiled pass takes inputs of one size
            asked = fixed and device == "cpu" and (device, "compiled") not in runners and openvino_installed()
            compiling = (device, "compiled") in runners or (asked and worth_compiling(network, n))
            if compiling and (device, "compiled") not in runners:
                runners[device, "compiled"] = _tried(network, device, [_compiled, _half], sample())
            if not compiling and (device, "fast") not in runners:
                runners[device, "fast"] = _tried(network, device, [_half], sample())
        for kind in ("compiled", "fast"):
            if (device, kind) in runners:
                return runners[device, kind]
        return _exact(network, device)


def asked_for(network: Network, inputs: Inputs) -> tuple[Inputs | None, int]:
    """Of the first set whose features were asked for, what may be tried on; and how many inputs the largest set had.

    What may be tried on are 8 to 16 inputs, of texts twice as many, of which `tried_on` takes the shorter half.

    Sets whose features are kept already count too: so a run that goes on from where it was stopped, or finds some of
    its features kept, computes the others with the arithmetic that it would have used. None where every set was too
    small to tell.
    """
    with _lock:
        trial, most = _asked.get(network, (None, 0))
        if trial is None:
            rows = _to_try(network, len(inputs))
            trial = None if rows is None else inputs[rows]
        _asked[network] = trial, max(most, len(inputs))
        return _asked[network]


def _to_try(network: Network, n: int) -> np.ndarray | None:
    if not network.chain.takes_tokens:
        return sample_rows(n)
    half = sample_rows(n // 2)
    return None if half is None else np.linspace(0, n - 1, 2 * len(half)).round().astype(int)


def tried_on(network: Network, trial: Inputs, todo: Inputs) -> np.ndarray:
    """The examples of `asked_for` at the network's size; where these are gone, of which only the features are left,
    the first of those that are to be computed.

    Raises
    ------
    BadInputs
        If any of those to be computed cannot be decoded.
    """
    try:
        order = running_order(network, trial)
        return arrays(network, trial[order[len(order) // 2 :] if network.chain.takes_tokens else order])
    except BadInputs:
        canvases(todo, network.preprocessing)
        return arrays(network, todo[:ENOUGH])


def one_pass(device: str) -> bool:
    """Whether the exact pass is the only one that this machine has; then its rows serve every purpose."""
    return half_type(device) is None and not (device == "cpu" and openvino_installed())


def sample_rows(n: int) -> np.ndarray | None:
    """Which of n inputs to try 16-bit arithmetic on: 8 to 16, evenly spread; None below 8.

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
    if (device, "exact") not in runners:
        runners[device, "exact"] = Runner(network, device, torch.float32)
    exact = runners[device, "exact"]
    assert isinstance(exact, Runner)
    return exact


def _half(network: Network, device: str) -> Forward | None:
    """The pass in the device's 16-bit type, where it has one."""
    half = half_type(device)
    return None if half is None else Runner(network, device, half, _exact(network, device))


def _compiled(network: Network, device: str) -> Forward:
    rows = Rows(twin(simple(network)).requires_grad_(False), network.chain, layout_of(network.chain)).eval()
    half = half_type(device) is not None
    return CompiledRunner(rows, network.example(2), network.preprocessing, half, torch.get_num_threads())


def simple(network: Network) -> nn.Module:
    """The network with less work, in float32; found once."""
    with _lock:
        if network not in _simplified:
            output_layer = network.chain.output_layer
            _simplified[network] = simplify(network.module, network.example(), output_layer)
        return _simplified[network]


def _tried(
    network: Network, device: str, makers: list[Callable[[Network, str], Forward | None]], arrays: np.ndarray
) -> Forward:
    """The first pass that can be made and whose features serve as well on these inputs; else the exact one."""
    exact = _exact(network, device)
    layout: Layout = layout_of(network.chain)
    expected: list[np.ndarray] | None = None
    for make in makers:
        try:
            fast = make(network, device)
            if fast is None:
                continue
            if expected is None:
                expected = layout.split(_run(exact, arrays, device))
            found = layout.split(_run(fast, arrays, device))
        except (RuntimeError, TypeError, ValueError):
            continue
        if all(agrees(a, b) for a, b in zip(expected, found, strict=True)):
            return fast
    return exact


def _run(forward: Forward, arrays: np.ndarray, device: str) -> np.ndarray:
    n_workers = torch.get_num_threads() if device == "cpu" else 1
    return np.concatenate(list(in_workers(forward, np.array_split(arrays, min(len(arrays), n_workers)), n_workers)))

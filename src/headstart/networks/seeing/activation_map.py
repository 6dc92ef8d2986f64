"""Class activation maps: what each place of a network's last map adds to a score."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from headstart.networks.cutting.features import MOST_EXTRA_TOKENS, read_features
from headstart.networks.cutting.trace import main_tensor, trace, twin, with_main_tensor
from headstart.networks.network import Network
from headstart.networks.running.runtime import to_tensor
from headstart.nn.threads import alone

#: Largest part of a score that the places of a map may fail to add up to.
TOLERANCE = 1e-4
_BATCH = 16


@dataclass(frozen=True, eq=False)
class ActivationMaps:
    """Maps of n inputs.

    Attributes
    ----------
    maps : ndarray, (n, h, w), float64
        What each place adds to the score; the mean over all places and the score's own intercept are the score.
    features : ndarray, (n, d), float64
        Input of the output layer in the same pass.
    block : str
        The module that returned the maps.
    seen : dict of str to Tensor, (n, ...)
        What other modules returned in the same pass.
    """

    maps: np.ndarray
    features: np.ndarray
    block: str
    seen: dict[str, Tensor]


_twins: weakref.WeakKeyDictionary[nn.Module, nn.Module] = weakref.WeakKeyDictionary()
_lock = threading.RLock()
_found: weakref.WeakKeyDictionary[Network, str] = weakref.WeakKeyDictionary()


def last_map(network: Network) -> str | None:
    r"""The last module of a network whose places add up to its features; None where there is none.

    Of what a module returns, :math:`A` with channels c and places p, it is asked whether for features f and any
    direction v :math:`\sum_{c,p} A_{cp}\, \partial (v^T f) / \partial A_{cp} = v^T f`. That holds, by Euler, wherever
    what follows is homogeneous of degree 1: a mean, a maximum or a sum over places, a linear map without intercept. It
    does not where a norm, another layer or a class token stands between.

    Parameters
    ----------
    network : Network

    Examples
    --------
    >>> from headstart.networks.reading.loading import load_network
    >>> last_map(load_network("starter:pictures")) is not None
    True
    """
    if network not in _found:
        _found[network] = alone(lambda: _search(network)) or ""
    return _found[network] or None


def activation_maps(
    network: Network,
    arrays: np.ndarray,
    coef: np.ndarray,
    chosen: np.ndarray,
    block: str | None = None,
    beside: Collection[str] = (),
) -> ActivationMaps:
    """Where in each input a linear score of the features comes from.

    Parameters
    ----------
    network : Network
        With a `last_map`.
    arrays : ndarray, (n, ...)
        Inputs at the network's size, as `headstart.networks.running.pipeline.arrays` gives them.
    coef : ndarray, (d, K)
        Of a linear head.
    chosen : ndarray of int, (n,)
        Which of its K scores is asked about.
    block : str, optional
        Its `last_map`, where it is known.
    beside : collection of str, optional
        Modules whose outputs are to be kept too.

    Returns
    -------
    ActivationMaps

    Raises
    ------
    ValueError
        If the network has no such map.

    References
    ----------
    Zhou, Khosla, Lapedriza, Oliva and Torralba (2016), Learning deep features for discriminative localization, eq. 2,
    for a mean over places; the gradient's form (Selvaraju et al. 2017, eq. 2, with each place weighed by its own
    gradient) also covers a maximum.
    """
    block = block or last_map(network)
    if block is None:
        raise ValueError(f"Expected a network whose last map is pooled, found {network.name}.")
    directions = torch.from_numpy(np.ascontiguousarray(coef.T[chosen], dtype=np.float32))
    maps, features = [], []
    with looked_through(network, beside) as (net, others):
        for start in range(0, len(arrays), _BATCH):
            part = slice(start, start + _BATCH)
            x = to_tensor(arrays[part], network.preprocessing)
            with _kept(net, block) as seen:
                found = read_features(net, network.chain.output_layer, x)
            map_ = seen[-1]
            gradient = torch.autograd.grad((found * directions[part]).sum(), map_)[0]
            added = placed(network, block, (gradient * map_).detach().double())
            maps.append((added * added[0].numel()).numpy())
            features.append(found.detach().double().numpy())
    kept = {name: torch.cat(parts) for name, parts in others.items()}
    return ActivationMaps(np.concatenate(maps), np.concatenate(features), block, kept)


@contextmanager
def looked_through(network: Network, blocks: Collection[str]) -> Iterator[tuple[nn.Module, dict[str, list[Tensor]]]]:
    """A copy of the network's structure, made once, and what some of its modules return while the block lasts."""
    with _lock:
        net = _twins.get(network.module)
        if net is None:
            net = _twins[network.module] = twin(network.module).eval()
        found: dict[str, list[Tensor]] = {name: [] for name in blocks}

        def look(name: str, output: object) -> None:
            tensor = main_tensor(output)
            assert tensor is not None
            found[name].append(tensor.detach().clone())  # layers that work in place would overwrite it

        handles = [
            net.get_submodule(name).register_forward_hook(lambda m, a, output, name=name: look(name, output))
            for name in found
        ]
        try:
            yield net, found
        finally:
            for handle in handles:
                handle.remove()


def _search(network: Network) -> str | None:
    net, x = twin(network.module).eval(), network.example(1)
    if not x.is_floating_point():
        return None
    record = trace(net, x)
    once = [call for call in record.calls[1:] if record.counts[call.name] == 1]
    calls = [call for call in once if has_places(network, call.name, main_tensor(call.output))]
    generator = torch.Generator().manual_seed(0)
    for call in sorted(calls, key=lambda one: -one.end):
        with _kept(net, call.name) as seen:
            try:
                features = read_features(net, network.chain.output_layer, x)
            except RuntimeError:
                continue
        if len(seen) == 1 and all(_adds_up(network, call.name, features, seen[0], generator) for _ in range(3)):
            return call.name
    return None


def _adds_up(network: Network, block: str, features: Tensor, seen: Tensor, generator: torch.Generator) -> bool:
    direction = torch.randn(features.shape, generator=generator)
    score = (features * direction).sum()
    if not score.requires_grad:
        return False
    gradient = torch.autograd.grad(score, seen, retain_graph=True, allow_unused=True)[0]
    if gradient is None:
        return False
    added = gradient.double() * seen.detach().double()
    each = features.detach().double() * direction.double()
    allowed = TOLERANCE * (float(each.abs().sum()) or 1.0)
    return all(abs(float(part.sum() - each.sum())) <= allowed for part in (added, placed(network, block, added)))


def has_places(network: Network, block: str, tensor: Tensor | None) -> bool:
    """Whether a module's output has places: a map, patches in a square, or of a network for waves steps of time."""
    if tensor is None:
        return False
    if tensor.ndim == 4:
        return tensor.shape[2] * tensor.shape[3] > 1
    if tensor.ndim == 3 and network.chain.takes_waves:
        return block in network.chain.blocks
    return tensor.ndim == 3 and _side(tensor.shape[1]) > 1


def _side(tokens: int) -> int:
    """Side of the square of patches among some tokens; 0 where there is none."""
    side = math.isqrt(tokens)
    return side if tokens - side * side <= MOST_EXTRA_TOKENS else 0


def placed(network: Network, block: str, added: Tensor) -> Tensor:
    """Sums over channels in their places, (n, h, w): patches are put back into their square, extra tokens left out.

    Of waves h is time, and w is 1 where there are no tones.
    """
    if added.ndim == 4:
        return added.sum(1)
    if network.chain.takes_waves:
        return added.sum(1 if block in network.chain.time_last else 2).unsqueeze(2)
    side = _side(added.shape[1])
    return added[:, added.shape[1] - side * side :].sum(2).unflatten(1, (side, side))


@contextmanager
def _kept(net: nn.Module, name: str) -> Iterator[list[Tensor]]:
    """What a module returns while the block lasts, as a tensor that gradients reach, however its maker was frozen."""
    seen: list[Tensor] = []

    def look(_: nn.Module, args: object, output: object) -> object:
        tensor = main_tensor(output)
        assert tensor is not None
        seen.append(tensor if tensor.requires_grad else tensor.detach().requires_grad_())
        # Layers that work in place would overwrite what is kept.
        return with_main_tensor(output, seen[-1].clone())

    handle = net.get_submodule(name).register_forward_hook(look)
    try:
        yield seen
    finally:
        handle.remove()

"""The same architecture from random weights: what transfer is compared with."""

from __future__ import annotations

import copy
import dataclasses

import torch
from torch import nn

from headstart.networks.network import Network
from headstart.nn.bodies.audio_network import AudioNetwork
from headstart.nn.bodies.sound_network import SoundNetwork
from headstart.nn.bodies.text_network import TextNetwork


def random_network(network: Network, random_state: int) -> Network:
    """Give a network fresh random weights, as its makers initialise them.

    A transformers or timm network, or our own for sounds, is built anew from its configuration. In any other module
    every layer is reset by its own ``reset_parameters``; a parameter that belongs to no such layer (a class token,
    position embeddings) is drawn from N(0, 0.02) if it has two dimensions or more, else set to its mean. torch's global
    random state is left as it was.

    Parameters
    ----------
    network : Network
        Any network; not changed.
    random_state : int
        Seed; the same seed gives the same weights.

    Returns
    -------
    Network
        With ``trained`` False and a card that claims no training.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(random_state))  # torch.manual_seed would reach other devices too
        module = _fresh(network)
    module.eval()
    for parameter in module.parameters():
        parameter.requires_grad_(parameter.is_floating_point())
    card = dataclasses.replace(
        network.card,
        n_examples=0,
        n_classes=None,
        class_names=None,
        origin=f"the architecture of {network.name}, random weights",
        notes=(),
    )
    name = f"{network.name} (random weights)"
    return dataclasses.replace(network, module=module, name=name, card=card, trained=False)


def _fresh(network: Network) -> nn.Module:
    if network.kind == "timm":
        from headstart.networks.reading.timm_source import build_timm

        return build_timm(network.config)
    if isinstance(network.module, SoundNetwork):
        fresh = SoundNetwork(network.module.config)
        fresh.front_end.load_state_dict(network.module.front_end.state_dict())
        return fresh
    if isinstance(network.module, TextNetwork):
        return network.module.fresh()
    if network.config is not None:
        from headstart.networks.reading.files_of import quiet

        with quiet():
            if isinstance(network.module, AudioNetwork):
                return network.module.fresh()
            return type(network.module)(copy.deepcopy(network.config))
    module = copy.deepcopy(network.module)
    reset_weights(module)
    return module


def reset_weights(module: nn.Module) -> None:
    """Draw all weights of a module anew, in place, from torch's current random state.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place.
    """
    drawn: set[int] = set()
    for part in module.modules():
        reset = getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)
        if callable(reset):
            reset()
            drawn.update(id(parameter) for parameter in part.parameters(recurse=False))
            if isinstance(part, nn.MultiheadAttention):
                drawn.update(id(parameter) for parameter in part.parameters())
    with torch.no_grad():
        for parameter in module.parameters():
            if id(parameter) in drawn or not parameter.is_floating_point():
                continue
            if parameter.ndim >= 2:
                parameter.normal_(0.0, 0.02)
            else:
                parameter.fill_(float(parameter.mean()))

r"""Low-rank changes of attention: few numbers are trained, and the network ends as plain as it began."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import nn

from headstart.errors import MissingExtra, ParameterError

RANK = 8
#: Last part of the names of the layers in transformers' networks that make queries, values, or all three.
PROJECTIONS = (
    *("query", "value", "q_proj", "v_proj", "q_lin", "v_lin", "query_proj", "value_proj"),
    *("q", "v", "qkv", "Wqkv", "c_attn", "query_key_value"),
)


def lora_rank(train: Any) -> int | None:
    """The rank that ``train`` asks for: of "lora" 8, of "lora:r" r; None for anything else.

    Examples
    --------
    >>> lora_rank("lora"), lora_rank("lora:4"), lora_rank("all")
    (8, 4, None)
    """
    match = re.fullmatch(r"lora(?::([1-9]\d*))?", str(train))
    return None if match is None else int(match.group(1) or RANK)


def attention_projections(module: nn.Module) -> list[str]:
    """Names of the linear layers that make queries and values of attention.

    Examples
    --------
    >>> attention_projections(nn.ModuleDict({"attention": nn.ModuleDict({"query": nn.Linear(2, 2)})}))
    ['attention.query']
    """
    found = []
    for name, part in module.named_modules():
        linear = isinstance(part, nn.Linear) or type(part).__name__ == "Conv1D"
        if linear and name.rpartition(".")[2] in PROJECTIONS and "att" in name.lower():
            found.append(name)
    return found


def add_lora(module: nn.Module, rank: int, seed: int, name: str) -> list[nn.Parameter]:
    r"""Put a change of low rank beside each projection of attention, in place; all other weights are frozen.

    A projection :math:`W x` becomes :math:`W x + 2 B A x` with A (rank, n_in) at random and B (n_out, rank) zero, so
    the network gives at first what it gave before (Hu et al. 2022, with :math:`\alpha = 2 r`).

    Parameters
    ----------
    module : nn.Module
        Changed.
    rank : int
        From 1 to the width of the narrowest projection.
    seed : int
    name : str
        What messages call the network.

    Returns
    -------
    list of nn.Parameter
        All A and B.

    Raises
    ------
    MissingExtra
        Without peft.
    ParameterError
        If the network has no such projections, or ``rank`` is too large.
    """
    try:
        import peft
    except ImportError as error:
        raise MissingExtra("peft", "lora", "train='lora'") from error
    from headstart.networks.reading.files_of import quiet

    places = attention_projections(module)
    if not places:
        raise ParameterError(
            f"Expected a network with attention for train='lora', found {name}, which has no layers named "
            f"{', '.join(PROJECTIONS[:4])} or alike.",
            "Use train='last:1' or train='all'.",
        )
    narrowest = min(min(_weight(module, place).shape) for place in places)
    if rank > narrowest:
        raise ParameterError(f"Expected a rank of at most {narrowest} for {name}, found {rank}.", "Use train='lora:8'.")
    config = peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=places, lora_dropout=0.0, bias="none")
    with torch.random.fork_rng(devices=[]), quiet():
        torch.default_generator.manual_seed(seed)
        peft.inject_adapter_in_model(config, module)
    added = [parameter for key, parameter in module.named_parameters() if ".lora_" in key]
    chosen = {id(parameter) for parameter in added}
    for parameter in module.parameters():
        parameter.requires_grad_(id(parameter) in chosen)
    return added


def merge_lora(module: nn.Module) -> None:
    """Add the trained changes to the weights, in place: the layers are again what they were before `add_lora`."""
    for name, part in list(module.named_modules()):
        if hasattr(part, "lora_A") and hasattr(part, "get_base_layer"):
            merged: Any = part
            merged.merge()
            module.set_submodule(name, merged.get_base_layer())


def _weight(module: nn.Module, place: str) -> torch.Tensor:
    weight = module.get_submodule(place).weight
    assert isinstance(weight, torch.Tensor)
    return weight

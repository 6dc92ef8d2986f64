"""Networks with random weights, to be pretrained."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from headstart.errors import ParameterError

#: Settings of transformers' ResNet for each size: plain 3 x 3 convolutions, which are fast on a CPU.
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "small": {"embedding_size": 32, "hidden_sizes": [48, 96, 192, 256], "depths": [1, 1, 1, 1]},
    "base": {"embedding_size": 64, "hidden_sizes": [64, 128, 256, 512], "depths": [2, 2, 2, 2]},
}


def new_network(size: str, class_names: tuple[str, ...], seed: int) -> nn.Module:
    """A transformers ResNet with random weights; the caller's random numbers are left as they were.

    Parameters
    ----------
    size : {"small", "base"}
    class_names : tuple of str
        One output each.
    seed : int

    Examples
    --------
    >>> module = new_network("small", ("ant", "bee"), seed=0)
    >>> sum(p.numel() for p in module.parameters())
    1771394
    """
    from transformers import ResNetConfig, ResNetForImageClassification

    if size not in ARCHITECTURES:
        raise ParameterError(f"Expected a network of {', '.join(ARCHITECTURES)}; found {size!r}.", "Take one of these.")
    names = dict(enumerate(class_names))
    config = ResNetConfig(
        **ARCHITECTURES[size], layer_type="basic", id2label=names, label2id={name: i for i, name in names.items()}
    )
    config.problem_type = "single_label_classification"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module: nn.Module = ResNetForImageClassification(config)
    return module

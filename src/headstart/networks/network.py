"""A pretrained network as the rest of headstart sees it: module, preprocessing, and what is known about it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from headstart.data.base.kinds import Kind, kind_named
from headstart.data.inputs.canvases import AnyPreprocessing

if TYPE_CHECKING:
    from headstart.networks.cutting.chain import Chain

_NOT_ARCHITECTURE = {"training", "gradient_checkpointing", "name_or_path", "num_labels", "warnings_issued"}


@dataclass(frozen=True)
class SourceCard:
    """What is known about where a network comes from.

    Parameters
    ----------
    n_examples : int or None
        Labelled examples that it was trained on; None when unknown.
    n_classes : int or None
        Outputs of its own head.
    class_names : tuple of str or None
        Names of its own classes.
    n_parameters : int
        Number of weights.
    licence : str or None
        Licence of the weights, as its files state it.
    origin : str
        Folder, hub id or module that it was read from.
    notes : tuple of str
        What a reader should know, in sentences (for instance: "its head was not in the file").
    """

    n_examples: int | None = None
    n_classes: int | None = None
    class_names: tuple[str, ...] | None = None
    n_parameters: int = 0
    licence: str | None = None
    origin: str = ""
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The card in plain JSON types."""
        card = dataclasses.asdict(self)
        card["class_names"] = None if self.class_names is None else list(self.class_names)
        card["notes"] = list(self.notes)
        return card

    @classmethod
    def from_dict(cls, card: dict[str, Any]) -> SourceCard:
        """A card from :meth:`to_dict`; unknown keys are left out."""
        known = {item.name: card[item.name] for item in dataclasses.fields(cls) if item.name in card}
        if known.get("class_names") is not None:
            known["class_names"] = tuple(str(name) for name in known["class_names"])
        known["notes"] = tuple(known.get("notes") or ())
        return cls(**known)


@dataclass(frozen=True, eq=False)
class Network:
    """A network to borrow from, in evaluation mode.

    The module is shared by everything that asked for the same source and is never written to: whoever trains
    takes a ``copy.deepcopy`` first.

    Parameters
    ----------
    module : torch.nn.Module
        The whole network, evaluation mode, float32.
    name : str
        What reports call it.
    kind : {"transformers", "module", "headstart", "timm", "starter"}
        How it was read.
    preprocessing : Preprocessing, SoundPreprocessing or TextPreprocessing
        From a decoded picture, clip or text to the network's input.
    card : SourceCard
        What is known about its origin.
    trained : bool
        False when its weights are random.
    config : object, optional
        The transformers configuration, where there is one; timm's name and arguments for a timm network; the
        `SoundConfig` of a `SoundNetwork`; of a `TextNetwork` that of its body.
    input_type : {"image", "audio", "text"}, default="image"
        What it takes: pictures (N, C, H, W), waves (N, samples), or tokens (N, L).
    """

    module: nn.Module = field(repr=False)
    name: str
    kind: str
    preprocessing: AnyPreprocessing
    card: SourceCard = field(default_factory=SourceCard, repr=False)
    trained: bool = True
    config: Any = field(default=None, repr=False)
    input_type: str = "image"

    def __sklearn_clone__(self) -> Network:
        return self

    @cached_property
    def chain(self) -> Chain:
        """Blocks at which the network can be cut, found by a few forward passes the first time on a machine."""
        from headstart.networks.cutting.chain import find_chain
        from headstart.networks.cutting.kept import kept_chain

        module, example = self.module, self.example(2)
        return kept_chain(module, architecture_digest(module), example, lambda: find_chain(module, example))

    def example(self, n: int = 1) -> torch.Tensor:
        """A batch of ``n`` random inputs, (n, channels, height, width), (n, samples) or (n, L), always the same one."""
        generator = torch.Generator().manual_seed(0)
        form = self.preprocessing
        if form.as_is is None:
            return torch.randn(n, form.channels, *form.size, generator=generator)
        if np.issubdtype(form.as_is, np.floating):
            return 0.1 * torch.randn(n, *form.size, generator=generator)
        return torch.from_numpy(form.example(n)).long()

    @property
    def takes(self) -> Kind:
        """The kind of input that it takes."""
        return kind_named(self.input_type)

    @cached_property
    def digest(self) -> str:
        """Hash of weights, buffers and architecture (32 hex digits); the same in every process."""
        return weights_digest(self.module)


def weights_digest(module: nn.Module) -> str:
    """Hash everything that decides a module's outputs, as far as it can be seen.

    Weights and buffers by their bytes; class names, code of the user's own ``forward`` methods and plain attributes
    (stride, eps, ...) of every submodule, so that two networks with equal weights but another padding differ.

    Parameters
    ----------
    module : torch.nn.Module
        Any module.

    Returns
    -------
    str
        32 hex digits.

    Examples
    --------
    >>> _ = torch.manual_seed(0); layer = nn.Linear(3, 2)
    >>> weights_digest(layer) == weights_digest(layer)
    True
    """
    total = _architecture(module)
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        total.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        total.update(flat.view(torch.uint8).numpy().data)
    return total.hexdigest()[:32]


def architecture_digest(module: nn.Module) -> str:
    """As `weights_digest`, apart from the weights: the same of networks that differ in these alone.

    Examples
    --------
    >>> architecture_digest(nn.Linear(3, 2)) == architecture_digest(nn.Linear(3, 2))
    True
    """
    return _architecture(module).hexdigest()[:32]


def _architecture(module: nn.Module) -> Any:
    """A hash that has begun with classes, code of one's own and settings."""
    total = hashlib.sha256()
    for name, part in module.named_modules():
        total.update(json.dumps([name, type(part).__qualname__, _plain_attributes(part)]).encode())
        if not type(part).__module__.startswith(("torch.", "transformers.", "timm.")):
            total.update(getattr(getattr(type(part).forward, "__code__", None), "co_code", b""))
    return total


def _plain_attributes(part: nn.Module) -> list[list[str]]:
    plain = (bool, int, float, str)
    found = []
    for key, value in sorted(vars(part).items()):
        if key.startswith("_") or key in _NOT_ARCHITECTURE:
            continue
        if isinstance(value, plain) or (isinstance(value, tuple) and all(isinstance(item, plain) for item in value)):
            found.append([key, repr(value)])
    return found

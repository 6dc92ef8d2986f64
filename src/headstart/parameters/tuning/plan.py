"""From the arguments of an estimator to settings with every default filled in."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headstart.contract.network_rows import network_among
from headstart.data.base.kinds import kind_named, things
from headstart.data.inputs.variants import AnyAugmentation
from headstart.errors import ParameterError
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.parameters.heads.by_rows import is_method
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.tuning.lora import lora_rank
from headstart.training.optimizers import OPTIMIZERS

#: Learning rates by optimiser: (a network that was trained before, a new head alone, random weights).
RATES = {"adamw": (3e-4, 1e-3, 1e-3), "adam": (3e-4, 1e-3, 1e-3), "sgd": (1e-2, 5e-2, 5e-2)}
#: Factor of these for a network for texts, which bears less, and for changes of low rank, which bear more.
LORA_BEARS = 2.0
#: And on pairs, where no new head pulls at the layers below it.
PAIRS_BEAR = 2.0


def starter_for(input_type: str) -> str:
    """The bundled network for a kind of input.

    It is what is borrowed when nothing is named, and the architecture that is trained from random weights when neither
    a source nor a network is named.

    Raises
    ------
    ParameterError
        If there is none.

    Examples
    --------
    >>> starter_for("image"), starter_for("audio")
    ('starter:pictures', 'starter:speech')
    """
    starter = kind_named(input_type).starter
    if starter is None:
        raise ParameterError(
            f"Expected pictures or clips for a bundled network, found {things(input_type)}.",
            "Name a network (--source, source=...).",
        )
    return starter


def network_for(estimator: Any, input_type: str) -> Network:
    """The network that an estimator starts from: that of its source, or random weights of its ``network``."""
    if estimator.source is not None:
        named, _ = network_among(estimator.source)
        network = load_network(estimator.source if named is None else named, input_type=input_type)
    else:
        seed = 0 if estimator.random_state is None else int(estimator.random_state)
        architecture = starter_for(input_type) if estimator.network is None else estimator.network
        network = random_network(load_network(architecture, input_type=input_type), seed)
    network = with_windows(network, estimator.text_windows)
    if estimator.image_size is None:
        return network
    if network.preprocessing.resized_by != "image_size":
        raise ParameterError(f"Expected image_size None for {things(input_type)}, found {estimator.image_size!r}.")
    size = int(estimator.image_size)
    if size < 8:
        raise ParameterError(f"Expected image_size of at least 8 pixels, found {estimator.image_size!r}.")
    resized = dataclasses.replace(network, preprocessing=network.preprocessing.resized(size))
    if "chain" in network.__dict__:
        shape = (network.preprocessing.channels, *resized.preprocessing.size)
        resized.__dict__["chain"] = dataclasses.replace(network.chain, input_shape=shape)
    return resized


def with_windows(network: Network, text_windows: Any) -> Network:
    """A network whose texts are cut into at most so many windows; None leaves it as it is.

    Raises
    ------
    ParameterError
        For another kind of network, or a number out of range.
    """
    preprocessing = network.preprocessing
    if text_windows is None:
        return network
    if preprocessing.resized_by != "text_windows":
        raise ParameterError(f"Expected text_windows None for {things(network.input_type)}, found {text_windows!r}.")
    if text_windows == preprocessing.windows_at_most:
        return network
    changed = dataclasses.replace(network, preprocessing=preprocessing.resized(text_windows))
    changed.__dict__.update({key: network.__dict__[key] for key in ("chain", "digest") if key in network.__dict__})
    return changed


def source_with_windows(source: Any, input_type: str, text_windows: int | None) -> Any:
    """A source, or its network set to cut texts into at most so many windows.

    Raises
    ------
    ParameterError
        Where there is no network, or one for another kind of input.
    """
    if text_windows is None:
        return source
    if source is None:
        raise ParameterError(
            f"Expected a network to read {text_windows} windows of a text, found none.", "Leave text_windows out."
        )
    return with_windows(load_network(source, input_type=input_type), text_windows)


def trained_blocks(train: Any) -> int | None:
    """Number of blocks that ``train`` moves: 0 for "head", k for "last:k" and "contrastive:k", None for the others.

    Raises
    ------
    ParameterError
        For anything else.

    Examples
    --------
    >>> trained_blocks("head"), trained_blocks("last:2"), trained_blocks("contrastive"), trained_blocks("all")
    (0, 2, 2, None)
    """
    if train == "head":
        return 0
    if train == "all" or lora_rank(train) is not None:
        return None
    match = re.fullmatch(r"(?:last|contrastive):([1-9]\d*)", "contrastive:2" if train == "contrastive" else str(train))
    if match is None:
        raise ParameterError(
            f"Expected train 'head', 'last:k' (k = 1, 2, ...), 'contrastive:k', 'all' or 'lora:r', found {train!r}."
        )
    return int(match.group(1))


def on_pairs(train: Any) -> bool:
    """Whether ``train`` says that features are trained on pairs of examples.

    Examples
    --------
    >>> on_pairs("contrastive"), on_pairs("contrastive:3"), on_pairs("last:3")
    (True, True, False)
    """
    return str(train).partition(":")[0] == "contrastive"


def head_widths(head: Any) -> tuple[int, ...]:
    """Hidden layers of the new head; empty for the named kinds and for a method of rows.

    Raises
    ------
    ParameterError
        For anything but "auto", "linear", "depths", "hidden", a list of positive numbers, or an estimator.
    """
    if is_method(head):
        return ()
    if isinstance(head, str):
        if head in ("auto", "linear", "depths", "hidden"):
            return ()
    elif isinstance(head, Sequence) and len(head) > 0 and all(isinstance(w, int) and w > 0 for w in head):
        return tuple(head)
    raise ParameterError(
        f"Expected head 'auto', 'linear', 'depths', 'hidden', a list of layer widths or a method, found {head!r}."
    )


def settings_for(
    estimator: Any, augmentation: AnyAugmentation | None = None, input_type: str = "image"
) -> TuningSettings:
    """Settings of the loop from an estimator's arguments, and the kind of input for what they leave open.

    Raises
    ------
    ParameterError
        If an argument is out of its range.
    """
    blocks = None if estimator.source is None else trained_blocks(estimator.train)
    name = str(estimator.optimizer).lower()
    if name not in OPTIMIZERS:
        raise ParameterError(f"Expected optimizer one of {', '.join(OPTIMIZERS)}, found {estimator.optimizer!r}.")
    _check_range("epochs", estimator.epochs, 1, None)
    _check_range("batch_size", estimator.batch_size, 1, None)
    _check_range("dropout", estimator.dropout, 0, 0.99)
    _check_range("channel_dropout", estimator.channel_dropout, 0, 0.99)
    if estimator.channel_dropout > 0 and estimator.source is not None and not blocks:
        raise ParameterError(
            f"Expected channel_dropout 0 with train={estimator.train!r}, found {estimator.channel_dropout!r}.",
            "It hides channels of what goes into the last k blocks: use train='last:k'.",
        )
    _check_range("layer_decay", estimator.layer_decay, 1e-6, 1)
    _check_range("weight_decay", estimator.weight_decay, 0, None)
    _check_range("l2_sp", estimator.l2_sp, 0, None)
    rank = None if estimator.source is None else lora_rank(estimator.train)
    rate = RATES[name][2 if estimator.source is None else 1 if blocks == 0 else 0]
    pairs = estimator.source is not None and on_pairs(estimator.train)
    if blocks != 0:
        rate *= PAIRS_BEAR if pairs else 1.0
        rate *= LORA_BEARS if rank is not None else kind_named(input_type).bears
    if estimator.learning_rate is not None:
        _check_range("learning_rate", estimator.learning_rate, 1e-12, None)
        rate = float(estimator.learning_rate)
    return TuningSettings(
        blocks=blocks,
        rank=rank,
        widths=head_widths(estimator.head),
        dropout=float(estimator.dropout),
        channel_dropout=float(estimator.channel_dropout),
        optimizer=name,
        epochs=int(estimator.epochs),
        learning_rate=rate,
        layer_decay=float(estimator.layer_decay) if estimator.source is not None else 1.0,
        weight_decay=float(estimator.weight_decay),
        l2_sp=float(estimator.l2_sp) if estimator.source is not None else 0.0,
        augmentation=augmentation,
        patience=max(3, int(estimator.epochs) // 4),
        batch_size=int(estimator.batch_size),
        device=str(estimator.device),
        seed=0 if estimator.random_state is None else int(estimator.random_state),
        checkpoint=None if estimator.checkpoint is None else Path(estimator.checkpoint),
        stored=bool(estimator.cache),
        pairs=pairs,
    )


def stops_early(early_stopping: Any, n: int) -> bool:
    """Whether a part of n rows is set aside for stopping early: ``"auto"`` from 300 rows on, or as told.

    Raises
    ------
    ParameterError
        For anything but "auto", True or False.
    """
    if isinstance(early_stopping, bool):
        return early_stopping
    if early_stopping == "auto":
        return n >= 300
    raise ParameterError(f"Expected early_stopping 'auto', True or False, found {early_stopping!r}.")


def _check_range(name: str, value: Any, low: float, high: float | None) -> None:
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or value < low
        or (high is not None and value > high)
    ):
        bounds = f"at least {low:g}" if high is None else f"from {low:g} to {high:g}"
        raise ParameterError(f"Expected {name} to be a number {bounds}, found {value!r}.")

"""Which augmentation fits the data: for pictures by measurement, digits are not mirrored, beetles are."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.base.rows import Inputs
from headstart.data.inputs.canvases import canvases
from headstart.data.inputs.inputs import inputs_of
from headstart.data.inputs.registry import augmentation_of, entry_of
from headstart.data.inputs.variants import AnyAugmentation
from headstart.data.sets.splits import folds
from headstart.errors import DataError, ParameterError
from headstart.networks.network import Network
from headstart.networks.running.cache import memory_cache
from headstart.networks.running.embed import embed
from headstart.parameters.heads.solved import held_out_loss, solve_head
from headstart.parameters.heads.targets import Targets

#: Pictures that the question is put to.
ASKED = 64
#: Mirroring is harmless while the held-out loss of mirrored pictures is below this multiple of the plain one's ...
FACTOR = 1.1
#: ... plus this.
SLACK = 0.02


def choose_augmentation(
    augment: Any, network: Network, inputs: Inputs, targets: Targets, *, whole: bool, seed: int
) -> AnyAugmentation | None:
    """Turn the ``augment`` argument into an augmentation.

    Parameters
    ----------
    augment : "auto", None, False, Augmentation or SoundAugmentation
        ``"auto"``: none when only the last blocks train (their input is computed once); else for pictures crops and
        light, and mirroring where `mirror_is_harmless` says so; for clips shifts in time, gain and noise; for texts
        nothing.
    whole : bool
        Whether all layers train.
    seed : int

    Raises
    ------
    ParameterError
        For anything else.
    """
    if augment is None or augment is False:
        return None
    kind = augmentation_of(inputs.kind)
    if kind is None:
        if augment != "auto" and augment is not True:
            raise ParameterError(f"Expected augment 'auto' or None for {inputs.kind.many}, found {augment!r}.")
        return None
    if isinstance(augment, kind):
        return augment
    if augment != "auto" and augment is not True:
        raise ParameterError(f"Expected augment 'auto', None or {kind.__name__}(...), found {augment!r}.")
    if not whole and augment == "auto":
        return None
    if entry_of(inputs.kind).mirrored:
        return kind(flip=mirror_is_harmless(network, inputs, targets, seed))
    return kind()


def mirror_is_harmless(network: Network, pictures: Inputs, targets: Targets, seed: int = 0) -> bool:
    """Whether mirrored pictures are recognised as well as plain ones by heads that saw plain ones alone.

    A linear head on the network's features is solved on one half of up to 64 pictures and asked about the other half,
    as it is and mirrored, both ways round. Digits, letters and left-right classes fail; animals and scenes pass.
    """
    chosen = np.sort(np.random.default_rng(seed).permutation(len(pictures))[:ASKED])
    few, part = pictures[chosen], targets.rows(chosen)
    turned_round = [np.ascontiguousarray(c[:, ::-1]) for c in canvases(few, network.preprocessing)]
    mirrored = inputs_of(pictures.kind, turned_round)
    try:
        halves = folds(part.labels, part.task, n_splits=2, random_state=seed)
    except DataError:
        return False
    plain = embed(network, few, cache=memory_cache())
    turned = embed(network, mirrored, cache=memory_cache())
    losses = np.zeros(2)
    for train, test in halves:
        if part.task == "classification" and (part.Y[train].sum(axis=0) > 0).sum() < 2:
            return False
        head = solve_head(plain[train], part.rows(train), "linear", random_state=seed)
        for i, features in enumerate((plain, turned)):
            losses[i] += held_out_loss(head.scores(features[test]), part.rows(test)) * len(test)
    plain_loss, turned_loss = losses / len(part)
    return bool(turned_loss <= FACTOR * plain_loss + SLACK)

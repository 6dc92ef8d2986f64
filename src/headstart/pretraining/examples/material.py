"""What pre-training asks of a kind of input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from headstart.data.base.kinds import Kind, kind_named
from headstart.data.inputs.registry import entries, resolve
from headstart.errors import DataError


@dataclass(frozen=True)
class Material:
    """How networks for one kind of input are pretrained; its registry entry names it.

    Parameters
    ----------
    network : callable
        ``network(name, outputs, seed, size)``: one with random weights.
    preprocessing : callable
        ``preprocessing(given)``: of the network, by what the user asks for.
    labelled : callable
        ``labelled(given, dataset, progress)``: examples whose classes are learned.
    shown : callable
        ``shown(given, teachers, n_views, labelled, progress)``: sets of views that teachers and student see.
    changes : callable
        ``changes(flip=True)``: how far two views of an example differ, by default as the papers have it.
    """

    network: Callable[..., Any]
    preprocessing: Callable[..., Any]
    labelled: Callable[..., Any]
    shown: Callable[..., list[Any]]
    changes: Callable[..., Any]


def material_of(input_type: str) -> Material:
    """How networks for a kind of input are pretrained.

    Raises
    ------
    DataError
        For a kind that none can be pretrained for.

    Examples
    --------
    >>> material_of("audio").changes().gain
    10.0
    """
    kind = kind_named(input_type)
    named = next((entry.pretraining for entry in entries() if entry.kind is kind), None)
    if named is None:
        known = " or ".join(entry.kind.many for entry in entries() if entry.pretraining)
        raise DataError(f"Expected {known} to pretrain on, found {kind.many}.", "Give others.")
    material: Material = resolve(named)
    return material


def refuse_others(found: Kind, wanted: Kind, where: str) -> None:
    """Refuse data of another kind than the teachers take.

    Raises
    ------
    DataError
        If it is another.
    """
    if found is not wanted:
        raise DataError(f"Expected {wanted.many} in {where}, found {found.many}.", f"Give {wanted.many}.")

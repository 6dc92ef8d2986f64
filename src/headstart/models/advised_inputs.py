"""What networks, and labelled sets beside them, are worth for pictures, clips or texts: the offers that are ranked."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.adviser.measuring import Measure, measure_features
from headstart.adviser.ranking import NONE, Offer
from headstart.guard.candidates.material import Material
from headstart.guard.evidence.before import conditions, expected, findings
from headstart.math.linear.row_space import row_space
from headstart.math.statistics.relatedness import standardised
from headstart.models.advised_tables import offers_of_rows
from headstart.source import Source

if TYPE_CHECKING:  # tables are advised on without torch
    from headstart.networks.network import Network
    from headstart.networks.running.features import Features

#: Networks above which those that are behind on a part of the examples are dropped, and the size of the first part.
_MANY, _FIRST = 4, 60
#: Principal coordinates of features, and examples of a set, that a set is judged by.
_COORDINATES, _MOST_LENT = 128, 400
HEAD = "a new output layer"
WITH_SET = "a new output layer learned from its examples too"


@dataclass
class Watch:
    """The time that there is."""

    budget: float
    started: float

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def over(self) -> bool:
        """Whether nothing further should be begun."""
        return self.spent > 0.8 * self.budget


def strength_of(network: Network) -> float:
    """The logarithm of a network's examples times its weights, how much it has seen and can hold; random: -1."""
    if not network.trained:
        return -1.0
    card = network.card
    return float(np.log10(max(card.n_examples or 1000, 1)) + np.log10(max(card.n_parameters, 1)))


def offers_of_networks(
    material: Material, networks: list[tuple[str, Network]], watch: Watch
) -> tuple[list[Offer], list[dict[str, Any]], tuple[str, Network, Features] | None]:
    """None and each network by a new output layer; the best one in other ways too.

    Of more than four networks all are measured on 60 examples, the better half on twice as many, and so on (successive
    halving): what is behind early is rarely ahead late, and a network's forward pass is what costs.

    Parameters
    ----------
    material : Material
        The target, without a network.
    networks : list of (str, Network)
    watch : Watch

    Returns
    -------
    offers : list of Offer
    found : list of dict
        What was looked at of the first network.
    best : (str, Network, Features) or None
        The best one with its features of all examples.
    """
    simple = material.simple_features
    assert simple is not None
    offers = [Offer(NONE, "-", "-", _measured(simple, material), f"{simple.shape[1]:,} measures without a network")]
    found: list[dict[str, Any]] = []
    fit: list[tuple[str, Network]] = []
    seen: dict[int, Features] = {}  # what the findings have looked at costs no more
    for name, network in networks:
        given = dataclasses.replace(material, network=network)
        given.__dict__["simple_features"] = simple
        said = conditions(given) if found else findings(given)
        found = found or said
        if (looked_at := given.__dict__.get("network_features")) is not None:
            seen[id(network)] = looked_at
        if expected(said):
            fit.append((name, network))
        else:
            reasons = "; ".join(one["words"].rstrip(".") for one in said if one["verdict"] == "against")
            offers.append(Offer(name, "parameters", HEAD, None, reasons, True, strength_of(network)))
    fit.sort(key=lambda pair: -strength_of(pair[1]))
    kept, dropped = _halved(fit, material, watch)
    offers += dropped
    measured: list[tuple[Offer, Network, Features]] = []
    for name, network in kept:
        if watch.over and id(network) not in seen:
            why = "the time was up; --budget gives more"
            offers.append(Offer(name, "parameters", HEAD, None, why, False, strength_of(network)))
            continue
        before = watch.spent
        features = seen.get(id(network)) or _embedded(network, material.rows, material)
        worth = _measured(features.output, material)
        why = f"{network.card.n_parameters / 1e6:.1f} million weights"
        why += f", trained on {network.card.n_examples:,}" if network.card.n_examples else ""
        seconds = watch.spent - before
        offers.append(Offer(name, "parameters", HEAD, worth, why, False, strength_of(network), seconds))
        measured.append((offers[-1], network, features))
    if not measured:
        return offers, found, None
    top, network, features = min(measured, key=lambda one: one[0].measure.error if one[0].measure else np.inf)
    beside = np.hstack([standardised(features.output), simple * np.sqrt(features.output.shape[1] / simple.shape[1])])
    more = {"features": ("its features beside simple measures", beside)}
    if len(features.depths) > 1:
        more["parameters"] = ("an output layer at a middle block", features.depths[len(features.depths) // 2])
    for what, (how, rows) in more.items():
        if not watch.over:
            worth = _measured(rows, material)
            offers.append(Offer(top.source, what, how, worth, top.why, False, top.strength))
    return offers, found, (top.source, network, features)


def _measured(features: np.ndarray, material: Material) -> Measure:
    return measure_features(features, material.columns, material.groups)


def _halved(
    networks: list[tuple[str, Network]], material: Material, watch: Watch
) -> tuple[list[tuple[str, Network]], list[Offer]]:
    """The networks worth measuring on everything, and those that were dropped."""
    order = np.random.default_rng(0).permutation(len(material))
    dropped: list[Offer] = []
    size = _FIRST
    while len(networks) > _MANY and 2 * size <= len(material) and not watch.over:
        rows = np.sort(order[:size])
        groups = None if material.groups is None else material.groups[rows]

        def error(pair: tuple[str, Network], rows: np.ndarray = rows, groups: Any = groups) -> float:
            features = _embedded(pair[1], material.rows[rows], material).output
            return measure_features(features, material.columns[rows], groups).error

        networks = sorted(networks, key=error)
        half = (len(networks) + 1) // 2
        why = f"behind the better half on {size} examples"
        dropped += [Offer(name, "parameters", HEAD, None, why, False, strength_of(n)) for name, n in networks[half:]]
        networks, size = networks[:half], 2 * size
    return networks, dropped


def offers_of_sets(
    material: Material, sets: list[Source], best: tuple[str, Network, Features], note: Callable[[str], None]
) -> list[Offer]:
    """Labelled sets through the best network: their examples in the target's place.

    Parameters
    ----------
    material : Material
    sets : list of Source
        Screened, with labels of the target's classes.
    best : (str, Network, Features)
    note : callable
        Told what was left out.
    """
    name, network, features = best
    lent, labels = [], []
    for one in sets:
        some = np.linspace(0, len(one.y) - 1, min(len(one.y), _MOST_LENT)).astype(int)
        if len(some) < len(one.y):
            note(f"{len(some)} of {len(one.y):,} examples of {one.name} were measured.")
        lent.append(_embedded(network, one.X[some], material).output)
        labels.append(np.asarray(one.y)[some])
    space = row_space(np.concatenate([features.output, *lent]).astype(np.float64))
    rows = (space.left * space.singular)[:, -_COORDINATES:]
    own, *others = np.split(rows, np.cumsum([len(features.output), *map(len, lent)])[:-1])
    judged = offers_of_rows(own, material, list(zip(others, labels, strict=True)), [one.name or "" for one in sets])
    refused = {one.source: one.why for one in judged if one.refused}
    found = []
    for one, more, y in zip(sets, lent, labels, strict=True):
        worth, called = _among(features.output, more, y, material), f"{name} + {one.name}"
        why = refused.get(one.name or "", f"{len(y):,} examples among your own, seen by {name}")
        refuse = one.name in refused
        found.append(Offer(called, "instances", WITH_SET, worth, why, refuse, strength_of(network)))
    return found


def _among(own: np.ndarray, more: np.ndarray, y: np.ndarray, material: Material) -> Measure:
    """The network's features with those of a set among the others that judge each example of the target."""
    n, classes = len(own), material.classes
    theirs = y.reshape(len(y), -1) if classes is None else np.eye(len(classes))[np.searchsorted(classes, y)]
    kept = np.arange(n) if material.groups is None else np.unique(material.groups, return_inverse=True)[1]
    groups = np.concatenate([kept, n + np.arange(len(more))])
    columns = np.concatenate([material.columns, theirs])
    return measure_features(np.concatenate([own, more]), columns, groups, judged=n)


def _embedded(network: Network, inputs: Any, material: Material) -> Features:
    """What a network says of inputs; tables are advised on without torch."""
    from headstart.networks.running.embed import embed

    return embed(network, inputs, device=material.device, progress=material.progress)

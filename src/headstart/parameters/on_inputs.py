"""From pictures, clips or texts to a fitted head, with or without a network that was trained on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone, is_regressor

from headstart.contract.weighted_fit import row_weights
from headstart.data.base.rows import Inputs
from headstart.data.inputs.inputs import as_inputs, joined, refuse_other_kind
from headstart.data.sets.splits import holdout
from headstart.errors import ParameterError
from headstart.networks.network import Network
from headstart.networks.running.embed import Features, embed
from headstart.networks.window import fitted
from headstart.parameters.heads.by_rows import is_method, solve_by
from headstart.parameters.heads.deep_head import train_deep_head
from headstart.parameters.heads.fitted import Fitted, linear_part
from headstart.parameters.heads.hidden_heads import HIDDEN, train_hidden_heads
from headstart.parameters.heads.lent import Lent, all_labels, best_share, lent_examples, sets_of_rows, weighed
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.heads.solved import SolvedHead, solve_head
from headstart.parameters.heads.targets import Targets, matched, one_column
from headstart.parameters.heads.unlabelled import solve_with_unlabelled
from headstart.parameters.tuning.adapting import TwoSides, adapt_blocks
from headstart.parameters.tuning.augmenting import choose_augmentation
from headstart.parameters.tuning.consistency import Unlabelled
from headstart.parameters.tuning.contrastive import contrast
from headstart.parameters.tuning.first_head import first_head
from headstart.parameters.tuning.plan import network_for, settings_for, stops_early
from headstart.parameters.tuning.tuning import tune
from headstart.parameters.tuning.view_features import learned
from headstart.progress import Progress
from headstart.training.device import pick_device


@dataclass(frozen=True, eq=False)
class Given:
    """What there is to learn from.

    Attributes
    ----------
    inputs : Inputs of n + m examples
        The target's with labels, then those that labelled sets lend.
    targets : Targets of n + m rows
    groups : array of shape (n,) or None
        Of the target's.
    lent : Lent of m examples or None
    more : Inputs or None
        The target's without labels.
    """

    inputs: Inputs
    targets: Targets
    groups: np.ndarray | None
    lent: Lent | None = None
    more: Inputs | None = None

    @property
    def m(self) -> int:
        """How many examples are lent."""
        return 0 if self.lent is None else len(self.lent)

    @property
    def own(self) -> Inputs:
        """The target's examples; where none of them has a label, those without."""
        n = len(self.targets) - self.m
        return self.inputs[:n] if n or self.more is None else self.more


def given_to(
    estimator: Any,
    encode: Callable[[Any], Targets],
    inputs: Inputs,
    y: Any,
    groups: np.ndarray | None,
    sample_weight: Any,
) -> Given:
    """What there is to learn from: the target, and below it what labelled sets lend; without labels these alone.

    Parameters
    ----------
    estimator : TransferClassifier or TransferRegressor
    encode : callable
        Labels to `Targets`.
    inputs, y, groups, sample_weight
        As its ``fit`` got them.
    """
    lent, more = lent_examples(estimator.source, inputs), alike(getattr(estimator, "unlabelled", None), inputs)
    task = "regression" if is_regressor(estimator) else "classification"
    if y is None and lent is not None and is_method(estimator.head):
        if sample_weight is not None or groups is not None:
            raise ParameterError(
                "Expected neither sample_weight nor groups where the target has no labels, found "
                f"{'sample_weight' if sample_weight is not None else 'groups'}.",
                "They are of labelled examples: leave them out, or give y.",
            )
        labels, stated = all_labels(None, lent, estimator.source, task), getattr(estimator.head, "target_classes", None)
        kept = np.arange(len(lent)) if stated is None else np.flatnonzero(np.isin(labels, np.asarray(stated)))
        lent, targets = lent.rows(kept), encode(labels[kept]).weighed(lent.weight[kept])
        return Given(lent.inputs, targets, None, lent, inputs if more is None else joined([inputs, more]))
    y = matched(y, inputs)
    if lent is None:
        return Given(inputs, encode(y).weighed(sample_weight), groups, more=more)
    labels = all_labels(one_column(y), lent, estimator.source, task)
    own = np.ones(len(inputs)) if sample_weight is None else row_weights(sample_weight, len(inputs))
    targets = encode(labels).weighed(np.concatenate([own / own.mean(), lent.weight]))
    return Given(joined([inputs, lent.inputs]), targets, groups, lent, more)


def fit_inputs(estimator: Any, given: Given, progress: Progress | None) -> Fitted:
    """Fit what the arguments of a `TransferClassifier` or `TransferRegressor` say."""
    inputs, targets, groups, m = given.inputs, given.targets, given.groups, given.m
    network = fitted(network_for(estimator, inputs.input_type), given.own)
    settings = settings_for(estimator, input_type=inputs.input_type)
    if settings.blocks == 0:
        return _head(estimator, network, given, settings, progress)
    if is_method(estimator.head):
        return _adapted(estimator, network, given, settings, progress)
    targets = weighed(targets, m, 1.0)
    if settings.pairs:
        how: dict[str, Any] = {"groups": groups, "progress": progress, "lent": m}
        return contrast(network, inputs, targets, settings, estimator.head, **how)
    augmentation = choose_augmentation(
        estimator.augment, network, inputs, targets, whole=settings.blocks is None, seed=settings.seed
    )
    settings, held = replace(settings, augmentation=augmentation), held_rows(estimator, targets, groups, m)

    start = partial(first_head, targets=targets, settings=settings, groups=groups, held_out=held, lent=m)
    tuned = tune(network, inputs, targets, settings, start=start, held_out=held, progress=progress)
    return Fitted(targets, tuned.network, None, tuned.head, tuned.history)


def _head(
    estimator: Any, network: Network, given: Given, settings: TuningSettings, progress: Progress | None
) -> Fitted:
    """A new head in front of the network as it is."""
    inputs, targets, groups, m = given.inputs, given.targets, given.groups, given.m
    device, seed = str(pick_device(estimator.device)), settings.seed
    if is_method(estimator.head):
        return _by_rows(estimator, network, given, device, progress)
    how: dict[str, Any] = {"augment": estimator.augment, "seed": seed, "device": device, "progress": progress}
    seen = learned(network, inputs, targets, estimator.views, **how)
    if estimator.head == HIDDEN:
        shared = replace(seen, targets=weighed(seen.targets, m, 1.0)) if m else seen
        return Fitted(shared.targets, network, train_hidden_heads(shared, settings, progress), None, [])
    if not settings.widths:
        common: dict[str, Any] = {"groups": groups, "random_state": estimator.random_state, "views": seen.views}

        def solve(weights: Targets) -> SolvedHead:
            return solve_head(seen.features, weights, estimator.head, lent=m, choices=estimator.known, **common)

        return Fitted(seen.targets, network, best_share(solve, seen.targets, m), None, [])
    shared = replace(seen, targets=weighed(seen.targets, m, 1.0)) if m else seen
    held = seen.held(held_rows(estimator, targets, groups, m))
    deep, history = train_deep_head(seen.features.output, shared.targets, settings, held_out=held, progress=progress)
    return Fitted(shared.targets, network, None, deep, history)


def _by_rows(estimator: Any, network: Network, given: Given, device: str, progress: Progress | None) -> Fitted:
    """A head by a method of rows, with what is lent as its source."""
    features, targets = embed(network, given.inputs, device=device, progress=progress), given.targets
    more = None if given.more is None else embed(network, given.more, device=device).output
    head = _solved_by(estimator.head, given, features[np.arange(len(targets) - given.m)], features, more)
    return Fitted(targets, network, head, None, [])


def _solved_by(method: Any, given: Given, own: Features, lent: Features, more: np.ndarray | None) -> SolvedHead:
    """A method's head from features of the target, of what is lent (the last ones), and of those without labels."""
    targets = given.targets
    labels = targets.Y[:, 0] if targets.task == "regression" else np.asarray(targets.classes)[targets.labels]
    sets = [] if given.lent is None else sets_of_rows(lent, labels, given.lent)
    return solve_by(method, own, targets.rows(np.arange(len(targets) - given.m)), sets, more)


def _adapted(
    estimator: Any, network: Network, given: Given, settings: TuningSettings, progress: Progress | None
) -> Fitted:
    """The last blocks adapted from what is lent to the target, with labels or without."""
    adaptation, targets, n = getattr(estimator.head, "asked", None), given.targets, len(given.targets) - given.m
    if adaptation is None or given.lent is None:
        raise ParameterError(
            f"Expected train='head' with a method as the head, found train={estimator.train!r}.",
            "Leave train out; AdaptedClassifier() adapts the last blocks too, with a labelled set in source=.",
        )
    target = given.own if not n or given.more is None else joined([given.own, given.more])
    known = np.concatenate([targets.labels[:n], np.full(len(target) - n, -1)])
    rows = np.arange(n, len(targets))
    sides = TwoSides(given.inputs[rows], targets.rows(rows), target, known)
    method = clone(estimator.head).set_params(adaptation=adaptation.start)

    def start(seen: np.ndarray, lent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        own, more = Features.of(seen[:n]), seen[n:] if len(seen) > n else None
        return linear_part(_solved_by(method, given, own, Features.of(lent), more))

    tuned = adapt_blocks(network, sides, adaptation, settings, start, progress)
    return Fitted(targets, tuned.network, None, tuned.head, tuned.history)


def fit_with_unlabelled(estimator: Any, given: Given, progress: Progress | None) -> tuple[Fitted, np.ndarray]:
    """A head that learns from examples without labels too, and how their class shares look."""
    more, targets = given.more, weighed(given.targets, given.m, 1.0)
    assert more is not None
    network = fitted(network_for(estimator, given.inputs.input_type), given.own)
    device = str(pick_device(estimator.device))
    seen, other = (embed(network, rows, device=device, progress=progress) for rows in (given.inputs, more))
    head, shares = solve_with_unlabelled(seen, other, targets)
    return Fitted(targets, network, head, None, []), shares


def tune_with_unlabelled(estimator: Any, given: Given, progress: Progress | None) -> tuple[Fitted, np.ndarray]:
    """A network whose weak views of examples without labels teach strong ones, and how their class shares look."""
    more, targets = given.more, weighed(given.targets, given.m, 1.0)
    assert more is not None
    network = fitted(network_for(estimator, given.inputs.input_type), given.own)
    settings = settings_for(estimator, input_type=given.inputs.input_type)
    held = held_rows(estimator, targets, given.groups, given.m)
    device, rows = str(pick_device(estimator.device)), np.arange(len(targets)) if held is None else held[0]
    other = embed(network, more, device=device, progress=progress)
    strong = choose_augmentation(
        estimator.augment or "auto", network, given.inputs, targets, whole=True, seed=settings.seed
    )
    seen = embed(network, given.inputs, device=device, progress=progress)
    head, shares = solve_with_unlabelled(seen[rows], other, targets.rows(rows))
    if settings.blocks is None:
        settings = replace(settings, augmentation=strong)
    tuned = tune(
        network,
        given.inputs,
        targets,
        settings,
        start=lambda features: linear_part(head),
        held_out=held,
        progress=progress,
        more=Unlabelled(more, shares, strong),
    )
    return Fitted(targets, tuned.network, None, tuned.head, tuned.history), shares


def alike(unlabelled: Any, inputs: Inputs) -> Inputs | None:
    """Examples without labels, of the kind of the others; None where there are none."""
    if unlabelled is None:
        return None
    more = as_inputs(unlabelled, inputs.input_type)
    if more.kind is not inputs.kind:
        refuse_other_kind(more.kind, inputs.kind, "without labels")
    return more


def held_rows(
    estimator: Any, targets: Targets, groups: np.ndarray | None, lent: int = 0
) -> tuple[np.ndarray, np.ndarray] | None:
    """Rows for training and rows for stopping early, those of the target alone; None when every row trains."""
    n = len(targets) - lent
    if not stops_early(estimator.early_stopping, n):
        return None
    seed = 0 if estimator.random_state is None else int(estimator.random_state)
    own = targets.rows(np.arange(n))
    rows, held = holdout(own.labels, targets.task, groups=groups, fraction=0.2, random_state=seed)
    return np.concatenate([rows, np.arange(n, n + lent)]), held

"""Which way to join views is best, measured on rows that were left out; the best single view is always among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from headstart.data.sets.splits import folds
from headstart.math.statistics.calibration import temperature
from headstart.multiview.fusion import fuse

_SPLITS = 5
#: Standard errors by which a way has to be better than the first. Of a single view they are many: it throws the others
#: away, and the best of several looks better than it is.
_CAUTION = {"discriminant": 1.0, "product": 1.0, "joint": 1.0, "one": 2.0}
#: Labels below which rows left out tell no joining from another, but for the product in the place of a discriminant.
_LEAST = 40
Way = tuple[str, int]


@dataclass(frozen=True, eq=False)
class ChosenWay:
    """What was measured of the ways to join views.

    Attributes
    ----------
    name : str
    losses : dict of str to float
        Mean loss of each way on rows that were left out: the log-loss of classes after one temperature, the squared
        error of numbers in terms of their variance. Empty where nothing could be left out.
    temperature : float
        What the log-probabilities of the chosen way are divided by.
    """

    name: str
    losses: dict[str, float] = field(default_factory=dict)
    temperature: float = 1.0


def choose_way(
    ways: Mapping[str, Way],
    views: Sequence[np.ndarray],
    Y: np.ndarray,
    *,
    numbers: bool,
    groups: np.ndarray | None = None,
    more: Sequence[np.ndarray] | None = None,
    random_state: int = 0,
) -> ChosenWay:
    """Take the first way, unless another is clearly better on rows left out.

    On a handful of labels all ways look alike, and whichever looks best is luck: so what is known to be good
    elsewhere (where there are rows without labels a discriminant that learns from them, else the product of the views'
    heads) is taken, and something else only on evidence: the product or joined views if their loss is lower by a
    standard error of the difference, a single view by two; below 40 labels only the product may take the
    discriminant's place. No weights of views are tuned.

    Parameters
    ----------
    ways : dict of str to (fusion, view)
        The first is what is taken without evidence.
    views : sequence of V ndarray of shape (n, d)
        Ready.
    Y : ndarray of shape (n, K)
    numbers : bool
    groups, more, random_state
        As in `headstart.multiview.fusion.fuse`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(60) % 2
    >>> views = [2.0 * y[:, None] - 1 + 0.1 * rng.normal(size=(60, 1)), rng.normal(size=(60, 1))]
    >>> ways = {"product": ("product", -1), "good": ("one", 0), "noise": ("one", 1)}
    >>> found = choose_way(ways, views, np.eye(2)[y], numbers=False)
    >>> found.losses["good"] < found.losses["noise"], found.name != "noise"
    (True, True)
    """
    first = next(iter(ways))
    codes = Y[:, 0] if numbers else Y.argmax(axis=1)
    counts = np.array([len(codes)]) if numbers else np.bincount(codes)
    n_groups = len(codes) if groups is None else len(np.unique(groups))
    if min(int(counts[counts > 0].min()), n_groups) < 2:
        return ChosenWay(first)
    kind = "regression" if numbers else "classification"
    splits = min(_SPLITS, max(2, int(counts[counts > 0].min())))
    apart = folds(codes, kind, groups=groups, n_splits=splits, random_state=random_state)
    losses: dict[str, np.ndarray] = {}
    warmth: dict[str, float] = {}
    for name, (fusion, view) in ways.items():
        said = np.zeros(Y.shape)
        for train, test in apart:
            own = None if groups is None else groups[train]
            learned = [X[train] for X in views]
            model = fuse(fusion, learned, Y[train], numbers=numbers, view=view, groups=own, more=more)
            said[test] = model.scores([X[test] for X in views])
        warmth[name] = 1.0 if numbers else temperature(said, codes)
        losses[name] = _losses(said / warmth[name], Y, numbers)
    chosen, best = first, 0.0
    for name, loss in losses.items():
        gain = losses[first] - loss
        if len(gain) < _LEAST and ways[name][0] != "product":
            continue
        if gain.mean() > max(best, _CAUTION[ways[name][0]] * gain.std() / np.sqrt(len(gain))):
            chosen, best = name, float(gain.mean())
    return ChosenWay(chosen, {name: float(loss.mean()) for name, loss in losses.items()}, warmth[chosen])


def _losses(said: np.ndarray, Y: np.ndarray, numbers: bool) -> np.ndarray:
    """Loss of each row, (n,)."""
    if numbers:
        return np.asarray(((said - Y) ** 2 / np.maximum(Y.var(axis=0), 1e-12)).mean(axis=1))
    top = said.max(axis=1, keepdims=True)
    total = top[:, 0] + np.log(np.exp(said - top).sum(axis=1))
    return np.asarray(total - (said * Y).sum(axis=1))

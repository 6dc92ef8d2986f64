"""Where rows of the source lie beside those of the target, before they were brought together and after."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from headstart.contract.domains import Domains, Side
from headstart.errors import HeadstartError, TransferWarning
from headstart.guard.candidates.kept_apart import taken
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.pooling import PooledClassifier, PooledRegressor
from headstart.guard.choosing.without_labels import domain_auc
from headstart.guard.comparing.out_of_fold import Outcome
from headstart.source import Source

#: Points of a side, groups of labels with a colour of their own, and the budget in seconds from which t-SNE is drawn.
MOST_POINTS, MOST_COLOURS, ENOUGH_BUDGET = 150, 7, 120.0
#: Rows of the target, and of all sources together, that are brought together to be drawn.
MOST_ROWS = 1000
_WIDE, _STEPS, _PERPLEXITY = 50, 500, 30.0
_FEWEST = 10


def principal(rows: np.ndarray, n_components: int = 2) -> tuple[np.ndarray, float]:
    """Coordinates of rows along their first principal axes, (n, n_components), and the share of the variance there.

    The largest coordinate of each axis is positive, so that the same rows are always drawn the same way round.

    Examples
    --------
    >>> rows, share = principal(np.array([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]]))
    >>> rows[:, 0].round(9).tolist(), share
    ([-2.0, 0.0, 2.0], 1.0)
    """
    centred = np.asarray(rows, dtype=np.float64) - np.mean(rows, axis=0, dtype=np.float64)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    found = left[:, :n_components] * singular[:n_components]
    turn = np.sign(found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])])
    found = np.pad(found * np.where(turn == 0, 1.0, turn), ((0, 0), (0, max(0, n_components - found.shape[1]))))
    total = float((singular**2).sum())
    return found, float((singular[:n_components] ** 2).sum()) / total if total > 0 else 1.0


def neighbourhoods(rows: np.ndarray, random_state: int) -> np.ndarray:
    """Places in the plane whose neighbours are those of the rows, (n, 2), by t-SNE.

    References
    ----------
    van der Maaten and Hinton (2008), Visualizing data using t-SNE; begun from the principal axes.
    """
    from sklearn.manifold import TSNE  # only here: it takes half a second to load

    few = principal(rows, min(_WIDE, *rows.shape))[0]
    perplexity = min(_PERPLEXITY, (len(few) - 1) / 3)
    start = few[:, :2] if few.shape[1] > 1 else np.column_stack([few, np.zeros(len(few))])
    start = 1e-4 * start / (start[:, 0].std() or 1.0)
    found = TSNE(2, perplexity=perplexity, init=start, max_iter=_STEPS, random_state=random_state).fit_transform(few)
    return np.asarray(found, dtype=np.float64)


def domain_map(before: Domains, after: Domains | None, *, random_state: int, budget: float) -> dict[str, Any] | None:
    """Both sides in the plane.

    Parameters
    ----------
    before : Domains
        Rows as they were given.
    after : Domains or None
        The same rows where a method brought them together.
    random_state : int
        Of the points that are drawn, and of t-SNE.
    budget : float
        Seconds of the whole fit: below 120 t-SNE is left out.

    Returns
    -------
    dict or None
        ``sides`` with ``name``, ``n`` and ``shown``, the target first; ``labels``, which groups of labels there are,
        and ``numbers``, whether they are fifths of numbers; ``side`` and ``label`` of each point, -1 for none; and
        ``views`` with ``place`` ("before", "after"), ``by``
        ("PCA", "t-SNE"), ``share`` of the variance, ``auc`` of telling the sides apart, and ``points``, all of both
        sides. None for fewer than ten rows on a side.
    """
    sides = [before.target, *before.sources]
    if min(len(before.target), sum(map(len, before.sources))) < _FEWEST:
        return None
    rng = np.random.default_rng(random_state)
    shares = [MOST_POINTS, *_shares([len(side) for side in before.sources], MOST_POINTS)]
    kept = [np.sort(rng.permutation(len(side))[:most]) for side, most in zip(sides, shares, strict=True)]
    codes, labels = _labels(before, sides)
    views: list[dict[str, Any]] = []
    places = {"before": before} if after is None else {"before": before, "after": after}
    for place, domains in places.items():
        rows = [np.asarray(side.X, dtype=np.float64) for side in (domains.target, *domains.sources)]
        auc = domain_auc(np.concatenate(rows[1:]), rows[0], random_state)
        drawn = np.concatenate([part[some] for part, some in zip(rows, kept, strict=True)])
        flat, share = principal(drawn)
        views.append({"place": place, "by": "PCA", "share": share, "auc": auc, "points": _rounded(flat)})
        if budget >= ENOUGH_BUDGET:
            near = neighbourhoods(drawn, random_state)
            views.append({"place": place, "by": "t-SNE", "share": None, "auc": auc, "points": _rounded(near)})
    return {
        "sides": [
            {"name": side.name, "n": len(side), "shown": len(some)} for side, some in zip(sides, kept, strict=True)
        ],
        "labels": labels,
        "numbers": before.classes is None,
        "side": np.repeat(np.arange(len(kept)), [len(some) for some in kept]).tolist(),
        "label": [int(code) for part, some in zip(codes, kept, strict=True) for code in part[some]],
        "views": views,
    }


def _shares(sizes: Sequence[int], most: int) -> list[int]:
    """How many rows of each source are taken where all together take ``most``."""
    return [max(1, int(most * size / sum(sizes))) if sum(sizes) > most else size for size in sizes]


def _rounded(points: np.ndarray) -> list[list[float]]:
    """Points in a square from 0 to 1 with its proportions kept."""
    low, high = points.min(axis=0), points.max(axis=0)
    width = float((high - low).max()) or 1.0
    return np.round((points - (low + high) / 2) / width + 0.5, 3).tolist()


def _labels(domains: Domains, sides: Sequence[Side]) -> tuple[list[np.ndarray], list[str]]:
    """Group of each row's label, -1 for none, and what the groups are called: classes, or fifths of numbers."""
    given = [side.y for side in sides]
    known = [y for y in given if y is not None]
    if not known:
        return [np.full(len(side), -1) for side in sides], []
    if domains.classes is None:
        ends = np.unique(np.quantile(np.concatenate(known), [0.2, 0.4, 0.6, 0.8]))
        names = [f"up to {ends[0]:.4g}", *(f"{a:.4g} to {b:.4g}" for a, b in pairwise(ends))]
        groups = [None if y is None else np.searchsorted(ends, y, side="left") for y in given]
        names.append(f"above {ends[-1]:.4g}")
    else:
        counts = np.bincount(np.concatenate(known), minlength=len(domains.classes))
        order = np.argsort(-counts, kind="stable")
        most = len(order) if len(order) <= MOST_COLOURS else MOST_COLOURS - 1
        place = np.full(len(order), most)
        place[np.sort(order[:most])] = np.arange(most)
        names = [str(domains.classes[k]) for k in np.sort(order[:most])]
        names += [f"{len(order) - most} more classes"] if most < len(order) else []
        groups = [None if y is None else place[y] for y in given]
    return [np.full(len(s), -1) if g is None else g for s, g in zip(sides, groups, strict=True)], names


def map_of(
    material: Material, estimator: Any, outcomes: Sequence[Outcome], scores: np.ndarray, chosen: int, **how: Any
) -> dict[str, Any] | None:
    """The map of a comparison in which labelled rows or examples were offered.

    The rows after are as the chosen method brings them together: it, or the heaviest part of a mixture that does. Where
    nothing chosen does, the best candidate that does shows what it would have done.

    Parameters
    ----------
    material : Material
    estimator : fitted estimator
        What was chosen.
    outcomes : sequence of Outcome
    scores : ndarray of shape (C,)
        Of the candidates, the larger the better.
    chosen : int
    **how
        ``random_state`` and ``budget`` of `domain_map`.

    Returns
    -------
    dict or None
        As of `domain_map`, with ``alignment``: ``name``, ``share`` of the model, 0 where it was not chosen. None where
        nothing was offered.
    """
    sources = material.sources or _lent(material)
    if not sources:
        return None
    rng = np.random.default_rng(how["random_state"])
    sizes = [len(source.y) for source in sources]
    few = [_drawn(one, most, rng) for one, most in zip(sources, _shares(sizes, MOST_ROWS), strict=True)]
    few = few if material.sources else _featured(material, few)
    own = _drawn(Source(material.inputs("features"), material.y), MOST_ROWS, rng)
    pooled = PooledRegressor if material.task == "regression" else PooledClassifier
    found = _aligner(estimator, outcomes, scores, chosen)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TransferWarning)
        try:
            before, after = pooled(source=few).aligned_sides(own.X, own.y), None
            if found is not None:
                after = found[1].__sklearn_clone__().set_params(source=few).aligned_sides(own.X, own.y)
        except HeadstartError:  # too few of a class among those drawn
            return None
    drawn = domain_map(before, after, **how)
    if drawn is None:
        return None
    for side, n in zip(drawn["sides"], [len(material), *(sizes[i] for i in before.order)], strict=True):
        side["n"] = n
    return drawn | {"alignment": None if found is None else {"name": found[0], "share": found[2]}}


def _drawn(source: Source, most: int, rng: np.random.Generator) -> Source:
    """Some rows of a source, drawn at random where there are more."""
    return taken(source, np.sort(rng.permutation(len(source.y))[:most]))


def _lent(material: Material) -> tuple[Source, ...]:
    """Labelled examples of other sets, where a network makes rows of them."""
    return () if material.fitting_network is None or material.task == "multilabel" else material.lent


def _featured(material: Material, sources: Sequence[Source]) -> list[Source]:
    """Examples as rows of the network's features."""
    network, device, told = material.fitting_network, material.device, material.progress
    assert network is not None
    from headstart.networks.running.embed import embed  # rows of a table need no torch

    return [replace(one, X=embed(network, one.X, device=device, progress=told).output) for one in sources]


def _aligner(
    estimator: Any, outcomes: Sequence[Outcome], scores: np.ndarray, chosen: int
) -> tuple[str, Any, float] | None:
    """Name, method and share of the model of what brings both sides together."""
    parts = [(outcomes[chosen].candidate.name, estimator, 1.0)]
    if hasattr(estimator, "weights_") and hasattr(estimator, "estimators"):
        named = zip(estimator.estimators, estimator.weights_, strict=True)
        parts = [(name, part, float(share)) for (name, part), share in named]
    order = np.argsort(-scores, kind="stable").tolist()
    parts = sorted(parts, key=lambda part: -part[2])
    parts += [(outcomes[c].candidate.name, outcomes[c].candidate.estimator, 0.0) for c in order]
    for name, part, share in parts:
        method = getattr(part, "head", part)
        if getattr(method, "aligns", False):
            return name, method, share
    return None

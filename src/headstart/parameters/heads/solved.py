"""Heads on frozen features, solved to their optimum: one linear head, or several over different depths, averaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy.special import expit, log_softmax, logsumexp

from headstart.contract.remembered import remembered
from headstart.data.sets.splits import telling_folds
from headstart.math.linear.logistic import compare_penalties, log_losses, solve_logistic
from headstart.math.linear.ridge import solve_ridge
from headstart.math.linear.solution import LinearSolution
from headstart.networks.running.features import Features
from headstart.parameters.heads.targets import Targets, some_rows

#: How fast a feature set loses weight with its relative distance from the best one's held-out loss.
SHARPNESS = 10.0
#: A combination of depths must be this much better than the plain linear head to be taken for it. Where there is no
#: grid (texts) it is the plain linear head that must be better: with few labels the held-out losses of the two hardly
#: differ, and on four sets of texts with 8 to 1,000 labels the combination was ahead in the mean (on some sets even).
MARGIN = 0.02
#: Of texts, the share that the last features start from, and the rows from which held-out losses count half as usual.
LAST, TELLING = 0.25, 100
#: The same of pictures and clips where no class has two examples, so that nothing can be held out.
UNTOLD_LAST = 0.5

#: Values of features beside the last ones that a head is solved on: where all rows have more, some rows serve.
MOST_VALUES = 2**25

#: Rows of features that are read at a time where they are not held.
_BLOCK = 2048

#: Heads that are remembered: candidates of a comparison share what they solve on the same folds.
_KEPT = 16

#: Of six depths, those that a head reads beside the last features, and those that one for texts does.
DEPTHS, LAYERS = 3, 4


@dataclass(frozen=True)
class Part:
    """One linear head: the feature set that it reads, coefficients (d, K), intercept (K,), weight in the average.

    Where it is a solved classifier, its penalty too.
    """

    name: str
    coef: np.ndarray
    intercept: np.ndarray
    weight: float
    penalty: float | None = None


@dataclass(frozen=True)
class SolvedHead:
    """Linear heads whose probabilities (for numbers: predictions) are averaged.

    Attributes
    ----------
    loss : float
        Held-out loss of the average: mean log-loss, or mean squared error of standardised targets.
    losses : dict
        Held-out loss of each part alone.
    rows : int, optional
        From how many rows the parts learned that read more than the last features, where it was not from all.
    """

    task: str
    parts: tuple[Part, ...]
    loss: float
    losses: dict[str, float]
    rows: int | None = None

    @property
    def is_linear(self) -> bool:
        """Whether it is one linear map of the network's own last features."""
        return len(self.parts) == 1 and self.parts[0].name == "output"

    @property
    def choices(self) -> list[tuple[str, float, float]] | None:
        """Feature set, penalty and weight of each part, for `solve_head`; None for numbers, where choosing is cheap."""
        found = [(part.name, part.penalty, part.weight) for part in self.parts if part.penalty is not None]
        return found if len(found) == len(self.parts) else None

    def scores(self, features: Features) -> np.ndarray:
        """Logits, or standardised predictions, of shape (n, K)."""
        if features.held:
            return self._scores(features)
        starts = range(0, len(features), _BLOCK)
        return np.concatenate([self._scores(features[start : start + _BLOCK]) for start in starts])

    def _scores(self, features: Features) -> np.ndarray:
        each = [feature_set(features, part.name) @ part.coef + part.intercept for part in self.parts]
        return combine(each, [part.weight for part in self.parts], self.task)


def _root(X: np.ndarray) -> np.ndarray:
    """Signed square root: tames the few units that fire very strongly."""
    root = np.abs(X)
    return np.copysign(np.sqrt(root, out=root), X, out=root)


_SETS: dict[str, Callable[[Features], Sequence[np.ndarray]]] = {
    "output": lambda f: [f.output],
    "depths": lambda f: [_root(d) for d in f.depths[-DEPTHS:]],
    "layers": lambda f: [_root(d) for d in f.depths[-LAYERS:]],
    "grid": lambda f: [_root(g) for g in f.grids],
}


def feature_set(features: Features, name: str) -> np.ndarray:
    """A feature set (n, d) by name.

    ``output``: the input of the output layer. ``depths``: square roots of the mean
    activations of the last three of six depths. ``grid``: square roots of mean activations over a 3 x 3 grid of the
    picture, at three depths before the last: they still know where something was. ``layers``: of what has no grid
    (texts), square roots of the mean activations of the last four of six depths. A text encoder's last layer was
    trained to say what a text is about and has dropped much of its tone; the layers before it still have that.
    """
    arrays = _SETS[name](features)
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=1)


def solve_head(
    features: Features,
    targets: Targets,
    kind: str = "auto",
    *,
    groups: np.ndarray | None = None,
    random_state: int | None = 0,
    views: int = 1,
    chosen_on: Features | None = None,
    lent: int = 0,
    choices: Sequence[tuple[str, float, float]] | None = None,
) -> SolvedHead:
    """Solve a head on cached features.

    Parameters
    ----------
    features : Features of n rows
    targets : Targets of n rows
    kind : {"linear", "depths", "auto"}
        One linear head on the last features; heads over several depths, averaged with weights that fall with their
        held-out loss; or whichever of the two has the lower held-out loss. When it is close that is the linear one, of
        texts the average.
    groups : ndarray of shape (n,), optional
        Groups that held-out rows must not share with the rows they are predicted from.
    random_state : int, default=0
        Seed of the folds on which penalties are chosen.
    views : int, default=1
        The rows are so many views of n / views examples, the plain ones first; ``groups`` are those of the plain ones.
        All views of an example stand on one side of a fold, and plain ones alone are held out.
    chosen_on : Features of the same rows, optional
        On which penalties, weights and held-out losses are found. Give those of the network before it was trained on
        the labels of these very rows: its new features leave nothing to hold out.
    lent : int, default=0
        How many of the last plain rows are lent by other sets: they are learned from in every fold and never held out;
        ``groups`` are those of the rows before them.
    choices : sequence of (str, float, float), optional
        `SolvedHead.choices` of another head, taken as they are: nothing is held out then, and there is no loss.
    """
    if choices is not None:
        few = some_rows(len(targets), MOST_VALUES // features.n_values, random_state)
        parts = []
        for name, penalty, weight in choices:
            part = None if name == "output" else few
            seen_by, own = (features, targets) if part is None else (features[part], targets.rows(part))
            parts.append(_chosen_part(seen_by, own, name, penalty, weight))
        return SolvedHead(targets.task, tuple(parts), np.nan, {})
    make = partial(_solved_head, features, targets, kind, groups, random_state, views, chosen_on, lent)
    if not features.held:  # large: what decoding and running left behind is not to lie beside it
        from headstart.nn.sharding import give_back

        give_back(from_now_on=False)
        return make()
    what = f"{kind} head of {targets.task}, {random_state}, {views}, {lent}"
    seen = [features.output, *features.depths, *features.grids]
    seen += [] if chosen_on is None else [chosen_on.output, *chosen_on.depths, *chosen_on.grids]
    arrays = [*seen, targets.Y, targets.weight, groups]
    return remembered(what, arrays, make, shelf="heads", kept=_KEPT)


def _solved_head(
    features: Features,
    targets: Targets,
    kind: str,
    groups: np.ndarray | None,
    random_state: int | None,
    views: int,
    chosen_on: Features | None,
    lent: int,
) -> SolvedHead:
    n = len(targets) // views
    folds = _inner_folds(targets.rows(np.arange(n)), groups, random_state, twice=views == 1, lent=lent)
    plain, folds = _judged(targets, n - lent, folds), of_views(folds, n, views)
    blind = features if chosen_on is None else chosen_on
    linear = _linear_part(features, targets, folds, views, plain, blind)
    if kind == "linear" or features.n_values == features.output.shape[1]:
        return SolvedHead(
            targets.task, (linear[0](),), linear[1], {"output": linear[1]} if np.isfinite(linear[1]) else {}
        )
    few = None if views > 1 or lent else some_rows(len(targets), MOST_VALUES // features.n_values, random_state)
    if few is not None:
        targets = targets.rows(few)
        features, blind = features[few], features[few] if blind is features else blind[few]
        folds = _inner_folds(targets, None if groups is None else groups[few], random_state)
        plain = _judged(targets, len(targets), folds)
        linear = linear[0], held_out_loss(linear[2][few], plain), linear[2][few]
    names = _deeper_sets(features)
    solved = [linear, *(_solve_part(features, targets, name, folds, views, plain, blind) for name in names)]
    names = ["output", *names]
    losses = np.array([loss for _, loss, _ in solved])
    weights = _weights(losses, len(plain), bool(features.grids))
    held_out = combine([scores[: len(plain)] for _, _, scores in solved], weights, targets.task)
    loss = held_out_loss(held_out, plain)
    named = dict(zip(names, losses.tolist(), strict=True)) if np.isfinite(loss) else {}
    margin = MARGIN if features.grids else -MARGIN
    if kind == "auto" and linear[1] <= loss * (1 + margin):
        return SolvedHead(targets.task, (linear[0](),), linear[1], named)
    n_rows = None if few is None else len(few)
    weights = np.where(weights > 0.01, weights, 0.0)
    weights /= weights.sum()  # of one part alone exactly 1
    parts = tuple(
        replace(part(), weight=float(weight)) for (part, _, _), weight in zip(solved, weights, strict=True) if weight
    )
    return SolvedHead(targets.task, parts, loss, named, n_rows)


def _deeper_sets(features: Features) -> list[str]:
    """Feature sets beside the last features."""
    if not features.grids:
        return ["layers"] if features.depths else []
    return [*(["depths"] if features.depths else []), "grid"]


def _weights(losses: np.ndarray, n: int, gridded: bool) -> np.ndarray:
    """Weights in the average, that of the last features first: they fall with the held-out loss, and sum to 1.

    Without grids (texts) the last features start from a quarter, and held-out losses of n rows count the less the fewer
    these are: with 16 labels they are mostly chance. Where nothing could be held out (NaN) they are the start, of
    pictures and clips a half of the last features.
    """
    told, others = bool(np.isfinite(losses).all()), len(losses) - 1
    last = LAST if not gridded else 1 / len(losses) if told else UNTOLD_LAST
    weights = np.r_[last, np.full(others, (1 - last) / others)]
    if told:
        sharpness = SHARPNESS if gridded else SHARPNESS * n / (n + TELLING)
        weights *= np.exp(-sharpness * (losses / max(float(losses.min()), 1e-9) - 1.0))
    return weights / weights.sum()


def combine(scores: Sequence[np.ndarray], weights: Sequence[float] | np.ndarray, task: str) -> np.ndarray:
    """Average several heads' scores (n, K): probabilities for classes and labels, numbers as they are."""
    share = np.asarray(weights, dtype=float) / np.sum(weights)
    scores, share = [s for s, w in zip(scores, share, strict=True) if w > 1e-12], share[share > 1e-12]
    if len(scores) == 1:
        return scores[0]
    if task == "regression":
        return sum(w * s for w, s in zip(share, scores, strict=True))
    if task == "classification":
        return logsumexp([np.log(w) + log_softmax(s, axis=1) for w, s in zip(share, scores, strict=True)], axis=0)
    p = np.clip(sum(w * expit(s) for w, s in zip(share, scores, strict=True)), 1e-12, 1 - 1e-12)
    return np.log(p) - np.log1p(-p)


def held_out_loss(scores: np.ndarray, targets: Targets) -> float:
    """Weighted mean loss of held-out scores; NaN where no row counts."""
    if not targets.weight.any():
        return float("nan")
    if targets.task == "regression":
        rows = ((scores - targets.Y) ** 2).mean(axis=1)
    else:
        rows = log_losses(scores, targets.Y, targets.task == "multilabel")
    return float(np.average(rows, weights=targets.weight))


def _linear_part(
    features: Features,
    targets: Targets,
    folds: list[tuple[np.ndarray, np.ndarray]],
    views: int,
    judged: Targets,
    blind: Features,
) -> tuple[Callable[[], Part], float, np.ndarray]:
    """As `_solve_part`, of the last features: a head of any kind needs it, so that it is solved once for all."""

    def make() -> tuple[Part, float, np.ndarray]:
        solve, loss, held_out = _solve_part(features, targets, "output", folds, views, judged, blind)
        return solve(), loss, held_out

    arrays = [features.output, blind.output, targets.Y, targets.weight, *(part for pair in folds for part in pair)]
    what = f"last features, {targets.task}, {views}, {len(judged)}, {blind is features}"
    part, loss, held_out = remembered(what, arrays, make, shelf="last features", kept=_KEPT)
    return lambda: part, loss, held_out


def _solve_part(
    features: Features,
    targets: Targets,
    name: str,
    folds: list[tuple[np.ndarray, np.ndarray]],
    views: int,
    judged: Targets,
    blind: Features,
) -> tuple[Callable[[], Part], float, np.ndarray]:
    """How to solve a head on one feature set, its held-out loss and held-out scores.

    Its penalty is chosen on ``blind``; only the first rows, those of ``judged``, are held out.
    """
    X, scale = _scaled(_SETS[name](blind))
    if targets.task == "regression":
        n = len(X) // views
        ridge = plain = solve_ridge(X[:n], targets.Y[:n], sample_weight=views * targets.weight[:n], judged=len(judged))
        if views > 1:
            ridge = solve_ridge(X, targets.Y, sample_weight=targets.weight, penalties=[views * plain.penalty])
        return lambda: _part(name, ridge, scale), plain.loss, plain.out_of_fold
    options: dict[str, Any] = {"sample_weight": targets.weight, "multilabel": targets.task == "multilabel"}
    compared = compare_penalties(X, targets.Y, folds=folds, **options)

    def solve() -> Part:
        if blind is features:
            return _part(name, compared.solution(), scale, compared.penalty)
        rows, own = _scaled(_SETS[name](features))
        known = solve_logistic(rows, targets.Y, penalties=[compared.penalty], **options)
        return _part(name, known, own, compared.penalty)

    nothing = np.zeros(targets.Y.shape)
    return solve, compared.loss, nothing if compared.out_of_fold is None else compared.out_of_fold


def _chosen_part(features: Features, targets: Targets, name: str, penalty: float, weight: float) -> Part:
    """One linear head whose penalty and weight are known."""

    def make() -> Part:
        X, scale = _scaled(_SETS[name](features))
        options: dict[str, Any] = {"sample_weight": targets.weight, "multilabel": targets.task == "multilabel"}
        return _part(name, solve_logistic(X, targets.Y, penalties=[penalty], **options), scale, penalty)

    arrays = [*_SETS[name](features), targets.Y, targets.weight]
    part = remembered(f"{name} at {penalty}, {targets.task}", arrays, make, shelf="last features", kept=_KEPT)
    return replace(part, weight=weight)


def _part(name: str, solution: LinearSolution, scale: np.ndarray, penalty: float | None = None) -> Part:
    return Part(name, solution.coef * scale[:, None], solution.intercept, 1.0, penalty)


def _scaled(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Arrays side by side, each with rows of unit mean squared norm around their mean; and the scale of each column."""
    scales = []
    for array in arrays:
        spread = float(np.sqrt(array.var(axis=0, dtype=np.float64).sum()))
        scales.append(np.full(array.shape[1], 1.0 / spread if spread > 1e-12 else 1.0))
    scale = np.concatenate(scales)
    joined = np.concatenate(arrays, axis=1)
    joined *= scale.astype(joined.dtype)
    return joined, scale


def _inner_folds(
    targets: Targets, groups: np.ndarray | None, random_state: int | None, twice: bool = True, lent: int = 0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Folds for the penalty: five, twice over below 200 rows, three from 500 on; none where they would tell nothing."""
    if targets.task == "regression":
        return []
    n = len(targets) - lent
    repeats, n_splits = (2 if n < 200 and twice else 1), (3 if n >= 500 else 5)
    how: dict[str, Any] = {"groups": groups, "n_splits": n_splits, "random_state": random_state, "repeats": repeats}
    labels = targets.labels
    return telling_folds(labels[:n], targets.task, lent=labels[n:] if lent else None, **how)


def _judged(targets: Targets, n: int, folds: list[tuple[np.ndarray, np.ndarray]]) -> Targets:
    """The first n rows, of which those that no fold holds out weigh nothing; of numbers each is left out once."""
    plain = targets if n == len(targets) else targets.rows(np.arange(n))
    if targets.task == "regression":
        return plain
    held = np.zeros(n, dtype=bool)
    for _, test in folds:
        held[test] = True
    return plain if held.all() else replace(plain, weight=plain.weight * held)


def of_views(folds: list[tuple[np.ndarray, np.ndarray]], n: int, views: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Folds of n examples as folds of all their views: every view of a training row trains, plain rows are tested.

    Examples
    --------
    >>> [(train.tolist(), test.tolist()) for train, test in of_views([(np.array([0, 2]), np.array([1]))], 3, 2)]
    [([0, 2, 3, 5], [1])]
    """
    steps = n * np.arange(views)[:, None]
    return [((steps + train).ravel(), test) for train, test in folds]

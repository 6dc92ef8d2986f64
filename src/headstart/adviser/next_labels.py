"""Which examples to label next: those that stand for many, those that the model is unsure of, and some by chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from headstart.data.sets.sheet import COVERS, RANDOM, UNSURE, unsure_of
from headstart.errors import DataError, ParameterError
from headstart.math.alignment.kernels import unit_rows
from headstart.math.linear.logistic import solve_logistic
from headstart.math.linear.soft_labels import normalised
from headstart.math.ratios.max_herding import max_herding

#: Share of the examples that are drawn at random, and labels a class from which doubt has a say.
BY_CHANCE, ENOUGH = 0.25, 3
#: Width of the kernel beside the median distance.
_WIDTH = 0.7
#: Penalty of the head that says how sure it is, on rows of length 1.
_PENALTY = 0.1


@dataclass(frozen=True, eq=False)
class NextLabels:
    """Examples to label next.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Positions in the pool, in the order in which they are best labelled.
    reasons : tuple of str
        Why each: by chance, because it stands for many, or because the model is unsure.
    failed : tuple of (str, str)
        Examples of the pool that cannot be read, and so are not among them, with the reason.
    notes : tuple of str
        Which column of a table was taken in the place of the one that a model learned from.
    """

    rows: np.ndarray
    reasons: tuple[str, ...]
    failed: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Pool:
    """What may be asked for of one task: ``rows`` of a pool, (m,), with the arguments of `next_labels`."""

    rows: np.ndarray
    features: np.ndarray
    labelled: np.ndarray | None = None
    y: np.ndarray | None = None
    probabilities: Callable[[], np.ndarray] | None = None


def next_labels_of(pools: Mapping[str, Pool], n: int, *, random_state: int = 0) -> NextLabels:
    """Choose rows of a pool to be labelled for several tasks at once, by `next_labels` for each.

    A quarter is drawn at random for all. Then the tasks take turns: each names the row that it wants most of those that
    have no label of its own, as `next_labels` would; so a row that several want comes first, and none is left behind.

    Parameters
    ----------
    pools : mapping of str to Pool
        By task; of the same pool.
    n : int
        At most as many as any task may ask for.
    random_state : int, default=0

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(40, 2))
    >>> found = next_labels_of({"a": Pool(np.arange(30), X[:30]), "b": Pool(np.arange(10, 40), X[10:])}, 8)
    >>> len(set(found.rows.tolist())), found.reasons.count(RANDOM)
    (8, 2)
    """
    if len(pools) == 1:
        one = next(iter(pools.values()))
        told = {"labelled": one.labelled, "y": one.y, "probabilities": one.probabilities}
        found = next_labels(one.features, n, **told, random_state=random_state)  # type: ignore[arg-type]
        return replace(found, rows=one.rows[found.rows])
    free = np.unique(np.concatenate([one.rows for one in pools.values()]))
    chance = np.random.default_rng(random_state).permutation(free)[: round(BY_CHANCE * n) or 1]
    wanted = []
    for name, one in pools.items():
        drawn = np.flatnonzero(np.isin(one.rows, chance))
        k = min(n - len(chance), len(one.rows) - len(drawn))
        chosen, reasons = _beside(one, drawn, k, random_state)
        said = [unsure_of(name) if why == UNSURE else why for why in reasons]
        wanted.append(list(zip(one.rows[chosen].tolist(), said, strict=True)))
    taken = dict.fromkeys(chance.tolist(), RANDOM)
    for turn in zip_longest(*wanted):
        for row, why in filter(None, turn):
            if len(taken) < n:
                taken.setdefault(row, why)
    return NextLabels(np.array(list(taken), dtype=np.int64), tuple(taken.values()))


def next_labels(
    pool: np.ndarray,
    n: int,
    *,
    labelled: np.ndarray | None = None,
    y: np.ndarray | None = None,
    probabilities: Callable[[], np.ndarray] | None = None,
    by_chance: float = BY_CHANCE,
    random_state: int = 0,
) -> NextLabels:
    r"""Choose rows of a pool to be labelled.

    A quarter is drawn at random, so that an estimate on them holds for the pool; what is chosen otherwise would flatter
    it or run it down. Of the rest, rows are chosen by `max_herding`, those that stand for many others and are unlike
    what is labelled, until every class that is known has three labels; from then on every second one is that of which
    the two likeliest classes are closest, :math:`p_{(1)} - p_{(2)}`: doubt tells little while a class is hardly known.

    Parameters
    ----------
    pool : ndarray of shape (m, d)
        Features without labels.
    n : int from 1 to m
    labelled : ndarray of shape (t, d), optional
        Features that have labels.
    y : ndarray of shape (t,), optional
        Their labels.
    probabilities : callable, optional
        Gives a model's probabilities for the pool, (m, K). Default: those of a logistic head on what is labelled.
    by_chance : float from 0 to 1, default=0.25
    random_state : int, default=0

    Raises
    ------
    DataError
        If the pool is smaller than n.
    ParameterError
        For numbers out of range.

    References
    ----------
    Bae, Noh and Sutherland (2024), Generalized coverage for more robust low-budget active learning; Scheffer, Decomain
    and Wrobel (2001), Active hidden Markov models for information extraction, for the margin.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> pool = np.concatenate([rng.normal(0, 0.1, (50, 2)) + [1, 0], rng.normal(0, 0.1, (50, 2)) + [0, 1]])
    >>> found = next_labels(pool, 4)
    >>> len(found.rows), found.reasons.count(RANDOM)
    (4, 1)
    """
    if n < 1 or not 0 <= by_chance <= 1:
        raise ParameterError(f"Expected n of 1 or more and by_chance from 0 to 1, found {n!r} and {by_chance!r}.")
    if len(pool) < n:
        raise DataError(
            f"Expected {n} examples or more to choose from, found {len(pool)}.", "Give more, or ask for less."
        )
    rng = np.random.default_rng(random_state)
    chance = rng.permutation(len(pool))[: round(by_chance * n) or int(by_chance > 0)]
    asked = Pool(np.arange(len(pool)), pool, labelled, y, probabilities)
    chosen, reasons = _beside(asked, chance, n - len(chance), random_state)
    order = [*chance.tolist(), *chosen]
    return NextLabels(np.array(order, dtype=np.int64), (*[RANDOM] * len(chance), *reasons))


def _beside(pool: Pool, chance: np.ndarray, n: int, random_state: int) -> tuple[list[int], list[str]]:
    """n rows of a pool beside those that were drawn at random, in the order in which they are wanted, and why."""
    if n < 1:
        return [], []
    rows, y = unit_rows(np.asarray(pool.features, dtype=np.float64)), pool.y
    labelled = np.zeros((0, rows.shape[1])) if pool.labelled is None else np.asarray(pool.labelled, dtype=np.float64)
    given = unit_rows(labelled)
    rest = np.setdiff1d(np.arange(len(rows)), chance)
    taken = np.concatenate([given, rows[chance]])
    covers = rest[max_herding(rows[rest], n, taken, width=_WIDTH, random_state=random_state)]
    unsure = np.zeros(0, dtype=np.int64)
    if _known_enough(y):
        p = _by_a_head(given, np.asarray(y), rows) if pool.probabilities is None else pool.probabilities()
        top = np.sort(p, axis=1)
        doubt = top[:, -1] - (top[:, -2] if top.shape[1] > 1 else 0)
        unsure = rest[np.argsort(doubt[rest], kind="stable")]
    return _in_turn(covers, unsure, n)


def _known_enough(y: np.ndarray | None) -> bool:
    """Whether each of two classes or more has labels enough for doubt to mean something."""
    if y is None or not len(y):
        return False
    counts = np.unique(y, return_counts=True)[1]
    return len(counts) > 1 and int(counts.min()) >= ENOUGH


def _by_a_head(given: np.ndarray, y: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Probabilities of a logistic head on what is labelled."""
    classes, codes = np.unique(y, return_inverse=True)
    solved = solve_logistic(given, np.eye(len(classes))[codes], penalties=[_PENALTY])
    return normalised(rows @ solved.coef + solved.intercept)


def _in_turn(covers: np.ndarray, unsure: np.ndarray, n: int) -> tuple[list[int], list[str]]:
    """n rows: those that cover, and where doubt has a say every second one by doubt; each row once."""
    chosen: list[int] = []
    reasons: list[str] = []
    queues = {COVERS: list(covers), UNSURE: list(unsure)}
    while len(chosen) < n:
        why = UNSURE if queues[UNSURE] and len(chosen) % 2 else COVERS
        if not queues[why]:
            why = UNSURE if why == COVERS else COVERS
        row = int(queues[why].pop(0))
        if row not in chosen:
            chosen.append(row)
            reasons.append(why)
    return chosen, reasons

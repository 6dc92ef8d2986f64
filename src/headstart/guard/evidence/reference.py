"""What a model keeps of the data it learned from, so that new data can be compared with them later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax

from headstart.data.base.content import digest_of
from headstart.data.inputs.canvases import canvases
from headstart.data.inputs.registry import simple_of
from headstart.math.alignment.kernels import unit_rows
from headstart.math.linear.logistic import solve_folds
from headstart.networks.running.simple_features import simple_features

if TYPE_CHECKING:  # scikit-learn takes longer to load than one picture to predict
    from headstart.guard.candidates.material import Material

#: Examples that are kept, coordinates of each, and the penalty of the heads that say how sure they are; examples that
#: these learn from, at most.
MOST, WIDTH, _PENALTY = 1000, 64, 0.03
_LEARNED = 5000
#: Of so many is measured what anybody can check: it takes decoding them, and no more than mean and spread are used.
_MEASURED = 300
#: Numbers in the heads of all folds, at most.
_HEADS = 4_000_000
NETWORK, FROZEN, SIMPLE, COLUMNS = "network", "frozen", "simple", "columns"


@dataclass(frozen=True, eq=False)
class Trained:
    """What a network that was trained on the examples makes of them: it tells new ones from them, and is no test.

    Attributes
    ----------
    probabilities : ndarray of shape (m, K), float16
        Of each row by the model, learned without the row's fold.
    rows : ndarray of shape (m, 64), float16
        Its features of length 1, times ``projection`` of shape (d, 64).
    """

    probabilities: np.ndarray
    rows: np.ndarray
    projection: np.ndarray

    def projected(self, inputs: Any, network: Any, device: str) -> np.ndarray:
        """New examples in the coordinates of the rows, (n, 64)."""
        found = unit(_embedded(network, inputs, device, trained=True, exact=True).output)
        return np.asarray(found @ self.projection.astype(np.float64))


@dataclass(frozen=True, eq=False)
class Reference:
    """At most 1,000 examples in a form from which they cannot be made again, and heads that never saw them.

    The rows are features of length 1, times a random matrix that was drawn before any data were seen: a scaler or
    components fitted to the training rows would make every honest batch look different.

    Attributes
    ----------
    sees : {"network", "frozen", "simple", "columns"}
        What the features are: those of the model's network, simple ones with those of the last block that was not
        trained or alone, or ranks of the columns of a table.
    projection : ndarray of shape (d, 64), float16
    rows : ndarray of shape (m, 64), float16
    codes : ndarray of shape (m,), int32
        Classes; -1 for numbers, for several labels and for things in pictures.
    held : ndarray of shape (m, K), float16
        Probabilities of each row by the head that was fitted without its fold; of no columns where there are no
        classes.
    heads : ndarray of shape (F, d + 1, K), float16
        Coefficients and intercepts, fold by fold.
    measures : ndarray of shape (s, q), float32
        What anybody can check of an example, such as its brightness, of at most 300 of them; of several views which are
        there.
    ranks : ndarray of shape (101, d), float32
        Percentiles of the columns of a table; of no rows else.
    marks : ndarray of shape (n,), uint64
        A hash of the content of every example that was learned from, in rising order: it tells them again, and nothing
        else. Empty in models of earlier versions.
    dates : ndarray of shape (d,), bool
        Columns of a table that are parts of dates. They take no part: new rows are always later. Empty where there are
        none, and in models of earlier versions.
    depth : str
        The last block that was not trained, where the features are "frozen".
    trained : Trained or None
        Where the network was trained.
    """

    sees: str
    projection: np.ndarray
    rows: np.ndarray
    codes: np.ndarray
    held: np.ndarray
    heads: np.ndarray
    measures: np.ndarray
    ranks: np.ndarray
    marks: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))
    dates: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    depth: str = ""
    trained: Trained | None = None

    def seen(self, inputs: Any, network: Any, device: str = "auto") -> np.ndarray:
        """Features of new examples as the reference has them, of length 1: (n, d), those that a prediction cached."""
        features = features_for(self.sees, inputs, network, device, self.ranks, depth=self.depth, exact=True)
        return unit(_without(features, self.dates))

    def projected(self, features: np.ndarray) -> np.ndarray:
        """Features in the coordinates that the rows are kept in, (n, 64)."""
        return np.asarray(features @ self.projection.astype(np.float64))

    def confidence(self, features: np.ndarray) -> np.ndarray:
        """Probabilities (n, K) of new examples, each by one of the heads in turn, as the reference's own are."""
        fold = np.arange(len(features)) % len(self.heads)
        scores = np.empty((len(features), self.heads.shape[2]))
        for f, head in enumerate(self.heads.astype(np.float64)):
            scores[fold == f] = features[fold == f] @ head[:-1] + head[-1]
        return np.asarray(softmax(scores, axis=1))

    def differ(self, features: np.ndarray) -> np.ndarray:
        r"""By how much the heads differ on new examples, (n,): the mean is about their error where nothing has changed.

        .. math:: \sqrt{F - 1}\, \frac{2}{F (F - 1)} \sum_{f < g} [\hat y_f \neq \hat y_g]

        Heads that share no example differ about as often as they err (Jiang et al. 2022). Those of F folds lack one
        part of F - 1 of each other's examples, and differ less, as the root of that share: with two to ten folds this
        is 1.04 to 1.12 times their error over eight sets (`python benchmarks/drift_folds.py`), less where labels are
        noise. With one head it is 0.
        """
        votes, rows = np.zeros((len(features), self.heads.shape[2])), np.arange(len(features))
        for head in self.heads.astype(np.float64):
            votes[rows, (features @ head[:-1] + head[-1]).argmax(axis=1)] += 1
        n = len(self.heads)
        return np.asarray(np.sqrt(n - 1) * (1 - (votes * (votes - 1)).sum(axis=1) / max(1, n * (n - 1))))


def unit(features: np.ndarray) -> np.ndarray:
    """Rows of length 1 in float64; a row of zeros stays."""
    return unit_rows(np.asarray(features, dtype=np.float64))


def _without(features: np.ndarray, dates: np.ndarray) -> np.ndarray:
    """Features (n, d) without what dates say; ``dates`` is of shape (d,), or empty where there are none."""
    return np.where(dates, 0.0, features) if len(dates) else features


def features_for(
    sees: str, inputs: Any, network: Any, device: str, ranks: np.ndarray, *, depth: str = "", exact: bool = False
) -> np.ndarray:
    """What a reference looks at, (n, d)."""
    if sees == COLUMNS:
        return np.stack([_ranked(column, grid) for column, grid in zip(np.asarray(inputs).T, ranks.T, strict=True)], 1)
    blocks = []
    if sees in (NETWORK, FROZEN):
        found = _embedded(network, inputs, device, trained=sees == FROZEN, exact=exact)
        if sees == NETWORK:
            return np.asarray(found.output)
        from headstart.networks.running.runtime import layout_of

        blocks = [found.depths[layout_of(network.chain).blocks.index(depth)]]
    return np.concatenate([unit(block) for block in (*simple_features(inputs).values(), *blocks)], axis=1)


def _embedded(network: Any, inputs: Any, device: str, *, trained: bool, exact: bool) -> Any:
    """What a network says; what one that was trained says is kept where its predictions look."""
    from headstart.networks.running.cache import passing_cache  # rows of a table need no torch
    from headstart.networks.running.embed import embed
    from headstart.training.device import pick_device

    cache = passing_cache() if trained else None
    return embed(network, inputs, device=str(pick_device(device)), exact=exact, cache=cache)


def eyes_of(estimator: Any) -> tuple[Any, str]:
    """The network that sees examples which a model learned from as it sees others, and how far; None where none does.

    A network that was trained on them tells their labels. The blocks before those that were trained never saw one: the
    last of them whose mean features hold is named. Where nothing was trained the whole network sees, and no block is
    named.
    """
    network, train = getattr(getattr(estimator, "fitted_", None), "network", None), getattr(estimator, "train", None)
    if network is None or train is None:
        return None, ""
    from headstart.networks.running.runtime import layout_of
    from headstart.parameters.tuning.plan import trained_blocks

    trained, blocks = trained_blocks(train), network.chain.blocks
    if trained == 0:
        return network, ""
    frozen = blocks[: 0 if trained is None else max(0, len(blocks) - trained)]
    seen = [name for name in layout_of(network.chain).blocks if name in frozen] if frozen else []
    return (network, seen[-1]) if seen else (None, "")


def measured(inputs: Any) -> np.ndarray:
    """What anybody can check of examples, (n, q); of no columns where there is nothing."""
    kind = getattr(inputs, "kind", None)
    if kind is None or kind.values:
        return np.zeros((len(inputs), 0), dtype=np.float32)
    simple = simple_of(kind)
    if simple.measure is None:
        return np.zeros((len(inputs), 0), dtype=np.float32)
    rows = [simple.measure(canvas, simple.preprocessing) for canvas in canvases(inputs, simple.preprocessing)]
    return np.array(rows, dtype=np.float32).reshape(len(inputs), -1)


def _ranked(column: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Ranks from -1 to 1 among the values that were learned from, of equal ones the middle; farther out beyond them."""
    low, high = np.searchsorted(grid, column, side="left"), np.searchsorted(grid, column, side="right")
    spread = float(grid[95] - grid[5]) or 1.0
    beyond = (np.maximum(column - grid[-1], 0) - np.maximum(grid[0] - column, 0)) / spread
    ranks = (low + high) / len(grid) - 1.0 + np.clip(beyond, -2, 2)
    return np.where(np.isnan(column), 0.0, ranks)  # a view that a row lacks


def reference_of(
    material: Material,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    network: Any,
    depth: str = "",
    *,
    dates: np.ndarray | None = None,
    trained: tuple[Any, np.ndarray] | None = None,
    random_state: int,
) -> Reference:
    """What is kept of the data.

    Parameters
    ----------
    material : Material
    splits : sequence of (train, test)
        The folds of the comparison.
    network, depth : Network or None, str
        What sees the examples, see `eyes_of`.
    dates : array of shape (d,), bool, optional
        Which columns of a table are parts of dates.
    trained : (Network, ndarray of shape (n, K)), optional
        A network that was trained on the examples, and what models with networks of their own said of them, held out.
    random_state : int
    """
    sees = COLUMNS if material.numbers else SIMPLE if network is None else FROZEN if depth else NETWORK
    ranks = np.zeros((0, 0), dtype=np.float32)
    if sees == COLUMNS:
        ranks = ranks_of(material.rows)
    drawn = _drawn(len(material), random_state)
    how: dict[str, Any] = {"depth": depth, "exact": sees == FROZEN}  # the pass that predictions make
    features = features_for(sees, material.rows[drawn], network, material.device, ranks, **how)
    passed = np.zeros(0, bool) if dates is None or not dates.any() else dates
    features = _without(features, passed)
    Y = None if material.classes is None else material.columns[drawn]

    def among(rows: np.ndarray) -> np.ndarray:
        return np.searchsorted(drawn, rows[np.isin(rows, drawn)])

    within = [(among(train), among(test)) for train, test in splits]
    found, kept = rows_kept(sees, features, Y, within, random_state=random_state)
    shown, marks = measured(material.rows[_evenly(drawn[kept])]), np.sort(content_marks(material.rows))
    found = replace(found, measures=shown, ranks=ranks, marks=marks, dates=passed, depth=depth)
    if trained is None:
        return found
    rows, (tuned, held) = drawn[kept], trained
    seen = unit(_embedded(tuned, material.rows[rows], material.device, trained=True, exact=True).output)
    return replace(found, trained=trained_rows(seen, held[rows], random_state=random_state))


def reference_without_heads(
    rows: Any,
    network: Any = None,
    *,
    dates: np.ndarray | None = None,
    measures: np.ndarray | None = None,
    random_state: int,
) -> Reference:
    """What is kept of n examples that have no class each: what the network sees or simple features, or a table's ranks.

    Parameters
    ----------
    rows : Inputs, or array of shape (n, d)
    network : Network, optional
    dates : array of shape (d,), bool, optional
        As in `reference_of`.
    measures : array of shape (n, q), optional
        What anybody can check of each. Default: what there is of its kind.
    random_state : int
    """
    numbers = isinstance(rows, np.ndarray)
    sees = COLUMNS if numbers else SIMPLE if network is None else NETWORK
    ranks = ranks_of(rows) if numbers else np.zeros((0, 0), dtype=np.float32)
    drawn = _drawn(len(rows), random_state)
    passed = np.zeros(0, bool) if dates is None or not dates.any() else dates
    features = _without(features_for(sees, rows[drawn], network, "auto", ranks), passed)
    found, kept = rows_kept(sees, features, None, (), random_state=random_state)
    shown = measured(rows[_evenly(drawn[kept])]) if measures is None else measures[drawn[kept]].astype(np.float32)
    return replace(found, measures=shown, ranks=ranks, marks=np.sort(content_marks(rows)), dates=passed)


def _evenly(rows: np.ndarray) -> np.ndarray:
    """Those of which is measured what anybody can check: all, or so many evenly spread."""
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), _MEASURED)).round().astype(int)]


def _drawn(n: int, random_state: int) -> np.ndarray:
    """Positions of the examples that heads learn from and rows are kept of: all, or so many by chance."""
    return np.sort(np.random.default_rng(random_state).permutation(n)[:_LEARNED])


def content_marks(rows: Any) -> np.ndarray:
    """A 64-bit hash of the content of each of some inputs, or of each row of numbers to single precision, (n,).

    Examples
    --------
    >>> marks = content_marks(np.array([[0.0, 1.5], [2.0, 3.0], [-0.0, 1.5]]))
    >>> bool(marks[0] == marks[2]), bool(marks[0] == marks[1])
    (True, False)
    """
    if hasattr(rows, "digest"):
        digests = [rows.digest(i) for i in range(len(rows))]
    else:
        digests = [digest_of(row.tobytes()) for row in np.asarray(rows, dtype=np.float32) + np.float32(0.0)]
    return np.array([int(digest[:16], 16) for digest in digests], dtype=np.uint64)


def ranks_of(rows: np.ndarray) -> np.ndarray:
    """Percentiles of each column, (101, d), of the rows that have it; 0 where none has."""
    gaps = np.isnan(rows)
    if not gaps.any():
        return np.asarray(np.percentile(rows, np.arange(101), axis=0), dtype=np.float32)
    filled = np.where(gaps.all(axis=0), 0.0, rows)
    return np.asarray(np.nanpercentile(filled, np.arange(101), axis=0), dtype=np.float32)


def trained_rows(features: np.ndarray, held: np.ndarray, *, random_state: int) -> Trained:
    """What is kept of a trained network's features (m, d) and of what was said of the same rows, held out, (m, K)."""
    projection = _projection(features.shape[1], np.random.default_rng(random_state))
    rows = unit(features) @ projection.astype(np.float64)
    return Trained(held.astype(np.float16), rows.astype(np.float16), projection)


def _projection(d: int, rng: np.random.Generator) -> np.ndarray:
    return (rng.normal(size=(d, WIDTH)) / np.sqrt(WIDTH)).astype(np.float16)


def rows_kept(
    sees: str,
    features: np.ndarray,
    Y: np.ndarray | None,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    random_state: int,
) -> tuple[Reference, np.ndarray]:
    """What is kept of features (n, d) and classes (n, K) of 0 and 1, and the positions of the rows that are kept."""
    rng = np.random.default_rng(random_state)
    X, d = unit(features), features.shape[1]
    projection = _projection(d, rng)
    kept = np.sort(rng.permutation(len(X))[:MOST])
    held, heads = np.zeros((len(X), 0)), np.zeros((0, d + 1, 0))
    codes = np.full(len(kept), -1)
    if Y is not None:
        held, heads = _heads(X, Y, splits)
        codes = Y.argmax(axis=1)[kept]
    found = Reference(
        sees,
        projection,
        (X[kept] @ projection.astype(np.float64)).astype(np.float16),
        codes.astype(np.int32),
        held[kept].astype(np.float16),
        heads.astype(np.float16),
        np.zeros((len(kept), 0), dtype=np.float32),
        np.zeros((0, 0), dtype=np.float32),
    )
    return found, kept


def _heads(
    X: np.ndarray, Y: np.ndarray, splits: Sequence[tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Held-out probabilities (n, K), and a logistic head a fold, (F, d + 1, K)."""
    most = max(2, _HEADS // ((X.shape[1] + 1) * Y.shape[1]))
    merged = list(splits)
    while len(merged) > most:  # fewer heads for many classes: two folds become one
        (_, a), (_, b), *rest = merged
        test = np.sort(np.concatenate([a, b]))
        merged = [*rest, (np.setdiff1d(np.arange(len(X)), test), test)]
    held, heads = np.empty(Y.shape), solve_folds(X, Y, [train for train, _ in merged], _PENALTY)
    for (_, test), head in zip(merged, heads, strict=True):
        held[test] = softmax(X[test] @ head[:-1] + head[-1], axis=1)
    return held, heads

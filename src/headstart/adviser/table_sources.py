"""Sources with rows of their own: each judged on the target's folds, in three ways to borrow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from headstart.adviser.measuring import HELP, OPEN, Gain, gain_of
from headstart.data.sets.splits import folds
from headstart.math.linear.source_worth import answers_with_each, follows, mean_and_error, solved, worthy
from headstart.math.statistics.relatedness import knn_answers, one_hot, ridge_loo_answers, right_of_each

_REPEATS, _SPLITS, _MOST_ROWS = 2, 5, 5000
#: Penalty of the linear models, as a share of the number of rows.
_PENALTY = 0.1
#: Standard errors beyond chance from which labels are called swapped, and that classes are told.
_SWAPPED, _RIGHT = 3.0, 2.0
#: Times by which numbers that follow the target's are too large, or too small, from which they have another unit.
_OTHER_UNIT = 4.0
#: Share of what is right on the target alone that has to be right once swapped labels are mended.
_NEARLY = 0.7
#: Rows on which a source is tried on itself, neighbours that answer, and standard errors beyond which it has learned.
_OWN_ROWS, _NEAR, _LEARNED = 1000, 15, 2.5
WAYS = ("instances", "parameters", "features")


@dataclass(frozen=True, eq=False)
class SourceRows:
    """What one source with rows is worth.

    Attributes
    ----------
    gains : dict of str to Gain
        By way, over the target alone: its rows pooled, a linear model biased towards its own, its rows aligned.
    right : dict of str to ndarray (n,)
        What each way gets right of each example, held out.
    errors : dict of str to float
        Mean squared error of each way, held out.
    refused : str or None
        Why nothing should be borrowed of it.
    """

    gains: dict[str, Gain]
    right: dict[str, np.ndarray]
    errors: dict[str, float]
    refused: str | None = None

    @property
    def best(self) -> str:
        """The way with the largest gain."""
        return max(self.gains, key=lambda way: self.gains[way].value)


def judge_rows(
    X: np.ndarray,
    columns: np.ndarray,
    sources: Sequence[tuple[np.ndarray, np.ndarray]],
    parts: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    names: Sequence[str] | None = None,
) -> tuple[np.ndarray, float, list[SourceRows]]:
    r"""What linear models get right of the target alone, and with each source.

    Instances: both sides pooled, each with the same weight. Parameters: :math:`W = W_s + \arg\min \|Y - X W_s - X V\|^2
    + \lambda \|V\|^2`, with :math:`W_s` of the source alone. Features: the source's columns get the target's means and
    spreads, then both are pooled. A source that tells nothing of the target's labels by itself, as it is or with its
    columns aligned (one may be in another unit), and with which nothing is gained beyond what the luckiest of that many
    ways would by chance, is refused.

    Parameters
    ----------
    X : array of shape (n, d)
    columns : array of shape (n, c)
        One-hot classes, or numbers.
    sources : sequence of (array (m, d), array (m, c))
    parts : array of shape (n,)
        Labels by which folds are drawn.
    groups : array of shape (n,), optional
    names : sequence of str, optional
        Names of the classes; None for numbers.

    Returns
    -------
    alone : array of shape (n,)
        What the target alone gets right of each example.
    error : float
        Its mean squared error.
    found : list of SourceRows
    """
    some = []
    for rows, answers in sources:
        chosen = np.linspace(0, len(rows) - 1, min(len(rows), _MOST_ROWS)).astype(int)
        some.append((rows[chosen], answers[chosen]))
    shifted = [(_aligned(rows, X), answers) for rows, answers in some]
    n_sources, said = len(some), []
    for seed in range(_REPEATS):
        task = "regression" if names is None else "classification"
        cuts = folds(parts, task, groups=groups, n_splits=_SPLITS, random_state=seed)
        plain = answers_with_each(X, columns, some, cuts)
        moved = answers_with_each(X, columns, shifted, cuts)
        biased = _biased(X, columns, plain[n_sources + 2 :], cuts)
        said.append(np.concatenate([plain, biased, moved[1 : n_sources + 1], moved[n_sources + 2 :]]))
    answers = np.stack(said)
    right = np.mean([[right_of_each(columns, one) for one in repeat] for repeat in answers], axis=0)
    error = ((answers - columns) ** 2).sum(axis=3).mean(axis=0)
    errors = error.mean(axis=1) / columns.shape[1]
    if not n_sources:
        return right[0], float(errors[0]), []
    pools, ends = np.arange(1, n_sources + 1), 2 * n_sources + 2
    at = np.stack([pools, ends + pools - 1, ends + n_sources + pools - 1])
    ahead = error[n_sources + 1] - error[n_sources + 2 : ends]
    aligned_alone = ends + 2 * n_sources  # from here on each source alone, its columns aligned
    better = (error[0] - error[at]).reshape(-1, len(X))
    useful = worthy(better, np.tile(ahead, (3, 1)), groups).reshape(3, n_sources)
    surely = _beyond_luck(better, groups).reshape(3, n_sources)
    found = []
    for s in range(n_sources):
        gains, got = {}, {}
        for w, way in enumerate(WAYS):
            got[way] = right[at[w, s]]
            gain = gain_of(got[way], right[0], groups)
            gains[way] = Gain(gain.value, gain.low, gain.high, gain.word if useful[w, s] or gain.word != HELP else OPEN)
        tells, doubt = mean_and_error(np.stack([ahead[s], error[n_sources + 1] - error[aligned_alone + s]]), groups)
        by_itself = answers[0, n_sources + 2 + s]
        chance = "its labels cannot be told from the columns that both have: they look like chance"
        refused = _otherwise(columns, by_itself, answers[0, 0], names) if _learnable(*some[s]) else chance
        lost = (tells <= 2 * doubt).all() and not any(
            _right(columns, answers[0, i]) for i in (n_sources + 2 + s, aligned_alone + s)
        )
        if refused is None and lost and not surely[:, s].any():
            refused = "its labels say nothing of yours: a model of it alone does no better than a guess"
        found.append(SourceRows(gains, got, dict(zip(WAYS, errors[at[:, s]].tolist(), strict=True)), refused))
    return right[0], float(errors[0]), found


def _right(columns: np.ndarray, answers: np.ndarray) -> bool:
    """Whether classes are told more often than by the commonest one, and numbers followed, however far off they lie."""
    if not one_hot(columns):
        return any(follows(y, said)[1] > _SWAPPED for y, said in zip(columns.T, answers.T, strict=True))
    right, most = float(right_of_each(columns, answers).mean()), float(columns.mean(axis=0).max())
    return right - most > _RIGHT * np.sqrt(max(right * (1 - right), 0.05) / len(columns))


def _beyond_luck(gains: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Which gains are larger than the largest of that many useless ones would be."""
    mean, error = mean_and_error(gains, groups)
    return np.asarray(mean > max(2.0, np.sqrt(2 * np.log(len(gains)))) * error)


def _aligned(rows: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Rows with the means and spreads of the columns of X."""
    spread = rows.std(axis=0)
    scale = np.where(spread > 1e-12, X.std(axis=0) / np.maximum(spread, 1e-12), 1.0)
    return (rows - rows.mean(axis=0)) * scale + X.mean(axis=0)


def _biased(
    X: np.ndarray, columns: np.ndarray, lent: np.ndarray, cuts: Sequence[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Held-out answers of ridge regression on what each source's answers leave, (S, n, c)."""
    rows = np.column_stack([X, np.ones(len(X))])
    penalty = np.diag(np.append(np.maximum(X.var(axis=0), 1e-12), 1e-9))
    found = np.array(lent, dtype=np.float64)
    for train, test in cuts:
        inner = solved(rows[train].T @ rows[train] + _PENALTY * len(train) * penalty, rows[train].T)
        for s, answers in enumerate(lent):
            found[s, test] += rows[test] @ (inner @ (columns[train] - answers[train]))
    return found


def _learnable(rows: np.ndarray, answers: np.ndarray) -> bool:
    """Whether ridge regression or neighbours tell a source's own left-out labels better than their mean does."""
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), _OWN_ROWS)).astype(int)
    x, y = rows[chosen], answers[chosen]
    if (y.std(axis=0) < 1e-12).all():
        return True  # one class alone: nothing to tell
    n = len(y)
    plain = (((y - y.mean(axis=0)) * n / max(n - 1, 1)) ** 2).sum(axis=1)
    ridge = plain - ((ridge_loo_answers(x, y) - y) ** 2).sum(axis=1)
    near = plain - ((knn_answers(x, y, k=_NEAR) - y) ** 2).sum(axis=1)
    mean, error = mean_and_error(np.stack([ridge, near]), None)
    return bool((mean > _LEARNED * error).any())


def _otherwise(columns: np.ndarray, answers: np.ndarray, own: np.ndarray, names: Sequence[str] | None) -> str | None:
    """Words for a source whose labels are right once they are turned, put in another order, or in another unit.

    Some turn makes any answers right more often; so they must then be right nearly as often, or follow the numbers
    nearly as well, as the target's own held-out answers.
    """
    if names is not None:
        return _swapped(columns, answers, names, float(right_of_each(columns, own).mean()))
    if columns.shape[1] > 1:
        return None
    r, certain, times = follows(columns[:, 0], answers[:, 0])
    if abs(certain) <= _SWAPPED or abs(r) < _NEARLY * follows(columns[:, 0], own[:, 0])[0]:
        return None
    if r < 0:
        return "its labels look swapped: its numbers fall where yours rise"
    some = f"{float(f'{times:.1g}'):,g} times as much"
    unit = f"its numbers follow yours, but change some {some}: write both in one unit, and ask again"
    return None if 1 / _OTHER_UNIT < times < _OTHER_UNIT else unit


def _swapped(columns: np.ndarray, answers: np.ndarray, names: Sequence[str], alone: float) -> str | None:
    """Words for classes that are right in another order."""
    n = len(columns)
    true, guess = columns.argmax(axis=1), answers.argmax(axis=1)
    counts = np.zeros((len(names), len(names)))
    np.add.at(counts, (guess, true), 1)
    order = linear_sum_assignment(-counts)[1]
    moved = np.flatnonzero(order != np.arange(len(names)))
    moved = moved[counts[moved].sum(axis=1) > 0]
    mended, as_is = float((order[guess] == true).sum()), float((guess == true).sum())
    changed = float(((order[guess] == true) != (guess == true)).sum())
    most = counts.sum(axis=0).max()
    if not len(moved) or mended - as_is <= _SWAPPED * np.sqrt(changed):
        return None
    if mended < _NEARLY * alone * n or mended - most <= 2 * np.sqrt(max(mended * (n - mended), 0.05 * n * n) / n):
        return None
    pairs = ", ".join(f"{names[k]!r} there is {names[order[k]]!r} here" for k in moved[:4])
    return f"its labels look swapped: {pairs} ({100 * as_is / n:.0f}% right as they are, {100 * mended / n:.0f}% so)"

"""Penalised logistic regression, solved to its optimum for many penalties and folds at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headstart.math.linear.batched_lbfgs import Problems, minimise
from headstart.math.linear.row_space import RowSpace, row_space
from headstart.math.linear.solution import LinearSolution

#: Penalties tried by default, as multiples of the mean squared row norm of the (standardised) features.
PENALTIES = tuple(float(p) for p in np.logspace(-4.5, 1.5, 9))
#: The penalty where nothing can be held out to choose one by.
UNTOLD = 0.01
#: Below so many rows the penalties tried are those up to the second: of fewer held-out rows chance takes a stronger one
#: now and then, which leaves next to nothing of what was learned (`few_labels.py`, 10 labels: 70.6% right in place of
#: 70.8%, chest X-rays 54.5% in place of 55.5%; from 20 labels on the same).
_FEW, _STRONGEST = 50, 0.2

#: Principal coordinates that are enough to compare penalties; the chosen one is solved in all of them.
ENOUGH = 300
#: Held-out loss, as a multiple of the least so far, from which weaker penalties need not be tried, once the least is
#: this small a part of what the classes' shares alone leave: before that a rise may be that of a strong column that
#: says nothing, which strong penalties see alone.
_PAST, _LEARNED = 1.02, 0.95
#: Coordinates from which single precision serves to compare penalties.
_MANY = 128
#: Size of the gradient, relative to that at zero, at which penalties are compared and then the best one's held-out loss
#: is taken: with many coordinates the first two, with few the last two.
_COMPARING, _JUDGING, _EXACT = 1e-3, 1e-4, 1e-5
#: Held-out rows that are enough to tell penalties apart.
_TELLING = 150


def solve_logistic(
    X: np.ndarray,
    Y: np.ndarray,
    *,
    sample_weight: np.ndarray | None = None,
    penalties: Sequence[float] | None = None,
    folds: Sequence[tuple[np.ndarray, np.ndarray]] = (),
    multilabel: bool = False,
    enough: int = ENOUGH,
) -> LinearSolution:
    r"""Minimise the penalised log-loss and choose the penalty by cross-validated log-loss.

    .. math:: \min_{W,b}\; \sum_i w_i\, \ell(y_i, W^\top x_i + b) + \tfrac12 \lambda\, \bar s\, \|W\|_F^2

    with the softmax loss (or one sigmoid a label) and :math:`\bar s` the mean squared norm of the centred rows.
    The penalty does not change under rotations, so all problems are solved in the coordinates of the singular
    vectors of X, where the Hessian is close to diagonal: one preconditioned, batched L-BFGS (Liu & Nocedal 1989)
    solves all folds together with two matrix products an iteration, at each penalty from where the two before lead.
    Penalties are compared in at most 300 of these coordinates, the strongest, and on as many folds as hold 150 rows
    out; the chosen one is solved in all of them.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    Y : ndarray of shape (n, K)
        One-hot classes, or 0/1 labels with ``multilabel=True``.
    sample_weight : ndarray of shape (n,), optional
    penalties : sequence of float, optional
        Relative penalties; one value means no choosing. By default `PENALTIES`, of fewer than 50 rows those up to 0.2,
        and `UNTOLD` without folds.
    folds : sequence of (train, test) index arrays
        Used to choose among several penalties; without folds the first of those given is taken.
    multilabel : bool, default=False
    enough : int, default=300
        Coordinates in which penalties are compared.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> s = solve_logistic(X, np.eye(2)[[0, 0, 1, 1]], penalties=[0.1])
    >>> (X @ s.coef + s.intercept).argmax(1).tolist()
    [0, 0, 1, 1]
    """
    options: dict[str, Any] = {"sample_weight": sample_weight, "penalties": penalties, "folds": folds}
    return compare_penalties(X, Y, multilabel=multilabel, enough=enough, **options).solution()


@dataclass(frozen=True)
class Compared:
    """What comparing penalties found out; the solution at the best of them takes as long again.

    Attributes
    ----------
    penalty : float
    loss : float
        Held-out loss at this penalty; nan where nothing was held out.
    out_of_fold : ndarray of shape (n, K) or None
    """

    space: RowSpace
    Y: np.ndarray
    weight: np.ndarray
    multilabel: bool
    penalty: float
    strength: float
    start: np.ndarray
    loss: float = float("nan")
    out_of_fold: np.ndarray | None = None

    def solution(self) -> LinearSolution:
        """The optimum at the best penalty: first in single precision in the strongest coordinates, then in all.

        Where the rows are given in single precision it is found in it.
        """
        W, width, single = self.start, len(self.space.singular), self.space.left.dtype == np.float32
        strength = np.array([self.penalty * self.strength])
        if W.any() and width > _MANY:
            few = self._problem(W.shape[2] - 1, np.float32)
            W = minimise(few, strength, start=W, tolerance=_COMPARING, most=100)
        start = np.zeros((*W.shape[:2], width + 1))
        start[:, :, -W.shape[2] :] = W
        whole, tolerance = self._problem(width, self.space.left.dtype), 1e-4 if single else 1e-6
        found = minimise(whole, strength, start=start, tolerance=tolerance, most=500)[0].T
        coef = self.space.back(found[:-1]).astype(np.float64)
        shift = found[-1] - self.space.mean @ coef
        return LinearSolution(coef, shift, self.penalty, self.loss, self.out_of_fold)

    def _problem(self, width: int, kind: Any) -> Problems:
        """In the strongest coordinates, so many."""
        left, singular = self.space.left[:, -width:], self.space.singular[-width:]
        left, singular = (part.astype(kind, copy=False) for part in (left, singular))
        return Problems.of(left, self.Y, self.weight[None], self.multilabel, singular)


def compare_penalties(
    X: np.ndarray,
    Y: np.ndarray,
    *,
    sample_weight: np.ndarray | None = None,
    penalties: Sequence[float] | None = None,
    folds: Sequence[tuple[np.ndarray, np.ndarray]] = (),
    multilabel: bool = False,
    enough: int = ENOUGH,
    most: int | None = None,
) -> Compared:
    """The first half of `solve_logistic`, with its arguments: what each penalty leaves in held-out loss.

    With ``most`` the solution too is one in so many of the coordinates, the strongest.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> compared = compare_penalties(X, np.eye(2)[[0, 0, 1, 1]], penalties=[0.1])
    >>> compared.penalty, compared.solution().penalty
    (0.1, 0.1)
    """
    n = len(X)
    if penalties is None:
        penalties = [UNTOLD] if len(folds) == 0 else [p for p in PENALTIES if n >= _FEW or p <= _STRONGEST]
    weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    space = row_space(X, kind=np.float32 if X.dtype == np.float32 and min(X.shape) > _MANY else np.float64)
    if most is not None:
        space = replace(space, left=space.left[:, -most:], singular=space.singular[-most:])
    strength = float((space.singular.astype(np.float64) ** 2).sum()) / n + 1e-12
    start = np.zeros((1, Y.shape[1], len(space.singular) + 1))
    if len(penalties) < 2 or len(folds) == 0:
        return Compared(space, Y, weight, multilabel, float(penalties[0]), strength, start)
    each = np.asarray(penalties) * strength
    rows = space.left * space.singular
    best, loss, scores, start = _cross_validate(_Folds(rows, Y, weight, folds, multilabel), each, enough)
    return Compared(space, Y, weight, multilabel, float(penalties[best]), strength, start, loss, scores)


def solve_folds(
    X: np.ndarray, Y: np.ndarray, trains: Sequence[np.ndarray], penalty: float, *, enough: int = ENOUGH
) -> np.ndarray:
    """A solution for each of several parts of the rows, all found together in the coordinates of all rows.

    One decomposition serves all parts. Where there are more than ``enough`` coordinates the strongest are used.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    Y : ndarray of shape (n, K)
        One-hot classes.
    trains : sequence of F arrays of int
        The rows that each solution sees.
    penalty : float
        As in `solve_logistic`, relative to the mean squared norm of all rows.
    enough : int, default=300

    Returns
    -------
    ndarray of shape (F, d + 1, K)
        Coefficients, and below them intercepts.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> heads = solve_folds(X, np.eye(2)[[0, 0, 1, 1]], [np.array([0, 3]), np.array([1, 2])], 0.1)
    >>> [(X @ head[:-1] + head[-1]).argmax(1).tolist() for head in heads]
    [[0, 0, 1, 1], [0, 0, 1, 1]]
    """
    space = row_space(X, kind=np.float32 if min(X.shape) > _MANY else np.float64)
    singular = space.singular[-enough:]
    U, masks = space.left[:, -enough:] * singular, np.zeros((len(trains), len(X)))
    for mask, train in zip(masks, trains, strict=True):
        mask[train] = 1.0
    strength = penalty * float((space.singular.astype(np.float64) ** 2).sum()) / len(X) + 1e-12
    start = np.zeros((len(trains), Y.shape[1], len(singular) + 1))
    how: dict[str, Any] = {"start": start, "tolerance": 1e-4 if U.dtype == np.float32 else 1e-6, "most": 500}
    found = minimise(Problems.of(U, Y, masks, False), np.full(len(trains), strength), **how)
    W = np.zeros((len(space.singular), len(trains) * Y.shape[1]), found.dtype)
    W[-len(singular) :] = found[:, :, :-1].reshape(W.shape[1], -1).T
    coef = space.back(W).reshape(X.shape[1], *found.shape[:2])
    shift = found[:, :, -1] - np.tensordot(space.mean, coef, axes=1)
    return np.concatenate([coef, shift[None]]).transpose(1, 0, 2)


def log_losses(scores: np.ndarray, Y: np.ndarray, multilabel: bool = False) -> np.ndarray:
    """Loss of every row; scores of shape (n, K), Y one-hot or 0/1 of the same shape."""
    if multilabel:
        return (np.logaddexp(0.0, scores) - Y * scores).sum(axis=-1)
    top = scores.max(axis=-1, keepdims=True)
    return np.log(np.exp(scores - top).sum(axis=-1)) + top[..., 0] - (Y * scores).sum(axis=-1)


@dataclass(frozen=True)
class _Folds:
    """Rows in principal coordinates (n, r), and parts of them that are learned from and held out."""

    U: np.ndarray
    Y: np.ndarray
    weight: np.ndarray
    parts: Sequence[tuple[np.ndarray, np.ndarray]]
    multilabel: bool

    def problems(self, chosen: Sequence[int]) -> Problems:
        """Of one fold on its own rows, of several on all."""
        if len(chosen) == 1:
            own = self.parts[chosen[0]][0]
            return Problems.of(self.U[own], self.Y[own], self.weight[None, own], self.multilabel)
        masks = np.zeros((len(chosen), len(self.U)))
        for mask, f in zip(masks, chosen, strict=True):
            mask[self.parts[f][0]] = self.weight[self.parts[f][0]]
        return Problems.of(self.U, self.Y, masks, self.multilabel)

    def solved(self, problems: Problems, penalty: float, start: np.ndarray, tolerance: float) -> np.ndarray:
        """Solutions (F, K, r + 1) at one penalty."""
        return minimise(problems, np.full(len(start), penalty), start=start, tolerance=tolerance, most=100)

    def shares(self, chosen: Sequence[int]) -> np.ndarray:
        """What says of every row how common each class or label is among those learned from, (F, K, r + 1)."""
        W = np.zeros((len(chosen), self.Y.shape[1], self.U.shape[1] + 1), dtype=self.U.dtype)
        for each, f in zip(W, chosen, strict=True):
            weight, Y = self.weight[self.parts[f][0]], self.Y[self.parts[f][0]]
            share = (weight @ Y + 1e-3) / (weight.sum() + 2e-3)
            each[:, -1] = np.log(share / (1.0 - share)) if self.multilabel else np.log(share) - np.log(share).mean()
        return W

    def held_out(self, W: np.ndarray, chosen: Sequence[int]) -> tuple[float, list[tuple[np.ndarray, np.ndarray]]]:
        """Summed loss of the rows that folds hold out, at their solutions; and those rows and their scores by fold."""
        found = []
        for f, each in zip(chosen, W, strict=True):
            test = self.parts[f][1]
            found.append((test, self.U[test] @ each[:, :-1].T + each[:, -1]))
        losses = (log_losses(scores, self.Y[test], self.multilabel) @ self.weight[test] for test, scores in found)
        return float(sum(losses)), found


def _cross_validate(folds: _Folds, penalties: np.ndarray, enough: int) -> tuple[int, float, np.ndarray, np.ndarray]:
    """The best penalty, its mean held-out loss and held-out scores (n, K), and the folds' mean solution at it.

    Scores are averaged where a row is held out twice. From the strongest penalty to weaker ones each starts from where
    the line through the solutions of the two before leads; where the loss has risen after something was learned, the
    weaker ones are not tried.
    Penalties are compared on as many folds as hold `_TELLING` rows out, the others are solved at the best one alone,
    and not from what the first found: that has seen their rows. With many coordinates the strongest are used, in
    single precision: it is penalties that are compared.
    """
    many, n_folds = folds.U.shape[1] > min(enough, _MANY), len(folds.parts)
    if many:
        folds = replace(folds, U=np.ascontiguousarray(folds.U[:, -enough:], dtype=np.float32))
    sizes = np.cumsum([len(test) for _, test in folds.parts])
    first = range(min(int(np.searchsorted(sizes, _TELLING)) + 1, n_folds))
    problems, W, logs = folds.problems(first), folds.shares(first), np.log(np.maximum(penalties, 1e-300))
    learned, best, least, at_best = _LEARNED * folds.held_out(W, first)[0], 0, np.inf, W
    path: list[tuple[float, np.ndarray]] = []
    for p in np.argsort(-penalties, kind="stable"):
        start = _ahead(path, logs[p]) if path else W
        W = folds.solved(problems, penalties[p], start, _COMPARING if many else _JUDGING)
        path, loss = [*path[-1:], (logs[p], W)], folds.held_out(W, first)[0]
        if loss < least:
            best, least, at_best = int(p), loss, W
        elif least < learned and loss > _PAST * least:
            break
    at_best = np.concatenate([at_best, np.zeros((n_folds - len(first), *W.shape[1:]), W.dtype)])
    scores, count, least = np.zeros((len(folds.U), W.shape[1])), np.zeros((len(folds.U), 1)), 0.0
    for chosen in [[f] for f in range(n_folds)] if len(first) == 1 else [range(n_folds)]:
        if list(chosen) != list(first):
            del problems  # large: the next take its room
            problems = folds.problems(chosen)
        solved = folds.solved(problems, penalties[best], at_best[chosen], _JUDGING if many else _EXACT)
        at_best[chosen], (loss, held_out) = solved, folds.held_out(solved, chosen)
        least += loss
        for test, each in held_out:
            scores[test] += each
            count[test] += 1
    judged = sum(float(folds.weight[test].sum()) for _, test in folds.parts)
    return best, least / max(judged, 1e-12), scores / np.maximum(count, 1), at_best.mean(axis=0, keepdims=True)


def _ahead(path: Sequence[tuple[float, np.ndarray]], at: float) -> np.ndarray:
    """Where the line through the last two of (log penalty, solution) leads; the last one where there is but one."""
    if len(path) < 2 or path[0][0] == path[1][0]:
        return path[-1][1]
    (first, V), (last, W) = path
    return W + W.dtype.type((at - last) / (last - first)) * (W - V)

"""Signs of a fall of the accuracy that `headstart check` does not use; `drift.py` writes them beside those it does.

Each is a number a batch that rises with the loss, and about 0 where nothing has changed: the mean of the confidence, as
before; outliers by distance alone; a threshold on confidence (ATC, Garg et al. 2022); transport of the probabilities to
the labels (COT, Lu et al. 2023); the nuclear norm of the probabilities (Deng et al. 2023); their entropy; how far the
shares of the answers moved beyond chance, where the rows are farther off than usual; how much more a critic of the rows
of 64 can differ from the answers on new rows, while it agrees on those known (DIS^2, Rosenfeld and Garg 2023); how much
less right the means of the classes as they are answered are about the rows known; and how far a ridge head of the new
rows and their answers lies from one of those known (projection norm, Yu et al. 2022).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment, minimize
from scipy.special import expit, log_softmax

from headstart.drift.accuracy import strangeness
from headstart.guard.evidence.reference import Reference
from headstart.math.statistics.calibration import temperature
from headstart.math.statistics.probability import logits, probabilities

_ROWS = 200


def tried(reference: Reference, features: np.ndarray, answers: np.ndarray, promised: float) -> dict[str, float]:
    """Signs of a batch (n, d) that is answered so."""
    before, after = (
        logits(p, multilabel=False) for p in (reference.held.astype(np.float64), reference.confidence(features))
    )
    scale, rng = temperature(before, reference.codes), np.random.default_rng(0)
    held, new = (probabilities(z / scale, multilabel=False) for z in (before, after))
    shares = np.bincount(reference.codes, minlength=held.shape[1]) / len(held)
    parts = [rng.choice(len(held), _ROWS) for _ in range(3)]
    cut = np.quantile(held.max(axis=1), 1 - promised)
    old = reference.rows.astype(np.float64)
    usual, far = strangeness(old, old, own=True), strangeness(old, reference.projected(features))
    farther = max(0.0, float((far > np.median(usual)).mean()) - 0.5)
    out = float((far > np.quantile(usual, 0.9)).mean()) - 0.1
    said = np.bincount(answers, minlength=len(shares)) / len(answers)
    chance = 0.5 * np.sqrt(2 / np.pi * shares * (1 - shares) * (1 / len(answers) + 1 / len(held))).sum()
    moved = max(0.0, 0.5 * float(np.abs(said - shares).sum()) - float(chance))
    heads = reference.held.argmax(axis=1)
    known, asked = (old, heads, reference.codes), (reference.projected(features), answers)
    return _backwards(known, asked, held.shape[1]) | {
        "mean": 1.5 * float(held.max(axis=1).mean() - new.max(axis=1).mean()),
        "critic": _critic(known, asked, held.shape[1]),
        "far": 0.8 * max(0.0, out - 0.5 * farther) * max(0.0, 1 - 4 * farther),
        "threshold": float((new.max(axis=1) < cut).mean() - (held.max(axis=1) < cut).mean()),
        "transport": _transport(new, shares) - float(np.mean([_transport(held[at], shares) for at in parts])),
        "nuclear": float(np.mean([_nuclear(held[at]) for at in parts])) - _nuclear(new),
        "entropy": float(_entropy(new) - _entropy(held)),
        "shares": moved * max(0.0, 2 * farther - 0.2) / 0.8,
    }


def _transport(p: np.ndarray, shares: np.ndarray) -> float:
    """Mean cost of giving labels in these shares to rows, half the absolute difference from their probabilities."""
    each = np.floor(shares * len(p)).astype(int)
    each[np.argsort(each - shares * len(p))[: len(p) - each.sum()]] += 1
    cost = 1 - p[:, np.repeat(np.arange(len(shares)), each)]
    return float(cost[linear_sum_assignment(cost)].mean())


def _nuclear(p: np.ndarray) -> float:
    return float(np.linalg.svd(p, compute_uv=False).sum() / np.sqrt(len(p) * min(p.shape)))


def _entropy(p: np.ndarray) -> float:
    return float(-(p * np.log(np.maximum(p, 1e-12))).sum(axis=1).mean() / np.log(p.shape[1]))


def _backwards(known: tuple, asked: tuple, classes: int) -> dict[str, float]:
    """What is learned from new rows and their answers beside what is learned from as many that are known."""
    rows, answers, codes = known
    n, rng = min(len(rows) // 2, len(asked[0])), np.random.default_rng(1)
    whole, found = _ridge(rows, answers, classes), []
    for _ in range(4):
        order, at = rng.permutation(len(rows)), rng.permutation(len(asked[0]))[:n]
        here, rest = order[:n], order[n:]
        own, theirs = (rows[here], answers[here]), (asked[0][at], asked[1][at])
        right = [(_nearest(*side, rows[rest], classes) == codes[rest]).mean() for side in (own, theirs)]
        far = [np.linalg.norm(_ridge(*side, classes) - whole) / np.linalg.norm(whole) for side in (theirs, own)]
        found.append((right[0] - right[1], far[0] - far[1]))
    backwards, norm = np.mean(found, axis=0)
    return {"backwards": float(backwards), "projection": float(norm)}


def _nearest(rows: np.ndarray, answers: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
    """Classes whose mean is nearest."""
    far = np.full((classes, len(asked)), np.inf)
    for k in np.unique(answers):
        far[k] = ((asked - rows[answers == k].mean(axis=0)) ** 2).sum(axis=1)
    return far.argmin(axis=0)


def _ridge(rows: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    X = rows - rows.mean(axis=0)
    S = X.T @ X
    return np.linalg.solve(S + 0.3 * np.trace(S) / len(S) * np.eye(len(S)), X.T @ np.eye(classes)[answers])


def _critic(known: tuple, asked: tuple, classes: int) -> float:
    """How much more a linear critic differs on new rows than on those known, of halves that it did not learn from."""
    rng, found = np.random.default_rng(1), []
    at, new = rng.permutation(len(known[0])), rng.permutation(len(asked[0]))
    for part in (0, 1):
        sides = [[a[i[h::2]] for a in side[:2]] for h in (part, 1 - part) for side, i in ((known, at), (asked, new))]
        (A, a), (B, b), (C, c), (D, d) = sides
        W = _differing(A, np.eye(classes)[a], B, np.eye(classes)[b])
        said = [(np.c_[X, np.ones(len(X))] @ W).argmax(axis=1) for X in (C, D)]
        found.append((said[1] != d).mean() - (said[0] != c).mean())
    return float(np.mean(found))


def _differing(A: np.ndarray, Y: np.ndarray, B: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """Weights (d + 1, K) that agree with classes Y on rows A and with Z on rows B as little as they can."""
    X, n, k = np.c_[np.r_[A, B], np.ones(len(A) + len(B))], len(A), Y.shape[1]
    others = Z - (1 - Z) / (k - 1)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        W = flat.reshape(-1, k)
        S = X @ W
        log_p, ahead = log_softmax(S[:n], axis=1), (S[n:] * others).sum(axis=1)
        value = -(log_p * Y).sum() / n + np.logaddexp(0, ahead).mean() + 0.0015 * (W[:-1] ** 2).sum()
        slope = np.r_[(np.exp(log_p) - Y) / n, expit(ahead)[:, None] * others / len(B)]
        return value, (X.T @ slope + 0.003 * np.r_[W[:-1], np.zeros((1, k))]).ravel()

    start = np.zeros(X.shape[1] * k)
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 80}).x.reshape(-1, k)

"""Signs of a fall of the accuracy that `headstart check` does not use; `drift.py` writes them beside those it does.

Each is a number a batch that rises with the loss, and about 0 where nothing has changed: outliers by distance alone, as
before; a threshold on confidence (ATC, Garg et al. 2022); transport of the probabilities to the labels (COT, Lu et al.
2023); the nuclear norm of the probabilities (Deng et al. 2023); their entropy; and how far the shares of the answers
moved beyond chance, where the rows are farther off than usual.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

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
    return {
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

"""Class shares of the target that are estimated, given to what "joined" joins: whether skewed targets are harmed less.

    python benchmarks/domain_shares.py [--repeats 1] [--pairs amazon:dslr]

Shares are those of the largest likelihood (Saerens et al. 2002) from the head after the linear Monge map, its
probabilities calibrated by a temperature and a bias a class on source rows that were held out (Alexandari et al. 2020).
Seven tenths of the way to them, they weigh the source's classes, are the discriminant's shares, and stand in SHOT's
diversity. Draws are those of `domains.py`, skewed and balanced; accuracy in %, and how far shares are off in sum.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import torch
from domains import CHOSEN_ON, JUDGED_ON, drawn
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from torch import Tensor
from torch.nn.functional import cross_entropy

from common import need_data, parser
from headstart import AdaptedClassifier, Source
from headstart.data.sets.splits import folds
from headstart.features.adapted.joined import joined
from headstart.features.adapted.once import adapted_once
from headstart.features.adapted.problem import Problem, solved_head
from headstart.features.adapted.shot import SHOT
from headstart.features.adapted.solved import GaussianTransport
from headstart.math.linear.discriminant import discriminant_by_em
from headstart.math.samples.prevalence import class_shares
from headstart.nn.losses.information import entropies
from headstart.training.two_domains import Step

Head = tuple[np.ndarray, np.ndarray]
_PART, _PULL = 0.7, 1e-3


class SharedShot(SHOT):
    """SHOT whose answers are to have given shares."""

    shares: Tensor

    def loss(self, step: Step) -> Tensor:
        """Entropy, divergence of the mean answer from the shares, pseudo-labels."""
        mean = torch.softmax(step.logits, dim=1).mean(dim=0)
        apart = (torch.xlogy(mean, mean) - mean * torch.log(self.shares)).sum()
        return entropies(step.logits).mean() + apart + self.pseudo_weight * cross_entropy(step.logits, step.pseudo)


def calibration(logits: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """A factor of the logits and a bias a class by maximum likelihood."""

    def loss(p: np.ndarray) -> tuple[float, np.ndarray]:
        logs = log_softmax(logits * np.exp(p[0]) + p[1:], axis=1)
        gap = (np.exp(logs) - np.eye(logits.shape[1])[y]) / len(y)
        slope = np.concatenate([[(gap * logits).sum() * np.exp(p[0])], gap.sum(axis=0) + 2 * _PULL * p[1:]])
        return float(-logs[np.arange(len(y)), y].mean() + _PULL * (p[1:] ** 2).sum()), slope

    bounds = [(-4.0, 3.0)] + [(-5.0, 5.0)] * logits.shape[1]
    found = minimize(loss, np.zeros(logits.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(np.exp(found[0])), found[1:]


def estimated(problem: Problem) -> np.ndarray:
    """Shares of the classes in the target."""
    monge, y, K = GaussianTransport(), problem.y, problem.n_classes
    carried, held = monge.sides(problem)[0], np.zeros((len(y), K))
    for train, test in folds(y, "classification", n_splits=3, random_state=0):
        part = solved_head(None, carried[train], y[train], problem.weight[train], K, problem.penalty)
        held[test] = carried[test] @ part[0] + part[1]
    factor, bias = calibration(held, y)
    coef, intercept = adapted_once(monge, problem)
    probabilities = softmax((problem.target @ coef + intercept) * factor + bias, axis=1)
    return class_shares(probabilities, np.bincount(y, minlength=K) / len(y))


def joined_with(problem: Problem, shares: np.ndarray) -> Head:
    """What "joined" is, with shares."""
    K = problem.n_classes
    weight = problem.weight * (shares / (np.bincount(problem.y, minlength=K) / len(problem.y)))[problem.y]
    start = solved_head(None, problem.source, problem.y, weight, K, problem.penalty)
    problem = replace(problem, weight=weight, coef=start[0], intercept=start[1])

    def discriminant(head: Head) -> Head:
        prior = log_softmax(problem.target @ head[0] + head[1], axis=1) - np.log(shares)
        found = discriminant_by_em(problem.target, problem.known, K, prior=prior, shares=shares)
        return head[0] + found.coef, head[1] - np.log(shares) + found.intercept

    monge = adapted_once(GaussianTransport(), problem)
    heads = [monge, discriminant(monge)]
    for carried in (False, True):
        shot = SharedShot(carried=carried)
        object.__setattr__(shot, "shares", torch.from_numpy(shares.astype(np.float32)))
        heads.append(shot.adapted(problem))
    return joined(problem, heads, shares)


def compare(pair: str, seed: int, how: str) -> dict[str, float]:
    """Accuracies of a draw, and how far shares are off."""
    X, y, T, t = drawn(pair, seed, how)
    way = AdaptedClassifier("joined", source=Source(X, y)).fit(T)
    _, have, _, problem = way._start(way._domains(T, task="classification", need_target_labels=False))
    codes, K = np.searchsorted(way.classes_[have], t), problem.n_classes
    own, truth = (np.bincount(one, minlength=K) / len(one) for one in (problem.y, codes))
    found = estimated(problem)
    shares = (1 - _PART) * own + _PART * found
    heads = {
        "source only": (problem.coef, problem.intercept),
        "joined": adapted_once(way.asked, problem),
        "with shares": joined_with(problem, np.maximum(shares, 1e-6) / np.maximum(shares, 1e-6).sum()),
    }
    scores = {name: 100 * float(((problem.target @ c + b).argmax(1) == codes).mean()) for name, (c, b) in heads.items()}
    return scores | {"off": float(np.abs(found - truth).sum()), "equal off": float(np.abs(own - truth).sum())}


def main() -> None:
    """Print a row a pair, then gains over the source only."""
    need_data()
    made = parser(__doc__ or "", repeats=1)
    pairs = [one for one in (*JUDGED_ON, *CHOSEN_ON) if not one.startswith(("books", "electronics", "coil"))]
    made.add_argument("--pairs", nargs="+", default=pairs)
    options = made.parse_args()
    for how in ("skewed", "balanced"):
        rows = []
        for pair in options.pairs:
            draws = [compare(pair, seed, how) for seed in range(options.repeats)]
            rows.append({name: float(np.mean([one[name] for one in draws])) for name in draws[0]})
            print(how, pair, {name: round(value, 2) for name, value in rows[-1].items()}, flush=True)
        for name in ("joined", "with shares"):
            gaps = np.array([row[name] - row["source only"] for row in rows])
            hurt = int((gaps < -1).sum())
            print(f"{how}: {name} {gaps.mean():+.2f}, worst {gaps.min():+.1f}, hurt {hurt} of {len(gaps)}", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()

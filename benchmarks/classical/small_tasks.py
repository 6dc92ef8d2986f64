"""The small-task suite of classical transfer: 16 pairs of domains, 5 target labels a class (20 rows for numbers).

Each task is a function of a seed that returns `SmallTask`, a tuple
``(Xs, ys, Xt_labelled, yt, Xt_unlabelled, X_test, y_test)``. The seed draws which rows are labelled, unlabelled and
test (for artificial sets the rows themselves). No label of the test or of the unlabelled rows goes in anywhere.

    python benchmarks/classical/small_tasks.py [--seeds 3]

prints the sizes and three baselines: source alone, target labels alone, both pooled. Features are prepared without
labels and the same for every method: pixels to 0..1, the other sets standardised over source and target rows
together, reviews as tf-idf of their 2,000 commonest words. On office and coil20, whose targets are small, the
unlabelled rows are also the test rows (transductive, as in the published tables).
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, rotate
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator
from sklearn.datasets import load_diabetes, load_digits, make_moons
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import OneHotEncoder, StandardScaler

DATA = Path(os.environ.get("HEADSTART_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
LABELS_A_CLASS = 5
LABELS_FOR_NUMBERS = 20
MOST_ROWS = 1000


class MissingData(Exception):
    """A task's real data are not on this disk."""


class SmallTask(NamedTuple):
    """One draw of a task."""

    Xs: np.ndarray
    ys: np.ndarray
    Xt_labelled: np.ndarray
    yt: np.ndarray
    Xt_unlabelled: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def _file(*parts: str) -> Path:
    path = DATA.joinpath(*parts)
    if not path.is_file():
        raise MissingData(
            f"{'/'.join(parts)} not found under {DATA}; set HEADSTART_TEST_DATA to the folder of the data"
        )
    return path


def _labelled_rows(y: np.ndarray, numbers: bool, rng: np.random.Generator) -> np.ndarray:
    if numbers:
        return rng.permutation(len(y))[:LABELS_FOR_NUMBERS]
    return np.concatenate([rng.permutation(np.flatnonzero(y == c))[:LABELS_A_CLASS] for c in np.unique(y)])


def _draw(Xs, ys, Xt, yt, seed: int, *, numbers: bool = False, transductive: bool = False) -> SmallTask:
    """Limit the source to 1,000 rows; split the target into labelled, unlabelled and test rows (1,000 at most each)."""
    rng = np.random.default_rng([seed, 20])
    kept = rng.permutation(len(Xs))[:MOST_ROWS]
    labelled = _labelled_rows(yt, numbers, rng)
    rest = rng.permutation(np.setdiff1d(np.arange(len(yt)), labelled))
    half = min(len(rest) // 2, MOST_ROWS)
    unlabelled, test = (rest[: 2 * half],) * 2 if transductive else (rest[:half], rest[half : 2 * half])
    return SmallTask(Xs[kept], ys[kept], Xt[labelled], yt[labelled], Xt[unlabelled], Xt[test], yt[test])


def _standardised(Xs: np.ndarray, Xt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scaler = StandardScaler().fit(np.vstack([Xs, Xt]))
    return scaler.transform(Xs), scaler.transform(Xt)


def _digits(change: Callable[[np.ndarray], np.ndarray], seed: int) -> SmallTask:
    X, y = load_digits(return_X_y=True)
    X = X / 16.0
    order = np.random.default_rng([seed, 1]).permutation(len(y))
    source, target = order[: len(y) // 2], order[len(y) // 2 :]
    changed = np.stack([change(picture.reshape(8, 8)).ravel() for picture in X[target]])
    return _draw(X[source], y[source], changed, y[target], seed)


def digits_inverted(seed: int) -> SmallTask:
    """Digits; the target is white on black turned to black on white."""
    return _digits(lambda picture: 1.0 - picture, seed)


def digits_rotated(seed: int) -> SmallTask:
    """Digits; the target is turned by 30 degrees."""
    return _digits(lambda picture: np.clip(rotate(picture, 30, reshape=False, order=1), 0, 1), seed)


def digits_blurred(seed: int) -> SmallTask:
    """Digits; the target is blurred by a Gaussian of one pixel."""
    return _digits(lambda picture: gaussian_filter(picture, 1.0), seed)


def digits_writers(seed: int) -> SmallTask:
    """Digits; the file lists its writers one after another: the first half is the source, the second the target."""
    X, y = load_digits(return_X_y=True)
    half = len(y) // 2
    return _draw(X[:half] / 16.0, y[:half], X[half:] / 16.0, y[half:], seed)


def digits_superclass(seed: int) -> SmallTask:
    """Odd or even; the source has the digits 0 to 5, the target 6 to 9."""
    X, y = load_digits(return_X_y=True)
    source = y < 6
    return _draw(X[source] / 16.0, y[source] % 2, X[~source] / 16.0, y[~source] % 2, seed)


def moons(seed: int) -> SmallTask:
    """Two moons; the target is turned by 40 degrees."""
    rng = np.random.default_rng([seed, 2])
    Xs, ys = make_moons(300, noise=0.1, random_state=int(rng.integers(2**31)))
    Xt, yt = make_moons(1500, noise=0.1, random_state=int(rng.integers(2**31)))
    angle = np.deg2rad(40)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return _draw(Xs, ys, (Xt - Xt.mean(axis=0)) @ turn + Xt.mean(axis=0), yt, seed)


def covariate_shift(seed: int) -> SmallTask:
    """Two Gaussians a domain, one rule for both: P(y=1|x) = (1 + tanh(x1 + min(0, x2))) / 2 (Sugiyama et al. 2007)."""
    rng = np.random.default_rng([seed, 3])

    def domain(n: int, left: float, right: float, height: float, spread: float) -> tuple[np.ndarray, np.ndarray]:
        centre = np.where(rng.random(n) < 0.5, left, right)
        X = np.column_stack([centre + rng.normal(size=n), height + np.sqrt(spread) * rng.normal(size=n)])
        chance = (1 + np.tanh(X[:, 0] + np.minimum(0, X[:, 1]))) / 2
        return X, (rng.random(n) < chance).astype(np.int64)

    return _draw(*domain(500, -2, 2, 3, 2), *domain(2000, 0, 4, -1, 1), seed)


def friedman(seed: int) -> SmallTask:
    """Friedman's first function; the source has other coefficients (Pardoe & Stone 2010, with d = 1). Numbers."""
    rng = np.random.default_rng([seed, 4])

    def values(X: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        Z = X[:, :5] * b + c
        parts = [10 * np.sin(np.pi * Z[:, 0] * Z[:, 1]), 20 * (Z[:, 2] - 0.5) ** 2, 10 * Z[:, 3], 5 * Z[:, 4]]
        return sum(k * part for k, part in zip(a, parts, strict=True)) + rng.normal(size=len(X))

    Xs, Xt = rng.random((500, 10)), rng.random((1500, 10))
    a, b, c = rng.normal(1, 0.1, 4), rng.normal(1, 0.1, 5), rng.normal(0, 0.05, 5)
    ys, yt = values(Xs, a, b, c), values(Xt, np.ones(4), np.ones(5), np.zeros(5))
    Zs, Zt = _standardised(Xs, Xt)
    return _draw(Zs, ys, Zt, yt, seed, numbers=True)


def diabetes(seed: int) -> SmallTask:
    """Progress of diabetes; the source is one sex, the target the other. Numbers."""
    X, y = load_diabetes(return_X_y=True)
    source = X[:, 1] > 0
    Xs, Xt = _standardised(np.delete(X[source], 1, axis=1), np.delete(X[~source], 1, axis=1))
    return _draw(Xs, y[source], Xt, y[~source], seed, numbers=True)


def mushroom(seed: int) -> SmallTask:
    """Edible or poisonous, one-hot; the source's stalks taper, the target's widen (Dai et al. 2007)."""
    with open(_file("mushroom", "mushroom.csv")) as lines:
        rows = list(csv.DictReader(lines))
    shape = np.array([row.pop("stalk-shape") for row in rows])
    y = np.array([row.pop("class") == "p" for row in rows]).astype(np.int64)
    X = OneHotEncoder(sparse_output=False).fit_transform([list(row.values()) for row in rows])
    return _draw(X[shape == "t"], y[shape == "t"], X[shape == "e"], y[shape == "e"], seed)


def concrete(seed: int) -> SmallTask:
    """Strength of concrete; the target is the third of the mixtures with the least cement. Numbers."""
    table = np.loadtxt(_file("concrete", "concrete.csv"), delimiter=",", skiprows=1)
    X, y = table[:, :-1], table[:, -1]
    target = X[:, 0] <= np.quantile(X[:, 0], 1 / 3)
    Xs, Xt = _standardised(X[~target], X[target])
    return _draw(Xs, y[~target], Xt, y[target], seed, numbers=True)


def _reviews(name: str) -> tuple[csr_matrix, np.ndarray]:
    file = np.load(_file("amazon_reviews_bow", f"{name}.npz"))
    parts = file["train_data"], file["train_indices"].astype(np.int32), file["train_indptr"]
    return csr_matrix(parts, shape=(len(file["train_y"]), 5000)), file["train_y"].astype(np.int64)


def _amazon(source: str, target: str, seed: int) -> SmallTask:
    (Xs, ys), (Xt, yt) = _reviews(source), _reviews(target)
    common = np.argsort(-((Xs > 0).sum(axis=0).A1 + (Xt > 0).sum(axis=0).A1), kind="stable")[:2000]
    words = (domain[:, common] for domain in (Xs, Xt))
    Zs, Zt = (TfidfTransformer(sublinear_tf=True).fit_transform(rows).toarray() for rows in words)
    return _draw(Zs, ys, Zt, yt, seed)


def amazon_books_electronics(seed: int) -> SmallTask:
    """Good or bad review; books are the source, electronics the target."""
    return _amazon("books", "electronics", seed)


def amazon_electronics_books(seed: int) -> SmallTask:
    """Good or bad review; electronics are the source, books the target."""
    return _amazon("electronics", "books", seed)


def _office(source: str, target: str, seed: int) -> SmallTask:
    domains = {}
    for name in (source, target):
        file = np.load(_file("office_caltech10_surf", f"{name}.npz"))
        X = file["x"].astype(np.float64)
        domains[name] = X / X.sum(axis=1, keepdims=True), file["y"]
    Xs, Xt = _standardised(domains[source][0], domains[target][0])
    return _draw(Xs, domains[source][1], Xt, domains[target][1], seed, transductive=True)


def office_amazon_dslr(seed: int) -> SmallTask:
    """Ten objects as SURF features; shop pictures are the source, camera pictures the target."""
    return _office("amazon", "dslr", seed)


def office_dslr_amazon(seed: int) -> SmallTask:
    """Ten objects as SURF features; camera pictures are the source, shop pictures the target."""
    return _office("dslr", "amazon", seed)


def coil20(seed: int) -> SmallTask:
    """Twenty objects from two sets of directions."""
    file = np.load(_file("coil20_pair", "coil1_coil2.npz"))
    domains = file["x_src"], file["y_src"], file["x_tar"], file["y_tar"]
    return _draw(*domains, seed, transductive=True)


#: Name -> function of a seed.
TASKS: dict[str, Callable[[int], SmallTask]] = {
    function.__name__: function
    for function in (
        digits_inverted,
        digits_rotated,
        digits_blurred,
        digits_writers,
        digits_superclass,
        moons,
        covariate_shift,
        friedman,
        diabetes,
        mushroom,
        concrete,
        amazon_books_electronics,
        amazon_electronics_books,
        office_amazon_dslr,
        office_dslr_amazon,
        coil20,
    )
}
#: Tasks whose labels are numbers; the score is R2, elsewhere accuracy.
NUMBERS = frozenset({"friedman", "diabetes", "concrete"})


def base_estimator(name: str) -> BaseEstimator:
    """The learner that every method is given on this task."""
    return Ridge(alpha=1.0) if name in NUMBERS else LogisticRegression(max_iter=1000)


def available(names: list[str] | None = None) -> list[str]:
    """The tasks whose data are here; says on standard error which are left out."""
    found = []
    for name in names or list(TASKS):
        try:
            TASKS[name](0)
            found.append(name)
        except MissingData as words:
            print(f"skipped {name}: {words}", file=sys.stderr)
    return found


def baselines(name: str, task: SmallTask) -> dict[str, float]:
    """Scores of the base estimator on the source alone, the target's labels alone, and both."""
    rows = {
        "source only": (task.Xs, task.ys),
        "target only": (task.Xt_labelled, task.yt),
        "pooled": (np.vstack([task.Xs, task.Xt_labelled]), np.concatenate([task.ys, task.yt])),
    }
    return {way: base_estimator(name).fit(*parts).score(task.X_test, task.y_test) for way, parts in rows.items()}


def main() -> None:
    """Print sizes and baselines, the mean over the seeds."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=3)
    seeds = range(options.parse_args().seeds)
    print(f"{'task':26}{'source':>12}{'labelled':>9}{'unlab.':>7}{'test':>6}{'source':>9}{'target':>8}{'pooled':>8}")
    for name in available():
        draws = [TASKS[name](seed) for seed in seeds]
        scores = [baselines(name, task) for task in draws]
        means = [100 * float(np.mean([score[way] for score in scores])) for way in scores[0]]
        first = draws[0]
        sizes = len(first.yt), len(first.Xt_unlabelled), len(first.y_test)
        print(f"{name:26}{'x'.join(map(str, first.Xs.shape)):>12}{sizes[0]:>9}{sizes[1]:>7}{sizes[2]:>6}", end="")
        print(f"{means[0]:>9.1f}{means[1]:>8.1f}{means[2]:>8.1f}")


if __name__ == "__main__":
    main()
